//! Opens SQLite files with the settings that the promises of this host rest on, and keeps guests from undoing them.

use anyhow::{Context as _, Result};
use rusqlite::{
    Connection, OpenFlags,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
};
use std::{path::Path, time::Duration};

/// Prepared statements kept per connection.
const STATEMENT_CACHE: usize = 256;

/// Bytes of the write-ahead log that stay on disk when it starts over.
const LOG_KEPT: i64 = 64 * 1024 * 1024;

/// The one connection that writes. `synchronous=FULL`: a commit that returns has been synced.
pub fn open_writer(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let journal = if wal_is_safe(rusqlite::version_number()) { "WAL" } else { "DELETE" };
    connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    prepare_for_guests(connection)
}

/// A connection that cannot write.
pub fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).with_context(|| format!("cannot read {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    prepare_for_guests(connection)
}

/// Whether the file is in WAL mode, so that readers do not hold up the writer.
pub fn is_wal(connection: &Connection) -> Result<bool> {
    let mode: String = connection.query_row("SELECT journal_mode FROM pragma_journal_mode", [], |row| row.get(0))?;
    Ok(mode.eq_ignore_ascii_case("wal"))
}

/// SQLite 3.7.0 to 3.51.2 may corrupt a database when the WAL is reset; fixed in 3.51.3, 3.50.7 and 3.44.6.
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
    // Plans must not depend on bound values: SQLite would prepare such a statement anew at every call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // No ATTACH (and so no VACUUM, which attaches): a guest sees the databases it was granted and no other file.
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.authorizer(Some(authorize))?;
    Ok(connection)
}

/// Guests may ask a PRAGMA anything and set what is theirs; what durability and isolation rest on stays as it is.
fn authorize(context: AuthContext<'_>) -> Authorization {
    const FREE: [&str; 19] = [
        "application_id",
        "busy_timeout",
        "data_version",
        "foreign_key_check",
        "foreign_key_list",
        "function_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "module_list",
        "optimize",
        "pragma_list",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
        "user_version",
        "wal_checkpoint",
    ];
    // Asking for what holds anyway is harmless, and components that also run elsewhere do ask.
    const HELD: [(&str, &[&str]); 4] = [
        ("foreign_keys", &["1", "on", "true", "yes"]),
        ("journal_mode", &["wal"]),
        ("recursive_triggers", &["0", "off", "false", "no"]),
        ("synchronous", &["2", "full"]),
    ];
    let AuthAction::Pragma { pragma_name, pragma_value } = context.action else {
        return Authorization::Allow;
    };
    let is = |known: &str| known.eq_ignore_ascii_case(pragma_name);
    let allowed = match pragma_value {
        None => true,
        Some(value) => {
            FREE.iter().any(|known| is(known))
                || HELD
                    .iter()
                    .any(|(known, values)| is(known) && values.iter().any(|held| held.eq_ignore_ascii_case(value)))
        }
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
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
    fn guests_cannot_undo_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("a.db")).unwrap();
        assert!(is_wal(&connection).unwrap());
        for (sql, allowed) in [
            ("PRAGMA synchronous", true),
            ("PRAGMA synchronous = FULL", true),
            ("PRAGMA synchronous = OFF", false),
            ("PRAGMA journal_mode = WAL", true),
            ("PRAGMA journal_mode = MEMORY", false),
            ("PRAGMA foreign_keys = OFF", false),
            ("PRAGMA writable_schema = ON", false),
            ("PRAGMA user_version = 3", true),
            ("PRAGMA table_info(t)", true),
            ("ATTACH DATABASE 'other.db' AS other", false),
            ("VACUUM INTO 'copy.db'", false),
            ("SELECT load_extension('x')", false),
        ] {
            let outcome = connection.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
                Ok(())
            });
            assert_eq!(outcome.is_ok(), allowed, "{sql}: {outcome:?}");
        }
    }
}
