//! Sets of members: the definitions of tags and segments, the members in them, and those who came
//! and went.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::{Change, Family, Held, Refresh};
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// More sets of a family than any programme may have.
const MAX_SETS: i64 = 1_000;

/// A definition as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetWish {
    /// Tag or segment.
    pub family: Family,
    /// The path of a tag, the id of a segment.
    pub name: String,
    /// `static`, `rule`, `score`, `passive` or `active`.
    pub kind: String,
    /// As it was given, a JSON object.
    pub document: String,
    /// The condition for members in it, in CEL; none where members come in by hand.
    pub condition: Option<String>,
    /// When that is evaluated.
    pub refresh: Refresh,
    /// For how many days a member stays that somebody set.
    pub lives_days: Option<i64>,
    /// Of siblings that are exclusive, a member has one at most.
    pub is_exclusive: bool,
}

/// A definition as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSet {
    /// Its number.
    pub no: i64,
    /// The definition.
    pub wish: SetWish,
    /// Its version: one more with each change of what decides.
    pub version: i64,
    /// How many members are in it, those included whose time has ended since the last evaluation.
    pub members: i64,
    /// The version by which all members were evaluated last; 0 for none.
    pub evaluated_version: i64,
    /// The local day of that, since 1970-01-01.
    pub evaluated_day: Option<i32>,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
    /// Whether the ledger has a copy for each of its members.
    pub is_copied: bool,
}

/// Keeps a definition, unless there are `most` others of its family. Whether it was kept.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_set(
    reach: &impl Sql,
    programme_no: i64,
    wish: &SetWish,
    (at, by): (Timestamp, &str),
    most: i64,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        wish.family.as_str().into(),
        wish.name.as_str().into(),
        wish.kind.as_str().into(),
        wish.document.as_str().into(),
        wish.condition.clone().into(),
        wish.refresh.as_str().into(),
        wish.lives_days.into(),
        i64::from(wish.is_exclusive).into(),
        at.0.into(),
        by.into(),
        most.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/set_put"), values).await?.is_empty())
}

/// A definition by its name.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn stored_set(
    reach: &impl Sql,
    programme_no: i64,
    family: Family,
    name: &str,
) -> Result<Option<StoredSet>, Error> {
    let values = vec![programme_no.into(), family.as_str().into(), name.into()];
    let rows = reach.query(statement!("queries/reach/set_get"), values).await?;
    rows.into_iter().next().map(read_set).transpose()
}

/// Up to `most` definitions after the name `after`, by name.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_sets(
    reach: &impl Sql,
    programme_no: i64,
    family: Family,
    after: &str,
    most: i64,
) -> Result<Vec<StoredSet>, Error> {
    let values = vec![programme_no.into(), family.as_str().into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/set_list"), values).await?;
    rows.into_iter().map(read_set).collect()
}

/// The names and kinds of the sets of a family, in order: all that a programme may have.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn set_names(
    reach: &impl Sql,
    programme_no: i64,
    family: Family,
) -> Result<Vec<(String, String)>, Error> {
    let values = vec![programme_no.into(), family.as_str().into(), MAX_SETS.into()];
    let rows = reach.query(statement!("queries/reach/set_names"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.text(1)?))).collect()
}

fn read_set(mut row: Row) -> Result<StoredSet, Error> {
    let family = match row.text(1)?.as_str() {
        "tag" => Family::Tag,
        "segment" => Family::Segment,
        _ => return Err(Error::Corrupt("family of a set")),
    };
    let wish = SetWish {
        family,
        name: row.text(2)?,
        kind: row.text(3)?,
        document: row.text(4)?,
        condition: row.optional_text(5)?,
        refresh: Refresh::parse(&row.text(6)?).ok_or(Error::Corrupt("refresh of a set"))?,
        lives_days: row.optional_integer(7)?,
        is_exclusive: row.integer(8)? == 1,
    };
    Ok(StoredSet {
        no: row.integer(0)?,
        wish,
        version: row.integer(9)?,
        members: row.integer(10)?,
        evaluated_version: row.integer(11)?,
        evaluated_day: row.optional_integer(12)?.and_then(|day| i32::try_from(day).ok()),
        updated_at: Timestamp(row.integer(13)?),
        updated_by: row.text(14)?,
        is_copied: row.integer(15)? == 1,
    })
}

/// What a set was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetVersion {
    /// The version.
    pub version: i64,
    /// As it was given, a JSON object.
    pub document: String,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// The newest versions of a set.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn set_versions(
    reach: &impl Sql,
    set_no: i64,
    most: i64,
) -> Result<Vec<SetVersion>, Error> {
    let values = vec![set_no.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/set_versions"), values).await?;
    let read = |mut row: Row| {
        Ok(SetVersion {
            version: row.integer(0)?,
            document: row.text(1)?,
            at: Timestamp(row.integer(2)?),
            by: row.text(3)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Has a set evaluated for all members as soon as may be.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn evaluate_again(reach: &impl Sql, set_no: i64) -> Result<(), Error> {
    reach.query(statement!("queries/reach/set_again"), vec![set_no.into()]).await.map(drop)
}

/// Removes a set; whether there was one. Its members leave later: see [`clear_removed`].
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn remove_set(
    reach: &impl Sql,
    programme_no: i64,
    family: Family,
    name: &str,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), family.as_str().into(), name.into()];
    Ok(!reach.query(statement!("queries/reach/set_remove"), values).await?.is_empty())
}

/// Takes up to `most` members out of removed sets, and forgets those that nobody is in. True when
/// nothing is left of any.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn clear_removed(reach: &impl Sql, programme_no: i64, most: i64) -> Result<bool, Error> {
    let values = vec![programme_no.into()];
    let rows = reach.query(statement!("queries/reach/set_removed"), values).await?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(true) };
    let no = row.integer(0)?;
    let values = vec![no.into(), most.into()];
    let gone = reach.query(statement!("queries/reach/set_clear"), values).await?.len();
    if i64::try_from(gone).is_ok_and(|gone| gone < most) {
        reach.query(statement!("queries/reach/set_drop"), vec![no.into()]).await?;
    }
    Ok(false)
}

/// A member comes into a set, or leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetChange {
    /// The member's number.
    pub member_no: i64,
    /// The change.
    pub change: Change,
    /// Until when the member is in it.
    pub until: Option<Timestamp>,
    /// Of tags whose kind is score.
    pub score: Option<i64>,
}

/// Writes changes, and returns the number of those that changed something. `source` is "rule", or
/// the caller that sets it.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn change_sets(
    reach: &impl Sql,
    programme_no: i64,
    changes: &[SetChange],
    source: &str,
    now: Timestamp,
) -> Result<usize, Error> {
    if changes.is_empty() {
        return Ok(0);
    }
    let row = |of: &SetChange| {
        let until = of.until.map(|until| until.0);
        let (set_no, is_in) = (of.change.set_no, i64::from(of.change.is_in));
        let version = of.change.version;
        json!([programme_no, of.member_no, set_no, is_in, now.0, until, source, version, of.score])
    };
    let rows: Vec<_> = changes.iter().map(row).collect();
    let values = vec![Value::from(json!(rows).to_string())];
    Ok(reach.query(statement!("queries/reach/set_wish"), values).await?.len())
}

/// A member of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetMember {
    /// The member's number.
    pub member_no: i64,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
    /// "rule", or the caller that set it.
    pub source: String,
    /// The version of the definition that it was decided by.
    pub version: i64,
    /// Of tags whose kind is score.
    pub score: Option<i64>,
}

fn read_member(row: &mut Row, member_no: i64, at: usize) -> Result<SetMember, Error> {
    Ok(SetMember {
        member_no,
        since: Timestamp(row.integer(at)?),
        until: row.optional_integer(at + 1)?.map(Timestamp),
        source: row.text(at + 2)?,
        version: row.integer(at + 3)?,
        score: row.optional_integer(at + 4)?,
    })
}

/// Members of a set after that number, at most so many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn members_of_set(
    reach: &impl Sql,
    set_no: i64,
    after: i64,
    now: Timestamp,
    most: i64,
) -> Result<Vec<SetMember>, Error> {
    let values = vec![set_no.into(), after.into(), now.0.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/set_members"), values).await?;
    let read = |mut row: Row| {
        let member_no = row.integer(0)?;
        read_member(&mut row, member_no, 1)
    };
    rows.into_iter().map(read).collect()
}

/// A set that a member is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetOfMember {
    /// The set's name.
    pub name: String,
    /// Its definition, a JSON object.
    pub document: String,
    /// Its kind.
    pub kind: String,
    /// How the member is in it.
    pub member: SetMember,
}

/// The sets that a member is in, by name.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn sets_of_member(
    reach: &impl Sql,
    programme_no: i64,
    member_no: i64,
    family: Family,
    now: Timestamp,
) -> Result<Vec<SetOfMember>, Error> {
    let values = vec![programme_no.into(), member_no.into(), family.as_str().into(), now.0.into()];
    let rows = reach.query(statement!("queries/reach/sets_of_member"), values).await?;
    let read = |mut row: Row| {
        Ok(SetOfMember {
            name: row.text(0)?,
            document: row.text(1)?,
            kind: row.text(2)?,
            member: read_member(&mut row, member_no, 3)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Which sets members are in, by the numbers of the members.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn held_sets(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<i64, Vec<Held>>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let mut held: BTreeMap<i64, Vec<Held>> = BTreeMap::new();
    for mut row in reach.query(statement!("queries/reach/set_held"), values).await? {
        held.entry(row.integer(0)?).or_default().push(Held {
            set_no: row.integer(1)?,
            until: row.optional_integer(2)?.map(Timestamp),
            version: row.integer(3)?,
        });
    }
    Ok(held)
}

/// Somebody came into a set or left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    /// Its number.
    pub no: i64,
    /// The set's name.
    pub name: String,
    /// The member's number.
    pub member_no: i64,
    /// When.
    pub at: Timestamp,
    /// Whether the member came in.
    pub is_in: bool,
    /// "rule", or the caller that set it.
    pub source: String,
    /// The version of the definition.
    pub version: i64,
}

/// Changes of a family after that number, at most so many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn set_changes(
    reach: &impl Sql,
    programme_no: i64,
    family: Family,
    after: i64,
    most: i64,
) -> Result<Vec<StoredChange>, Error> {
    let values = vec![programme_no.into(), family.as_str().into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/set_changes"), values).await?;
    let read = |mut row: Row| {
        Ok(StoredChange {
            no: row.integer(0)?,
            name: row.text(1)?,
            member_no: row.integer(2)?,
            at: Timestamp(row.integer(3)?),
            is_in: row.integer(4)? == 1,
            source: row.text(5)?,
            version: row.integer(6)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Forgets changes of before that instant among the oldest ones, at most so many. How many it was.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_set_changes(
    reach: &impl Sql,
    programme_no: i64,
    before: Timestamp,
    most: i64,
) -> Result<usize, Error> {
    let values = vec![programme_no.into(), before.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/set_changes_forget"), values).await?.len())
}
