//! No statement is prepared anew when its values change. Stock Spin does not ask SQLite for stable
//! plans, and there a plan that depends on a bound value (a LIMIT, a comparison that a partial
//! index or statistics could answer) is made at every call.

use crate::support;

use rusqlite::StatementStatus;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use store::begin_reach;
use support::{World, sql_files, wait};

#[test]
fn no_statement_is_prepared_anew_at_every_call() {
    let world = World::new();
    wait(begin_reach(&world.sql, &world.sql)).unwrap();
    let connection = world.sql.connection();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, false).unwrap();
    let (mut seen, mut anew) = (0, Vec::new());
    for (name, text) in sql_files("queries") {
        // One is DDL, the other is a setting and sent once.
        if ["migration_table", "reach/migration_table", "lock_wait"].contains(&name.as_str()) {
            continue;
        }
        let mut statement = connection.prepare(&text).unwrap();
        for value in ["1", "2", "[]", "[[\"m\"]]"] {
            // Not 0 or 1: newer releases of SQLite also look whether a number is one of these, and
            // only then prepare anew.
            for number in [Value::Integer(20), Value::Integer(30), Value::Text(value.into())] {
                let mixed = (0..statement.parameter_count())
                    .map(|at| if at % 2 == 0 { number.clone() } else { Value::Text(value.into()) });
                connection.execute_batch("SAVEPOINT one").unwrap();
                // Values that make no sense for it are refused, which is as good.
                if let Ok(mut rows) = statement.query(rusqlite::params_from_iter(mixed)) {
                    while rows.next().is_ok_and(|row| row.is_some()) {}
                }
                connection.execute_batch("ROLLBACK TO one; RELEASE one").unwrap();
            }
        }
        let times = statement.get_status(StatementStatus::RePrepare);
        if times > 0 {
            anew.push(format!("{name}: {times} times"));
        }
        seen += 1;
    }
    assert!(seen > 90);
    assert_eq!(
        anew,
        Vec::<String>::new(),
        "write LIMIT (SELECT ?n), and `= +?n` where a partial index tempts"
    );
}
