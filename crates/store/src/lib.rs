//! The ledger in SQL: one statement loads what a decision needs, one statement writes what it
//! decided.
//!
//! Owns every SQL text of Accrue (`migrations/`, `queries/`), the codec between rows and the types
//! of `ledger`, and the loop load → decide → commit ([`execute()`]). Knows no HTTP and no Spin but
//! through the trait [`Sql`].
//!
//! Architecture invariant: nothing here holds a transaction open. A write is one statement in
//! autocommit, guarded by the head of the member's hash chain; what was skipped is loaded and
//! decided again.
#![deny(missing_docs)]

mod adjustments;
mod aliases;
mod attempts;
mod audit_log;
mod back_tests;
mod commit;
mod coupons;
mod credentials;
mod cursor;
mod deliveries;
mod document_diff;
mod documents;
mod drafts;
mod dry_run;
mod effects;
mod endpoints;
mod entry_json;
mod entry_row;
mod exchanges;
mod execute;
mod find;
mod gather;
mod groups;
mod history;
mod identities;
mod imports;
mod in_flight;
mod inheritance;
mod job_queries;
mod keys;
mod load;
mod member_extras;
mod member_row;
mod migrate;
mod own_roles;
mod passes;
mod persons;
mod playbooks;
mod presence;
mod profile;
mod programmes;
mod publications;
mod qr_keys;
mod reach;
mod receipts;
mod refusals;
mod reports;
mod retention;
mod reviews;
mod rewards;
mod sealed;
mod secrets;
mod sessions;
mod sources;
mod sql;
mod statement;
mod stores;
mod submission;
mod sums;
mod traces;
mod versions;

pub use adjustments::open_requests;
pub use aliases::{holders, member_by_alias};
pub use attempts::{Counted, Settled, attempt_sign_in, counted, keep_device, undo_attempt};
pub use audit_log::{
    AuditFilter, Audited, Who, audit_log, note, note_refused, seal, wrong_audit_log,
};
pub use back_tests::{
    BackTestRow, back_test, begin_back_test, list_back_tests, member_no, move_back_test,
};
pub use coupons::coupon_holder;
pub use credentials::{CredentialChange, change_credential, confirm_code, next_code};
pub use cursor::{Cursor, ONLY_STREAM};
pub use deliveries::{
    Claimed, OpenEvent, Parked, Parking, Spans, Wave, claim_endpoint, due_events, new_events,
    record_wave, waiting_endpoints,
};
pub use document_diff::{changes, changes_of};
pub use documents::{DOCUMENT_KINDS, DocumentKind, Publishable};
pub use drafts::{
    Draft, DraftKept, DraftWish, delete_draft, draft, list_drafts, other_drafts, put_draft,
};
pub use dry_run::dry_run;
pub use endpoints::{
    DeadEvent, Endpoint, EndpointWish, dead_events, delete_endpoint, endpoint, endpoint_secret,
    list_endpoints, other_endpoints, put_endpoint, replay_dead, rotate_secret,
};
pub use entry_json::{EntryView, adjustment_json, coupon_json, dates, entry_json};
pub use exchanges::{Exchanged, ExchangesWith, exchanges, wrong_exchanges};
pub use execute::{Executor, execute};
pub use find::{ListedMember, MemberOrder, find_entry, list_members, tier_counts};
pub use gather::Gather;
pub use groups::{agreements, gains, group_of, kin, name_clashes, set_group};
pub use history::{
    adjusted, corrections, drawn_lots, gifts, history, named_entry, redact, span, taken_over,
    transferred,
};
pub use identities::{
    TicketWish, Visit, VisitWish, accept_by_identity, begin_visit, count_callback, count_visit,
    end_visit, find_identity, link_identity, make_ticket,
};
pub use imports::{
    Import, ImportApproval, ImportCounts, ImportState, ask_for_import, decide_import,
    forget_imported, import, import_counts, import_staged, keep_outcomes, list_imports, next_rows,
    open_imports, refused_rows, stage_rows,
};
pub use in_flight::InFlight;
pub use inheritance::{
    Inheritance, follow, follow_playbooks, followers, inherit, inheritance, overrides,
    playbook_overrides,
};
pub use job_queries::{
    all_members, ended_tiers, expiring_members, job_position, move_job, nothing_due, open_lots,
    refresh_due, tiers_alone,
};
pub use keys::{
    KeyRecord, approve_key, count_keys, create_key, ensure_operator, key, key_used, list_keys,
    revoke_key, rotate_key,
};
pub use load::{Caller, LoadRequest, LoadedMember, Scope, caller, load};
pub use migrate::{begin, is_ready, migrate, try_to_write};
pub use own_roles::{OwnRole, list_own_roles, own_role, put_own_role, remove_own_role};
pub use passes::{
    Pass, PassMaker, end_pass, end_passes, find_pass, make_pass, pass_used, pass_writes,
};
pub use persons::{
    InvitationWish, OpenInvitation, PersonRecord, approve_person, count_persons, find_person,
    invite, list_persons, person_spelling, programme_no, put_person, suspend_person,
};
pub use playbooks::{
    PublishedPlaybook, playbook_json, playbook_text, published_playbook, published_since,
};
pub use programmes::{
    Programme, ProgrammeRef, Published, as_stored, digest, parse_rulebook, programme, programmes,
    publish, publish_as, rulebook_text, seed, versions_in_force, zone_of,
};
pub use publications::{
    Publication, PublicationState, ask_for_publication, decide_publication, list_publications,
    major_changes, open_publications, publication, publication_by_key, publication_document,
    publish_due,
};
pub use qr_keys::{NewQrKey, QrKey, list_qr_keys, make_qr_key, qr_key, retire_qr_key, signing_key};
pub use reach::{
    AccountState, Added, Again, Anew, Begun, BegunVerification, BehaviourRow, ChannelAccount,
    ChannelWish, ClaimedChannel, ClickCounts, Consent, ConsentProof, Contact, DecidedTouch,
    DeliveryReport, Destination, Did, DueChannel, EntryKey, Figure, FoldPosition, FoldStep,
    FoldedEntry, FoldedState, FollowingEntry, Heard, HeardBehaviour, HeardEntry, LastAttempt,
    LedgerMember, LinkSettings, ListedBehaviour, LoggedTouch, MAX_TEMPLATES, MemberTouched,
    NamedMember, NewLink, NewOccasion, NewTask, NewVerification, OpenOccasions, Preference,
    PreferenceWish, Progress, RareState, Reachability, ResultEntry, ResultMessages, ResultRun,
    ResultTouch, ResultVisits, SetChange, SetMember, SetOfMember, SetScan, SetVersion, SetWish,
    Settlement, ShownTask, ShownTouch, StoredChange, StoredCuts, StoredFacts, StoredSet,
    StoredTemplate, TaskAsked, TaskClosing, TaskOrder, TestAddress, TouchDelivery, TouchLink,
    TouchRest, TouchRun, TriedTouch, UsedBudget, VerificationLimits, VerificationTry, VisitedLink,
    WaitingTouch, WaveAttempt, WaveOutcome, WaveTouch, absorbed_members, account_of_callback,
    account_parts, add_click, add_consents, assign_task, attribution_of, begin_reach,
    begin_set_scan, begin_test, begin_verification, begin_wave, behaviour_of_members,
    behaviour_to_hear, bought_in, change_sets, changed_members, changed_members_done,
    channel_account, channel_counts, channel_tasks_done, channel_token, claim_channel,
    clear_departed, clear_removed, click_counts, close_contacts, close_task, closed_members,
    confirm_verification, consent_proofs, contact_digests, contact_holders, conversions,
    copied_tags, copies_done, current_consents, defined_tags, delete_contact,
    deliveries_by_channel, deliveries_of_touch, destinations, drop_channel_token, due_channels,
    due_copies, due_messages, end_wave, entries_to_fold, entries_to_hear, evaluate_again, expiries,
    facts_after, facts_of_members, fold_position, following_entries, forget_behaviour,
    forget_deliveries, forget_links, forget_occasions, forget_proofs, forget_results,
    forget_set_changes, forget_tasks, forget_touches, forget_verifications, hear, heard_until,
    held_sets, history_to_fold, home_stores, is_of_history, joined_members, know_reports,
    known_members, known_reports, known_templates, last_attempt, last_attempts, last_behaviour,
    last_entries, last_entry, last_entry_of_member, last_set_change, late_messages, ledger_members,
    link_settings, links_delivered, links_of_touch, list_behaviour, list_channels, list_consents,
    list_contacts, list_sets, list_templates, list_test_addresses, logged_touches, make_links,
    make_task, mark_tags, member_numbers, members_of_reports, members_of_set, members_of_stores,
    message_costs, messages_changed, named_members, new_occasions, next_planned_day,
    occasions_asked, occasions_of_members, old_behaviour, older_members, pause_channel,
    playbook_instants, preference, programmes_that_act, progress, put_callback, put_channel,
    put_channel_token, put_contact, put_link_settings, put_preference, put_set, put_template,
    put_test_address, put_touches, rare_states, reach_secret, reachability, reachable_members,
    read_facts, rebuilds_due, remove_channel, remove_set, remove_template, remove_test_address,
    report_behaviour, rest_sets, rest_touches, restart_fold, resting_sets, resting_touches,
    result_clicks, result_deliveries, result_figures, result_logins, result_messages, result_runs,
    result_sums, result_touches, result_visits, rfm_cuts, set_changes, set_names, set_scan,
    set_versions, sets_of_member, settle_lost, settle_messages, shown_tasks, shown_touches,
    states_to_fold, step_results, step_set_scan, step_touch_run, stored_set, stored_template,
    tags_among, task_numbers, template_versions, touch_run, touches_of_members, tried_touches,
    try_verification, undone, undone_by, used_budgets, verification_wait, visited_link, walk_tag,
    whole_history, write_copies, write_fold_step, write_reports,
};
pub use receipts::{Receipt, keep_receipt, receipt};
pub use refusals::StoredRefusal;
pub use reports::{
    Audit, AuditViolation, Totals, TrialBalanceRow, audit, stray_entries, tallies, totals,
    trial_balance, undone_too_often, wrong_claims, wrong_tallies,
};
pub use retention::{KEPT, Kept, forget};
pub use reviews::{open_reviews, reviewed};
pub use rewards::{
    Offer, RewardChange, ask_for_reward, decide_reward, list_rewards, other_rewards, put_reward,
    reward, reward_change,
};
pub use rules::{ExtraColumns, Lots, ReversalTargets};
pub use sealed::{SEALED, Sealed, SealedName, SealedRow, put_sealed, sealed_rows};
pub use secrets::secret;
pub use sessions::{
    Invitation, KnownFor, ListedSession, NewSession, Session, SignIn, SignInPerson,
    accept_invitation, begin_session, end_session, end_sessions, find_invitation, find_session,
    find_sign_in, invitation_code, list_sessions, session_used,
};
pub use sources::{records, source};
#[cfg(feature = "native")]
pub use sql::native::Native;
#[cfg(feature = "spin")]
pub use sql::spin::Spin;
#[cfg(feature = "spin-sync")]
pub use sql::spin_sync::SpinSync;
pub use sql::{Row, Rows, Sql, Value};
pub use stores::{
    RegisteredStore, Store, UnassignedStore, list_stores, other_stores, put_store,
    registered_store, remove_store, stores_within, unassigned_stores,
};
pub use submission::{Answer, ClientInfo, Outcome, SentProof, Submission, is_fingerprint};
pub use sums::{MemberSums, member_sums};
pub use traces::{ActivityFilter, ActivityWindow, trail};
pub use versions::{Version, base_document, document_version, document_versions, rulebook_version};

use std::fmt;

/// What can go wrong between Accrue and its database.
#[derive(Debug, Clone)]
pub enum Error {
    /// The database did not carry out a statement. The text is for the log, never for a caller.
    Database(String),
    /// A row does not have the shape it was written with.
    Corrupt(&'static str),
    /// State and entry do not fit together.
    Fault(ledger::Fault),
    /// Other writers were always first; try again later.
    Busy,
    /// The disk is full, or the file is as large as it may be. Nothing was written.
    Full,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(text) => write!(f, "database: {text}"),
            Self::Corrupt(what) => write!(f, "unreadable {what} in the database"),
            Self::Fault(fault) => write!(f, "ledger: {fault}"),
            Self::Busy => f.write_str("too many writers"),
            Self::Full => f.write_str("the database or its disk is full"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ledger::Fault> for Error {
    fn from(fault: ledger::Fault) -> Self {
        Self::Fault(fault)
    }
}
