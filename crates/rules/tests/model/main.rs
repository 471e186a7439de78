//! The model test: random histories of one member against a naive reference, with the invariants
//! checked after every step.
//!
//! 1,000 histories of 100 steps, 10,000 in `cargo xtask test`. `ACCRUE_HISTORIES` runs another
//! number of them; `ACCRUE_MODEL_SEED` reruns one, whose steps are printed when it fails.
//! Many members, idempotency keys and crashes are not here: those are the store's and the host's
//! tests.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

mod again;
mod books;
mod calendar;
mod history;
mod invariants;
mod ladder;
mod nights;
mod random;
mod reference;
mod returns;
mod risk;
mod spending;
mod steps;
mod store;
mod tally;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use history::History;
use tally::Tally;

const STEPS: usize = 100;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Runs one history; the error is all that is needed to understand and rerun it.
fn run(seed: u64) -> Result<Tally, String> {
    let mut history = History::new(seed, false);
    if let Ok(Ok(())) = attempt(&mut history) {
        return Ok(history.tally);
    }
    let mut history = History::new(seed, true);
    let problem = match attempt(&mut history) {
        Ok(Ok(())) => "passes the second time: the history is not deterministic".to_owned(),
        Ok(Err(problem)) => problem,
        Err(_) => "panicked (see above)".to_owned(),
    };
    let steps = history.log.unwrap_or_default().join("\n");
    Err(format!(
        "{steps}\n\n{problem}\n\nrerun with ACCRUE_MODEL_SEED={seed} cargo test -p rules --test model\n"
    ))
}

fn attempt(history: &mut History) -> thread::Result<Result<(), String>> {
    catch_unwind(AssertUnwindSafe(|| history.run(STEPS)))
}

#[test]
fn histories_agree_with_the_reference() {
    let one = number("ACCRUE_MODEL_SEED");
    let histories = if one.is_some() { 1 } else { number("ACCRUE_HISTORIES").unwrap_or(1_000) };
    let first = one.unwrap_or(0);
    let threads = thread::available_parallelism().map_or(2, |n| n.get() as u64).min(histories);
    let tallies = thread::scope(|scope| {
        let worker = |offset| {
            move || {
                (first..first + histories)
                    .skip(offset as usize)
                    .step_by(threads as usize)
                    .map(run)
                    .collect()
            }
        };
        let workers: Vec<_> = (0..threads).map(|offset| scope.spawn(worker(offset))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect::<Vec<Result<Vec<Tally>, String>>>()
    });
    let mut met = Tally::default();
    for tally in tallies {
        match tally {
            Ok(tallies) => tallies.into_iter().for_each(|tally| met.merge(tally)),
            Err(problem) => panic!("{problem}"),
        }
    }
    println!("{histories} histories of {STEPS} steps met {met:#?}");
    if histories >= 1_000 {
        assert_eq!(
            met.never_met(),
            Vec::<&str>::new(),
            "the histories no longer meet everything they should"
        );
    }
}
