//! Roles that a programme made itself. What their permissions say is the shell's business.

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A role of a programme's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnRole {
    /// Its id.
    pub id: String,
    /// What people call it, in Chinese and in English.
    pub names: (String, String),
    /// The role that it is a part of.
    pub base: String,
    /// What it may do.
    pub permissions: Vec<String>,
    /// What it may do once another admin approves, and the person who asked for that.
    pub wanted: Option<(Vec<String>, String)>,
}

fn read_list(text: &str) -> Result<Vec<String>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("permissions"))
}

fn read(mut row: Row) -> Result<OwnRole, Error> {
    let wanted = row.optional_text(5)?.map(|text| read_list(&text)).transpose()?;
    Ok(OwnRole {
        id: row.text(0)?,
        names: (row.text(1)?, row.text(2)?),
        base: row.text(3)?,
        permissions: read_list(&row.text(4)?)?,
        wanted: wanted.zip(row.optional_text(6)?),
    })
}

/// The permissions of a key, as they are stored with it.
pub(crate) fn read_permissions(text: Option<String>) -> Result<Option<Vec<String>>, Error> {
    text.map(|text| read_list(&text)).transpose()
}

/// Own roles of a programme in the order of their ids, after `after`, at most `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_own_roles(
    sql: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<OwnRole>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    sql.query(statement!("queries/own_role_list"), values).await?.into_iter().map(read).collect()
}

/// The own role of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn own_role(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<OwnRole>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let found = sql.query(statement!("queries/own_role_find"), values).await?;
    found.into_iter().next().map(read).transpose()
}

/// Makes an own role where nobody names that id, or changes it as long as it is `before`. All keys
/// and sessions that have it follow at once. False when it is another one by now, or gone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_own_role(
    sql: &impl Sql,
    programme_no: i64,
    role: &OwnRole,
    before: Option<&OwnRole>,
    who: &Who,
) -> Result<bool, Error> {
    let text = |list: &Vec<String>| serde_json::json!(list).to_string();
    let wanted = |role: &OwnRole| role.wanted.as_ref().map(|(list, _)| text(list));
    let mut values = vec![
        programme_no.into(),
        role.id.as_str().into(),
        role.names.0.as_str().into(),
        role.names.1.as_str().into(),
        role.base.as_str().into(),
        text(&role.permissions).into(),
    ];
    let Some(before) = before else {
        values.push(who.text().into());
        return Ok(!sql.query(statement!("queries/own_role_make"), values).await?.is_empty());
    };
    values.extend([
        wanted(role).into(),
        role.wanted.as_ref().map(|(_, by)| by.clone()).into(),
        text(&before.permissions).into(),
        wanted(before).into(),
        who.text().into(),
    ]);
    Ok(!sql.query(statement!("queries/own_role_put"), values).await?.is_empty())
}

/// Removes an own role that no person and no key has. False when one has it, or there is none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn remove_own_role(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), who.at.0.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/own_role_remove"), values).await?.is_empty())
}
