//! An answered write survives a crash; a drain loses no request.

#![cfg(test)]

mod support;

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use support::{Client, Host};

#[test]
fn an_answered_write_survives_kill_9() {
    let mut host = Host::start(&[]);
    host.make_counter();
    let folder = host.folder.clone();
    let answered = Mutex::new(HashMap::new());
    let address = host.address;
    std::thread::scope(|scope| {
        for number in 0..200 {
            let answered = &answered;
            scope.spawn(move || {
                let mut client = Client::connect(address);
                // Writes until the crash ends the connection.
                while let Ok(answer) =
                    client.try_ask("POST", &format!("/probe/write/m{number}"), "")
                {
                    assert_eq!(answer.status, 200, "{answer:?}");
                    let count: u64 = answer.body.parse().unwrap();
                    answered.lock().unwrap().insert(number, count);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(1500));
        host.kill();
    });
    let answered = answered.into_inner().unwrap();
    assert!(answered.values().sum::<u64>() > 200, "too few writes to show anything");
    let host = Host::start_in(&folder, &[]);
    for (number, count) in answered {
        let stored: u64 = host.get(&format!("/probe/read/m{number}")).ok().parse().unwrap();
        // One more write may have been committed whose answer the crash cut off.
        assert!(
            stored == count || stored == count + 1,
            "member {number}: answered {count}, stored {stored}"
        );
    }
    assert!(host.sql("PRAGMA quick_check").contains("ok"));
}

#[test]
fn sigterm_lets_requests_finish() {
    let mut host = Host::start(&[]);
    host.make_counter();
    let folder = host.folder.clone();
    let stop = AtomicBool::new(false);
    let address = host.address;
    let written: u64 = std::thread::scope(|scope| {
        let slow = scope.spawn(|| host.get("/probe/sleep/1000"));
        let idle = Client::connect(address);
        let writers: Vec<_> = (0..20)
            .map(|_| {
                let stop = &stop;
                scope.spawn(move || {
                    let mut written = 0;
                    let mut client = Client::connect(address);
                    while !stop.load(Ordering::Relaxed) {
                        // While draining the connection may end between two requests, never inside
                        // one.
                        let Ok(answer) = client.try_ask("POST", "/probe/write/m", "") else {
                            break;
                        };
                        assert_eq!(answer.status, 200, "{answer:?}");
                        written += 1;
                    }
                    written
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(400));
        host.terminate();
        assert_eq!(slow.join().unwrap().ok(), "slept");
        stop.store(true, Ordering::Relaxed);
        drop(idle);
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    let started = Instant::now();
    assert!(host.wait().success(), "a drained host exits with 0");
    assert!(started.elapsed() < Duration::from_secs(5));
    let host = Host::start_in(&folder, &[]);
    let stored: u64 = host.get("/probe/read/m").ok().parse().unwrap();
    assert!(stored >= written && stored <= written + 20, "answered {written}, stored {stored}");
}

#[test]
fn a_drain_does_not_wait_for_ever() {
    let mut host = Host::start(&["--drain-timeout", "1s"]);
    std::thread::scope(|scope| {
        let address = host.address;
        let slow = scope.spawn(move || {
            Client::connect(address).try_ask("GET", "/probe/sleep/20000", "").is_err()
        });
        std::thread::sleep(Duration::from_millis(300));
        host.terminate();
        let started = Instant::now();
        assert!(host.wait().success());
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        assert!(slow.join().unwrap());
    });
}
