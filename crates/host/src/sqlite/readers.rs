//! A reader thread: runs statements that only read, each on the last committed state, beside the
//! writer. It is also where an unknown statement is prepared first; one that turns out to write
//! goes on to the writer, and one that takes long to the threads for that.

use super::{
    Allowance, Command, Error, Job, Outcome, budget, budget::Stop, classify::Class, long::Long,
    statement,
};
use crate::metrics::DatabaseMetrics;
use crossbeam_channel::{Receiver, Sender};
use rusqlite::Connection;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a read may hold one of these threads.
pub const MOMENT: Duration = Duration::from_millis(100);

pub struct Reader {
    pub connection: Connection,
    pub jobs: Receiver<Job>,
    pub writer: Sender<Command>,
    pub long: Arc<Long>,
    pub allowance: Allowance,
    pub metrics: DatabaseMetrics,
}

enum Tried {
    Writes,
    SetAside,
    Ran(Outcome),
}

impl Reader {
    /// Until the last handle of the database is gone.
    pub fn run(self) {
        while let Ok(job) = self.jobs.recv() {
            self.serve(job);
        }
    }

    fn serve(&self, job: Job) {
        // An unknown statement may be one that writes, which a client that left still wants.
        if !job.asked.wants(job.text.class() == Class::Unknown) {
            return drop(job.reply.send(Err(Error::Stopped(Stop::NobodyWaits))));
        }
        let started = Instant::now();
        let tried = budget::within(self.allowance, &job.asked, || self.attempt(&job));
        let took = started.elapsed();
        job.text.took(took);
        match tried {
            Tried::Writes => {
                job.text.learn(Class::Write);
                self.metrics.queued.inc();
                drop(self.writer.send(Command::Write(job)));
            }
            Tried::SetAside => self.long.push(job),
            Tried::Ran(Err(Error::Stopped(Stop::OutOfTime(_)))) => {
                job.manners.read_was_stopped(took);
                job.text.is_long_one();
                self.long.push(job);
            }
            Tried::Ran(outcome) => {
                if outcome.is_ok() {
                    job.text.ended_after(took);
                }
                // Whoever asked may have gone; then nobody misses the answer.
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
        if job.manners.is_set_aside(job.text.is_proven()) {
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
