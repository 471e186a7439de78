//! How members stand when an event about them is sent.

use std::collections::BTreeMap;

use ledger::Timestamp;

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// How a member stands, by the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberSums {
    /// What can be spent, a debt paid.
    pub spendable: i64,
    /// What is granted and not available yet.
    pub pending: i64,
    /// The attribute `language`.
    pub language: Option<String>,
}

/// How these members stand, by their row numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn member_sums(
    sql: &impl Sql,
    members: &[i64],
    now: Timestamp,
) -> Result<BTreeMap<i64, MemberSums>, Error> {
    if members.is_empty() {
        return Ok(BTreeMap::new());
    }
    let values = vec![serde_json::json!(members).to_string().into(), now.0.into()];
    let read = |mut row: Row| {
        let (active, pending, held, debt) =
            (row.integer(1)?, row.integer(2)?, row.integer(3)?, row.integer(4)?);
        let spendable = active.saturating_sub(held).saturating_sub(debt).max(0);
        Ok((row.integer(0)?, MemberSums { spendable, pending, language: row.optional_text(5)? }))
    };
    sql.query(statement!("queries/member_sums"), values).await?.into_iter().map(read).collect()
}
