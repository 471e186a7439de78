//! Every query but the reports finds its rows through an index.

use crate::support;

use rusqlite::config::DbConfig;
use store::begin_reach;
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
                    || step.ends_with("lot USING PRIMARY KEY (member_no=?)")
            })
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
            // The last change, and what happened since the last run: so many at a time.
            "reach/touch_last_change",
            "reach/touch_new",
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
