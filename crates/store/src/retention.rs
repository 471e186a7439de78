//! What is no entry goes when it was kept for long enough. Entries are never deleted.

use ledger::Timestamp;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// What is kept for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Refusals under their idempotency keys.
    Refusals,
    /// Answers of requests that write no entry, under theirs.
    Receipts,
    /// From which device and address an entry was asked for.
    Traces,
    /// Events that an endpoint was given up for.
    DeadEvents,
    /// Keys that were revoked.
    RevokedKeys,
    /// Publications that came to nothing.
    Publications,
    /// Rows of imports that are ended.
    ImportRows,
}

/// All kinds, in the order of the documentation.
pub const KEPT: [Kept; 7] = [
    Kept::Refusals,
    Kept::Receipts,
    Kept::Traces,
    Kept::DeadEvents,
    Kept::RevokedKeys,
    Kept::Publications,
    Kept::ImportRows,
];

/// Takes away up to `most` of what is older than `before`; tells how many went.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget(
    sql: &impl Sql,
    programme_no: i64,
    kept: Kept,
    before: Timestamp,
    most: i64,
) -> Result<usize, Error> {
    let mut values = vec![programme_no.into(), before.0.into(), most.into()];
    let statement = match kept {
        Kept::Refusals | Kept::Receipts => {
            values.push(if kept == Kept::Refusals { "refusal" } else { "receipt" }.into());
            statement!("queries/forget_answers")
        }
        Kept::Traces => statement!("queries/forget_traces"),
        Kept::DeadEvents => statement!("queries/forget_dead"),
        Kept::RevokedKeys => statement!("queries/forget_keys"),
        Kept::Publications => statement!("queries/forget_publications"),
        Kept::ImportRows => statement!("queries/forget_import_rows"),
    };
    Ok(sql.query(statement, values).await?.len())
}
