//! API keys: only a prefix to find them by and a hash to compare with. Making, hashing and comparing keys is the shell's business.

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The first characters of the key.
    pub prefix: String,
    /// Its role.
    pub role: String,
    /// What it is for.
    pub label: String,
    /// When it was made (milliseconds since 1970).
    pub created_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// Stores a new key of a programme. False when the programme does not exist or the prefix is taken.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn create_key(sql: &impl Sql, programme: &str, key: &KeyRecord, hash: &str) -> Result<bool, Error> {
    let values = vec![
        key.prefix.as_str().into(),
        programme.into(),
        key.role.as_str().into(),
        0.into(),
        key.label.as_str().into(),
        hash.into(),
        key.created_at.into(),
    ];
    Ok(!sql.query(statement!("queries/key_create"), values).await?.is_empty())
}

/// How many keys of the programme with that id are in use, and how many there are with those revoked.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn count_keys(sql: &impl Sql, programme: &str) -> Result<(i64, i64), Error> {
    let mut rows = sql.query(statement!("queries/key_count"), vec![programme.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    Ok((row.integer(0)?, row.integer(1)?))
}

/// Keys of a programme whose prefix starts with `starting`, after the prefix `after`, at most `most`.
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
            Ok(KeyRecord {
                prefix: row.text(0)?,
                role: row.text(1)?,
                label: row.text(2)?,
                created_at: row.integer(3)?,
                revoked_at: row.optional_integer(4)?,
            })
        })
        .collect()
}

/// Stores a new key with role and label of another. `None` when there is no such key, or it was revoked.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rotate_key(
    sql: &impl Sql,
    programme_no: i64,
    old_prefix: &str,
    new_prefix: &str,
    hash: &str,
    now: i64,
) -> Result<Option<KeyRecord>, Error> {
    let values = vec![programme_no.into(), old_prefix.into(), new_prefix.into(), hash.into(), now.into()];
    let mut rows = sql.query(statement!("queries/key_rotate"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let record = KeyRecord {
        prefix: new_prefix.to_owned(),
        role: row.text(0)?,
        label: row.text(1)?,
        created_at: now,
        revoked_at: None,
    };
    Ok(Some(record))
}

/// Revokes a key at once. False when the programme has no such key.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn revoke_key(sql: &impl Sql, programme_no: i64, prefix: &str, now: i64) -> Result<bool, Error> {
    let values = vec![programme_no.into(), prefix.into(), now.into()];
    Ok(!sql.query(statement!("queries/key_revoke"), values).await?.is_empty())
}

/// Makes the key with this prefix and hash the only operator's key: of the oldest programme, with all rights.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn ensure_operator(sql: &impl Sql, prefix: &str, hash: &str, now: i64) -> Result<(), Error> {
    let mut current = sql.query(statement!("queries/key_operator_current"), vec![]).await?;
    let mut is_current = current.len() == 1;
    for row in &mut current {
        is_current = is_current && row.text(0)? == prefix && row.text(1)? == hash;
    }
    if !is_current {
        let values = vec![prefix.into(), hash.into(), "default".into(), now.into()];
        sql.query(statement!("queries/key_operator"), values).await?;
        sql.query(statement!("queries/key_operator_retire"), vec![prefix.into(), now.into()]).await?;
    }
    Ok(())
}
