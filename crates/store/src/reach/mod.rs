//! What is known of customers, in SQL. The tables stand in the database `reach`, or in the ledger's
//! own file ([ADR 0140](../../../../docs/adr/0140-a-second-database-for-customers.md)): no
//! statement names tables of both.

mod behaviour;
mod contacts;
mod evaluation;
mod fold;
mod members;
mod sets;
mod tags;

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

pub use evaluation::{
    LedgerMember, SetScan, StoredCuts, begin_set_scan, bought_in, changed_members,
    changed_members_done, facts_after, facts_of_members, home_stores, ledger_members,
    members_of_stores, reachable_members, rfm_cuts, set_scan, step_set_scan,
};
pub use sets::{
    SetChange, SetMember, SetOfMember, SetVersion, SetWish, StoredChange, StoredSet, change_sets,
    clear_removed, evaluate_again, forget_set_changes, held_sets, list_sets, members_of_set,
    put_set, remove_set, set_changes, set_versions, sets_of_member, stored_set,
};
pub use tags::{
    closed_members, copies_done, defined_tags, due_copies, mark_tags, tags_among, walk_tag,
    write_copies,
};

use crate::Error;
use crate::migrate::Schema;
use crate::sql::Sql;
use crate::statement::statement;

/// The second schema, with a list of its own.
const REACH: Schema = Schema {
    migrations: &[
        ("0001_reach", statement!("migrations/reach/0001_reach")),
        ("0002_sets", statement!("migrations/reach/0002_sets")),
    ],
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
