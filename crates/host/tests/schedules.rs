//! Cron components: fired by hand and by the clock, never twice at once, and after a failure.

#![cfg(test)]

mod support;

use std::time::Duration;
use support::{Host, eventually};

fn fires(host: &Host) -> usize {
    host.sql("SELECT due FROM fires").matches("Integer").count()
}

#[test]
fn fired_by_hand() {
    let host = Host::start(&["--clock", "2030-01-01T12:00:00Z", "--cron", "off"]);
    assert_eq!(host.admin("POST", "/cron/cron-probe", "").status, 200);
    let rows = host.sql("SELECT due, seen FROM fires");
    assert!(rows.matches("18934992").count() == 2, "it sees the guests' clock: {rows}");
    assert_eq!(
        host.metric("accrue_cron_fires_total{component=\"cron-probe\",outcome=\"ok\"}"),
        1.0
    );
    assert_eq!(host.admin("POST", "/cron/nobody", "").status, 404);
}

#[test]
fn fired_by_the_guests_clock() {
    let host = Host::start(&["--clock", "2029-12-31T23:59:58Z"]);
    host.sql("CREATE TABLE IF NOT EXISTS fires (due INTEGER, seen INTEGER)");
    eventually("midnight", || fires(&host) == 1);
    assert!(host.sql("SELECT due FROM fires").contains("1893456000"));
    // Setting the clock finds the next midnight.
    assert_eq!(host.admin("PUT", "/clock", "2030-06-30T23:59:59Z").status, 200);
    eventually("the other midnight", || fires(&host) == 2);
}

#[test]
fn one_run_at_a_time() {
    let host = Host::start(&["--variable", "mode=slow", "--cron", "off"]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| host.admin("POST", "/cron/cron-probe", ""));
        std::thread::sleep(Duration::from_millis(500));
        let second = scope.spawn(|| host.admin("POST", "/cron/cron-probe", ""));
        std::thread::sleep(Duration::from_millis(2800));
        assert!(first.is_finished() && !second.is_finished(), "the second waits for the first");
        assert_eq!(first.join().unwrap().status, 200);
        assert_eq!(second.join().unwrap().status, 200);
    });
    assert_eq!(fires(&host), 2);
}

#[test]
fn a_failing_run_is_reported_and_the_next_one_comes() {
    for (mode, word, outcome) in [("error", "asked to fail", "error"), ("trap", "trapped", "trap")]
    {
        let host = Host::start(&["--variable", &format!("mode={mode}"), "--cron", "off"]);
        for _ in 0..2 {
            let answer = host.admin("POST", "/cron/cron-probe", "");
            assert!(answer.status == 500 && answer.body.contains(word), "{answer:?}");
        }
        let metric =
            format!("accrue_cron_fires_total{{component=\"cron-probe\",outcome=\"{outcome}\"}}");
        assert_eq!(host.metric(&metric), 2.0);
        assert_eq!(host.get("/probe/empty").ok(), "ok");
    }
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let host =
        Host::start(&["--variable", "mode=slow", "--cron", "off", "--cron-timeout", "500ms"]);
    let answer = host.admin("POST", "/cron/cron-probe", "");
    assert!(answer.status == 500 && answer.body.contains("ran for more than"), "{answer:?}");
}
