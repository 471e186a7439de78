//! The threads for long reads. A read that exceeds its moment on another thread runs again here, to
//! its end or its deadline. One component runs at most one long read at a time, so the other
//! threads stay free for the others. If a read ran to its deadline, its component uses the idle
//! thread for some time, which takes no core from the others.

use super::{Allowance, Error, Job, budget::Stop, statement};
use crate::priority;
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Two threads for reads that are expected to end, and one for the others.
pub const THREADS: [Kind; 3] = [Kind::Usual, Kind::Usual, Kind::Idle];
/// Long reads of one component at the same time.
const AT_ONCE: usize = 1;
/// Long reads of one component that wait; more are refused.
const MAX_WAITING: usize = 64;
/// A text that takes less than this no longer counts as long.
const SHORT: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Usual,
    Idle,
}

#[derive(Default)]
pub struct LongReads {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Kind, Job)>,
    /// The components whose reads are running, by the address of their usage record.
    running: Vec<usize>,
    is_closed: bool,
}

fn owner(job: &Job) -> usize {
    Arc::as_ptr(&job.usage).addr()
}

impl LongReads {
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
        let kind = if job.usage.has_endless_reads() { Kind::Idle } else { Kind::Usual };
        state.waiting.push_back((kind, job));
        drop(state);
        // Notifies all threads, as not every thread may take it.
        self.changed.notify_all();
    }

    /// Lets the threads end. Waiting reads are dropped, and their callers get an error.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// The loop of one thread.
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
    let outcome =
        statement::run(connection, &job.text, &job.parameters, allowance, &job.request_state);
    let took = started.elapsed();
    match outcome {
        Ok(_) if took < SHORT => job.text.mark_short(),
        Err(Error::Stopped(Stop::OutOfTime(_))) => job.usage.record_endless_read(took),
        Err(Error::Stopped(_)) => job.usage.record_stopped_read(took),
        _ => {}
    }
    // The caller may have gone; then the answer is dropped.
    drop(job.reply.send(outcome));
}
