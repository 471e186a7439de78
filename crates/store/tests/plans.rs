//! Every query but the reports finds its rows through an index.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken test stops the test")]

use crate::support;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use store::{Native, begin_reach};
use support::{World, sql_files, wait};

#[test]
fn no_query_scans_lots_entries_or_members() {
    let world = World::new();
    wait(begin_reach(&world.sql, &world.sql)).unwrap();
    let (mut seen, mut walked) = (0, Vec::new());
    for (name, text) in sql_files("queries") {
        if [
            "audit_strays",
            "audit_stray_lots",
            "audit_totals",
            "audit_tallies",
            "trial_balance",
            "migration_table",
            "reach/migration_table",
            // Whether there is a single row.
            "reach/left_behind",
        ]
        .contains(&name.as_str())
        {
            continue;
        }
        if ["migrations_done", "migration_done"].contains(&name.trim_start_matches("reach/")) {
            continue;
        }
        let mut plan =
            world.sql.connection().prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let parameters = plan.parameter_count();
        let details: Vec<String> = plan
            .query_map(rusqlite::params_from_iter((0..parameters).map(|_| 1)), |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let scans: Vec<&String> = details
            .iter()
            .filter(|step| {
                step.starts_with("SCAN")
                    && ["lot", "entry", " e", "member", " m", "l ", "parked"]
                        .iter()
                        .any(|t| step.ends_with(t) || step.contains(&format!("SCAN {t} ")))
            })
            .collect();
        assert!(scans.is_empty(), "{name}: {scans:?} in {details:#?}");
        // Nor is a whole programme, or all that a member ever had, walked through an index.
        let walks: Vec<&String> = details
            .iter()
            .filter(|step| {
                step.ends_with("(programme_no=?)")
                    || step.ends_with("(account_no=?)")
                    || step.ends_with("lot USING PRIMARY KEY (member_no=?)")
            })
            .filter(|step| !is_of_few(step))
            .filter(|step| {
                ![
                    "rulebook",
                    "api_key",
                    "endpoint",
                    " k ",
                    "draft",
                    "back_test",
                    "publication",
                    // A row for each document.
                    "inheritance USING",
                    // Versions of playbooks, of which the last one is looked for.
                    "playbook",
                    " b ",
                    "reward USING",
                    "store USING",
                    "audit_",
                    // Files of imports.
                    "import USING",
                    " i ",
                    // Tags, segments and the days of their scores.
                    "member_set",
                    "SEARCH template USING",
                    "rfm_cuts",
                    "tier_count",
                    // A row for each count of a day.
                    "touch_result_run",
                    // Accounts at vendors.
                    "channel_account",
                    // Addresses of staff: at most 20.
                    "test_address",
                    " a USING",
                    " b USING",
                ]
                .iter()
                .any(|small| step.contains(small))
            })
            .collect();
        // Of traces the oldest ones are looked at, so many at a time. Audits and reports on
        // exchanges are reports, and of events that an endpoint did not take there are few. Whether
        // the names of a programme are those of a group is asked when it joins one, and whether
        // persons name a role before it is made.
        let exempt = [
            "forget_traces",
            "audit_claims",
            "audit_members",
            "audit_exchanges",
            "audit_undone",
            "exchanges",
            "endpoint_waiting",
            "group_clash",
            "group_join",
            "own_role_make",
            // The oldest changes are looked at, and members whose facts changed: so many at a time.
            "reach/set_changes_forget",
            "reach/set_due",
            "reach/tag_due",
            // The last change, and the last attempts: so many at a time.
            "reach/touch_last_change",
            "reach/delivery_last",
            // Whether there is a single one.
            "reach/set_rests",
        ];
        if exempt.contains(&name.as_str()) {
            continue;
        }
        walked.extend(walks.iter().map(|step| format!("{name}: {step}")));
        seen += 1;
    }
    assert!(seen > 20);
    assert_eq!(walked, Vec::<String>::new());
}

/// Statements in triggers walk no more than others do: all members of a programme, or all attempts
/// of an account, would be looked at under the lock of the writer. Nor does a statement walk these
/// anew for each row of a list.
#[test]
fn nothing_walks_a_programme_or_an_account_for_each_row() {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach, &reach)).unwrap();
    let connection = reach.connection();
    let statements = statements_of_triggers(connection);
    assert!(statements.len() > 100, "{}", statements.len());
    let mut walked = Vec::new();
    for (name, text) in &statements {
        let steps = plan(connection, text);
        let walks = steps
            .iter()
            .map(|(_, _, step)| step)
            .filter(|step| step.ends_with("(programme_no=?)") || step.ends_with("(account_no=?)"));
        walked.extend(walks.filter(|step| !is_of_few(step)).map(|step| format!("{name}: {step}")));
    }
    assert_eq!(walked, Vec::<String>::new());
    let queries = sql_files("queries/reach").into_iter().filter(|(name, _)| {
        // Each asks a few questions of each programme or account of a page.
        !["migration_table", "set_rests", "channel_due"].contains(&name.as_str())
    });
    for (name, text) in queries.chain(statements) {
        let steps = plan(connection, &text);
        let again = steps.iter().enumerate().filter(|(at, (_, parent, step))| {
            let is_weak = |columns: &str| {
                let mut known = columns.split(" AND ").filter_map(|one| one.strip_suffix("=?"));
                known.next().is_some_and(|one| ["programme_no", "account_no"].contains(&one))
                    && known.next().is_none()
            };
            let columns = step.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
            let columns = columns.map_or("", |(columns, _)| columns);
            step.starts_with("SEARCH")
                // Of these the first row is enough.
                && !step.contains(" EXISTS USING ")
                && is_weak(columns)
                && !is_of_few(step)
                && (is_for_each_row(&steps, *parent)
                    || steps[..*at].iter().any(|(_, other, step)| {
                        other == parent && step.starts_with("SCAN") && step != "SCAN CONSTANT ROW"
                    }))
        });
        walked.extend(again.map(|(_, (_, _, step))| format!("{name}: {step}")));
    }
    assert_eq!(walked, Vec::<String>::new());
    // Of a member, and not of all days.
    let (_, text) = sql_files("queries/reach")
        .into_iter()
        .find(|(name, _)| name == "touch_log_member")
        .unwrap();
    let steps = plan(connection, &text);
    let by_member =
        |(_, _, step): &Step| step.contains("touch_key (programme_no=? AND member_no=?)");
    assert!(steps.iter().any(by_member), "{steps:#?}");
}

/// Tables, or partial indexes, of which a programme or an account has few rows.
fn is_of_few(step: &str) -> bool {
    [
        // What is on its way, and the accounts' open tasks, of which each has one.
        "touch_delivery_sending",
        "task_account",
        // Reports that count once, of three days, which go with the account.
        "known_report USING PRIMARY KEY",
        "channel_account",
        "member_set",
        "rfm_cuts",
        "test_message_at",
    ]
    .iter()
    .any(|small| step.contains(small))
}

/// A step of a plan: its number, that of the step it is part of, and what is done.
type Step = (i64, i64, String);

fn plan(connection: &Connection, text: &str) -> Vec<Step> {
    let explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}"));
    let mut plan = explained.unwrap_or_else(|error| panic!("{error} in {text}"));
    let parameters = plan.parameter_count();
    plan.query_map(rusqlite::params_from_iter((0..parameters).map(|_| 1)), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(3)?))
    })
    .unwrap()
    .map(Result::unwrap)
    .collect()
}

fn is_for_each_row(steps: &[Step], mut part_of: i64) -> bool {
    while let Some((_, parent, step)) = steps.iter().find(|(no, _, _)| *no == part_of) {
        if step.starts_with("CORRELATED") {
            return true;
        }
        part_of = *parent;
    }
    false
}

/// The statements of all triggers, and their conditions, with parameters in place of the row.
fn statements_of_triggers(connection: &Connection) -> Vec<(String, String)> {
    let text = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name";
    let mut triggers = connection.prepare(text).unwrap();
    let triggers = triggers.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut found = Vec::new();
    for trigger in triggers {
        let (name, sql): (String, String) = trigger.unwrap();
        let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
        let sql = lines.collect::<Vec<_>>().join("\n");
        let (head, body) = sql.split_once("\nBEGIN\n").unwrap();
        let body = body.strip_suffix("\nEND").unwrap();
        let condition = head.split_once("WHEN ").map(|(_, when)| format!("SELECT 1 WHERE {when}"));
        let statements = body.split_terminator(';').map(str::to_owned).chain(condition);
        found.extend(statements.map(|statement| (name.clone(), with_parameters(&statement))));
    }
    found
}

fn with_parameters(statement: &str) -> String {
    let mut text = statement.to_owned();
    for (start, value, is_end) in [
        ("NEW.", "?", (|c| !(c == '_' || char::is_alphanumeric(c))) as fn(char) -> bool),
        ("OLD.", "?", |c| !(c == '_' || char::is_alphanumeric(c))),
        ("RAISE(", "(1", |c| c == ')'),
    ] {
        while let Some((before, rest)) = text.split_once(start) {
            let rest = &rest[rest.find(is_end).unwrap_or(rest.len())..];
            text = format!("{before}{value}{rest}");
        }
    }
    text
}

/// A change of a password or of roles walks the keys of one person, not those of the programme: all
/// others would wait for the writer. Here the plans of triggers are looked at, too.
#[test]
fn changes_of_a_person_walk_no_keys_of_others() {
    let world = World::new();
    let connection = world.sql.connection();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true).unwrap();
    let mut walked = Vec::new();
    for (name, text) in sql_files("queries") {
        let is_of_a_person = [
            "code_",
            "credential_",
            "identity_",
            "invitation_",
            "own_role_",
            "person_",
            "session_",
            "ticket_",
        ];
        if !is_of_a_person.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let parameters = plan.parameter_count();
        let steps: Vec<String> = plan
            .query_map(rusqlite::params_from_iter((0..parameters).map(|_| 1)), |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let is_walk = |step: &&String| {
            ["SCAN api_key", "SCAN k"].iter().any(|start| step.starts_with(start))
                || step.contains("USING INDEX api_key_") && step.ends_with("(programme_no=?)")
        };
        walked.extend(steps.iter().filter(is_walk).map(|step| format!("{name}: {step}")));
        if name == "credential_change" {
            let index = "api_key USING INDEX api_key_person (programme_no=? AND person_folded=?";
            assert!(steps.iter().any(|step| step.contains(index)), "{steps:#?}");
        }
    }
    assert_eq!(walked, Vec::<String>::new());
}
