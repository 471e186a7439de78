//! Time: points that outlive their end or lose a day, on the wrong calendar or for want of a sweep.

use crate::living;
use crate::support::{World, ask, at, buy, spend};
use ledger::{Context, EntryId, Journal, Origin, ProgrammeId, Redeem};
use rules::Expiry;
use rules::operations::Settle;

#[test]
fn expired_credits_dropped_while_their_debits_stay() {
    let mut world = World::new(living(3));
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
        ("2026-01-01T11:00:00+08:00", spend(25), "redeem -25"),
        ("2026-01-02T10:00:00+08:00", buy(&[1_000]), "earn 10"),
        ("2026-01-05T00:00:00+08:00", ask(Settle), "expire -5"),
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
        world.play(&[
            ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
            (now, spend(30), outcome),
        ]);
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
            spread: 1,
            rulebook_version: 1,
            now: at(now),
            first_id: EntryId(1 << 80),
            seed: ledger::Seed::default(),
        };
        let mut journal = Journal::new(world.member.clone(), context);
        let wish = Redeem {
            points: 30,
            first_in_first_out,
            payment: None,
            of: None,
            lines: Vec::new(),
            extends: Vec::new(),
        };
        let outcome = ledger::redeem(&mut journal, wish, Origin::default())
            .map_err(|stop| stop.refusal().unwrap());
        assert_eq!(outcome.is_ok(), spent, "{now}: {outcome:?}");
    }
}

#[test]
fn a_reminder_that_trusts_the_sweep() {
    // What the rules would tell of a member as it is stored, without the settling that every
    // command does first.
    let mut world = World::new(living(30));
    world.play(&[("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30")]);
    for (now, points) in [
        ("2026-01-24T23:59:59.999+08:00", None),
        ("2026-01-25T00:00:00+08:00", Some(30)),
        ("2026-01-31T23:59:59.999+08:00", Some(30)),
        ("2026-02-01T00:00:00+08:00", None),
        ("2026-06-01T00:00:00+08:00", None),
    ] {
        let told = rules::operations::reminder(&world.book, &world.member, at(now))
            .map(|reminder| reminder.points);
        assert_eq!(told, points, "{now}");
    }
}

#[test]
fn days_counted_on_the_wrong_calendar() {
    // zone, policy, earned → the last instant that is still good
    let days = |days| Expiry::Days { days, round_up_to: None };
    let through = |date: &str| Expiry::FixedDates { dates: vec![date.into()], min_days: 0 };
    for (zone, policy, earned, last_good) in [
        // The server's date in UTC is another day than the programme's, on either side.
        ("Asia/Shanghai", days(1), "2026-01-10T23:30:00Z", "2026-01-12T15:59:59.999Z"),
        ("America/New_York", days(1), "2026-01-10T03:30:00Z", "2026-01-11T04:59:59.999Z"),
        // The named date is the last good day, not the first bad one.
        (
            "Asia/Shanghai",
            through("12-31"),
            "2026-05-01T00:00:00Z",
            "2026-12-31T23:59:59.999+08:00",
        ),
        // Promised for 365 days: good on the 365th, leap year or not.
        ("Asia/Shanghai", days(365), "2026-01-01T00:00:00+08:00", "2027-01-01T23:59:59.999+08:00"),
        ("Asia/Shanghai", days(365), "2028-01-01T00:00:00+08:00", "2028-12-31T23:59:59.999+08:00"),
        // Nights with 23 and 25 hours, one without a midnight and one with two.
        ("America/New_York", days(1), "2026-03-07T12:00:00-05:00", "2026-03-08T23:59:59.999-04:00"),
        ("America/New_York", days(1), "2026-10-31T12:00:00-04:00", "2026-11-01T23:59:59.999-05:00"),
        (
            "America/Sao_Paulo",
            days(0),
            "2018-11-03T12:00:00-03:00",
            "2018-11-03T23:59:59.999-03:00",
        ),
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
fn jobs_run_twice_late_or_never() {
    let life = |nights: &[&str]| {
        let mut world = World::new(living(3));
        world.run(at("2026-01-01T10:00:00+08:00"), &buy(&[1_000_000]), None);
        world.run(at("2026-01-02T10:00:00+08:00"), &buy(&[1_000]), None);
        for night in nights {
            world.run(at(night), &ask(Settle), None);
            assert_eq!(world.run(at(night), &ask(Settle), None), "", "a second run at {night}");
        }
        let told = world.run(at("2028-02-01T00:00:00+08:00"), &spend(1), None);
        world.run(at("2028-02-01T00:00:00+08:00"), &ask(Settle), None);
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
