//! Adjustments by hand: who may decide what, in which order, and that the books move once, with all
//! names on the entry.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{ApprovalVerdict, EntryId, Kind, Person, Undone};
use rules::operations::{DecideAdjustment, NewAdjustment, RequestAdjustment, Settle};
use rules::{ApprovalStep, Multiples};
use support::{AnyOperation, World, aside, ask, at, buy, spend};

const DAY_1: &str = "2026-01-10T10:00:00+08:00";
const DAY_2: &str = "2026-01-11T10:00:00+08:00";

fn person(name: &str) -> Person {
    Person { actor: format!("key:{name}"), label: name.to_owned() }
}

fn asks(name: &str, points: i64) -> AnyOperation {
    ask(RequestAdjustment(NewAdjustment {
        points,
        reason_code: "goodwill".into(),
        evidence: Some("ticket 7".into()),
        expiry: None,
        by: person(name),
        undoes: None,
    }))
}

fn decides(request: EntryId, verdict: ApprovalVerdict, name: &str, role: &str) -> AnyOperation {
    ask(DecideAdjustment { request, verdict, by: person(name), role: role.into() })
}

/// A member with 100 points and a request for so many, made by Anna.
fn asked(points: i64) -> (World, EntryId) {
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100"), (DAY_1, asks("anna", points), "request 0")]);
    let id = world.entries.last().unwrap().id;
    (world, id)
}

#[test]
fn the_size_decides_who_approves() {
    for (points, role, outcome) in [
        (1, "approver", "approve 0, adjust 1"),
        (500, "approver", "approve 0, adjust 500"),
        (501, "department_head", "approve 0, adjust 501"),
        (5_000, "department_head", "approve 0, adjust 5000"),
        (5_001, "vice_president", "approve 0, adjust 5001"),
        (-1, "approver", "approve 0, adjust -1"),
        (-100, "approver", "approve 0, adjust -100"),
        (-101, "approver", "refused insufficient-points"),
        (-501, "department_head", "refused insufficient-points"),
        (i64::MIN, "vice_president", "refused amount-out-of-range"),
        (i64::MAX, "vice_president", "refused amount-out-of-range"),
    ] {
        let (mut world, id) = asked(points);
        for wrong in ["approver", "department_head", "vice_president", "admin", ""] {
            if wrong != role {
                let told = world.run(
                    at(DAY_2),
                    &decides(id, ApprovalVerdict::Approve, "ben", wrong),
                    None,
                );
                assert_eq!(told, "refused wrong-approver", "{points} {wrong}");
            }
        }
        let told = world.run(at(DAY_2), &decides(id, ApprovalVerdict::Approve, "ben", role), None);
        assert_eq!(told, outcome, "{points}");
        world.audit();
    }
}

#[test]
fn a_request_is_decided_once_by_others() {
    use ApprovalVerdict::{Approve, Reject, Withdraw};
    for (verdict, name, role, outcome) in [
        (Approve, "ben", "approver", "approve 0, adjust 50"),
        (Reject, "ben", "approver", "reject 0"),
        (Withdraw, "anna", "service", "withdraw 0"),
    ] {
        let (mut world, id) = asked(50);
        let run = |world: &mut World, verdict, name, role| {
            world.run(at(DAY_2), &decides(id, verdict, name, role), None)
        };
        assert_eq!(run(&mut world, Approve, "anna", "approver"), "refused own-request");
        assert_eq!(run(&mut world, Reject, "anna", "approver"), "refused own-request");
        assert_eq!(run(&mut world, Withdraw, "ben", "approver"), "refused not-yours");
        assert_eq!(run(&mut world, verdict, name, role), outcome);
        for again in [Approve, Reject, Withdraw] {
            assert_eq!(run(&mut world, again, "carl", "approver"), "refused request-resolved");
        }
        world.audit();
        assert!(world.member.requests.is_empty());
    }
    // A key and its successor have one label, and are one person.
    let (mut world, id) = asked(50);
    let by = Person { actor: "key:new".into(), label: "anna".into() };
    let own = ask(DecideAdjustment { request: id, verdict: Approve, by, role: "approver".into() });
    assert_eq!(world.run(at(DAY_2), &own, None), "refused own-request");
}

#[test]
fn every_step_is_another_person() {
    let mut world = World::new(|document| {
        let roles = ["approver", "approver", "vice_president"].map(str::to_owned).to_vec();
        document.approvals.steps = vec![ApprovalStep { up_to: None, roles }];
    });
    world.play(&[(DAY_1, buy(&[100]), "earn 1"), (DAY_1, asks("anna", 70), "request 0")]);
    let id = world.entries.last().unwrap().id;
    for (name, role, outcome) in [
        ("carl", "vice_president", "refused wrong-approver"),
        ("ben", "approver", "approve 0"),
        ("ben", "approver", "refused already-approved"),
        ("carl", "vice_president", "refused wrong-approver"),
        ("dora", "approver", "approve 0"),
        ("ben", "vice_president", "refused already-approved"),
        ("carl", "vice_president", "approve 0, adjust 70"),
    ] {
        assert_eq!(
            world.run(at(DAY_2), &decides(id, ApprovalVerdict::Approve, name, role), None),
            outcome,
            "{name} {role}"
        );
    }
    world.audit();
    let entry = world.entries.last().unwrap();
    assert_eq!(entry.kind(), Kind::Adjust);
    let adjustment = entry.adjustment().unwrap();
    let names: Vec<&str> =
        adjustment.approvals.iter().map(|approval| approval.by.label.as_str()).collect();
    assert_eq!(
        (adjustment.by.label.as_str(), names),
        ("anna", vec!["ben", "dora", "carl"]),
        "the entry names all"
    );
    // A step that was approved can still be turned down by the next.
    world.play(&[(DAY_2, asks("anna", 70), "request 0")]);
    let id = world.entries.last().unwrap().id;
    world.play(&[
        (DAY_2, decides(id, ApprovalVerdict::Approve, "ben", "approver"), "approve 0"),
        (DAY_2, decides(id, ApprovalVerdict::Reject, "dora", "approver"), "reject 0"),
    ]);
}

#[test]
fn nobody_decides_after_its_time() {
    let (mut world, id) = asked(50);
    world.play(&[
        ("2026-01-24T09:59:59.999+08:00", ask(Settle), ""),
        (
            "2026-01-24T10:00:00+08:00",
            decides(id, ApprovalVerdict::Approve, "ben", "approver"),
            "refused request-resolved",
        ),
        ("2026-01-24T10:00:00+08:00", ask(Settle), "lapse 0"),
        (
            "2026-01-24T10:00:00+08:00",
            decides(id, ApprovalVerdict::Withdraw, "anna", "service"),
            "refused request-resolved",
        ),
    ]);
    assert_eq!(world.member.balance, 100);
}

#[test]
fn two_approvers_at_once() {
    let (mut world, id) = asked(50);
    let loaded = world.member.clone();
    let approve = |name| decides(id, ApprovalVerdict::Approve, name, "approver");
    let first = world.decide(&loaded, at(DAY_2), &approve("ben"), None).unwrap();
    let second = world.decide(&loaded, at(DAY_2), &approve("carl"), None).unwrap();
    assert!(world.commit(&loaded, first, None));
    assert!(!world.commit(&loaded, second, None));
    assert_eq!(world.run(at(DAY_2), &approve("carl"), None), "refused request-resolved");
    assert_eq!(world.member.balance, 150);
    world.audit();
}

#[test]
fn reasons_and_lives_are_the_rulebooks() {
    let mut world = World::new(|document| document.approvals.reasons = vec!["lost_receipt".into()]);
    let wish = |reason: &str, expiry: Option<&str>| {
        ask(RequestAdjustment(NewAdjustment {
            points: 10,
            reason_code: reason.into(),
            evidence: None,
            expiry: expiry.map(str::to_owned),
            by: person("anna"),
            undoes: None,
        }))
    };
    world.play(&[
        (DAY_1, wish("lost_receipt", None), "refused member-not-found"),
        (DAY_1, buy(&[100]), "earn 1"),
        (DAY_1, wish("goodwill", None), "refused unknown-reason"),
        (DAY_1, wish("lost_receipt", Some("for_ever")), "refused unknown-policy"),
        (DAY_1, wish("lost_receipt", Some("campaign")), "request 0"),
    ]);
    let id = world.entries.last().unwrap().id;
    world.play(&[(
        DAY_2,
        decides(id, ApprovalVerdict::Approve, "ben", "approver"),
        "approve 0, adjust 10",
    )]);
    // Ninety days from the day it was asked for, as the approver saw it.
    assert_eq!(
        world.entries.last().unwrap().lots.grants[0].expires_at,
        Some(at("2026-04-11T00:00:00+08:00"))
    );
}

#[test]
fn an_adjustment_takes_what_can_be_spent() {
    let (mut world, id) = asked(-60);
    world.play(&[
        (DAY_2, aside(50), "hold(50)"),
        (
            DAY_2,
            decides(id, ApprovalVerdict::Approve, "ben", "approver"),
            "refused insufficient-points",
        ),
        (
            "2026-01-11T10:30:00+08:00",
            decides(id, ApprovalVerdict::Approve, "ben", "approver"),
            "release 0, approve 0, adjust -60",
        ),
        ("2026-01-11T10:30:00+08:00", spend(41), "refused insufficient-points"),
        ("2026-01-11T10:30:00+08:00", spend(40), "redeem -40"),
    ]);
}

#[test]
fn a_mistaken_grant_is_undone_in_its_own_lot() {
    let (mut world, first) = asked(200);
    world.play(&[(
        DAY_2,
        decides(first, ApprovalVerdict::Approve, "ben", "approver"),
        "approve 0, adjust 200",
    )]);
    let grant = world.entries.last().unwrap().clone();
    let undoing = |points: i64| {
        let undone = Undone { entry: grant.id, lot: grant.lots.grants[0].number };
        let wish = NewAdjustment {
            points,
            reason_code: "correction".into(),
            evidence: None,
            expiry: None,
            by: person("anna"),
            undoes: Some((undone, 200)),
        };
        ask(RequestAdjustment(wish))
    };
    world.play(&[
        (DAY_2, undoing(-201), "refused more-than-left"),
        (DAY_2, undoing(-150), "request 0"),
    ]);
    let lots =
        |world: &World| world.member.lots.iter().map(|lot| lot.remaining).collect::<Vec<_>>();
    assert_eq!(lots(&world), [100, 200]);
    let second = world.entries.last().unwrap().id;
    // Approved of as any other.
    world.play(&[
        (
            DAY_2,
            decides(second, ApprovalVerdict::Approve, "anna", "approver"),
            "refused own-request",
        ),
        (
            DAY_2,
            decides(second, ApprovalVerdict::Approve, "ben", "approver"),
            "approve 0, adjust -150",
        ),
    ]);
    assert_eq!(lots(&world), [100, 50], "the older lot is not touched");
    // What is not in its lot any more is not taken from others.
    world.play(&[(DAY_2, undoing(-60), "request 0")]);
    let third = world.entries.last().unwrap().id;
    world.play(&[(
        DAY_2,
        decides(third, ApprovalVerdict::Approve, "ben", "approver"),
        "refused insufficient-points",
    )]);
    assert_eq!(lots(&world), [100, 50]);
}

/// An approver who is good for 500 points approved of 270 requests of 500 in a day.
#[test]
fn many_small_requests_are_a_large_one() {
    let requested = |world: &mut World, now: &str, by: &str, points: i64| {
        assert_eq!(world.run(at(now), &asks(by, points), None), "request 0");
        let entry = world.entries.last().unwrap();
        (entry.id, entry.adjustment().unwrap().terms.steps[0].clone())
    };
    let approve = |world: &mut World, now: &str, id, by: &str, role: &str| {
        world.run(at(now), &decides(id, ApprovalVerdict::Approve, by, role), None)
    };
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100")]);
    // Of one member: 500 a day by an approver, 1,000 a month. What waits meanwhile was asked for as
    // a small one.
    let (first, role) = requested(&mut world, DAY_1, "anna", 400);
    let (second, same) = requested(&mut world, DAY_1, "anna", 400);
    assert_eq!((role.as_str(), same.as_str()), ("approver", "approver"));
    assert_eq!(approve(&mut world, DAY_1, first, "ben", "approver"), "approve 0, adjust 400");
    assert_eq!(approve(&mut world, DAY_1, second, "ben", "approver"), "refused approvals-exceeded");
    assert_eq!(
        approve(&mut world, DAY_1, second, "carl", "approver"),
        "refused approvals-exceeded"
    );
    let (third, role) = requested(&mut world, DAY_1, "anna", -200);
    assert_eq!(role, "department_head", "taken counts as well as given");
    assert_eq!(
        approve(&mut world, DAY_1, third, "dora", "department_head"),
        "approve 0, adjust -200"
    );
    // A day later the month still knows of 600.
    assert_eq!(approve(&mut world, DAY_2, second, "ben", "approver"), "approve 0, adjust 400");
    assert_eq!(requested(&mut world, DAY_2, "anna", 1).1, "department_head");
    world.play(&[("2026-02-01T00:00:00+08:00", ask(Settle), "lapse 0")]);
    assert_eq!(requested(&mut world, "2026-02-01T00:00:00+08:00", "anna", 500).1, "approver");
    world.audit();

    // Of one person who asks, and of one who approves: ten times as much a day, for whichever
    // members.
    let mut world = World::new(|document| {
        document.approvals.totals.member = Multiples { day: None, month: None }
    });
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100")]);
    for number in 1..=10 {
        let (id, role) = requested(&mut world, DAY_1, "anna", 500);
        assert_eq!(role, "approver", "{number}");
        assert_eq!(
            approve(&mut world, DAY_1, id, "ben", "approver"),
            "approve 0, adjust 500",
            "{number}"
        );
    }
    assert_eq!(
        requested(&mut world, DAY_1, "anna", 1).1,
        "department_head",
        "anna has asked for 5,000"
    );
    let (id, role) = requested(&mut world, DAY_1, "emil", 1);
    assert_eq!(role, "approver");
    assert_eq!(approve(&mut world, DAY_1, id, "ben", "approver"), "refused approvals-exceeded");
    assert_eq!(approve(&mut world, DAY_1, id, "carl", "approver"), "approve 0, adjust 1");
    assert_eq!(requested(&mut world, DAY_2, "anna", 1).1, "approver", "a new day");
    assert_eq!(world.member.balance, 5_101);
    world.audit();
}

/// What was approved before a bound was published counts towards it.
#[test]
fn a_bound_holds_for_what_was_approved_before_it() {
    let none = Multiples { day: None, month: None };
    let book = |version, approver, member| {
        let mut document = rules::default_document();
        (document.approvals.totals.approver, document.approvals.totals.member) = (approver, member);
        document.approvals.totals.requester = none;
        rules::Rulebook::new(&document, version).unwrap()
    };
    let once_a_month = Multiples { day: None, month: Some(1) };
    for (approver, member) in [(once_a_month, none), (none, once_a_month)] {
        let (mut world, first) = asked(400);
        world.book = book(2, none, none);
        assert_eq!(world.run(at(DAY_1), &asks("anna", 400), None), "request 0");
        let second = world.entries.last().unwrap().id;
        world.play(&[(
            DAY_1,
            decides(first, ApprovalVerdict::Approve, "ben", "approver"),
            "approve 0, adjust 400",
        )]);
        world.book = book(3, approver, member);
        world.play(&[(
            DAY_2,
            decides(second, ApprovalVerdict::Approve, "ben", "approver"),
            "refused approvals-exceeded",
        )]);
    }
}
