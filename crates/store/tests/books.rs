//! The books cannot be changed, and the audit sees it when they are changed nevertheless.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use crate::support;

use support::{World, act, buy, redeem, wait};

fn busy_world() -> World {
    let world = World::new();
    for n in 0..5 {
        world.one(buy("m", &format!("b{n}"), &format!("o{n}"), 60_000));
        world.one(act("n", &format!("s{n}"), "share"));
    }
    world.one(redeem("m", "r", 1_234));
    world
}

fn violations(world: &World) -> Vec<String> {
    let audit = wait(store::audit(&world.sql, world.programme.no, None, 0, 100)).unwrap();
    audit.violations.iter().map(|found| found.violation.what.clone()).collect()
}

#[test]
fn entries_cannot_be_updated_or_deleted() {
    let world = busy_world();
    for statement in [
        "UPDATE entry SET points = 0",
        "DELETE FROM entry",
        "UPDATE entry SET body = '{}' WHERE no = 1",
        // Delete triggers do not see what a REPLACE takes away.
        "REPLACE INTO entry SELECT * FROM entry",
        "INSERT OR REPLACE INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body)
         SELECT programme_no, member_no, sequence, id, kind, 0, 0, occurred_at, recorded_at, hash, body FROM entry",
        // Nor what it takes away under the id of another entry.
        "INSERT OR REPLACE INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body)
         SELECT programme_no, member_no, sequence + 1000, id, kind, 0, 0, occurred_at, recorded_at, hash, body FROM entry WHERE kind = 'redeem'",
        "UPDATE claim SET entry_no = 1",
        "DELETE FROM claim",
        "DELETE FROM claim WHERE kind = 'reference'",
    ] {
        let error = world.sql.connection().execute(statement, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    assert!(violations(&world).is_empty());
}

#[test]
fn an_entry_that_cannot_be_read_is_found_and_hides_no_other() {
    const OPEN: &str = "DROP TRIGGER entry_is_never_updated; UPDATE entry SET";
    for (change, found) in [
        ("body = json_set(body, '$.reward', 1)", "unknown field `reward`"),
        ("body = '{'", "EOF"),
        ("kind = 'gift'", "entry"),
    ] {
        let world = busy_world();
        let first = world.number("SELECT min(member_no) FROM entry");
        world
            .sql
            .connection()
            .execute_batch(&format!("{OPEN} {change} WHERE sequence = 1 AND member_no = {first}"))
            .unwrap();
        let audit = wait(store::audit(&world.sql, 1, None, 0, 100)).unwrap();
        let members = world.number("SELECT count(DISTINCT member_no) FROM entry");
        assert_eq!(i64::try_from(audit.members), Ok(members), "{change}");
        let of_body = audit
            .violations
            .iter()
            .filter(|found| found.violation.what.starts_with("cannot be read"));
        let told: Vec<_> = of_body.map(|found| found.violation.what.as_str()).collect();
        assert!(told.len() == 1 && told[0].contains(found), "{change}: {told:?}");
    }
}

#[test]
fn the_audit_finds_what_was_tampered_with() {
    for (tamper, found) in [
        ("UPDATE member SET points_in_lots = points_in_lots + 1 WHERE id = 'm'", true),
        ("UPDATE member SET tier = NULL WHERE id = 'm'", true),
        ("UPDATE lot SET remaining = remaining - 1 WHERE remaining > 1 AND number = 6", true),
        ("UPDATE lot SET expires_at = expires_at + 1 WHERE remaining > 0", true),
        ("UPDATE member SET counters = '[]' WHERE id = 'n'", true),
        (
            "DROP TRIGGER entry_is_never_updated; UPDATE entry SET points = points + 1 WHERE sequence = 2",
            true,
        ),
        (
            "DROP TRIGGER entry_is_never_updated; UPDATE entry SET body = replace(body, 'key:test', 'key:evil') WHERE sequence = 2",
            true,
        ),
        // What queries look at is what the body says.
        (
            "DROP TRIGGER entry_is_never_updated; UPDATE entry SET corrects = id WHERE sequence = 2",
            true,
        ),
        (
            "DROP TRIGGER entry_is_never_updated; UPDATE entry SET cause = id WHERE sequence = 2",
            true,
        ),
        (
            "DROP TRIGGER entry_is_never_updated; UPDATE entry SET counterparty = 'n' WHERE sequence = 2",
            true,
        ),
        (
            "DROP TRIGGER entry_is_never_updated; UPDATE entry SET store = 's' WHERE sequence = 2",
            true,
        ),
        ("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE sequence = 3", true),
        // The order could earn again.
        (
            "DROP TRIGGER claim_of_an_entry_is_never_deleted; DELETE FROM claim WHERE kind = 'reference' AND entry_no = 3",
            true,
        ),
        (
            "DROP TRIGGER claim_is_never_updated; UPDATE claim SET name = 'purchase:x' WHERE entry_no = 3 AND kind = 'reference'",
            true,
        ),
        ("SELECT 1", false),
    ] {
        let world = busy_world();
        world.sql.connection().execute_batch(tamper).unwrap();
        assert_eq!(!violations(&world).is_empty(), found, "{tamper}: {:?}", violations(&world));
    }
}

/// A key or a reference without its entry would refuse a request for ever; a second one of an entry
/// would, too.
#[test]
fn the_audit_finds_claims_of_no_entry() {
    for (tamper, found) in [
        ("SELECT 1", 0),
        (
            "INSERT INTO claim (programme_no, kind, name, entry_no) VALUES (1, 'reference', 'purchase:x', 99)",
            1,
        ),
        (
            "INSERT INTO claim (programme_no, kind, name, entry_no) VALUES (1, 'reference', 'purchase:x', 1)",
            1,
        ),
        (
            "INSERT INTO claim (programme_no, kind, name, fingerprint) VALUES (1, 'key', 'earn:x', zeroblob(16))",
            1,
        ),
        (
            "INSERT INTO answer (programme_no, name, what, body, recorded_at) SELECT 1, name, 'receipt', '', 0 FROM claim WHERE kind = 'key' LIMIT 1",
            1,
        ),
    ] {
        let world = busy_world();
        world.sql.connection().execute_batch(tamper).unwrap();
        let wrong = wait(store::wrong_claims(&world.sql, 1)).unwrap();
        assert_eq!(wrong.len(), found, "{tamper}: {wrong:?}");
    }
}

/// More entries than the audit reads at once, with another member before and after them.
#[test]
fn the_audit_reads_long_histories_in_portions() {
    let world = World::with_rules(|book| book.caps.points_per_day = None);
    world.one(act("a", "a", "share"));
    for batch in 0..21 {
        let order = |n: i32| buy("m", &format!("k{batch}-{n}"), &format!("o{batch}-{n}"), 100);
        world.run(&(0..500).map(order).collect::<Vec<_>>());
    }
    world.one(act("z", "z", "share"));
    let audit = || wait(store::audit(&world.sql, world.programme.no, None, 0, 100)).unwrap();
    let clean = audit();
    assert!(clean.violations.is_empty(), "{:?}", clean.violations);
    assert_eq!(
        (clean.members, clean.entries),
        (3, world.number("SELECT count(*) FROM entry") as usize)
    );
    assert!(clean.entries > 10_500);
    // In the last portion, too.
    let tamper = "DROP TRIGGER entry_is_never_updated; UPDATE entry SET points = points + 1 WHERE sequence = 10400";
    world.sql.connection().execute_batch(tamper).unwrap();
    assert!(!audit().violations.is_empty());
}

#[test]
fn the_trial_balance_is_what_members_hold() {
    let world = busy_world();
    let rows = wait(store::trial_balance(
        &world.sql,
        world.programme.no,
        (ledger::Timestamp(0), ledger::Timestamp::LAST),
        None,
    ))
    .unwrap();
    let points: i128 = rows.iter().map(|row| row.points).sum();
    let totals = wait(store::totals(&world.sql, world.programme.no)).unwrap();
    assert_eq!((points, points, points), (totals.entries, totals.balances, totals.lots));
}

/// Members of an earlier version may have more points than 64 bits can add up. The reports are
/// exact all the same.
#[test]
fn sums_leave_64_bits_and_stay_exact() {
    let world = World::new();
    let no = world.programme.no;
    let write = |statement: String| world.sql.connection().execute(&statement, []).unwrap();
    let points =
        [9_200_000_000_000_000_000i64, 9_200_000_000_000_000_001, 9_223_372_036_854_775_807, -7];
    for (n, points) in (1i64..).zip(points) {
        let (in_lots, debt) = (points.max(0), (-points).max(0));
        write(format!(
            "INSERT INTO member (no, programme_no, id, sequence, head, points_in_lots, debt, lots_granted, joined_at, qualification, counters)
             VALUES ({n}, {no}, 'm{n}', 1, zeroblob(32), {in_lots}, {debt}, 1, 0, '', '')"
        ));
        for (kind, other) in [("earn", points), ("transfer", points), ("exchange", -points)] {
            let body = format!("{{\"exchange\": [\"there\", {}, \"1\"]}}", points.abs());
            write(format!(
                "INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body)
                 VALUES ({no}, {n}, (SELECT 1 + count(*) FROM entry), randomblob(16), '{kind}', {other}, 0, 0, 1, zeroblob(32), '{body}')"
            ));
        }
        if in_lots > 0 {
            write(format!(
                "INSERT INTO lot VALUES ({n}, 1, 'x', {in_lots}, {in_lots}, 0, 0, 0, 0)"
            ));
        }
    }
    let sum: i128 = points.iter().map(|points| i128::from(*points)).sum();
    let totals = wait(store::totals(&world.sql, no)).unwrap();
    assert_eq!(
        (totals.entries, totals.balances, totals.lots, totals.transferred),
        (sum, sum, sum, sum)
    );
    let rows = wait(store::trial_balance(
        &world.sql,
        no,
        (ledger::Timestamp(0), ledger::Timestamp::LAST),
        None,
    ))
    .unwrap();
    let told: Vec<(&str, i128)> = rows.iter().map(|row| (row.kind.as_str(), row.points)).collect();
    assert_eq!(told, [("earn", sum), ("exchange", -sum), ("transfer", sum)]);
    let exchanged =
        wait(store::exchanges(&world.sql, no, ledger::Timestamp(0), ledger::Timestamp::LAST))
            .unwrap();
    let (given, taken) = (exchanged[0].given, exchanged[0].taken);
    assert_eq!((given.points, given.points_there, given.entries), (sum + 7, sum + 7, 3));
    assert_eq!((taken.points, taken.points_there, taken.entries), (7, 7, 1));
}

#[test]
fn sqlite_has_the_wal_fix() {
    let world = World::new();
    let version: String =
        world.sql.connection().query_row("SELECT sqlite_version()", [], |row| row.get(0)).unwrap();
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    let world = busy_world();
    world.sql.connection().execute("INSERT INTO migration VALUES (1000, 'later')", []).unwrap();
    let refused = wait(store::migrate(&world.sql)).unwrap_err().to_string();
    assert!(refused.contains("1000 migrations"), "{refused}");
}

#[test]
fn migrating_again_changes_nothing() {
    let world = busy_world();
    let before = world.number("SELECT count(*) FROM sqlite_schema");
    wait(store::migrate(&world.sql)).unwrap();
    // As after a crash between the last statement and its record.
    world.sql.connection().execute("DELETE FROM migration", []).unwrap();
    wait(store::migrate(&world.sql)).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM sqlite_schema"), before);
    assert!(violations(&world).is_empty());
}
