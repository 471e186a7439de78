//! Brings a database to the newest shape. Append-only: an applied migration never changes.
//!
//! Every statement can be run again without harm, so two instances that start at once, or one that
//! died in the middle, end the same.

use ledger::Timestamp;

use crate::Error;
use crate::keys::ensure_operator;
use crate::programmes::seed;
use crate::secrets::secret;
use crate::sql::{Sql, Value};
use crate::statement::statement;

/// All migrations, oldest first. Parallel branches that add one conflict here, which is the point.
const MIGRATIONS: [(&str, &str); 1] = [("0001_schema", statement!("migrations/0001_schema"))];

/// The name of the secret that digests are keyed with.
const SALT: &str = "salt";

/// Separates the statements of a migration, as databases behind Spin take one at a time.
const SEPARATOR: &str = "\n-- then\n";

/// Applies what is missing. Costs two short reads when nothing is.
///
/// # Errors
/// [`Error`] when the database refuses a statement.
pub async fn migrate(sql: &impl Sql) -> Result<(), Error> {
    let mut done = 0;
    let exists = sql.query(statement!("queries/migration_table_exists"), vec![]).await?;
    if first_integer(exists)? == 1 {
        done = first_integer(sql.query(statement!("queries/migrations_done"), vec![]).await?)?;
    } else {
        sql.query(statement!("queries/migration_table"), vec![]).await?;
    }
    if usize::try_from(done).is_ok_and(|done| done > MIGRATIONS.len()) {
        return Err(Error::Database(format!(
            "the database has {done} migrations, and this version knows {}",
            MIGRATIONS.len()
        )));
    }
    for (number, (name, text)) in (1i64..).zip(MIGRATIONS) {
        if number <= done {
            continue;
        }
        for statement in text.split(SEPARATOR) {
            apply(sql, statement).await?;
        }
        sql.query(statement!("queries/migration_done"), vec![Value::from(number), name.into()])
            .await?;
    }
    Ok(())
}

/// Brings a database to where requests can be answered: schema, default programme, the operator's
/// key with this prefix and hash, and a salt, which is `fresh` when there is none yet. Gives back
/// the salt. Costs one short read when nothing is missing.
///
/// # Errors
/// [`Error`] when the database refuses a statement.
pub async fn begin(
    sql: &impl Sql,
    operator: Option<(&str, &str)>,
    fresh: &str,
    now: Timestamp,
) -> Result<String, Error> {
    // An empty file has no table to ask.
    if let Ok(Some(salt)) = begun(sql, operator).await {
        return Ok(salt);
    }
    migrate(sql).await?;
    seed(sql, now.0).await?;
    if let Some((prefix, hash)) = operator {
        ensure_operator(sql, prefix, hash, now.0).await?;
    }
    secret(sql, SALT, fresh).await
}

/// The salt of a database that misses nothing.
async fn begun(sql: &impl Sql, operator: Option<(&str, &str)>) -> Result<Option<String>, Error> {
    let mut rows = sql.query(statement!("queries/begun"), vec![SALT.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    let is_migrated = usize::try_from(row.integer(0)?) == Ok(MIGRATIONS.len());
    let has_programme = row.integer(1)? == 1;
    let keys: Vec<(String, String)> =
        serde_json::from_str(&row.text(2)?).map_err(|_| Error::Corrupt("operator's key"))?;
    let is_operator = match (operator, keys.as_slice()) {
        (None, _) => true,
        (Some((prefix, hash)), [key]) => key.0 == prefix && key.1 == hash,
        (Some(_), _) => false,
    };
    Ok(row.optional_text(3)?.filter(|_| is_migrated && has_programme && is_operator))
}

/// A column cannot be added "if it does not exist": that it does is what another instance, or a run
/// that died, has done before.
async fn apply(sql: &impl Sql, statement: &str) -> Result<(), Error> {
    match sql.query(statement, vec![]).await {
        Err(Error::Database(text)) if text.contains("duplicate column name") => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// True when the database answers and has been migrated.
pub async fn is_ready(sql: &impl Sql) -> bool {
    sql.query(statement!("queries/ready"), vec![]).await.is_ok()
}

/// Tries whether the database takes writes, by two commits.
///
/// # Errors
/// [`Error::Full`] on a full disk or in a file that may not grow; another one where the file is
/// read-only, for example.
pub async fn try_to_write(sql: &impl Sql, now: Timestamp) -> Result<(), Error> {
    sql.query(statement!("queries/ready_write"), vec![now.0.into()]).await?;
    sql.query(statement!("queries/ready_clear"), vec![]).await.map(drop)
}

fn first_integer(mut rows: crate::Rows) -> Result<i64, Error> {
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}
