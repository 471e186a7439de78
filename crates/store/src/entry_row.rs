//! Rows of entries: columns of their own, and the body that the ledger reads and writes.

use ledger::{Columns, Entry, Hash, Kind, MemberId, ProgrammeId, Sequence, Timestamp};

use crate::Error;
use crate::sql::Row;

/// Reads an entry from 12 columns from `at` on: programme, member, sequence, id, kind, points,
/// balance_after, occurred_at, recorded_at, body, hash, previous hash (null for the first).
pub(crate) fn read(row: &mut Row, at: usize) -> Result<Entry, Error> {
    let previous = row.optional_hash(at + 11)?.unwrap_or_default();
    let (columns, body) = parts(row, at, previous)?;
    Entry::read(columns, &body).map_err(|_| Error::Corrupt("entry"))
}

/// The first 11 of those columns, when the previous hash is known: what an entry is read from, and
/// its body.
pub(crate) fn parts(
    row: &mut Row,
    at: usize,
    previous_hash: Hash,
) -> Result<(Columns, String), Error> {
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
        hash: row.hash(at + 10)?,
    };
    Ok((columns, row.text(at + 9)?))
}
