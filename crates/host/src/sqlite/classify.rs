//! Decides which thread runs a statement. Its first word identifies transaction control, DDL and
//! PRAGMA. For other statements SQLite knows whether they write (`sqlite3_stmt_readonly`), so a
//! reader asks it once for each text and keeps the answer. A read that stays quick runs inline on
//! the calling thread: handing it to another thread would cost more than running it.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering},
    },
    time::Duration,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Not seen yet: a reader prepares it and finds out.
    Unknown,
    Read,
    Write,
    /// Must have the connection to itself.
    Alone,
}

/// More texts than an application has. For guests that build SQL text the table starts over instead
/// of growing.
const MAX_TEXTS: usize = 4096;
/// A quick run takes less than this and counts one. A slower run counts four against the read.
const QUICK: Duration = Duration::from_micros(150);
const QUICK_RUNS_NEEDED: u32 = 16;
/// An inline read that takes longer goes back to the threads, and needs more quick runs to return.
const NOT_QUICK: Duration = Duration::from_millis(2);
const QUICK_RUNS_NEEDED_AGAIN: u32 = 256;
/// A statement that completed in less is trusted while its component pays for another one.
const MAX_SHORT_TIME: Duration = Duration::from_millis(50);
/// Longer texts are not kept, nor more than this many bytes in all.
const MAX_KEPT_LENGTH: usize = 16 * 1024;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// One statement text and its record.
pub struct Text {
    pub sql: Box<str>,
    class: AtomicU8,
    /// Quick runs that are still missing.
    quick_runs_missing: AtomicU32,
    /// A run completed within a moment, and none was stopped since.
    is_proven: AtomicBool,
    /// A run had to be stopped on a thread for short statements.
    is_long: AtomicBool,
    /// Whether connections keep it prepared: 0 not known yet, 1 yes, 2 no.
    is_kept: AtomicU8,
}

impl Text {
    pub fn new(sql: String, class: Class) -> Self {
        Self {
            sql: sql.into(),
            class: AtomicU8::new(class as u8),
            quick_runs_missing: AtomicU32::new(QUICK_RUNS_NEEDED),
            is_proven: AtomicBool::new(false),
            is_long: AtomicBool::new(false),
            is_kept: AtomicU8::new(0),
        }
    }

    pub fn class(&self) -> Class {
        match self.class.load(Ordering::Relaxed) {
            1 => Class::Read,
            2 => Class::Write,
            3 => Class::Alone,
            _ => Class::Unknown,
        }
    }

    /// Records the class that SQLite reported.
    pub fn learn(&self, class: Class) {
        self.class.store(class as u8, Ordering::Relaxed);
    }

    /// Whether a run has shown that the statement is short.
    pub fn is_proven(&self) -> bool {
        self.is_proven.load(Ordering::Relaxed)
    }

    pub fn is_long(&self) -> bool {
        self.is_long.load(Ordering::Relaxed)
    }

    /// Records a completed run.
    pub fn record_completion(&self, time: Duration) {
        if time < MAX_SHORT_TIME {
            self.is_proven.store(true, Ordering::Relaxed);
        }
    }

    /// Records a run that had to be stopped.
    pub fn record_stop(&self) {
        self.is_proven.store(false, Ordering::Relaxed);
    }

    /// Sends the read to the threads for long reads from now on.
    pub fn mark_long(&self) {
        self.record_stop();
        self.is_long.store(true, Ordering::Relaxed);
    }

    /// Sends a read that turned out to be short back to the usual threads.
    pub fn mark_short(&self) {
        self.is_long.store(false, Ordering::Relaxed);
    }

    /// Whether connections keep it prepared. Measuring a program takes longer than running it, so
    /// that is done once.
    pub fn is_worth_keeping(&self, measure: impl FnOnce() -> bool) -> bool {
        let known = self.is_kept.load(Ordering::Relaxed);
        if known != 0 {
            return known == 1;
        }
        let is_kept = self.sql.len() <= MAX_KEPT_LENGTH && measure();
        self.is_kept.store(if is_kept { 1 } else { 2 }, Ordering::Relaxed);
        is_kept
    }

    /// Whether it may run inline on the calling thread.
    pub fn is_quick(&self) -> bool {
        self.quick_runs_missing.load(Ordering::Relaxed) == 0 && self.class() == Class::Read
    }

    /// Records how long a read took.
    pub fn record_time(&self, time: Duration) {
        let quick_runs_missing = self.quick_runs_missing.load(Ordering::Relaxed);
        let now = match quick_runs_missing {
            0 if time > NOT_QUICK => QUICK_RUNS_NEEDED_AGAIN,
            0 => return,
            _ if time > QUICK => quick_runs_missing.saturating_add(4).min(QUICK_RUNS_NEEDED_AGAIN),
            _ => quick_runs_missing.saturating_sub(1),
        };
        self.quick_runs_missing.store(now, Ordering::Relaxed);
    }
}

/// The texts seen so far.
#[derive(Default)]
pub struct Texts(RwLock<Known>);

#[derive(Default)]
struct Known {
    texts: HashMap<Box<str>, Arc<Text>, foldhash::fast::RandomState>,
    bytes: usize,
}

impl Texts {
    /// The record of this text.
    pub fn of(&self, sql: String) -> Arc<Text> {
        if let Some(text) =
            self.0.read().unwrap_or_else(PoisonError::into_inner).texts.get(sql.as_str())
        {
            return text.clone();
        }
        let class = if is_alone(&sql) { Class::Alone } else { Class::Unknown };
        let text = Arc::new(Text::new(sql, class));
        if text.sql.len() > MAX_KEPT_LENGTH {
            return text;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.texts.len() >= MAX_TEXTS || known.bytes > MAX_BYTES {
            *known = Known::default();
        }
        known.bytes = known.bytes.saturating_add(text.sql.len());
        known.texts.insert(text.sql.clone(), text.clone());
        text
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
    fn statements_that_run_alone_are_found_by_their_first_word() {
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
    fn texts_are_remembered_up_to_a_max() {
        let texts = Texts::default();
        assert_eq!(texts.of("SELECT 1".into()).class(), Class::Unknown);
        texts.of("SELECT 1".into()).learn(Class::Read);
        assert_eq!(texts.of("SELECT 1".into()).class(), Class::Read);
        for number in 0..MAX_TEXTS {
            texts.of(format!("SELECT {number}, 2"));
        }
        assert_eq!(texts.of("SELECT 1".into()).class(), Class::Unknown);
    }

    #[test]
    fn quick_reads_prove_themselves() {
        let (short, long) = (Duration::from_micros(20), Duration::from_millis(5));
        let text = Text::new("SELECT 1".into(), Class::Read);
        let run = |time, times| (0..times).for_each(|_| text.record_time(time));
        run(short, QUICK_RUNS_NEEDED - 1);
        assert!(!text.is_quick());
        run(long, 1);
        run(short, 4);
        assert!(!text.is_quick(), "a slow run weighs against it");
        run(short, 1);
        assert!(text.is_quick());
        run(Duration::from_micros(500), 5);
        assert!(text.is_quick(), "a little late now and then is no harm");
        run(long, 1);
        run(short, QUICK_RUNS_NEEDED_AGAIN - 1);
        assert!(!text.is_quick(), "it lost the trust");
        run(short, 1);
        assert!(text.is_quick());
        text.learn(Class::Write);
        run(short, 1);
        assert!(!text.is_quick());
    }
}
