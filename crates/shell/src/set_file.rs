//! A file of members that are put on a list.
//!
//! All of it is read and looked up before anything is written. Then members come in 500 at a time,
//! as one statement about all of them would keep other writers waiting.

use std::collections::{BTreeMap, BTreeSet};

use files::{Column, Item, is_scientific};
use reach::Change;
use serde_json::{Value as Json, json};
use store::{Caller, SetChange, StoredSet, change_sets, held_sets, named_members};

use crate::answer::Reply;
use crate::app::App;
use crate::audit::noted;
use crate::command::authenticated_body;
use crate::idempotent::once;
use crate::ids::now;
use crate::problem::{FieldError, Problem};
use crate::reach::{opened, reach};
use crate::request::Request;
use crate::sets::{BY_HAND, Sets, visible_members};

const MEMBER: Column = Column::new(
    "member_id",
    &["member", "members", "id", "会员编号", "会员号", "会员ID", "会员", "會員編號"],
    true,
);
/// Rows of a file, at most.
const MAX_ROWS: usize = 50_000;
/// Members that are looked up, and written, by one statement.
const PIECE: usize = 500;
/// Rows of each kind that an answer shows.
const SHOWN: usize = 200;

/// What the rows of a file mean.
#[derive(Default)]
struct Read {
    rows: usize,
    /// Members that the file names, by their numbers, with the line that names each first.
    found: BTreeMap<i64, u64>,
    /// Those of them that are in the set.
    already: BTreeSet<i64>,
    /// Further rows of the same members: line, first line, name.
    duplicates: Vec<(u64, u64, String)>,
    /// Rows that name nobody who can come in: line, name, problem.
    refused: Vec<(u64, String, &'static str)>,
}

impl Read {
    fn report(&self, added: usize) -> Json {
        let duplicates = self.duplicates.iter().take(SHOWN).map(
            |(line, first, name)| json!({"line": line, "first_line": first, "member_id": name}),
        );
        let refused = self.refused.iter().take(SHOWN).map(
            |(line, name, problem)| json!({"line": line, "member_id": name, "problem": problem}),
        );
        json!({
            "rows": self.rows,
            "found": self.found.len(),
            "already": self.already.len(),
            "added": added,
            "duplicates": {"count": self.duplicates.len(), "rows": duplicates.collect::<Vec<_>>()},
            "refused": {"count": self.refused.len(), "rows": refused.collect::<Vec<_>>()},
        })
    }

    fn new_ones(&self) -> Vec<i64> {
        self.found.keys().filter(|no| !self.already.contains(no)).copied().collect()
    }
}

impl Sets {
    /// Puts the members of a file on a list, or tells in a dry run what that would do.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn add_file(
        &self,
        app: &App,
        request: &Request,
        name: &str,
    ) -> Result<Reply, Problem> {
        let (caller, key, file) = authenticated_body(app, request).await?;
        let is_dry = request.flag("dry_run")?;
        let items = files::list(file, request.charset(), &MEMBER, MAX_ROWS)
            .map_err(|error| Problem::from(FieldError::new("", error.to_string())))?;
        let stored = self.find(&*reach().await?, &caller, name).await?;
        if stored.wish.kind != "static" {
            return Err(FieldError::new("", "its condition decides who is in it").into());
        }
        if is_dry {
            let read = read(app, &caller, &stored, &items).await?;
            let report = read.report(read.new_ones().len());
            return Ok(Reply::json(200, &report).with("dry-run", "true"));
        }
        let asked: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        let add = async || {
            let read = read(app, &caller, &stored, &items).await?;
            let new_ones = read.new_ones();
            let told = json!({"rows": read.rows, "new": new_ones.len()});
            let action = format!("{}_file", self.word());
            noted(app, request, &caller, (&action, name), Some(told)).await?;
            let added = add(&caller, &stored, &new_ones).await?;
            Ok(Reply::json(200, &read.report(added)))
        };
        once(app, &key, &caller, &format!("{}-file", self.word()), &(name, asked), add).await
    }
}

/// Looks up whom the rows name.
async fn read(
    app: &App,
    caller: &Caller,
    stored: &StoredSet,
    items: &[Item],
) -> Result<Read, Problem> {
    let (reach, no) = (reach().await?, caller.programme.no);
    let mut read = Read { rows: items.len(), ..Read::default() };
    for piece in items.chunks(PIECE) {
        let names: Vec<&str> = piece.iter().map(|item| item.text.as_str()).collect();
        let found = named_members(&app.sql, no, &names).await?;
        let numbers: Vec<i64> = found.iter().flatten().map(|member| member.no).collect();
        let visible = visible_members(app, caller, &numbers).await?;
        let mut new_ones = Vec::new();
        for (item, member) in piece.iter().zip(found) {
            let mut refuse = |problem| read.refused.push((item.line, item.text.clone(), problem));
            // A number that a spreadsheet has cut is nobody's id, whatever it looks like.
            if item.text.is_empty() || is_scientific(&item.text) {
                refuse("invalid-request");
                continue;
            }
            match opened(member) {
                Err(refusal) => refuse(refusal.slug()),
                Ok(member) if !visible.contains(&member.no) => refuse("store-forbidden"),
                Ok(member) => match read.found.get(&member.no) {
                    Some(first) => {
                        read.duplicates.push((item.line, *first, item.text.clone()));
                    }
                    None => {
                        read.found.insert(member.no, item.line);
                        new_ones.push(member.no);
                    }
                },
            }
        }
        let held = held_sets(&*reach, no, &new_ones).await?;
        let is_in = |no: &i64| {
            held.get(no).is_some_and(|held| held.iter().any(|held| held.set_no == stored.no))
        };
        read.already.extend(new_ones.into_iter().filter(is_in));
    }
    Ok(read)
}

/// How many came in.
async fn add(caller: &Caller, stored: &StoredSet, members: &[i64]) -> Result<usize, Problem> {
    let (reach, no, at) = (reach().await?, caller.programme.no, now());
    let source = format!("{BY_HAND}{}", caller.name());
    let mut added = 0;
    for piece in members.chunks(PIECE) {
        let change = Change { set_no: stored.no, is_in: true, version: stored.version };
        let of =
            |member_no: &i64| SetChange { member_no: *member_no, change, until: None, score: None };
        let changes: Vec<SetChange> = piece.iter().map(of).collect();
        added += change_sets(&*reach, no, &changes, &source, at).await?;
    }
    Ok(added)
}
