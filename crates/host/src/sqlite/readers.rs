//! A reader thread: runs statements that only read, each on the last committed state, beside the writer. It is also where an unknown
//! statement is prepared first; one that turns out to write goes on to the writer.

use super::{
    Command, Job,
    classify::{Class, Classes},
    statement,
};
use crate::metrics::DatabaseMetrics;
use crossbeam_channel::{Receiver, Sender};
use rusqlite::Connection;
use std::sync::Arc;

pub struct Reader {
    pub connection: Connection,
    pub jobs: Receiver<Job>,
    pub classes: Arc<Classes>,
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
        let prepared = match self.connection.prepare_cached(&job.sql) {
            Ok(prepared) => prepared,
            // Whoever asked may have gone; then nobody misses the answer, here and below.
            Err(error) => return drop(job.reply.send(Err(statement::failure(error)))),
        };
        if !prepared.readonly() {
            self.classes.learn(job.sql.clone(), Class::Write);
            self.metrics.queued.inc();
            return drop(self.writer.send(Command::Write(job)));
        }
        if job.class == Class::Unknown {
            self.classes.learn(job.sql.clone(), Class::Read);
        }
        let outcome = statement::finish(&self.connection, prepared, &job.parameters);
        drop(job.reply.send(outcome));
    }
}
