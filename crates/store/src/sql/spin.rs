//! The database of a Spin HTTP component: `spin:sqlite@3.1.0` through spin-sdk, and quick reads
//! through the synchronous interface ([ADR
//! 0026](../../../../docs/adr/0026-loads-are-synchronous.md)).

use spin_sdk::sqlite::{Connection, Error as SpinError, Value as SpinValue};

use crate::Error;
use crate::sql::spin_sync::SpinSync;
use crate::sql::{Row, Rows, Sql, Value, error_from_text};

/// Two connections, kept for the life of the instance.
pub struct Spin {
    connection: Connection,
    quick: SpinSync,
}

impl Spin {
    /// Opens the database with that label in the manifest.
    ///
    /// # Errors
    /// [`Error::Database`] when the component has no such database.
    pub async fn open(label: &str) -> Result<Self, Error> {
        let connection = Connection::open(label).await.map_err(error)?;
        Ok(Self { connection, quick: SpinSync::open(label)? })
    }
}

impl Sql for Spin {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let bound = values.into_iter().map(|value| match value {
            Value::Null => SpinValue::Null,
            Value::Integer(value) => SpinValue::Integer(value),
            Value::Text(value) => SpinValue::Text(value),
            Value::Blob(value) => SpinValue::Blob(value),
        });
        // `collect` drains the rows and awaits the result: until both are done, the connection
        // stays locked on Spin.
        let rows = self
            .connection
            .execute(statement, bound)
            .await
            .map_err(error)?
            .collect()
            .await
            .map_err(error)?;
        rows.into_iter()
            .map(|row| row.values.into_iter().map(read).collect::<Result<_, _>>().map(Row))
            .collect()
    }

    async fn look_up(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        self.quick.query(statement, values).await
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
