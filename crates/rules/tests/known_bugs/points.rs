//! Points and sums: spent twice, from the wrong lot, rounded or wrapped.

use crate::living;
use crate::support::{World, at, buy, happened, purchase, spend};
use ledger::{Member, Timestamp};
use rules::RoundingMode;

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
            if world.commit(&loaded, decided, None) {
                won += 1
            } else {
                waiting.push(world.member.clone())
            }
        }
        assert_eq!(
            (won, world.member.balance),
            (winners, balance - winners * amount),
            "{balance} {amount} {clients}"
        );
        world.audit();
    }
}

#[test]
fn checked_against_one_total_and_taken_from_another() {
    // 30 points of the 1st end after the 4th, 50 of the 3rd after the 6th; 20 come from a till two
    // minutes ahead, whose clock keeps nobody waiting.
    let mut world = World::new(living(3));
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
        ("2026-01-03T10:00:00+08:00", buy(&[5_000]), "earn 50"),
        ("2026-01-04T23:59:00+08:00", spend(81), "refused insufficient-points"),
        // 30 have ended unswept, though the balance of the entries still has them.
        ("2026-01-05T00:00:00+08:00", spend(80), "refused insufficient-points"),
        ("2026-01-05T00:00:00+08:00", spend(51), "refused insufficient-points"),
        (
            "2026-01-05T00:00:00+08:00",
            happened("2026-01-05T00:02:00+08:00", purchase(&[2_000])),
            "expire -30, earn 20",
        ),
        ("2026-01-05T00:00:00+08:00", spend(71), "refused insufficient-points"),
        ("2026-01-05T00:00:00+08:00", spend(70), "redeem -70"),
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
    let drawn = world
        .entries
        .iter()
        .flat_map(|entry| &entry.lots.draws)
        .map(|draw| (draw.number.0, draw.points));
    assert_eq!(drawn.collect::<Vec<_>>(), [(1, 10), (2, 4), (2, 6)]);
}

#[test]
fn todays_rules_for_yesterdays_order() {
    let mut world = World::new(|_| {});
    world.play(&[("2026-01-10T10:00:00+08:00", buy(&[5_000, 2_550]), "earn 75")]);
    let doubled = World::new(|document| document.purchase.points_per_unit = "2".into());
    world.book = doubled.book;
    world.play(&[("2026-01-11T10:00:00+08:00", buy(&[5_000]), "earn 100")]);
    let shares: Vec<i64> = world.entries[0].lines().iter().map(|line| line.granted).collect();
    assert_eq!(
        shares,
        [49, 26],
        "each line keeps what it earned, and the lines add up to the order"
    );
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
    let mut world =
        World::new(|document| document.tiers.as_mut().unwrap().levels[0].multiplier = "1.5".into());
    world.play(&[("2026-01-10T10:00:00+08:00", buy(&[99]), "earn 1")]);
}

#[test]
fn sums_that_wrap() {
    let now: Timestamp = at("2026-01-10T10:00:00+08:00");
    let mut world = World::new(|document| {
        document.caps.points_per_day = None;
        document.tiers = None;
    });
    for (command, outcome) in [
        // A member has 10^15 points at most: many such members still have a sum.
        (buy(&[100_000_000_000_000_100]), "refused amount-out-of-range"),
        (buy(&[100_000_000_000_000_000]), "earn 1000000000000000"),
        (buy(&[100]), "refused amount-out-of-range"),
        (buy(&[i64::MAX]), "refused amount-out-of-range"),
        (buy(&[i64::MAX, 1]), "refused amount-out-of-range"),
        (buy(&[100, -1]), "refused amount-out-of-range"),
        (spend(i64::MAX), "refused insufficient-points"),
    ] {
        assert_eq!(world.run(now, &command, None), outcome, "{command:?}");
    }
    world.audit();
}
