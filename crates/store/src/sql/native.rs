//! SQLite in the process, through rusqlite: for tests, seeds and the native figure of the bench.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use crate::Error;
use crate::sql::{Row, Rows, Sql, Value};

/// One connection to a SQLite file.
pub struct Native(Connection);

impl Native {
    /// Opens (or creates) a file with the settings the host uses: WAL, `synchronous=FULL`.
    ///
    /// # Errors
    /// [`Error::Database`] when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::set_up(Connection::open(path).map_err(error)?)
    }

    /// Opens a database in memory.
    ///
    /// # Errors
    /// [`Error::Database`] when it cannot be opened.
    pub fn in_memory() -> Result<Self, Error> {
        Self::set_up(Connection::open_in_memory().map_err(error)?)
    }

    /// The connection itself, for what only tests and seeds do (transactions, pragmas).
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.0
    }

    fn set_up(connection: Connection) -> Result<Self, Error> {
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;",
            )
            .map_err(error)?;
        // As the host does: plans that depend on bound values would be made anew at every call.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(error)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self(connection))
    }
}

impl Sql for Native {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        self.ask(statement, values)
    }
}

impl Native {
    /// Not within the future: that is compiled in the crate that polls it, and tests are not
    /// optimised.
    fn ask(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let mut prepared = self.0.prepare_cached(statement).map_err(error)?;
        let columns = prepared.column_count();
        let bound = values.into_iter().map(|value| match value {
            Value::Null => rusqlite::types::Value::Null,
            Value::Integer(value) => rusqlite::types::Value::Integer(value),
            Value::Text(value) => rusqlite::types::Value::Text(value),
            Value::Blob(value) => rusqlite::types::Value::Blob(value),
        });
        let mut rows = prepared.query(params_from_iter(bound)).map_err(error)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            let values = (0..columns).map(|column| read(row.get_ref(column).map_err(error)?));
            found.push(Row(values.collect::<Result<_, _>>()?));
        }
        Ok(found)
    }
}

fn read(value: ValueRef<'_>) -> Result<Value, Error> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Integer(value)),
        ValueRef::Text(text) => String::from_utf8(text.to_vec())
            .map(Value::Text)
            .map_err(|_| Error::Corrupt("text that is not UTF-8")),
        ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
        ValueRef::Real(_) => Err(Error::Corrupt("column type")),
    }
}

fn error(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::DiskFull) => Error::Full,
        _ => Error::Database(error.to_string()),
    }
}
