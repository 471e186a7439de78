//! What a fold reads of the ledger, and what it reads and writes of the second database.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Entry, EntryId, Hash, Kind, Member, MemberId, Tier, Timestamp};
use reach::{Departed, Facts, Happened, Undone};
use serde::Serialize;
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
    /// Its hash.
    pub hash: Hash,
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
        let hash = row.hash(15)?;
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
            hash,
            sequence,
        })
    };
    rows.into_iter().map(read).collect()
}

/// An entry by the number of its programme and its id.
pub type EntryKey = (i64, EntryId);

/// Which entry a reversal undoes.
#[must_use]
pub fn undone_by(of: &FoldedEntry) -> Option<EntryKey> {
    let id = Happened::undone_by(of.entry.as_ref().ok()?.as_ref()?)?;
    Some((of.programme_no, id))
}

/// What these reversals undo, each as it was before the reversal, and the bytes of what was read.
/// Name of each entry its first reversal alone, so that no order is read once for each of its
/// returns.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn undone(
    ledger: &impl Sql,
    reversals: &[&FoldedEntry],
) -> Result<(BTreeMap<EntryKey, Undone>, usize), Error> {
    let wanted: Vec<_> = reversals
        .iter()
        .filter_map(|of| Some((of, undone_by(of)?)))
        .map(|(of, (_, id))| (of.entry_no, of.member_no, hexadecimal(&id.0.to_be_bytes())))
        .collect();
    let homes: BTreeMap<i64, i64> =
        reversals.iter().map(|of| (of.entry_no, of.programme_no)).collect();
    let (mut found, mut bytes) = (BTreeMap::new(), 0usize);
    let wanted = vec![json!(wanted).to_string().into()];
    for mut row in ledger.query(statement!("queries/fold_undone"), wanted).await? {
        let home = homes.get(&row.integer(0)?).copied().ok_or(Error::Corrupt("answer"))?;
        let (columns, body, texts) = entry_row::parts(&mut row, 1, Hash::default())?;
        let units = row.text(13)?;
        bytes = bytes.saturating_add(body.len()).saturating_add(units.len());
        let units: Result<Vec<(String, i64)>, _> = serde_json::from_str(&units);
        // What cannot be read undoes nothing, and is reported with its member.
        if let (Ok(entry), Ok(units)) = (Entry::read(columns, &body, texts), units) {
            let undone = Undone { entry, units: units.into_iter().collect() };
            found.insert((home, undone.entry.id), undone);
        }
    }
    Ok((found, bytes))
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
    let (qualification, claims) = member_row::read_qualification(&row.text(6)?)?;
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
        member: Member { tier, qualification, ..Member::new(id) },
        points: row.integer(2)?,
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

/// The number and the hash of the last entry of all programmes; `None` for none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_entry(ledger: &impl Sql) -> Result<Option<(i64, Hash)>, Error> {
    let mut rows = ledger.query(statement!("queries/last_entry"), vec![]).await?;
    rows.first_mut().map(|row| Ok((row.integer(0)?, row.hash(1)?))).transpose()
}

/// The number of a member's last entry; 0 without one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_entry_of_member(ledger: &impl Sql, member_no: i64) -> Result<i64, Error> {
    let values = vec![member_no.into()];
    let mut rows = ledger.query(statement!("queries/last_entry_of_member"), values).await?;
    rows.first_mut().map_or(Ok(0), |row| row.integer(0))
}

/// How far entries are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldPosition {
    /// The number of the last entry that is folded.
    pub entry_no: i64,
    /// How many pieces were written: a run that writes names the count that it read.
    pub round: i64,
    /// The hash of that entry; `None` before the first.
    pub hash: Option<Hash>,
}

/// How far entries are folded.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn fold_position(reach: &impl Sql) -> Result<FoldPosition, Error> {
    let mut rows = reach.query(statement!("queries/reach/fold_position"), vec![]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("fold"))?;
    Ok(FoldPosition {
        entry_no: row.integer(0)?,
        round: row.integer(1)?,
        hash: row.optional_hash(2)?,
    })
}

/// Whether the ledger has the entry that was folded last. It has another one, or none, after it was
/// put back to an earlier copy.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn is_of_history(ledger: &impl Sql, at: FoldPosition) -> Result<bool, Error> {
    let Some(hash) = at.hash else { return Ok(true) };
    let values = vec![at.entry_no.into()];
    let mut rows = ledger.query(statement!("queries/fold_entry_hash"), values).await?;
    Ok(rows.first_mut().map(|row| row.hash(0)).transpose()? == Some(hash))
}

/// Goes on behind the ledger's last entry, and has the facts of all programmes made anew: those of
/// the list, and those that facts are kept for. Does nothing where another run was faster.
///
/// # Errors
/// [`Error`] when a database fails.
pub async fn restart_fold(
    reach: &impl Sql,
    read: FoldPosition,
    last: Option<(i64, Hash)>,
    programmes: &[i64],
) -> Result<(), Error> {
    let mut all: BTreeSet<i64> = programmes.iter().copied().collect();
    for mut row in reach.query(statement!("queries/reach/facts_programmes"), vec![]).await? {
        all.insert(row.integer(0)?);
    }
    let values = vec![
        read.round.into(),
        last.map_or(0, |(no, _)| no).into(),
        last.map(|(_, hash)| hash).into(),
        json!(all).to_string().into(),
    ];
    reach.query(statement!("queries/reach/fold_restart"), values).await.map(drop)
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

/// A row of the command table: numbers of programme and member, the text of the facts, when the
/// next points end, when the tier does, and the last order.
type Known = (i64, i64, String, Option<i64>, Option<i64>, Option<i64>);

/// What one piece of a fold writes.
#[derive(Debug, Default)]
pub struct FoldStep {
    /// The facts of members.
    known: Vec<Known>,
    /// Bytes of their texts.
    bytes: usize,
    /// Accounts that were closed, with the number of their programme.
    pub departed: Vec<(i64, Departed)>,
    /// What a rebuild that is due writes besides.
    pub anew: Option<Anew>,
}

impl FoldStep {
    /// Adds the facts of a member: number of the programme, then the member's.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where they cannot be written.
    pub fn know(&mut self, programme_no: i64, member_no: i64, facts: &Facts) -> Result<(), Error> {
        let instant = |at: Option<Timestamp>| at.map(|at| at.0);
        let text =
            serde_json::to_string(facts).map_err(|_| Error::Corrupt("facts to be written"))?;
        self.bytes = self.bytes.saturating_add(text.len());
        let ends = (instant(facts.next_expiry_at), instant(facts.tier_until));
        let last_order = instant(facts.last_order_at);
        self.known.push((programme_no, member_no, text, ends.0, ends.1, last_order));
        Ok(())
    }

    /// Takes over another piece.
    pub fn extend(&mut self, other: Self) {
        self.known.extend(other.known);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.departed.extend(other.departed);
    }

    /// The members whose facts are written: numbers of programme and member.
    pub fn members(&self) -> impl Iterator<Item = (i64, i64)> {
        self.known.iter().map(|row| (row.0, row.1))
    }

    /// Bytes of the texts of facts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What a rebuild writes of members between two numbers, where the ledger has another history than
/// their facts were made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anew {
    /// The programme's number.
    pub programme_no: i64,
    /// After this number.
    pub from: i64,
    /// Up to this one; all that are left where there is none.
    pub to: Option<i64>,
    /// Accounts that are open, and since when the ledger knows them.
    pub open: Vec<(i64, Timestamp)>,
    /// Numbers of which something was told about somebody whom the ledger knows no more.
    pub lost: Vec<i64>,
}

/// Writes a piece, unless another one was written since that position was read. `last` is the last
/// entry that is folded after it, `now` the instant. Whether it was written.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn write_fold_step(
    reach: &impl Sql,
    read: FoldPosition,
    (entry_no, hash): (i64, Option<Hash>),
    step: &FoldStep,
    now: Timestamp,
) -> Result<bool, Error> {
    let departed: Vec<_> =
        step.departed.iter().map(|(no, of)| (no, of.member_no, of.into_no)).collect();
    let written =
        |text: serde_json::Result<String>| text.map_err(|_| Error::Corrupt("facts to be written"));
    let anew = step.anew.as_ref().map(serde_json::to_string).map(written).transpose()?;
    let values: Vec<Value> = vec![
        read.round.into(),
        entry_no.into(),
        hash.into(),
        written(serde_json::to_string(&step.known))?.into(),
        json!(departed).to_string().into(),
        now.0.into(),
        anew.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/fold_step"), values).await?.is_empty())
}
