//! Runs one statement on one connection and collects what it gives. Knows nothing of transactions or threads.

use super::{Error, Outcome, Rows, Value};
use rusqlite::{CachedStatement, Connection, ErrorCode, params_from_iter, types::ValueRef};

/// Largest result in bytes of text and blobs: a guest could not hold more either.
const LARGEST_RESULT: usize = 64 * 1024 * 1024;

/// Prepares (or finds prepared), binds, steps to the end.
pub fn run(connection: &Connection, sql: &str, parameters: &[Value]) -> Outcome {
    let statement = connection.prepare_cached(sql).map_err(failure)?;
    finish(connection, statement, parameters)
}

/// The same for a statement that is prepared already.
pub fn finish(connection: &Connection, mut statement: CachedStatement<'_>, parameters: &[Value]) -> Outcome {
    let columns: Vec<String> = statement.column_names().map(String::from).collect();
    let read_only = statement.readonly();
    let mut collected = Vec::new();
    let mut size = 0_usize;
    let mut rows = statement.query(params_from_iter(parameters)).map_err(failure)?;
    while let Some(row) = rows.next().map_err(failure)? {
        let mut values = Vec::with_capacity(columns.len());
        for index in 0..columns.len() {
            let value = row.get_ref(index).map_err(failure)?;
            size = size.saturating_add(match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                _ => 8,
            });
            values.push(owned(value));
        }
        if size > LARGEST_RESULT {
            return Err(Error::Io(format!("the result is larger than {LARGEST_RESULT} bytes")));
        }
        collected.push(values);
    }
    drop(rows);
    let (changes, last_insert_rowid) =
        if read_only { (0, 0) } else { (connection.changes(), connection.last_insert_rowid()) };
    Ok(Rows { columns, rows: collected, changes, last_insert_rowid })
}

/// SQLite's own words: guests look for the messages that they raised in triggers.
pub fn failure(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full,
        _ => Error::Io(error.to_string()),
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
