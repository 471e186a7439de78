//! Freezes, limits per device and hour, earns that wait for somebody to look at them, and stolen
//! points: a line a step.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{EntryId, Frozen, Kind, Origin, Refusal};
use rules::EarnEvent;
use rules::operations::{
    Activate, Activation, ApproveReview, Capture, Earn, Freeze, Recover, Redemption, RejectReview,
    Release, Restore, ReturnScope, Stolen,
};
use rules::{Limit, Pending, Per, Suspicion, Velocity};
use support::{AnyOperation, World, act, action, aside, ask, at, buy, spend};

const DAY: &str = "2026-03-02T10:00:00+08:00";

fn sides(earning: bool, spending: bool) -> Frozen {
    Frozen { earning, spending }
}

/// Lets the earn go its way.
fn approval(world: &World, earn: &ledger::Entry) -> AnyOperation {
    let promise = |lot: &ledger::LotGrant| (lot.number, world.book.promise(&lot.source).unwrap());
    let promises = earn.lots.grants.iter().map(promise).collect();
    ask(ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises })
}

#[test]
fn a_frozen_account_does_only_what_it_still_may() {
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY, ask(Freeze(sides(true, true))), "refused member-not-found"),
        (DAY, buy(&[10_000]), "earn 100"),
        (DAY, aside(30), "hold(30)"),
        (DAY, ask(Freeze(sides(false, true))), "freeze 0"),
        (DAY, ask(Freeze(sides(false, true))), "refused nothing-to-change"),
        (DAY, spend(10), "refused member-frozen"),
        (DAY, aside(10), "refused member-frozen"),
        (DAY, act("check_in"), "earn 5"),
        (DAY, ask(Freeze(sides(true, false))), "freeze 0"),
        (DAY, act("review"), "refused member-frozen"),
        (DAY, ask(Restore(sides(true, false))), "restore 0"),
        (DAY, act("review"), "earn 20"),
        (DAY, ask(Restore(sides(true, false))), "refused nothing-to-change"),
    ]);
    // What was set aside before stays set aside: it may be given up, but not spent.
    let hold = world.last_hold();
    let back = world.undo(Some(0), None, ReturnScope::Lines(vec![("0".to_owned(), 1)]));
    world.play(&[
        (DAY, ask(Capture { hold, points: None }), "refused member-frozen"),
        (DAY, ask(Release { hold }), "release 0"),
        (DAY, back, "reverse -100"),
        (DAY, ask(Restore(sides(true, true))), "restore 0"),
        (DAY, spend(25), "redeem -25"),
    ]);
}

/// The points of what is odd wait, and so does the tier that they would bring.
#[test]
fn an_order_above_the_limit_waits_for_a_look() {
    let mut world = World::new(|document| document.risk.review_above_minor = Some(200_000));
    world.play(&[
        (DAY, buy(&[200_000]), "earn 2000, silver 500"),
        (DAY, buy(&[1_000_001]), "earn 11000"),
        (DAY, spend(2_501), "refused insufficient-points"),
    ]);
    let earn = world.entries[2].clone();
    assert_eq!(world.member.tier.as_ref().unwrap().id, "silver", "what waits does not count");
    assert_eq!(earn.review().unwrap().reason, "amount");
    let life =
        |lot: &ledger::LotGrant| (lot.number, world.book.expiry(&lot.source).unwrap().clone());
    let early = Activation { lots: earn.lots.grants.iter().map(life).collect() };
    let approve = approval(&world, &earn);
    world.play(&[(DAY, ask(Activate(Some(early))), "refused under-review")]);
    world.play(&[(DAY, approve.clone(), "refused own-request")]);
    world.actor = "clerk";
    let later = "2026-03-05T10:00:00+08:00";
    let told = world.run(at(later), &approve, None);
    assert_eq!(told, "approve 0, gold 2000", "counts from now on");
    let lot =
        world.member.lots.iter().find(|lot| lot.number == earn.lots.grants[0].number).unwrap();
    // Twelve months from the day it could be spent, to the end of the month.
    assert_eq!(lot.available_at, at(later));
    assert_eq!(lot.expires_at, Some(at("2027-04-01T00:00:00+08:00")));
    world.play(&[(later, approve, "refused request-resolved")]);
    world.play(&[(later, spend(15_500), "redeem -15500")]);
}

#[test]
fn a_return_window_goes_on_after_a_look() {
    let mut world = World::new(|document| {
        document.risk.review_above_points = Some(50);
        document.purchase.pending = Some(Pending { days: Some(7) });
    });
    world.play(&[(DAY, buy(&[5_100]), "earn 51")]);
    let earn = world.entries[0].clone();
    let approve = approval(&world, &earn);
    world.actor = "clerk";
    world.play(&[
        ("2026-03-03T10:00:00+08:00", approve, "approve 0"),
        ("2026-03-09T23:59:59+08:00", spend(1), "refused insufficient-points"),
        ("2026-03-10T00:00:00+08:00", spend(51), "activate 0, redeem -51"),
    ]);
}

/// What comes back of an order under review never counted, and what is left of it counts when it is
/// approved.
#[test]
fn a_part_comes_back_before_anybody_has_looked() {
    let mut world = World::new(|document| document.risk.review_above_minor = Some(0));
    world.play(&[(DAY, buy(&[100_000, 150_000]), "earn 2500")]);
    let earn = world.entries[0].clone();
    let back = world.undo(Some(0), None, ReturnScope::Lines(vec![("0".to_owned(), 1)]));
    world.play(&[(DAY, back, "reverse -1000")]);
    let approve = approval(&world, &earn);
    world.actor = "clerk";
    world.play(&[(DAY, approve, "approve 0")]);
    assert_eq!(world.member.qualification.lifetime.spend_minor, 150_000);
    assert_eq!(world.member.qualification.lifetime.orders, 1);
    let rest = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[(DAY, rest, "reverse -1500")]);
    assert_eq!(world.member.qualification.lifetime, ledger::Totals::default());
}

#[test]
fn what_is_turned_down_is_undone() {
    let mut world = World::new(|document| document.risk.review_above_minor = Some(0));
    world.play(&[(DAY, buy(&[300_000]), "earn 3000")]);
    let wish = world.to_undo(Some(0), None, ReturnScope::Rest);
    let reject = ask(RejectReview(Box::new(wish)));
    world.play(&[(DAY, reject.clone(), "refused own-request")]);
    world.actor = "clerk";
    world.play(&[
        (DAY, reject.clone(), "reverse -3000"),
        (DAY, reject, "refused request-resolved"),
        (DAY, spend(1), "refused insufficient-points"),
    ]);
    assert_eq!((world.member.balance, world.member.debt), (0, 0));
    assert!(world.member.reviews.is_empty() && world.member.tier.is_none());
}

#[test]
fn too_fast_waits_or_earns_nothing() {
    for (then, third) in
        [(Suspicion::Review, "earn 10"), (Suspicion::Refuse, "refused limit-reached")]
    {
        let mut world = World::new(|document| {
            let velocity = Velocity { event: "purchase".into(), times: 2, per: Per::Hour, then };
            document.risk.velocity = vec![velocity];
        });
        world.play(&[
            ("2026-03-02T10:00:00+08:00", buy(&[1_000]), "earn 10"),
            ("2026-03-02T10:30:00+08:00", buy(&[1_000]), "earn 10"),
            ("2026-03-02T10:59:59+08:00", buy(&[1_000]), third),
            ("2026-03-02T11:00:00+08:00", buy(&[1_000]), "earn 10"),
        ]);
        assert_eq!(world.member.reviews.len(), usize::from(then == Suspicion::Review));
        let because = world.member.reviews.first().map(|open| open.review.reason.as_str());
        assert!(because.is_none_or(|because| because == "velocity:purchase:hour"));
    }
}

/// A return makes room under a limit, when the rulebook says so, but nobody was slower for it.
#[test]
fn who_was_fast_stays_fast() {
    let mut world = World::new(|document| {
        document.returns.free_caps = true;
        let velocity = Velocity {
            event: "purchase".into(),
            times: 1,
            per: Per::Hour,
            then: Suspicion::Refuse,
        };
        document.risk.velocity = vec![velocity];
    });
    world.play(&[(DAY, buy(&[1_000]), "earn 10")]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[(DAY, back, "reverse -10"), (DAY, buy(&[1_000]), "refused limit-reached")]);
}

fn on(device: &str, event: EarnEvent) -> AnyOperation {
    ask(Earn(EarnEvent { device: Some(device.to_owned()), ..event }))
}

/// A bug of other systems: one phone checks in for all its owner's accounts.
#[test]
fn check_ins_of_one_device_are_limited_across_members() {
    let mut world = World::new(|document| {
        let check_in = document.actions.get_mut("check_in").unwrap();
        check_in.limit = None;
        check_in.device_limit = Some(Limit { times: 2, per: Per::Day });
    });
    world.play(&[
        (DAY, on("a", action("check_in")), "earn 5"),
        (DAY, on("a", action("check_in")), "earn 5"),
        (DAY, on("a", action("check_in")), "refused device-limit-reached"),
        (DAY, on("b", action("check_in")), "earn 5"),
        (DAY, act("check_in"), "earn 5"),
        ("2026-03-03T00:00:00+08:00", on("a", action("check_in")), "earn 5"),
    ]);
    let tally = &world.entries[0].effects.tallies[0];
    assert_eq!((tally.subject.as_str(), tally.amount, tally.most), ("device:a", 1, Some(2)));
}

/// Redemptions by a thief are undone once, in corrections that belong together.
#[test]
fn stolen_points_come_back_once() {
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY, buy(&[10_000]), "earn 100"),
        (DAY, spend(30), "redeem -30"),
        (DAY, spend(20), "redeem -20"),
        (DAY, spend(10), "redeem -10"),
    ]);
    let back = world.undo(None, Some(2), ReturnScope::Points(5));
    world.play(&[(DAY, back, "reverse 5")]);
    let redemption = |world: &World, at: usize| {
        let lots = world.entries.iter().flat_map(|entry| entry.lots.grants.clone()).collect();
        Stolen { redemption: Redemption::new(world.entries[at].clone(), lots), received: None }
    };
    let stolen = vec![redemption(&world, 1), redemption(&world, 2), redemption(&world, 1)];
    world.play(&[
        (DAY, ask(Recover(stolen.clone())), "reverse 30, reverse 15"),
        (DAY, ask(Recover(stolen)), "refused nothing-to-reverse"),
        (DAY, spend(90), "redeem -90"),
    ]);
    let corrections: Vec<_> =
        world.entries.iter().filter(|entry| entry.kind() == Kind::Reverse).skip(1).collect();
    assert_eq!(corrections[0].cause, None);
    assert_eq!(corrections[1].cause, Some(corrections[0].id), "linked");
}

#[test]
fn nobody_decides_on_what_was_never_odd() {
    let world = World::new(|_| {});
    let decided = ledger::may_decide(&world.member, EntryId(7), &Origin::default());
    assert_eq!(decided.err(), Some(Refusal::RequestResolved));
}
