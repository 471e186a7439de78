//! A database that counts what it is asked for and what that takes in SQLite.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![expect(unsafe_code, reason = "rusqlite has no function for the status of a connection")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, StatementStatus, ffi};
use store::{Error, Native, Rows, Sql, Value};

use super::allocations::uncounted;

/// The opcodes that open a temporary table or index.
const OPENS: [&str; 3] = ["OpenEphemeral", "OpenAutoindex", "SorterOpen"];

/// What the statements of one side did: those that read, or those that write.
#[derive(Clone, Copy, Default)]
pub struct Side {
    /// Operations of SQLite's virtual machine.
    pub steps: u64,
    /// Pages that were asked for, in the cache or not.
    pub pages: u64,
    /// Temporary tables and indexes that the programs of the statements may open, as `EXPLAIN`
    /// lists them: each costs memory and time that the steps do not show.
    pub temporary_tables: u64,
}

#[derive(Clone, Default)]
pub struct Counts {
    pub loads: Side,
    pub writes: Side,
    pub statements: u64,
    /// Bytes of the statements' texts.
    pub sql_bytes: u64,
    /// Bytes of the values bound to them: 8 a number, 0 a null.
    pub parameter_bytes: u64,
    /// Texts that were compiled, as they were not in the connection's cache or their plan depended
    /// on a value.
    pub prepared: BTreeSet<String>,
}

pub struct Counted {
    pub native: Native,
    counts: RefCell<Counts>,
    temporary_tables: RefCell<BTreeMap<String, u64>>,
}

impl Counted {
    pub fn new(native: Native) -> Self {
        Self { native, counts: RefCell::default(), temporary_tables: RefCell::default() }
    }

    /// Takes what was counted since the last call.
    pub fn take(&self) -> Counts {
        self.counts.take()
    }

    fn before(&self, text: &str, values: &[Value]) {
        let mut counts = self.counts.borrow_mut();
        counts.statements += 1;
        counts.sql_bytes += bytes(text.len());
        counts.parameter_bytes += values.iter().map(size).sum::<u64>();
        let statement = self.native.connection().prepare_cached(text).unwrap();
        if statement.get_status(StatementStatus::Run) == 0 {
            counts.prepared.insert(text.to_owned());
        }
        statement.reset_status(StatementStatus::VmStep);
        statement.reset_status(StatementStatus::RePrepare);
        self.temporary_tables
            .borrow_mut()
            .entry(text.to_owned())
            .or_insert_with(|| temporary_tables(self.native.connection(), text));
    }

    fn after(&self, text: &str, pages: u64) {
        let mut counts = self.counts.borrow_mut();
        let statement = self.native.connection().prepare_cached(text).unwrap();
        if statement.reset_status(StatementStatus::RePrepare) > 0 {
            counts.prepared.insert(text.to_owned());
        }
        let side = if statement.readonly() { &mut counts.loads } else { &mut counts.writes };
        side.steps += u64::try_from(statement.reset_status(StatementStatus::VmStep)).unwrap();
        side.pages += pages;
        side.temporary_tables += self.temporary_tables.borrow().get(text).copied().unwrap_or(0);
    }
}

impl Sql for Counted {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        uncounted(|| self.before(statement, &values));
        let pages = pages(self.native.connection());
        let rows = self.native.query(statement, values).await;
        let asked_for = pages_since(self.native.connection(), pages);
        uncounted(|| self.after(statement, asked_for));
        rows
    }
}

fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}

fn size(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Integer(_) => 8,
        Value::Text(text) => bytes(text.len()),
        Value::Blob(blob) => bytes(blob.len()),
    }
}

fn pages_since(connection: &Connection, earlier: u64) -> u64 {
    pages(connection) - earlier
}

/// Pages that the connection has asked for so far.
fn pages(connection: &Connection) -> u64 {
    let status = |of| {
        let (mut now, mut highest) = (0, 0);
        // SAFETY: the handle is that of an open connection, and both places outlive the call.
        let code = unsafe {
            ffi::sqlite3_db_status(connection.handle(), of, &raw mut now, &raw mut highest, 0)
        };
        assert_eq!(code, ffi::SQLITE_OK);
        u64::try_from(now).unwrap()
    };
    status(ffi::SQLITE_DBSTATUS_CACHE_HIT) + status(ffi::SQLITE_DBSTATUS_CACHE_MISS)
}

fn temporary_tables(connection: &Connection, text: &str) -> u64 {
    let mut program = connection.prepare(&format!("EXPLAIN {text}")).unwrap();
    // Its values need not be bound, as it does not run.
    let (mut rows, mut count) = (program.raw_query(), 0);
    while let Some(row) = rows.next().unwrap() {
        let opcode: String = row.get(1).unwrap();
        count += u64::from(OPENS.contains(&opcode.as_str()));
    }
    count
}
