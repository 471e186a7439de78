//! One tenant whose requests compute for long must not starve the others. `cargo xtask bench --only
//! fairness` measures which share of their throughput the others keep.

#![cfg(test)]

mod support;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use support::{Client, Host};

/// Sends requests from some clients for some time; returns the longest wait.
fn load(host: &Host, key: &str, path: &str, clients: usize, time: Duration) -> Duration {
    let until = Instant::now() + time;
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(host.address);
                    let mut slowest = Duration::ZERO;
                    while Instant::now() < until {
                        let started = Instant::now();
                        let headers = format!("authorization: Bearer {key}\r\n");
                        drop(client.ask_with("POST", path, &headers, ""));
                        slowest = slowest.max(started.elapsed());
                    }
                    slowest
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).max().unwrap()
    })
}

/// Tests of this file measure, so they take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At first the host has no record of the tenant, or a good one. So its first long request blocks
/// the instances that it is in.
#[test]
#[ignore = "measures time: run it alone, on a machine that does nothing else"]
fn the_first_long_request_delays_others_only_briefly() {
    let _turn = alone();
    let host = Host::start(&[]);
    load(&host, "victim.1", "/probe/empty", 4, Duration::from_secs(1));
    load(&host, "old.0", "/probe/empty", 16, Duration::from_secs(1));
    for attacker in ["new", "old"] {
        let slowest = std::thread::scope(|scope| {
            for number in 0..16 {
                let host = &host;
                scope.spawn(move || {
                    let key = if attacker == "old" { 0 } else { number };
                    let headers = format!("authorization: Bearer {attacker}.{key}\r\n");
                    Client::connect(host.address).ask_with(
                        "POST",
                        "/probe/compute/1000",
                        &headers,
                        "",
                    );
                });
            }
            load(&host, "victim.1", "/probe/empty", 4, Duration::from_secs(4))
        });
        println!("{attacker}: the slowest of the others took {slowest:?}");
        // One after the other the sixteen requests would take sixteen seconds.
        assert!(slowest < Duration::from_secs(8), "{attacker}: {slowest:?}");
    }
}

#[test]
fn a_tenant_cannot_fill_the_queue_for_others() {
    let _turn = alone();
    let host = Host::start(&["--instances", "1", "--max-concurrency", "8", "--max-queue", "32"]);
    load(&host, "greedy.1", "/probe/empty", 1, Duration::from_millis(300));
    load(&host, "other.1", "/probe/empty", 1, Duration::from_millis(300));
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let headers = "authorization: Bearer greedy.1\r\n";
                Client::connect(host.address).ask_with("POST", "/probe/sleep/1000", headers, "");
            });
        }
        std::thread::sleep(Duration::from_millis(400));
        let started = Instant::now();
        let headers = "authorization: Bearer other.1\r\n";
        for _ in 0..20 {
            assert_eq!(
                Client::connect(host.address).ask_with("POST", "/probe/empty", headers, "").status,
                200
            );
        }
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    });
}
