//! The table of kinds and the documents that show it.

use std::collections::BTreeMap;

use ledger::{Draws, KINDS, Kind};

const LEDGER: &str = include_str!("../../../docs/reference/ledger.md");
const HEAD: &str = "| Kind | Points | Contra account | Event | Written when |";

/// The cells of the rows of the table with that head.
fn table<'a>(text: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let rows = text.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let cells = |row: &'a str| row.split('|').map(str::trim).skip(1).collect();
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// What stands between backticks.
fn words(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn kinds_and_accounts_are_those_of_the_ledger() {
    let mut documented = BTreeMap::new();
    for row in table(LEDGER, HEAD) {
        for kind in words(row[0]) {
            let account = words(row[2]).first().copied();
            assert_eq!(documented.insert(kind, account), None, "{kind} is there twice");
        }
    }
    let known = KINDS.map(|kind| (kind.as_str(), kind.contra_account()));
    assert_eq!(documented, BTreeMap::from(known));
}

/// Which way points can go, as far as the table of kinds says.
#[test]
fn points_of_a_kind_go_the_way_that_the_ledger_lets_them() {
    for row in table(LEDGER, HEAD) {
        for kind in words(row[0]) {
            let known = Kind::parse(kind).unwrap().row();
            let (comes, goes) =
                (known.grants || known.returns, known.draws != Draws::Nothing || known.owes);
            let expected: &[&str] = match (known.contra_account, comes, goes) {
                // Without an account, what leaves the lots pays a debt and stays the member's.
                (None, false, goes) if !goes || known.pays => &["0"],
                (None, ..) => &[],
                (Some(_), true, true) => &["any"],
                (Some(_), true, false) => &["≥ 0", "> 0"],
                (Some(_), false, true) => &["≤ 0", "< 0"],
                (Some(_), false, false) => &[],
            };
            let is_known = expected.iter().any(|points| row[1].starts_with(points));
            assert!(is_known, "{kind}: {:?} is none of {expected:?}", row[1]);
        }
    }
}

#[test]
fn kinds_that_correct_another_are_those_of_the_ledger() {
    let rows = table(LEDGER, "| Field | Kinds | What |");
    let corrects = rows.iter().find(|row| row[0] == "`corrects`").unwrap();
    let known: Vec<&str> =
        KINDS.iter().filter(|kind| kind.row().corrects).map(|kind| kind.as_str()).collect();
    assert_eq!(words(corrects[1]), known);
}

#[test]
fn types_of_events_are_those_of_the_ledger() {
    let mut documented: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in table(LEDGER, HEAD) {
        let (kinds, types) = (words(row[0]), words(row[3]));
        match kinds[..] {
            [kind] => _ = documented.insert(kind, types),
            _ => {
                assert_eq!(kinds.len(), types.len(), "{kinds:?} have a type each");
                documented.extend(kinds.into_iter().zip(types.into_iter().map(|name| vec![name])));
            }
        }
    }
    for kind in KINDS {
        let row = kind.row();
        let mut known: Vec<&str> =
            [Some(row.event), row.other_event].into_iter().flatten().collect();
        let mut found = documented.remove(kind.as_str()).unwrap_or_default();
        known.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, known, "{}", kind.as_str());
    }
    assert!(documented.is_empty(), "{documented:?}");
}
