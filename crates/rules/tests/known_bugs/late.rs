//! What fell due has its effect at its own instant: a late night, or none, changes nothing.

use ledger::{ProgrammeId, Timestamp};
use rules::operations::{Capture, Freeze, Hold, Release, ReturnScope, Settle};
use rules::{Document, Expiry, QualifyingPeriod, by_the_clock};

use crate::living;
use crate::support::{World, aside, ask, at, buy, happened, purchase, spend};

fn looked_at(world: &World, now: &str) -> (i64, i64) {
    let programme = ProgrammeId::new("p").unwrap();
    let member = by_the_clock(&world.book, &programme, &world.member, at(now));
    (member.balance, member.debt)
}

/// Points that a hold keeps come free on the first day and pay the debt, no matter which run looks
/// at the account, and when.
#[test]
fn a_debt_that_only_a_night_run_paid() {
    for nights in [true, false] {
        let mut world = World::new(living(60));
        let now = at("2026-01-01T10:00:00+08:00");
        world.run(now, &buy(&[4_000]), None);
        assert_eq!(world.run(now, &aside(40), None), "hold(40)");
        let back = world.undo(Some(0), None, ReturnScope::Rest);
        assert_eq!(world.run(now, &back, None), "reverse -40");
        assert_eq!(world.member.debt, 40);
        for day in
            ["2026-01-02T00:00:00+08:00", "2026-02-28T00:00:00+08:00", "2026-03-03T00:00:00+08:00"]
        {
            assert_eq!(looked_at(&world, day), (0, 0), "{day}");
            if nights {
                world.run(at(day), &ask(Settle), None);
            }
        }
        let last = at("2026-03-03T10:00:00+08:00");
        let earned = if nights { "earn 100" } else { "release 0, repay 0, earn 100" };
        assert_eq!(world.run(last, &buy(&[10_000]), None), earned);
        assert_eq!((world.member.balance, world.member.debt), (100, 0), "nights: {nights}");
        let until = at("2026-01-01T10:30:00+08:00");
        let repaid =
            world.entries.iter().find(|entry| entry.kind() == ledger::Kind::Repay).unwrap();
        assert_eq!(repaid.occurred_at, until, "it fell due when the hold ended");
        assert_eq!(repaid.recorded_at, if nights { at("2026-01-02T00:00:00+08:00") } else { last });
        world.audit();
    }
}

/// At one instant: what becomes spendable, what a hold frees, then what ends, then the debt.
#[test]
fn things_that_fall_due_together() {
    let mut world = World::new(|document| {
        living(0)(document);
        document.purchase.pending = Some(rules::Pending { days: Some(0) });
        document.expiry.insert("campaign".into(), Expiry::Days { days: 0, round_up_to: None });
    });
    world.play(&[
        ("2026-01-01T10:00:00+08:00", crate::support::act("sign_up"), "earn 100"),
        ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
        ("2026-01-01T23:30:00+08:00", aside(60), "hold(60)"),
        // The hold ends at midnight, as the points of the day do; those of the purchase begin then.
        ("2026-01-02T09:00:00+08:00", ask(Settle), "activate 0, release 0, expire -100"),
    ]);
    let due = world.entries.iter().rev().take(3).map(|entry| entry.occurred_at);
    assert!(
        due.clone().all(|due| due == at("2026-01-02T00:00:00+08:00")),
        "{:?}",
        due.collect::<Vec<_>>()
    );
    // What is reported so late that it is over goes at once, and pays nothing.
    world.play(&[(
        "2026-01-05T09:00:00+08:00",
        happened("2026-01-02T09:00:00+08:00", purchase(&[1_000])),
        "expire -30, earn 10, expire -10",
    )]);
}

fn by_year(document: &mut Document) {
    document.returns.lower_tier = true;
    document.tiers.as_mut().unwrap().period = QualifyingPeriod::CalendarYear {};
}

/// Gold was bought last year. A sock comes back this year: what is left of last year is enough.
#[test]
fn a_tier_is_measured_by_the_year_that_it_was_reached_in() {
    let mut world = World::new(by_year);
    world.play(&[("2026-11-20T10:00:00+08:00", buy(&[1_000_000, 500]), "earn 10005, gold 2500")]);
    let back = world.undo(Some(0), None, ReturnScope::Lines(vec![("1".into(), 1)]));
    world.play(&[("2027-01-05T10:00:00+08:00", back, "reverse -5")]);
    assert_eq!(
        (world.member.balance, world.member.tier.as_ref().unwrap().id.as_str()),
        (12_500, "gold")
    );
    // The coat comes back as well, and nothing is left of that year.
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[("2027-01-06T10:00:00+08:00", back, "reverse -10000, reverse -2500, member 0")]);
}

/// With `keep_qualification` a return changes nothing of what a tier is held by.
#[test]
fn a_return_that_still_counts_lowers_no_tier() {
    let mut world = World::new(|document| {
        by_year(document);
        document.returns.keep_qualification = true;
    });
    world.play(&[("2026-11-20T10:00:00+08:00", buy(&[1_000_000]), "earn 10000, gold 2500")]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[("2027-01-05T10:00:00+08:00", back, "reverse -10000")]);
    assert_eq!(world.member.tier.as_ref().unwrap().id, "gold");
}

/// A step down at the end of a period was given by no order, so none that comes back takes it away.
#[test]
fn a_step_down_that_only_a_night_run_kept() {
    for nights in [true, false] {
        let mut world = World::new(|document| document.returns.lower_tier = true);
        world.run(at("2026-01-10T10:00:00+08:00"), &buy(&[1_000_000]), None);
        if nights {
            assert_eq!(
                world.run(at("2027-01-11T00:00:00+08:00"), &ask(Settle), None),
                "expire -2500, silver 0"
            );
        }
        world.run(at("2027-02-20T10:00:00+08:00"), &buy(&[10_000]), None);
        let order = world.entries.iter().rposition(|entry| entry.kind() == ledger::Kind::Earn);
        let back = world.undo(order, None, ReturnScope::Rest);
        world.run(at("2027-03-05T10:00:00+08:00"), &back, None);
        let tier = world.member.tier.clone().unwrap();
        assert_eq!(
            (tier.id.as_str(), tier.since),
            ("silver", at("2027-01-11T00:00:00+08:00")),
            "nights: {nights}"
        );
        world.audit();
    }
}

/// A tier that ended before a new ladder was published, and is recorded after it, is closed by the
/// new one; a night before publishing lets the old one do it.
#[test]
fn a_tier_is_closed_by_the_ladder_that_is_published_when_it_is_recorded() {
    for (night_before, tier) in [(true, "silver"), (false, "member")] {
        let mut world = World::new(|_| {});
        world.run(at("2026-01-10T10:00:00+08:00"), &buy(&[1_000_000]), None);
        let end = at("2027-01-11T00:00:00+08:00");
        if night_before {
            assert_eq!(world.run(end, &ask(Settle), None), "expire -2500, silver 0");
        }
        // One step down was the old rule; down to the level that was qualified for is the new one.
        world.book = World::new(|document| {
            document.tiers.as_mut().unwrap().downgrade = rules::Downgrade::ToQualified
        })
        .book;
        world.run(at("2027-01-12T10:00:00+08:00"), &ask(Settle), None);
        let now = world.member.tier.clone().unwrap();
        assert_eq!((now.id.as_str(), now.since), (tier, end), "the night before: {night_before}");
        world.audit();
    }
}

/// A level does not change how long points live; a rule with a condition on it does, and only for
/// its own points.
#[test]
fn a_tier_that_gives_longer_validity_is_a_rule() {
    let mut world = World::new(|document| {
        living(30)(document);
        document.expiry.insert("long".into(), Expiry::Days { days: 300, round_up_to: None });
        let rule = serde_json::json!({"id": "silver_lasts", "event": "purchase", "when": "member.tier == \"silver\"",
            "award": {"kind": "multiplier", "times": "2"}, "expiry": "long"});
        document.rules = vec![serde_json::from_value(rule).unwrap()];
    });
    world.run(at("2026-01-01T10:00:00+08:00"), &buy(&[200_000]), None);
    assert_eq!(world.member.tier.as_ref().unwrap().id, "silver");
    world.run(at("2026-01-02T10:00:00+08:00"), &buy(&[10_000]), None);
    let ends = |source: &str| {
        let of = |lot: &&ledger::Lot| lot.source == source;
        world
            .member
            .lots
            .iter()
            .filter(of)
            .map(|lot| lot.expires_at.unwrap())
            .collect::<Vec<Timestamp>>()
    };
    let (first, second) = (at("2026-02-01T00:00:00+08:00"), at("2026-02-02T00:00:00+08:00"));
    assert_eq!(ends("purchase"), [first, second], "reaching the level moved no end");
    assert_eq!(ends("rule:silver_lasts"), [at("2026-10-30T00:00:00+08:00")]);
    world.audit();
}

/// Silver of last year is kept when gold of this year is taken back.
#[test]
fn a_tier_falls_back_to_the_one_before() {
    let mut world = World::new(by_year);
    world.play(&[
        ("2026-11-20T10:00:00+08:00", buy(&[200_000]), "earn 2000, silver 500"),
        ("2027-02-01T10:00:00+08:00", buy(&[1_000_000]), "earn 11000, gold 2000"),
    ]);
    let back = world.undo(Some(2), None, ReturnScope::Rest);
    world.play(&[("2027-02-02T10:00:00+08:00", back, "reverse -11000, reverse -2000, silver 0")]);
    let until = world.member.tier.as_ref().unwrap().until;
    assert_eq!(until, Some(at("2028-01-01T00:00:00+08:00")), "as long as it was kept before");
    // The order of last year comes back too: then it was not reached.
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[("2027-02-03T10:00:00+08:00", back, "reverse -2000, reverse -500, member 0")]);
}

/// Kept for another year by what was bought in the one before: that order comes back.
#[test]
fn a_renewal_is_measured_by_the_period_that_it_was_kept_for() {
    let mut world = World::new(by_year);
    world.play(&[
        ("2026-11-20T10:00:00+08:00", buy(&[1_000_000]), "earn 10000, gold 2500"),
        ("2027-12-20T10:00:00+08:00", buy(&[1_000_000]), "expire -2500, expire -10000, earn 15000"),
    ]);
    let back = world.undo(Some(world.entries.len() - 1), None, ReturnScope::Rest);
    world.play(&[
        ("2028-01-01T00:00:00+08:00", ask(Settle), "gold 0"),
        // Without that order it would have been one step down.
        ("2028-01-05T10:00:00+08:00", back, "reverse -15000, silver 0"),
    ]);
}

/// Somebody who may not spend captures a hold that is over: the answer does not tell whether the
/// night has run.
#[test]
fn a_request_has_one_answer() {
    for nights in [true, false] {
        let mut world = World::new(living(60));
        let now = at("2026-01-01T10:00:00+08:00");
        world.run(now, &buy(&[4_000]), None);
        world.run(now, &aside(40), None);
        let hold = world.last_hold();
        let frozen = ledger::Frozen { earning: false, spending: true };
        world.run(now, &ask(Freeze(frozen)), None);
        let capture = ask(Capture { hold, points: None });
        assert_eq!(world.run(now, &capture, None), "refused member-frozen");
        if nights {
            world.run(at("2026-01-02T00:00:00+08:00"), &ask(Settle), None);
        }
        let later = at("2026-01-02T10:00:00+08:00");
        assert_eq!(world.run(later, &capture, None), "refused hold-resolved", "nights: {nights}");
    }
}

/// More points than a member may have are refused, even where they would end in the same moment.
#[test]
fn the_bound_of_a_member_holds_after_each_entry() {
    for nights in [true, false] {
        let mut world = World::new(|document| {
            living(0)(document);
            document.tiers = None;
            document.caps.points_per_day = None;
        });
        world.run(at("2026-01-01T10:00:00+08:00"), &buy(&[4_000]), None);
        if nights {
            assert_eq!(
                world.run(at("2026-01-03T00:00:00+08:00"), &ask(Settle), None),
                "expire -40"
            );
        }
        let bought = |amount| happened("2026-01-01T12:00:00+08:00", purchase(&[amount]));
        let now = at("2026-01-03T10:00:00+08:00");
        let beyond = world.run(now, &bought(100_000_000_000_000_100), None);
        assert_eq!(beyond, "refused amount-out-of-range", "nights: {nights}");
        let most = "earn 1000000000000000, expire -1000000000000000";
        let expected = if nights { most.to_owned() } else { format!("expire -40, {most}") };
        assert_eq!(
            world.run(now, &bought(100_000_000_000_000_000), None),
            expected,
            "nights: {nights}"
        );
        world.audit();
    }
}

/// Points that live for as long as the member is active.
fn sliding(document: &mut Document) {
    document.expiry.insert("shopping".into(), Expiry::Sliding { days: 30 });
    document.tiers = None;
}

/// A capture is a purchase as any other; what is set aside or spent whole keeps its end.
#[test]
fn a_member_who_captures_is_active() {
    let mut world = World::new(sliding);
    let ends = |world: &World| {
        world.member.lots.iter().map(|lot| lot.expires_at.unwrap()).collect::<Vec<Timestamp>>()
    };
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[10_000]), "earn 100"),
        ("2026-01-10T10:00:00+08:00", ask(Hold { points: 60, minutes: 7 * 24 * 60 }), "hold(60)"),
    ]);
    assert_eq!(ends(&world), [at("2026-02-10T00:00:00+08:00")]);
    let hold = world.last_hold();
    world.play(&[(
        "2026-01-15T10:00:00+08:00",
        ask(Capture { hold, points: Some(10) }),
        "capture -10",
    )]);
    assert_eq!(ends(&world), [at("2026-02-15T00:00:00+08:00")]);
    world.play(&[("2026-01-20T10:00:00+08:00", aside(90), "hold(90)")]);
    assert_eq!(ends(&world), [at("2026-02-15T00:00:00+08:00")], "set aside whole");
    let hold = world.last_hold();
    world.play(&[
        ("2026-01-20T10:01:00+08:00", ask(Release { hold }), "release 0"),
        ("2026-01-20T10:02:00+08:00", spend(90), "redeem -90"),
    ]);
    assert!(world.entries.last().unwrap().lots.dates.is_empty(), "spent whole");
}

/// Reported at 23:58 of an event at 00:02: it counts in the month in which it happened, and its
/// level is reached in it.
#[test]
fn an_order_that_is_minutes_ahead_of_a_months_end() {
    let mut world = World::new(|_| {});
    let order = happened("2026-02-01T00:02:00+08:00", purchase(&[200_000]));
    world.play(&[("2026-01-31T23:58:00+08:00", order, "earn 2000, silver 500")]);
    assert_eq!(world.member.tier.as_ref().unwrap().until, Some(at("2027-02-02T00:00:00+08:00")));
}

/// A level that was lost at the end of a period, and not after a return, brings its gifts anew.
#[test]
fn gifts_after_a_step_down() {
    let mut world = World::new(|_| {});
    world.play(&[
        ("2026-01-10T10:00:00+08:00", buy(&[200_000]), "earn 2000, silver 500"),
        ("2027-01-11T00:00:00+08:00", ask(Settle), "expire -500, member 0"),
        ("2027-01-12T10:00:00+08:00", buy(&[200_000]), "earn 2000, silver 500"),
    ]);
}

/// Growth is for life, with or without a ladder.
#[test]
fn growth_without_a_ladder() {
    let mut world = World::new(|document| document.tiers = None);
    world.play(&[
        ("2026-01-10T10:00:00+08:00", crate::support::act("review"), "earn 20"),
        ("2026-01-10T10:00:00+08:00", buy(&[10_000]), "earn 100"),
    ]);
    assert_eq!(world.member.qualification.lifetime.growth, 15);
    let back = world.undo(Some(1), None, ReturnScope::Rest);
    world.play(&[("2026-01-11T10:00:00+08:00", back, "reverse -100")]);
    assert_eq!(world.member.qualification.lifetime.growth, 5);
}

/// Gold was reached with one coat, and held with the other when that one came back. When both are
/// back nothing holds it.
#[test]
fn a_tier_that_a_later_order_held_after_the_first_came_back() {
    let mut world = World::new(by_year);
    let coat = || buy(&[1_000_000]);
    world.play(&[("2026-11-20T10:00:00+08:00", coat(), "earn 10000, gold 2500")]);
    let first = world.undo(Some(0), None, ReturnScope::Rest);
    let at_second = world.entries.len();
    world.play(&[("2026-11-21T10:00:00+08:00", coat(), "earn 15000")]);
    let second = world.undo(Some(at_second), None, ReturnScope::Rest);
    world.play(&[("2026-12-01T10:00:00+08:00", first, "reverse -10000")]);
    assert_eq!(world.member.tier.as_ref().map(|tier| tier.id.as_str()), Some("gold"));
    world.run(at("2026-12-02T10:00:00+08:00"), &second, None);
    assert_eq!(world.member.tier.as_ref().map(|tier| tier.id.as_str()), Some("member"));
    world.audit();
}

/// Gold was reached, and nothing but an order from after that comes back.
#[test]
fn a_tier_that_needs_no_later_order() {
    let mut world = World::new(by_year);
    world.play(&[("2026-11-20T10:00:00+08:00", buy(&[1_000_000]), "earn 10000, gold 2500")]);
    let at_sock = world.entries.len();
    world.play(&[("2026-11-21T10:00:00+08:00", buy(&[500]), "earn 7")]);
    let sock = world.undo(Some(at_sock), None, ReturnScope::Rest);
    world.play(&[("2026-12-02T10:00:00+08:00", sock, "reverse -7")]);
    assert_eq!(world.member.tier.as_ref().map(|tier| tier.id.as_str()), Some("gold"));
    world.audit();
}

/// Gold of last year lost its order while platinum of this year hid it. When platinum's order comes
/// back, too, nothing is left.
#[test]
fn a_hidden_tier_whose_order_came_back_before() {
    for hidden_first in [true, false] {
        let mut world = World::new(|document| {
            by_year(document);
            let levels = &mut document.tiers.as_mut().unwrap().levels;
            let platinum =
                rules::TierLevel { id: "platinum".into(), from: 4_000_000, ..levels[2].clone() };
            levels.push(platinum);
        });
        world.play(&[("2026-11-20T10:00:00+08:00", buy(&[1_000_000]), "earn 10000, gold 2500")]);
        let gold = world.undo(Some(0), None, ReturnScope::Rest);
        let at_second = world.entries.len();
        world.run(at("2027-01-10T10:00:00+08:00"), &buy(&[5_000_000]), None);
        assert_eq!(world.member.tier.as_ref().map(|tier| tier.id.as_str()), Some("platinum"));
        let platinum = world.undo(Some(at_second), None, ReturnScope::Rest);
        let (first, second) = if hidden_first { (gold, platinum) } else { (platinum, gold) };
        world.run(at("2027-02-01T10:00:00+08:00"), &first, None);
        world.run(at("2027-02-02T10:00:00+08:00"), &second, None);
        assert_eq!(
            world.member.tier.as_ref().map(|tier| tier.id.as_str()),
            Some("member"),
            "{hidden_first}"
        );
        world.audit();
    }
}
