//! The base of the end-to-end tests: a host with every component for each test, a client, a shop,
//! and the books checked at the end.
//!
//! Owns starting, killing and stopping the built host, one request per line, and a small webhook
//! receiver. It deliberately uses the engine only from outside: HTTP, and the database file on
//! disk.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness of tests: whatever is not as expected must fail the test loudly"
)]

mod books;
mod crash;
mod host;
mod http;
mod listener;
mod provider;
mod receiver;
mod shop;
mod wecom;

pub use books::Books;
pub use crash::load_until_killed;
pub use host::{CALLING, CLOCK, Host, OPERATOR, SEALED};
pub use http::{Answer, Ask, Client};
pub use provider::{Next, Provider, Signed, fields};
pub use receiver::{Received, Receiver};
pub use shop::{Shop, purchase};
pub use wecom::{APPLICATION as WECOM, Wecom};

use std::time::{Duration, Instant};

/// Runs `work` in this many threads at once, and returns the results in order.
pub fn at_once<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(threads);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(number)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// How many answers begin with an outcome.
pub fn count(answers: &[Answer], outcome: &str) -> usize {
    answers.iter().filter(|answer| answer.outcome().starts_with(outcome)).count()
}

/// Waits until a check succeeds, for a limited time.
pub fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let started = Instant::now();
    while !check() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}
