//! The database of a cron component: the synchronous `fermyon:spin/sqlite@2.0.0`, bound here by
//! wit-bindgen.
//!
//! Cron triggers cannot run WASI 0.3 components, so this must not pull spin-sdk in.

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package accrue:store; world sql { import fermyon:spin/sqlite@2.0.0; }",
        world: "accrue:store/sql",
        generate_all,
    });
}

use bindings::fermyon::spin::sqlite::{Connection, Error as SpinError, Value as SpinValue};

use crate::Error;
#[cfg(feature = "spin-sync")]
use crate::sql::{LEDGER, REACH};
use crate::sql::{Row, Rows, Sql, Value, error_from_text};

/// One connection.
pub struct SpinSync(Connection);

impl SpinSync {
    /// Opens the database with that label in the manifest.
    ///
    /// # Errors
    /// [`Error::Database`] when the component has no such database.
    pub fn open(label: &str) -> Result<Self, Error> {
        Connection::open(label).map(Self).map_err(error)
    }

    /// Opens the database that is called `reach`, or, where the manifest grants none, the ledger's
    /// own. One that is granted and does not open is an error: its rows would else go to two files.
    ///
    /// # Errors
    /// As [`SpinSync::open`].
    #[cfg(feature = "spin-sync")]
    pub fn open_reach() -> Result<Self, Error> {
        match Connection::open(REACH) {
            Err(SpinError::AccessDenied) => Self::open(LEDGER),
            opened => opened.map(Self).map_err(error),
        }
    }
}

impl Sql for SpinSync {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let bound: Vec<SpinValue> = values.into_iter().map(bind).collect();
        let result = self.0.execute(statement, &bound).map_err(error)?;
        result
            .rows
            .into_iter()
            .map(|row| row.values.into_iter().map(read).collect::<Result<_, _>>().map(Row))
            .collect()
    }
}

fn bind(value: Value) -> SpinValue {
    match value {
        Value::Null => SpinValue::Null,
        Value::Integer(value) => SpinValue::Integer(value),
        Value::Text(value) => SpinValue::Text(value),
        Value::Blob(value) => SpinValue::Blob(value),
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
