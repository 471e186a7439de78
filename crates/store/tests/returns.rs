//! Holds and returns on real SQL: what is stored of them is what was decided, and the audit agrees.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use ledger::EntryId;
use rules::operations::{ReturnScope, Settle};
use store::{Outcome, Submission};
use support::{World, buy, capture, hold, job, redeem, release, told, wait};

fn audited(world: &World) {
    let audit = wait(store::audit(&world.sql, world.programme.no, None, 0, 100)).unwrap();
    assert!(audit.violations.is_empty(), "{:?}", audit.violations);
    let totals = wait(store::totals(&world.sql, world.programme.no)).unwrap();
    assert_eq!((totals.entries, totals.entries), (totals.balances, totals.lots));
}

fn lines(line: &str, units: i64) -> ReturnScope {
    ReturnScope::Lines(vec![(line.to_owned(), units)])
}

#[test]
fn a_hold_is_resolved_once() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 10_000));
    assert_eq!(told(&world.one(hold("m", "k2", "d1", 60))), "hold +0");
    let first = world.last_hold();
    for (order, outcome) in [
        (hold("m", "k2", "d1", 60), "again: hold +0"),
        (hold("m", "k3", "d1", 10), "reference-already-used"),
        (redeem("m", "k4", 41), "insufficient-points"),
        (capture("m", "k5", first, "d1", Some(61)), "more-than-left"),
        (capture("m", "k6", first, "d1", Some(50)), "capture -50"),
        (capture("m", "k6", first, "d1", Some(50)), "again: capture -50"),
        (capture("m", "k7", first, "d1", None), "hold-resolved"),
        (release("m", "k8", first), "hold-resolved"),
        (release("m", "k9", EntryId(7)), "hold-resolved"),
        (hold("m", "k10", "d1", 10), "reference-already-used"),
        (hold("m", "k11", "d2", 50), "hold +0"),
    ] {
        let name = format!("{:?}", order.idem);
        assert_eq!(told(&world.one(order)), outcome, "{name}");
        audited(&world);
    }
    // Released, the same document may be tried again; timed out by the sweep, once more.
    assert_eq!(told(&world.one(release("m", "k12", world.last_hold()))), "release +0");
    assert_eq!(told(&world.one(hold("m", "k13", "d2", 50))), "hold +0");
    world.at("2026-01-10T10:30:00+08:00");
    let due = wait(store::expiring_members(
        &world.sql,
        world.programme.no,
        world.now.get(),
        (i64::MIN, 0),
        10,
    ))
    .unwrap();
    assert_eq!(due.len(), 1, "the job finds it");
    assert_eq!(told(&world.one(job("m", Settle))), "release +0");
    assert_eq!(told(&world.one(hold("m", "k14", "d2", 50))), "hold +0");
    audited(&world);
    let corrections = wait(store::corrections(&world.sql, world.programme.no, first)).unwrap();
    assert_eq!(
        corrections.iter().map(|entry| entry.kind().as_str()).collect::<Vec<_>>(),
        ["capture"]
    );
    assert!(wait(store::named_entry(&world.sql, world.programme.no, first)).unwrap().is_some());
    assert!(
        wait(store::named_entry(&world.sql, world.programme.no, EntryId(7))).unwrap().is_none()
    );
}

/// A job that finds nothing to do for a member corrects when it is due, and must not forget a hold.
#[test]
fn a_refreshed_due_instant_is_the_end_of_the_hold() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 10_000));
    world.one(hold("m", "k2", "d1", 60));
    let until = world.number("SELECT due_at FROM member");
    world.sql.connection().execute("UPDATE member SET due_at = 5", []).unwrap();
    let Outcome::Nothing(member) = world.one(job("m", Settle)) else {
        panic!("there was something to do")
    };
    wait(store::refresh_due(&world.sql, world.programme.no, &[*member])).unwrap();
    assert_eq!(world.number("SELECT due_at FROM member"), until);
    audited(&world);
}

#[test]
fn a_captured_order_comes_back_in_parts() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 10_000));
    world.one(hold("m", "k2", "o2", 90));
    world.one(capture("m", "k3", world.last_hold(), "o2", None));
    world.one(buy("m", "k4", "o2", 5_000));
    // The order o2 was paid with 90 points and earned 50; its one line comes back whole.
    let back = |key: &str, part| world.undo("m", key, Some("purchase:o2"), Some("redeem:o2"), part);
    for (order, outcome) in [
        (back("k5", lines("2", 1)), "unknown-line"),
        (back("k6", lines("1", 2)), "more-than-left"),
        (back("k7", lines("1", 1)), "reverse +90, reverse -50"),
        (back("k7", lines("1", 1)), "again: reverse +90, reverse -50"),
        (back("k8", ReturnScope::Rest), "nothing-to-reverse"),
        (redeem("m", "k9", 101), "insufficient-points"),
        (redeem("m", "k10", 100), "redeem -100"),
    ] {
        let name = format!("{:?}", order.idem);
        assert_eq!(told(&world.one(order)), outcome, "{name}");
        audited(&world);
    }
}

#[test]
fn a_debt_is_stored_and_paid() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 10_000));
    world.one(redeem("m", "k2", 70));
    let back = world.undo("m", "k3", Some("purchase:o1"), None, ReturnScope::Rest);
    assert_eq!(told(&world.one(back)), "reverse -100");
    assert_eq!(world.number("SELECT debt FROM member"), 70);
    assert_eq!(world.number("SELECT points_in_lots FROM member"), 0, "what is left in lots");
    audited(&world);
    assert_eq!(told(&world.one(buy("m", "k4", "o2", 5_000))), "earn +50, repay +0");
    assert_eq!(told(&world.one(buy("m", "k5", "o3", 5_000))), "earn +50, repay +0");
    assert_eq!(
        (
            world.number("SELECT debt FROM member"),
            world.number("SELECT points_in_lots FROM member")
        ),
        (0, 30)
    );
    audited(&world);
}

#[test]
fn two_returns_of_one_order_in_one_call_are_two_decisions() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 10_000));
    world.one(buy("m", "k2", "o2", 10_000));
    let back = |key: &str| world.undo("m", key, Some("purchase:o1"), None, ReturnScope::Rest);
    let orders: Vec<Submission> = vec![back("k3"), back("k4"), redeem("m", "k5", 100), back("k6")];
    let outcomes: Vec<String> = world.run(&orders).iter().map(told).collect();
    let returned = outcomes.iter().filter(|outcome| *outcome == "reverse -100").count();
    let refused = outcomes.iter().filter(|outcome| *outcome == "nothing-to-reverse").count();
    assert_eq!((returned, refused, outcomes[2].as_str()), (1, 2, "redeem -100"), "{outcomes:?}");
    audited(&world);
}

#[test]
fn what_expired_is_found_again() {
    let world = World::new();
    world.one(buy("m", "k1", "o1", 10_000));
    world.one(redeem("m", "k2", 40));
    // The points live through January 2027.
    world.at("2027-02-01T00:00:00+08:00");
    assert_eq!(told(&world.one(job("m", Settle))), "expire -60");
    world.one(buy("m", "k3", "o2", 30_000));
    let back = world.undo("m", "k4", Some("purchase:o1"), None, ReturnScope::Rest);
    assert_eq!(told(&world.one(back)), "reverse -40");
    audited(&world);
}
