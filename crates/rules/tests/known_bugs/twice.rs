//! Once and only once: duplicates, parallel requests, lost updates, repeated reminders.

use crate::living;
use crate::support::{World, act, ask, at, buy, happened, purchase, spend};
use rules::operations::{Enrol, Remind};

#[test]
fn a_check_in_by_two_requests_at_once() {
    let mut world = World::new(|_| {});
    let now = at("2026-01-10T10:00:00+08:00");
    let loaded = world.member.clone();
    let first = world.decide(&loaded, now, &act("check_in"), None).unwrap();
    let second = world.decide(&loaded, now, &act("check_in"), None).unwrap();
    assert!(world.commit(&loaded, first, None));
    assert!(world.member.clone().apply(&second.decision.postings[0].entry).is_err());
    assert!(!world.commit(&loaded, second, None));
    assert_eq!(world.run(now, &act("check_in"), None), "refused limit-reached");
}

#[test]
fn the_same_order_or_document_twice() {
    let mut world = World::new(|_| {});
    let now = at("2026-01-10T10:00:00+08:00");
    for (command, document, outcome) in [
        (buy(&[10_000]), "order-1", "earn 100"),
        (buy(&[10_000]), "order-1", "refused reference-already-used"),
        (buy(&[99_900]), "order-1", "refused reference-already-used"),
        // A reference is unique among entries of its kind: the order that earned may also be paid
        // with points.
        (spend(10), "order-1", "redeem -10"),
        (spend(10), "order-1", "refused reference-already-used"),
        (spend(10), "order-2", "redeem -10"),
        (spend(10), "order-2", "refused reference-already-used"),
        // A refusal uses nothing up.
        (spend(81), "order-3", "refused insufficient-points"),
        (spend(80), "order-3", "redeem -80"),
    ] {
        assert_eq!(world.run(now, &command, Some(document)), outcome, "{command:?} {document}");
    }
}

#[test]
fn an_import_that_warns_of_every_lot() {
    let mut world = World::new(living(6));
    let reported = "2026-01-08T10:00:00+08:00";
    world.play(&[
        (reported, happened("2026-01-02T10:00:00+08:00", purchase(&[1_000])), "earn 10"),
        (reported, happened("2026-01-02T10:00:00+08:00", purchase(&[1_000])), "earn 10"),
        (reported, happened("2026-01-03T10:00:00+08:00", purchase(&[1_000])), "earn 10"),
        (reported, ask(Remind), "remind(30)"),
        (reported, ask(Remind), ""),
        ("2026-01-08T23:59:59+08:00", ask(Remind), ""),
        // The first two end at midnight; the third is then within one day.
        ("2026-01-09T00:00:00+08:00", ask(Remind), "expire -20, remind(10)"),
    ]);
}

#[test]
fn an_update_that_failed_unnoticed() {
    // Decided on an old state, the entry fits no later one: neither by sequence nor by head.
    let mut world = World::new(|_| {});
    let now = at("2026-01-10T10:00:00+08:00");
    world.run(now, &buy(&[10_000]), None);
    let old = world.member.clone();
    let stale =
        world.decide(&old, now, &spend(60), None).unwrap().decision.postings.remove(0).entry;
    for command in [spend(60), buy(&[100]), ask(Enrol)] {
        let mut other = World::new(|_| {});
        (other.member, other.entries) = (old.clone(), world.entries.clone());
        other.run(now, &command, None);
        assert_eq!(
            other.member.clone().apply(&stale),
            Err(ledger::Fault::OutOfSequence),
            "{command:?}"
        );
        let renumbered =
            ledger::Entry { sequence: ledger::Sequence(stale.sequence.0 + 1), ..stale.clone() };
        let resealed = ledger::Entry { hash: renumbered.computed_hash().unwrap(), ..renumbered };
        assert_eq!(
            other.member.clone().apply(&resealed),
            Err(ledger::Fault::BrokenChain),
            "{command:?}"
        );
    }
}
