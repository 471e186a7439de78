//! The books: the audit that proves them and the trial balance.
//!
//! Reports read whole tables and are the only queries that may.

use std::collections::BTreeMap;

use ledger::{Entry, Hash, Kind, Member, MemberId, Timestamp, Violation, verify};

use crate::Error;
use crate::body;
use crate::codec;
use crate::sql::{Sql, Value};

/// A violation and the member it was found at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditViolation {
    /// The member.
    pub member: MemberId,
    /// What is wrong.
    pub violation: Violation,
}

/// What one page of the audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Members replayed.
    pub members: usize,
    /// Entries replayed.
    pub entries: usize,
    /// Everything that is wrong.
    pub violations: Vec<AuditViolation>,
    /// The member number to go on after; `None` at the end.
    pub next: Option<i64>,
}

/// Replays every entry of up to `most` members after member number `after` (or of the one `member`) and compares with what is stored.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn audit(
    sql: &impl Sql,
    programme_no: i64,
    member: Option<&str>,
    after: i64,
    most: i64,
) -> Result<Audit, Error> {
    let values = vec![programme_no.into(), member.into(), after.into(), most.into()];
    let mut rows = sql.query(include_str!("../queries/audit_members.sql"), values).await?;
    let members = rows.iter_mut().map(|row| codec::member(row, 0)).collect::<Result<Vec<_>, _>>()?;
    let numbers: Vec<i64> = members.iter().filter_map(|(_, number)| *number).collect();
    let spans: Vec<(i64, i64)> =
        members.iter().filter_map(|(member, number)| Some(((*number)?, member.sequence.0))).collect();
    let mut histories = entries(sql, &spans).await?;
    let mut found = Audit { members: members.len(), entries: 0, violations: Vec::new(), next: None };
    for (member, number) in &members {
        let entries = number.and_then(|number| histories.remove(&number)).unwrap_or_default();
        found.entries += entries.len();
        found.violations.extend(check(member, &entries));
    }
    let page_is_full = i64::try_from(members.len()).is_ok_and(|count| count == most);
    found.next = numbers.last().copied().filter(|_| page_is_full && member.is_none());
    Ok(found)
}

fn check(member: &Member, entries: &[Entry]) -> Vec<AuditViolation> {
    let found = verify(entries, member).into_iter();
    found.map(|violation| AuditViolation { member: member.id.clone(), violation }).collect()
}

async fn entries(sql: &impl Sql, members: &[(i64, i64)]) -> Result<BTreeMap<i64, Vec<Entry>>, Error> {
    let list = serde_json::to_string(members).map_err(|_| Error::Corrupt("member numbers"))?;
    let rows = sql.query(include_str!("../queries/audit_entries.sql"), vec![list.into()]).await?;
    let mut histories: BTreeMap<i64, Vec<Entry>> = BTreeMap::new();
    for mut row in rows {
        let history = histories.entry(row.integer(0)?).or_default();
        // The query has no column for the hash before: it is the one of the row before.
        let before = history.last().map(|entry| entry.hash.to_string());
        row.0.push(Value::from(before));
        let mut entry = body::read(&mut row, 1)?;
        entry.previous_hash = history.last().map_or(Hash::default(), |entry| entry.hash);
        history.push(entry);
    }
    Ok(histories)
}

/// Three sums over a programme that must be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Points of all entries.
    pub entries: i64,
    /// Balances of all members.
    pub balances: i64,
    /// Points left in all lots.
    pub lots: i64,
}

/// The sums of a programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn totals(sql: &impl Sql, programme_no: i64) -> Result<Totals, Error> {
    let mut rows = sql.query(include_str!("../queries/audit_totals.sql"), vec![programme_no.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    Ok(Totals { entries: row.integer(0)?, balances: row.integer(1)?, lots: row.integer(2)? })
}

/// Points that entries of one kind moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialBalanceRow {
    /// The kind.
    pub kind: Kind,
    /// Signed points, as the members see them.
    pub points: i64,
    /// How many entries.
    pub entries: i64,
}

/// Points by kind of entries recorded from `from` until before `to`.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn trial_balance(
    sql: &impl Sql,
    programme_no: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<TrialBalanceRow>, Error> {
    let values = vec![programme_no.into(), from.0.into(), to.0.into()];
    let rows = sql.query(include_str!("../queries/trial_balance.sql"), values).await?;
    let read = |mut row: crate::Row| {
        let kind = Kind::parse(&row.text(0)?).ok_or(Error::Corrupt("kind"))?;
        Ok(TrialBalanceRow { kind, points: row.integer(1)?, entries: row.integer(2)? })
    };
    rows.into_iter().map(read).collect()
}
