//! Back-tests: where each of them stands. What one finds is worked out by [`rules::MemberTest`],
//! some members at a time.

use std::collections::BTreeMap;

use ledger::{EntryId, MemberId, ProgrammeId, Timestamp};
use rules::{BackTest, COPIED_TAGS, MemberTest, Rulebook, Span};

use crate::Error;
use crate::history::span_with_bodies;
use crate::reach::tags_among;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// The newest back-tests of a programme that are kept.
const MAX_KEPT: i64 = 50;
/// Entries that are read at once.
const PAGE: i64 = 200;
/// Whose history is longer is left out: what later entries may speak of has to be kept at hand, for
/// both rulebooks.
const MAX_ENTRIES: i64 = 20_000;
/// Members that are looked for at once.
const MEMBERS: i64 = 200;

/// A back-test and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackTestRow {
    /// Its id.
    pub id: String,
    /// What was asked for, a JSON text; only shown.
    pub asked: String,
    /// The draft as a rulebook is stored; empty in lists.
    pub rulebook: String,
    /// The published version that it is held against.
    pub version: i64,
    /// The period.
    pub span: Span,
    /// The number of the last member that was told.
    position: i64,
    /// The number of the last member to be told.
    last: i64,
    /// Whether every member was told.
    pub done: bool,
    /// What was found so far.
    pub found: BackTest,
}

fn read(row: &mut Row) -> Result<BackTestRow, Error> {
    Ok(BackTestRow {
        id: row.text(0)?,
        asked: row.text(1)?,
        rulebook: row.text(2)?,
        version: row.integer(3)?,
        span: Span { from: Timestamp(row.integer(4)?), to: Timestamp(row.integer(5)?) },
        position: row.integer(6)?,
        last: row.integer(7)?,
        done: row.integer(8)? != 0,
        found: serde_json::from_str(&row.text(9)?).map_err(|_| Error::Corrupt("back-test"))?,
    })
}

/// Begins a back-test over all members, or over one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_back_test(
    sql: &impl Sql,
    (programme_no, version): (i64, i64),
    id: EntryId,
    asked: String,
    rulebook: &str,
    span: Span,
    member_no: Option<i64>,
) -> Result<(), Error> {
    let found = serde_json::to_string(&BackTest::default())
        .map_err(|_| Error::Corrupt("back-test to be written"))?;
    let values = vec![
        programme_no.into(),
        id.to_string().into(),
        asked.into(),
        rulebook.into(),
        version.into(),
        span.from.0.into(),
        span.to.0.into(),
        member_no.map_or(0, |no| no - 1).into(),
        member_no.unwrap_or(i64::MAX).into(),
        found.into(),
    ];
    sql.query(statement!("queries/back_test_create"), values).await?;
    sql.query(statement!("queries/back_test_prune"), vec![programme_no.into(), MAX_KEPT.into()])
        .await?;
    Ok(())
}

/// One of them; `None` when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn back_test(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<BackTestRow>, Error> {
    let mut rows =
        sql.query(statement!("queries/back_test"), vec![programme_no.into(), id.into()]).await?;
    rows.first_mut().map(read).transpose()
}

/// Up to `most` back-tests before the id `before`, newest first.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_back_tests(
    sql: &impl Sql,
    programme_no: i64,
    before: &str,
    most: i64,
) -> Result<Vec<BackTestRow>, Error> {
    let values = vec![programme_no.into(), before.into(), most.into()];
    let rows = sql.query(statement!("queries/back_test_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// The number of a member; `None` when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn member_no(sql: &impl Sql, programme_no: i64, id: &str) -> Result<Option<i64>, Error> {
    let mut rows =
        sql.query(statement!("queries/member_no"), vec![programme_no.into(), id.into()]).await?;
    rows.first_mut().map(|row| row.integer(0)).transpose()
}

/// Where members' tags are, which of them the rulebooks name, and as of when.
pub type NamedTags<'a, R> = (&'a R, &'a [String], Timestamp);

/// Tells the next members, until about `most` entries are read, and keeps what was found. When
/// somebody else has moved the test on meanwhile, what they found counts and this does not. `tags`
/// stand in place of the copies that an earn reads: a draft may name others.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn move_back_test<R: Sql>(
    sql: &impl Sql,
    programme: (i64, &ProgrammeId),
    test: &BackTestRow,
    books: (&Rulebook, &Rulebook),
    tags: Option<NamedTags<'_, R>>,
    most: i64,
) -> Result<(), Error> {
    let (mut found, mut position) = (test.found.clone(), test.position);
    let mut read = 0;
    let done = loop {
        let mut members = members(sql, programme.0, test, position).await?;
        if let Some((reach, named, at)) = tags {
            let numbers: Vec<i64> = members.iter().map(|(no, ..)| *no).collect();
            let mut held = tags_among(reach, programme.0, &numbers, named, at).await?;
            for (no, _, attributes, _) in &mut members {
                let tags = held.remove(no).unwrap_or_default();
                attributes.insert(COPIED_TAGS.to_owned(), tags.join(","));
            }
        }
        let Some((last, ..)) = members.last() else { break true };
        let last = *last;
        for (no, member, attributes, entries) in members {
            if read >= most {
                break;
            }
            if entries > MAX_ENTRIES {
                found.left_out += 1;
                position = no;
                continue;
            }
            if !tell(sql, programme.1, (no, &member), &attributes, books, test.span, &mut found)
                .await?
            {
                found.left_out += 1;
            }
            read += entries;
            position = no;
        }
        if position < last || read >= most {
            break false;
        }
    };
    let text =
        serde_json::to_string(&found).map_err(|_| Error::Corrupt("back-test to be written"))?;
    let values = vec![
        programme.0.into(),
        test.id.as_str().into(),
        test.position.into(),
        position.into(),
        text.into(),
        i64::from(done).into(),
    ];
    sql.query(statement!("queries/back_test_move"), values).await.map(drop)
}

/// Number, id, what is told about the member, how many entries it has.
type Told = (i64, MemberId, BTreeMap<String, String>, i64);

async fn members(
    sql: &impl Sql,
    programme_no: i64,
    test: &BackTestRow,
    after: i64,
) -> Result<Vec<Told>, Error> {
    let values = vec![
        programme_no.into(),
        test.span.to.0.into(),
        after.into(),
        test.last.into(),
        MEMBERS.into(),
    ];
    let rows = sql.query(statement!("queries/back_test_members"), values).await?;
    let read = |mut row: Row| {
        let attributes = row
            .optional_text(2)?
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let id = MemberId::stored(row.text(1)?).map_err(|_| Error::Corrupt("member id"))?;
        Ok((row.integer(0)?, id, attributes, row.integer(3)?))
    };
    rows.into_iter().map(read).collect()
}

/// Adds what a member's history comes to; false when it takes too long to tell.
async fn tell(
    sql: &impl Sql,
    programme: &ProgrammeId,
    (no, member): (i64, &MemberId),
    attributes: &BTreeMap<String, String>,
    books: (&Rulebook, &Rulebook),
    period: Span,
    found: &mut BackTest,
) -> Result<bool, Error> {
    let mut told = MemberTest::new(books, programme, member, attributes, period);
    let mut first = 1;
    loop {
        let entries = span_with_bodies(sql, no, first, first + PAGE - 1).await?;
        for (entry, body) in &entries {
            told.entry(entry, body)?;
            if told.is_too_long() {
                return Ok(false);
            }
        }
        let is_over = entries.last().is_none_or(|(entry, _)| entry.recorded_at >= period.to);
        if is_over || (entries.len() as i64) < PAGE {
            told.end(found)?;
            return Ok(true);
        }
        first += PAGE;
    }
}
