//! The second schema, in a file of its own and in the file of the ledger.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support::{World, wait};
use reach::{Channel, ContactState};
use store::{Contact, Native, Sql, begin_reach, list_contacts, migrate, put_contact};

/// The names of all tables, views, indexes and triggers.
fn names(sql: &Native) -> Vec<String> {
    let mut names = sql.connection().prepare("SELECT name FROM sqlite_schema ORDER BY 1").unwrap();
    let rows = names.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).filter(|name: &String| !name.starts_with("sqlite_")).collect()
}

#[test]
fn both_schemas_may_be_in_one_file() {
    let (own, ledger) = (Native::in_memory().unwrap(), Native::in_memory().unwrap());
    wait(begin_reach(&own)).unwrap();
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
                wait(begin_reach(&sql)).unwrap();
                sql
            });
            &world.sql
        };
        wait(begin_reach(shared)).unwrap();
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
    wait(begin_reach(&sql)).unwrap();
    let own = count("reach_migration");
    for _ in 0..2 {
        wait(begin_reach(&sql)).unwrap();
        wait(migrate(&sql)).unwrap();
        assert_eq!(count("migration"), ledger);
        assert_eq!(count("reach_migration"), own);
    }
    // A file of a later version is left alone.
    wait(sql.query("INSERT INTO reach_migration VALUES (99, 'later')", vec![])).unwrap();
    let error = wait(begin_reach(&sql)).unwrap_err().to_string();
    assert!(error.contains("99 migrations"), "{error}");
    wait(migrate(&sql)).unwrap();
}

/// An address that complained is open again only where somebody says so.
#[test]
fn an_address_keeps_its_state_by_itself() {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach)).unwrap();
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
    let merged = "INSERT INTO departed (member_no, programme_no, into_no) VALUES (8, 1, 7)";
    wait(reach.query(merged, vec![])).unwrap();
    let left = wait(list_contacts(&reach, 1, 7)).unwrap();
    assert_eq!(left.iter().map(|contact| contact.state).collect::<Vec<_>>(), [complained]);
    assert_eq!(put(8, None, "b"), None, "it is closed");
}
