//! The database of a Spin HTTP component: `spin:sqlite@3.1.0` through spin-sdk, and quick reads
//! through the synchronous interface ([ADR
//! 0026](../../../../docs/adr/0026-loads-are-synchronous.md)).

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ledger::EntryId;
use spin_sdk::sqlite::{Connection, Error as SpinError, Value as SpinValue};
use spin_sdk::wasip3::wit_bindgen::StreamWriter;
use spin_sdk::wasip3::wit_stream;

use crate::Error;
use crate::commit::post;
use crate::gather::Gather;
use crate::sql::spin_sync::SpinSync;
use crate::sql::{LEDGER, REACH, Row, Rows, Sql, Value, error_from_text};
use crate::statement::statement;

/// How long a statement asks for a lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a write waits for those whose loads are under way.
const MOST_WAITED_MS: u32 = 8;

/// The connections of an instance, kept for its life.
pub struct Spin {
    connection: Connection,
    /// For quick reads, where they do not wait for the writer.
    quick: Option<SpinSync>,
    /// The writes of the instance, where each connection takes locks of its own.
    gather: Option<Gather<StreamWriter<u8>>>,
    /// Loads under way on the one connection.
    loading: Cell<usize>,
}

/// One load under way.
struct Loading<'a>(&'a Cell<usize>);

impl<'a> Loading<'a> {
    fn begin(loading: &'a Cell<usize>) -> Self {
        loading.set(loading.get() + 1);
        Self(loading)
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Spin {
    /// Opens the database with that label in the manifest.
    ///
    /// A host with one writer for all connections refuses that a guest says how long to wait for
    /// locks. Where it may be said, each connection has locks of its own, as on Spin. Then the
    /// writes of the instance share statements; and while the file has a rollback journal, reads
    /// take turns with them on one connection, as they would else wait for their locks.
    ///
    /// # Errors
    /// [`Error::Database`] when the component has no such database.
    pub async fn open(label: &str) -> Result<Self, Error> {
        let connection = Connection::open(label).await.map_err(error)?;
        Self::set_up(connection, label).await
    }

    /// Opens the database that is called `reach`, or, where the manifest grants none, the ledger's
    /// own. One that is granted and does not open is an error: its rows would else go to two files.
    ///
    /// # Errors
    /// As [`Spin::open`].
    pub async fn open_reach() -> Result<Self, Error> {
        match Connection::open(REACH).await {
            Err(SpinError::AccessDenied) => Self::open(LEDGER).await,
            opened => Self::set_up(opened.map_err(error)?, REACH).await,
        }
    }

    async fn set_up(connection: Connection, label: &str) -> Result<Self, Error> {
        let has_locks = run(&connection, statement!("queries/lock_wait"), vec![]).await.is_ok();
        let waits = has_locks && !has_readers_beside_the_writer(&connection).await;
        Ok(Self {
            connection,
            quick: if waits { None } else { Some(SpinSync::open(label)?) },
            gather: has_locks.then(Gather::default),
            loading: Cell::new(0),
        })
    }
}

impl Spin {
    /// Loads that waited for the write before this one come one after the other, and nothing is
    /// gained by writing after the first of them.
    async fn loads_of_others(&self) {
        for _ in 0..MOST_WAITED_MS {
            if self.loading.get() == 0 {
                break;
            }
            spin_sdk::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Sql for Spin {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        if self.gather.is_none() {
            return run(&self.connection, statement, values).await;
        }
        let mut begun = None;
        loop {
            match run(&self.connection, statement, values.clone()).await {
                // A statement that did not get its lock has written nothing.
                Err(Error::Busy) if begun.get_or_insert_with(Instant::now).elapsed() < PATIENCE => {
                }
                outcome => return outcome,
            }
        }
    }

    async fn look_up(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        match &self.quick {
            Some(quick) => quick.query(statement, values).await,
            None => {
                let _loading = Loading::begin(&self.loading);
                self.query(statement, values).await
            }
        }
    }

    async fn post(&self, rows: Vec<Vec<Value>>) -> Result<Rc<HashSet<EntryId>>, Error> {
        let Some(gather) = &self.gather else { return post(self, rows).await };
        let bell = || {
            let (bell, mut rung) = wit_stream::new::<u8>();
            (bell, async move { rung.next().await })
        };
        gather
            .post(
                rows,
                async || self.loads_of_others().await,
                async |rows| post(self, rows).await,
                bell,
            )
            .await
    }

    async fn pause(&self, attempt: u32) {
        // The first retry follows at once: on a host with one writer the next state is already
        // there. Then at random (the clock's nanoseconds, spread), or writers of one member would
        // meet again and again: within 2 ms first, as a commit takes no longer, and slowly up to 64
        // ms, for hosts where many instances contend.
        if attempt > 1 {
            let most_ms = 1u64 << (attempt / 2).min(6);
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap_or_default();
            let spread = u64::from(now.subsec_nanos()).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            spin_sdk::time::sleep(std::time::Duration::from_millis(1 + spread % most_ms)).await;
        }
    }

    async fn give_way(&self) {
        spin_sdk::wit_bindgen::yield_async().await;
    }
}

async fn has_readers_beside_the_writer(connection: &Connection) -> bool {
    let found = run(connection, statement!("queries/journal_mode"), vec![]).await;
    found.is_ok_and(|rows| rows == [Row(vec![Value::from("wal")])])
}

/// Executes one statement, once.
async fn run(connection: &Connection, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
    let bound = values.into_iter().map(|value| match value {
        Value::Null => SpinValue::Null,
        Value::Integer(value) => SpinValue::Integer(value),
        Value::Text(value) => SpinValue::Text(value),
        Value::Blob(value) => SpinValue::Blob(value),
    });
    // `collect` drains the rows and awaits the result: until both are done, the connection stays
    // locked on Spin.
    let result = connection.execute(statement, bound).await.map_err(error)?;
    let rows = result.collect().await.map_err(error)?;
    rows.into_iter()
        .map(|row| row.values.into_iter().map(read).collect::<Result<_, _>>().map(Row))
        .collect()
}

fn read(value: SpinValue) -> Result<Value, Error> {
    match value {
        SpinValue::Null => Ok(Value::Null),
        SpinValue::Integer(value) => Ok(Value::Integer(value)),
        SpinValue::Text(value) => Ok(Value::Text(value)),
        SpinValue::Blob(value) => Ok(Value::Blob(value)),
        SpinValue::Real(_) => Err(Error::Corrupt("column type")),
    }
}

fn error(error: SpinError) -> Error {
    match error {
        SpinError::Io(text) => error_from_text(text),
        SpinError::DatabaseFull => Error::Full,
        other => Error::Database(format!("{other:?}")),
    }
}
