//! Statements that want more than their share, on a database with all its threads: how each ends,
//! and how it affects the others.

use super::{Bounds, Database, Error, RequestState, Rows, Session, Value, budget::Stop};
use crate::metrics::Metrics;
use futures::future::join_all;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const MIB: usize = 1024 * 1024;
const BOUNDS: Bounds = Bounds {
    read_time: Duration::from_secs(2),
    write_time: Duration::from_millis(500),
    statement_bytes: 48 * MIB,
    file_bytes: 64 * MIB as u64,
};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
const ENDLESS_INSERT: &str = "INSERT INTO t (x) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

fn database() -> (Database, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let metrics = Metrics::new().database("test");
    let database =
        Database::open(&folder.path().join("test.db"), "test", 2, BOUNDS, metrics).unwrap();
    (database, folder)
}

async fn with_table() -> (Database, tempfile::TempDir) {
    let (database, folder) = database();
    run(&database.session(), "CREATE TABLE t (id INTEGER PRIMARY KEY, x)").await.unwrap();
    (database, folder)
}

async fn run(session: &Session, sql: &str) -> Result<Rows, Error> {
    bound(session, sql, Vec::new()).await
}

async fn bound(session: &Session, sql: &str, values: Vec<Value>) -> Result<Rows, Error> {
    session.execute(sql.to_owned(), values, &Arc::default()).await
}

async fn count(database: &Database) -> i64 {
    match run(&database.session(), "SELECT count(*) FROM t").await.unwrap().rows[0][0] {
        Value::Integer(count) => count,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_read_without_end_is_stopped() {
    let (database, _folder) = database();
    let started = Instant::now();
    let outcome = run(&database.session(), ENDLESS).await;
    assert_eq!(outcome, Err(Error::Stopped(Stop::OutOfTime(BOUNDS.read_time))));
    assert!(started.elapsed() < 2 * BOUNDS.read_time, "{:?}", started.elapsed());
}

/// Reads without end have a thread of their own; components that behaved have the others.
#[tokio::test]
async fn a_read_without_end_leaves_the_usual_threads_to_others() {
    let (database, _folder) = database();
    let attacker = database.for_another();
    let stopped = Err(Error::Stopped(Stop::OutOfTime(BOUNDS.read_time)));
    assert!(!attacker.usage.has_endless_reads());
    assert_eq!(run(&attacker.session(), ENDLESS).await, stopped);
    assert!(attacker.usage.has_endless_reads() && !database.usage.has_endless_reads());
    // Still served, on the idle thread.
    assert_eq!(run(&attacker.session(), ENDLESS).await, stopped);
}

#[tokio::test]
async fn a_long_read_that_ends_is_answered() {
    let (database, _folder) = database();
    let long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT count(*) FROM n";
    for _ in 0..2 {
        let rows = bound(&database.session(), long, vec![Value::Integer(2_000_000)]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(2_000_000)]]);
    }
    let rows = bound(&database.session(), long, vec![Value::Integer(3)]).await.unwrap();
    assert_eq!(rows.rows, [[Value::Integer(3)]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_reads_do_not_delay_the_reads_of_others() {
    let (database, _folder) = with_table().await;
    let attacker = database.for_another();
    let attacks: Vec<_> = (0..100)
        .map(|number| {
            let (session, sql) = (attacker.session(), format!("{ENDLESS} -- {number}"));
            tokio::spawn(async move { run(&session, &sql).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut slowest = Duration::ZERO;
    for number in 0..50 {
        let started = Instant::now();
        // A new text, so it has to take a thread like those of the attacker.
        let rows = run(&database.session(), &format!("SELECT {number}")).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(number)]]);
        slowest = slowest.max(started.elapsed());
    }
    assert!(slowest < Duration::from_millis(1500), "{slowest:?}");
    // A report finds a thread, too.
    let report = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n";
    run(&database.session(), report).await.unwrap();
    assert!(
        attacks.iter().any(|attack| !attack.is_finished()),
        "the attack was over too soon to tell"
    );
    for attack in attacks {
        attack.abort();
    }
}

#[tokio::test]
async fn an_endless_write_does_not_harm_its_group() {
    let (database, _folder) = with_table().await;
    let attacker = database.for_another();
    let outcomes = join_all((0..60).map(|number| {
        let (database, attacker) = (&database, &attacker);
        async move {
            if number == 30 {
                return run(&attacker.session(), ENDLESS_INSERT).await;
            }
            bound(
                &database.session(),
                "INSERT INTO t (id, x) VALUES (?1, 'mine')",
                vec![Value::Integer(number)],
            )
            .await
        }
    }))
    .await;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match number {
            30 => assert_eq!(outcome, Err(Error::Stopped(Stop::OutOfTime(BOUNDS.write_time)))),
            _ => assert_eq!(outcome.unwrap().changes, 1, "{number}"),
        }
    }
    assert_eq!(count(&database).await, 59, "nothing of the endless one is left");
}

#[tokio::test]
async fn a_write_that_fills_the_file_does_not_harm_its_group() {
    let (database, _folder) = with_table().await;
    let fills = "INSERT INTO t (x) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) \
                 SELECT zeroblob(5000000) FROM n";
    let outcomes = join_all((0..20).map(|number| {
        let database = &database;
        async move {
            run(
                &database.session(),
                if number == 10 { fills } else { "INSERT INTO t (x) VALUES (1)" },
            )
            .await
        }
    }))
    .await;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome.err(), (number == 10).then_some(Error::Full), "{number}");
    }
    assert_eq!(count(&database).await, 19);
}

#[tokio::test]
async fn a_stopped_component_may_write_again_after_its_penalty() {
    let (database, _folder) = with_table().await;
    let session = database.session();
    run(&session, "INSERT INTO t (x) VALUES (1)").await.unwrap();
    assert!(matches!(run(&session, ENDLESS_INSERT).await, Err(Error::Stopped(_))));
    // A statement that has proved short goes on at once; an unproven one waits.
    run(&session, "INSERT INTO t (x) VALUES (1)").await.unwrap();
    let refused = run(&session, "INSERT INTO t (x) VALUES (2)").await;
    assert!(
        matches!(&refused, Err(Error::Refused(message)) if message.contains("busy")),
        "{refused:?}"
    );
    let started = Instant::now();
    while run(&session, "INSERT INTO t (x) VALUES (2)").await.is_err() {
        assert!(started.elapsed() < 60 * BOUNDS.write_time, "it is refused for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Nineteen times the time of the stopped statement, less that of the first two.
    assert!(started.elapsed() > 18 * BOUNDS.write_time, "{:?}", started.elapsed());
}

#[tokio::test]
async fn ddl_and_transactions_without_end_are_stopped() {
    let (database, _folder) = with_table().await;
    let attacker = database.for_another();
    let started = Instant::now();
    let table = format!("CREATE TABLE u AS {ENDLESS}");
    assert!(matches!(
        run(&attacker.session(), &table).await,
        Err(Error::Stopped(Stop::OutOfTime(_)))
    ));
    run(&database.session(), "INSERT INTO t (x) VALUES (1)").await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    let open = database.for_another().session();
    run(&open, "BEGIN IMMEDIATE").await.unwrap();
    let waiting = {
        let session = database.session();
        tokio::spawn(async move { run(&session, "INSERT INTO t (x) VALUES (1)").await })
    };
    // A transaction that is never idle and never done.
    let started = Instant::now();
    let end = loop {
        let outcome = run(&open, "INSERT INTO t (x) VALUES (3)").await;
        if outcome.is_err() || started.elapsed() > Duration::from_secs(5) {
            break outcome;
        }
    };
    assert!(end.is_err(), "the transaction goes on for ever");
    waiting.await.unwrap().unwrap();
    assert_eq!(count(&database).await, 2);
}

#[tokio::test]
async fn memory_is_bounded_by_statement() {
    let (database, _folder) = with_table().await;
    let session = database.session();
    let bombs = [
        "SELECT hex(randomblob(400000000))",
        "SELECT zeroblob(2000000000)",
        "SELECT printf('%*d', 1000000000, 1)",
        "SELECT printf('%.*c', 1000000000, 'x')",
        "SELECT hex(hex(hex(hex(hex(zeroblob(1000000))))))",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT group_concat(zeroblob(1000000)) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT length(json_group_array(hex(zeroblob(100000)))) FROM n",
        // In a sorter, a temporary table, a recursive queue and a result, row by row.
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) SELECT count(*) FROM (SELECT DISTINCT randomblob(1000000) FROM n)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) SELECT length(b) FROM (SELECT randomblob(1000000) AS b FROM n ORDER BY 1 LIMIT 90)",
        "WITH RECURSIVE n(i, b) AS (SELECT 1, zeroblob(1000000) UNION SELECT i + 1, randomblob(1000000) FROM n LIMIT 200) SELECT count(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) SELECT zeroblob(1000000) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT NULL FROM n",
    ];
    for bomb in bombs {
        let started = Instant::now();
        let outcome = run(&session, bomb).await;
        assert!(outcome.is_err(), "{bomb}: {} rows", outcome.unwrap().rows.len());
        assert!(started.elapsed() < 2 * BOUNDS.read_time, "{bomb}: {:?}", started.elapsed());
    }
    let bomb = "INSERT INTO t (x) SELECT hex(zeroblob(400000000))";
    assert!(run(&session, bomb).await.is_err());
    // A result below the limit is returned.
    let rows = run(&session, "SELECT length(hex(randomblob(4000000)))").await.unwrap();
    assert_eq!(rows.rows, [[Value::Integer(8_000_000)]]);
    run(&session, "INSERT INTO t (x) VALUES (1)").await.unwrap();
}

#[tokio::test]
async fn one_call_of_a_function_is_never_long() {
    let (database, _folder) = database();
    let session = database.session();
    let text = |length: usize| Value::Text("a".repeat(length));
    let long = 7 * MIB;
    let deep = format!("{}1{}", "[".repeat(900), "]".repeat(900));
    let many = format!("[{}]", vec!["[1,2,3]"; 500_000].join(","));
    for (sql, values) in [
        ("SELECT ?1 LIKE ?2", vec![text(long), Value::Text(format!("{}b", "%a".repeat(49)))]),
        ("SELECT ?1 LIKE ?2", vec![text(long), Value::Text("%a".repeat(100_000))]),
        ("SELECT ?1 GLOB ?2", vec![text(long), Value::Text(format!("{}b", "*a".repeat(49)))]),
        ("SELECT ?1 GLOB ?2", vec![text(long), Value::Text(format!("[{}]", "a-z".repeat(30)))]),
        ("SELECT json_extract(?1, '$')", vec![Value::Text(deep)]),
        ("SELECT count(*) FROM json_tree(?1)", vec![Value::Text(many.clone())]),
        (
            "SELECT sum(length(value)) FROM json_each(?1) AS a, json_each(a.value)",
            vec![Value::Text(many)],
        ),
        ("SELECT upper(lower(?1)), length(quote(?1)), strftime(?1), unistr(?1)", vec![text(long)]),
        ("SELECT round(?1, 30), format('%.99999999f', 1.5)", vec![Value::Real(1.5)]),
    ] {
        let started = Instant::now();
        drop(bound(&session, sql, values).await);
        assert!(started.elapsed() < Duration::from_secs(4), "{sql}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn texts_that_break_parsers_are_refused() {
    let (database, _folder) = database();
    let session = database.session();
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("SELECT {}{middle}{}", open.repeat(times), close.repeat(times))
    };
    for sql in [
        nested("(", "1", ")", 5000),
        nested("-", "1", "", 30_000),
        nested("NOT ", "1", "", 10_000),
        nested("(SELECT ", "1", ")", 5000),
        nested("* FROM (SELECT ", "1", ")", 3000),
        nested("abs(", "1", ")", 5000),
        nested("CASE WHEN ", "1", " THEN 1 END", 3000),
        nested("1 IN (SELECT ", "1", ")", 3000),
        nested("1 + ", "1", "", 15_000),
        nested("'a' || ", "'a'", "", 8000),
        nested("", "1", " UNION ALL SELECT 1", 3500),
        format!("SELECT {}", vec!["?"; 30_000].join("+")),
        "SELECT ?32766".to_owned(),
        format!("SELECT {}", vec!["1"; 30_000].join(",")),
        format!("SELECT json_array({})", vec!["1"; 5000].join(",")),
        format!("SELECT count(*) FROM {}", vec!["json_each('[]')"; 65].join(",")),
        format!(
            "CREATE TABLE wide ({})",
            (0..2000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",")
        ),
        format!("SELECT 1 {}", " ".repeat(70_000)),
    ] {
        let outcome = run(&session, &sql).await;
        assert!(outcome.is_err(), "{}", sql.chars().take(60).collect::<String>());
    }
    // Views that double at each step.
    run(&session, "CREATE TABLE t (x)").await.unwrap();
    run(&session, "CREATE VIEW v0 AS SELECT x FROM t").await.unwrap();
    for step in 1..30 {
        let last = step - 1;
        let sql = format!("CREATE VIEW v{step} AS SELECT a.x FROM v{last} AS a, v{last} AS b");
        run(&session, &sql).await.unwrap();
    }
    let started = Instant::now();
    assert!(run(&session, "SELECT * FROM v29").await.is_err());
    assert!(started.elapsed() < 2 * BOUNDS.read_time, "{:?}", started.elapsed());
    run(&session, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_statement_stops_when_its_request_is_over() {
    let (database, _folder) = with_table().await;
    let session = database.session();
    for (sql, leaves) in [(ENDLESS, true), (ENDLESS, false), (ENDLESS_INSERT, false)] {
        let request_state = Arc::new(RequestState::default());
        let over = request_state.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(40)).await;
            if leaves { over.set_client_left() } else { over.set_over() }
        });
        let started = Instant::now();
        let outcome = session.execute(sql.to_owned(), Vec::new(), &request_state).await;
        assert_eq!(outcome, Err(Error::Stopped(Stop::RequestOver)), "{sql}");
        assert!(started.elapsed() < Duration::from_millis(400), "{sql}: {:?}", started.elapsed());
    }
    // The write of a client that left is done.
    let request_state = Arc::new(RequestState::default());
    request_state.set_client_left();
    let session = database.for_another().session();
    session
        .execute("INSERT INTO t (x) VALUES (1)".into(), Vec::new(), &request_state)
        .await
        .unwrap();
    assert_eq!(count(&database).await, 1);
}

#[tokio::test]
async fn a_file_grows_to_its_bound() {
    let (database, _folder) = with_table().await;
    let session = database.session();
    let mut written = 0;
    let full = loop {
        match run(&session, "INSERT INTO t (x) VALUES (zeroblob(1000000))").await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100, "no bound");
    };
    assert_eq!(full, Error::Full);
    assert!(written > 50, "{written}");
    assert_eq!(count(&database).await, written);
}
