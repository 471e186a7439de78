//! Open reviews as they are stored among a member's state, the list of them, and the earns they are
//! about.

use ledger::{Entry, EntryId, LotNumber, MemberId, OpenReview};

use crate::Error;
use crate::adjustments::by_member;
use crate::entry_row::{self, ReviewRow, review, review_row};
use crate::sql::Sql;
use crate::statement::statement;

/// Entry id, who reported it, lots, why. Part of the stored format.
pub(crate) type OpenReviewRow = (String, String, Vec<i64>, ReviewRow);

pub(crate) fn open_review_row(open: &OpenReview) -> OpenReviewRow {
    let lots = open.lots.iter().map(|lot| lot.0).collect();
    (open.earn.to_string(), open.actor.clone(), lots, review_row(&open.review))
}

pub(crate) fn open_review((earn, actor, lots, because): OpenReviewRow) -> Option<OpenReview> {
    let lots = lots.into_iter().map(LotNumber).collect();
    Some(OpenReview { earn: EntryId::parse(&earn)?, actor, lots, review: review(because) })
}

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
    let read = |text: &str| serde_json::from_str(text).ok().and_then(open_review);
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
    let values = vec![programme_no.into(), id.to_string().into()];
    let mut rows = sql.query(statement!("queries/reviewed"), values).await?;
    rows.first_mut().map(|row| entry_row::read(row, 0)).transpose()
}
