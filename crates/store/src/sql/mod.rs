//! What Accrue asks of a database: one statement with bound values, all rows back.

#[cfg(feature = "native")]
pub(crate) mod native;
#[cfg(feature = "spin")]
pub(crate) mod spin;
#[cfg(any(feature = "spin", feature = "spin-sync"))]
pub(crate) mod spin_sync;

use std::collections::HashSet;
use std::rc::Rc;

use ledger::{EntryId, Hash};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::Error;
use crate::commit::post;

/// The label of the ledger's database.
#[cfg(any(feature = "spin", feature = "spin-sync"))]
pub(crate) const LEDGER: &str = "default";
/// The label of the database with what is known of customers.
#[cfg(any(feature = "spin", feature = "spin-sync"))]
pub(crate) const REACH: &str = "reach";

/// A bound value or a column. Accrue stores no floats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// UTF-8 text.
    Text(String),
    /// Bytes: an id or a hash.
    Blob(Vec<u8>),
}

/// As a JSON value, for what travels in one text. Bytes are hexadecimal there.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Blob(value) => serializer.serialize_str(&hexadecimal(value)),
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

impl From<EntryId> for Value {
    fn from(id: EntryId) -> Self {
        Self::Blob(id.0.to_be_bytes().into())
    }
}

impl From<Hash> for Value {
    fn from(hash: Hash) -> Self {
        Self::Blob(hash.0.into())
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

    /// Writes rows of the view `posting`, each wholly or not at all, and returns the ids of the
    /// entries that are written. Requests of one instance may share a statement.
    ///
    /// # Errors
    /// As [`Sql::query`].
    async fn post(&self, rows: Vec<Vec<Value>>) -> Result<Rc<HashSet<EntryId>>, Error> {
        post(self, rows).await
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
            Value::Text(_) | Value::Blob(_) => Err(Error::Corrupt("text in a number column")),
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
            Value::Integer(_) | Value::Blob(_) => Err(Error::Corrupt("no text in a text column")),
        }
    }

    /// Takes the id of an entry.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn entry_id(&mut self, column: usize) -> Result<EntryId, Error> {
        self.optional_entry_id(column)?.ok_or(Error::Corrupt("null in an id column"))
    }

    /// Takes the id of an entry that may be null.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn optional_entry_id(&mut self, column: usize) -> Result<Option<EntryId>, Error> {
        Ok(self.bytes(column)?.map(|bytes| EntryId(u128::from_be_bytes(bytes))))
    }

    /// Takes a hash.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn hash(&mut self, column: usize) -> Result<Hash, Error> {
        self.optional_hash(column)?.ok_or(Error::Corrupt("null in a hash column"))
    }

    /// Takes a hash that may be null.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is something else.
    pub fn optional_hash(&mut self, column: usize) -> Result<Option<Hash>, Error> {
        Ok(self.bytes(column)?.map(Hash))
    }

    /// Takes so many bytes. In a row that came as one text they are hexadecimal.
    fn bytes<const LENGTH: usize>(&mut self, column: usize) -> Result<Option<[u8; LENGTH]>, Error> {
        let bytes = match self.take(column) {
            Value::Null => return Ok(None),
            Value::Blob(bytes) => bytes.try_into().ok(),
            Value::Text(text) => from_hexadecimal(&text),
            Value::Integer(_) => None,
        };
        bytes.map(Some).ok_or(Error::Corrupt("bytes"))
    }

    fn take(&mut self, column: usize) -> Value {
        self.0.get_mut(column).map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
    }
}

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of twice as many hexadecimal digits, in either case.
pub(crate) fn from_hexadecimal<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if text.len() != 2 * LENGTH {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
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

    #[test]
    fn bytes_come_as_they_are_or_hexadecimal() {
        let (id, hash) = (EntryId(0x0192_f3a0 << 96 | 7), Hash([0xAB; 32]));
        let text = serde_json::to_string(&[Value::from(id), Value::from(hash)]).unwrap();
        assert_eq!(text, format!(r#"["0192f3a0000000000000000000000007","{}"]"#, "ab".repeat(32)));
        for mut row in [
            Row(vec![id.into(), hash.into()]),
            Row::from_json(&text).unwrap(),
            Row::from_json(&text.to_uppercase()).unwrap(),
        ] {
            assert_eq!((row.entry_id(0).unwrap(), row.hash(1).unwrap()), (id, hash));
        }
        for bad in [Value::from("0192"), 7.into(), Value::Blob(vec![1; 15]), "zz".repeat(16).into()]
        {
            assert!(Row(vec![bad.clone()]).entry_id(0).is_err(), "{bad:?}");
        }
        assert_eq!(Row(vec![Value::Null]).optional_hash(0).unwrap(), None);
        assert!(Row(vec![Value::Null]).hash(0).is_err());
    }
}
