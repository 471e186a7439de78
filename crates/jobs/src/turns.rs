//! Turns: programmes with work get some chunks each, one after the other, so that a large one
//! delays the others by one turn at most.

use std::collections::VecDeque;

use store::Error;

use crate::context::WorkLimit;

/// Chunks of a programme before it is the next one's turn.
const TURN: u32 = 20;

/// What came of the turns.
pub(crate) struct Turned<P> {
    /// False if there is more to do.
    pub(crate) done: bool,
    /// Programmes with something unreadable. They cost no other programme its turn.
    pub(crate) failed: Vec<(P, &'static str)>,
}

/// Gives programmes turns until nothing is left to do, or the limit is reached. A turn tells
/// whether its programme is done.
///
/// # Errors
/// The first [`Error`] of a turn that is not about what the programme holds.
pub(crate) async fn take_turns<P>(
    programmes: impl IntoIterator<Item = P>,
    limit: &mut WorkLimit,
    mut work: impl AsyncFnMut(&P, &mut WorkLimit) -> Result<bool, Error>,
) -> Result<Turned<P>, Error> {
    let mut waiting: VecDeque<P> = programmes.into_iter().collect();
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
            Err(Error::Corrupt(what)) => failed.push((programme, what)),
            Err(error) => return Err(error),
        }
    }
    Ok(Turned { done: true, failed })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

    use std::task::{Context, Poll, Waker};

    use ledger::Timestamp;

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
        let turned = ready(take_turns(0..work.len(), &mut limit, async |place, turn| {
            taken.push(*place);
            while left[*place] > 0 {
                if !turn.take_chunk(Timestamp(0)) {
                    return Ok(false);
                }
                left[*place] -= 1;
            }
            Ok(true)
        }));
        (taken, turned.unwrap().done)
    }

    #[test]
    fn a_large_programme_delays_the_others_by_one_turn() {
        assert_eq!(turns(&[50, 1, 25], 100), (vec![0, 1, 2, 0, 2, 0], true));
        assert_eq!(turns(&[50, 1], 20), (vec![0], false));
        assert_eq!(turns(&[], 0), (vec![], true));
        assert_eq!(turns(&[0, 0], 0), (vec![0, 1], true));
    }

    #[test]
    fn what_is_wrong_with_one_costs_no_other() {
        let mut limit = WorkLimit::chunks(10);
        let turned = ready(take_turns([1, 2, 3], &mut limit, async |programme, _| {
            if *programme == 2 { Err(Error::Corrupt("playbook")) } else { Ok(true) }
        }));
        let turned = turned.unwrap();
        assert!(turned.done);
        assert_eq!(turned.failed, [(2, "playbook")]);
    }
}
