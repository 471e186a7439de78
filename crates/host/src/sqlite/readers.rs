//! A reader thread: runs statements that only read, each on the last committed state, beside the
//! writer. It also prepares unknown statements first. A statement that writes goes on to the
//! writer, and a long one to the threads for long reads.

use super::{
    Allowance, Command, Error, Job, Outcome, budget, budget::Stop, classify::Class,
    long::LongReads, statement,
};
use crate::metrics::DatabaseMetrics;
use crossbeam_channel::{Receiver, Sender};
use rusqlite::Connection;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a read may hold one of these threads.
pub const MAX_READ_TIME: Duration = Duration::from_millis(100);

pub struct Reader {
    pub connection: Connection,
    pub jobs: Receiver<Job>,
    pub writer: Sender<Command>,
    pub long: Arc<LongReads>,
    pub allowance: Allowance,
    pub metrics: DatabaseMetrics,
}

enum Tried {
    Writes,
    SetAside,
    Ran(Outcome),
}

impl Reader {
    /// Runs until the last handle of the database is gone.
    pub fn run(self) {
        while let Ok(job) = self.jobs.recv() {
            self.serve(job);
        }
    }

    fn serve(&self, job: Job) {
        // An unknown statement may write, and writes are done even if the client left.
        if !job.request_state.still_needs(job.text.class() == Class::Unknown) {
            return drop(job.reply.send(Err(Error::Stopped(Stop::RequestOver))));
        }
        let started = Instant::now();
        let tried = budget::within(self.allowance, &job.request_state, || self.attempt(&job));
        let took = started.elapsed();
        job.text.record_time(took);
        match tried {
            Tried::Writes => {
                job.text.learn(Class::Write);
                self.metrics.queued.inc();
                drop(self.writer.send(Command::Write(job)));
            }
            Tried::SetAside => self.long.push(job),
            Tried::Ran(Err(Error::Stopped(Stop::OutOfTime(_)))) => {
                job.usage.record_stopped_read(took);
                job.text.mark_long();
                self.long.push(job);
            }
            Tried::Ran(outcome) => {
                if outcome.is_ok() {
                    job.text.record_completion(took);
                }
                // The caller may have gone; then the answer is dropped.
                drop(job.reply.send(outcome));
            }
        }
    }

    fn attempt(&self, job: &Job) -> Tried {
        let prepared = match self.connection.prepare_cached(&job.text.sql) {
            Ok(prepared) => prepared,
            Err(error) => return Tried::Ran(Err(statement::failure(&error, self.allowance))),
        };
        if !prepared.readonly() {
            return Tried::Writes;
        }
        job.text.learn(Class::Read);
        if job.usage.is_set_aside(job.text.is_proven()) {
            return Tried::SetAside;
        }
        Tried::Ran(statement::finish(
            &self.connection,
            prepared,
            &job.text,
            &job.parameters,
            self.allowance,
        ))
    }
}
