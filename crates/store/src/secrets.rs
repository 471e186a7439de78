//! Secrets that a database keeps for itself. The first instance that needs them makes them, and
//! they are never shown.

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// The secret of that name, which is `fresh` when the database has none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn secret(sql: &impl Sql, name: &str, fresh: &str) -> Result<String, Error> {
    let mut rows = sql.query(statement!("queries/secret"), vec![name.into(), fresh.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("secret"))?.text(0)
}
