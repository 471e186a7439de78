//! API keys: only a prefix to find them by and a hash to compare with. Making, hashing and
//! comparing keys is the shell's business.

use crate::Error;
use crate::audit_log::Who;
use crate::load::read_stores;
use crate::sql::Sql;
use crate::statement::statement;

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRecord {
    /// The first characters of the key.
    pub prefix: String,
    /// Its role; of an own role the base.
    pub role: String,
    /// Its role of the programme's own, where it has one.
    pub own_role: Option<String>,
    /// What it is for.
    pub label: String,
    /// When it was made (milliseconds since 1970).
    pub created_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// Whose it is, and how that is compared with other persons.
    pub person: Option<(String, String)>,
    /// The caller that asked for it: a person, or what people call the key that asked.
    pub created_by: Option<String>,
    /// The second admin, where it took one.
    pub approved_by: Option<String>,
    /// Whether it waits for a second admin, and is no key until then.
    pub waits: bool,
    /// From when on it counts no more.
    pub expires_at: Option<i64>,
    /// When it was used last, to the hour.
    pub last_used_at: Option<i64>,
    /// The stores that it is for; `None` for all.
    pub stores: Option<Vec<String>>,
}

/// Stores a new key of a programme; gives it back with its person as the programme spells that.
/// `None` when the programme does not exist or the prefix is taken.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn create_key(
    sql: &impl Sql,
    programme: &str,
    key: KeyRecord,
    hash: &str,
    who: &Who,
) -> Result<Option<KeyRecord>, Error> {
    let (person, folded) = key.person.clone().unzip();
    let stores = key.stores.as_ref().map(|stores| serde_json::json!(stores).to_string());
    let values = vec![
        key.prefix.as_str().into(),
        programme.into(),
        key.role.as_str().into(),
        person.into(),
        key.label.as_str().into(),
        hash.into(),
        key.created_at.into(),
        folded.clone().into(),
        key.created_by.clone().into(),
        key.expires_at.into(),
        stores.into(),
        i64::from(key.waits).into(),
        who.text().into(),
        key.own_role.clone().into(),
    ];
    let mut rows = sql.query(statement!("queries/key_create"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let person = row.optional_text(0)?.zip(folded);
    Ok(Some(KeyRecord { person, ..key }))
}

/// How many keys of the programme with that id are in use, and how many there are with those
/// revoked.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn count_keys(sql: &impl Sql, programme: &str) -> Result<(i64, i64), Error> {
    let mut rows = sql.query(statement!("queries/key_count"), vec![programme.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    Ok((row.integer(0)?, row.integer(1)?))
}

/// Keys of a programme whose prefix starts with `starting`, after the prefix `after`, at most
/// `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_keys(
    sql: &impl Sql,
    programme_no: i64,
    starting: &str,
    after: &str,
    most: i64,
) -> Result<Vec<KeyRecord>, Error> {
    let values = vec![programme_no.into(), starting.into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/key_list"), values).await?;
    rows.into_iter()
        .map(|mut row| {
            let (person, folded) = (row.optional_text(5)?, row.optional_text(6)?);
            Ok(KeyRecord {
                prefix: row.text(0)?,
                role: row.text(1)?,
                label: row.text(2)?,
                created_at: row.integer(3)?,
                revoked_at: row.optional_integer(4)?,
                person: person.map(|person| (person, folded.unwrap_or_default())),
                created_by: row.optional_text(7)?,
                approved_by: row.optional_text(8)?,
                waits: row.integer(9)? != 0,
                expires_at: row.optional_integer(10)?,
                last_used_at: row.optional_integer(11)?,
                stores: row.optional_text(12)?.map(|text| read_stores(&text)).transpose()?,
                own_role: row.optional_text(13)?,
            })
        })
        .collect()
}

/// The key with that prefix.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn key(
    sql: &impl Sql,
    programme_no: i64,
    prefix: &str,
) -> Result<Option<KeyRecord>, Error> {
    let found = list_keys(sql, programme_no, prefix, "", 1).await?;
    Ok(found.into_iter().next().filter(|key| key.prefix == prefix))
}

/// Stores a successor of a key, which takes over all that the key is: `successor` tells its prefix,
/// when and by whom it was made, and whether it waits. False when there is no such key, or it was
/// revoked.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rotate_key(
    sql: &impl Sql,
    programme_no: i64,
    old_prefix: &str,
    successor: &KeyRecord,
    hash: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        old_prefix.into(),
        successor.prefix.as_str().into(),
        hash.into(),
        successor.created_at.into(),
        successor.created_by.clone().into(),
        i64::from(successor.waits).into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/key_rotate"), values).await?.is_empty())
}

/// Lets a key that waits count from now on. False when none of that prefix waits.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn approve_key(
    sql: &impl Sql,
    programme_no: i64,
    prefix: &str,
    by: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), prefix.into(), by.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/key_approve"), values).await?.is_empty())
}

/// Notes that a key was used; writes once an hour.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn key_used(sql: &impl Sql, prefix: &str, now: i64) -> Result<(), Error> {
    sql.query(statement!("queries/key_used"), vec![prefix.into(), now.into()]).await.map(drop)
}

/// Revokes a key at once. False when the programme has no such key.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn revoke_key(
    sql: &impl Sql,
    programme_no: i64,
    prefix: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), prefix.into(), who.at.0.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/key_revoke"), values).await?.is_empty())
}

/// Makes the key with this prefix and hash the only operator's key: of the oldest programme, with
/// all rights.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn ensure_operator(
    sql: &impl Sql,
    prefix: &str,
    hash: &str,
    now: i64,
) -> Result<(), Error> {
    let mut current = sql.query(statement!("queries/key_operator_current"), vec![]).await?;
    let mut is_current = current.len() == 1;
    for row in &mut current {
        is_current = is_current && row.text(0)? == prefix && row.text(1)? == hash;
    }
    if !is_current {
        let values = vec![prefix.into(), hash.into(), "default".into(), now.into()];
        sql.query(statement!("queries/key_operator"), values).await?;
        sql.query(statement!("queries/key_operator_retire"), vec![prefix.into(), now.into()])
            .await?;
    }
    Ok(())
}
