//! What is known of customers, in SQL. The tables stand in the database `reach`, or in the ledger's
//! own file ([ADR 0140](../../../../docs/adr/0140-a-second-database-for-customers.md)): no
//! statement names tables of both.

mod behaviour;
mod channels;
mod contacts;
mod conversions;
mod decided;
mod evaluation;
mod fold;
mod history;
mod links;
mod members;
mod occasions;
mod outbox;
mod rebuild;
mod results;
mod sets;
mod tags;
mod tasks;
mod templates;
mod test_messages;
mod touch_log;
mod touches;
mod verifications;
mod waves;

pub use behaviour::{
    BehaviourRow, ListedBehaviour, clear_departed, forget_behaviour, list_behaviour, old_behaviour,
    report_behaviour,
};
pub use channels::{
    ChannelAccount, ChannelWish, ClaimedChannel, DueChannel, account_of_callback, channel_account,
    channel_counts, channel_token, claim_channel, drop_channel_token, due_channels, list_channels,
    message_costs, pause_channel, put_callback, put_channel, put_channel_token, remove_channel,
};
pub use contacts::{
    Added, Consent, ConsentProof, Contact, Preference, PreferenceWish, add_consents,
    consent_proofs, contact_digests, current_consents, delete_contact, forget_proofs,
    list_consents, list_contacts, preference, put_contact, put_preference, reach_secret,
};
pub use fold::{
    Anew, EntryKey, FoldPosition, FoldStep, FoldedEntry, FoldedState, StoredFacts, entries_to_fold,
    fold_position, history_to_fold, is_of_history, last_entry, last_entry_of_member,
    member_numbers, read_facts, restart_fold, states_to_fold, undone, undone_by, write_fold_step,
};
pub use history::whole_history;
pub use links::{
    ClickCounts, LinkSettings, NewLink, VisitedLink, add_click, click_counts, forget_links,
    link_settings, links_delivered, make_links, put_link_settings, visited_link,
};
pub use members::{NamedMember, named_members};

pub use conversions::{Did, ResultEntry, conversions, expiries};
pub use decided::{DecidedTouch, UsedBudget, put_touches};
pub use evaluation::{
    LedgerMember, SetScan, StoredCuts, begin_set_scan, bought_in, changed_members,
    changed_members_done, facts_after, facts_of_members, home_stores, ledger_members,
    members_of_stores, reachable_members, rest_sets, resting_sets, rfm_cuts, set_scan,
    step_set_scan,
};
pub use occasions::{
    FollowingEntry, Heard, HeardBehaviour, HeardEntry, NewOccasion, OpenOccasions,
    behaviour_of_members, behaviour_to_hear, entries_to_hear, following_entries, forget_occasions,
    hear, heard_until, last_behaviour, last_set_change, new_occasions, occasions_asked,
    occasions_of_members,
};
pub use outbox::{
    Destination, Progress, Settlement, WaitingTouch, destinations, due_messages, last_entries,
    late_messages, programmes_that_act, progress, settle_messages,
};
pub use rebuild::{absorbed_members, joined_members, known_members, older_members, rebuilds_due};
pub use results::{
    Figure, MemberTouched, ResultMessages, ResultRun, ResultTouch, ResultVisits, account_parts,
    attribution_of, forget_results, next_planned_day, playbook_instants, result_clicks,
    result_deliveries, result_figures, result_logins, result_messages, result_runs, result_sums,
    result_touches, result_visits, step_results,
};
pub use sets::{
    SetChange, SetMember, SetOfMember, SetVersion, SetWish, StoredChange, StoredSet, change_sets,
    clear_removed, evaluate_again, forget_set_changes, held_sets, list_sets, members_of_set,
    put_set, remove_set, set_changes, set_names, set_versions, sets_of_member, stored_set,
};
pub use tags::{
    closed_members, copied_tags, copies_done, defined_tags, due_copies, mark_tags, tags_among,
    walk_tag, write_copies,
};
pub use tasks::{
    NewTask, ShownTask, TaskAsked, TaskClosing, TaskOrder, assign_task, channel_tasks_done,
    close_task, forget_tasks, make_task, shown_tasks, task_numbers,
};
pub use templates::{
    MAX_TEMPLATES, StoredTemplate, known_templates, list_templates, messages_changed, put_template,
    remove_template, stored_template, template_versions,
};
pub use test_messages::{
    Begun, TestAddress, begin_test, list_test_addresses, put_test_address, remove_test_address,
};
pub use touch_log::{
    LoggedTouch, ShownTouch, TouchLink, links_of_touch, logged_touches, shown_touches,
};
pub use touches::{
    RareState, Reachability, TouchRest, TouchRun, forget_touches, rare_states, reachability,
    rest_touches, resting_touches, step_touch_run, touch_run, touches_of_members, used_budgets,
};

pub use verifications::{
    BegunVerification, NewVerification, VerificationLimits, VerificationTry, begin_verification,
    confirm_verification, forget_verifications, try_verification, verification_wait,
};
pub use waves::{
    AccountState, Again, DeliveryReport, LastAttempt, TouchDelivery, TriedTouch, WaveAttempt,
    WaveOutcome, WaveTouch, begin_wave, close_contacts, contact_holders, deliveries_by_channel,
    deliveries_of_touch, end_wave, forget_deliveries, know_reports, known_reports, last_attempt,
    last_attempts, members_of_reports, settle_lost, tried_touches, write_reports,
};

use crate::Error;
use crate::migrate::{Schema, first_integer};
use crate::sql::Sql;
use crate::statement::statement;

/// The second schema, with a list of its own.
const REACH: Schema = Schema {
    migrations: &[
        ("0001_reach", statement!("migrations/reach/0001_reach")),
        ("0002_sets", statement!("migrations/reach/0002_sets")),
        ("0003_touches", statement!("migrations/reach/0003_touches")),
        ("0004_templates", statement!("migrations/reach/0004_templates")),
        ("0005_channels", statement!("migrations/reach/0005_channels")),
        ("0006_results", statement!("migrations/reach/0006_results")),
        ("0007_tasks", statement!("migrations/reach/0007_tasks")),
        ("0008_verifications", statement!("migrations/reach/0008_verifications")),
    ],
    exists: statement!("queries/reach/migration_table_exists"),
    table: statement!("queries/reach/migration_table"),
    done: statement!("queries/reach/migrations_done"),
    mark: statement!("queries/reach/migration_done"),
};

/// Brings the second database to where it can be asked. Costs a few short reads when nothing is
/// missing. `ledger` is the ledger's, which may be the same file.
///
/// A file of its own that is given to a deployment later begins empty, while what members said is
/// in the ledger's file. Nothing is written then: rows would go to two files.
///
/// # Errors
/// [`Error`] when the database refuses a statement, or rows are left behind in the ledger's file.
pub async fn begin_reach(reach: &impl Sql, ledger: &impl Sql) -> Result<(), Error> {
    if !REACH.is_begun(reach).await?
        && REACH.is_begun(ledger).await?
        && first_integer(ledger.query(statement!("queries/reach/left_behind"), vec![]).await?)? == 1
    {
        return Err(Error::Database(LEFT_BEHIND.to_owned()));
    }
    REACH.apply(reach).await
}

/// What the operator has to do.
const LEFT_BEHIND: &str = "the database reach is new, and the ledger's file has contacts, consents, behaviour, tags, touches, channels, templates, links or tasks: stop, move them as docs/recipes/operate.md tells (A second file later), or take the database reach away again";
