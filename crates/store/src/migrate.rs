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

/// A list of migrations, and the statements that keep how far a database has come.
pub(crate) struct Schema {
    /// Oldest first.
    pub(crate) migrations: &'static [(&'static str, &'static str)],
    /// 1 when the table of the applied ones is there.
    pub(crate) exists: &'static str,
    /// Makes that table.
    pub(crate) table: &'static str,
    /// The last one that was applied.
    pub(crate) done: &'static str,
    /// Keeps that one was applied.
    pub(crate) mark: &'static str,
}

/// The ledger's. Parallel branches that add a migration conflict here, which is the point.
const LEDGER: Schema = Schema {
    migrations: &[("0001_schema", statement!("migrations/0001_schema"))],
    exists: statement!("queries/migration_table_exists"),
    table: statement!("queries/migration_table"),
    done: statement!("queries/migrations_done"),
    mark: statement!("queries/migration_done"),
};

/// The name of the secret that digests are keyed with.
const SALT: &str = "salt";

/// Separates the statements of a migration, as databases behind Spin take one at a time.
const SEPARATOR: &str = "\n-- then\n";

/// Applies what is missing of the ledger's schema. Costs two short reads when nothing is.
///
/// # Errors
/// [`Error`] when the database refuses a statement.
pub async fn migrate(sql: &impl Sql) -> Result<(), Error> {
    LEDGER.apply(sql).await
}

impl Schema {
    /// Whether the file has the table of applied migrations.
    pub(crate) async fn is_begun(&self, sql: &impl Sql) -> Result<bool, Error> {
        Ok(first_integer(sql.query(self.exists, vec![]).await?)? == 1)
    }

    /// Applies what is missing.
    pub(crate) async fn apply(&self, sql: &impl Sql) -> Result<(), Error> {
        let mut done = 0;
        if self.is_begun(sql).await? {
            done = first_integer(sql.query(self.done, vec![]).await?)?;
        } else {
            sql.query(self.table, vec![]).await?;
        }
        let known = self.migrations.len();
        if usize::try_from(done).is_ok_and(|done| done > known) {
            return Err(Error::Database(format!(
                "the database has {done} migrations, and this version knows {known}"
            )));
        }
        for (number, (name, text)) in (1i64..).zip(self.migrations) {
            if number <= done {
                continue;
            }
            for statement in text.split(SEPARATOR) {
                apply(sql, statement).await?;
            }
            sql.query(self.mark, vec![Value::from(number), (*name).into()]).await?;
        }
        Ok(())
    }
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
    let is_migrated = usize::try_from(row.integer(0)?) == Ok(LEDGER.migrations.len());
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

pub(crate) fn first_integer(mut rows: crate::Rows) -> Result<i64, Error> {
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}
