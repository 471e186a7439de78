//! What a fold reads of the ledger, and what it reads and writes of the second database.

use std::collections::BTreeMap;

use ledger::{Entry, Hash, Kind, Member, MemberId, Reversal, Tier, Timestamp};
use reach::{Departed, Facts, Happened, Undone};
use serde_json::json;

use crate::Error;
use crate::entry_row;
use crate::member_row;
use crate::sql::{Row, Rows, Sql, Value, hexadecimal};
use crate::statement::statement;

/// An entry as a fold reads it.
#[derive(Debug)]
pub struct FoldedEntry {
    /// Its number: the order of commits.
    pub entry_no: i64,
    /// The programme's number.
    pub programme_no: i64,
    /// The member's number.
    pub member_no: i64,
    /// Whether the account is a pool's, of which no facts are kept.
    pub is_pool: bool,
    /// Bytes of its body.
    pub bytes: usize,
    /// Whether it erases the person: known also of an entry that cannot be read.
    pub is_erasure: bool,
    /// The entry, where its kind [tells](Happened::is_told_by) something.
    pub entry: Result<Option<Entry>, Error>,
    sequence: i64,
}

/// Up to `most` entries of all programmes after that number.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn entries_to_fold(
    ledger: &impl Sql,
    after: i64,
    most: i64,
) -> Result<Vec<FoldedEntry>, Error> {
    let values = vec![after.into(), most.into()];
    folded(ledger.query(statement!("queries/fold_entries"), values).await?)
}

/// Up to `most` entries of a member with numbers up to `until`, after `last`, which the same
/// function gave.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn history_to_fold(
    ledger: &impl Sql,
    member_no: i64,
    last: Option<&FoldedEntry>,
    until: i64,
    most: i64,
) -> Result<Vec<FoldedEntry>, Error> {
    let after = last.map_or(0, |last| last.sequence);
    let values = vec![member_no.into(), after.into(), until.into(), most.into()];
    folded(ledger.query(statement!("queries/fold_history"), values).await?)
}

fn folded(rows: Rows) -> Result<Vec<FoldedEntry>, Error> {
    let read = |mut row: Row| {
        let (entry_no, programme_no, member_no) =
            (row.integer(12)?, row.integer(13)?, row.integer(14)?);
        let (mut sequence, mut bytes, mut is_pool, mut is_erasure) = (0, 0, false, false);
        let mut entry = || {
            let (columns, body, texts) = entry_row::parts(&mut row, 0, Hash::default())?;
            (sequence, bytes) = (columns.sequence.0, body.len());
            is_pool = columns.member.is_pool();
            is_erasure = columns.kind == Kind::Erase;
            if is_pool || !Happened::is_told_by(columns.kind) {
                return Ok(None);
            }
            Entry::read(columns, &body, texts).map(Some).map_err(|_| Error::Corrupt("entry"))
        };
        let entry = entry();
        Ok(FoldedEntry {
            entry_no,
            programme_no,
            member_no,
            is_pool,
            bytes,
            is_erasure,
            entry,
            sequence,
        })
    };
    rows.into_iter().map(read).collect()
}

/// What the reversals among these entries undo, by the number of the reversal.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn undone(
    ledger: &impl Sql,
    entries: &[FoldedEntry],
) -> Result<BTreeMap<i64, Undone>, Error> {
    let wanted: Vec<_> = entries
        .iter()
        .filter_map(|of| Some((of, of.entry.as_ref().ok()?.as_ref()?)))
        .filter_map(|(of, entry)| {
            let id = hexadecimal(&Happened::undone_by(entry)?.0.to_be_bytes());
            Some((of.entry_no, of.member_no, id))
        })
        .collect();
    let mut found = BTreeMap::new();
    // Each may be an order of hundreds of lines.
    for wanted in wanted.chunks(100) {
        let wanted = vec![json!(wanted).to_string().into()];
        for mut row in ledger.query(statement!("queries/fold_undone"), wanted).await? {
            let entry_no = row.integer(0)?;
            let (columns, body, texts) = entry_row::parts(&mut row, 1, Hash::default())?;
            let reversals: Result<Vec<Reversal>, _> = serde_json::from_str(&row.text(13)?);
            // What cannot be read undoes nothing, and is reported with its member.
            if let (Ok(entry), Ok(reversals)) = (Entry::read(columns, &body, texts), reversals) {
                found.insert(entry_no, Undone { entry, reversals });
            }
        }
    }
    Ok(found)
}

/// What the ledger has of a member besides its entries.
#[derive(Debug)]
pub struct FoldedState {
    /// The member with its level and with what counts towards it, and nothing else.
    pub member: Member,
    /// Points, less debt.
    pub points: i64,
    /// When points end, and how many.
    pub ends: Vec<(Timestamp, i64)>,
    /// Whether the account became part of another one.
    pub is_merged: bool,
}

/// The state of members, by their numbers; the error where one cannot be read.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn states_to_fold(
    ledger: &impl Sql,
    members: &[i64],
) -> Result<BTreeMap<i64, Result<FoldedState, Error>>, Error> {
    let members = vec![json!(members).to_string().into()];
    let rows = ledger.query(statement!("queries/fold_states"), members).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, state(row)))).collect()
}

fn state(mut row: Row) -> Result<FoldedState, Error> {
    let id = MemberId::stored(row.text(1)?).map_err(|_| Error::Corrupt("member id"))?;
    let (standing, claims) = member_row::read_standing(&row.text(6)?)?;
    let tier = match (row.optional_text(3)?, row.optional_integer(4)?) {
        (Some(id), Some(since)) => {
            let until = row.optional_integer(5)?.map(Timestamp);
            Some(Tier { id, since: Timestamp(since), until, claims })
        }
        _ => None,
    };
    let ends: Vec<(i64, i64)> =
        serde_json::from_str(&row.text(7)?).map_err(|_| Error::Corrupt("lots"))?;
    Ok(FoldedState {
        member: Member { tier, standing, ..Member::new(id) },
        points: row.integer(2)?,
        is_merged: row.integer(8)? == 1,
        ends: ends.into_iter().map(|(at, points)| (Timestamp(at), points)).collect(),
    })
}

/// The numbers of members by programme and id, in the order of the list; `None` where there is no
/// such member.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn member_numbers(
    ledger: &impl Sql,
    members: &[(i64, &MemberId)],
) -> Result<Vec<Option<i64>>, Error> {
    let mut numbers = vec![None; members.len()];
    if members.is_empty() {
        return Ok(numbers);
    }
    let wanted: Vec<(i64, &str)> = members.iter().map(|(no, id)| (*no, id.as_str())).collect();
    let wanted = vec![json!(wanted).to_string().into()];
    for mut row in ledger.query(statement!("queries/member_numbers"), wanted).await? {
        let place = usize::try_from(row.integer(0)?).ok();
        if let Some(number) = place.and_then(|place| numbers.get_mut(place)) {
            *number = Some(row.integer(1)?);
        }
    }
    Ok(numbers)
}

/// The number of the last entry of all programmes.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_entry_no(ledger: &impl Sql) -> Result<i64, Error> {
    let mut rows = ledger.query(statement!("queries/last_entry"), vec![]).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// How far entries are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldPosition {
    /// The number of the last entry that is folded.
    pub entry_no: i64,
    /// How many pieces were written: whoever writes names the count that it read.
    pub round: i64,
}

/// How far entries are folded.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn fold_position(reach: &impl Sql) -> Result<FoldPosition, Error> {
    let mut rows = reach.query(statement!("queries/reach/fold_position"), vec![]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("fold"))?;
    Ok(FoldPosition { entry_no: row.integer(0)?, round: row.integer(1)? })
}

/// Facts as they are stored.
#[derive(Debug)]
pub struct StoredFacts {
    /// The member's number.
    pub member_no: i64,
    /// Whether the account is closed for good.
    pub is_departed: bool,
    /// The facts; those of nobody where nothing is stored. An error where they cannot be read.
    pub facts: Result<Facts, Error>,
    /// Bytes of their text.
    pub bytes: usize,
}

/// The facts of members, by the numbers of programme and member.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn read_facts(
    reach: &impl Sql,
    members: &[(i64, i64)],
) -> Result<Vec<StoredFacts>, Error> {
    let members = vec![json!(members).to_string().into()];
    let rows = reach.query(statement!("queries/reach/facts_read"), members).await?;
    rows.into_iter().map(stored).collect()
}

fn stored(mut row: Row) -> Result<StoredFacts, Error> {
    let (member_no, is_departed) = (row.integer(0)?, row.integer(1)? == 1);
    let text = row.optional_text(2)?.unwrap_or_default();
    let bytes = text.len();
    Ok(StoredFacts { member_no, is_departed, facts: facts_of(&text, &mut row, 3), bytes })
}

/// Reads facts from their text (empty for none) and the five columns from `at` on: next_expiry_at,
/// tier_until, last_order_at, last_login_at, last_seen_at.
pub(crate) fn facts_of(text: &str, row: &mut Row, at: usize) -> Result<Facts, Error> {
    let known = match text {
        "" => Facts::default(),
        text => serde_json::from_str(text).map_err(|_| Error::Corrupt("facts"))?,
    };
    let mut instant = |column| Ok::<_, Error>(row.optional_integer(column)?.map(Timestamp));
    Ok(Facts {
        next_expiry_at: instant(at)?,
        tier_until: instant(at + 1)?,
        last_order_at: instant(at + 2)?,
        last_login_at: instant(at + 3)?,
        last_seen_at: instant(at + 4)?,
        ..known
    })
}

/// What one piece of a fold writes.
#[derive(Debug, Default)]
pub struct FoldStep {
    /// The facts of members: numbers of programme and member.
    pub known: Vec<(i64, i64, Facts)>,
    /// Accounts that were closed, with the number of their programme.
    pub departed: Vec<(i64, Departed)>,
}

/// Writes a piece, unless another one was written since that position was read. `entry_no` is the
/// last entry that is folded after it, `now` the instant. Whether it was written.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn write_fold_step(
    reach: &impl Sql,
    read: FoldPosition,
    entry_no: i64,
    step: &FoldStep,
    now: Timestamp,
) -> Result<bool, Error> {
    let instant = |at: Option<Timestamp>| at.map(|at| at.0);
    let known: Result<Vec<_>, _> = step
        .known
        .iter()
        .map(|(programme_no, member_no, facts)| {
            let ends = (instant(facts.next_expiry_at), instant(facts.tier_until));
            let text = serde_json::to_string(facts)?;
            Ok((programme_no, member_no, text, ends.0, ends.1, instant(facts.last_order_at)))
        })
        .collect();
    let known: serde_json::Result<_> = known;
    let known = known.and_then(|known| serde_json::to_string(&known));
    let departed: Vec<_> =
        step.departed.iter().map(|(no, of)| (no, of.member_no, of.into_no)).collect();
    let values: Vec<Value> = vec![
        read.round.into(),
        entry_no.into(),
        known.map_err(|_| Error::Corrupt("facts to be written"))?.into(),
        json!(departed).to_string().into(),
        now.0.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/fold_step"), values).await?.is_empty())
}
