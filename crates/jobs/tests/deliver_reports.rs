//! Reports with instants that cannot be right, and addresses that many members share.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use channels::{Report, Reported};
use ledger::Timestamp;
use reach::{Channel, Decision, Purpose};
use store::{Consent, add_consents, contact_holders, current_consents, deliveries_of_touch};

use crate::deliver::{World, report, taken};
use crate::support::wait;

const HOUR_MS: i64 = 3_600_000;

fn keeps(world: &World, reports: &[Report]) {
    let (account, now) = (world.account("sms"), world.now.get());
    let digest = |to: &str| to.to_owned();
    wait(jobs::keep_reports(&world.reach, &account, reports, &digest, now)).unwrap();
}

fn agrees(world: &World, member_no: i64, digest: &str, at: Timestamp) {
    let yes = Consent {
        no: 0,
        purpose: Purpose::Marketing,
        channel: Channel::Sms,
        decision: Decision::Given,
        digest: digest.into(),
        at: at.0,
        source: "form".into(),
        evidence: None,
        recorded_at: at.0,
        recorded_by: "anna".into(),
    };
    wait(add_consents(&world.reach, 1, &[(member_no, yes)])).unwrap();
}

fn said(world: &World, member_no: i64) -> Option<(Decision, i64)> {
    let found = wait(current_consents(&world.reach, 1, member_no)).unwrap();
    found.first().map(|(_, _, said, at)| (*said, *at))
}

/// A gateway tells seconds for milliseconds, or any number.
#[test]
fn an_attempt_is_settled_between_its_start_and_now() {
    for (at_ms, later_ms) in [
        (Some(i64::MAX), HOUR_MS),
        (Some(i64::MIN), 0),
        (Some(1_773_108), 0),
        (Some(-1), 0),
        (None, HOUR_MS),
        // Half an hour after it went out.
        (Some(1_773_108_000_000 + HOUR_MS / 2), HOUR_MS / 2),
    ] {
        let world = World::new().sms();
        world.due([1], "+8613812345678");
        let start = world.now.get();
        world.run(|_| taken());
        world.now.set(start.plus_ms(HOUR_MS));
        let told = Report { at_ms, ..report(Reported::Delivered, (Some("b1"), None), None) };
        keeps(&world, &[told]);
        let found = wait(deliveries_of_touch(&world.reach, 1)).unwrap();
        assert_eq!(found[0].state, "delivered", "{at_ms:?}");
        assert_eq!(found[0].settled_at, Some(start.plus_ms(later_ms)), "{at_ms:?}");
    }
    // So where the report is faster than the answer.
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    let start = world.now.get();
    let early =
        Report { at_ms: Some(i64::MAX), ..report(Reported::Delivered, (Some("b1"), None), None) };
    world.run(|_| {
        keeps(&world, std::slice::from_ref(&early));
        taken()
    });
    let found = wait(deliveries_of_touch(&world.reach, 1)).unwrap();
    assert_eq!((found[0].state.as_str(), found[0].settled_at), ("delivered", Some(start)));
}

/// A withdrawal counts, whatever instant it tells.
#[test]
fn a_withdrawal_of_another_time_counts_from_now() {
    for (ago_ms, counts_ago_ms) in [
        (Some(0), 0),
        (Some(HOUR_MS), HOUR_MS),
        (Some(25 * HOUR_MS), 25 * HOUR_MS),
        (Some(27 * HOUR_MS), 0),
        (Some(-HOUR_MS), 0),
        (None, 0),
    ] {
        let world = World::new().sms();
        world.has_address(Channel::Sms, 101, "d1");
        agrees(&world, 101, "d1", Timestamp(1));
        let now = world.now.get();
        let at_ms = ago_ms.map(|ago| now.0 - ago);
        let stop = Report { at_ms, ..report(Reported::Unsubscribed, (None, None), Some("d1")) };
        keeps(&world, &[stop]);
        assert_eq!(said(&world, 101), Some((Decision::Withdrawn, now.0 - counts_ago_ms)));
    }
    for at_ms in [i64::MAX, i64::MIN, 1_773_107_000] {
        let world = World::new().sms();
        world.has_address(Channel::Sms, 101, "d1");
        agrees(&world, 101, "d1", world.now.get().plus_ms(-HOUR_MS));
        let stop = Report {
            at_ms: Some(at_ms),
            ..report(Reported::Unsubscribed, (None, None), Some("d1"))
        };
        keeps(&world, &[stop]);
        let expected = Some((Decision::Withdrawn, world.now.get().0));
        assert_eq!(said(&world, 101), expected, "{at_ms}");
    }
}

/// A post of a thousand withdrawals, and addresses that several members have.
#[test]
fn no_withdrawal_of_a_long_post_is_lost() {
    let world = World::new().sms();
    let digests: Vec<String> = (0..1_000).map(|no| format!("d{no:04}")).collect();
    for (place, digest) in (0_i64..).zip(&digests) {
        world.has_address(Channel::Sms, 10_000 + place, digest);
        if place % 2 == 0 {
            world.has_address(Channel::Sms, 20_000 + place, digest);
        }
    }
    let stop = |digest: &String| report(Reported::Unsubscribed, (None, None), Some(digest));
    let reports: Vec<Report> = digests.iter().map(stop).collect();
    keeps(&world, &reports);
    let withdrawn = |no: i64| said(&world, no).is_some_and(|(said, _)| said == Decision::Withdrawn);
    let left: Vec<i64> = (0..1_000)
        .flat_map(|place| [10_000 + place, 20_000 + place])
        .filter(|no| *no < 20_000 || no % 2 == 0)
        .filter(|no| !withdrawn(*no))
        .collect();
    assert_eq!(left, [0; 0]);
    let names: Vec<&str> = digests.iter().chain(&digests).map(String::as_str).collect();
    let found = wait(contact_holders(&world.reach, (1, Channel::Sms), &names)).unwrap();
    assert_eq!(found.len(), 1_500, "each once");
}
