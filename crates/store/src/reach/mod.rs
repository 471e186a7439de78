//! What is known of customers, in SQL. The tables stand in the database `reach`, or in the ledger's
//! own file ([ADR 0140](../../../../docs/adr/0140-a-second-database-for-customers.md)): no
//! statement names tables of both.

mod behaviour;
mod contacts;
mod fold;
mod members;

pub use behaviour::{
    BehaviourRow, ListedBehaviour, clear_departed, forget_behaviour, list_behaviour, old_behaviour,
    report_behaviour,
};
pub use contacts::{
    Consent, Contact, Preference, add_consents, current_consents, delete_contact, list_consents,
    list_contacts, preference, put_contact, put_preference,
};
pub use fold::{
    FoldPosition, FoldStep, FoldedEntry, FoldedState, StoredFacts, entries_to_fold, fold_position,
    history_to_fold, last_entry_no, member_numbers, read_facts, states_to_fold, undone,
    write_fold_step,
};
pub use members::{NamedMember, named_members};

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
