//! Bugs that users of other systems met, each as a table that this core must not repeat; last column the outcome.
//!
//! Those that need holds, returns, HTTP or a database stand with the parts that bring them.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a broken test stops the test")]

mod support;

use ledger::{Context, EntryId, Journal, Member, Origin, ProgrammeId, Redeem, Timestamp};
use rules::{Command, Document, Expiry, RoundingMode};
use support::{World, act, at, buy, happened, spend};

/// Points that live through the day `days` after they were earned.
fn living(days: u32) -> impl Fn(&mut Document) {
    move |document| {
        document.expiry.insert("shopping".into(), Expiry::Days { days, round_up_to: None });
    }
}

#[test]
fn parallel_redeems_of_the_last_points() {
    for (balance, amount, clients, winners) in
        [(100, 100, 20, 1), (100, 30, 20, 3), (2000, 100, 64, 20), (99, 100, 5, 0)]
    {
        let mut world = World::new(|document| document.tiers = None);
        let now = at("2026-01-10T10:00:00+08:00");
        world.run(now, &buy(&[balance * 100]), None);
        // All load the same state; those whose commit is skipped load again.
        let mut waiting: Vec<Member> = vec![world.member.clone(); clients];
        let mut won = 0;
        while let Some(loaded) = waiting.pop() {
            let Ok(decided) = world.decide(&loaded, now, &spend(amount), None) else { continue };
            if world.commit(&loaded, decided, None) { won += 1 } else { waiting.push(world.member.clone()) }
        }
        assert_eq!((won, world.member.balance), (winners, balance - winners * amount), "{balance} {amount} {clients}");
        world.audit();
    }
}

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
        (spend(10), "order-1", "refused reference-already-used"),
        (spend(10), "order-2", "redeem -10"),
        (spend(10), "order-2", "refused reference-already-used"),
        // A refusal uses nothing up.
        (spend(91), "order-3", "refused insufficient-points"),
        (spend(90), "order-3", "redeem -90"),
    ] {
        assert_eq!(world.run(now, &command, Some(document)), outcome, "{command:?} {document}");
    }
}

#[test]
fn todays_rules_for_yesterdays_order() {
    let mut world = World::new(|_| {});
    world.play(&[("2026-01-10T10:00:00+08:00", buy(&[5_000, 2_550]), "earn 75")]);
    let doubled = World::new(|document| document.purchase.points_per_unit = "2".into());
    world.book = doubled.book;
    world.play(&[("2026-01-11T10:00:00+08:00", buy(&[5_000]), "earn 100")]);
    let shares: Vec<i64> = world.entries[0].lines.iter().map(|line| line.granted).collect();
    assert_eq!(shares, [49, 26], "each line keeps what it earned, and the lines add up to the order");
}

#[test]
fn checked_against_one_total_and_taken_from_another() {
    // 30 points of the 1st end after the 4th, 50 of the 3rd after the 6th; 20 come from a till two minutes ahead.
    let mut world = World::new(living(3));
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
        ("2026-01-03T10:00:00+08:00", buy(&[5_000]), "earn 50"),
        ("2026-01-04T23:59:00+08:00", spend(81), "refused insufficient-points"),
        // 30 have ended unswept, though the balance of the entries still has them.
        ("2026-01-05T00:00:00+08:00", spend(80), "refused insufficient-points"),
        ("2026-01-05T00:00:00+08:00", spend(51), "refused insufficient-points"),
        ("2026-01-05T00:00:00+08:00", happened("2026-01-05T00:02:00+08:00", buy(&[2_000])), "expire -30, earn 20"),
        ("2026-01-05T00:01:59+08:00", spend(70), "refused insufficient-points"),
        ("2026-01-05T00:02:00+08:00", spend(70), "activate 0, redeem -70"),
    ]);
}

#[test]
fn charged_to_an_empty_lot() {
    let mut world = World::new(living(30));
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[1_000]), "earn 10"),
        ("2026-01-02T10:00:00+08:00", buy(&[1_000]), "earn 10"),
        ("2026-01-03T10:00:00+08:00", spend(10), "redeem -10"),
        ("2026-01-03T10:00:00+08:00", spend(4), "redeem -4"),
        ("2026-01-03T10:00:00+08:00", spend(7), "refused insufficient-points"),
        ("2026-01-03T10:00:00+08:00", spend(6), "redeem -6"),
        ("2026-01-03T10:00:00+08:00", spend(1), "refused insufficient-points"),
    ]);
    let drawn = world.entries.iter().flat_map(|entry| &entry.draws).map(|draw| (draw.number.0, draw.points));
    assert_eq!(drawn.collect::<Vec<_>>(), [(1, 10), (2, 4), (2, 6)]);
}

#[test]
fn expired_credits_dropped_while_their_debits_stay() {
    let mut world = World::new(living(3));
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
        ("2026-01-01T11:00:00+08:00", spend(25), "redeem -25"),
        ("2026-01-02T10:00:00+08:00", buy(&[1_000]), "earn 10"),
        ("2026-01-05T00:00:00+08:00", Command::Settle, "expire -5"),
        ("2026-01-05T00:00:00+08:00", spend(10), "redeem -10"),
    ]);
    assert_eq!(world.member.balance, 0);
}

#[test]
fn expired_but_unswept_points_spent() {
    for (now, outcome) in [
        ("2026-01-04T23:59:59.999+08:00", "redeem -30"),
        ("2026-01-05T00:00:00+08:00", "refused insufficient-points"),
        ("2026-01-05T00:00:00.001+08:00", "refused insufficient-points"),
        ("2026-06-01T00:00:00+08:00", "refused insufficient-points"),
    ] {
        let mut world = World::new(living(3));
        world.play(&[("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"), (now, spend(30), outcome)]);
    }
}

#[test]
fn a_spend_that_trusts_the_sweep() {
    // The ledger's own redeem, without the settling that every command does first.
    let mut world = World::new(living(3));
    world.play(&[("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30")]);
    for (now, first_in_first_out, spent) in [
        ("2026-01-01T09:59:59.999+08:00", false, false),
        ("2026-01-01T10:00:00+08:00", false, true),
        ("2026-01-04T23:59:59.999+08:00", true, true),
        ("2026-01-05T00:00:00+08:00", false, false),
        ("2026-01-05T00:00:00+08:00", true, false),
    ] {
        let context = Context {
            programme: ProgrammeId::new("p").unwrap(),
            rulebook_version: 1,
            now: at(now),
            first_id: EntryId(1 << 80),
        };
        let mut journal = Journal::new(world.member.clone(), context);
        let wish = Redeem { points: 30, first_in_first_out };
        let outcome = ledger::redeem(&mut journal, wish, Origin::default()).unwrap();
        assert_eq!(outcome.is_ok(), spent, "{now}: {outcome:?}");
    }
}

#[test]
fn days_counted_on_the_wrong_calendar() {
    // zone, policy, earned → the last instant that is still good
    let days = |days| Expiry::Days { days, round_up_to: None };
    let through = |date: &str| Expiry::FixedDates { dates: vec![date.into()], minimum_days: 0 };
    for (zone, policy, earned, last_good) in [
        // The server's date in UTC is another day than the programme's, on either side.
        ("Asia/Shanghai", days(1), "2026-01-10T23:30:00Z", "2026-01-12T15:59:59.999Z"),
        ("America/New_York", days(1), "2026-01-10T03:30:00Z", "2026-01-11T04:59:59.999Z"),
        // The named date is the last good day, not the first bad one.
        ("Asia/Shanghai", through("12-31"), "2026-05-01T00:00:00Z", "2026-12-31T23:59:59.999+08:00"),
        // Promised for 365 days: good on the 365th, leap year or not.
        ("Asia/Shanghai", days(365), "2026-01-01T00:00:00+08:00", "2027-01-01T23:59:59.999+08:00"),
        ("Asia/Shanghai", days(365), "2028-01-01T00:00:00+08:00", "2028-12-31T23:59:59.999+08:00"),
        // Nights with 23 and 25 hours, one without a midnight and one with two.
        ("America/New_York", days(1), "2026-03-07T12:00:00-05:00", "2026-03-08T23:59:59.999-04:00"),
        ("America/New_York", days(1), "2026-10-31T12:00:00-04:00", "2026-11-01T23:59:59.999-05:00"),
        ("America/Sao_Paulo", days(0), "2018-11-03T12:00:00-03:00", "2018-11-03T23:59:59.999-03:00"),
        ("America/Havana", days(0), "2026-10-31T12:00:00-04:00", "2026-10-31T23:59:59.999-04:00"),
        // Month ends and leap days clamp.
        (
            "Asia/Shanghai",
            Expiry::Months { months: 1, round_up_to: None },
            "2027-01-31T12:00:00+08:00",
            "2027-02-28T23:59:59.999+08:00",
        ),
        (
            "Asia/Shanghai",
            Expiry::Months { months: 12, round_up_to: None },
            "2028-02-29T12:00:00+08:00",
            "2029-02-28T23:59:59.999+08:00",
        ),
    ] {
        for (after_ms, outcome) in [(0, "redeem -30"), (1, "refused insufficient-points")] {
            let mut world = World::new(|document| {
                document.time_zone = zone.into();
                document.expiry.insert("shopping".into(), policy.clone());
            });
            world.run(at(earned), &buy(&[3_000]), None);
            let told = world.run(at(last_good).plus_ms(after_ms), &spend(30), None);
            assert_eq!(told, outcome, "{zone} {policy:?} {earned} {last_good} + {after_ms} ms");
        }
    }
}

#[test]
fn floats_and_rounding() {
    use RoundingMode::{Down, HalfUp};
    for (rate, rounding, amounts, points) in [
        // −1e-14 in floats: 0.1 + 0.2, and 1.1 × 3.
        ("0.1", Down, vec![1_000, 2_000], 3),
        ("1.1", Down, vec![300], 3),
        ("1.1", Down, vec![1_000], 11),
        // Rounded once over the order, not by line: three halves are one, not none and not three.
        ("1", Down, vec![50, 50, 50], 1),
        ("1", HalfUp, vec![50, 50, 50], 2),
        ("1", HalfUp, vec![49], 0),
        ("1", HalfUp, vec![50], 1),
        // Not cut to whole yuan before the rate is applied, nor the rate to a whole number.
        ("10", Down, vec![199], 19),
        ("0.5", Down, vec![399], 1),
        ("0.333333", Down, vec![300], 0),
        ("0.333334", Down, vec![300], 1),
        // Multiplied, not divided.
        ("4", Down, vec![100], 4),
    ] {
        let mut world = World::new(|document| {
            document.purchase.points_per_unit = rate.into();
            document.rounding = rounding;
            document.tiers = None;
        });
        let told = world.run(at("2026-01-10T10:00:00+08:00"), &buy(&amounts), None);
        assert_eq!(told, format!("earn {points}"), "{rate} {rounding:?} {amounts:?}");
    }
    // 0.99 at 1.5 is 1.485: rounding the base and the tier's part each would give none.
    let mut world = World::new(|document| document.tiers.as_mut().unwrap().levels[0].multiplier = "1.5".into());
    world.play(&[("2026-01-10T10:00:00+08:00", buy(&[99]), "earn 1")]);
}

#[test]
fn a_cut_award_that_hides_what_was_desired() {
    let mut world = World::new(|document| document.caps.points_per_day = Some(100));
    world.play(&[
        ("2026-01-10T10:00:00+08:00", buy(&[9_050]), "earn 90"),
        ("2026-01-10T10:00:00+08:00", buy(&[9_050]), "earn 10"),
        ("2026-01-10T23:59:59+08:00", act("check_in"), "earn 0"),
        ("2026-01-11T00:00:00+08:00", buy(&[9_050]), "earn 90"),
        // Reported on the 11th, it counts under the cap of its own day.
        ("2026-01-11T00:00:00+08:00", happened("2026-01-10T23:59:59+08:00", buy(&[9_050])), "earn 0"),
        ("2026-01-11T00:00:00+08:00", buy(&[9_050]), "earn 10"),
    ]);
    let awards = world.entries.iter().flat_map(|entry| &entry.awards);
    let awards: Vec<(String, i64)> = awards.map(|award| (award.desired.to_string(), award.granted)).collect();
    assert_eq!(awards[1], ("90.5".to_owned(), 10));
    assert_eq!(awards[2], ("5".to_owned(), 0));
}

#[test]
fn a_check_in_on_the_wrong_day() {
    let mut world = World::new(|_| {});
    world.play(
        &[
            ("2026-01-10T23:59:59+08:00", act("check_in"), "earn 5"),
            // The same day in UTC, the next one for the programme.
            ("2026-01-11T00:00:00+08:00", act("check_in"), "earn 5"),
            ("2026-01-11T00:00:00+08:00", act("check_in"), "refused limit-reached"),
            (
                "2026-01-12T12:00:00+08:00",
                happened("2026-01-10T12:00:00+08:00", act("check_in")),
                "refused limit-reached",
            ),
            ("2026-01-12T12:00:00+08:00", happened("2026-01-09T12:00:00+08:00", act("check_in")), "earn 5"),
            ("2026-01-12T12:00:00+08:00", act("check_in"), "earn 5"),
            ("2027-06-01T12:00:00+08:00", act("sign_up"), "expire -20, earn 100"),
            ("2037-06-01T12:00:00+08:00", act("sign_up"), "expire -100, refused"),
        ][..6],
    );
}

#[test]
fn a_limit_forgotten_before_the_last_late_event() {
    // Twenty-four hours before 00:30 on the day after a night of 23 hours is 23:30 of the day before yesterday.
    let mut world = World::new(|document| {
        document.time_zone = "America/New_York".into();
        document.accept_late_days = 1;
    });
    world.play(&[
        ("2026-03-07T23:40:00-05:00", act("check_in"), "earn 5"),
        ("2026-03-09T00:10:00-04:00", act("check_in"), "earn 5"),
        ("2026-03-09T00:30:00-04:00", happened("2026-03-07T23:45:00-05:00", act("check_in")), "refused limit-reached"),
    ]);
    // A server's clock set back over midnight.
    let mut world = World::new(|document| document.accept_late_days = 0);
    world.play(&[
        ("2026-01-10T23:50:00+08:00", act("check_in"), "earn 5"),
        ("2026-01-11T00:00:00+08:00", act("check_in"), "earn 5"),
        ("2026-01-10T23:55:00+08:00", act("check_in"), "refused limit-reached"),
    ]);
}

#[test]
fn a_row_that_grows_with_every_day() {
    let mut world = World::new(|_| {});
    let start = at("2026-01-10T10:00:00+08:00");
    for day in 0..800 {
        world.run(start.plus_ms(day * 86_400_000), &act("check_in"), None);
        world.run(start.plus_ms(day * 86_400_000), &buy(&[100]), None);
    }
    // Seven days may be late, today and a day to spare: of check-ins, and of the cap over all.
    assert!(world.member.counters.len() <= 2 * 9, "{} counters", world.member.counters.len());
    assert!(world.member.standing.months.len() <= 14, "{} months", world.member.standing.months.len());
    world.audit();
}

#[test]
fn a_tier_from_the_balance_instead_of_what_was_earned() {
    let mut world = World::new(|_| {});
    world.play(&[
        ("2026-01-10T10:00:00+08:00", buy(&[150_000]), "earn 1500"),
        // Spending starves nothing, and is no spend either.
        ("2026-01-10T10:00:00+08:00", spend(1_500), "redeem -1500"),
        ("2026-01-11T10:00:00+08:00", Command::Upgrade, ""),
        ("2026-01-12T10:00:00+08:00", buy(&[49_999]), "earn 499"),
        ("2026-01-12T10:00:00+08:00", buy(&[1]), "earn 0, silver 500"),
        ("2026-01-12T10:00:00+08:00", Command::Upgrade, ""),
        ("2026-01-12T10:00:00+08:00", spend(999), "redeem -999"),
        ("2026-01-12T10:00:00+08:00", buy(&[100]), "earn 1"),
    ]);
    assert_eq!(world.member.standing.lifetime.spend_minor, 200_100);
}

#[test]
fn an_import_that_warns_of_every_lot() {
    let mut world = World::new(living(6));
    let reported = "2026-01-08T10:00:00+08:00";
    world.play(&[
        (reported, happened("2026-01-02T10:00:00+08:00", buy(&[1_000])), "earn 10"),
        (reported, happened("2026-01-02T10:00:00+08:00", buy(&[1_000])), "earn 10"),
        (reported, happened("2026-01-03T10:00:00+08:00", buy(&[1_000])), "earn 10"),
        (reported, Command::Remind, "remind(30)"),
        (reported, Command::Remind, ""),
        ("2026-01-08T23:59:59+08:00", Command::Remind, ""),
        // The first two end at midnight; the third is then within one day.
        ("2026-01-09T00:00:00+08:00", Command::Remind, "expire -20, remind(10)"),
    ]);
}

#[test]
fn jobs_run_twice_late_or_never() {
    let life = |nights: &[&str]| {
        let mut world = World::new(living(3));
        world.run(at("2026-01-01T10:00:00+08:00"), &buy(&[1_000_000]), None);
        world.run(at("2026-01-02T10:00:00+08:00"), &buy(&[1_000]), None);
        for night in nights {
            world.run(at(night), &Command::Settle, None);
            assert_eq!(world.run(at(night), &Command::Settle, None), "", "a second run at {night}");
        }
        let told = world.run(at("2028-02-01T00:00:00+08:00"), &spend(1), None);
        world.run(at("2028-02-01T00:00:00+08:00"), &Command::Settle, None);
        world.audit();
        (told, world.member.balance, world.member.tier.map(|tier| (tier.id, tier.until)))
    };
    let on_time = life(&[
        "2026-01-05T00:00:00+08:00",
        "2026-01-06T00:00:00+08:00",
        "2026-04-01T00:00:00+08:00",
        "2027-01-02T00:00:00+08:00",
    ]);
    assert_eq!(on_time.1, 0);
    for nights in [
        &[][..],
        &["2026-02-05T00:00:00+08:00"],
        // An hour back, and back over the end of the lots.
        &[
            "2026-01-06T00:00:00+08:00",
            "2026-01-05T23:00:00+08:00",
            "2026-01-04T23:00:00+08:00",
            "2026-04-01T00:00:00+08:00",
        ],
    ] {
        assert_eq!(life(nights), on_time, "{nights:?}");
    }
}

#[test]
fn an_update_that_failed_unnoticed() {
    // Decided on an old state, the entry fits no later one: neither by sequence nor by head.
    let mut world = World::new(|_| {});
    let now = at("2026-01-10T10:00:00+08:00");
    world.run(now, &buy(&[10_000]), None);
    let old = world.member.clone();
    let stale = world.decide(&old, now, &spend(60), None).unwrap().decision.postings.remove(0).entry;
    for command in [spend(60), buy(&[100]), Command::Enrol] {
        let mut other = World::new(|_| {});
        (other.member, other.entries) = (old.clone(), world.entries.clone());
        other.run(now, &command, None);
        assert_eq!(other.member.clone().apply(&stale), Err(ledger::Fault::OutOfSequence), "{command:?}");
        let renumbered = ledger::Entry { sequence: ledger::Sequence(stale.sequence.0 + 1), ..stale.clone() };
        let resealed = ledger::Entry { hash: renumbered.computed_hash(), ..renumbered };
        assert_eq!(other.member.clone().apply(&resealed), Err(ledger::Fault::BrokenChain), "{command:?}");
    }
}

#[test]
fn sums_that_wrap() {
    let now: Timestamp = at("2026-01-10T10:00:00+08:00");
    let mut world = World::new(|document| document.caps.points_per_day = None);
    for (command, outcome) in [
        (buy(&[i64::MAX]), "earn 92233720368547758, gold 2500"),
        (buy(&[i64::MAX]), "refused amount-out-of-range"),
        (buy(&[i64::MAX, 1]), "refused amount-out-of-range"),
        (buy(&[100, -1]), "refused amount-out-of-range"),
        (spend(i64::MAX), "refused insufficient-points"),
    ] {
        assert_eq!(world.run(now, &command, None), outcome, "{command:?}");
    }
    world.audit();
}
