//! Brings a database to the newest shape. Append-only: an applied migration never changes.
//!
//! Every statement can be run again without harm, so two instances that start at once, or one that died in the middle, end the same.

use crate::Error;
use crate::sql::{Sql, Value};

/// All migrations, oldest first. Parallel branches that add one conflict here, which is the point.
const MIGRATIONS: [(&str, &str); 7] = [
    ("0001_ledger", include_str!("../migrations/0001_ledger.sql")),
    ("0002_posting_v2", include_str!("../migrations/0002_posting_v2.sql")),
    ("0003_receipts", include_str!("../migrations/0003_receipts.sql")),
    ("0004_holds_and_debts", include_str!("../migrations/0004_holds_and_debts.sql")),
    ("0005_adjustments", include_str!("../migrations/0005_adjustments.sql")),
    ("0006_effects", include_str!("../migrations/0006_effects.sql")),
    ("0007_rules", include_str!("../migrations/0007_rules.sql")),
];

/// Separates the statements of a migration, as databases behind Spin take one at a time.
const SEPARATOR: &str = "\n-- then\n";

/// Applies what is missing. Costs two short reads when nothing is.
///
/// # Errors
/// [`Error`] when the database refuses a statement.
pub async fn migrate(sql: &impl Sql) -> Result<(), Error> {
    let mut done = 0;
    let exists = sql.query(include_str!("../queries/migration_table_exists.sql"), vec![]).await?;
    if first_integer(exists)? == 1 {
        done = first_integer(sql.query(include_str!("../queries/migrations_done.sql"), vec![]).await?)?;
    } else {
        sql.query(include_str!("../queries/migration_table.sql"), vec![]).await?;
    }
    for (number, (name, text)) in (1i64..).zip(MIGRATIONS) {
        if number <= done {
            continue;
        }
        for statement in text.split(SEPARATOR) {
            apply(sql, statement).await?;
        }
        sql.query(include_str!("../queries/migration_done.sql"), vec![Value::from(number), name.into()]).await?;
    }
    Ok(())
}

/// A column cannot be added "if it does not exist": that it does is what another instance, or a run that died, has done before.
async fn apply(sql: &impl Sql, statement: &str) -> Result<(), Error> {
    match sql.query(statement, vec![]).await {
        Err(Error::Database(text)) if text.contains("duplicate column name") => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// True when the database answers and has been migrated.
pub async fn is_ready(sql: &impl Sql) -> bool {
    sql.query(include_str!("../queries/ready.sql"), vec![]).await.is_ok()
}

fn first_integer(mut rows: crate::Rows) -> Result<i64, Error> {
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}
