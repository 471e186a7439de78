//! Programmes of a group: their members are known by the same names, and their points may be exchanged.

use ledger::{ProgrammeId, Timestamp};

use crate::Error;
use crate::programmes::{ProgrammeRef, read_reference};
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// The group of a programme; `None` for one that stands alone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn group_of(sql: &impl Sql, id: &str) -> Result<Option<String>, Error> {
    let mut rows = sql.query(statement!("queries/group_of"), vec![id.into()]).await?;
    rows.first_mut().map(|row| row.text(0)).transpose()
}

/// Lets a programme belong to a group, or to none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn set_group(sql: &impl Sql, id: &str, group: Option<&str>) -> Result<(), Error> {
    match group {
        Some(group) => sql.query(statement!("queries/group_join"), vec![id.into(), group.into()]).await?,
        None => sql.query(statement!("queries/group_leave"), vec![id.into()]).await?,
    };
    Ok(())
}

/// A programme of the group in which some name belongs to another member than in this one. Reads all names of the programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn names_clash(sql: &impl Sql, id: &str, group: &str) -> Result<Option<String>, Error> {
    let mut rows = sql.query(statement!("queries/group_clash"), vec![id.into(), group.into()]).await?;
    rows.first_mut().map(|row| row.text(0)).transpose()
}

/// Another programme of the same group.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn kin(sql: &impl Sql, programme_no: i64, id: &ProgrammeId) -> Result<Option<ProgrammeRef>, Error> {
    let values = vec![programme_no.into(), id.as_str().into()];
    let mut rows = sql.look_up(statement!("queries/kin"), values).await?;
    rows.first_mut().map(read_reference).transpose()
}

/// What a programme exchanged in one direction with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    /// Points here.
    pub points: i64,
    /// Points there.
    pub points_there: i64,
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

/// What a programme exchanged with each other programme, by entries recorded from `from` until before `to`.
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
        let (points, points_there) = (row.integer(at)?, row.integer(at + 1)?);
        Ok::<_, Error>(Exchanged { points, points_there, entries: row.integer(at + 2)? })
    };
    let read = |mut row: Row| {
        Ok(ExchangesWith { programme: row.text(0)?, given: side(&mut row, 1)?, taken: side(&mut row, 4)? })
    };
    rows.into_iter().map(read).collect()
}

/// Ids of programmes whose books say something else about their exchanges with this one than its own books do.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn wrong_exchanges(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/audit_exchanges"), vec![programme_no.into()]).await?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}
