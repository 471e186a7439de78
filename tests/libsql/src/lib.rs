//! Spin keeps its databases in a SQLite that is older than the one of this repository's host, or in
//! libSQL, which is older still. SQLite checks a view only when it is used. So a view that needs a
//! newer SQLite would fail with the first request. These tests prepare every statement with libSQL.
//!
//! This is a package of its own, as two builds of SQLite cannot be in one program.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use futures::executor::block_on;
    use libsql::{Builder, Connection};

    /// The texts of a directory of the store, by name, without those of directories in it.
    fn texts(directory: &str) -> Vec<(String, String)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/store").join(directory);
        let mut texts: Vec<(String, String)> = fs::read_dir(path)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| {
                (
                    path.file_stem().unwrap().to_string_lossy().into_owned(),
                    fs::read_to_string(path).unwrap(),
                )
            })
            .collect();
        texts.sort();
        texts
    }

    fn migrated() -> Connection {
        let connection =
            block_on(Builder::new_local(":memory:").build()).unwrap().connect().unwrap();
        for directory in ["queries", "queries/reach"] {
            let (_, table) =
                texts(directory).into_iter().find(|(name, _)| name == "migration_table").unwrap();
            block_on(connection.execute(&table, ())).unwrap();
        }
        // Both schemas in one file, as on Spin.
        for (name, text) in texts("migrations").into_iter().chain(texts("migrations/reach")) {
            for statement in text.split("\n-- then\n") {
                let done = block_on(connection.execute(statement, ()));
                assert!(done.is_ok(), "{name}: {done:?}: {statement}");
            }
        }
        connection
    }

    #[test]
    fn every_statement_is_understood() {
        let connection = migrated();
        let queries: Vec<_> = texts("queries").into_iter().chain(texts("queries/reach")).collect();
        assert!(queries.len() > 80, "{} statements", queries.len());
        let not: Vec<String> = queries
            .iter()
            .filter_map(|(name, text)| {
                Some(format!("{name}: {}", block_on(connection.prepare(text)).err()?))
            })
            .collect();
        assert_eq!(not, Vec::<String>::new());
    }
}
