//! A component sends statements that attack the host or want more than their share. A second
//! component with the same database goes on.

#![cfg(test)]

mod support;

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::{Duration, Instant},
};
use support::{Client, Host, eventually};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
const ENDLESS_INSERT: &str = "INSERT INTO waste (x) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

#[test]
fn a_guest_does_not_break_out_through_sql() {
    let host = Host::start(&[]);
    host.sql("CREATE TABLE t (x TEXT)");
    let file = host.folder.path().join("stolen.db");
    for attack in [
        "SELECT hex(fts3_tokenizer(?1))\nsimple".to_owned(),
        "SELECT fts3_tokenizer(?1, ?2)\nmine\nAAAAAAAA".to_owned(),
        "CREATE VIRTUAL TABLE f USING fts3(tokenize=mine)".to_owned(),
        "CREATE VIRTUAL TABLE f USING fts5(x)".to_owned(),
        "CREATE VIRTUAL TABLE f USING rtree(id, a, b)".to_owned(),
        "SELECT load_extension(?1)\n/tmp/evil.so".to_owned(),
        "SELECT * FROM sqlite_dbpage".to_owned(),
        "SELECT * FROM dbstat".to_owned(),
        "SELECT * FROM pragma_database_list".to_owned(),
        "PRAGMA writable_schema = ON".to_owned(),
        "PRAGMA journal_mode = OFF".to_owned(),
        "PRAGMA temp_store_directory = '/tmp'".to_owned(),
        "UPDATE sqlite_master SET sql = ?1\nx".to_owned(),
        "CREATE TEMP TABLE t (x)".to_owned(),
        format!("ATTACH ?1 AS other\n{}", file.display()),
        format!("VACUUM INTO ?1\n{}", file.display()),
        format!("SELECT writefile(?1, 'x')\n{}", file.display()),
        "SELECT edit(?1)\nx".to_owned(),
    ] {
        let answer = host.post("/probe/bound/default", &attack);
        assert_eq!(answer.status, 500, "{attack}: {answer:?}");
        assert!(!answer.body.contains("the component failed"), "{attack}: {answer:?}");
    }
    assert!(!file.exists());
    assert_eq!(host.metric("accrue_traps_total{component=\"probe\"}"), 0.0);
    assert_eq!(
        host.post("/probe/bound/default", "INSERT INTO t VALUES (?1)\nstill here").status,
        200
    );
    assert!(host.sql("SELECT x FROM t").contains("still here"));
}

#[test]
fn a_bomb_costs_little_memory() {
    let host = Host::start(&["--statement-memory-mib", "64"]);
    let before = host.metric("accrue_resident_bytes");
    for bomb in [
        "SELECT hex(randomblob(400000000))",
        "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT DISTINCT randomblob(1000000) FROM n)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT NULL FROM n",
    ] {
        assert_eq!(host.post("/probe/sql/default", bomb).status, 500, "{bomb}");
        let grown = host.metric("accrue_resident_bytes") - before;
        assert!(grown < 250e6, "{bomb}: grew by {grown} bytes");
    }
    assert_eq!(host.get("/probe/empty").ok(), "ok");
}

#[test]
fn a_statement_ends_with_its_request() {
    let host =
        Host::start(&["--instances", "1", "--request-timeout", "2s", "--read-timeout", "60s"]);
    std::thread::scope(|scope| {
        let endless = scope.spawn(|| host.post("/probe/sql/default", ENDLESS).status);
        std::thread::sleep(Duration::from_millis(1500));
        // Keeps the instance, and the statement that its guest still waits for, alive past the
        // answer to the first request.
        let beside = scope.spawn(|| host.get("/probe/sleep/1800").status);
        assert_eq!(endless.join().unwrap(), 504);
        std::thread::sleep(Duration::from_millis(200));
        let before = host.processor_time();
        std::thread::sleep(Duration::from_secs(1));
        let used = host.processor_time() - before;
        assert!(used < Duration::from_millis(300), "{used:?} in a second");
        assert_eq!(beside.join().unwrap(), 200);
    });
    // A read stops, too, when its client leaves.
    let mut client = Client::connect(host.address);
    client
        .send(
            format!(
                "POST /probe/sql/default HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{ENDLESS}",
                ENDLESS.len()
            )
            .as_bytes(),
        )
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    drop(client);
    std::thread::sleep(Duration::from_millis(300));
    let before = host.processor_time();
    std::thread::sleep(Duration::from_millis(800));
    let used = host.processor_time() - before;
    assert!(used < Duration::from_millis(250), "{used:?} after the client left");
}

#[test]
fn a_neighbour_keeps_being_served() {
    let host = Host::start(&["--write-timeout", "500ms", "--read-timeout", "3s"]);
    host.make_counter();
    host.sql("CREATE TABLE waste (x)");
    assert_eq!(host.get("/neighbour/write/m1").ok(), "1");
    let count = |time: Duration| {
        let mut client = Client::connect(host.address);
        let (started, mut done) = (Instant::now(), 0_u32);
        while started.elapsed() < time {
            assert_eq!(client.ask("GET", "/neighbour/write/m1", "").status, 200);
            done += 1;
        }
        done
    };
    let time = Duration::from_secs(5);
    let alone = count(time);
    let (stops, stopped) = (AtomicBool::new(false), AtomicU32::new(0));
    let attacked = std::thread::scope(|scope| {
        for number in 0..6 {
            let (host, stops, stopped) = (&host, &stops, &stopped);
            scope.spawn(move || {
                for round in 0.. {
                    if stops.load(Ordering::Relaxed) {
                        break;
                    }
                    let sql = if number < 3 { ENDLESS_INSERT } else { ENDLESS };
                    let answer =
                        host.post("/probe/sql/default", &format!("{sql} -- {number} {round}"));
                    assert_eq!(answer.status, 500, "{answer:?}");
                    stopped
                        .fetch_add(u32::from(answer.body.contains("stopped")), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        std::thread::sleep(Duration::from_millis(300));
        let attacked = count(time);
        stops.store(true, Ordering::Relaxed);
        attacked
    });
    assert!(stopped.load(Ordering::Relaxed) > 0, "no attack got through");
    // The others keep four fifths of the writer's time, but share the processor with endless reads.
    assert!(attacked * 2 > alone, "{alone} alone, {attacked} under attack");
    assert_eq!(
        host.sql("SELECT count(*) AS n FROM waste").matches("Integer(0)").count(),
        1,
        "nothing of it was kept"
    );
}

#[test]
fn a_database_has_a_bound_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("runtime.toml");
    std::fs::write(&config, "[sqlite_database.default]\ntype = 'spin'\nmax_mib = 8\n").unwrap();
    let host = Host::start(&["--runtime-config", config.to_str().unwrap()]);
    host.sql("CREATE TABLE t (x)");
    let mut written = 0;
    while host.post("/probe/sql/default", "INSERT INTO t VALUES (zeroblob(1000000))").status == 200
    {
        written += 1;
        assert!(written < 20, "no bound");
    }
    assert!((5..=8).contains(&written), "{written}");
    let refused = host.post("/probe/sql/default", "INSERT INTO t VALUES (zeroblob(1000000))");
    assert!(refused.body.contains("DatabaseFull"), "{refused:?}");
    eventually("the store of keys has a file of its own", || {
        host.post("/probe/store/default", "v").status == 200
    });
    let mode = std::os::unix::fs::PermissionsExt::mode;
    for file in std::fs::read_dir(host.folder.path()).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().contains(".db") {
            assert_eq!(mode(&file.metadata().unwrap().permissions()) & 0o777, 0o600, "{file:?}");
        }
    }
}
