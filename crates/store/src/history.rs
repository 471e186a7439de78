//! Reading what was written: a member's entries.

use ledger::Entry;

use crate::Error;
use crate::body;
use crate::sql::Sql;

/// The entries `first` to `last` (sequence numbers) of the member with that row number, in order.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn span(sql: &impl Sql, member_no: i64, first: i64, last: i64) -> Result<Vec<Entry>, Error> {
    let rows =
        sql.query(include_str!("../queries/span.sql"), vec![member_no.into(), first.into(), last.into()]).await?;
    rows.into_iter().map(|mut row| body::read(&mut row, 0)).collect()
}

/// Up to `most` entries of a member before sequence number `before`, newest first.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn history(
    sql: &impl Sql,
    programme_no: i64,
    member: &str,
    before: i64,
    most: i64,
) -> Result<Vec<Entry>, Error> {
    let values = vec![programme_no.into(), member.into(), before.into(), most.into()];
    let rows = sql.query(include_str!("../queries/history.sql"), values).await?;
    rows.into_iter().map(|mut row| body::read(&mut row, 0)).collect()
}

/// The entry that bears a source, which is recorded once only (`purchase:order-1`).
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn entry_by_source(sql: &impl Sql, programme_no: i64, source: &str) -> Result<Option<Entry>, Error> {
    let values = vec![programme_no.into(), source.into()];
    let rows = sql.query(include_str!("../queries/entry_by_source.sql"), values).await?;
    rows.into_iter().next().map(|mut row| body::read(&mut row, 0)).transpose()
}
