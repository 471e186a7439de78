//! What is found of accounts that became part of others, of gifts of tiers and of adjustments, on
//! real SQL.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use std::rc::Rc;

use ledger::{ApprovalVerdict, EntryId, LotNumber, MemberId, Person};
use rules::operations::{
    DecideAdjustment, Merge, NewAdjustment, RequestAdjustment, ReturnScope, Reverse, Settle,
};
use store::Submission;
use support::{World, buy, job, redeem, told, wait};

fn id(member: &str) -> MemberId {
    MemberId::new(member).unwrap()
}

fn merge(into: &str, from: &str) -> Submission {
    job(into, Merge { from: id(from) })
}

fn merged(world: &World, into: &str, from: &str) {
    let outcome = told(&world.one(merge(into, from)));
    assert!(outcome.contains("merge"), "{into} from {from}: {outcome}");
}

/// The lots of an account have other numbers where they went, and what had expired before is told.
#[test]
fn how_an_account_was_taken_over() {
    let world = World::with_rules(|book| book.tiers = None);
    for (member, order, amount) in
        [("a", "a1", 10_000), ("a", "a2", 20_000), ("b", "b1", 30_000), ("c", "c1", 40_000)]
    {
        world.one(buy(member, order, order, amount));
    }
    world.one(redeem("a", "spent", 100));
    let asked = [LotNumber(1), LotNumber(2)];
    assert_eq!(
        wait(store::taken_over(&world.sql, 1, &id("a"), &asked)).unwrap(),
        None,
        "it is an account of its own"
    );
    merged(&world, "b", "a");
    let found = wait(store::taken_over(&world.sql, 1, &id("a"), &asked)).unwrap().unwrap();
    assert_eq!((found.entry.member.as_str(), found.expired), ("b", 0));
    assert_eq!(found.handed_over, [LotNumber(2)], "the first was spent");
    assert_eq!(
        found.entry.lots.grants.iter().map(|lot| (lot.number.0, lot.points)).collect::<Vec<_>>(),
        [(2, 200)]
    );
    // Of a chain each link is told by itself.
    merged(&world, "c", "b");
    let next = wait(store::taken_over(&world.sql, 1, &found.entry.member, &[LotNumber(2)]))
        .unwrap()
        .unwrap();
    assert_eq!((next.entry.member.as_str(), next.handed_over.len()), ("c", 2));
    assert_eq!(wait(store::taken_over(&world.sql, 1, &id("c"), &[])).unwrap(), None);
    assert_eq!(wait(store::taken_over(&world.sql, 1, &id("nobody"), &[])).unwrap(), None);
    // What expired of the lots that are asked about, and of no others.
    world.one(buy("d", "d1", "d1", 5_000));
    world.at("2027-02-01T00:00:00+08:00");
    world.one(job("d", Settle));
    world.one(buy("d", "d2", "d2", 5_000));
    world.one(buy("e", "e1", "e1", 5_000));
    merged(&world, "e", "d");
    let expired = |lots: &[LotNumber]| {
        wait(store::taken_over(&world.sql, 1, &id("d"), lots)).unwrap().unwrap().expired
    };
    assert_eq!((expired(&[LotNumber(1)]), expired(&[LotNumber(2)])), (50, 0));
}

/// A, B, C: what was bought with A and is returned to C twice is found, however many mergers lie
/// between.
#[test]
fn the_audit_follows_a_chain_of_mergers() {
    let world = World::with_rules(|book| book.tiers = None);
    for (member, order) in [("a", "o1"), ("b", "o2"), ("c", "o3")] {
        world.one(buy(member, order, order, 10_000));
    }
    merged(&world, "b", "a");
    merged(&world, "c", "b");
    let undone = || wait(store::undone_too_often(&world.sql, world.programme.no)).unwrap();
    let earn = world.bearing("purchase:o1").unwrap();
    let mut own = earn.clone();
    let there = wait(store::history(&world.sql, 1, &id("c"), None, i64::MAX, 10)).unwrap();
    own.lots.grants = there[0]
        .lots
        .grants
        .iter()
        .filter(|lot| lot.earned_at == earn.lots.grants[0].earned_at)
        .take(1)
        .cloned()
        .collect();
    let from = rules::operations::Merged { from: id("b"), expired: 0 };
    let wish = rules::operations::ToReverse {
        earn: Some(own),
        merged: Some(from),
        ..rules::operations::ToReverse::default()
    };
    let order = Submission {
        operation: Rc::new(Reverse(Some(Box::new(wish)))),
        ..world.undo("c", "k2", Some("purchase:o1"), None, ReturnScope::Rest)
    };
    assert_eq!(told(&world.one(order)), "reverse -100");
    assert_eq!(undone(), Vec::<String>::new());
    // Somebody writes the return a second time, past the engine.
    world
        .sql
        .connection()
        .execute(
            "INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body, corrects, counterparty)
            SELECT programme_no, member_no, sequence + 1, randomblob(16), kind, points, balance_after, occurred_at, recorded_at, hash, body, corrects, counterparty
            FROM entry WHERE kind = 'reverse'",
            [],
        )
        .unwrap();
    assert_eq!(undone(), [format!("entry {} of 100 points is undone by 200", earn.id)]);
}

#[test]
fn gifts_of_tiers_are_found_newest_first() {
    let world = World::new();
    let gifts = |member: &str| wait(store::gifts(&world.sql, 1, &id(member))).unwrap();
    assert_eq!(gifts("m"), []);
    world.one(buy("m", "k0", "o0", 10_000));
    assert_eq!(gifts("m"), [], "a purchase is no gift");
    world.one(buy("m", "k1", "o1", 200_000));
    world.one(buy("m", "k2", "o2", 1_000_000));
    world.one(buy("n", "k3", "o3", 200_000));
    let found: Vec<_> =
        gifts("m").iter().map(|entry| (entry.tier().unwrap().to.clone(), entry.points)).collect();
    assert_eq!(found, [("gold".to_owned(), 2_000), ("silver".to_owned(), 500)]);
    // A step down brings nothing, and is none.
    world.at("2028-03-01T00:00:00+08:00");
    world.one(job("m", Settle));
    assert_ne!(
        world.number("SELECT count(*) FROM entry WHERE kind = 'tier_change' AND points = 0"),
        0
    );
    assert_eq!(gifts("m").len(), 2);
}

#[test]
fn an_adjustment_is_found_by_its_id_and_its_requests() {
    let world = World::new();
    let person = |name: &str| Person { actor: format!("key:{name}"), label: name.to_owned() };
    for member in ["m", "n"] {
        world.one(buy(member, member, member, 10_000));
    }
    let wish = NewAdjustment {
        points: 60,
        reason_code: "goodwill".into(),
        evidence: None,
        expiry: None,
        by: person("anna"),
        undoes: None,
    };
    assert_eq!(told(&world.one(job("m", RequestAdjustment(wish)))), "request +0");
    let newest = |kind: &str| {
        let found = format!("SELECT id FROM entry WHERE kind = '{kind}' ORDER BY no DESC LIMIT 1");
        world.id(&found)
    };
    let request = newest("request");
    let found =
        |member: &str, of: EntryId| wait(store::adjusted(&world.sql, 1, &id(member), of)).unwrap();
    assert_eq!(found("m", request), None, "nobody has approved yet");
    let approve = DecideAdjustment {
        request,
        verdict: ApprovalVerdict::Approve,
        by: person("ben"),
        role: "approver".into(),
    };
    assert_eq!(told(&world.one(job("m", approve))), "approve +0, adjust +60");
    let adjustment = newest("adjust");
    for by in [request, adjustment] {
        assert_eq!(found("m", by).map(|entry| (entry.id, entry.points)), Some((adjustment, 60)));
        assert_eq!(found("n", by), None, "of another member");
    }
    assert_eq!(found("m", newest("approve")), None, "an approval is no adjustment");
}
