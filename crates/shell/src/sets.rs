//! Tags and segments over HTTP, where the two are alike: definitions, members, changes.
//!
//! A caller for some stores sees no figures of all members, and of members only those whose home
//! store is one of these, or who bought there within 365 days.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Timestamp, from_day_number};
use reach::{Change, Family, Today, WINDOW_DAYS};
use serde_json::{Value as Json, json};
use store::{
    Caller, SetChange, SetMember, SetWish, Spin, StoredSet, change_sets, evaluate_again,
    ledger_members, list_sets, members_of_set, members_of_stores, named_members, put_set,
    remove_set, set_changes, set_versions, sets_of_member, stored_set,
};

use crate::answer::Reply;
use crate::api::tag::SetMembersBody;
use crate::app::App;
use crate::audit::noted;
use crate::command::{authenticate, authenticated_body};
use crate::idempotent::once;
use crate::ids::now;
use crate::json::parse_json;
use crate::page::Page;
use crate::problem::{FieldError, Problem};
use crate::reach::{opened, reach, read_member};
use crate::request::Request;
use crate::rulebooks::zone;

/// What somebody set by hand, with the name of that person.
pub(crate) const BY_HAND: &str = "hand:";
/// Versions of a definition that are shown.
const VERSIONS: i64 = 50;
const DAY_MS: i64 = 86_400_000;

/// One of the two families, as its component serves it.
pub struct Sets {
    /// Tag or segment.
    pub family: Family,
    /// Definitions of a programme, at most.
    pub most: i64,
}

impl Sets {
    pub(crate) fn word(&self) -> &'static str {
        self.family.as_str()
    }

    /// The key under which a name stands.
    fn key(&self) -> &'static str {
        match self.family {
            Family::Tag => "path",
            Family::Segment => "segment_id",
        }
    }

    /// The set of that name.
    ///
    /// # Errors
    /// [`Problem::ResourceNotFound`]; what the database does.
    pub async fn find(
        &self,
        reach: &Spin,
        caller: &Caller,
        name: &str,
    ) -> Result<StoredSet, Problem> {
        let found = stored_set(reach, caller.programme.no, self.family, name).await?;
        found.ok_or(Problem::ResourceNotFound)
    }

    /// Keeps a definition: 201 for a new one, 200 for a change.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn put(
        &self,
        app: &App,
        request: &Request,
        name: &str,
        wish: impl FnOnce(&[u8]) -> Result<SetWish, Problem>,
    ) -> Result<Reply, Problem> {
        let (caller, key, body) = authenticated_body(app, request).await?;
        let wish = wish(body)?;
        let put = async || {
            let reach = reach().await?;
            let is_new =
                stored_set(&*reach, caller.programme.no, self.family, name).await?.is_none();
            let document = serde_json::from_str(&wish.document).unwrap_or_default();
            let action = format!("{}_put", self.word());
            noted(app, request, &caller, (&action, name), Some(document)).await?;
            let by = (now(), caller.name());
            if !put_set(&*reach, caller.programme.no, &wish, by, self.most).await? {
                let detail = format!("there are {} others: remove one first", self.most);
                return Err(FieldError::new(self.key(), detail).into());
            }
            let stored = self.find(&reach, &caller, name).await?;
            Ok(Reply::json(if is_new { 201 } else { 200 }, &shown_set(&stored, false)))
        };
        once(app, &key, &caller, self.word(), &(name, &wish.document), put).await
    }

    /// Removes a definition.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn remove(&self, app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
        let (caller, key, _) = authenticated_body(app, request).await?;
        let remove = async || {
            let reach = reach().await?;
            self.find(&reach, &caller, name).await?;
            let action = format!("{}_removed", self.word());
            noted(app, request, &caller, (&action, name), None).await?;
            remove_set(&*reach, caller.programme.no, self.family, name).await?;
            Ok(Reply::empty(204))
        };
        once(app, &key, &caller, &format!("{}-delete", self.word()), &name, remove).await
    }

    /// A definition.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn get(&self, app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let stored = self.find(&*reach().await?, &caller, name).await?;
        Ok(Reply::json(200, &shown_set(&stored, caller.stores.is_some())))
    }

    /// All definitions, by name.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn list(&self, app: &App, request: &Request) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let page = Page::of(request)?;
        let after = page.cursor.as_deref().unwrap_or_default();
        let (reach, no) = (reach().await?, caller.programme.no);
        let found = list_sets(&*reach, no, self.family, after, page.limit + 1).await?;
        let is_scoped = caller.stores.is_some();
        Ok(page.reply(found, |set| shown_set(set, is_scoped), |last| last.wish.name.clone()))
    }

    /// What a definition was, newest first.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn versions(
        &self,
        app: &App,
        request: &Request,
        name: &str,
    ) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let reach = reach().await?;
        let stored = self.find(&reach, &caller, name).await?;
        let versions = set_versions(&*reach, stored.no, VERSIONS).await?;
        let shown = versions.iter().map(|of| {
            let mut body = document(&of.document);
            body.insert("version".to_owned(), of.version.into());
            body.insert("at".to_owned(), of.at.to_string().into());
            body.insert("by".to_owned(), of.by.as_str().into());
            Json::Object(body)
        });
        Ok(Reply::json(200, &Page::body(shown.collect(), None)))
    }

    /// Has a set evaluated soon.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn refresh(
        &self,
        app: &App,
        request: &Request,
        name: &str,
    ) -> Result<Reply, Problem> {
        let (caller, key, _) = authenticated_body(app, request).await?;
        let again = async || {
            let reach = reach().await?;
            let stored = self.find(&reach, &caller, name).await?;
            evaluate_again(&*reach, stored.no).await?;
            let stored = self.find(&reach, &caller, name).await?;
            Ok(Reply::json(202, &shown_set(&stored, false)))
        };
        once(app, &key, &caller, &format!("{}-refresh", self.word()), &name, again).await
    }

    /// The members that are kept in a set.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn members(
        &self,
        app: &App,
        caller: &Caller,
        page: &Page,
        stored: &StoredSet,
    ) -> Result<Reply, Problem> {
        let reach = reach().await?;
        let after = page.number(0)?;
        let mut found = members_of_set(&*reach, stored.no, after, now(), page.limit + 1).await?;
        let most = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let is_more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| is_more).map(|last| last.member_no.to_string());
        let numbers: Vec<i64> = found.iter().map(|member| member.member_no).collect();
        let visible = visible_members(app, caller, &numbers).await?;
        let told = ledger_members(&app.sql, caller.programme.no, &numbers).await?;
        let shown = found.iter().filter(|member| visible.contains(&member.member_no));
        let shown = shown.filter_map(|member| {
            let mut body = shown_member(member);
            let id = told.get(&member.member_no)?.id.as_str();
            body.insert("member_id".to_owned(), id.into());
            Some(Json::Object(body))
        });
        Ok(Reply::json(200, &Page::body(shown.collect(), next)))
    }

    /// Brings members into a set by hand, or takes them out.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn change_members(
        &self,
        app: &App,
        request: &Request,
        name: &str,
    ) -> Result<Reply, Problem> {
        let (caller, key, body) = authenticated_body(app, request).await?;
        let body: SetMembersBody = parse_json(body)?;
        let change = async || {
            let reach = reach().await?;
            let stored = self.find(&reach, &caller, name).await?;
            self.change(app, &caller, &stored, &body).await
        };
        once(app, &key, &caller, &format!("{}-members", self.word()), &(name, &body), change).await
    }

    async fn change(
        &self,
        app: &App,
        caller: &Caller,
        stored: &StoredSet,
        body: &SetMembersBody,
    ) -> Result<Reply, Problem> {
        let (reach, no) = (reach().await?, caller.programme.no);
        let members = body.members(&stored.wish.kind)?;
        let names: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
        let found = named_members(&app.sql, no, &names).await?;
        let mut numbers = Vec::new();
        let mut refused = Vec::new();
        for ((name, ..), member) in members.iter().zip(found) {
            match opened(member) {
                Ok(member) => numbers.push(Some(member.no)),
                Err(refusal) => {
                    numbers.push(None);
                    refused.push(json!({"member_id": name, "problem": refusal.slug()}));
                }
            }
        }
        let known: Vec<i64> = numbers.iter().copied().flatten().collect();
        if visible_members(app, caller, &known).await?.len()
            < known.iter().collect::<BTreeSet<_>>().len()
        {
            return Err(Problem::StoreForbidden);
        }
        let at = now();
        let until = stored.wish.lives_days.map(|days| at.plus_ms(days.saturating_mul(DAY_MS)));
        let siblings = self.siblings(&reach, caller, stored).await?;
        let (mut changes, mut seen) = (Vec::new(), BTreeSet::new());
        for ((_, is_in, score), number) in members.into_iter().zip(numbers) {
            let Some(member_no) = number else { continue };
            if !seen.insert(member_no) {
                return Err(FieldError::new("", "names a member twice").into());
            }
            let (set_no, version) = (stored.no, stored.version);
            let (until, score) = if is_in { (until, score) } else { (None, None) };
            let change = Change { set_no, is_in, version };
            changes.push(SetChange { member_no, change, until, score });
            // Of exclusive siblings a member has one.
            for (set_no, version) in siblings.iter().filter(|_| is_in) {
                let change = Change { set_no: *set_no, is_in: false, version: *version };
                changes.push(SetChange { member_no, change, until: None, score: None });
            }
        }
        let source = format!("{BY_HAND}{}", caller.name());
        let mut written = 0;
        for part in changes.chunks(500) {
            written += change_sets(&*reach, no, part, &source, at).await?;
        }
        Ok(Reply::json(200, &json!({"changed": written, "refused": refused})))
    }

    /// Tags by hand that exclude this one: number and version.
    async fn siblings(
        &self,
        reach: &Spin,
        caller: &Caller,
        stored: &StoredSet,
    ) -> Result<Vec<(i64, i64)>, Problem> {
        if !stored.wish.is_exclusive {
            return Ok(Vec::new());
        }
        let parent = |name: &str| {
            name.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned())
        };
        let own = parent(&stored.wish.name);
        let all = list_sets(reach, caller.programme.no, self.family, "", self.most + 1).await?;
        let is_sibling = |set: &&StoredSet| {
            set.no != stored.no
                && set.wish.is_exclusive
                && set.wish.condition.is_none()
                && parent(&set.wish.name) == own
        };
        Ok(all.iter().filter(is_sibling).map(|set| (set.no, set.version)).collect())
    }

    /// The sets that a member is in.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn of_member(
        &self,
        app: &App,
        request: &Request,
        name: &str,
    ) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let member = read_member(app, request, &caller, name).await?;
        if visible_members(app, &caller, &[member.no]).await?.is_empty() {
            return Err(Problem::StoreForbidden);
        }
        let (reach, no) = (reach().await?, caller.programme.no);
        let found = sets_of_member(&*reach, no, member.no, self.family, now()).await?;
        let shown = found.iter().map(|of| {
            let mut body = shown_member(&of.member);
            let of_set = document(&of.document);
            for field in ["names", "class", "when", "conditions"] {
                if let Some(value) = of_set.get(field) {
                    body.insert(field.to_owned(), value.clone());
                }
            }
            body.insert(self.key().to_owned(), of.name.as_str().into());
            body.insert("kind".to_owned(), of.kind.as_str().into());
            Json::Object(body)
        });
        Ok(Reply::json(200, &Page::body(shown.collect(), None)))
    }

    /// The members who came into sets and left them, in order.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn changes(&self, app: &App, request: &Request) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let page = Page::of(request)?;
        let (reach, no) = (reach().await?, caller.programme.no);
        let after = page.number(0)?;
        let found = set_changes(&*reach, no, self.family, after, page.limit + 1).await?;
        let numbers: Vec<i64> = found.iter().map(|change| change.member_no).collect();
        let told = ledger_members(&app.sql, caller.programme.no, &numbers).await?;
        let shown = |change: &store::StoredChange| {
            let (source, by) = source_of(&change.source);
            json!({
                "no": change.no,
                self.key(): change.name,
                "member_id": told.get(&change.member_no).map(|told| &told.id),
                "at": change.at.to_string(),
                "change": if change.is_in { "in" } else { "out" },
                "source": source,
                "by": by,
                "version": change.version,
            })
        };
        Ok(page.reply(found, shown, |last| last.no.to_string()))
    }
}

/// Which of these members, by their numbers, the caller may see: for some stores, those whose home
/// store is one of these, or who bought there within 365 days.
///
/// # Errors
/// What the database does.
pub async fn visible_members(
    app: &App,
    caller: &Caller,
    numbers: &[i64],
) -> Result<BTreeSet<i64>, Problem> {
    let Some(stores) = &caller.stores else { return Ok(numbers.iter().copied().collect()) };
    let today = Today::at(now(), zone(&app.sql, &caller.programme).await?);
    let (reach, since) = (reach().await?, today.start_of(WINDOW_DAYS));
    let here = (&*reach, caller.programme.no);
    Ok(members_of_stores(&app.sql, here, numbers, stores, since).await?)
}

/// A definition as the API shows it. A caller for some stores hears no count of all members.
#[must_use]
pub fn shown_set(set: &StoredSet, is_scoped: bool) -> Json {
    let key = match set.wish.family {
        Family::Tag => "path",
        Family::Segment => "segment_id",
    };
    let is_decided = set.wish.condition.is_some() && set.wish.kind != "passive";
    let members = (!is_scoped && set.wish.kind != "passive").then_some(set.members);
    let mut body = document(&set.wish.document);
    let evaluated = set.evaluated_day.filter(|_| is_decided).map(from_day_number);
    for (name, value) in [
        (key, json!(set.wish.name)),
        ("refresh", json!(set.wish.refresh.as_str())),
        ("version", json!(set.version)),
        ("members", json!(members)),
        ("is_evaluated", json!(!is_decided || set.evaluated_version == set.version)),
        ("evaluated_on", json!(evaluated.map(|day| day.to_string()))),
        ("updated_at", json!(set.updated_at.to_string())),
        ("updated_by", json!(set.updated_by)),
    ] {
        body.insert(name.to_owned(), value);
    }
    Json::Object(body)
}

fn document(text: &str) -> serde_json::Map<String, Json> {
    serde_json::from_str(text).unwrap_or_default()
}

fn shown_member(member: &SetMember) -> serde_json::Map<String, Json> {
    let (source, by) = source_of(&member.source);
    let instant = |at: Timestamp| at.to_string();
    let body = BTreeMap::from([
        ("since", json!(instant(member.since))),
        ("until", json!(member.until.map(instant))),
        ("source", json!(source)),
        ("by", json!(by)),
        ("version", json!(member.version)),
        ("score", json!(member.score)),
    ]);
    body.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether a condition or a person decided, and which person.
fn source_of(source: &str) -> (&str, Option<&str>) {
    source.strip_prefix(BY_HAND).map_or((source, None), |by| ("hand", Some(by)))
}
