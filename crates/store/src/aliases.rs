//! Other names that members are known by: phone numbers, openids, cards. They are set with the profile, and can be erased.

use ledger::MemberId;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// The member that is known by a name, which has `~` and its kind in front.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn member_by_alias(sql: &impl Sql, programme_no: i64, name: &str) -> Result<Option<MemberId>, Error> {
    let values = vec![programme_no.into(), name.into()];
    let mut rows = sql.look_up(statement!("queries/member_by_alias"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    MemberId::new(row.text(0)?).map(Some).map_err(|_| Error::Corrupt("member id"))
}
