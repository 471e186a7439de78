//! Rules for SQL: only in `.sql` files of the store, one statement per query, every file in use.

use super::Fault;
use super::rust::{self, PieceKind};
use super::tree::{File, Tree};
use anyhow::Result;

const QUERIES: &str = "crates/store/queries/";
const MIGRATIONS: &str = "crates/store/migrations/";

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let mut faults: Vec<Fault> = tree.has_extension("rs").flat_map(literals).collect();
    for file in tree.has_extension("sql") {
        faults.extend(statements(file));
        faults.extend(unused(tree, file));
        faults.extend(bound_limits(file));
        faults.extend(replacements(file));
    }
    Ok(faults)
}

/// SQL in a string literal outside of the allowed folder.
fn literals(file: &File) -> Vec<Fault> {
    let exempt = file.is_test()
        || ["crates/store/", "crates/host/"].iter().any(|place| file.path.starts_with(place));
    if exempt {
        return Vec::new();
    }
    rust::pieces(rust::without_tests(&file.text))
        .iter()
        .filter(|piece| piece.kind == PieceKind::Literal && is_sql(piece.text))
        .map(|piece| {
            let remedy = "move it to a .sql file under crates/store and call it from there";
            Fault::new(&file.path, piece.line, "SQL outside the store", remedy)
        })
        .collect()
}

/// Checks the first words, so that a sentence that starts with "Update" or "With" is not taken for
/// SQL.
fn is_sql(literal: &str) -> bool {
    let mut words = literal.split_whitespace();
    let first = words.next().unwrap_or_default();
    let (second, any) = (words.next().unwrap_or_default().to_lowercase(), literal.to_lowercase());
    let has = |word: &str| any.split_whitespace().any(|other| other == word);
    match first.to_lowercase().as_str() {
        "select" => !second.is_empty() && (first == "SELECT" || has("from")),
        "insert" | "replace" => matches!(second.as_str(), "into" | "or"),
        "update" => has("set"),
        "delete" => second == "from",
        "with" => has("as") && has("select"),
        "pragma" => !second.is_empty(),
        "create" | "alter" | "drop" => {
            matches!(
                second.as_str(),
                "table" | "index" | "unique" | "view" | "trigger" | "temp" | "temporary"
            )
        }
        _ => false,
    }
}

fn statements(file: &File) -> Option<Fault> {
    if !file.path.starts_with(QUERIES) {
        return None;
    }
    let count = count_statements(&file.text);
    (count != 1).then(|| {
        let remedy = "split it: further statements would be ignored without a word";
        Fault::new(&file.path, 1, format!("{count} statements in a query file"), remedy)
    })
}

/// If no Rust file of the store names a file, it is dead, or a migration that never runs.
fn unused(tree: &Tree, file: &File) -> Option<Fault> {
    let store = file.path.starts_with(QUERIES) || file.path.starts_with(MIGRATIONS);
    let name = file.path.trim_start_matches("crates/store/").trim_end_matches(".sql");
    let name = format!("statement!(\"{name}\")");
    let named = tree
        .has_extension("rs")
        .any(|source| source.path.starts_with("crates/store/") && source.text.contains(&name));
    (store && !named).then(|| {
        let remedy = "list it (statement!) in crates/store/src, or delete it";
        Fault::new(&file.path, 1, "no file of crates/store names it", remedy)
    })
}

/// SQLite plans by a bound LIMIT. It then prepares the statement anew at every call, which takes
/// longer than running it.
fn bound_limits(file: &File) -> Vec<Fault> {
    let words =
        |line: &str| line.to_ascii_uppercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let found = |(_, line): &(usize, &str)| {
        let line = words(line.split("--").next().unwrap_or_default());
        line.contains("LIMIT ?") || line.ends_with("LIMIT")
    };
    let remedy = "write LIMIT (SELECT ?n), on one line";
    let fault =
        |(number, _): (usize, &str)| Fault::new(&file.path, number + 1, "a bound LIMIT", remedy);
    file.text.lines().enumerate().filter(found).map(fault).collect()
}

/// What replaces a row takes it away without firing the triggers that forbid it.
fn replacements(file: &File) -> Vec<Fault> {
    let found = |(_, line): &(usize, &str)| {
        let line = line.split("--").next().unwrap_or_default().to_ascii_uppercase();
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_replaced = |pair: &[&str]| matches!(pair, ["OR", "REPLACE"] | ["REPLACE", "INTO"]);
        words.windows(2).any(is_replaced)
    };
    let remedy = "write ON CONFLICT DO UPDATE, which fires the triggers of the row";
    let fault =
        |(number, _): (usize, &str)| Fault::new(&file.path, number + 1, "a REPLACE", remedy);
    file.text.lines().enumerate().filter(found).map(fault).collect()
}

/// Counts statements that contain anything but comments.
fn count_statements(text: &str) -> usize {
    let mut bare = String::new();
    let mut quote = None;
    for line in text.lines() {
        let mut rest = line.chars().peekable();
        while let Some(next) = rest.next() {
            match quote {
                Some(open) if next == open => quote = None,
                None if next == '-' && rest.peek() == Some(&'-') => break,
                None if matches!(next, '\'' | '"' | '`') => quote = Some(next),
                _ => {}
            }
            let separates = next == ';' && quote.is_none();
            bare.push(if separates {
                '\0'
            } else if next == '\0' {
                ' '
            } else {
                next
            });
        }
        bare.push('\n');
    }
    bare.split('\0').filter(|statement| !statement.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_limit_is_found() {
        for (sql, faults) in [
            ("SELECT 1 LIMIT ?1", 1),
            ("SELECT 1\nlimit  ?2", 1),
            ("SELECT 1 LIMIT\n?2", 1),
            ("SELECT 1 LIMIT (SELECT ?1)", 0),
            ("SELECT 1 LIMIT 20", 0),
            ("-- LIMIT ?1\nSELECT 1", 0),
        ] {
            let file = File { path: "crates/store/queries/x.sql".into(), text: sql.into() };
            assert_eq!(bound_limits(&file).len(), faults, "{sql}");
        }
    }

    #[test]
    fn a_replacement_is_found() {
        for (sql, faults) in [
            ("REPLACE INTO claim VALUES (1)", 1),
            ("insert  or replace into claim VALUES (1)", 1),
            ("-- INSERT OR REPLACE takes rows away\nSELECT replace('a', 'b', 'c')", 0),
        ] {
            let file = File { path: "crates/store/queries/x.sql".into(), text: sql.into() };
            assert_eq!(replacements(&file).len(), faults, "{sql}");
        }
    }

    #[test]
    fn sentences_are_not_taken_for_sql() {
        for (literal, expected) in [
            ("SELECT 1", true),
            ("select id from lot", true),
            ("Select a zone", false),
            ("Update the rulebook first", false),
            ("UPDATE lot SET remaining = 0", true),
            ("insert into posting values (1)", true),
            ("insert", false),
            ("\n  WITH due AS (SELECT 1) SELECT * FROM due", true),
            ("with care", false),
            ("delete from lot", true),
            ("create table lot (id)", true),
            ("create a key", false),
        ] {
            assert_eq!(is_sql(literal), expected, "{literal}");
        }
    }

    #[test]
    fn statements_are_counted_without_comments_and_quotes() {
        for (text, expected) in [
            ("SELECT 1", 1),
            ("-- a; b\nSELECT ';';\n", 1),
            ("SELECT 1; SELECT 2;", 2),
            ("-- nothing", 0),
        ] {
            assert_eq!(count_statements(text), expected, "{text}");
        }
    }

    #[test]
    fn sql_is_allowed_in_the_store_and_in_tests_only() {
        let text = "fn f() { run(\"DELETE FROM lot\"); }";
        for (path, expected) in [
            ("crates/ledger/src/a.rs", 1),
            ("components/earn/src/lib.rs", 1),
            ("crates/store/src/a.rs", 0),
            ("tests/src/a.rs", 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).unwrap().len(), expected, "{path}");
        }
    }

    #[test]
    fn a_migration_that_is_not_listed_is_found() {
        let tree = Tree::of(&[
            ("crates/store/migrations/0001_a.sql", "CREATE TABLE a (b); CREATE TABLE c (d)"),
            ("crates/store/migrations/0002_b.sql", "CREATE TABLE b (b)"),
            ("crates/store/src/migrations.rs", "statement!(\"migrations/0001_a\")"),
        ]);
        let faults = check(&tree).unwrap();
        assert_eq!(
            faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(),
            [MIGRATIONS.to_owned() + "0002_b.sql"]
        );
    }
}
