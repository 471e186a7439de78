//! The second schema, in a file of its own and in the file of the ledger.

use crate::support::{World, wait};
use store::{Native, Sql, begin_reach, migrate};

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
