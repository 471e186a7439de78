//! The books: the audit that proves them and the trial balance.
//!
//! Reports read whole tables and are the only queries that may.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{AuditReplay, Closed, Counted, Entry, Kind, Member, MemberId, Timestamp, Violation};

use crate::Error;
use crate::entry_row;
use crate::member_row;
use crate::sources::{all_of, is_name_of, source_of};
use crate::sql::{Row, Sql};
use crate::statement::statement;

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

/// Replays every entry of up to `most` members after member number `after` (or of the one `member`)
/// and compares with what is stored.
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
    let mut rows = sql.query(statement!("queries/audit_members"), values).await?;
    let members =
        rows.iter_mut().map(|row| member_row::member(row, 0)).collect::<Result<Vec<_>, _>>()?;
    let mut found =
        Audit { members: members.len(), entries: 0, violations: Vec::new(), next: None };
    let mut replays: BTreeMap<i64, AuditReplay> = BTreeMap::new();
    for (member, number) in &members {
        replays.extend(number.map(|number| (number, AuditReplay::new(member.id.clone()))));
    }
    for portion in portions(&members) {
        replay(sql, programme_no, &portion, &mut replays, &mut found).await?;
    }
    let heirs_erased = heirs_erased(sql, programme_no, &members).await?;
    for (member, number) in &members {
        let Some(number) = *number else { continue };
        let Some(replay) = replays.remove(&number) else { continue };
        let heir_is_erased = heirs_erased.contains(&number);
        let violation = |violation| AuditViolation { member: member.id.clone(), violation };
        found.violations.extend(replay.finish(member, heir_is_erased).into_iter().map(violation));
    }
    let page_is_full = i64::try_from(members.len()).is_ok_and(|count| count == most);
    found.next =
        members.last().and_then(|(_, number)| *number).filter(|_| page_is_full && member.is_none());
    Ok(found)
}

/// Those of these members, by their numbers, that became part of an account that was erased, at
/// once or by way of others: their texts left with it. Of an account that lives they stay.
async fn heirs_erased(
    sql: &impl Sql,
    programme_no: i64,
    members: &[(Member, Option<i64>)],
) -> Result<BTreeSet<i64>, Error> {
    let is_merged = |member: &Member| matches!(member.closed, Some(Closed::Merged(_)));
    let merged: Vec<i64> = members
        .iter()
        .filter(|(member, _)| is_merged(member))
        .filter_map(|(_, number)| *number)
        .collect();
    if merged.is_empty() {
        return Ok(BTreeSet::new());
    }
    let list = serde_json::to_string(&merged).map_err(|_| Error::Corrupt("member numbers"))?;
    let values = vec![programme_no.into(), list.into()];
    let rows = sql.query(statement!("queries/audit_heirs"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Entries read at once: a member may have more than fit into memory.
const PORTION: i64 = 10_000;

/// Member number, first and last sequence.
type Span = (i64, i64, i64);

/// The histories of the members, up to what each of them had when it was read, cut into portions.
fn portions(members: &[(Member, Option<i64>)]) -> Vec<Vec<Span>> {
    let (mut portions, mut portion, mut room) = (Vec::new(), Vec::new(), PORTION);
    for (member, number) in members {
        let (Some(number), last, mut next) = (*number, member.sequence.0, 1) else { continue };
        while next <= last {
            let end = last.min(next.saturating_add(room - 1));
            portion.push((number, next, end));
            room -= end - next + 1;
            next = end + 1;
            if room == 0 {
                portions.push(std::mem::take(&mut portion));
                room = PORTION;
            }
        }
    }
    portions.push(portion);
    portions.retain(|portion| !portion.is_empty());
    portions
}

async fn replay(
    sql: &impl Sql,
    programme_no: i64,
    spans: &[Span],
    replays: &mut BTreeMap<i64, AuditReplay>,
    found: &mut Audit,
) -> Result<(), Error> {
    let list = serde_json::to_string(spans).map_err(|_| Error::Corrupt("member numbers"))?;
    let mut rows = sql.query(statement!("queries/audit_entries"), vec![list.into()]).await?;
    let mut sources = Vec::new();
    for row in &mut rows {
        let Some(replay) = replays.get_mut(&row.integer(0)?) else { continue };
        let number = row.integer(1)?;
        let ids = [row.optional_entry_id(15)?, row.optional_entry_id(16)?];
        let named = [row.optional_text(17)?, row.optional_text(18)?];
        found.entries += 1;
        // A replay knows the hash before: the query has a null in its place. What cannot be read
        // is found like anything else, and keeps nobody else from being audited.
        let (columns, body, texts) = match entry_row::parts(row, 2, replay.head()) {
            Ok(parts) => parts,
            Err(Error::Corrupt(what)) => {
                replay.take_unreadable(None, &what);
                continue;
            }
            Err(error) => return Err(error),
        };
        let id = columns.id;
        let entry = match Entry::read(columns, &body, texts) {
            Ok(entry) => entry,
            Err(error) => {
                replay.take_unreadable(Some(id), &error);
                continue;
            }
        };
        let said = [entry.counterparty().map(MemberId::as_str), entry.origin.store.as_deref()];
        if ids != [entry.corrects(), entry.cause] || named.each_ref().map(Option::as_deref) != said
        {
            let what = "its columns are not what its body says".to_owned();
            let violation = Violation { entry: Some(entry.id), what };
            found.violations.push(AuditViolation { member: entry.member.clone(), violation });
        }
        sources.extend(source_of(&entry).map(|source| (number, source, entry.clone())));
        replay.apply_next(&entry, &body);
    }
    let claimed = claimed(sql, programme_no, &sources).await?;
    for (at, (_, _, entry)) in sources.iter().enumerate() {
        if !is_name_of(claimed.get(&at).map(String::as_str), entry) {
            let violation = Violation {
                entry: Some(entry.id),
                what: "its source is not what it records".to_owned(),
            };
            found.violations.push(AuditViolation { member: entry.member.clone(), violation });
        }
    }
    Ok(())
}

/// The references that these entries, told with their numbers, claim, by their places in the list.
async fn claimed(
    sql: &impl Sql,
    programme_no: i64,
    sources: &[(i64, String, Entry)],
) -> Result<BTreeMap<usize, String>, Error> {
    let ranges: Vec<_> = sources
        .iter()
        .map(|(number, source, _)| {
            let (from, before) = all_of(source);
            (number, from, before)
        })
        .collect();
    let list = serde_json::to_string(&ranges).map_err(|_| Error::Corrupt("references"))?;
    let values = vec![programme_no.into(), list.into()];
    let rows = sql.query(statement!("queries/audit_claimed"), values).await?;
    let read = |mut row: Row| {
        let at = usize::try_from(row.integer(0)?).map_err(|_| Error::Corrupt("answer"))?;
        Ok((at, row.text(1)?))
    };
    rows.into_iter().map(read).collect()
}

/// Idempotency keys and references that no entry bears or that have two, in words.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn wrong_claims(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/audit_claims"), vec![programme_no.into()]).await?;
    let told = |mut row: Row| Ok(format!("{} {} is of no entry", row.text(0)?, row.text(1)?));
    rows.into_iter().map(told).collect()
}

/// Entries that belong to no member's history, so that no replay meets them; the first 20.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn stray_entries(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/audit_strays"), vec![programme_no.into()]).await?;
    let told = |mut row: Row| {
        let (id, member, sequence) = (row.entry_id(0)?, row.integer(1)?, row.integer(2)?);
        Ok(format!("entry {id}, {sequence} of member number {member}, is in no member's history"))
    };
    let mut found: Vec<String> = rows.into_iter().map(told).collect::<Result<_, Error>>()?;
    let lots = sql.query(statement!("queries/audit_stray_lots"), Vec::new()).await?;
    for mut row in lots {
        let (member, number, points) = (row.integer(0)?, row.integer(1)?, row.integer(2)?);
        found.push(format!(
            "lot {number} of member number {member}, {points} points, has no member"
        ));
    }
    Ok(found)
}

/// Sums over a programme: the first three must be the same, the last must be nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Points of all entries.
    pub entries: i128,
    /// Balances of all members.
    pub balances: i128,
    /// Points left in all lots, less all debts.
    pub lots: i128,
    /// What members gave each other and took over from each other: nothing in all.
    pub transferred: i128,
}

/// A sum that may leave 64 bits: two columns, the sums of the upper halves and of the lower 32
/// bits.
pub(crate) fn wide(row: &mut Row, at: usize) -> Result<i128, Error> {
    Ok((i128::from(row.integer(at)?) << 32) + i128::from(row.integer(at + 1)?))
}

/// The sums of a programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn totals(sql: &impl Sql, programme_no: i64) -> Result<Totals, Error> {
    let mut rows = sql.query(statement!("queries/audit_totals"), vec![programme_no.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    Ok(Totals {
        entries: wide(row, 0)?,
        balances: wide(row, 2)?,
        lots: wide(row, 4)?,
        transferred: wide(row, 6)?,
    })
}

/// Counters of the programme that are not what its entries say, in words.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn wrong_tallies(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/audit_tallies"), vec![programme_no.into()]).await?;
    let told = |mut row: crate::Row| {
        let (subject, name, period) = (row.text(0)?, row.text(1)?, row.integer(2)?);
        let (stands, told) = (row.integer(3)?, wide(&mut row, 4)?);
        Ok(format!("{name} of {subject} in {period} stands at {stands}, its entries say {told}"))
    };
    rows.into_iter().map(told).collect()
}

/// Entries of accounts that became part of others, of which more was undone than there was, in
/// words.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn undone_too_often(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/audit_undone"), vec![programme_no.into()]).await?;
    let told = |mut row: crate::Row| {
        let (id, undone, points) = (row.entry_id(0)?, row.integer(1)?, row.integer(2)?);
        Ok(format!("entry {id} of {points} points is undone by {undone}"))
    };
    rows.into_iter().map(told).collect()
}

/// Points that entries of one kind moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialBalanceRow {
    /// The kind.
    pub kind: Kind,
    /// Signed points, as the members see them.
    pub points: i128,
    /// How many entries.
    pub entries: i64,
}

/// Points by kind of entries recorded from `from` until before `to`, in these stores; in all when
/// `None`.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn trial_balance(
    sql: &impl Sql,
    programme_no: i64,
    (from, to): (Timestamp, Timestamp),
    stores: Option<&[String]>,
) -> Result<Vec<TrialBalanceRow>, Error> {
    let stores = stores.map(|stores| serde_json::json!(stores).to_string());
    let values = vec![programme_no.into(), from.0.into(), to.0.into(), stores.into()];
    let rows = sql.query(statement!("queries/trial_balance"), values).await?;
    let read = |mut row: crate::Row| {
        let kind = Kind::parse(&row.text(0)?).ok_or(Error::Corrupt("kind"))?;
        Ok(TrialBalanceRow { kind, points: wide(&mut row, 1)?, entries: row.integer(3)? })
    };
    rows.into_iter().map(read).collect()
}

/// What the counters of these subjects stand at.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn tallies(
    sql: &impl Sql,
    programme_no: i64,
    subjects: &[String],
) -> Result<Vec<Counted>, Error> {
    let values = vec![programme_no.into(), serde_json::json!(subjects).to_string().into()];
    let rows = sql.query(statement!("queries/tallies"), values).await?;
    let read = |mut row: Row| {
        let period = i32::try_from(row.integer(2)?).map_err(|_| Error::Corrupt("period"))?;
        Ok(Counted { subject: row.text(0)?, name: row.text(1)?, period, amount: row.integer(3)? })
    };
    rows.into_iter().map(read).collect()
}
