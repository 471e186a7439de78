//! What one member or one programme may fill the database with.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use rules::operations::ReturnScope;
use support::{World, buy, redeem, told, wait};

/// Gives a member open lots of a point each, as if they had been earned.
fn give(world: &World, member: &str, lots: i64) {
    let lots = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {lots})
        INSERT INTO lot SELECT m.no, m.lots_granted + i, 'purchase', 1, 1, 1767000000000, 1767000000000, 9223372036854775807, 0
        FROM n, member AS m WHERE m.id = '{member}';
        UPDATE member SET lots_granted = lots_granted + {lots}, points_in_lots = points_in_lots + {lots} WHERE id = '{member}'"
    );
    world.sql.connection().execute_batch(&lots).unwrap();
}

#[test]
fn a_member_has_a_hundred_thousand_open_lots_at_most() {
    let world = World::with_rules(|book| book.tiers = None);
    world.one(buy("m", "k1", "o1", 10_000));
    give(&world, "m", 99_998);
    assert_eq!(told(&world.one(buy("m", "k2", "o2", 100))), "earn +1", "the hundred thousandth");
    let one_more = || world.one(buy("m", "k3", "o3", 100));
    assert_eq!(told(&one_more()), "too-many-lots");
    assert_eq!(told(&one_more()), "again: too-many-lots");
    assert_eq!(world.number("SELECT count(*) FROM lot WHERE remaining > 0"), 100_000);
    // In one call: each decision knows of those before it.
    let orders = [
        buy("m", "k4", "o4", 100),
        redeem("m", "k5", 101),
        buy("m", "k6", "o5", 100),
        buy("m", "k7", "o6", 100),
    ];
    let outcomes: Vec<String> = world.run(&orders).iter().map(told).collect();
    assert_eq!(
        outcomes,
        ["too-many-lots", "redeem -101", "earn +1", "earn +1"],
        "what was spent left room for two"
    );
    assert_eq!(told(&world.one(buy("m", "k13", "o8", 100))), "too-many-lots");
    // What comes back has room, whatever there is.
    let back = world.undo_last("m", "k8");
    assert_eq!(told(&world.one(back)), "reverse +101");
    assert_eq!(told(&world.one(buy("m", "k9", "o7", 100))), "too-many-lots");
    // Spending all of it in one go still works, and then there is room again.
    let all = world.number("SELECT points_in_lots FROM member");
    assert_eq!(told(&world.one(redeem("m", "k10", all))), format!("redeem -{all}"));
    assert_eq!(told(&world.one(buy("m", "k11", "o7", 100))), "earn +1");
    let back = world.undo("m", "k12", Some("purchase:o7"), None, ReturnScope::Rest);
    assert_eq!(told(&world.one(back)), "reverse -1");
}

/// Somebody's till sends refused requests without end: the newest are kept, and the till's
/// neighbours lose none.
#[test]
fn kept_refusals_have_a_bound() {
    let world = World::new();
    let kept = |programme: i64| {
        world.number(&format!(
            "SELECT count(*) FROM answer WHERE what = 'refusal' AND programme_no = {programme}"
        ))
    };
    world.sql.connection().execute_batch(
        "INSERT INTO programme (id, name, rulebook_version, rulebook_digest, created_at) VALUES ('other', 'Other', 1, '', 0);
        INSERT INTO answering (programme_no, name, fingerprint, what, id, body, recorded_at)
          SELECT no, 'k', '00112233445566778899aabbccddeeff', 'refusal', 'i', '\"MemberErased\"', 0 FROM programme WHERE id = 'other'",
    ).unwrap();
    for key in 1..=3 {
        assert_eq!(told(&world.one(redeem("m", &format!("k{key}"), 1))), "member-not-found");
        world.now.set(world.now.get().plus_ms(1));
    }
    assert_eq!(kept(1), 3);
    assert_eq!(
        world.number("SELECT number FROM kept_count WHERE programme_no = 1 AND what = 'refusal'"),
        3
    );
    world
        .sql
        .connection()
        .execute("UPDATE kept_count SET number = 1000000 WHERE programme_no = 1", [])
        .unwrap();
    assert_eq!(told(&world.one(redeem("m", "k4", 1))), "member-not-found");
    assert_eq!((kept(1), kept(2)), (3, 1), "the oldest went, and nobody else's");
    assert_eq!(told(&world.one(redeem("m", "k2", 1))), "again: member-not-found");
    assert_eq!(told(&world.one(redeem("m", "k1", 1))), "member-not-found", "decided anew");
    assert_eq!(
        world.number("SELECT number FROM kept_count WHERE programme_no = 1 AND what = 'refusal'"),
        1_000_000
    );
    // What the night takes away is counted no more.
    let now = world.now.get().plus_ms(1);
    assert_eq!(wait(store::forget(&world.sql, 1, store::Kept::Refusals, now, 100)).unwrap(), 3);
    assert_eq!(
        world.number("SELECT number FROM kept_count WHERE programme_no = 1 AND what = 'refusal'"),
        999_997
    );
}

#[test]
fn kept_answers_have_a_bound() {
    let world = World::new();
    let keep = |key: &str, at: i64| {
        let receipt =
            store::Receipt { fingerprint: "0f".repeat(16), status: 200, body: "{}".into() };
        wait(store::keep_receipt(&world.sql, 1, key, &receipt, ledger::Timestamp(at))).unwrap();
    };
    keep("a", 1);
    keep("b", 2);
    keep("b", 3);
    assert_eq!(
        world.number("SELECT number FROM kept_count WHERE programme_no = 1 AND what = 'receipt'"),
        2,
        "one key, one answer"
    );
    world
        .sql
        .connection()
        .execute("UPDATE kept_count SET number = 100000 WHERE what = 'receipt'", [])
        .unwrap();
    keep("c", 3);
    let found = |key: &str| wait(store::receipt(&world.sql, 1, key)).unwrap().is_some();
    assert_eq!((found("a"), found("b"), found("c")), (false, true, true));
}

/// Counters of a programme are compared beyond 64 bits: the audit must not end because of what
/// somebody counted.
#[test]
fn counters_add_up_beyond_64_bits() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 100));
    let most = i64::MAX - 1;
    let body =
        format!("json_set(body, '$.tallies', json('[[\"budget\",\"points\",0,0,{most},null]]'))");
    // An entry is never changed: those of a database that somebody tampered with are written beside
    // it.
    world.sql.connection().execute_batch(&format!(
        "INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body)
          SELECT programme_no, member_no, sequence + n.value, randomblob(16), kind, 0, balance_after, occurred_at, recorded_at, hash, {body}
          FROM entry, json_each('[1,2,3]') AS n WHERE sequence = 1;
        INSERT INTO tally VALUES (1, 'budget', 'points', 0, {most})"
    )).unwrap();
    let wrong = wait(store::wrong_tallies(&world.sql, 1)).unwrap();
    let told = i128::from(most) * 3;
    assert_eq!(wrong, [format!("points of budget in 0 stands at {most}, its entries say {told}")]);
}
