//! A reader thread: runs statements that only read, each on the last committed state, beside the writer. It is also where an unknown
//! statement is prepared first; one that turns out to write goes on to the writer.

use super::{Command, Job, classify::Class, statement};
use crate::metrics::DatabaseMetrics;
use crossbeam_channel::{Receiver, Sender};
use rusqlite::Connection;
use std::time::Instant;

pub struct Reader {
    pub connection: Connection,
    pub jobs: Receiver<Job>,
    pub writer: Sender<Command>,
    pub metrics: DatabaseMetrics,
}

impl Reader {
    /// Until the last handle of the database is gone.
    pub fn run(self) {
        while let Ok(job) = self.jobs.recv() {
            self.serve(job);
        }
    }

    fn serve(&self, job: Job) {
        let started = Instant::now();
        let prepared = match self.connection.prepare_cached(&job.text.sql) {
            Ok(prepared) => prepared,
            // Whoever asked may have gone; then nobody misses the answer, here and below.
            Err(error) => return drop(job.reply.send(Err(statement::failure(error)))),
        };
        if !prepared.readonly() {
            job.text.learn(Class::Write);
            self.metrics.queued.inc();
            return drop(self.writer.send(Command::Write(job)));
        }
        job.text.learn(Class::Read);
        let outcome = statement::finish(&self.connection, prepared, &job.parameters);
        job.text.took(started.elapsed());
        drop(job.reply.send(outcome));
    }
}
