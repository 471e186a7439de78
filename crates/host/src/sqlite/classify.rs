//! Which thread a statement belongs to. Transaction control, DDL and PRAGMA are known by their first word; of the rest SQLite itself
//! knows whether they write (`sqlite3_stmt_readonly`), so a reader finds out once for each text and the answer is kept.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Not met yet: a reader prepares it and finds out.
    Unknown,
    Read,
    Write,
    /// Must have the connection to itself.
    Alone,
}

/// More texts than an application has: guests that build SQL text make the table start again, not grow.
const MOST_TEXTS: usize = 4096;

/// What is known of each statement text.
#[derive(Default)]
pub struct Classes(RwLock<HashMap<Arc<str>, Class, foldhash::fast::RandomState>>);

impl Classes {
    /// The class, and the text in its shared form when it is known.
    pub fn of(&self, sql: String) -> (Class, Arc<str>) {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, class)) = table.get_key_value(sql.as_str()) {
            return (*class, text.clone());
        }
        (if is_alone(&sql) { Class::Alone } else { Class::Unknown }, sql.into())
    }

    /// Remembers what SQLite said.
    pub fn learn(&self, sql: Arc<str>, class: Class) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST_TEXTS {
            table.clear();
        }
        table.insert(sql, class);
    }
}

/// Whether a statement changes the schema, the connection or the transaction.
fn is_alone(sql: &str) -> bool {
    const WORDS: [&str; 15] = [
        "alter",
        "analyze",
        "attach",
        "begin",
        "commit",
        "create",
        "detach",
        "drop",
        "end",
        "pragma",
        "reindex",
        "release",
        "rollback",
        "savepoint",
        "vacuum",
    ];
    let rest = skip_comments(sql);
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    rest.get(..end).is_some_and(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

fn skip_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest;
        };
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words() {
        for (sql, alone) in [
            ("SELECT 1", false),
            ("insert into t values (1)", false),
            ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", false),
            ("beginning", false),
            ("BEGIN", true),
            ("  begin immediate", true),
            ("-- migration 3\n/* why */ CREATE TABLE t (x)", true),
            (";PRAGMA user_version", true),
            ("commit;", true),
            ("-- only a comment", false),
            ("", false),
        ] {
            assert_eq!(is_alone(sql), alone, "{sql}");
        }
    }

    #[test]
    fn learns_and_forgets() {
        let classes = Classes::default();
        assert_eq!(classes.of("SELECT 1".into()).0, Class::Unknown);
        classes.learn("SELECT 1".into(), Class::Read);
        assert_eq!(classes.of("SELECT 1".into()).0, Class::Read);
        for number in 0..MOST_TEXTS {
            classes.learn(format!("SELECT {number}, 2").into(), Class::Read);
        }
        assert_eq!(classes.of("SELECT 1".into()).0, Class::Unknown);
    }
}
