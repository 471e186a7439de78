//! Members who come from another system, and levels set by hand: what they bring, what ends when,
//! and what a back-test makes of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{LotNumber, Totals};
use rules::operations::{
    Open, Opening, OpeningLot, OpeningTier, ReturnScope, SetLevel, Settle, Upgrade,
};
use rules::{Document, Downgrade, QualifyingPeriod, Replay};
use support::{AnyOperation, World, act, ask, at, buy, spend};

const DAY_1: &str = "2026-03-10T12:00:00+08:00";

fn lot(points: i64, earned: Option<&str>, ends: Option<&str>) -> OpeningLot {
    OpeningLot { points, earned_at: earned.map(at), expires_at: ends.map(at) }
}

fn brings(lots: Vec<OpeningLot>, debt: i64) -> AnyOperation {
    ask(Open(Opening { lots, debt, ..Opening::default() }))
}

fn has(tier: &str, until: Option<&str>, spend_minor: i64) -> AnyOperation {
    let tier = Some(OpeningTier { id: tier.to_owned(), until: until.map(at) });
    let totals = Totals { spend_minor, ..Totals::default() };
    ask(Open(Opening { tier, totals, ..Opening::default() }))
}

fn by_hand(tier: &str, until: Option<&str>) -> AnyOperation {
    ask(SetLevel { tier: tier.to_owned(), until: until.map(at) })
}

fn level(world: &World) -> (&str, Option<String>) {
    let tier = world.member.tier.as_ref().unwrap();
    (tier.id.as_str(), tier.until.map(|until| until.to_string()))
}

#[test]
fn lots_keep_their_dates_and_debts_are_paid() {
    let mut world = World::new(|_| {});
    let lots = vec![
        lot(100, Some("2025-06-01T00:00:00+08:00"), Some("2026-06-01T00:00:00+08:00")),
        lot(50, Some("2024-01-01T00:00:00+08:00"), None),
    ];
    world.play(&[
        (DAY_1, brings(lots, 0), "opening 150"),
        (DAY_1, brings(vec![lot(1, None, None)], 0), "refused opening-exists"),
        // What ends first is spent first.
        ("2026-03-11T12:00:00+08:00", spend(30), "redeem -30"),
        ("2026-06-01T00:00:00+08:00", ask(Settle), "expire -70"),
    ]);
    assert_eq!((world.member.balance, world.member.lots[0].number), (50, LotNumber(2)));
    world.audit();

    // A member who owes and has points pays at once; a member who only owes pays with the next
    // points.
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, brings(vec![lot(20, None, None)], 50), "opening -30, repay 0")]);
    assert_eq!((world.member.balance, world.member.debt), (-30, 30));
    world.play(&[(DAY_1, act("sign_up"), "earn 100, repay 0")]);
    assert_eq!((world.member.balance, world.member.debt), (70, 0));
    world.audit();

    // A member who is there has both.
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY_1, act("sign_up"), "earn 100"),
        (DAY_1, brings(vec![], 130), "opening -130, repay 0"),
    ]);
    assert_eq!((world.member.balance, world.member.debt), (-30, 30));
    world.audit();
}

/// The higher of what is told and what the totals give, with no gift now or later.
#[test]
fn tiers_come_without_gifts() {
    for (wish, is, until) in [
        (has("gold", Some("2027-01-01T00:00:00+08:00"), 0), "gold", "2026-12-31T16:00:00Z"),
        (has("gold", None, 0), "gold", "2027-03-10T16:00:00Z"),
        (has("member", None, 300_000), "silver", "2027-03-10T16:00:00Z"),
        (
            has("silver", Some("2026-05-01T00:00:00+08:00"), 1_000_000),
            "gold",
            "2027-03-10T16:00:00Z",
        ),
    ] {
        let mut world = World::new(|_| {});
        world.play(&[(DAY_1, wish, "opening 0"), (DAY_1, ask(Upgrade), "")]);
        assert_eq!(level(&world), (is, Some(until.to_owned())), "{is}");
        world.audit();
    }
    // A level that is held already, and lasts longer, is not lost to a higher one with an early
    // end.
    let mut world = World::new(strict);
    world.play(&[
        (DAY_1, buy(&[250_000]), "earn 2500, silver 500"),
        (DAY_1, has("gold", Some("2026-07-01T00:00:00+08:00"), 0), "opening 0"),
        ("2026-07-01T00:00:00+08:00", ask(Settle), "expire -500, silver 0"),
    ]);
    assert_eq!(level(&world), ("silver", Some("2027-12-31T16:00:00Z".to_owned())));
    let mut world = World::new(|document| document.tiers = None);
    world.play(&[(DAY_1, has("gold", None, 0), "refused unknown-tier")]);
    // What was spent there counts: the next yuan gives the level, and its gift.
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY_1, has("member", None, 199_900), "opening 0"),
        (DAY_1, buy(&[100]), "earn 1, silver 500"),
    ]);
}

fn strict(document: &mut Document) {
    document.returns.lower_tier = true;
    let tiers = document.tiers.as_mut().unwrap();
    (tiers.period, tiers.downgrade) = (QualifyingPeriod::CalendarYear {}, Downgrade::ToQualified);
}

#[test]
fn a_level_by_hand_ends_on_its_day() {
    let mut world = World::new(strict);
    world.play(&[
        (DAY_1, buy(&[250_000]), "earn 2500, silver 500"),
        (DAY_1, by_hand("gold", Some("2026-07-01T00:00:00+08:00")), "gold 0"),
        (DAY_1, by_hand("gold", Some("2026-07-01T00:00:00+08:00")), "refused nothing-to-change"),
        (DAY_1, by_hand("member", None), "refused tier-earned"),
        (DAY_1, by_hand("diamond", None), "refused unknown-tier"),
    ]);
    // Silver was bought, and lasts longer than what was given.
    world.run(at("2026-07-01T00:00:00+08:00"), &ask(Settle), None);
    assert_eq!(level(&world), ("silver", Some("2027-12-31T16:00:00Z".to_owned())));
    // The order comes back: nothing gives silver any more.
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.run(at("2026-07-02T10:00:00+08:00"), &back, None);
    assert_eq!(level(&world).0, "member");
    world.audit();

    // Gold was bought; gold by hand with an early end takes nothing of it.
    let mut world = World::new(strict);
    world.play(&[
        (DAY_1, buy(&[1_000_000]), "earn 10000, gold 2500"),
        (DAY_1, by_hand("gold", Some("2026-07-01T00:00:00+08:00")), "gold 0"),
        ("2026-07-01T00:00:00+08:00", ask(Settle), "expire -2500, gold 0"),
    ]);
    assert_eq!(level(&world), ("gold", Some("2027-12-31T16:00:00Z".to_owned())));

    // A member who has bought nothing falls to the first level; a return in between takes away what
    // it gave, and not what was promised.
    let mut world = World::new(strict);
    world.play(&[
        (DAY_1, buy(&[250_000]), "earn 2500, silver 500"),
        (DAY_1, by_hand("gold", Some("2026-07-01T00:00:00+08:00")), "gold 0"),
    ]);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.run(at("2026-04-01T10:00:00+08:00"), &back, None);
    assert_eq!(level(&world), ("gold", Some("2026-06-30T16:00:00Z".to_owned())));
    world.run(at("2026-07-01T00:00:00+08:00"), &ask(Settle), None);
    assert_eq!(level(&world).0, "member");
    world.audit();
}

/// Told again, what was brought along is brought along, and what was set by hand is set.
#[test]
fn a_back_test_brings_them_along() {
    let mut world = World::new(|_| {});
    let opening = Opening {
        lots: vec![lot(100, None, Some("2026-06-01T00:00:00+08:00"))],
        tier: Some(OpeningTier {
            id: "silver".into(),
            until: Some(at("2027-01-01T00:00:00+08:00")),
        }),
        totals: Totals { spend_minor: 500, growth: 7, orders: 1 },
        ..Opening::default()
    };
    world.play(&[
        (DAY_1, ask(Open(opening)), "opening 100"),
        ("2026-03-11T12:00:00+08:00", buy(&[1_000]), "earn 11"),
    ]);
    world.reason = Some("status of another programme");
    world.play(&[(
        "2026-03-12T12:00:00+08:00",
        by_hand("gold", Some("2026-09-01T00:00:00+08:00")),
        "gold 0",
    )]);
    // An erasure takes the reason out, and not that there was one.
    let erased = |mut entry: ledger::Entry| {
        entry.clear_texts();
        entry
    };
    let as_it_is = world.entries.clone();
    for entries in [as_it_is.clone(), as_it_is.into_iter().map(erased).collect()] {
        let mut again = Replay::new(
            &world.book,
            world.entries[0].programme.clone(),
            world.member.id.clone(),
            world.attributes.clone(),
        );
        for entry in &entries {
            again.again(entry).unwrap();
        }
        let (sums, member) = again.end(at("2026-03-13T12:00:00+08:00")).unwrap();
        assert_eq!((sums.accounts["opening"], sums.accounts["issued"]), (100, 11));
        assert_eq!(member.balance, world.member.balance);
        assert_eq!(member.qualification, world.member.qualification);
        assert_eq!(member.tier.unwrap().id, "gold");
    }
}
