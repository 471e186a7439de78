//! The list of open reviews, and the earns they are about.

use ledger::{Entry, EntryId, MemberId, OpenReview};

use crate::Error;
use crate::adjustments::by_member;
use crate::entry_row;
use crate::sql::Sql;
use crate::statement::statement;

/// Open reviews with their members, of up to `most` members after member number `after`, and the
/// number to go on after; `None` at the end.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn open_reviews(
    sql: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
) -> Result<(Vec<(MemberId, OpenReview)>, Option<i64>), Error> {
    let read = |text: &str| serde_json::from_str(text).ok();
    by_member(sql, statement!("queries/open_reviews"), [programme_no, after, most], read).await
}

/// The earn with that id that had to be looked at, whatever became of it.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn reviewed(
    sql: &impl Sql,
    programme_no: i64,
    id: EntryId,
) -> Result<Option<Entry>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let mut rows = sql.query(statement!("queries/reviewed"), values).await?;
    rows.first_mut().map(|row| entry_row::read(row, 0)).transpose()
}
