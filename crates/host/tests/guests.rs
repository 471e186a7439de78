//! The rights of guests, and the cost of a misbehaving guest for the others.

#![cfg(test)]

mod support;

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::{Duration, Instant},
};
use support::{Client, Host, eventually};

#[test]
fn a_trap_costs_only_the_requests_of_its_instance() {
    let host = Host::start(&["--instances", "1"]);
    std::thread::scope(|scope| {
        // In flight on the same instance: lost with it.
        let beside = scope.spawn(|| host.get("/probe/sleep/5000"));
        // On another component: not affected.
        let elsewhere = scope.spawn(|| host.get("/other/sleep/1500"));
        eventually("the request is in flight", || {
            host.metric("accrue_in_flight{component=\"probe\"}") >= 1.0
        });
        assert_eq!(host.get("/probe/trap").status, 500);
        assert_eq!(beside.join().unwrap().status, 500);
        // The successor serves the next request at once.
        let started = Instant::now();
        assert_eq!(host.get("/probe/empty").ok(), "ok");
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
        assert_eq!(elsewhere.join().unwrap().ok(), "slept");
    });
    let answer = host.get("/probe/trap");
    assert!(answer.head.contains("application/problem+json"), "{answer:?}");
    assert!(!answer.body.contains("wasm"), "the cause stays in the log: {answer:?}");
    eventually("the successor lives", || {
        host.metric("accrue_instances{component=\"probe\"}") == 1.0
    });
    assert_eq!(host.metric("accrue_traps_total{component=\"probe\"}"), 2.0);
    assert!(host.log().contains("unreachable"));
}

#[test]
fn the_log_holds_no_paths() {
    let host = Host::start(&[]);
    assert_eq!(host.get("/probe/trap/s3cr3t?key=s3cr3t").status, 500);
    eventually("the failure is logged", || host.log().contains("route=\"/probe/...\""));
    assert!(!host.log().contains("s3cr3t"), "{}", host.log());
}

#[test]
fn queued_requests_survive_a_trap() {
    let host = Host::start(&["--instances", "1", "--max-concurrency", "1"]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| host.get("/probe/sleep/300"));
        std::thread::sleep(Duration::from_millis(100));
        let trapped = scope.spawn(|| host.get("/probe/trap"));
        std::thread::sleep(Duration::from_millis(50));
        let queued: Vec<_> = (0..20).map(|_| scope.spawn(|| host.get("/probe/empty"))).collect();
        assert_eq!(first.join().unwrap().status, 200);
        assert_eq!(trapped.join().unwrap().status, 500);
        assert!(queued.into_iter().all(|queued| queued.join().unwrap().status == 200));
    });
}

#[test]
fn a_spinning_or_blocking_guest_is_killed_and_stalls_no_other() {
    let host = Host::start(&["--instances", "2", "--stall-timeout", "1s"]);
    for misdeed in ["/probe/spin", "/probe/block/60000"] {
        std::thread::scope(|scope| {
            let spinning = scope.spawn(|| host.get(misdeed));
            std::thread::sleep(Duration::from_millis(100));
            let mut slowest = Duration::ZERO;
            for number in 0..200 {
                let path = if number % 2 == 0 { "/probe/empty" } else { "/other/empty" };
                let started = Instant::now();
                assert_eq!(host.get(path).ok(), "ok");
                slowest = slowest.max(started.elapsed());
            }
            assert!(
                slowest < Duration::from_millis(700),
                "{misdeed}: the slowest of the others took {slowest:?}"
            );
            assert_eq!(spinning.join().unwrap().status, 500);
        });
        eventually("both instances live", || {
            host.metric("accrue_instances{component=\"probe\"}") == 2.0
        });
    }
}

#[test]
fn memory_is_bounded() {
    let host = Host::start(&["--memory-mib", "64"]);
    let before = host.metric("accrue_resident_bytes");
    for _ in 0..3 {
        assert_eq!(host.get("/probe/hog").status, 500);
        assert_eq!(host.get("/probe/empty").ok(), "ok");
    }
    let grown = host.metric("accrue_resident_bytes") - before;
    assert!(grown < 200e6, "grew by {grown} bytes");
}

#[test]
fn a_request_that_runs_out_of_time_is_answered_and_its_instance_replaced() {
    let host = Host::start(&["--instances", "1", "--request-timeout", "500ms"]);
    assert_eq!(host.get("/probe/sleep/400").ok(), "slept");
    assert_eq!(host.get("/probe/sleep/30000").status, 504);
    assert_eq!(host.get("/probe/empty").ok(), "ok");
    assert_eq!(host.metric("accrue_timeouts_total{component=\"probe\"}"), 1.0);
    eventually("only the successor lives", || {
        host.metric("accrue_instances{component=\"probe\"}") == 1.0
    });
}

#[test]
fn a_full_queue_is_reported_at_once() {
    let host = Host::start(&["--instances", "1", "--max-concurrency", "1", "--max-queue", "2"]);
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..12).map(|_| scope.spawn(|| host.get("/probe/sleep/500"))).collect();
        let statuses: Vec<u16> =
            asked.into_iter().map(|asked| asked.join().unwrap().status).collect();
        assert!(statuses.contains(&503) && statuses.contains(&200), "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    });
}

#[test]
fn instances_may_be_replaced_after_so_many_requests() {
    let host = Host::start(&["--instances", "1", "--instance-requests", "10"]);
    let mut client = Client::connect(host.address);
    for _ in 0..100 {
        assert_eq!(client.ask("GET", "/probe/empty", "").ok(), "ok");
    }
    assert_eq!(host.metric("accrue_traps_total{component=\"probe\"}"), 0.0);
}

#[test]
fn a_guest_without_a_response_is_a_500() {
    let host = Host::start(&[]);
    assert_eq!(host.get("/probe/silent").status, 500);
    assert_eq!(host.get("/probe/empty").ok(), "ok");
}

#[test]
fn only_resources_granted_by_the_manifest_are_available() {
    let host = Host::start(&["--variable", "greeting=hi"]);
    assert_eq!(host.get("/probe/variable/greeting").ok(), "hi, world");
    assert!(host.get("/other/variable/greeting").body.contains("Undefined"));
    assert!(host.post("/other/sql/default", "SELECT 1").body.contains("AccessDenied"));
    assert!(host.post("/probe/sql/elsewhere", "SELECT 1").body.contains("AccessDenied"));
    assert_eq!(host.post("/probe/store/default", "v").ok(), "v false");
    assert!(host.post("/other/store/default", "v").body.contains("AccessDenied"));
    assert_eq!(host.get("/hidden/empty").status, 404, "a private route is not served");
    assert_eq!(host.get("/").status, 404);
}

#[test]
fn statements_and_transactions_of_guests() {
    let host = Host::start(&[]);
    host.make_counter();
    assert_eq!(host.get("/probe/write/m1").ok(), "1");
    assert_eq!(host.get("/probe/write/m1").ok(), "2");
    assert_eq!(host.get("/probe/read/m1").ok(), "2");
    assert_eq!(host.get("/probe/transaction/rollback").ok(), "rollback");
    assert_eq!(host.get("/probe/transaction/forget").ok(), "forget");
    assert_eq!(host.get("/probe/read/t1").ok(), "0");
    assert_eq!(host.get("/probe/transaction/commit").ok(), "commit");
    assert_eq!(host.get("/probe/read/t2").ok(), "1");
    let refused = host.post("/probe/sql/default", "PRAGMA synchronous = OFF");
    assert!(refused.status == 500 && refused.body.contains("not authorized"), "{refused:?}");
}

#[test]
fn the_clock_can_be_set() {
    let host = Host::start(&["--clock", "2030-01-01T00:00:00Z"]);
    let seconds = |host: &Host| host.get("/probe/clock").ok().parse::<i64>().unwrap();
    assert!((1_893_456_000..1_893_456_060).contains(&seconds(&host)));
    assert_eq!(host.admin("PUT", "/clock", "2031-02-03T04:05:06+08:00").status, 200);
    assert!((1_927_829_106..1_927_829_166).contains(&seconds(&host)), "{}", seconds(&host));
    assert!(host.admin("GET", "/clock", "").ok().starts_with("2031-02-02T20:05:"));
    assert_eq!(host.admin("PUT", "/clock", "tomorrow").status, 400);
    let real = Host::start(&[]);
    assert_eq!(
        real.admin("PUT", "/clock", "2031-02-03T04:05:06Z").status,
        404,
        "only with --clock"
    );
}

/// Answers every connection with the same text.
fn server(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            drop(stream.read(&mut request));
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    port
}

#[test]
fn outbound_requests_go_where_they_may() {
    let host = Host::start(&["--allow-private-networks"]);
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
    assert_eq!(
        host.post("/probe/outbound", &format!("http://127.0.0.1:{port}/")).ok(),
        "200 false hi"
    );
    assert_eq!(
        host.post("/probe/outbound", &format!("http://localhost:{port}/")).ok(),
        "200 false hi"
    );
    let denied = host.post("/probe/outbound", &format!("http://127.0.0.2:{port}/"));
    assert!(denied.body.contains("HttpRequestDenied"), "{denied:?}");
    let denied = host.post("/other/outbound", &format!("http://127.0.0.1:{port}/"));
    assert!(denied.body.contains("HttpRequestDenied"), "{denied:?}");
    let port = server(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    assert_eq!(
        host.post("/probe/outbound", &format!("http://127.0.0.1:{port}/")).ok(),
        "302 true ",
        "not followed"
    );
}

#[test]
fn private_networks_are_blocked_in_every_spelling() {
    let host = Host::start(&[]);
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret");
    for name in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
    ] {
        let answer = host.post("/open/outbound", &format!("http://{name}:{port}/"));
        assert!(answer.status == 500 && !answer.body.contains("secret"), "{name}: {answer:?}");
    }
    let allowing = host.folder.path().join("runtime.toml");
    std::fs::write(&allowing, "[outbound_networking]\nblock_networks = []\n").unwrap();
    let host = Host::start(&["--runtime-config", allowing.to_str().unwrap()]);
    assert_eq!(
        host.post("/open/outbound", &format!("http://127.1:{port}/")).ok(),
        "200 false secret"
    );
}
