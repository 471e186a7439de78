//! The writer thread of one database. It takes every write that is queued, runs each in a savepoint of one transaction, commits once,
//! and answers only then: so many guests share one sync, and to each of them its write was alone, atomic and durable. Explicit
//! transactions and DDL get the connection alone. When one member spoils a group in a way that a savepoint cannot undo, the group is
//! rolled back (nobody has been answered yet) and each member runs by itself.

use super::{Command, Error, IN_TRANSACTION, Job, NO_TRANSACTION, Outcome, SessionState, TRANSACTION_LOST, statement};
use crate::metrics::DatabaseMetrics;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use rusqlite::{Connection, ErrorCode};
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// Most writes in one commit: bounds how long the first of them waits.
const LARGEST_GROUP: usize = 512;
/// A guest that holds a transaction and says nothing for so long loses it.
const IDLE_TRANSACTION: Duration = Duration::from_secs(5);

pub struct Writer {
    connection: Connection,
    commands: Receiver<Command>,
    /// Commands that arrived while something else had the connection; they come first.
    deferred: VecDeque<Command>,
    metrics: DatabaseMetrics,
}

impl Writer {
    pub fn new(connection: Connection, commands: Receiver<Command>, metrics: DatabaseMetrics) -> Self {
        Self { connection, commands, deferred: VecDeque::new(), metrics }
    }

    /// Until `Stop`, or until the last handle of the database is gone.
    pub fn run(mut self) {
        while let Some(command) = self.deferred.pop_front().or_else(|| self.commands.recv().ok()) {
            match command {
                Command::Write(job) => self.group(job),
                Command::Alone(job) => self.alone(job),
                Command::Abandon(_) => {}
                Command::Stop => break,
            }
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint failed; the log is replayed at the next start");
        }
    }

    /// One commit for `first` and all writes queued behind it.
    fn group(&mut self, first: Job) {
        if let Err(error) = self.command("BEGIN IMMEDIATE") {
            return self.answer(first, Err(statement::failure(error)));
        }
        let mut done: Vec<(Job, Outcome)> = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            let outcome = self.in_savepoint(&job);
            let broken = self.connection.is_autocommit();
            done.push((job, outcome));
            if broken {
                // ON CONFLICT ROLLBACK, RAISE(ROLLBACK) or a failing disk ended the transaction of all.
                return self.one_by_one(done);
            }
            if done.len() < LARGEST_GROUP {
                next = self.next_write();
            }
        }
        let started = Instant::now();
        match self.command("COMMIT") {
            Ok(()) => {
                self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                self.metrics.group_size.observe(done.len() as f64);
                for (job, outcome) in done {
                    self.answer(job, outcome);
                }
            }
            // A deferred constraint: which member broke it shows only when each commits for itself.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                self.roll_back();
                self.one_by_one(done);
            }
            Err(error) => {
                self.roll_back();
                self.metrics.failed_commits.inc();
                tracing::error!(%error, group = done.len(), "commit failed");
                let failure = statement::failure(error);
                for (job, _) in done {
                    self.answer(job, Err(failure.clone()));
                }
            }
        }
    }

    /// The next command if it is a write that may join the group.
    fn next_write(&mut self) -> Option<Job> {
        match self.deferred.pop_front().or_else(|| self.commands.try_recv().ok())? {
            Command::Write(job) => Some(job),
            other => {
                self.deferred.push_front(other);
                None
            }
        }
    }

    /// A failed statement leaves nothing behind and the others untouched.
    fn in_savepoint(&self, job: &Job) -> Outcome {
        self.command("SAVEPOINT one").map_err(statement::failure)?;
        let outcome = statement::run(&self.connection, &job.sql, &job.parameters);
        if self.connection.is_autocommit() {
            return outcome;
        }
        if outcome.is_err() {
            self.command("ROLLBACK TO one").map_err(statement::failure)?;
        }
        self.command("RELEASE one").map_err(statement::failure)?;
        outcome
    }

    fn one_by_one(&mut self, jobs: Vec<(Job, Outcome)>) {
        for (job, _) in jobs {
            self.metrics.group_size.observe(1.0);
            let outcome = statement::run(&self.connection, &job.sql, &job.parameters);
            self.answer(job, outcome);
        }
    }

    /// A statement outside any group. If it opened a transaction, its session keeps the connection until the end of that.
    fn alone(&mut self, job: Job) {
        let session = job.session.clone();
        let outcome = self.run_for_session(&job, &session);
        self.answer(job, outcome);
        while !self.connection.is_autocommit() {
            match self.commands.recv_timeout(IDLE_TRANSACTION) {
                Ok(Command::Alone(job)) if job.session.id == session.id => {
                    let outcome = self.run_for_session(&job, &session);
                    self.answer(job, outcome);
                }
                Ok(Command::Abandon(id)) if id == session.id => self.roll_back(),
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.roll_back();
                    self.deferred.push_front(Command::Stop);
                }
                Ok(other) => self.deferred.push_back(other),
                Err(RecvTimeoutError::Timeout) => {
                    tracing::warn!("rolled back a guest's transaction that was idle for {IDLE_TRANSACTION:?}");
                    self.roll_back();
                    session.transaction.store(TRANSACTION_LOST, Ordering::Release);
                }
            }
        }
    }

    /// The session's state is set before it is answered, so that its next statement goes the right way.
    fn run_for_session(&self, job: &Job, session: &Arc<SessionState>) -> Outcome {
        let outcome = statement::run(&self.connection, &job.sql, &job.parameters);
        let state = if self.connection.is_autocommit() { NO_TRANSACTION } else { IN_TRANSACTION };
        session.transaction.store(state, Ordering::Release);
        outcome
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.command("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }

    fn command(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Whoever asked may have gone; then nobody misses the answer.
    fn answer(&self, job: Job, outcome: Outcome) {
        self.metrics.queued.dec();
        drop(job.reply.send(outcome.map_err(|error| self.explain(error))));
    }

    fn explain(&self, error: Error) -> Error {
        if error == Error::Full {
            tracing::error!("the disk is full");
        }
        error
    }
}
