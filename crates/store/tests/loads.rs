//! The load of one member is a copy of the load of several, without what is never asked for there:
//! both must say the same of the same request.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use rusqlite::types::Value;
use support::{World, act, buy, redeem};

const ONE: &str = include_str!("../queries/load_one.sql");
const SEVERAL: &str = include_str!("../queries/load.sql");

fn loaded(world: &World, statement: &str, values: Vec<Value>) -> Vec<String> {
    let mut statement = world.sql.connection().prepare(statement).unwrap();
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn one_member_is_loaded_as_several_are() {
    let world = World::new();
    let now = world.now.get().0;
    for order in [
        buy("m", "k-1", "o-1", 500_000),
        act("m", "k-2", "check_in"),
        redeem("m", "k-3", 40),
        redeem("m", "k-4", 999_999),
        buy("other", "k-5", "o-2", 100),
    ] {
        world.one(order);
    }
    world
        .sql
        .connection()
        .execute_batch(&format!(
            "INSERT INTO api_key (prefix, programme_no, role, label, hash, lineage, created_at) VALUES
               ('first', 1, 'admin', 'a', zeroblob(32), NULL, {now}), ('second', 1, 'admin', 'b', zeroblob(32), 'first', {now});
             INSERT INTO claim (programme_no, kind, name, entry_no, fingerprint, first_sequence, last_sequence)
               VALUES (1, 'key', 'first/earn:k-1', 1, zeroblob(16), 1, 1);
             INSERT INTO profile (member_no, attributes, updated_at) VALUES (1, '{{\"a\": \"b\"}}', {now});
             INSERT INTO tally (programme_no, subject, name, period, amount) VALUES (1, 'budget', 'x', 1, 7)",
        ))
        .unwrap();
    let scopes = [(Some(1), None), (Some(9), None), (None, Some("second")), (None, Some("nobody"))];
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::from(text.to_owned()));
    let mut seen = std::collections::BTreeSet::new();
    for (asks, budgets) in [(0, None), (1, Some(r#"["budget"]"#))] {
        world
            .sql
            .connection()
            .execute("UPDATE programme SET asks_profile = ?1, budgets = ?2", (asks, budgets))
            .unwrap();
        for (programme, prefix) in scopes {
            for member in ["m", "other", "nobody"] {
                for key in [None, Some("earn:k-1"), Some("redeem:k-4"), Some("earn:none")] {
                    for reference in [None, Some("purchase:o-1"), Some("purchase:none")] {
                        for (lots, columns) in [(0, 0), (1, 1), (-1, 2)] {
                            let scope =
                                [programme.map_or(Value::Null, Value::Integer), text(prefix)];
                            let wanted = serde_json::json!([[
                                member, key, reference, null, null, null, null, null, columns, null
                            ]]);
                            let several =
                                [Value::from(wanted.to_string()), Value::from(i64::from(lots))];
                            let one = [
                                text(Some(member)),
                                text(key),
                                text(reference),
                                Value::from(i64::from(lots)),
                                Value::from(i64::from(columns)),
                            ];
                            let by = |rest: Vec<Value>| [scope.to_vec(), rest].concat();
                            let one = loaded(&world, ONE, by(one.to_vec()));
                            assert_eq!(one, loaded(&world, SEVERAL, by(several.to_vec())));
                            seen.extend(one);
                        }
                    }
                }
            }
        }
    }
    assert!(seen.len() > 100, "the requests hardly differ: {}", seen.len());
}
