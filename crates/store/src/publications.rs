//! Publications: documents on their way to being published, at once or at some time, some of them
//! after an approval.

use ledger::Timestamp;
use rules::Document;
use serde_json::Value as Json;

use crate::Error;
use crate::audit_log::Who;
use crate::document_diff::{value_at, written};
use crate::documents::{DocumentKind, Publishable, document_json};
use crate::groups::gains;
use crate::playbooks::parse_playbook;
use crate::programmes::{ProgrammeRef, digest, document_of, parse_rulebook};
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// Where a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicationState {
    /// Somebody has to approve of it.
    Waiting,
    /// It is published when its time comes.
    Planned,
    /// It was published, as the version after the one it was compared with.
    Published,
    /// Somebody decided against it.
    Rejected,
    /// The person who asked for it took it back.
    Withdrawn,
    /// Another version of the document was published first.
    Superseded,
}

/// Every state with its name.
const STATES: [(PublicationState, &str); 6] = [
    (PublicationState::Waiting, "waiting"),
    (PublicationState::Planned, "planned"),
    (PublicationState::Published, "published"),
    (PublicationState::Rejected, "rejected"),
    (PublicationState::Withdrawn, "withdrawn"),
    (PublicationState::Superseded, "superseded"),
];

impl PublicationState {
    /// Its name, in the database and for readers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        STATES.into_iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

/// A publication without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its id, a UUID; later ones sort later.
    pub id: String,
    /// Of which document it is a version.
    pub kind: DocumentKind,
    /// The draft it was made of.
    pub draft: String,
    /// The version it was compared with.
    pub base_version: i64,
    /// It is not published before.
    pub at: Timestamp,
    /// What has to be approved of, as JSON pointers.
    pub major: Vec<String>,
    /// The role that approves.
    pub role: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// By whom: a person.
    pub asked_by: String,
    /// Where it stands.
    pub state: PublicationState,
    /// When a person decided on it, and that person.
    pub decided: Option<(Timestamp, String)>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When a person approved of it, and that person.
    pub approved: Option<(Timestamp, String)>,
    /// Why it was decided so, in the words of the person who decided last.
    pub reason: Option<String>,
}

fn read(row: &mut Row) -> Result<Publication, Error> {
    let state = row.text(8)?;
    let state =
        STATES.into_iter().find(|(_, name)| *name == state).ok_or(Error::Corrupt("publication"))?.0;
    let decided_by = row.optional_text(10)?;
    Ok(Publication {
        id: row.text(0)?,
        kind: read_kind(row, 15)?,
        draft: row.text(1)?,
        base_version: row.integer(2)?,
        at: Timestamp(row.integer(3)?),
        major: serde_json::from_str(&row.text(4)?).map_err(|_| Error::Corrupt("publication"))?,
        role: row.text(5)?,
        asked_at: Timestamp(row.integer(6)?),
        asked_by: row.text(7)?,
        state,
        decided: row.optional_integer(9)?.map(Timestamp).zip(decided_by),
        published_at: row.optional_integer(11)?.map(Timestamp),
        approved: row.optional_integer(12)?.map(Timestamp).zip(row.optional_text(13)?),
        reason: row.optional_text(14)?,
    })
}

fn read_kind(row: &mut Row, column: usize) -> Result<DocumentKind, Error> {
    DocumentKind::parse(&row.text(column)?).ok_or(Error::Corrupt("kind of a document"))
}

/// Keeps a publication of a draft. Does nothing when one was asked for under the same key before.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn ask_for_publication(
    sql: &impl Sql,
    programme_no: i64,
    wish: &Publication,
    document: Publishable,
    key: &str,
    who: &Who,
) -> Result<(), Error> {
    let Publishable { text, asked: (asks_profile, budgets) } = document;
    let digest = digest(&text);
    let values = vec![
        programme_no.into(),
        wish.id.as_str().into(),
        wish.draft.as_str().into(),
        text.into(),
        digest.into(),
        i64::from(asks_profile).into(),
        budgets.into(),
        wish.base_version.into(),
        wish.at.0.into(),
        serde_json::json!(wish.major).to_string().into(),
        wish.role.as_str().into(),
        wish.asked_at.0.into(),
        wish.asked_by.as_str().into(),
        wish.state.as_str().into(),
        key.into(),
        who.text().into(),
        wish.kind.as_str().into(),
    ];
    sql.query(statement!("queries/publication_ask"), values).await.map(drop)
}

/// Moves a publication on when it is in one of the states `from` and not superseded; tells whether
/// it was.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn decide_publication(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    (from, to): (&[PublicationState], PublicationState),
    (by, reason): (&str, Option<&str>),
    who: &Who,
) -> Result<bool, Error> {
    let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
    let from = serde_json::json!(from).to_string();
    let values = vec![
        programme_no.into(),
        id.into(),
        to.as_str().into(),
        who.at.0.into(),
        by.into(),
        from.into(),
        reason.into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/publication_decide"), values).await?.is_empty())
}

/// The job that decides against a publication that may not be published any more.
const PUBLISHER: &str = "publish";

/// Publishes what is planned and due, in the order of its time: one version of each document, as
/// that supersedes all others. Tells how many were published. A rulebook that would by now let
/// points grow on a way over the group is rejected, as what others have published meanwhile stays.
///
/// # Errors
/// [`Error`] when the database fails, or when the only ones that are due cannot be read: they stay
/// planned then, as nobody could repair a programme that runs by one of them.
pub async fn publish_due(
    sql: &impl Sql,
    programme: &ProgrammeRef,
    now: Timestamp,
) -> Result<u64, Error> {
    let programme_no = programme.no;
    let due = sql
        .query(statement!("queries/publication_due"), vec![programme_no.into(), now.0.into()])
        .await?;
    let (mut published, mut tried, mut unreadable) = (0, Vec::new(), None);
    for mut row in due {
        let (id, kind) = (row.text(0)?, read_kind(&mut row, 1)?);
        if tried.contains(&kind) {
            continue;
        }
        let values = vec![programme_no.into(), id.as_str().into()];
        let mut found = sql.query(statement!("queries/publication_document"), values).await?;
        let Some(row) = found.first_mut() else { continue };
        let (stored, version) = (row.text(0)?, row.integer(1)? + 1);
        // A component of another release may have written it.
        let readable = match kind {
            DocumentKind::Rulebook => parse_rulebook(&stored, version).map(drop),
            DocumentKind::Playbook => parse_playbook(&stored).map(drop),
        };
        if let Err(error) = readable {
            unreadable = Some(error);
            continue;
        }
        if kind == DocumentKind::Rulebook
            && reject_gains(sql, programme, (&id, &stored), now).await?
        {
            continue;
        }
        let values = vec![programme_no.into(), id.into(), now.0.into()];
        let done = sql.query(statement!("queries/publication_execute"), values).await?;
        published += u64::from(!done.is_empty());
        tried.push(kind);
    }
    match unreadable {
        Some(error) if tried.is_empty() => Err(error),
        _ => Ok(published),
    }
}

/// Rejects a stored rulebook that would let points grow on a way over the group; tells whether it
/// did.
async fn reject_gains(
    sql: &impl Sql,
    programme: &ProgrammeRef,
    (id, stored): (&str, &str),
    now: Timestamp,
) -> Result<bool, Error> {
    let exchanges = document_of(stored)?.exchanges;
    let Some(way) = gains(sql, (programme.no, &programme.id), None, &exchanges).await? else {
        return Ok(false);
    };
    let reason = format!("lets points grow on the way {}", way.join(" → "));
    let who = Who { at: now, person: None, key: None, address: None };
    let by = (PUBLISHER, Some(reason.as_str()));
    let states = ([PublicationState::Planned], PublicationState::Rejected);
    decide_publication(sql, programme.no, id, (&states.0, states.1), by, &who).await?;
    Ok(true)
}

/// The publication that was asked for under that key.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn publication_by_key(
    sql: &impl Sql,
    programme_no: i64,
    key: &str,
) -> Result<Option<Publication>, Error> {
    let values = vec![programme_no.into(), key.into()];
    let mut rows = sql.query(statement!("queries/publication_by_key"), values).await?;
    rows.first_mut().map(read).transpose()
}

/// The document that a publication publishes, as JSON with every default written out.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn publication_document(
    sql: &impl Sql,
    programme_no: i64,
    publication: &Publication,
) -> Result<Json, Error> {
    let values = vec![programme_no.into(), publication.id.as_str().into()];
    let mut rows = sql.query(statement!("queries/publication_document"), values).await?;
    let stored = rows.first_mut().ok_or(Error::Corrupt("publication"))?.text(0)?;
    document_json(publication.kind, &stored)
}

/// A publication; `None` when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn publication(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<Publication>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let mut rows = sql.query(statement!("queries/publication"), values).await?;
    rows.first_mut().map(read).transpose()
}

/// Up to `most` publications before the id `before` (all when empty), newest first: of one document
/// or of all.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_publications(
    sql: &impl Sql,
    programme_no: i64,
    kind: Option<DocumentKind>,
    before: &str,
    most: i64,
) -> Result<Vec<Publication>, Error> {
    // Ids are hexadecimal digits and hyphens.
    let before = if before.is_empty() { "g" } else { before };
    let kind = kind.map(DocumentKind::as_str);
    let values = vec![programme_no.into(), before.into(), most.into(), kind.into()];
    let rows = sql.query(statement!("queries/publication_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// How many publications are waiting or planned.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn open_publications(sql: &impl Sql, programme_no: i64) -> Result<i64, Error> {
    let mut rows =
        sql.query(statement!("queries/publication_open"), vec![programme_no.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// A person who may write drafts must not be able to lift the approvals of anything, nor to change
/// what the books are kept in.
const ALWAYS_MAJOR: [&str; 4] = ["/approvals", "/currency", "/publication", "/risk"];

/// What is different in the next rulebook and has to be approved of before that is published, as
/// JSON pointers. A place that neither document has is taken for different: a slip of the pen must
/// not lift an approval.
///
/// # Errors
/// [`Error::Corrupt`] when a document cannot be written down.
pub fn major_changes(before: &Document, next: &Document) -> Result<Vec<String>, Error> {
    let (was, is) = (written(before)?, written(next)?);
    let places =
        ALWAYS_MAJOR.into_iter().chain(before.publication.major.iter().map(String::as_str));
    // The catalogue is no part of either.
    let places = places.filter(|place| *place != "/rewards");
    let is_changed = |place: &&str| match (value_at(&was, place), value_at(&is, place)) {
        (None, None) => true,
        (was, is) => was != is,
    };
    let mut changed: Vec<String> = places.filter(is_changed).map(str::to_owned).collect();
    changed.sort_unstable();
    changed.dedup();
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use rules::{RoundingMode, default_document};

    use super::*;

    #[test]
    fn changes_that_are_major() {
        type Change = fn(&mut Document);
        let changes: [(&str, Change, &[&str]); 9] = [
            ("nothing", |_| {}, &[]),
            ("warnings", |d| d.reminders.days_before.clear(), &[]),
            (
                "an action of 10^9 points",
                |d| d.actions.get_mut("share").unwrap().points = 1_000_000_000,
                &["/actions"],
            ),
            ("a looser cap", |d| d.caps.points_per_day = None, &["/caps"]),
            ("tiers", |d| d.tiers = None, &["/tiers"]),
            ("what frees others of approval", |d| d.approvals.days = 1, &["/approvals"]),
            ("what nobody looks at any more", |d| d.risk.review_above_points = Some(9), &["/risk"]),
            ("what frees itself", |d| d.publication.major.clear(), &["/publication"]),
            (
                "two",
                |d| {
                    d.redemption = None;
                    d.tiers = None;
                    d.rounding = RoundingMode::HalfUp;
                },
                &["/redemption", "/rounding", "/tiers"],
            ),
        ];
        for (name, change, major) in changes {
            let mut next = default_document();
            change(&mut next);
            assert_eq!(major_changes(&default_document(), &next).unwrap(), major, "{name}");
        }
        let mut none = default_document();
        none.publication.major = vec!["/purchase/points_per_unit".into()];
        let mut next = none.clone();
        next.purchase.points_per_unit = "2".into();
        next.tiers = None;
        assert_eq!(major_changes(&none, &next).unwrap(), ["/purchase/points_per_unit"]);

        // Levels go by their ids, as in a diff; what neither has is never overlooked.
        let mut named = default_document();
        named.publication.major =
            ["/tiers/levels/gold/from", "/tiers/levels/gold/"].map(str::to_owned).to_vec();
        let mut next = named.clone();
        let levels = &mut next.tiers.as_mut().unwrap().levels;
        levels[1].from += 1;
        assert_eq!(major_changes(&named, &next).unwrap(), ["/tiers/levels/gold/"]);
        next.tiers.as_mut().unwrap().levels[2].from += 1;
        assert_eq!(
            major_changes(&named, &next).unwrap(),
            ["/tiers/levels/gold/", "/tiers/levels/gold/from"]
        );
        next.tiers = None;
        assert_eq!(
            major_changes(&named, &next).unwrap(),
            ["/tiers/levels/gold/", "/tiers/levels/gold/from"]
        );
    }
}
