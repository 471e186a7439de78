//! The second schema, in a file of its own and in the file of the ledger.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support::{World, wait};
use ledger::Timestamp;
use reach::{Channel, ContactState, Decision, Purpose};
use store::{
    Added, Consent, Contact, Native, PreferenceWish, SEALED, Sealed, SealedName, Sql, add_consents,
    begin_reach, consent_proofs, current_consents, forget_proofs, list_contacts, migrate,
    preference, put_contact, put_preference, put_sealed, sealed_rows,
};

/// The names of all tables, views, indexes and triggers.
fn names(sql: &Native) -> Vec<String> {
    let mut names = sql.connection().prepare("SELECT name FROM sqlite_schema ORDER BY 1").unwrap();
    let rows = names.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).filter(|name: &String| !name.starts_with("sqlite_")).collect()
}

#[test]
fn both_schemas_may_be_in_one_file() {
    let (own, ledger) = (Native::in_memory().unwrap(), Native::in_memory().unwrap());
    wait(begin_reach(&own, &ledger)).unwrap();
    wait(migrate(&ledger)).unwrap();
    assert!(names(&own).contains(&"facts".to_owned()));
    let mut apart: Vec<String> = names(&own).into_iter().chain(names(&ledger)).collect();
    apart.sort();

    for ledger_first in [true, false] {
        let world;
        let shared = if ledger_first {
            world = World::new();
            &world.sql
        } else {
            world = World::on({
                let sql = Native::in_memory().unwrap();
                wait(begin_reach(&sql, &sql)).unwrap();
                sql
            });
            &world.sql
        };
        wait(begin_reach(shared, shared)).unwrap();
        // A name that both had would be there once.
        assert_eq!(names(shared), apart, "ledger first: {ledger_first}");
    }
}

#[test]
fn each_schema_counts_its_own_migrations() {
    let sql = Native::in_memory().unwrap();
    wait(migrate(&sql)).unwrap();
    let count = |table: &str| -> i64 {
        let text = format!("SELECT count(*) FROM {table}");
        sql.connection().query_row(&text, [], |row| row.get(0)).unwrap()
    };
    let ledger = count("migration");
    wait(begin_reach(&sql, &sql)).unwrap();
    let own = count("reach_migration");
    for _ in 0..2 {
        wait(begin_reach(&sql, &sql)).unwrap();
        wait(migrate(&sql)).unwrap();
        assert_eq!(count("migration"), ledger);
        assert_eq!(count("reach_migration"), own);
    }
    // A file of a later version is left alone.
    wait(sql.query("INSERT INTO reach_migration VALUES (99, 'later')", vec![])).unwrap();
    let error = wait(begin_reach(&sql, &sql)).unwrap_err().to_string();
    assert!(error.contains("99 migrations"), "{error}");
    wait(migrate(&sql)).unwrap();
}

/// An address that complained is open again only where somebody says so.
#[test]
fn an_address_keeps_its_state_by_itself() {
    let reach = reach_database();
    let put = |member: i64, state: Option<ContactState>, digest: &str| {
        let contact = Contact {
            channel: Channel::Sms,
            address: "sealed".into(),
            state: state.unwrap_or(ContactState::Open),
            verified_at: None,
            updated_at: 1,
            updated_by: "anna".into(),
        };
        wait(put_contact(&reach, (1, member), &contact, state.is_none(), digest)).unwrap()
    };
    let (open, complained) = (ContactState::Open, ContactState::Complained);
    for (state, digest, kept) in [
        (None, "a", open),
        (Some(complained), "a", complained),
        (None, "a", complained),
        (None, "b", open),
        (Some(complained), "b", complained),
        (Some(open), "b", open),
    ] {
        assert_eq!(put(7, state, digest), Some((None, kept)), "{state:?} {digest}");
    }
    // Nor does a merger open it: 8 becomes part of 7.
    put(8, Some(complained), "b");
    let merged = "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES (8, 1, 7, 1)";
    wait(reach.query(merged, vec![])).unwrap();
    let left = wait(list_contacts(&reach, 1, 7)).unwrap();
    assert_eq!(left.iter().map(|contact| contact.state).collect::<Vec<_>>(), [complained]);
    assert_eq!(put(8, None, "b"), None, "it is closed");
}

fn yes(digest: &str, at: i64) -> Consent {
    said(Decision::Given, digest, at)
}

fn said(decision: Decision, digest: &str, at: i64) -> Consent {
    Consent {
        no: 0,
        purpose: Purpose::Marketing,
        channel: Channel::Sms,
        decision,
        digest: digest.to_owned(),
        at,
        source: "form".to_owned(),
        evidence: Some("sheet 1881, Li Lei".to_owned()),
        recorded_at: at,
        recorded_by: "anna".to_owned(),
    }
}

fn reach_database() -> Native {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach, &reach)).unwrap();
    reach
}

fn keeps(reach: &Native, member: i64, digest: &str) {
    let contact = Contact {
        channel: Channel::Sms,
        address: "sealed".into(),
        state: ContactState::Open,
        verified_at: None,
        updated_at: 1,
        updated_by: "anna".into(),
    };
    wait(put_contact(reach, (1, member), &contact, true, digest)).unwrap().unwrap();
}

fn number(reach: &Native, text: &str) -> i64 {
    reach.connection().query_row(text, [], |row| row.get(0)).unwrap()
}

/// The last word of member 7 about marketing by sms.
fn word(reach: &Native) -> &'static str {
    let current = wait(current_consents(reach, 1, 7)).unwrap();
    current.first().map_or("none", |current| current.2.as_str())
}

/// A yes holds for the address that it was said of, and a no for every one.
#[test]
fn a_yes_goes_with_its_address() {
    let reach = reach_database();
    let tells = |consent: Consent| {
        assert_eq!(wait(add_consents(&reach, 1, &[(7, consent)])).unwrap(), [Added::New]);
    };
    tells(yes("a", 10));
    assert_eq!(word(&reach), "none", "there is no address");
    keeps(&reach, 7, "a");
    assert_eq!(word(&reach), "given");
    keeps(&reach, 7, "b");
    assert_eq!(word(&reach), "none", "b has another owner, for all we know");
    tells(yes("b", 20));
    assert_eq!(word(&reach), "given");
    // What was said of b takes nothing from a.
    keeps(&reach, 7, "a");
    assert_eq!(word(&reach), "given");
    tells(said(Decision::Withdrawn, "a", 30));
    for digest in ["a", "b", "c"] {
        keeps(&reach, 7, digest);
        assert_eq!(word(&reach), "withdrawn", "{digest}");
    }
    tells(yes("c", 40));
    assert_eq!(word(&reach), "given");
    keeps(&reach, 7, "a");
    assert_eq!(word(&reach), "withdrawn");
    // Of push, whose tokens vendors change, a yes names none.
    tells(Consent { channel: Channel::Push, ..yes("", 50) });
    let current = wait(current_consents(&reach, 1, 7)).unwrap();
    assert!(current.iter().any(|c| (c.1, c.2) == (Channel::Push, Decision::Given)));
}

/// What is told of an account that is closed meanwhile is not lost in silence.
#[test]
fn a_consent_of_a_closed_account_is_told() {
    let reach = reach_database();
    keeps(&reach, 7, "a");
    let merged = "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES (8, 1, 7, 1)";
    wait(reach.query(merged, vec![])).unwrap();
    let all = [(7, yes("a", 10)), (8, yes("a", 11)), (7, yes("a", 10)), (7, yes("b", 10))];
    let added = wait(add_consents(&reach, 1, &all)).unwrap();
    assert_eq!(added, [Added::New, Added::Closed, Added::Known, Added::New]);
    assert_eq!(number(&reach, "SELECT count(*) FROM consent"), 2);
}

/// After an erasure: what proves why messages went to an address, for 183 days, and nothing else.
#[test]
fn proofs_of_the_erased_name_nobody_and_end() {
    const DAY: i64 = 24 * 3_600_000;
    let reach = reach_database();
    keeps(&reach, 7, "a");
    let push = Consent { channel: Channel::Push, ..yes("", 12) };
    let all = [yes("a", 10), said(Decision::Withdrawn, "a", 11), push, yes("b", 13)];
    wait(add_consents(&reach, 1, &all.map(|consent| (7, consent)))).unwrap();
    let proofs = |digest: &str| wait(consent_proofs(&reach, 1, Channel::Sms, digest, 10)).unwrap();
    assert_eq!(proofs("a"), [], "a member who is there has the consents");
    let erased = format!(
        "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES (7, 1, NULL, {DAY})"
    );
    wait(reach.query(&erased, vec![])).unwrap();
    assert_eq!(number(&reach, "SELECT count(*) FROM consent"), 0);
    let found = proofs("a");
    let told: Vec<_> = found.iter().map(|p| (p.decision.as_str(), p.at, p.until)).collect();
    assert_eq!(told, [("withdrawn", 11, 184 * DAY), ("given", 10, 184 * DAY)]);
    assert_eq!(proofs("b").len(), 1);
    assert_eq!(wait(consent_proofs(&reach, 2, Channel::Sms, "a", 10)).unwrap(), []);
    assert_eq!(wait(consent_proofs(&reach, 1, Channel::Email, "a", 10)).unwrap(), []);
    let columns: String = reach
        .connection()
        .query_row(
            "SELECT group_concat(name, ' ') FROM pragma_table_info('consent_proof')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(columns, "no programme_no channel digest purpose decision at source until");
    let forget = |at: i64| wait(forget_proofs(&reach, Timestamp(at), 2)).unwrap();
    assert_eq!((forget(184 * DAY - 1), forget(184 * DAY), forget(184 * DAY)), (0, 2, 1));
}

/// A merger takes consents along, and none of them to another address.
#[test]
fn a_merger_gives_no_address_a_yes() {
    let reach = reach_database();
    keeps(&reach, 7, "a");
    keeps(&reach, 8, "b");
    wait(add_consents(&reach, 1, &[(8, yes("b", 10))])).unwrap();
    let merged = "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES (8, 1, 7, 1)";
    wait(reach.query(merged, vec![])).unwrap();
    assert_eq!(word(&reach), "none");
    keeps(&reach, 7, "b");
    assert_eq!(word(&reach), "given");
    assert_eq!(number(&reach, "SELECT count(*) FROM consent_proof"), 0);
}

/// A preference that is not told stays as it is: who refused to be known is not known again by a
/// change of language.
#[test]
fn what_is_not_told_stays() {
    let reach = reach_database();
    let tells = |wish: PreferenceWish, at: i64| {
        assert!(wait(put_preference(&reach, (1, 7), &wish, (at, "anna"))).unwrap());
    };
    let kept = || {
        let kept = wait(preference(&reach, 1, 7)).unwrap().unwrap();
        (kept.language, kept.quiet, kept.personalised, kept.home_store)
    };
    let none = PreferenceWish::default;
    tells(PreferenceWish { language: Some(Some("en".into())), ..none() }, 1);
    assert_eq!(kept(), (Some("en".into()), None, true, None));
    tells(PreferenceWish { personalised: Some(false), ..none() }, 2);
    tells(PreferenceWish { quiet: Some(Some((1260, 540))), ..none() }, 3);
    tells(PreferenceWish { home_store: Some(Some("s".into())), ..none() }, 4);
    assert_eq!(kept(), (Some("en".into()), Some((1260, 540)), false, Some("s".into())));
    tells(PreferenceWish { language: Some(None), quiet: Some(None), ..none() }, 5);
    assert_eq!(kept(), (None, None, false, Some("s".into())));
    tells(PreferenceWish { personalised: Some(true), home_store: Some(None), ..none() }, 6);
    assert_eq!(kept(), (None, None, true, None));
}

/// A second file that comes later begins empty: nothing is written to it while what members said
/// is in the ledger's.
#[test]
fn a_second_file_that_comes_later_is_told() {
    let ledger = Native::in_memory().unwrap();
    wait(migrate(&ledger)).unwrap();
    wait(begin_reach(&ledger, &ledger)).unwrap();
    let empty = Native::in_memory().unwrap();
    wait(begin_reach(&empty, &ledger)).unwrap();
    keeps(&ledger, 7, "a");
    // It was begun before.
    wait(begin_reach(&empty, &ledger)).unwrap();
    let later = Native::in_memory().unwrap();
    let error = wait(begin_reach(&later, &ledger)).unwrap_err().to_string();
    assert!(error.contains("A second file later"), "{error}");
    assert_eq!(names(&later), Vec::<String>::new(), "nothing is written");
    // Both in one file is as it was.
    wait(begin_reach(&ledger, &ledger)).unwrap();
}

/// The recipe moves every table and view of the second schema, and nothing of the ledger.
#[test]
fn the_recipe_moves_the_whole_schema() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/recipes/operate.md");
    let page = std::fs::read_to_string(page).unwrap();
    let list = page.split("MOVED=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut moved: Vec<&str> = list.split_whitespace().collect();
    moved.sort_unstable();
    let reach = reach_database();
    let mut of = reach
        .connection()
        .prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1")
        .unwrap();
    let of: Vec<String> = of.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(moved, of);
}

/// What was changed meanwhile is not overwritten by what was sealed anew.
#[test]
fn sealed_texts_are_put_back_where_they_were_read() {
    let reach = reach_database();
    for member in [7, 8, 9] {
        keeps(&reach, member, "a");
    }
    let first = SealedName::first(Sealed::Contacts);
    let rows = wait(sealed_rows(&reach, Sealed::Contacts, &first, 2)).unwrap();
    let rest = wait(sealed_rows(&reach, Sealed::Contacts, &rows[1].of, 2)).unwrap();
    assert_eq!((rows.len(), rest.len()), (2, 1));
    wait(reach.query("UPDATE contact SET address = 'other' WHERE member_no = 8", vec![])).unwrap();
    let anew: Vec<_> = rows.into_iter().map(|row| (row, [Some("anew".to_owned()), None])).collect();
    assert_eq!(wait(put_sealed(&reach, Sealed::Contacts, &anew)).unwrap(), 1);
    let stored: String = reach
        .connection()
        .query_row("SELECT group_concat(address ORDER BY member_no) FROM contact", [], |r| r.get(0))
        .unwrap();
    assert_eq!(stored, "anew,other,sealed");
    for sort in SEALED {
        let world = World::new();
        wait(begin_reach(&world.sql, &world.sql)).unwrap();
        let rows = wait(sealed_rows(&world.sql, sort, &SealedName::first(sort), 2)).unwrap();
        assert_eq!((rows.len(), wait(put_sealed(&world.sql, sort, &[])).unwrap()), (0, 0));
    }
}
