//! SQLite for guests: one writer thread per database, readers beside it. This file has the handle
//! behind guests' connections and chooses the thread for each statement. It runs no SQL itself.

#[cfg(test)]
mod attacks;
mod authorizer;
mod budget;
mod checkpoint;
mod classify;
mod connection;
mod encryption;
mod long;
mod readers;
mod statement;
mod usage;
mod writer;

pub use budget::RequestState;
pub use encryption::take_key;
pub use rusqlite::types::Value;

use crate::metrics::DatabaseMetrics;
use anyhow::Result;
use budget::{Allowance, Stop};
use classify::{Class, Text, Texts};
use crossbeam_channel::Sender;
use long::LongReads;
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use usage::Usage;

/// The result of a statement.
#[derive(Debug, Default, PartialEq)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    pub changes: u64,
    pub last_insert_rowid: i64,
}

/// Why a statement failed, as far as a guest may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    Full,
    /// The component exceeds its share; the statement was not tried.
    Refused(String),
    Io(String),
    Stopped(Stop),
}

/// The limits of statements, and the max size of a file.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub read_time: Duration,
    pub write_time: Duration,
    pub statement_bytes: usize,
    /// 0: as large as the disk.
    pub file_bytes: u64,
}

/// Time limit of an inline read, because it blocks a thread that many requests share.
const INLINE_TIME: Duration = Duration::from_millis(20);

pub type Outcome = Result<Rows, Error>;

/// One statement on its way to a thread.
struct Job {
    text: Arc<Text>,
    parameters: Vec<Value>,
    session: Arc<SessionState>,
    usage: Arc<Usage>,
    request_state: Arc<RequestState>,
    reply: oneshot::Sender<Outcome>,
}

enum Command {
    /// A write of its own, which may share a commit with others.
    Write(Job),
    /// DDL, PRAGMA, BEGIN and every statement of a session in a transaction. No other statement
    /// runs meanwhile.
    Alone(Job),
    /// A session went away in the middle of a transaction.
    Abandon(u64),
    Stop,
}

/// Two sets of reader threads, so that a blocking read never waits behind a report.
struct Readers {
    patient: Sender<Job>,
    urgent: Sender<Job>,
}

/// How a guest waits for a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CallStyle {
    /// Its instance goes on with other requests.
    Concurrent,
    /// Its instance is blocked.
    Blocking,
}

/// A database file with its threads, as one component sees it. Clones share them.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    usage: Arc<Usage>,
}

struct Inner {
    writer: Sender<Command>,
    readers: Option<Readers>,
    /// Connections for inline reads: one for each read that may run at the same moment.
    inline_connections: Vec<Mutex<Connection>>,
    long: Arc<LongReads>,
    bounds: Bounds,
    texts: Texts,
    metrics: DatabaseMetrics,
    next_session: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Database {
    /// Opens or creates the file and starts its threads.
    pub fn open(
        path: &Path,
        label: &str,
        reader_count: usize,
        bounds: Bounds,
        metrics: DatabaseMetrics,
    ) -> Result<Self> {
        let (writer, commands) = crossbeam_channel::unbounded();
        let mut connection = connection::open_writer(path, bounds.file_bytes)?;
        let (mut threads, mut checkpoints) = (Vec::new(), None);
        let (mut readers, mut inline_connections) = (None, Vec::new());
        let long = Arc::new(LongReads::default());
        let wal = connection::is_wal(&connection)?;
        if wal {
            let (writers_side, thread) = checkpoint::start(path, label, &mut connection)?;
            checkpoints = Some(writers_side);
            threads.push(thread);
        }
        // Under a rollback journal a reader would block the writer: then all statements take turns
        // on the one connection.
        if wal && reader_count > 0 {
            let (patient, patients) = crossbeam_channel::unbounded();
            let (urgent, urgents) = crossbeam_channel::unbounded();
            for (kind, jobs) in [("read", patients), ("look", urgents)] {
                for number in 0..reader_count {
                    let reader = readers::Reader {
                        connection: connection::open_reader(path)?,
                        jobs: jobs.clone(),
                        writer: writer.clone(),
                        long: long.clone(),
                        allowance: bounds.read(readers::MAX_READ_TIME),
                        metrics: metrics.clone(),
                    };
                    threads.push(start(format!("{kind}-{label}-{number}"), move || reader.run())?);
                }
            }
            for (number, kind) in long::THREADS.into_iter().enumerate() {
                let (connection, long) = (connection::open_reader(path)?, long.clone());
                let allowance = bounds.read(bounds.read_time);
                let work = move || long.serve(kind, &connection, allowance);
                threads.push(start(format!("long-{label}-{number}"), work)?);
            }
            readers = Some(Readers { patient, urgent });
            for _ in 0..reader_count {
                inline_connections.push(Mutex::new(connection::open_reader(path)?));
            }
        }
        let allowance =
            Allowance { time: bounds.write_time, bytes: bounds.statement_bytes, writes: true };
        let work =
            writer::Writer::new(connection, commands, allowance, metrics.clone(), checkpoints);
        threads.push(start(format!("write-{label}"), move || work.run())?);
        let inner = Inner {
            writer,
            readers,
            inline_connections,
            long,
            bounds,
            texts: Texts::default(),
            metrics,
            next_session: AtomicU64::new(1),
            threads: Mutex::new(threads),
        };
        Ok(Self { inner: Arc::new(inner), usage: Arc::default() })
    }

    /// The same database for another component, with a usage record of its own.
    pub fn for_another(&self) -> Self {
        Self { inner: self.inner.clone(), usage: Arc::default() }
    }

    pub fn session(&self) -> Session {
        let id = self.inner.next_session.fetch_add(1, Ordering::Relaxed);
        Session {
            database: self.clone(),
            state: Arc::new(SessionState { id, ..SessionState::default() }),
        }
    }

    /// Lets the writer finish its queue, then checkpoints and closes. Later statements fail.
    pub fn close(&self) {
        // A send fails only if the thread is gone, and then there is nothing to stop.
        if self.inner.writer.send(Command::Stop).is_ok()
            && let Ok(mut threads) = self.inner.threads.lock()
            && let Some(writer) = threads.pop()
            && writer.join().is_err()
        {
            tracing::error!("the writer thread had panicked");
        }
    }
}

fn start(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Ok(std::thread::Builder::new().name(name).spawn(work)?)
}

impl Bounds {
    fn read(&self, time: Duration) -> Allowance {
        Allowance { time, bytes: self.statement_bytes, writes: false }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.long.close();
    }
}

/// The state of a session's explicit transactions.
#[derive(Default)]
struct SessionState {
    id: u64,
    transaction: AtomicU8,
    changes: AtomicU64,
    last_insert_rowid: AtomicI64,
}

/// No transaction is open: each statement commits on its own.
const NO_TRANSACTION: u8 = 0;
/// The session holds the writer's connection.
const IN_TRANSACTION: u8 = 1;
/// The writer rolled back because the guest was idle for too long. The guest's next statement
/// reports it.
const TRANSACTION_LOST: u8 = 2;
const LOST: &str = "the transaction was rolled back: it was idle or open for too long";

/// One guest connection: a sequence of statements, and perhaps a transaction.
pub struct Session {
    database: Database,
    state: Arc<SessionState>,
}

impl Session {
    /// Runs one statement for a request. A write that returns is on disk.
    pub async fn execute(
        &self,
        sql: String,
        parameters: Vec<Value>,
        request_state: &Arc<RequestState>,
    ) -> Outcome {
        self.run(sql, parameters, request_state, CallStyle::Concurrent).await
    }

    /// The same for a guest whose instance is blocked meanwhile. Its reads do not queue behind
    /// those of [`Session::execute`].
    pub async fn execute_blocking(
        &self,
        sql: String,
        parameters: Vec<Value>,
        request_state: &Arc<RequestState>,
    ) -> Outcome {
        self.run(sql, parameters, request_state, CallStyle::Blocking).await
    }

    async fn run(
        &self,
        sql: String,
        parameters: Vec<Value>,
        request_state: &Arc<RequestState>,
        call_style: CallStyle,
    ) -> Outcome {
        if sql.len() > connection::MAX_SQL_LENGTH {
            return Err(Error::Io(format!(
                "a statement is no longer than {} bytes",
                connection::MAX_SQL_LENGTH
            )));
        }
        let text = self.database.inner.texts.of(sql);
        if let Some(outcome) = self.run_inline(&text, &parameters, request_state) {
            return outcome;
        }
        let bytes =
            parameters.iter().fold(text.sql.len(), |sum, value| sum.saturating_add(size(value)));
        let outcome = match self.database.usage.reserve(bytes) {
            Ok(_reservation) => {
                let (reply, outcome) = oneshot::channel();
                self.dispatch(text, parameters, request_state, reply, call_style);
                outcome.await.unwrap_or_else(|_| Err(Error::Io("the database is closed".into())))
            }
            Err(refusal) => {
                // A refused statement takes no memory while it waits.
                drop((text, parameters));
                Err(refusal)
            }
        };
        if matches!(outcome, Err(Error::Refused(_))) {
            let delay = self.database.usage.delay_of_refusal();
            // A blocked instance serves other requests, too.
            let delay = if call_style == CallStyle::Blocking {
                delay.min(usage::REFUSAL_INTERVAL)
            } else {
                delay
            };
            tokio::time::sleep(delay).await;
        }
        let outcome = outcome?;
        if outcome.changes > 0 {
            self.state.changes.store(outcome.changes, Ordering::Relaxed);
            self.state.last_insert_rowid.store(outcome.last_insert_rowid, Ordering::Relaxed);
        }
        Ok(outcome)
    }

    /// Rows changed by the last statement that changed any.
    pub fn changes(&self) -> u64 {
        self.state.changes.load(Ordering::Relaxed)
    }

    /// The row id of that statement.
    pub fn last_insert_rowid(&self) -> i64 {
        self.state.last_insert_rowid.load(Ordering::Relaxed)
    }

    /// Runs a quick read inline, if a connection is free. A failed read runs again on a thread,
    /// which can wait.
    fn run_inline(
        &self,
        text: &Text,
        parameters: &[Value],
        request_state: &Arc<RequestState>,
    ) -> Option<Outcome> {
        if !text.is_quick() || self.state.transaction.load(Ordering::Acquire) != NO_TRANSACTION {
            return None;
        }
        let inner = &self.database.inner;
        let connection =
            inner.inline_connections.iter().find_map(|connection| connection.try_lock().ok())?;
        let started = Instant::now();
        let outcome = statement::run(
            &connection,
            text,
            parameters,
            inner.bounds.read(INLINE_TIME),
            request_state,
        );
        text.record_time(started.elapsed());
        outcome.ok().map(Ok)
    }

    /// A send fails only once the database is closed; the dropped reply then informs the caller.
    fn dispatch(
        &self,
        text: Arc<Text>,
        parameters: Vec<Value>,
        request_state: &Arc<RequestState>,
        reply: oneshot::Sender<Outcome>,
        call_style: CallStyle,
    ) {
        let inner = &self.database.inner;
        let (class, is_long) = (text.class(), text.is_long());
        let (session, usage) = (self.state.clone(), self.database.usage.clone());
        let job =
            Job { text, parameters, session, usage, request_state: request_state.clone(), reply };
        let transaction = self.state.transaction.load(Ordering::Acquire);
        let command = match (transaction, class, &inner.readers) {
            (TRANSACTION_LOST, ..) => {
                self.state.transaction.store(NO_TRANSACTION, Ordering::Release);
                return drop(job.reply.send(Err(Error::Io(LOST.into()))));
            }
            (NO_TRANSACTION, Class::Read | Class::Unknown, Some(readers)) => {
                if is_long {
                    return inner.long.push(job);
                }
                return drop(match call_style {
                    CallStyle::Concurrent => readers.patient.send(job),
                    CallStyle::Blocking => readers.urgent.send(job),
                });
            }
            (NO_TRANSACTION, Class::Write, _) => Command::Write(job),
            _ => Command::Alone(job),
        };
        inner.metrics.queued.inc();
        drop(inner.writer.send(command));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.state.transaction.load(Ordering::Acquire) == IN_TRANSACTION {
            drop(self.database.inner.writer.send(Command::Abandon(self.state.id)));
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 0,
    }
}
