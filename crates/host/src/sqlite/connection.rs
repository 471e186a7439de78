//! Opens SQLite files with the settings that the host's guarantees depend on, and prevents guests
//! from changing them.

use super::{authorizer, budget, encryption};
use anyhow::{Context as _, Result};
use rusqlite::{Connection, OpenFlags, config::DbConfig, limits::Limit};
use std::{
    fs::{OpenOptions, Permissions},
    io::ErrorKind,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    time::Duration,
};

/// Prepared statements kept per connection.
const STATEMENT_CACHE: usize = 256;

/// Bytes of the write-ahead log that stay on disk when it starts over.
const LOG_KEPT: i64 = 64 * 1024 * 1024;

/// The one connection that writes. `synchronous=FULL`: a commit that returns has been synced.
pub fn open_writer(path: &Path, file_bytes: u64) -> Result<Connection> {
    budget::count_memory()?;
    make_private(path)?;
    let connection =
        Connection::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    encryption::unlock(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let journal = if wal_is_safe(rusqlite::version_number()) { "WAL" } else { "DELETE" };
    connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    // SQLite overwrites deleted data, so that an erased member cannot be recovered from the file.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    if file_bytes > 0 {
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = i64::try_from(file_bytes).unwrap_or(i64::MAX) / page.max(1);
        connection.pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))?;
    }
    prepare_for_guests(connection)
}

/// A connection that cannot write.
pub fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .with_context(|| format!("cannot read {}", path.display()))?;
    encryption::unlock(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    prepare_for_guests(connection)
}

/// Whether the file is in WAL mode, so that readers do not hold up the writer.
pub fn is_wal(connection: &Connection) -> Result<bool> {
    let mode: String =
        connection
            .query_row("SELECT journal_mode FROM pragma_journal_mode", [], |row| row.get(0))?;
    Ok(mode.eq_ignore_ascii_case("wal"))
}

/// SQLite 3.7.0 to 3.51.2 may corrupt a database when the WAL is reset; fixed in 3.51.3, 3.50.7 and
/// 3.44.6.
pub fn wal_is_safe(version: i32) -> bool {
    match version {
        3_051_003.. => true,
        3_050_000..3_051_000 => version >= 3_050_007,
        3_044_000..3_045_000 => version >= 3_044_006,
        _ => false,
    }
}

fn prepare_for_guests(mut connection: Connection) -> Result<Connection> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    for (setting, on) in SETTINGS {
        connection.set_db_config(setting, on)?;
    }
    for (limit, max) in LIMITS {
        connection.set_limit(*limit, *max)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    budget::watch(&mut connection)?;
    authorizer::install(&mut connection)?;
    Ok(connection)
}

/// Settings that keep a guest's schema or statement from changing SQLite itself.
const SETTINGS: [(DbConfig, bool); 7] = [
    // Plans must not depend on bound values: SQLite would prepare such a statement anew at every
    // call.
    (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
];

/// Bounds on one statement, far above handwritten SQL. They are low enough to rule out attacks by
/// deep recursion of the parser or by one call of a function.
const LIMITS: &[(Limit, i32)] = &[
    // The bytes of a text, a blob or a row. Functions such as `hex` work on whole values, and
    // nothing stops SQLite within one call.
    (Limit::SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, MAX_SQL_LENGTH as i32),
    (Limit::SQLITE_LIMIT_COLUMN, 256),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_PARSER_DEPTH, 200),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (Limit::SQLITE_LIMIT_VDBE_OP, 100_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
    // No ATTACH (and so no VACUUM, which attaches): a guest sees its granted databases and no other
    // file.
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1000),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 20),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    // SQLCipher's SQLite is older and does not know it.
    #[cfg(not(feature = "sqlcipher"))]
    (Limit::SQLITE_LIMIT_SCHEMA, 2000),
];

/// Bytes of the longest statement text.
pub const MAX_SQL_LENGTH: usize = 64 * 1024;

/// Creates the file if need be, readable by its owner alone. SQLite gives the log and its index the
/// mode of the file.
fn make_private(path: &Path) -> Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    drop(file.with_context(|| format!("cannot open {}", path.display()))?);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::set_permissions(&name, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| {
                    format!("cannot make {} private", Path::new(&name).display())
                });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_sqlite_has_the_wal_fix() {
        assert!(wal_is_safe(rusqlite::version_number()), "SQLite {}", rusqlite::version());
        for (version, safe) in [
            (3_007_000, false),
            (3_044_005, false),
            (3_044_006, true),
            (3_045_000, false),
            (3_049_001, false),
            (3_050_006, false),
            (3_050_007, true),
            (3_051_002, false),
            (3_051_003, true),
            (3_053_000, true),
        ] {
            assert_eq!(wal_is_safe(version), safe, "{version}");
        }
    }

    #[test]
    fn files_are_private_also_those_of_an_older_host() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let writer = open_writer(&path, 0).unwrap();
        writer.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
        let reader = open_reader(&path).unwrap();
        reader.query_row("SELECT x FROM t", [], |_| Ok(())).unwrap();
        let mut seen = Vec::new();
        for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
            seen.push(file.file_name().into_string().unwrap());
        }
        seen.sort();
        assert_eq!(seen, ["a.db", "a.db-shm", "a.db-wal"]);
    }

    #[test]
    fn deleted_data_is_not_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = open_writer(&path, 0).unwrap();
        writer.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)").unwrap();
        for number in 0..2000 {
            let text = format!("alice-{number}@example.com");
            writer
                .execute("INSERT INTO t VALUES (?1, ?2)", rusqlite::params![number, text])
                .unwrap();
        }
        writer
            .execute_batch("UPDATE t SET x = NULL WHERE id = 7; DELETE FROM t WHERE id > 500")
            .unwrap();
        drop(writer);
        let file = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(file.contains("alice-500@"));
        for gone in [7, 501, 1000, 1999] {
            assert!(!file.contains(&format!("alice-{gone}@")), "{gone}");
        }
    }
}
