//! What programmes of a group exchanged: for their settlement, and for the audit.

use ledger::Timestamp;

use crate::Error;
use crate::reports::wide;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// What a programme exchanged in one direction with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    /// Points here.
    pub points: i128,
    /// Points there.
    pub points_there: i128,
    /// How often.
    pub entries: i64,
}

/// What a programme exchanged with another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangesWith {
    /// The other programme's id.
    pub programme: String,
    /// What was given up here for points there.
    pub given: Exchanged,
    /// What was granted here for points there.
    pub taken: Exchanged,
}

/// What a programme exchanged with each other programme, by entries recorded from `from` until
/// before `to`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn exchanges(
    sql: &impl Sql,
    programme_no: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ExchangesWith>, Error> {
    let values = vec![programme_no.into(), from.0.into(), to.0.into()];
    let rows = sql.query(statement!("queries/exchanges"), values).await?;
    let side = |row: &mut Row, at: usize| {
        let (points, points_there) = (wide(row, at)?.abs(), wide(row, at + 2)?);
        Ok::<_, Error>(Exchanged { points, points_there, entries: row.integer(at + 4)? })
    };
    let read = |mut row: Row| {
        Ok(ExchangesWith {
            programme: row.text(0)?,
            given: side(&mut row, 1)?,
            taken: side(&mut row, 6)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Ids of programmes whose books say something else about their exchanges with this one than its
/// own books do.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn wrong_exchanges(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/audit_exchanges"), vec![programme_no.into()]).await?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}
