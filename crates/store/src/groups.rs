//! Which programmes belong together: in a group, members are known by the same names, and points may be exchanged.

use ledger::ProgrammeId;

use crate::Error;
use crate::programmes::{ProgrammeRef, read_reference};
use crate::sql::Sql;
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
