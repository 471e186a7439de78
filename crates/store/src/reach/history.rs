//! All that the ledger wrote about a member, for the code that makes the member anew.

use ledger::{Entry, Hash};

use crate::Error;
use crate::entry_row;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// Up to `most` entries of a member after the one with that sequence and hash, of every kind, each
/// with its body: what a [`Member`](ledger::Member) is made of anew.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn whole_history(
    ledger: &impl Sql,
    member_no: i64,
    (after, head): (i64, Hash),
    most: i64,
) -> Result<Vec<(Entry, String)>, Error> {
    let values = vec![member_no.into(), after.into(), i64::MAX.into(), most.into()];
    let mut head = head;
    let mut read = |mut row: Row| {
        let (columns, body, texts) = entry_row::parts(&mut row, 0, head)?;
        head = columns.hash;
        let entry = Entry::read(columns, &body, texts).map_err(|_| Error::Corrupt("entry"))?;
        Ok((entry, body))
    };
    let rows = ledger.query(statement!("queries/fold_history"), values).await?;
    rows.into_iter().map(&mut read).collect()
}
