//! Runs one statement on one connection and collects its result. It knows nothing of transactions
//! or threads.

use super::{
    Error, Outcome, Rows, Value,
    budget::{self, Allowance, RequestState, Stop},
    classify::Text,
};
use rusqlite::{
    CachedStatement, Connection, ErrorCode, StatementStatus, params_from_iter, types::ValueRef,
};
use std::sync::Arc;

/// Max bytes of a prepared statement that is kept for its next run: connections keep hundreds of
/// them.
pub const MAX_KEPT_BYTES: i32 = 512 * 1024;
/// Max bytes of a result: a guest could not hold more either.
const MAX_RESULT_BYTES: usize = 64 * 1024 * 1024;

/// Prepares (or finds prepared), binds, steps to the end, within an allowance.
pub fn run(
    connection: &Connection,
    text: &Text,
    parameters: &[Value],
    allowance: Allowance,
    request_state: &Arc<RequestState>,
) -> Outcome {
    if !request_state.still_needs(allowance.writes) {
        return Err(Error::Stopped(Stop::RequestOver));
    }
    budget::within(allowance, request_state, || {
        let statement =
            connection.prepare_cached(&text.sql).map_err(|error| failure(&error, allowance))?;
        finish(connection, statement, text, parameters, allowance)
    })
}

/// The same for a statement that is prepared already; the allowance is in force.
pub fn finish(
    connection: &Connection,
    mut statement: CachedStatement<'_>,
    text: &Text,
    parameters: &[Value],
    allowance: Allowance,
) -> Outcome {
    let columns: Vec<String> = statement.column_names().map(String::from).collect();
    let read_only = statement.readonly();
    let outcome = collect(&mut statement, columns.len(), parameters, allowance);
    if !text.is_worth_keeping(|| statement.get_status(StatementStatus::MemUsed) <= MAX_KEPT_BYTES) {
        statement.discard();
    }
    let rows = outcome?;
    let (changes, last_insert_rowid) =
        if read_only { (0, 0) } else { (connection.changes(), connection.last_insert_rowid()) };
    Ok(Rows { columns, rows, changes, last_insert_rowid })
}

fn collect(
    statement: &mut CachedStatement<'_>,
    columns: usize,
    parameters: &[Value],
    allowance: Allowance,
) -> Result<Vec<Vec<Value>>, Error> {
    let fail = |error: rusqlite::Error| failure(&error, allowance);
    let mut collected = Vec::new();
    let mut size = 0_usize;
    let mut rows = statement.query(params_from_iter(parameters)).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let mut values = Vec::with_capacity(columns);
        size = size.saturating_add(size_of::<Vec<Value>>());
        for index in 0..columns {
            let value = row.get_ref(index).map_err(fail)?;
            size = size.saturating_add(size_of::<Value>()).saturating_add(match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                _ => 0,
            });
            values.push(owned(value));
        }
        if size > MAX_RESULT_BYTES {
            return Err(Error::Io(format!("the result is larger than {MAX_RESULT_BYTES} bytes")));
        }
        collected.push(values);
    }
    Ok(collected)
}

/// Keeps SQLite's own words: guests look for the messages that they raised in triggers.
pub fn failure(error: &rusqlite::Error, allowance: Allowance) -> Error {
    if let Some(stop) = budget::reason(error, allowance) {
        return Error::Stopped(stop);
    }
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
