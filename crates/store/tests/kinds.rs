//! Kinds of entries in SQL: each list of them is a set of the ledger's table.

use std::collections::BTreeSet;

use crate::support::sql_files;
use ledger::{KINDS, Kind, KindRow};

/// The texts of all SQL files, by their paths in the crate.
fn statements() -> Vec<(String, String)> {
    let named = |folder: &str| {
        let path = move |name| format!("{folder}/{name}.sql");
        sql_files(folder).into_iter().map(|(name, text)| (path(name), text)).collect::<Vec<_>>()
    };
    ["queries", "migrations"].into_iter().flat_map(named).collect()
}

fn kinds(has: Set) -> BTreeSet<Kind> {
    KINDS.into_iter().filter(|kind| has(kind.row())).collect()
}

/// The literals of a list `('a', 'b')` at the start of the text.
fn literals(text: &str) -> Option<Vec<&str>> {
    let (list, _) = text.strip_prefix('(')?.split_once(')')?;
    list.split(',').map(|item| item.trim().strip_prefix('\'')?.strip_suffix('\'')).collect()
}

type Set = fn(&KindRow) -> bool;

/// Which set a list of kinds in a file is.
const LISTS: [(&str, Set); 6] = [
    ("migrations/0001_schema.sql", |row| row.found_by_id),
    ("queries/audit_totals.sql", |row| row.contra_account == Some("transferred")),
    // What spends points of one member for itself, and what undoes something.
    ("queries/conversions.sql", |row| ["redeem", "capture", "reverse"].contains(&row.name)),
    // By which points of a member leave at once because the member wants it.
    ("queries/member_presence.sql", |row| {
        ["redeem", "transfer", "donate", "exchange"].contains(&row.name)
    }),
    ("queries/named_entry.sql", |row| row.found_by_id),
    // What closes an account, or stops or reopens a side of it.
    ("queries/pass_find.sql", |row| ["freeze", "restore", "merge", "erase"].contains(&row.name)),
];

#[test]
fn lists_of_kinds_are_those_of_the_table() {
    let mut found = BTreeSet::new();
    for (path, text) in statements() {
        for (_, list) in text.match_indices("kind IN ").map(|(at, it)| text.split_at(at + it.len()))
        {
            let Some(names) = literals(list) else { continue };
            // Other tables have kinds of their own.
            let Some(listed) = names.iter().map(|name| Kind::parse(name)).collect::<Option<_>>()
            else {
                let strays: Vec<&&str> =
                    names.iter().filter(|name| Kind::parse(name).is_some()).collect();
                assert!(strays.is_empty(), "{path}: {names:?}");
                continue;
            };
            let set = LISTS.iter().find(|(file, _)| *file == path);
            let (file, has) = set.unwrap_or_else(|| panic!("{path}: say which set {names:?} is"));
            assert_eq!(kinds(*has), listed, "{path}");
            found.insert(*file);
        }
    }
    assert_eq!(found, BTreeSet::from(LISTS.map(|(file, _)| file)), "the lists were not found");
}
