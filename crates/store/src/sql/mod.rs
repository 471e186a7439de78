//! What Accrue asks of a database: one statement with bound values, all rows back.

#[cfg(feature = "native")]
pub(crate) mod native;
#[cfg(feature = "spin")]
pub(crate) mod spin;
#[cfg(any(feature = "spin", feature = "spin-sync"))]
pub(crate) mod spin_sync;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::Error;

/// A bound value or a column. Accrue stores no floats and no blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// UTF-8 text.
    Text(String),
}

/// As a JSON value, for what travels in one text.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A database that executes one statement at a time, each atomic and durable by itself.
///
/// Synchronous databases answer with futures that are ready at once.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, so the futures need not be Send")]
pub trait Sql {
    /// Executes `statement` with `?1…` bound to `values` and returns every row.
    ///
    /// # Errors
    /// [`Error::Busy`] when a lock could not be had in time, [`Error::Full`] when there is no room,
    /// [`Error::Database`] otherwise.
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error>;

    /// As [`Sql::query`], for a statement that reads a few rows by index. Where requests share an
    /// instance the others wait meanwhile: for microseconds this costs less than handing the
    /// instance over and back.
    ///
    /// # Errors
    /// As [`Sql::query`].
    async fn look_up(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        self.query(statement, values).await
    }

    /// Waits a moment before a write that somebody else was faster with is tried for the
    /// `attempt`-th time, so that writers of one member spread out. Does nothing where a connection
    /// is alone.
    async fn pause(&self, attempt: u32) {
        let _ = attempt;
    }

    /// Lets other requests of the instance run, between two orders of one call. Does nothing where
    /// nobody else could.
    async fn give_way(&self) {}
}

/// The rows of one statement.
pub type Rows = Vec<Row>;

/// One row, its columns taken by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The columns of a row that was selected as one JSON array. What is JSON itself is a text
    /// here, whether the database quoted it or not.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is no such array.
    pub(crate) fn from_json(text: &str) -> Result<Self, Error> {
        let columns: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|_| Error::Corrupt("row"))?;
        columns
            .into_iter()
            .map(|column| from_json(column.get()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Takes an integer column.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn integer(&mut self, column: usize) -> Result<i64, Error> {
        self.optional_integer(column)?.ok_or(Error::Corrupt("null in a number column"))
    }

    /// Takes an integer column that may be null.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn optional_integer(&mut self, column: usize) -> Result<Option<i64>, Error> {
        match self.take(column) {
            Value::Null => Ok(None),
            Value::Integer(value) => Ok(Some(value)),
            Value::Text(_) => Err(Error::Corrupt("text in a number column")),
        }
    }

    /// Takes a text column.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn text(&mut self, column: usize) -> Result<String, Error> {
        self.optional_text(column)?.ok_or(Error::Corrupt("null in a text column"))
    }

    /// Takes a text column that may be null.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn optional_text(&mut self, column: usize) -> Result<Option<String>, Error> {
        match self.take(column) {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            Value::Integer(_) => Err(Error::Corrupt("number in a text column")),
        }
    }

    fn take(&mut self, column: usize) -> Value {
        self.0.get_mut(column).map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
    }
}

fn from_json(column: &str) -> Result<Value, Error> {
    let value = match column.as_bytes().first() {
        Some(b'n') => Ok(Value::Null),
        Some(b'[' | b'{') => Ok(Value::from(column)),
        Some(b'"') => serde_json::from_str(column).map(Value::Text),
        _ => serde_json::from_str(column).map(Value::Integer),
    };
    value.map_err(|_| Error::Corrupt("column type"))
}

/// Tells a lock that could not be had, and a full disk, from everything else. Some backends report
/// them only in words.
#[cfg(any(feature = "spin", feature = "spin-sync"))]
pub(crate) fn error_from_text(text: String) -> Error {
    let lower = text.to_ascii_lowercase();
    if lower.contains("locked") || lower.contains("busy") {
        Error::Busy
    } else if lower.contains("database or disk is full") {
        Error::Full
    } else {
        Error::Database(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_may_come_as_one_text() {
        let text = r#"[1, null, -9223372036854775808, "a\"b", [["x", 1]], "[[\"x\", 1]]"]"#;
        let expected = [
            Value::from(1),
            Value::Null,
            Value::from(i64::MIN),
            "a\"b".into(),
            r#"[["x", 1]]"#.into(),
            r#"[["x", 1]]"#.into(),
        ];
        assert_eq!(Row::from_json(text).unwrap().0, expected);
        for bad in ["", "{}", "[1.5]", "[true]", "[1"] {
            assert!(Row::from_json(bad).is_err(), "{bad}");
        }
    }
}
