//! The threads for reads that take long: what the other threads stopped after a moment is run again
//! here, to its end or its deadline. However much one component asks for, the last of these threads
//! is there for the others. A component whose read ran to its deadline has a thread of its own kind
//! for some time: an idle one, which takes no core from anybody.

use super::{Allowance, Error, Job, budget::Stop, statement};
use crate::priority;
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Threads for those that are thought to end, and for the others.
pub const THREADS: [Kind; 3] = [Kind::Usual, Kind::Usual, Kind::Idle];
/// Long reads of one component at the same time.
const AT_ONCE: usize = 1;
/// Long reads of one component that wait; more are refused.
const MAX_WAITING: usize = 64;
/// A text that takes less than this is none of the long ones any more.
const SHORT: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Usual,
    Idle,
}

#[derive(Default)]
pub struct Long {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Kind, Job)>,
    /// Whose reads are running, by the address of their manners.
    running: Vec<usize>,
    is_closed: bool,
}

fn owner(job: &Job) -> usize {
    Arc::as_ptr(&job.manners).addr()
}

impl Long {
    pub fn push(&self, job: Job) {
        let mut state = self.lock();
        if state.waiting.iter().filter(|(_, waiting)| owner(waiting) == owner(&job)).count()
            >= MAX_WAITING
        {
            drop(state);
            let refusal = Error::Refused(
                "the database is busy: too many long reads of this component wait".into(),
            );
            return drop(job.reply.send(Err(refusal)));
        }
        let kind = if job.manners.reads_endlessly() { Kind::Idle } else { Kind::Usual };
        state.waiting.push_back((kind, job));
        drop(state);
        // Not every thread may take it.
        self.changed.notify_all();
    }

    /// Lets the threads end. What waits is dropped, which its askers see.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// One thread.
    pub fn serve(&self, kind: Kind, connection: &Connection, allowance: Allowance) {
        if kind == Kind::Idle {
            priority::idle();
        }
        while let Some(job) = self.take(kind) {
            let owner = owner(&job);
            run(connection, allowance, job);
            let mut state = self.lock();
            if let Some(place) = state.running.iter().position(|running| *running == owner) {
                state.running.swap_remove(place);
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn take(&self, kind: Kind) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            let running = &state.running;
            let has_room = |(wanted, job): &(Kind, Job)| {
                *wanted == kind
                    && running.iter().filter(|running| **running == owner(job)).count() < AT_ONCE
            };
            if let Some((_, job)) = state
                .waiting
                .iter()
                .position(has_room)
                .and_then(|place| state.waiting.remove(place))
            {
                state.running.push(owner(&job));
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(connection: &Connection, allowance: Allowance, job: Job) {
    let started = Instant::now();
    let outcome = statement::run(connection, &job.text, &job.parameters, allowance, &job.asked);
    let took = started.elapsed();
    match outcome {
        Ok(_) if took < SHORT => job.text.is_short(),
        Err(Error::Stopped(Stop::OutOfTime(_))) => job.manners.read_was_endless(took),
        Err(Error::Stopped(_)) => job.manners.read_was_stopped(took),
        _ => {}
    }
    // Whoever asked may have gone; then nobody misses the answer.
    drop(job.reply.send(outcome));
}
