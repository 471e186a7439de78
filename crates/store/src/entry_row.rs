//! Rows of entries: columns of their own, and the body that the ledger reads and writes.

use ledger::{Columns, Entry, Hash, Kind, MemberId, ProgrammeId, Sequence, Timestamp};

use crate::Error;
use crate::sql::Row;

/// Reads an entry from 13 columns from `at` on: programme, member, sequence, id, kind, points,
/// balance_after, occurred_at, recorded_at, body, texts, hash, previous hash (null for the first).
pub(crate) fn read(row: &mut Row, at: usize) -> Result<Entry, Error> {
    Ok(with_body(row, at)?.0)
}

/// As [`read`], with the body as it is stored.
pub(crate) fn with_body(row: &mut Row, at: usize) -> Result<(Entry, String), Error> {
    let previous = row.optional_hash(at + 12)?.unwrap_or_default();
    let (columns, body, texts) = parts(row, at, previous)?;
    let entry = Entry::read(columns, &body, texts).map_err(|_| Error::Corrupt("entry"))?;
    Ok((entry, body))
}

/// The first 12 of those columns, when the previous hash is known: what an entry is read from, its
/// body and its free texts.
pub(crate) fn parts(
    row: &mut Row,
    at: usize,
    previous_hash: Hash,
) -> Result<(Columns, String, Option<String>), Error> {
    let corrupt = || Error::Corrupt("entry");
    let columns = Columns {
        programme: ProgrammeId::new(row.text(at)?).map_err(|_| corrupt())?,
        member: MemberId::stored(row.text(at + 1)?).map_err(|_| corrupt())?,
        sequence: Sequence(row.integer(at + 2)?),
        id: row.entry_id(at + 3)?,
        kind: Kind::parse(&row.text(at + 4)?).ok_or_else(corrupt)?,
        points: row.integer(at + 5)?,
        balance_after: row.integer(at + 6)?,
        occurred_at: Timestamp(row.integer(at + 7)?),
        recorded_at: Timestamp(row.integer(at + 8)?),
        previous_hash,
        hash: row.hash(at + 11)?,
    };
    Ok((columns, row.text(at + 9)?, row.optional_text(at + 10)?))
}
