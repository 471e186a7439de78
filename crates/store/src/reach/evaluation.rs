//! What an evaluation of sets reads and writes: members with their facts, what the ledger tells of
//! them, whose facts changed, the walk over all members, and the cuts of scores.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::{Cuts, Facts};
use serde_json::json;

use super::fold::facts_of;
use crate::Error;
use crate::sql::{Row, Rows, Sql};
use crate::statement::statement;

/// Facts of members after that number, in order, at most so many. With a `sample` above 1 only of
/// those whose number it divides.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn facts_after(
    reach: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
    sample: i64,
) -> Result<Vec<(i64, Facts)>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into(), sample.max(1).into()];
    read_all(reach.query(statement!("queries/reach/facts_after"), values).await?)
}

/// Facts of these members; those that nothing is known of are missing.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn facts_of_members(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<Vec<(i64, Facts)>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    read_all(reach.query(statement!("queries/reach/facts_of"), values).await?)
}

fn read_all(rows: Rows) -> Result<Vec<(i64, Facts)>, Error> {
    let read = |mut row: Row| {
        let text = row.text(1)?;
        Ok((row.integer(0)?, facts_of(&text, &mut row, 2)?))
    };
    rows.into_iter().map(read).collect()
}

/// What the ledger tells of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerMember {
    /// Its id.
    pub id: String,
    /// When its first entry was recorded.
    pub joined_at: Timestamp,
    /// What the merchant told.
    pub attributes: BTreeMap<String, String>,
}

/// What the ledger tells of members of a programme, by their numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn ledger_members(
    ledger: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<i64, LedgerMember>, Error> {
    let values = vec![json!(members).to_string().into(), programme_no.into()];
    let rows = ledger.query(statement!("queries/customers"), values).await?;
    let read = |mut row: Row| {
        let attributes = row.optional_text(3)?.map_or(Ok(BTreeMap::new()), |text| {
            serde_json::from_str(&text).map_err(|_| Error::Corrupt("attributes"))
        });
        let member = LedgerMember {
            id: row.text(1)?,
            joined_at: Timestamp(row.integer(2)?),
            attributes: attributes?,
        };
        Ok((row.integer(0)?, member))
    };
    rows.into_iter().map(read).collect()
}

/// The home stores of these members, by their numbers, where they have one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn home_stores(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<i64, String>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let rows = reach.query(statement!("queries/reach/home_stores"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.text(1)?))).collect()
}

/// How many of these members may be sent offers, by channel: their address there is open, and they
/// have said yes.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn reachable_members(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<String, i64>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let rows = reach.query(statement!("queries/reach/reachable"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.integer(1)?))).collect()
}

/// Which of these members bought in one of the stores since that instant.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn bought_in(
    ledger: &impl Sql,
    members: &[i64],
    stores: &[String],
    since: Timestamp,
) -> Result<BTreeSet<i64>, Error> {
    let values =
        vec![json!(members).to_string().into(), json!(stores).to_string().into(), since.0.into()];
    let rows = ledger.query(statement!("queries/bought_in"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Which of these members are of one of the stores: it is their home store, or they bought there
/// since that instant.
///
/// # Errors
/// [`Error`] when a database fails.
pub async fn members_of_stores(
    ledger: &impl Sql,
    (reach, programme_no): (&impl Sql, i64),
    members: &[i64],
    stores: &[String],
    since: Timestamp,
) -> Result<BTreeSet<i64>, Error> {
    let homes = home_stores(reach, programme_no, members).await?;
    let mut theirs = bought_in(ledger, members, stores, since).await?;
    theirs.extend(homes.iter().filter(|(_, home)| stores.contains(home)).map(|(no, _)| *no));
    Ok(theirs)
}

/// Members whose facts changed, at most so many: number, and a number of the last change.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn changed_members(
    reach: &impl Sql,
    programme_no: i64,
    most: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let values = vec![programme_no.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/set_due"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.integer(1)?))).collect()
}

/// Sets were evaluated for these members as they were then.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn changed_members_done(
    reach: &impl Sql,
    programme_no: i64,
    members: &[(i64, i64)],
) -> Result<(), Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    reach.query(statement!("queries/reach/set_due_done"), values).await.map(drop)
}

/// A walk over all members of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetScan {
    /// The local day on which it began.
    pub day: i32,
    /// The sets that it evaluates and their versions; `None` where it counts for the cuts.
    pub sets: Option<Vec<(i64, i64)>>,
    /// What it has counted so far, a JSON text.
    pub counts: Option<String>,
    /// The last member that it has seen.
    pub position: i64,
}

/// The walk that is under way.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn set_scan(reach: &impl Sql, programme_no: i64) -> Result<Option<SetScan>, Error> {
    let values = vec![programme_no.into()];
    let rows = reach.query(statement!("queries/reach/set_scan"), values).await?;
    let read = |mut row: Row| {
        let sets = row.optional_text(1)?.map(|text| serde_json::from_str(&text)).transpose();
        Ok(SetScan {
            day: i32::try_from(row.integer(0)?).map_err(|_| Error::Corrupt("day"))?,
            sets: sets.map_err(|_| Error::Corrupt("sets of a walk"))?,
            counts: row.optional_text(2)?,
            position: row.integer(3)?,
        })
    };
    rows.into_iter().next().map(read).transpose()
}

/// Begins a walk, unless one is under way.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_set_scan(
    reach: &impl Sql,
    programme_no: i64,
    day: i32,
    sets: Option<&[(i64, i64)]>,
) -> Result<(), Error> {
    let sets = sets.map(|sets| json!(sets).to_string());
    let values = vec![programme_no.into(), i64::from(day).into(), sets.into()];
    reach.query(statement!("queries/reach/set_scan_begin"), values).await.map(drop)
}

/// A walk goes on up to `position` with what it has counted; or ends where that is `None`, with the
/// cuts that it leads to. Does nothing where another run was faster; whether it did.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn step_set_scan(
    reach: &impl Sql,
    programme_no: i64,
    scan: &SetScan,
    position: Option<i64>,
    (counts, cuts): (Option<String>, Option<String>),
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        i64::from(scan.day).into(),
        scan.position.into(),
        position.into(),
        counts.into(),
        cuts.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/set_scan_step"), values).await?.is_empty())
}

/// The cuts in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCuts {
    /// One more each time.
    pub version: i64,
    /// The local day on which members were counted.
    pub day: i32,
    /// `None` where no member had an order.
    pub cuts: Option<Cuts>,
}

/// The newest cuts of a programme.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn rfm_cuts(reach: &impl Sql, programme_no: i64) -> Result<Option<StoredCuts>, Error> {
    let values = vec![programme_no.into()];
    let rows = reach.query(statement!("queries/reach/rfm_cuts"), values).await?;
    let read = |mut row: Row| {
        Ok(StoredCuts {
            version: row.integer(0)?,
            day: i32::try_from(row.integer(1)?).map_err(|_| Error::Corrupt("day"))?,
            cuts: serde_json::from_str(&row.text(2)?).map_err(|_| Error::Corrupt("cuts"))?,
        })
    };
    rows.into_iter().next().map(read).transpose()
}

/// Programmes in which there is nothing to do until an instant, with the version of the rulebook by
/// which that was worked out. What changed since ends it, so that one is not listed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn resting_sets(reach: &impl Sql) -> Result<BTreeMap<i64, (Timestamp, i64)>, Error> {
    let rows = reach.query(statement!("queries/reach/set_rests"), vec![]).await?;
    let read = |mut row: Row| Ok((row.integer(0)?, (Timestamp(row.integer(1)?), row.integer(2)?)));
    rows.into_iter().map(read).collect()
}

/// Remembers that there is nothing to do in a programme until that instant, by that version of its
/// rulebook.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rest_sets(
    reach: &impl Sql,
    programme_no: i64,
    until: Timestamp,
    rulebook_version: i64,
) -> Result<(), Error> {
    let values = vec![programme_no.into(), until.0.into(), rulebook_version.into()];
    reach.query(statement!("queries/reach/set_rest"), values).await.map(drop)
}
