//! Refunds: by the wrong rule, twice, never, from nothing, or into a lot that is gone.

use crate::living;
use crate::support::{World, act, aside, ask, at, buy, purchase, spend};
use rules::operations::{Earn, Release, ReturnScope, Settle};
use rules::{Caps, GiftPolicy, Pending, ShortfallPolicy};

const DAY_1: &str = "2026-01-10T10:00:00+08:00";
const DAY_2: &str = "2026-01-11T10:00:00+08:00";

fn lines(wishes: &[(&str, i64)]) -> ReturnScope {
    ReturnScope::Lines(wishes.iter().map(|(line, units)| ((*line).to_owned(), *units)).collect())
}

#[test]
fn refund_recalculated_with_todays_rule() {
    // Awarded 50; at today's rate the same line would be 100.
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[5_000, 2_550]), "earn 75")]);
    world.book = World::new(|document| document.purchase.points_per_unit = "2".into()).book;
    let back = world.undo(Some(0), None, lines(&[("0", 1)]));
    world.play(&[(DAY_2, back, "reverse -49")]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[(DAY_2, back, "reverse -26")]);
}

#[test]
fn refund_that_deducts_twice() {
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[5_000]), "earn 50"), (DAY_1, buy(&[9_900]), "earn 99")]);
    for (part, outcome) in [
        (lines(&[("0", 2)]), "refused more-than-left"),
        (lines(&[("1", 1)]), "refused unknown-line"),
        (ReturnScope::Rest, "reverse -50"),
        (ReturnScope::Rest, "refused nothing-to-reverse"),
        (lines(&[("0", 1)]), "refused nothing-to-reverse"),
    ] {
        let back = world.undo(Some(0), None, part.clone());
        assert_eq!(world.run(at(DAY_2), &back, None), outcome, "{part:?}");
    }
    assert_eq!(world.member.balance, 99, "the other order is not touched");
    world.audit();
}

#[test]
fn refund_by_two_tills_at_once() {
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[5_000, 5_000]), "earn 100")]);
    let (back, loaded) = (world.undo(Some(0), None, ReturnScope::Rest), world.member.clone());
    let first = world.decide(&loaded, at(DAY_2), &back, None).unwrap();
    let second = world.decide(&loaded, at(DAY_2), &back, None).unwrap();
    assert!(world.commit(&loaded, first, None));
    assert!(!world.commit(&loaded, second, None));
    assert_eq!(world.run(at(DAY_2), &back, None), "refused nothing-to-reverse");
    world.audit();
}

#[test]
fn partial_refunds_that_add_up_to_more_than_the_order() {
    // Three units for 10.00 at 1 point: thirds do not divide evenly, and still add up to ten.
    for steps in [vec![1, 1, 1], vec![2, 1], vec![1, 2], vec![3]] {
        let mut world = World::new(|_| {});
        let mut order = purchase(&[1_000, 50]);
        order.lines[0].quantity = 3;
        world.play(&[(DAY_1, ask(Earn(order)), "earn 10"), (DAY_1, buy(&[9_000]), "earn 90")]);
        for units in &steps {
            let back = world.undo(Some(0), None, lines(&[("0", *units)]));
            assert!(world.run(at(DAY_2), &back, None).starts_with("reverse -"));
        }
        let of_line = world.entries[0].lines()[0].granted;
        assert_eq!(world.member.balance, 100 - of_line, "{steps:?}");
        let rest = world.undo(Some(0), None, ReturnScope::Rest);
        world.run(at(DAY_2), &rest, None);
        assert_eq!(
            (world.member.balance, world.member.qualification.lifetime.spend_minor),
            (90, 9_000),
            "{steps:?}"
        );
        world.audit();
    }
}

#[test]
fn toggling_complete_and_refund_farms_points() {
    let mut world = World::new(|document| {
        document.caps = Caps { points_per_day: Some(60), ..rules::Caps::default() }
    });
    for round in 0..5 {
        let earned = world.run(at(DAY_1), &buy(&[5_000]), Some(&format!("order-{round}")));
        assert_eq!(
            world.run(at(DAY_1), &buy(&[5_000]), Some(&format!("order-{round}"))),
            "refused reference-already-used"
        );
        let back = world.undo(Some(world.entries.len() - 1), None, ReturnScope::Rest);
        let undone = world.run(at(DAY_1), &back, None);
        // The cap of the day is used up by what was earned, returned or not.
        let expected =
            [("earn 50", "reverse -50"), ("earn 10", "reverse -10"), ("earn 0", "reverse 0")];
        assert_eq!((earned.as_str(), undone.as_str()), expected[round.min(2)], "{round}");
    }
    assert_eq!(world.member.qualification.lifetime, ledger::Totals::default());
    world.audit();
}

/// The same order, completed and refunded by turns, while the points are spent in between: it never
/// brings more than it is worth.
#[test]
fn toggling_one_order_farms_points() {
    for policy in
        [ShortfallPolicy::Debt, ShortfallPolicy::WithinBalance, ShortfallPolicy::PendingOnly]
    {
        let mut world = World::new(|document| document.returns.shortfall = policy);
        let mut spent = 0;
        for round in 0..5 {
            let earned = world.run(at(DAY_1), &buy(&[10_000]), Some("order"));
            assert!(earned.starts_with("earn "), "{policy:?} {round}: {earned}");
            let earn = world.entries.iter().rposition(|entry| entry.kind() == ledger::Kind::Earn);
            if world.member.balance > 0 {
                spent += world.member.balance;
                world.run(at(DAY_1), &spend(world.member.balance), None);
            }
            let back = world.undo(earn, None, ReturnScope::Rest);
            assert!(
                world.run(at(DAY_1), &back, None).starts_with("reverse "),
                "{policy:?} {round}"
            );
        }
        assert_eq!(spent, 100, "{policy:?}");
        world.audit();
    }
}

#[test]
fn claw_back_skipped_silently_because_the_balance_was_too_low() {
    for (policy, outcome, balance, after_next) in [
        (ShortfallPolicy::Debt, "reverse -100", -70, "earn 200, repay 0"),
        (ShortfallPolicy::WithinBalance, "reverse -30", 0, "earn 200"),
        (ShortfallPolicy::PendingOnly, "reverse 0", 30, "earn 200"),
    ] {
        let mut world = World::new(|document| document.returns.shortfall = policy);
        world.play(&[(DAY_1, buy(&[10_000]), "earn 100"), (DAY_1, spend(70), "redeem -70")]);
        let back = world.undo(Some(0), None, ReturnScope::Rest);
        world.play(&[(DAY_2, back, outcome)]);
        let reversal = world.entries[2].reversal().cloned().unwrap();
        assert_eq!((reversal.desired, reversal.expired), (100, 0), "what was wanted is told");
        assert_eq!(world.member.balance, balance, "{policy:?}");
        world.play(&[
            (DAY_2, spend(31), "refused insufficient-points"),
            (DAY_2, buy(&[20_000]), after_next),
            (DAY_2, spend(balance + 201), "refused insufficient-points"),
        ]);
        assert_eq!((world.member.balance, world.member.debt), (balance + 200, 0), "{policy:?}");
    }
}

#[test]
fn a_debt_that_pending_points_pay_too_early_or_never() {
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100"), (DAY_1, spend(100), "redeem -100")]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[(DAY_1, back, "reverse -100")]);
    world.book =
        World::new(|document| document.purchase.pending = Some(Pending { days: Some(7) })).book;
    world.play(&[
        (DAY_1, buy(&[3_000]), "earn 30"),
        (DAY_1, act("check_in"), "earn 5, repay 0"),
        ("2026-01-17T23:59:59+08:00", ask(Settle), ""),
        ("2026-01-18T00:00:00+08:00", ask(Settle), "activate 0, repay 0"),
    ]);
    assert_eq!((world.member.balance, world.member.debt, world.member.lots.len()), (-65, 65, 0));
}

#[test]
fn expired_credits_dropped_while_their_debits_stayed() {
    // Of 100 points 40 were spent and 60 expired; the order comes back in two parts. The 60 are
    // gone already and are not taken twice: each half is excused 30 of them.
    let mut world = World::new(living(3));
    world.play(&[
        (DAY_1, buy(&[5_000, 5_000]), "earn 100"),
        (DAY_1, spend(40), "redeem -40"),
        ("2026-01-20T10:00:00+08:00", buy(&[7_000]), "expire -60, earn 70"),
    ]);
    let back = world.undo(Some(0), None, lines(&[("0", 1)]));
    world.play(&[("2026-01-20T10:00:00+08:00", back, "reverse -20")]);
    let back = world.undo(Some(0), None, lines(&[("1", 1)]));
    world.play(&[("2026-01-20T10:00:00+08:00", back, "reverse -20")]);
    // The same when the return itself is the first to notice the end of the lot.
    let mut world = World::new(living(3));
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100"), (DAY_1, spend(40), "redeem -40")]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[("2026-01-20T10:00:00+08:00", back, "expire -60, reverse -40")]);
    assert_eq!(world.member.debt, 40);
}

#[test]
fn spent_points_that_come_back_late_or_to_another_lot() {
    for (grace_days, outcome, balance) in
        [(None, "reverse 40, expire -30", 51), (Some(10), "reverse 40", 81)]
    {
        let mut world = World::new(|document| {
            living(3)(document);
            document.returns.grace_days = grace_days;
        });
        // The second redemption draws 30 of the first lot, which ends after the 13th, and 20 of the
        // second.
        world.play(&[
            (DAY_1, buy(&[8_000]), "earn 80"),
            ("2026-01-12T10:00:00+08:00", buy(&[5_000]), "earn 50"),
            ("2026-01-12T10:00:00+08:00", spend(50), "redeem -50"),
            ("2026-01-12T10:00:00+08:00", spend(50), "redeem -50"),
            ("2026-01-12T10:00:00+08:00", buy(&[100]), "earn 1"),
        ]);
        let back = world.undo(None, Some(3), ReturnScope::Points(10));
        world.play(&[("2026-01-13T10:00:00+08:00", back, "reverse 10")]);
        let lot = world.member.lots.iter().find(|lot| lot.number.0 == 2).unwrap();
        assert_eq!(
            (lot.remaining, lot.expires_at),
            (40, Some(at("2026-01-16T00:00:00+08:00"))),
            "the last drawn first"
        );
        let back = world.undo(None, Some(3), ReturnScope::Rest);
        world.play(&[("2026-01-14T10:00:00+08:00", back, outcome)]);
        assert_eq!(world.member.balance, balance);
        // The grace lot lives ten days; the others no longer than they ever did.
        let spent = if grace_days.is_some() { "redeem -30" } else { "refused insufficient-points" };
        world.play(&[
            ("2026-01-16T00:00:00+08:00", ask(Settle), "expire -51"),
            ("2026-01-24T23:59:59+08:00", spend(31), "refused insufficient-points"),
            ("2026-01-24T23:59:59+08:00", spend(30), spent),
        ]);
    }
}

#[test]
fn points_forfeited_are_not_taken_a_second_time() {
    // Spent, given back after their end, and so expired: the order that earned them has nothing
    // left to take.
    let mut world = World::new(living(3));
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100"), (DAY_1, spend(100), "redeem -100")]);
    let back = world.undo(None, Some(1), ReturnScope::Rest);
    world.play(&[("2026-01-20T10:00:00+08:00", back, "reverse 100, expire -100")]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[("2026-01-20T10:00:00+08:00", back, "reverse 0")]);
    assert_eq!(world.member.balance, 0);
}

#[test]
fn points_hidden_in_a_hold_while_the_order_comes_back() {
    for policy in [ShortfallPolicy::WithinBalance, ShortfallPolicy::Debt] {
        let mut world = World::new(|document| document.returns.shortfall = policy);
        world.play(&[(DAY_1, buy(&[10_000]), "earn 100"), (DAY_1, aside(100), "hold(100)")]);
        let (back, hold) = (world.undo(Some(0), None, ReturnScope::Rest), world.last_hold());
        world.play(&[
            (DAY_1, back, "reverse -100"),
            (DAY_1, ask(Release { hold }), "release 0, repay 0"),
        ]);
        assert_eq!((world.member.balance, world.member.debt), (0, 0));
    }
}

#[test]
fn an_order_paid_with_points_comes_back_in_parts() {
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY_1, buy(&[10_000]), "earn 100"),
        (DAY_1, spend(70), "redeem -70"),
        (DAY_1, buy(&[6_000, 3_000]), "earn 90"),
    ]);
    // Two thirds, then the rest: 46 and 24 of the 70 come back, 60 and 30 are taken.
    let back = world.undo(Some(2), Some(1), lines(&[("0", 1)]));
    world.play(&[(DAY_2, back, "reverse 46, reverse -60")]);
    let back = world.undo(Some(2), Some(1), ReturnScope::Rest);
    world.play(&[(DAY_2, back, "reverse 24, reverse -30")]);
    let back = world.undo(Some(2), Some(1), ReturnScope::Rest);
    world.play(&[(DAY_2, back, "refused nothing-to-reverse")]);
    assert_eq!(world.member.balance, 100);
}

#[test]
fn a_refund_that_keeps_the_tier_it_bought() {
    for (lower, outcome, tier) in
        [(false, "reverse -2000", "silver"), (true, "reverse -2000, member 0", "member")]
    {
        let mut world = World::new(|document| {
            document.returns.lower_tier = lower;
            document.returns.gifts = GiftPolicy::Keep;
        });
        world.play(&[
            (DAY_1, buy(&[1_000]), "earn 10"),
            (DAY_1, buy(&[200_000]), "earn 2000, silver 500"),
        ]);
        let back = world.undo(Some(1), None, ReturnScope::Rest);
        world.play(&[(DAY_2, back, outcome)]);
        assert_eq!(world.member.tier.as_ref().unwrap().id, tier);
        assert_eq!(
            (
                world.member.qualification.lifetime.spend_minor,
                world.member.qualification.lifetime.orders
            ),
            (1_000, 1)
        );
        // Bought again and again: a lowered member is silver once more, but the gift is given once.
        for _ in 0..3 {
            let again = if lower { "earn 2000, silver 0" } else { "earn 2200" };
            world.play(&[(DAY_2, buy(&[200_000]), again)]);
            let earn = world.entries.iter().rposition(|entry| entry.kind() == ledger::Kind::Earn);
            let back = world.undo(earn, None, ReturnScope::Rest);
            world.play(&[(
                DAY_2,
                back,
                if lower { "reverse -2000, member 0" } else { "reverse -2200" },
            )]);
        }
        assert_eq!(world.member.balance, 510);
    }
}

#[test]
fn a_review_that_was_rejected() {
    let mut world = World::new(|document| document.returns.free_caps = true);
    for _ in 0..3 {
        world.run(at(DAY_1), &act("review"), None);
    }
    let back = world.undo(Some(1), None, ReturnScope::Rest);
    world.play(&[
        (DAY_1, act("review"), "refused limit-reached"),
        (DAY_1, back, "reverse -20"),
        (DAY_1, act("review"), "earn 20"),
        (DAY_1, act("review"), "refused limit-reached"),
    ]);
    let back = world.undo(Some(1), None, lines(&[("0", 1)]));
    world.play(&[(DAY_1, back, "refused unknown-line")]);
    let back = world.undo(Some(1), None, ReturnScope::Rest);
    world.play(&[(DAY_1, back, "refused nothing-to-reverse")]);
    assert_eq!(world.member.qualification.lifetime.growth, 15);
}

#[test]
fn pending_points_of_a_returned_order() {
    for policy in [ShortfallPolicy::PendingOnly, ShortfallPolicy::Debt] {
        let mut world = World::new(|document| {
            document.purchase.pending = Some(Pending { days: Some(7) });
            document.returns.shortfall = policy;
        });
        world.play(&[(DAY_1, act("check_in"), "earn 5"), (DAY_1, buy(&[10_000]), "earn 100")]);
        let back = world.undo(Some(1), None, ReturnScope::Rest);
        world.play(&[
            (DAY_2, back, "reverse -100"),
            ("2026-01-20T10:00:00+08:00", spend(6), "refused insufficient-points"),
            ("2026-01-20T10:00:00+08:00", spend(5), "redeem -5"),
        ]);
    }
}

#[test]
fn refund_excused_by_what_another_line_lost() {
    // 50 for the order live a year, 100 of the rule for a day: half of it comes back when they are
    // gone.
    let mut world = World::new(|document| {
        let rule = serde_json::json!({"id": "flash", "event": "purchase", "award": {"kind": "fixed", "points": 100}, "expiry": "day"});
        document.expiry.insert("day".into(), rules::Expiry::Days { days: 1, round_up_to: None });
        document.rules = vec![serde_json::from_value(rule).unwrap()];
    });
    world.play(&[(DAY_1, buy(&[2_500, 2_500]), "earn 150"), (DAY_1, buy(&[9_900]), "earn 199")]);
    let later = "2026-01-20T10:00:00+08:00";
    world.play(&[(later, ask(Settle), "expire -200")]);
    // Each half had 75, of which 50 are gone.
    for _ in 0..2 {
        let line =
            if world.entries.iter().any(|entry| entry.corrects().is_some()) { "1" } else { "0" };
        let back = world.undo(Some(0), None, lines(&[(line, 1)]));
        world.play(&[(later, back, "reverse -25")]);
    }
    assert_eq!(world.member.balance, 99);
}
