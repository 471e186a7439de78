//! When members have to show that it is they who spend: a line a step, by
//! docs/reference/rulebook.md.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::support;

use ledger::Refusal;
use rules::operations::{
    Capture, Donate, Hold, PayLines, PayWithPoints, RedeemReward, Release, ReturnScope,
};
use rules::{Document, MemberProof, Reward, SignedProof, StepUp, Transfers};
use support::{AnyOperation, World, act, ask, at, buy, spend};

const DAY: &str = "2026-03-02T10:00:00+08:00";

const ANY: Transfers =
    Transfers { min_points: 1, max_points: None, points_per_day: None, limit: None };

fn world(above_points: Option<i64>, new_device: bool) -> World {
    let mut world = World::new(|document: &mut Document| {
        document.risk.step_up = Some(StepUp { above_points, new_device, ..StepUp::default() });
        document.donations.insert("pandas".into(), ANY);
        let any = r#"{"points_per_unit": 1, "max_percent": 100}"#;
        document.redemption = serde_json::from_str(any).unwrap();
    });
    world.rewards.insert("mug".into(), mug());
    world.play(&[(DAY, buy(&[49_900]), "earn 499")]);
    world
}

fn mug() -> Reward {
    serde_json::from_str(r#"{"name": "Mug", "points": 1}"#).unwrap()
}

fn signed(points: i64, until_ms: i64, is_used: bool) -> MemberProof {
    let until = ledger::Timestamp(at(DAY).0 + until_ms);
    MemberProof::Signed(SignedProof { points, until, is_used })
}

/// Every wish to spend so many points.
fn wishes(points: i64) -> Vec<(&'static str, AnyOperation)> {
    let order =
        ledger::Money { amount_minor: 1_000_000, currency: ledger::Currency::new("CNY").unwrap() };
    let lines = || vec![("1".to_owned(), 1, points - 1), ("2".to_owned(), 1, 1)];
    let most = Some(points);
    vec![
        ("redeem", spend(points)),
        ("hold", ask(Hold { points, minutes: 30 })),
        ("pay_lines", ask(PayLines { lines: lines(), minutes: None })),
        ("pay_lines held", ask(PayLines { lines: lines(), minutes: Some(30) })),
        ("pay_with_points", ask(PayWithPoints { order, most, minutes: None })),
        ("pay_with_points held", ask(PayWithPoints { order, most, minutes: Some(30) })),
        ("redeem_reward", ask(RedeemReward { reward: "mug".into(), quantity: points })),
        ("donate", ask(Donate { charity: "pandas".into(), points })),
    ]
}

fn refusal(world: &mut World, wish: &AnyOperation) -> Option<Refusal> {
    let member = world.member.clone();
    world.decide(&member, at(DAY), wish, None).err()
}

fn needed(because: &'static str, proof: &'static str, points: i64) -> Option<Refusal> {
    Some(Refusal::VerificationNeeded { because, proof, points })
}

#[test]
fn more_points_than_the_rulebook_says_need_a_proof_for_as_many() {
    let mut world = world(Some(200), false);
    for (points, is_new_device, proof, outcome) in [
        (199, false, MemberProof::Missing, None),
        (200, false, MemberProof::Missing, None),
        (200, true, MemberProof::Missing, None),
        (201, false, MemberProof::Missing, needed("points", "missing", 201)),
        (201, true, MemberProof::Missing, needed("points", "missing", 201)),
        (201, false, MemberProof::Unknown, needed("points", "unknown", 201)),
        (201, false, signed(201, 1, false), None),
        (201, false, signed(500, 1, false), None),
        (201, false, signed(200, 1, false), needed("points", "fewer", 201)),
        (201, false, signed(201, 0, false), needed("points", "expired", 201)),
        (201, false, signed(201, 1, true), needed("points", "used", 201)),
        (200, false, signed(1, 0, true), None),
    ] {
        (world.is_new_device, world.proof) = (is_new_device, proof);
        for (name, wish) in wishes(points) {
            assert_eq!(refusal(&mut world, &wish), outcome, "{name} {points} {proof:?}");
        }
    }
}

#[test]
fn a_new_device_needs_a_proof_for_any_points() {
    let mut world = world(None, true);
    for (is_new_device, proof, outcome) in [
        (false, MemberProof::Missing, None),
        (true, MemberProof::Missing, needed("device", "missing", 2)),
        (true, MemberProof::Unknown, needed("device", "unknown", 2)),
        (true, signed(2, 1, false), None),
        (true, signed(1, 1, false), needed("device", "fewer", 2)),
        (true, signed(2, 1, true), needed("device", "used", 2)),
        (true, signed(2, 0, false), needed("device", "expired", 2)),
    ] {
        (world.is_new_device, world.proof) = (is_new_device, proof);
        for (name, wish) in wishes(2) {
            assert_eq!(refusal(&mut world, &wish), outcome, "{name} {proof:?}");
        }
    }
}

/// What cannot be spent anyway is told first: nobody gets a code for it.
#[test]
fn the_other_refusals_come_first() {
    let mut world = world(Some(200), true);
    world.is_new_device = true;
    for (name, wish) in wishes(500) {
        let slug = refusal(&mut world, &wish).unwrap().slug();
        // An order takes no more points than there are.
        let is_order = name.starts_with("pay_with_points");
        let first = if is_order { "verification-needed" } else { "insufficient-points" };
        assert_eq!(slug, first, "{name}");
    }
    let unknown = ask(Donate { charity: "none".into(), points: 300 });
    assert_eq!(refusal(&mut world, &unknown).unwrap().slug(), "not-offered");
}

/// Once points are set aside, whatever becomes of them is nobody's new wish.
#[test]
fn what_follows_a_wish_and_what_comes_in_asks_nothing() {
    let mut world = world(Some(0), true);
    world.proof = signed(300, 1, false);
    world.play(&[
        (DAY, ask(Hold { points: 100, minutes: 30 }), "hold(100)"),
        (DAY, ask(Hold { points: 100, minutes: 30 }), "hold(100)"),
        (DAY, spend(50), "redeem -50"),
    ]);
    let spent = world.entries.len() - 1;
    let of_kind = |entry: &&ledger::Entry| entry.kind() == ledger::Kind::Hold;
    let holds: Vec<_> = world.entries.iter().filter(of_kind).map(|entry| entry.id).collect();
    (world.is_new_device, world.proof) = (true, MemberProof::Missing);
    let back = world.undo(None, Some(spent), ReturnScope::Points(50));
    world.play(&[
        (DAY, ask(Capture { hold: holds[0], points: None }), "capture -100"),
        (DAY, ask(Release { hold: holds[1] }), "release 0"),
        (DAY, back, "reverse 50"),
        (DAY, act("check_in"), "earn 5"),
        (DAY, spend(1), "refused verification-needed"),
    ]);
}

#[test]
fn a_rulebook_without_it_asks_nothing() {
    let mut world = World::new(|_| {});
    world.is_new_device = true;
    world.play(&[(DAY, buy(&[49_900]), "earn 499"), (DAY, spend(499), "redeem -499")]);
}
