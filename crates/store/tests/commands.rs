//! Commands on real SQL: what is written, replayed, refused and skipped.

use crate::support;

use std::rc::Rc;

use ledger::{Fault, Journal, Kind, MemberId, Repeated, Timestamp, What};
use rules::operations::{Activation, Settle};
use rules::{Case, Decided, Guards, Needs, Operation, Pending};
use support::{World, act, activate, buy, enrol, job, redeem, told, wait};

#[test]
fn an_event_a_line() {
    let world = World::new();
    for (at, order, outcome) in [
        ("2026-01-10T10:00:00+08:00", redeem("m", "k0", 1), "member-not-found"),
        ("2026-01-10T10:00:00+08:00", buy("m", "k1", "o1", 12_850), "earn +128"),
        ("2026-01-10T10:00:01+08:00", buy("m", "k1", "o1", 12_850), "again: earn +128"),
        ("2026-01-10T10:00:01+08:00", buy("m", "k1", "o1", 12_851), "key reused"),
        ("2026-01-10T10:00:01+08:00", buy("m", "k2", "o1", 12_850), "reference-already-used"),
        ("2026-01-10T10:00:01+08:00", buy("n", "k3", "o1", 12_850), "reference-of-another"),
        ("2026-01-10T10:00:02+08:00", act("m", "k4", "check_in"), "earn +5"),
        ("2026-01-10T23:59:59+08:00", act("m", "k5", "check_in"), "limit-reached"),
        ("2026-01-11T00:00:00+08:00", act("m", "k6", "check_in"), "earn +5"),
        ("2026-01-11T00:00:00+08:00", act("m", "k5", "check_in"), "again: limit-reached"),
        ("2026-01-11T00:00:00+08:00", act("m", "k7", "dance"), "unknown-event"),
        ("2026-01-11T00:00:00+08:00", redeem("m", "k8", 139), "insufficient-points"),
        ("2026-01-11T00:00:00+08:00", redeem("m", "k9", 100), "redeem -100"),
        // A year later the same key still gives the same answer.
        ("2027-01-20T00:00:00+08:00", redeem("m", "k9", 100), "again: redeem -100"),
        // The check-ins went first, as they expire first; the rest of the purchase is still good in
        // June.
        ("2026-06-01T00:00:00+08:00", redeem("m", "k10", 39), "insufficient-points"),
        ("2026-06-01T00:00:00+08:00", redeem("m", "k11", 8), "redeem -8"),
        // From February 2027 on the purchase is gone as well, though no sweep ran.
        ("2027-02-01T00:00:00+08:00", redeem("m", "k12", 1), "insufficient-points"),
    ] {
        world.at(at);
        let name = format!("{:?} {at}", order.idem);
        assert_eq!(told(&world.one(order)), outcome, "{name}");
    }
}

#[test]
fn an_activation_gives_the_lot_new_dates() {
    let world = World::with_rules(|book| book.purchase.pending = Some(Pending { days: None }));
    world.one(buy("m", "k1", "o1", 10_000));
    world.one(buy("m", "k2", "o2", 5_000));
    let entry = world.bearing("purchase:o1").unwrap();
    assert_eq!(world.bearing("purchase:o3"), None);
    let activation = Activation {
        lots: entry
            .lots
            .grants
            .iter()
            .map(|lot| (lot.number, world.book.expiry("purchase").unwrap().clone()))
            .collect(),
    };
    world.at("2026-02-20T10:00:00+08:00");
    for (order, outcome) in [
        (redeem("m", "k3", 1), "insufficient-points"),
        (activate("m", "k4", None), "reference-not-found"),
        (activate("n", "k5", Some(activation.clone())), "member-not-found"),
        (activate("m", "k6", Some(activation.clone())), "activate +0"),
        (activate("m", "k6", Some(activation.clone())), "again: activate +0"),
        (activate("m", "k7", Some(activation)), "nothing-pending"),
        (redeem("m", "k8", 101), "insufficient-points"),
        (redeem("m", "k9", 100), "redeem -100"),
    ] {
        let name = format!("{:?}", order.idem);
        assert_eq!(told(&world.one(order)), outcome, "{name}");
    }
    // Twelve months, to the end of that month, from the day of activation; the other lot still
    // waits.
    let dates = |lot: i64| {
        let column = |name| world.number(&format!("SELECT {name} FROM lot WHERE number = {lot}"));
        (column("available_at"), column("expires_at"), column("pending"))
    };
    let at = |text: &str| Timestamp::parse(text).unwrap().0;
    assert_eq!(dates(1), (at("2026-02-20T10:00:00+08:00"), at("2027-03-01T00:00:00+08:00"), 0));
    assert_eq!(dates(2), (Timestamp::LAST.0, i64::MAX, 1));
    let audit = wait(store::audit(&world.sql, world.programme.no, None, 0, 100)).unwrap();
    assert!(audit.violations.is_empty(), "{:?}", audit.violations);
}

#[test]
fn what_fell_due_is_written_by_the_next_command_or_the_sweep_but_once() {
    let world = World::new();
    world.one(act("a", "k1", "sign_up"));
    world.one(act("b", "k2", "sign_up"));
    world.at("2026-04-11T00:00:00+08:00");
    assert_eq!(told(&world.one(buy("a", "k3", "o3", 500))), "expire -100, earn +5");
    assert_eq!(told(&world.one(buy("a", "k3", "o3", 500))), "again: expire -100, earn +5");
    let sweep = [job("a", Settle), job("b", Settle)];
    assert_eq!(world.run(&sweep).iter().map(told).collect::<Vec<_>>(), ["nothing", "expire -100"]);
    assert_eq!(world.run(&sweep).iter().map(told).collect::<Vec<_>>(), ["nothing", "nothing"]);
    assert_eq!(world.number("SELECT sum(points_in_lots) FROM member"), 5);
}

#[test]
fn a_bulk_has_an_outcome_for_each() {
    let world = World::new();
    let outcomes = world.run(&[
        buy("m", "k1", "o1", 100_000),
        buy("m", "k2", "o2", 100_000),
        act("m", "k3", "check_in"),
        act("m", "k4", "check_in"),
        buy("m", "k1", "o1", 100_000),
        buy("n", "k5", "o2", 100),
        redeem("m", "k6", 2_505),
        redeem("m", "k7", 1),
    ]);
    let outcomes: Vec<String> = outcomes.iter().map(told).collect();
    assert_eq!(
        outcomes,
        [
            "earn +1000",
            "earn +1000, tier_change +500",
            "earn +5",
            "limit-reached",
            "again: earn +1000",
            "reference-of-another",
            "redeem -2505",
            "insufficient-points"
        ]
    );
}

#[test]
fn a_stale_decision_is_skipped_whole_and_decided_again() {
    let world = World::new();
    world.one(act("m", "k0", "sign_up"));
    world.at("2026-04-11T00:00:00+08:00");
    // Loaded before, committed after somebody else's earn that also wrote the expiry: nothing of it
    // may stand twice.
    let orders = [buy("m", "k1", "o1", 100)];
    let wanted: Vec<_> = orders.iter().map(store::Submission::wanted).collect();
    let scope = store::Scope::Programme(world.programme.no);
    let (_, _, stale) =
        wait(store::load(&world.sql, scope, &wanted, store::Lots::All)).unwrap().unwrap();
    assert_eq!(told(&world.one(buy("m", "k2", "o2", 200))), "expire -100, earn +2");
    let fresh = || support::fresh(77_000);
    let mut executor = store::Executor {
        sql: &world.sql,
        programme: &world.programme,
        book: &world.book,
        now: world.now.get(),
        fresh,
        abroad: None,
        in_flight: None,
    };
    let outcomes = wait(store::execute(&mut executor, &orders, stale)).unwrap();
    assert_eq!(outcomes.iter().map(told).collect::<Vec<_>>(), ["earn +1"]);
    assert_eq!(world.number("SELECT points_in_lots FROM member"), 3);
    assert_eq!(world.number("SELECT count(*) FROM entry WHERE kind = 'expire'"), 1);
}

/// Somebody else gets the name between load and commit. What fell due is not written without the
/// command that brought it, or its answer would not hold all the entries of its commit.
#[test]
fn a_command_that_is_skipped_leaves_nothing_of_what_fell_due() {
    let world = World::new();
    world.one(act("m", "k0", "sign_up"));
    world.at("2026-04-11T00:00:00+08:00");
    let orders = [enrol("m", "k1", &["phone:+8613900000000"])];
    let wanted: Vec<_> = orders.iter().map(store::Submission::wanted).collect();
    let scope = store::Scope::Programme(world.programme.no);
    let (_, _, stale) =
        wait(store::load(&world.sql, scope, &wanted, store::Lots::All)).unwrap().unwrap();
    assert_eq!(told(&world.one(enrol("n", "k2", &["phone:+8613900000000"]))), "profile +0");
    let fresh = || support::fresh(77_000);
    let mut executor = store::Executor {
        sql: &world.sql,
        programme: &world.programme,
        book: &world.book,
        now: world.now.get(),
        fresh,
        abroad: None,
        in_flight: None,
    };
    let outcomes = wait(store::execute(&mut executor, &orders, stale)).unwrap();
    assert_eq!(outcomes.iter().map(told).collect::<Vec<_>>(), ["alias-taken"]);
    assert_eq!(world.number("SELECT count(*) FROM entry WHERE kind = 'expire'"), 0);
    assert_eq!(
        told(&world.one(enrol("m", "k3", &["phone:+8613900000001"]))),
        "expire -100, profile +0"
    );
    assert_eq!(world.number("SELECT count(*) FROM alias"), 2);
}

#[test]
fn the_last_points_are_spent_from_many_lots() {
    let world = World::with_rules(|d| {
        d.actions.get_mut("share").unwrap().limit = None;
    });
    let shares: Vec<_> = (0..200).map(|n| act("m", &format!("s{n}"), "share")).collect();
    world.run(&shares);
    // More open lots than are loaded at first.
    assert_eq!(told(&world.one(redeem("m", "k1", 2_001))), "insufficient-points");
    assert_eq!(told(&world.one(redeem("m", "k2", 1_999))), "redeem -1999");
    assert_eq!(world.number("SELECT sum(remaining) FROM lot"), 1);
    let audit = wait(store::audit(&world.sql, world.programme.no, None, 0, 10)).unwrap();
    assert_eq!((audit.violations, audit.entries), (vec![], 201));
}

/// Does again what somebody did by hand, as only a back-test may.
#[derive(Debug)]
struct RepeatsAGift;

impl Operation for RepeatsAGift {
    fn name(&self) -> &'static str {
        "repeats_a_gift"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(rules::Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::STAFF
    }

    fn post(&self, case: &Case<'_>, mut own: Journal) -> rules::Outcome {
        let of = Kind::Transfer;
        let repeated = Repeated { of, frozen: None, carried: None, tier: None };
        own.post(own.draft(What::Repeated(repeated), case.origin.clone()))?;
        let (decision, member) = own.finish(0);
        Ok(Decided { decision, member, others: Vec::new() })
    }
}

#[test]
fn what_a_back_test_repeats_is_not_written() {
    let world = World::new();
    world.one(act("m", "k1", "share"));
    let submission = store::Submission { operation: Rc::new(RepeatsAGift), ..redeem("m", "k2", 1) };
    let scope = store::Scope::Programme(world.programme.no);
    let found = wait(store::load(&world.sql, scope, &[submission.wanted()], submission.lots()));
    let mut executor = store::Executor {
        sql: &world.sql,
        programme: &world.programme,
        book: &world.book,
        now: world.now.get(),
        fresh: || support::fresh(77_000),
        abroad: None,
        in_flight: None,
    };
    let loaded = found.unwrap().unwrap().2;
    let refused = wait(store::execute(&mut executor, &[submission], loaded)).unwrap_err();
    assert!(matches!(refused, store::Error::Fault(Fault::Draft)), "{refused}");
    assert_eq!(world.number("SELECT count(*) FROM entry"), 1);
}
