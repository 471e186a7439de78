//! What requests cost, counted instead of timed: the same on each machine, busy or not. Each count
//! is compared with its line in gates.txt, and may differ by 5 %.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

mod allocations;
mod counted;
mod scenario;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use allocations::so_far;
use counted::Counted;
use rusqlite::config::DbConfig;
use scenario::{DUE_MEMBERS, EVENTS, Shop};
use store::Native;

const EXPECTED: &str = include_str!("gates.txt");
const HEADER: &str = "# What requests cost, by tests/gates.rs. After a change that is meant: cargo xtask bench --gates --accept\n";
const RENEW: &str = "cargo xtask bench --gates --accept";
/// A file that the counts are written to instead of being compared.
const OUTPUT: &str = "ACCRUE_GATES";
/// What a count may differ by, of what is expected.
const TOLERANCE: f64 = 0.05;
/// Postings of each group size.
const POSTINGS: usize = 256;
const MEMBERS: usize = 1000;
/// Entries of a member, each with an open lot, before anything is measured.
const LOTS: usize = 10;
const GROUPS: [usize; 4] = [1, 16, 32, 64];

/// The names of the counts and their values, in order.
type Counts = Vec<(String, f64)>;

#[test]
fn requests_cost_what_is_expected() {
    let measured = measure();
    if let Some(file) = std::env::var_os(OUTPUT) {
        fs::write(file, written(&measured)).unwrap();
        return;
    }
    let faults = differences(&measured, EXPECTED);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Stock Spin does not ask SQLite for stable plans.
#[test]
fn nothing_is_prepared_anew_without_stable_plans() {
    let shop = Shop::new(Native::in_memory().unwrap(), 200, Counted::new);
    let connection = shop.sql.native.connection();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, false).unwrap();
    shop.seed(4);
    for kind in KINDS {
        (kind.run)(&shop, 1);
    }
    shop.sql.take();
    for kind in KINDS {
        (kind.run)(&shop, 2);
        let prepared = shop.sql.take().prepared;
        assert!(prepared.is_empty(), "{}: {prepared:#?}", kind.name);
    }
}

/// `cargo xtask bench --instructions` runs it under callgrind, which writes what was executed since
/// the last mark: first the set-up, then what `ORDER` in xtask/src/bench/instructions.rs names.
#[test]
#[ignore = "is run under callgrind"]
fn requests_between_marks() {
    const REQUESTS: std::ops::Range<usize> = 1..65;
    let file = File::new();
    let shop = Shop::new(Native::open(&file.0).unwrap(), 100, std::convert::identity);
    let connection = shop.sql.connection();
    connection.execute_batch("PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0").unwrap();
    shop.seed(4);
    let kinds: [&dyn Fn(usize); 4] = [
        &|at| shop.load_for_earn(shop.any_member(at)),
        &|at| shop.earn(shop.any_member(at)),
        &|at| shop.redeem(shop.any_member(at)),
        &|at| shop.balance(shop.any_member(at)),
    ];
    kinds.iter().for_each(|run| run(0));
    mark();
    for run in kinds {
        REQUESTS.for_each(run);
        mark();
    }
    let entries = "SELECT count(*) FROM entry";
    let entries: i64 = shop.sql.connection().query_row(entries, [], |row| row.get(0)).unwrap();
    assert_eq!(entries, 4 * 100 + 2 * 65);
}

/// Callgrind knows it by its name.
#[inline(never)]
fn mark() {
    std::hint::black_box(());
}

#[test]
fn a_count_may_differ_by_a_twentieth() {
    let expected = "# words\nearn.steps 400\nwal.frames 4.50\nnone 0\n";
    let with = |steps, frames, none| {
        let all = [("earn.steps", steps), ("wal.frames", frames), ("none", none)];
        all.map(|(name, value)| (name.to_owned(), value)).to_vec()
    };
    for (measured, faults) in [
        (with(420.0, 4.3, 0.0), vec![]),
        (with(421.0, 4.5, 0.0), vec!["earn.steps: 421 instead of 400"]),
        (with(400.0, 4.2, 0.0), vec!["wal.frames: 4.20 instead of 4.50"]),
        (with(400.0, 4.5, 1.0), vec!["none: 1 instead of 0"]),
        (with(400.0, 4.5, 0.0).split_off(1), vec!["earn.steps: is not counted any more"]),
        (
            [with(400.0, 4.5, 0.0), vec![("more".to_owned(), 1.0)]].concat(),
            vec!["more: 1, and gates.txt does not have it"],
        ),
    ] {
        let found = differences(&measured, expected);
        assert_eq!(found.len(), faults.len(), "{found:?}");
        for (found, start) in found.iter().zip(faults) {
            assert!(found.starts_with(start) && found.contains(RENEW), "{found}");
        }
    }
    assert_eq!(differences(&with(400.0, 4.5, 0.0), &written(&with(400.0, 4.5, 0.0))), [""; 0]);
}

struct Kind {
    name: &'static str,
    /// Runs one request.
    run: fn(&Shop, usize),
    /// How many are measured; the count is their mean.
    requests: u32,
}

const KINDS: [Kind; 6] = [
    Kind { name: "earn", run: |shop, at| shop.earn(shop.any_member(at)), requests: 32 },
    Kind { name: "first_earn", run: |shop, at| shop.earn(shop.members + at), requests: 32 },
    Kind { name: "redeem", run: |shop, at| shop.redeem(shop.any_member(at)), requests: 32 },
    Kind {
        name: "hold_and_capture",
        run: |shop, at| shop.hold_and_capture(shop.any_member(at)),
        requests: 32,
    },
    Kind { name: "balance", run: |shop, at| shop.balance(shop.any_member(at)), requests: 32 },
    Kind {
        name: "bulk_of_500",
        run: |shop, at| shop.bulk((at..at + EVENTS).map(|at| shop.any_member(at))),
        requests: 1,
    },
];

/// Comes last, as it is a year later.
const NIGHT: Kind = Kind {
    name: "night_of_250",
    run: |shop, at| {
        let first = at * DUE_MEMBERS;
        shop.night((first..first + DUE_MEMBERS).map(|at| shop.any_member(at)));
    },
    requests: 3,
};

fn measure() -> Counts {
    let file = File::new();
    let shop = Shop::new(Native::open(&file.0).unwrap(), MEMBERS, Counted::new);
    // Syncs take time, and nothing here depends on them.
    shop.sql.native.connection().execute_batch("PRAGMA synchronous=OFF").unwrap();
    shop.seed(LOTS);
    let mut counts = vec![("database.bytes_per_entry".to_owned(), bytes_per_entry(&shop))];
    shop.sql.native.connection().execute_batch("PRAGMA wal_autocheckpoint=0").unwrap();
    counts.extend(KINDS.iter().flat_map(|kind| of_kind(&shop, kind)));
    for size in GROUPS {
        let bytes = log_bytes(&shop, &file, size) / to_f64(POSTINGS);
        counts.push((format!("log.groups_of_{size}.frames"), bytes / frame_bytes(&shop)));
        counts.push((format!("log.groups_of_{size}.bytes"), bytes));
    }
    counts.extend(of_kind(&shop, &NIGHT));
    counts
}

/// The counts of one request.
fn of_kind(shop: &Shop, kind: &Kind) -> Counts {
    // Compiles the statements.
    (kind.run)(shop, 0);
    shop.sql.take();
    let before = so_far();
    for at in 1..=kind.requests {
        (kind.run)(shop, usize::try_from(at).unwrap());
    }
    let allocated = so_far() - before;
    let counted = shop.sql.take();
    assert!(counted.prepared.is_empty(), "{}: {:#?}", kind.name, counted.prepared);
    [
        ("load.steps", counted.loads.steps),
        ("load.pages", counted.loads.pages),
        ("load.temporary_tables", counted.loads.temporary_tables),
        ("write.steps", counted.writes.steps),
        ("write.pages", counted.writes.pages),
        ("write.temporary_tables", counted.writes.temporary_tables),
        ("statements", counted.statements),
        ("sql_bytes", counted.sql_bytes),
        ("parameter_bytes", counted.parameter_bytes),
        ("allocations", allocated.count),
        ("allocated_bytes", allocated.bytes),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(what, count)| {
        (format!("{}.{what}", kind.name), to_f64(count) / f64::from(kind.requests))
    })
    .collect()
}

fn bytes_per_entry(shop: &Shop) -> f64 {
    let number = |question: &str| -> f64 {
        shop.sql.native.connection().query_row(question, [], |row| row.get(0)).unwrap()
    };
    number(
        "SELECT p.page_count * s.page_size * 1.0 FROM pragma_page_count AS p, pragma_page_size AS s",
    ) / number("SELECT count(*) * 1.0 FROM entry")
}

fn frame_bytes(shop: &Shop) -> f64 {
    let page = "SELECT page_size * 1.0 FROM pragma_page_size";
    let page: f64 = shop.sql.native.connection().query_row(page, [], |row| row.get(0)).unwrap();
    page + 24.0
}

/// Writes postings in groups, each in one transaction as the host's writer does, and tells how much
/// of a log that was empty they take.
fn log_bytes(shop: &Shop, file: &File, size: usize) -> f64 {
    let run = |statements| shop.sql.native.connection().execute_batch(statements).unwrap();
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    for group in 0..POSTINGS / size {
        run("BEGIN IMMEDIATE");
        (0..size).for_each(|at| shop.earn(shop.any_member(group * size + at)));
        run("COMMIT");
    }
    // The log begins with 32 bytes of its own.
    to_f64(fs::metadata(file.log()).unwrap().len() - 32)
}

fn to_f64(number: impl TryInto<u32, Error: std::fmt::Debug>) -> f64 {
    number.try_into().unwrap().into()
}

/// A database file of this run, which goes when it is dropped.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        let file = Self(
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gates-{}.db", std::process::id())),
        );
        file.remove();
        file
    }

    fn log(&self) -> PathBuf {
        self.0.with_extension("db-wal")
    }

    fn remove(&self) {
        for extension in ["db", "db-wal", "db-shm"] {
            fs::remove_file(self.0.with_extension(extension)).ok();
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Whole numbers where they are large, so that few lines change when little does.
fn shown(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn written(counts: &Counts) -> String {
    counts.iter().fold(HEADER.to_owned(), |mut text, (name, value)| {
        writeln!(text, "{name} {}", shown(*value)).unwrap();
        text
    })
}

/// What is not as expected: name, value, expectation, and what to do about it.
fn differences(measured: &Counts, expected: &str) -> Vec<String> {
    let mut expected: BTreeMap<&str, f64> = expected
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect();
    let difference = |(name, value): &(String, f64)| {
        let Some(expected) = expected.remove(name.as_str()) else {
            let value = shown(*value);
            return Some(format!(
                "{name}: {value}, and gates.txt does not have it. Write it with `{RENEW}`"
            ));
        };
        if (value - expected).abs() <= expected * TOLERANCE {
            return None;
        }
        let what_to_do = if *value > expected {
            format!("Find what costs more. If it is worth it: `{RENEW}`")
        } else {
            format!("Keep the gain: `{RENEW}`")
        };
        let (value, share) = (shown(*value), (value / expected - 1.0) * 100.0);
        Some(format!(
            "{name}: {value} instead of {} ({share:+.1} %). {what_to_do}",
            shown(expected)
        ))
    };
    let mut found: Vec<String> = measured.iter().filter_map(difference).collect();
    found.extend(
        expected
            .keys()
            .map(|name| format!("{name}: is not counted any more. Drop it with `{RENEW}`")),
    );
    found
}
