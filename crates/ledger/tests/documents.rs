//! The table of kinds and the documents that show it.

use std::collections::BTreeMap;

use ledger::KINDS;

const LEDGER: &str = include_str!("../../../docs/reference/ledger.md");
const EVENTS: &str = include_str!("../../../docs/reference/events.md");

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
    for row in table(LEDGER, "| Kind | Points | Contra account |") {
        for kind in words(row[0]) {
            let account = words(row[2]).first().copied();
            assert_eq!(documented.insert(kind, account), None, "{kind} is there twice");
        }
    }
    let known = KINDS.map(|kind| (kind.as_str(), kind.contra_account()));
    assert_eq!(documented, BTreeMap::from(known));
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
    let mut documented: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in table(EVENTS, "| Entry kind (`kinds`) | Type |") {
        let (kinds, types) = (words(row[0]), words(row[1]));
        let subject = types[0].split('.').next().unwrap();
        // Types of one subject are shortened: `adjustment.requested`, `.approved`.
        let types = types.iter().map(|name| match name.strip_prefix('.') {
            Some(rest) => format!("{subject}.{rest}"),
            None => (*name).to_owned(),
        });
        let types: Vec<String> = types.collect();
        // Several kinds have a type each, and one kind may have several.
        for (at, name) in types.into_iter().enumerate() {
            let kind = kinds.get(at).or(kinds.last()).unwrap();
            documented.entry(kind).or_default().push(name);
        }
    }
    for kind in KINDS {
        let row = kind.row();
        let mut known: Vec<String> =
            [Some(row.event), row.other_event].into_iter().flatten().map(str::to_owned).collect();
        let mut found = documented.remove(kind.as_str()).unwrap_or_default();
        known.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, known, "{}", kind.as_str());
    }
    assert!(documented.is_empty(), "{documented:?}");
}
