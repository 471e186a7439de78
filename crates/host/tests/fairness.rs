//! One tenant whose requests compute for long must not starve the others.

#![cfg(test)]

mod support;

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use support::{Client, Host};

/// Asks with some clients until told to stop; gives answers 200 a second, and the longest wait.
fn load(host: &Host, key: &str, path: &str, clients: usize, time: Duration) -> (f64, Duration) {
    let (count, until) = (AtomicU32::new(0), Instant::now() + time);
    let slowest = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(host.address);
                    let mut slowest = Duration::ZERO;
                    while Instant::now() < until {
                        let started = Instant::now();
                        let headers = format!("authorization: Bearer {key}\r\n");
                        if client.ask_with("POST", path, &headers, "").status == 200 {
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        slowest = slowest.max(started.elapsed());
                    }
                    slowest
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).max().unwrap()
    });
    (f64::from(count.load(Ordering::Relaxed)) / time.as_secs_f64(), slowest)
}

/// Tests of this file measure, so they take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is left to the victim while another tenant asks for `attack` with so many clients: of three pairs of runs, one right after the other, the best,
/// as a busy machine can only make it less.
fn share_under(attack: &str, attackers: usize, victims: usize) -> f64 {
    let _turn = alone();
    let host = Host::start(&[]);
    host.make_counter();
    let victim = || load(&host, "victim.1", "/probe/write/victim", victims, Duration::from_millis(1_500));
    victim();
    let (attacks, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    let settle = || std::thread::sleep(Duration::from_millis(1_500));
    let pairs: Vec<(f64, f64, Duration)> = std::thread::scope(|scope| {
        for number in 0..attackers {
            let (host, attacks, stop) = (&host, &attacks, &stop);
            scope.spawn(move || {
                let mut client = Client::connect(host.address);
                let headers = format!("authorization: Bearer attacker.{number}\r\n");
                while !stop.load(Ordering::Relaxed) {
                    if attacks.load(Ordering::Relaxed) {
                        client.ask_with("POST", attack, &headers, "");
                    } else {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                }
            });
        }
        let pair = || {
            let (alone, _) = victim();
            attacks.store(true, Ordering::Relaxed);
            settle();
            let (beside, slowest) = victim();
            attacks.store(false, Ordering::Relaxed);
            settle();
            (alone, beside, slowest)
        };
        let pairs = std::iter::repeat_with(pair).take(3).collect();
        stop.store(true, Ordering::Relaxed);
        pairs
    });
    for (alone, beside, slowest) in &pairs {
        let share = beside / alone;
        println!(
            "{attack} by {attackers}, {victims} victims: {alone:.0}/s alone, {beside:.0}/s beside, {share:.2}, slowest {slowest:?}"
        );
    }
    pairs.iter().map(|(alone, beside, _)| beside / alone).fold(0.0, f64::max)
}

#[test]
#[ignore = "measures throughput and time: run it alone, on a machine that does nothing else"]
fn long_requests_of_one_tenant_leave_the_others_their_throughput() {
    assert!(share_under("/probe/compute/700", 16, 1) >= 0.8);
    assert!(share_under("/probe/compute/700", 16, 8) >= 0.8);
}

#[test]
#[ignore = "measures throughput and time: run it alone, on a machine that does nothing else"]
fn many_costly_requests_of_one_tenant_leave_the_others_their_throughput() {
    assert!(share_under("/probe/compute/12", 16, 4) >= 0.8);
}

/// At the moment when a tenant begins with it nothing is known yet; where it was well-behaved before, it holds up the instances that it is in.
#[test]
#[ignore = "measures throughput and time: run it alone, on a machine that does nothing else"]
fn the_first_long_request_holds_up_nobody_for_long() {
    let _turn = alone();
    let host = Host::start(&[]);
    load(&host, "victim.1", "/probe/empty", 4, Duration::from_secs(1));
    load(&host, "old.0", "/probe/empty", 16, Duration::from_secs(1));
    for attacker in ["new", "old"] {
        let (_, slowest) = std::thread::scope(|scope| {
            for number in 0..16 {
                let host = &host;
                scope.spawn(move || {
                    let key = if attacker == "old" { 0 } else { number };
                    let headers = format!("authorization: Bearer {attacker}.{key}\r\n");
                    Client::connect(host.address).ask_with("POST", "/probe/compute/1000", &headers, "");
                });
            }
            load(&host, "victim.1", "/probe/empty", 4, Duration::from_secs(4))
        });
        println!("{attacker}: the slowest of the others took {slowest:?}");
        // One after the other the sixteen take sixteen seconds.
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
            assert_eq!(Client::connect(host.address).ask_with("POST", "/probe/empty", headers, "").status, 200);
        }
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    });
}
