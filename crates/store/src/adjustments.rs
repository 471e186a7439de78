//! The list of open requests for adjustments.

use ledger::{AdjustmentRequest, MemberId};

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// Open requests with their members, of up to `most` members after member number `after`, and the
/// number to go on after; `None` at the end.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn open_requests(
    sql: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
) -> Result<(Vec<(MemberId, AdjustmentRequest)>, Option<i64>), Error> {
    let read = |text: &str| serde_json::from_str(text).ok();
    by_member(sql, statement!("queries/open_requests"), [programme_no, after, most], read).await
}

/// What is open of members, by a query over programme, member number to go on after, and most
/// members.
pub(crate) async fn by_member<T>(
    sql: &impl Sql,
    query: &'static str,
    [programme_no, after, most]: [i64; 3],
    read: impl Fn(&str) -> Option<T>,
) -> Result<(Vec<(MemberId, T)>, Option<i64>), Error> {
    let (mut found, mut last, mut members) = (Vec::new(), after, 0);
    for mut row in sql.query(query, vec![programme_no.into(), after.into(), most.into()]).await? {
        let no = row.integer(0)?;
        members += i64::from(no != last);
        last = no;
        let member = MemberId::stored(row.text(1)?).map_err(|_| Error::Corrupt("member id"))?;
        found.push((member, read(&row.text(2)?).ok_or(Error::Corrupt("state"))?));
    }
    Ok((found, (members == most).then_some(last)))
}
