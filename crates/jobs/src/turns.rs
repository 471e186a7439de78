//! Turns: programmes with work get some chunks each, one after the other, so that a large one
//! delays the others by one turn at most, and one that fails costs the others nothing.

use std::collections::VecDeque;

use ledger::Timestamp;
use store::{Error, Sql, fold_position, last_entry};

use crate::context::{JobContext, WorkLimit};

/// Chunks of a programme before it is the next one's turn.
const TURN: u32 = 20;

/// What came of the turns.
pub(crate) struct Turned<P> {
    /// False if there is more to do.
    pub(crate) done: bool,
    /// Programmes that failed. They cost no other programme its turn, and get none again in this
    /// run.
    pub(crate) failed: Vec<(P, Error)>,
}

/// Gives programmes turns until nothing is left to do, or the limit is reached. A turn tells
/// whether its programme is done. Each run begins with another programme, as one that takes all the
/// time would otherwise stand before the same others each time.
///
/// What a programme holds may make a statement too large. So a statement that fails is a fault of
/// its programme where `answers` says that the databases are there.
///
/// # Errors
/// The first [`Error`] that is one of all programmes: no room, too many writers, no database.
pub(crate) async fn take_turns<P>(
    programmes: impl IntoIterator<Item = P>,
    (limit, now): (&mut WorkLimit, &dyn Fn() -> Timestamp),
    answers: impl AsyncFn() -> Result<(), Error>,
    mut work: impl AsyncFnMut(&P, &mut WorkLimit) -> Result<bool, Error>,
) -> Result<Turned<P>, Error> {
    let mut waiting: VecDeque<P> = programmes.into_iter().collect();
    let first = first_of(waiting.len(), now());
    waiting.rotate_left(first);
    let mut failed = Vec::new();
    while let Some(programme) = waiting.pop_front() {
        let mut turn = limit.split(TURN);
        let outcome = work(&programme, &mut turn).await;
        // With chunks left, it was the time that ended the turn.
        let is_over = turn.left() > 0;
        limit.give_back(turn);
        match outcome {
            Ok(true) => {}
            Ok(false) if is_over || limit.left() == 0 => {
                return Ok(Turned { done: false, failed });
            }
            Ok(false) => waiting.push_back(programme),
            Err(error @ (Error::Busy | Error::Full)) => return Err(error),
            Err(error) => {
                if matches!(error, Error::Database(_)) {
                    answers().await?;
                }
                failed.push((programme, error));
                if limit.is_over(now()) {
                    return Ok(Turned { done: waiting.is_empty(), failed });
                }
            }
        }
    }
    Ok(Turned { done: true, failed })
}

/// The place of the programme that a run begins with: another one each minute, and not each time
/// the same where runs are a fixed number of minutes apart (Fibonacci hashing).
fn first_of(programmes: usize, now: Timestamp) -> usize {
    let minute = now.0.div_euclid(60_000).unsigned_abs();
    let spread = minute.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(spread).unwrap_or(0).checked_rem(programmes).unwrap_or(0)
}

/// Asks both databases for a single row.
///
/// # Errors
/// [`Error`] when one of them does not answer.
pub(crate) async fn databases_answer<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
) -> Result<(), Error> {
    ledger.with_retries(async || last_entry(ledger.sql).await).await?;
    reach.with_retries(async || fold_position(reach.sql).await).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a broken test stops the test"
    )]

    use std::cell::Cell;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => unreachable!("nothing waits here"),
        }
    }

    /// The turns that programmes with so many chunks of work took, and whether all were done.
    fn turns(work: &[u32], chunks: u32) -> (Vec<usize>, bool) {
        let mut left = work.to_vec();
        let mut taken = Vec::new();
        let mut limit = WorkLimit::chunks(chunks);
        let turned = ready(take_turns(
            0..work.len(),
            (&mut limit, &|| Timestamp(0)),
            async || Ok(()),
            async |place, turn| {
                taken.push(*place);
                while left[*place] > 0 {
                    if !turn.take_chunk(Timestamp(0)) {
                        return Ok(false);
                    }
                    left[*place] -= 1;
                }
                Ok(true)
            },
        ));
        (taken, turned.unwrap().done)
    }

    #[test]
    fn a_large_programme_delays_the_others_by_one_turn() {
        assert_eq!(turns(&[50, 1, 25], 100), (vec![0, 1, 2, 0, 2, 0], true));
        assert_eq!(turns(&[50, 1], 20), (vec![0], false));
        assert_eq!(turns(&[], 0), (vec![], true));
        assert_eq!(turns(&[0, 0], 0), (vec![0, 1], true));
    }

    /// The turns that were taken by programmes that fail with these errors, and those that are told
    /// to have failed; where the run ends, why. `there` is what a look at the databases says.
    fn failing(errors: &[Option<Error>; 3], there: Option<&Error>) -> (usize, String) {
        let taken = Cell::new(0);
        let turned = ready(take_turns(
            0..3,
            (&mut WorkLimit::chunks(10), &|| Timestamp(0)),
            async || there.cloned().map_or(Ok(()), Err),
            async |programme, _| {
                taken.set(taken.get() + 1);
                errors[*programme].clone().map_or(Ok(true), Err)
            },
        ));
        let told = match turned {
            Ok(Turned { done, failed }) => {
                assert!(done);
                let failed: Vec<usize> = failed.into_iter().map(|(place, _)| place).collect();
                format!("{failed:?}")
            }
            Err(error) => error.to_string(),
        };
        (taken.get(), told)
    }

    #[test]
    fn what_is_wrong_with_one_costs_no_other() {
        let large = || Some(Error::Database("out of memory".into()));
        let unreadable = Some(Error::Corrupt("playbook"));
        assert_eq!(failing(&[None, unreadable, None], None), (3, "[1]".to_owned()));
        assert_eq!(failing(&[large(), None, None], None), (3, "[0]".to_owned()));
        assert_eq!(failing(&[large(), large(), large()], None), (3, "[0, 1, 2]".to_owned()));
    }

    #[test]
    fn what_is_wrong_with_all_ends_the_run() {
        let gone = Error::Database("gone".into());
        let told = gone.to_string();
        assert_eq!(failing(&[Some(gone.clone()), None, None], Some(&gone)), (1, told));
        for error in [Error::Full, Error::Busy] {
            let told = error.to_string();
            assert_eq!(failing(&[None, Some(error), None], None), (2, told));
        }
    }

    #[test]
    fn a_failure_after_the_time_ends_the_run() {
        let clock = Cell::new(0);
        let mut limit = WorkLimit::chunks(10).until(Timestamp(15));
        let turned = ready(take_turns(
            0..3,
            (&mut limit, &|| Timestamp(clock.get())),
            async || Ok(()),
            async |_, _| {
                clock.set(clock.get() + 10);
                Err(Error::Database("slow".into()))
            },
        ));
        let turned = turned.unwrap();
        assert_eq!((turned.done, turned.failed.len()), (false, 2));
    }

    #[test]
    fn each_programme_is_the_first_of_some_runs() {
        // Every five minutes of a day.
        let runs = 0..288;
        for programmes in 1..20 {
            let mut first = vec![0; programmes];
            for run in runs.clone() {
                first[first_of(programmes, Timestamp(1_800_000_000_000 + run * 300_000))] += 1;
            }
            assert!(first.iter().all(|runs| *runs > 0), "{first:?}");
        }
        assert_eq!(first_of(0, Timestamp(1)), 0);
    }
}
