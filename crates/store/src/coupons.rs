//! Whose coupon a code is.

use ledger::MemberId;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// The member whose coupon that code is, used or not.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn coupon_holder(
    sql: &impl Sql,
    programme_no: i64,
    code: &str,
) -> Result<Option<MemberId>, Error> {
    let values = vec![programme_no.into(), code.into()];
    let mut rows = sql.look_up(statement!("queries/coupon_holder"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    MemberId::stored(row.text(0)?).map(Some).map_err(|_| Error::Corrupt("member id"))
}
