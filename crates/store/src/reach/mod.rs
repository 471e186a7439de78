//! What is known of customers, in SQL. The tables stand in the database `reach`, or in the ledger's
//! own file ([ADR 0140](../../../../docs/adr/0140-a-second-database-for-customers.md)): no
//! statement of this folder names a table of the ledger, nor the other way round.

use crate::Error;
use crate::migrate::Schema;
use crate::sql::Sql;
use crate::statement::statement;

/// The second schema, with a list of its own.
const REACH: Schema = Schema {
    migrations: &[("0001_reach", statement!("migrations/reach/0001_reach"))],
    exists: statement!("queries/reach/migration_table_exists"),
    table: statement!("queries/reach/migration_table"),
    done: statement!("queries/reach/migrations_done"),
    mark: statement!("queries/reach/migration_done"),
};

/// Brings the second database to where it can be asked. Costs two short reads when nothing is
/// missing.
///
/// # Errors
/// [`Error`] when the database refuses a statement.
pub async fn begin_reach(reach: &impl Sql) -> Result<(), Error> {
    REACH.apply(reach).await
}
