//! The SQL that guests may use: a list of functions, pragmas, table-valued functions and actions.
//! SQLite refuses everything else when it prepares a statement, also features of later versions.
//! Other files bound sizes and times.

use anyhow::Result;
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};

/// Functions whose cost grows with their arguments and results. `instr`, `replace`, `trim` and
/// `json_patch` are missing: one call on two long values takes minutes, and nothing can stop SQLite
/// within a call.
const FUNCTIONS: [&str; 102] = [
    "->",
    "->>",
    "abs",
    "avg",
    "ceil",
    "ceiling",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "cume_dist",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "dense_rank",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "if",
    "ifnull",
    "iif",
    "json",
    "json_array",
    "json_array_length",
    "json_error_position",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_pretty",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_type",
    "json_valid",
    "jsonb",
    "jsonb_array",
    "jsonb_extract",
    "jsonb_group_array",
    "jsonb_group_object",
    "jsonb_insert",
    "jsonb_object",
    "jsonb_remove",
    "jsonb_replace",
    "jsonb_set",
    "julianday",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "max",
    "min",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "octet_length",
    "percent_rank",
    "printf",
    "quote",
    "random",
    "randomblob",
    "rank",
    "round",
    "row_number",
    "sign",
    "sqlite_version",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "time",
    "timediff",
    "total",
    "trunc",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unixepoch",
    "unlikely",
    "upper",
    "zeroblob",
    // ALTER TABLE runs this on the schema; SQLite lets no other statement call it.
    "sqlite_add_constraint",
    "sqlite_drop_column",
    "sqlite_rename_column",
    "sqlite_rename_quotefix",
    "sqlite_rename_table",
    "sqlite_rename_test",
];

const MODULES: [&str; 2] = ["json_each", "json_tree"];

/// Pragmas that may be read.
const ASKED: [&str; 17] = [
    "application_id",
    "data_version",
    "encoding",
    "foreign_key_list",
    "foreign_keys",
    "freelist_count",
    "index_info",
    "index_list",
    "index_xinfo",
    "journal_mode",
    "page_count",
    "page_size",
    "recursive_triggers",
    "synchronous",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Pragmas that take a name, or set a number that SQLite keeps for the application. ALTER TABLE
/// checks the rows with `quick_check`.
const SET: [&str; 10] = [
    "application_id",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Setting the value that holds anyway is harmless, and components that also run elsewhere do it.
const HELD: [(&str, &[&str]); 4] = [
    ("foreign_keys", &["1", "on", "true", "yes"]),
    ("journal_mode", &["wal"]),
    ("recursive_triggers", &["0", "off", "false", "no"]),
    ("synchronous", &["2", "full"]),
];

/// Puts the list in force on a connection.
pub fn install(connection: &mut Connection) -> Result<()> {
    // FROM may name a module of SQLite, which is no table of the guest's.
    let modules: Vec<String> = {
        let mut names = connection.prepare("SELECT name FROM pragma_module_list")?;
        names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        if is_allowed(&context, &modules) { Authorization::Allow } else { Authorization::Deny }
    }))?;
    Ok(())
}

fn is_allowed(context: &AuthContext<'_>, modules: &[String]) -> bool {
    let in_main = context.database_name == Some("main");
    match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => true,
        AuthAction::Function { function_name } => is_among(&FUNCTIONS, function_name),
        AuthAction::Pragma { pragma_name, pragma_value } => may_be_run(pragma_name, pragma_value),
        AuthAction::Read { table_name, .. } => may_be_read(table_name, modules),
        // ALTER TABLE renames in the temporary schema, too. A guest cannot, as `writable_schema` is
        // off.
        AuthAction::Update { table_name: "sqlite_temp_master", .. } => true,
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name } => in_main && may_be_written(table_name, modules),
        // A temporary table, view or trigger would be on the one connection that all guests write
        // through, and would hide their own tables.
        AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::DropTrigger { .. }
        | AuthAction::DropView { .. }
        | AuthAction::Reindex { .. } => in_main,
        AuthAction::AlterTable { database_name, .. } => database_name == "main",
        _ => false,
    }
}

fn is_among(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn may_be_run(pragma: &str, value: Option<&str>) -> bool {
    let Some(value) = value else {
        return is_among(&ASKED, pragma) || is_among(&SET, pragma);
    };
    let held = |(known, values): &(&str, &[&str])| {
        known.eq_ignore_ascii_case(pragma) && is_among(values, value)
    };
    is_among(&SET, pragma) || HELD.iter().any(held)
}

fn may_be_read(table: &str, modules: &[String]) -> bool {
    let table = table.to_ascii_lowercase();
    if let Some(pragma) = table.strip_prefix("pragma_") {
        return may_be_run(pragma, None);
    }
    if table.starts_with("sqlite_") {
        // ALTER TABLE reads the temporary schema, too, which stays empty.
        return ["sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_temp_master"]
            .contains(&table.as_str());
    }
    MODULES.contains(&table.as_str()) || !modules.contains(&table)
}

/// SQLite itself lets only DDL write the schema as long as `writable_schema` is off.
fn may_be_written(table: &str, modules: &[String]) -> bool {
    let table = table.to_ascii_lowercase();
    if table.starts_with("sqlite_") {
        return ["sqlite_master", "sqlite_schema", "sqlite_sequence"].contains(&table.as_str());
    }
    !table.starts_with("pragma_") && !modules.contains(&table)
}

#[cfg(test)]
mod tests {
    use super::super::connection::{open_reader, open_writer};
    use rusqlite::{Connection, params_from_iter, types::Value};

    struct World {
        writer: Connection,
        reader: Connection,
        folder: tempfile::TempDir,
    }

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = open_writer(&path, 0).unwrap();
        writer
            .execute_batch(
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT);
                 INSERT INTO t (x) VALUES ('{\"a\": [1, 2]}')",
            )
            .unwrap();
        World { writer, reader: open_reader(&path).unwrap(), folder }
    }

    /// Prepares, binds and steps to the end, as for a guest.
    fn run(connection: &Connection, sql: &str, values: &[Value]) -> Result<usize, String> {
        let mut statement = connection.prepare(sql).map_err(|error| error.to_string())?;
        let mut rows =
            statement.query(params_from_iter(values)).map_err(|error| error.to_string())?;
        let mut count = 0;
        while rows.next().map_err(|error| error.to_string())?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn unused_modules_of_sqlite_are_not_built() {
        let World { writer, .. } = world();
        // A connection without the list, which lists all there is.
        let plain = Connection::open_in_memory().unwrap();
        let names = |sql: &str| -> Vec<String> {
            let mut statement = plain.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let options = names("PRAGMA compile_options");
        for gone in [
            "FTS3",
            "FTS4",
            "FTS5",
            "RTREE",
            "DBSTAT",
            "LOAD_EXTENSION",
            "GEOPOLY",
            "SESSION",
            "SOUNDEX",
            "USE_URI",
        ] {
            let on = |option: &&String| option.contains(gone) && !option.starts_with("OMIT_");
            assert_eq!(options.iter().find(on), None, "{gone}");
        }
        assert!(options.iter().any(|option| option == "OMIT_DESERIALIZE"), "{options:?}");
        plain.execute_batch("SELECT 1 FROM json_each('[]'), json_tree('[]')").unwrap();
        let modules =
            names("SELECT name FROM pragma_module_list WHERE name NOT LIKE 'pragma%' ORDER BY 1");
        assert_eq!(modules, ["json_each", "json_tree"]);
        let functions = names("SELECT DISTINCT name FROM pragma_function_list");
        for dangerous in
            ["fts3_tokenizer", "rtreecheck", "soundex", "readfile", "writefile", "edit", "dbstat"]
        {
            assert!(!functions.contains(&dangerous.to_owned()), "{dangerous}");
        }
        drop(writer);
    }

    /// The texts of a folder of the store, by name.
    fn store(folder: &str) -> Vec<(String, String)> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../store").join(folder);
        let files = std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.is_file());
        let read = |path: std::path::PathBuf| {
            (
                path.file_stem().unwrap().display().to_string(),
                std::fs::read_to_string(path).unwrap(),
            )
        };
        let mut texts: Vec<_> = files.map(read).collect();
        texts.sort();
        texts
    }

    #[test]
    fn every_statement_of_the_store_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = open_writer(&path, 0).unwrap();
        // Both schemas may be in one file.
        let (of_ledger, of_reach) = (store("queries"), store("queries/reach"));
        for queries in [&of_ledger, &of_reach] {
            let table = &queries.iter().find(|(name, _)| name == "migration_table").unwrap().1;
            run(&writer, table, &[]).unwrap();
        }
        let queries: Vec<_> = of_ledger.into_iter().chain(of_reach).collect();
        for (name, text) in ["migrations", "migrations/reach"].into_iter().flat_map(store) {
            for statement in text.split("\n-- then\n") {
                let done = run(&writer, statement, &[]);
                assert!(done.is_ok(), "{name}: {done:?}: {statement}");
            }
        }
        let reader = open_reader(&path).unwrap();
        let mut largest = 0;
        for (name, text) in &queries {
            for connection in [&writer, &reader] {
                let prepared = connection.prepare(text);
                // By this refusal components know a host that has one writer for all of them.
                if name == "lock_wait" {
                    assert!(prepared.is_err());
                    continue;
                }
                assert!(prepared.is_ok(), "{name}: {prepared:?}");
                largest =
                    largest.max(prepared.unwrap().get_status(rusqlite::StatementStatus::MemUsed));
            }
        }
        assert!(queries.len() > 90);
        assert!(
            largest * 2 < super::super::statement::MAX_KEPT_BYTES,
            "{largest} bytes for a prepared statement"
        );
        // SQLite compiles views and triggers with the statements that use them.
        let mut names =
            writer.prepare("SELECT name FROM sqlite_master WHERE type = 'view'").unwrap();
        let views: Vec<String> =
            names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(views.len() > 3);
        for view in views {
            assert_eq!(
                run(&reader, &format!("SELECT * FROM {view}"), &[]).map(drop),
                Ok(()),
                "{view}"
            );
        }
    }

    #[test]
    fn the_sql_that_an_application_needs_is_allowed() {
        let World { writer, reader, .. } = world();
        for sql in [
            "BEGIN",
            "CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t, y TEXT CHECK (json_valid(y)))",
            "CREATE UNIQUE INDEX u_y ON u (json_extract(y, '$.a')) WHERE y IS NOT NULL",
            "CREATE VIEW posting AS SELECT id, y FROM u",
            "CREATE TRIGGER posting_insert INSTEAD OF INSERT ON posting BEGIN
               SELECT RAISE(ABORT, 'no') WHERE NEW.y IS NULL;
               INSERT INTO u (id, y) SELECT NEW.id, j.value ->> 0 FROM json_each(NEW.y) AS j;
             END",
            "ALTER TABLE u ADD COLUMN z INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE u RENAME COLUMN z TO zz",
            "ALTER TABLE u RENAME TO v",
            "ALTER TABLE v RENAME TO u",
            "ALTER TABLE u DROP COLUMN zz",
            "INSERT INTO posting (id, y) VALUES (1, '[[\"{}\"]]')",
            "INSERT INTO t (x) VALUES ('[]') ON CONFLICT (id) DO UPDATE SET x = excluded.x RETURNING id",
            "UPDATE u SET y = json_set(y, '$.b', 1)",
            "SAVEPOINT s",
            "DELETE FROM u",
            "ROLLBACK TO s",
            "RELEASE s",
            "DROP TRIGGER posting_insert",
            "DROP VIEW posting",
            "DROP INDEX u_y",
            "DROP TABLE u",
            "COMMIT",
            "PRAGMA user_version = 7",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ] {
            assert_eq!(run(&writer, sql, &[]).map(drop), Ok(()), "{sql}");
        }
        for sql in [
            "SELECT count(*), sum(j.value), group_concat(j.key) FROM t, json_each(t.x, '$.a') AS j",
            "SELECT x -> '$.a', x ->> '$.a[0]', length(x), substr(x, 1, 2), coalesce(NULL, x), abs(-1), max(1, 2) FROM t",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n ORDER BY i DESC",
            "SELECT row_number() OVER (ORDER BY id), lag(id) OVER (ORDER BY id) FROM t",
            "SELECT name FROM sqlite_master",
            "SELECT name FROM pragma_table_info('t')",
            "SELECT strftime('%Y', 'now'), datetime('now'), CURRENT_TIMESTAMP",
            "PRAGMA user_version",
            "PRAGMA synchronous",
            "PRAGMA table_info(t)",
        ] {
            assert!(run(&reader, sql, &[]).unwrap() > 0, "{sql}");
        }
    }

    #[test]
    fn unlisted_sql_is_refused_also_with_bound_arguments() {
        let World { writer, reader, folder } = world();
        let text = |text: &str| Value::Text(text.into());
        let file = folder.path().join("stolen.db").display().to_string();
        let attacks: Vec<(&str, Vec<Value>)> = vec![
            // An address of the host, and a made-up one that SQLite would call.
            ("SELECT hex(fts3_tokenizer(?1))", vec![text("simple")]),
            ("SELECT fts3_tokenizer(?1, ?2)", vec![text("mine"), Value::Blob(vec![0x41; 8])]),
            ("CREATE VIRTUAL TABLE f USING fts3(tokenize=mine)", vec![]),
            ("CREATE VIRTUAL TABLE f USING fts4(x)", vec![]),
            ("CREATE VIRTUAL TABLE f USING fts5(x)", vec![]),
            ("CREATE VIRTUAL TABLE f USING rtree(id, a, b)", vec![]),
            ("CREATE VIRTUAL TABLE f USING json_each", vec![]),
            ("CREATE VIRTUAL TABLE temp.f USING dbstat", vec![]),
            ("CREATE VIRTUAL TABLE f USING sqlite_dbpage", vec![]),
            ("SELECT load_extension(?1)", vec![text("evil.so")]),
            ("SELECT load_extension(?1, ?2)", vec![text("evil.so"), text("entry")]),
            // SQLite's own tables.
            ("SELECT * FROM dbstat", vec![]),
            ("SELECT * FROM sqlite_stmt", vec![]),
            ("SELECT * FROM bytecode(?1)", vec![text("SELECT 1")]),
            ("SELECT * FROM tables_used(?1)", vec![text("SELECT 1")]),
            ("SELECT * FROM sqlite_dbpage", vec![]),
            ("UPDATE sqlite_dbpage SET data = ?1 WHERE pgno = 1", vec![Value::Blob(vec![0; 4096])]),
            ("SELECT * FROM fts3tokenize(?1)", vec![text("x")]),
            ("SELECT * FROM pragma_module_list", vec![]),
            ("SELECT * FROM pragma_function_list", vec![]),
            ("SELECT * FROM pragma_compile_options", vec![]),
            ("SELECT * FROM pragma_database_list", vec![]),
            ("SELECT * FROM pragma_integrity_check", vec![]),
            // The schema.
            ("PRAGMA writable_schema = ON", vec![]),
            ("PRAGMA writable_schema = RESET", vec![]),
            ("PRAGMA main.writable_schema = 1", vec![]),
            ("PRAGMA schema_version = 5", vec![]),
            ("PRAGMA trusted_schema = ON", vec![]),
            (
                "INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 3, ?1)",
                vec![text("CREATE TABLE x (y)")],
            ),
            ("UPDATE sqlite_master SET sql = ?1", vec![text("CREATE TABLE x (y)")]),
            ("UPDATE sqlite_schema SET rootpage = 1", vec![]),
            ("UPDATE sqlite_temp_master SET sql = ?1", vec![text("CREATE TABLE x (y)")]),
            ("DELETE FROM sqlite_master", vec![]),
            ("SELECT sqlite_rename_table(?1, 't', 't', 'u', 'u', 'u', 0)", vec![text("main")]),
            // Durability, and where things are kept.
            ("PRAGMA synchronous = OFF", vec![]),
            ("PRAGMA synchronous = 0", vec![]),
            ("PRAGMA journal_mode = OFF", vec![]),
            ("PRAGMA journal_mode = MEMORY", vec![]),
            ("PRAGMA journal_mode(DELETE)", vec![]),
            ("PRAGMA locking_mode = EXCLUSIVE", vec![]),
            ("PRAGMA foreign_keys = OFF", vec![]),
            ("PRAGMA ignore_check_constraints = ON", vec![]),
            ("PRAGMA query_only = OFF", vec![]),
            ("PRAGMA read_uncommitted = ON", vec![]),
            ("PRAGMA secure_delete = OFF", vec![]),
            ("PRAGMA temp_store = FILE", vec![]),
            ("PRAGMA temp_store_directory = '/tmp'", vec![]),
            ("PRAGMA data_store_directory = '/tmp'", vec![]),
            ("PRAGMA mmap_size = 100000000000", vec![]),
            ("PRAGMA cache_size = -100000000", vec![]),
            ("PRAGMA cache_spill = OFF", vec![]),
            ("PRAGMA soft_heap_limit = 1", vec![]),
            ("PRAGMA hard_heap_limit = 1", vec![]),
            ("PRAGMA max_page_count = 1", vec![]),
            ("PRAGMA page_size = 512", vec![]),
            ("PRAGMA auto_vacuum = FULL", vec![]),
            ("PRAGMA incremental_vacuum", vec![]),
            ("PRAGMA busy_timeout = 1000000", vec![]),
            ("PRAGMA threads = 8", vec![]),
            ("PRAGMA analysis_limit = 0", vec![]),
            ("PRAGMA optimize", vec![]),
            ("PRAGMA integrity_check", vec![]),
            ("PRAGMA wal_checkpoint(TRUNCATE)", vec![]),
            ("PRAGMA wal_autocheckpoint = 0", vec![]),
            ("PRAGMA journal_size_limit = -1", vec![]),
            ("PRAGMA shrink_memory", vec![]),
            ("PRAGMA case_sensitive_like = ON", vec![]),
            ("PRAGMA recursive_triggers = ON", vec![]),
            ("PRAGMA key = 'x'", vec![]),
            ("PRAGMA rekey = 'x'", vec![]),
            ("ANALYZE", vec![]),
            ("ANALYZE t", vec![]),
            // Other files.
            ("ATTACH DATABASE ?1 AS other", vec![text(&file)]),
            ("ATTACH DATABASE ':memory:' AS other", vec![]),
            ("DETACH DATABASE main", vec![]),
            ("VACUUM", vec![]),
            ("VACUUM INTO ?1", vec![text(&file)]),
            ("SELECT readfile(?1)", vec![text("/etc/passwd")]),
            ("SELECT writefile(?1, 'x')", vec![text(&file)]),
            ("SELECT edit(?1)", vec![text("x")]),
            // Temporary objects would hide tables of the guests on the shared connection.
            ("CREATE TEMP TABLE t (id, x)", vec![]),
            ("CREATE TABLE temp.t (id, x)", vec![]),
            ("CREATE TEMP VIEW t AS SELECT 1", vec![]),
            ("CREATE TEMP TRIGGER spy AFTER INSERT ON main.t BEGIN SELECT 1; END", vec![]),
            ("CREATE TEMP TABLE s AS SELECT * FROM t", vec![]),
            // Internals of SQLite.
            ("SELECT sqlite_offset(x) FROM t", vec![]),
            ("SELECT sqlite_compileoption_get(1)", vec![]),
            ("SELECT sqlite_source_id()", vec![]),
            ("SELECT sqlite_log(1, ?1)", vec![text("x")]),
            ("SELECT last_insert_rowid()", vec![]),
            ("SELECT total_changes()", vec![]),
            // One call of these on two long values takes minutes.
            ("SELECT instr(?1, ?2)", vec![text("a"), text("b")]),
            ("SELECT replace(?1, ?2, '')", vec![text("a"), text("b")]),
            ("SELECT trim(?1, ?2)", vec![text("a"), text("b")]),
            ("SELECT ltrim(?1)", vec![text("a")]),
            ("SELECT rtrim(?1)", vec![text("a")]),
            ("SELECT json_patch(?1, ?2)", vec![text("{}"), text("{}")]),
            ("SELECT 1 WHERE ?1 REGEXP ?2", vec![text("a"), text("b")]),
            ("SELECT 1 WHERE ?1 MATCH ?2", vec![text("a"), text("b")]),
        ];
        for (sql, values) in &attacks {
            for connection in [&writer, &reader] {
                let outcome = run(connection, sql, values);
                assert!(outcome.is_err(), "{sql}: {outcome:?}");
            }
        }
        // Hidden in harmless statements, and reached only when they run.
        for sql in [
            "CREATE VIEW v AS SELECT fts3_tokenizer('simple') AS x",
            "CREATE VIEW w AS SELECT load_extension('x') AS x",
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT load_extension(NEW.x); END",
            "CREATE TABLE g (x, y AS (load_extension(x)))",
            "CREATE INDEX i ON t (fts3_tokenizer(x))",
        ] {
            drop(run(&writer, sql, &[]));
        }
        for sql in ["SELECT * FROM v", "SELECT * FROM w", "SELECT * FROM g"] {
            assert!(run(&writer, sql, &[]).is_err(), "{sql}");
        }
        drop(run(&writer, "INSERT INTO t (x) VALUES (?1)", &[text("evil.so")]));
        assert!(!std::path::Path::new(&file).exists());
        let mode: String = writer.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        let kept: i64 = reader
            .query_row("SELECT count(*) FROM main.t WHERE x LIKE '{%'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 1, "the table is there and is the real one");
    }
}
