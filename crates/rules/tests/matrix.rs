//! The matrix: every command × before, at and after the instant of expiry × every state of a lot ×
//! calendars with odd nights and months, each once, then again as a retry, and by two at once.
//!
//! The outcomes are told by [`expected`]; which instants those are, by the table [`CALENDARS`].
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{ApprovalVerdict, EntryId, ExpiryPolicy, Kind, LotNumber, Person, Timestamp};
use rules::operations::{
    Activate, Activation, Capture, DecideAdjustment, Earn, Hold, NewAdjustment, Release, Remind,
    RequestAdjustment, ReturnScope, Reverse, Settle,
};
use rules::{Expiry, Pending, RoundUpTo};
use support::{AnyOperation, World, act, aside, ask, at, buy, purchase, spend, told};

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Earned a moment ago, under a rule that keeps points back until the next local day.
    Pending,
    Active,
    Spent,
    /// Past its end, and a sweep has written it down.
    Expired,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Earn,
    Expire,
    Redeem,
    Hold,
    Capture,
    Release,
    /// One unit of three of the order that earned the points.
    ReversePart,
    ReverseFull,
    /// The redemption that spent them.
    GiveBack,
    /// Ten points taken by hand, approved in the last step.
    Adjust,
    TierChange,
    Activate,
    ActivateEarly,
    Remind,
}

const STATES: [State; 4] = [State::Pending, State::Active, State::Spent, State::Expired];
const ASKED: [Asked; 14] = [
    Asked::Earn,
    Asked::Expire,
    Asked::Redeem,
    Asked::Hold,
    Asked::Capture,
    Asked::Release,
    Asked::ReversePart,
    Asked::ReverseFull,
    Asked::GiveBack,
    Asked::Adjust,
    Asked::TierChange,
    Asked::Activate,
    Asked::ActivateEarly,
    Asked::Remind,
];
/// Milliseconds from the instant of expiry.
const SIDES: [i64; 3] = [-1, 0, 1];

const fn days(days: u32) -> Expiry {
    Expiry::Days { days, round_up_to: None }
}

const fn months(months: u32, round_up_to: Option<RoundUpTo>) -> Expiry {
    Expiry::Months { months, round_up_to }
}

/// Zone, earned, policy, first instant at which the points are gone.
type Calendar = (&'static str, &'static str, Expiry, &'static str);

const CALENDARS: [Calendar; 13] = [
    // The year ends in the programme's zone, east and west of Greenwich.
    ("Asia/Shanghai", "2026-12-25T10:00:00+08:00", days(6), "2027-01-01T00:00:00+08:00"),
    ("America/New_York", "2026-12-25T10:00:00-05:00", days(6), "2027-01-01T00:00:00-05:00"),
    // Nights of 23 and 25 hours.
    ("America/New_York", "2026-03-05T10:00:00-05:00", days(3), "2026-03-09T00:00:00-04:00"),
    ("America/New_York", "2026-10-29T10:00:00-04:00", days(3), "2026-11-02T00:00:00-05:00"),
    // Midnight is skipped, doubled, or left out with its whole day.
    ("America/Sao_Paulo", "2018-11-01T10:00:00-03:00", days(2), "2018-11-04T01:00:00-02:00"),
    ("Asia/Beirut", "2026-03-25T10:00:00+02:00", days(3), "2026-03-29T01:00:00+03:00"),
    ("America/Havana", "2026-10-29T10:00:00-04:00", days(2), "2026-11-01T00:00:00-04:00"),
    ("Pacific/Apia", "2011-12-25T10:00:00-10:00", days(4), "2011-12-31T00:00:00+14:00"),
    // Month ends clamp, in leap years too.
    ("Asia/Shanghai", "2027-01-31T10:00:00+08:00", months(1, None), "2027-03-01T00:00:00+08:00"),
    ("Asia/Kathmandu", "2028-01-31T10:00:00+05:45", months(1, None), "2028-03-01T00:00:00+05:45"),
    ("Asia/Shanghai", "2028-02-29T10:00:00+08:00", months(12, None), "2029-03-01T00:00:00+08:00"),
    // Rounded up to a quarter that ends in summer time; for ever is never.
    (
        "Europe/London",
        "2026-01-15T10:00:00+00:00",
        months(1, Some(RoundUpTo::Quarter)),
        "2026-04-01T00:00:00+01:00",
    ),
    ("Australia/Lord_Howe", "2026-04-02T10:00:00+11:00", days(3), "2026-04-06T00:00:00+10:30"),
];

/// A purchase of three units, worth 30 points.
fn order() -> AnyOperation {
    let mut order = purchase(&[3_000]);
    order.lines[0].quantity = 3;
    ask(Earn(order))
}

/// A world in which 30 points are in that state at `now`; active ones are held when they are to be
/// captured or released.
fn world(calendar: &Calendar, state: State, asked: Asked, now: Timestamp) -> World {
    let (zone, earned, policy, end) = calendar;
    let mut world = World::new(|document| {
        document.time_zone = (*zone).to_owned();
        document.expiry.insert("shopping".into(), policy.clone());
        document.purchase.pending = (state == State::Pending).then_some(Pending { days: Some(0) });
    });
    match state {
        State::Pending => {
            world.play(&[(&now.to_string(), order(), "earn 30")]);
        }
        State::Active => world.play(&[(earned, order(), "earn 30")]),
        State::Spent => {
            world.play(&[(earned, order(), "earn 30"), (earned, spend(30), "redeem -30")])
        }
        State::Expired => {
            world.play(&[(earned, order(), "earn 30"), (end, ask(Settle), "expire -30")]);
        }
    }
    if asked == Asked::Adjust {
        let by = person("anna");
        let reason_code = "goodwill".to_owned();
        let wish = NewAdjustment {
            points: -10,
            reason_code,
            evidence: None,
            expiry: None,
            by,
            undoes: None,
        };
        // Shortly before, as the lot may live longer than the request.
        let at_last =
            world.entries.last().map_or(now, |entry| entry.recorded_at.max(at(end).plus_ms(-2)));
        world.play(&[(&at_last.to_string(), ask(RequestAdjustment(wish)), "request 0")]);
    }
    if state == State::Active && matches!(asked, Asked::Capture | Asked::Release) {
        let longer_than_the_lot = 2 * 366 * 24 * 60;
        world.play(&[(earned, ask(Hold { points: 30, minutes: longer_than_the_lot }), "hold(30)")]);
    }
    world
}

fn person(name: &str) -> Person {
    Person { actor: format!("key:{name}"), label: name.to_owned() }
}

fn command(asked: Asked, world: &World) -> AnyOperation {
    let hold = world.member.holds.first().map_or(EntryId(0), |hold| hold.id);
    match asked {
        Asked::Hold => aside(30),
        Asked::Adjust => {
            let request = world.member.requests[0].id;
            ask(DecideAdjustment {
                request,
                verdict: ApprovalVerdict::Approve,
                by: person("ben"),
                role: "approver".to_owned(),
            })
        }
        Asked::Capture => ask(Capture { hold, points: None }),
        Asked::Release => ask(Release { hold }),
        Asked::ReversePart => {
            world.undo(Some(0), None, ReturnScope::Lines(vec![("0".to_owned(), 1)]))
        }
        Asked::ReverseFull => world.undo(Some(0), None, ReturnScope::Rest),
        Asked::GiveBack => {
            match world.entries.iter().position(|entry| entry.kind() == Kind::Redeem) {
                None => ask(Reverse(None)),
                redemption => world.undo(None, redemption, ReturnScope::Rest),
            }
        }
        Asked::Earn => act("review"),
        Asked::Expire | Asked::Activate => ask(Settle),
        Asked::ActivateEarly => {
            ask(Activate(Some(Activation { lots: vec![(LotNumber(1), ExpiryPolicy::Never)] })))
        }
        Asked::Redeem => spend(30),
        Asked::TierChange => buy(&[200_000]),
        Asked::Remind => ask(Remind),
    }
}

/// What comes of it: only the clock says whether an active lot still is one; what was spent and
/// comes back is owed, what expired is gone.
fn expected(asked: Asked, state: State, side: i64) -> String {
    let is_held = matches!(asked, Asked::Capture | Asked::Release);
    let gone = state == State::Active && side >= 0;
    let spendable = state == State::Active && side < 0;
    // An activation is asked for when the time of the pending lot has come.
    let told = match asked {
        Asked::Earn => "earn 20",
        Asked::TierChange => "earn 2000, silver 500",
        Asked::Redeem if spendable => "redeem -30",
        Asked::Hold if spendable => "hold(30)",
        Asked::Adjust if spendable => "approve 0, adjust -10",
        Asked::Redeem | Asked::Hold | Asked::Adjust => {
            return "refused insufficient-points".to_owned();
        }
        Asked::Capture if state == State::Active => "capture -30",
        Asked::Release if spendable => "release 0",
        Asked::Release if gone => "release 0, expire -30",
        Asked::Capture | Asked::Release => return "refused hold-resolved".to_owned(),
        Asked::ReversePart | Asked::ReverseFull if gone || state == State::Expired => "reverse 0",
        Asked::ReversePart => "reverse -10",
        Asked::ReverseFull => "reverse -30",
        Asked::GiveBack if state != State::Spent => {
            return "refused reference-not-found".to_owned();
        }
        Asked::GiveBack if side < 0 => "reverse 30",
        Asked::GiveBack => "reverse 30, expire -30",
        Asked::Remind if spendable => "remind(30)",
        Asked::Activate | Asked::ActivateEarly if state == State::Pending => "activate 0",
        Asked::ActivateEarly => return "refused nothing-pending".to_owned(),
        Asked::Expire | Asked::Activate | Asked::Remind => "",
    };
    let expired = if gone && !is_held { "expire -30" } else { "" };
    [expired, told].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The document that it bears, which is recorded once.
fn document(asked: Asked) -> Option<&'static str> {
    let without = matches!(
        asked,
        Asked::Adjust
            | Asked::Capture
            | Asked::Release
            | Asked::Expire
            | Asked::Activate
            | Asked::ActivateEarly
            | Asked::Remind
    );
    (!without).then_some("document-1")
}

#[test]
fn every_command_on_every_lot_at_every_side_of_its_end() {
    let mut cases = 0;
    for calendar in &CALENDARS {
        let end = at(calendar.3);
        for (state, asked, side) in product() {
            let now = end.plus_ms(side);
            let mut world = world(calendar, state, asked, now);
            let command = command(asked, &world);
            let now = match (asked, state) {
                (Asked::Activate, State::Pending) => {
                    let available_at = world.member.lots[0].available_at;
                    // Not a millisecond before its time.
                    assert_eq!(world.run(available_at.plus_ms(-1), &ask(Settle), None), "");
                    available_at
                }
                _ => now,
            };
            let expected = expected(asked, state, side);
            let case = format!("{calendar:?} {state:?} {asked:?} {now}");
            assert_eq!(world.run(now, &command, document(asked)), expected, "{case}");
            world.audit();
            // A retry under another key, or the job once more.
            let again = match (document(asked), expected.starts_with("refused")) {
                (Some(_), false) => "refused reference-already-used",
                (Some(_), true) => expected.as_str(),
                (None, _) if asked == Asked::ActivateEarly => "refused nothing-pending",
                (None, false) if asked == Asked::Adjust => "refused request-resolved",
                (None, true) if asked == Asked::Adjust => expected.as_str(),
                (None, _) if matches!(asked, Asked::Capture | Asked::Release) => {
                    "refused hold-resolved"
                }
                (None, _) => "",
            };
            assert_eq!(world.run(now, &command, document(asked)), again, "again: {case}");
            cases += 1;
        }
    }
    assert_eq!(cases, 13 * 4 * 14 * 3);
}

#[test]
fn two_at_once_are_one_after_the_other() {
    for calendar in &CALENDARS {
        let end = at(calendar.3);
        for (state, asked, side) in product() {
            let now = end.plus_ms(side);
            let mut world = world(calendar, state, asked, now);
            let command = command(asked, &world);
            let loaded = world.member.clone();
            let case = format!("{calendar:?} {state:?} {asked:?} {now}");
            let mut both = Vec::new();
            for _ in 0..2 {
                both.extend(world.decide(&loaded, now, &command, document(asked)));
            }
            let written: Vec<bool> = both
                .into_iter()
                .filter(|decided| !decided.decision.postings.is_empty())
                .map(|decided| world.commit(&loaded, decided, document(asked)))
                .collect();
            assert!(written.is_empty() || written == [true, false], "{case}: {written:?}");
            world.audit();
        }
    }
}

#[test]
fn entries_do_not_fit_in_another_order() {
    // Expiry, purchase and tier change of one command, in every order but theirs.
    let mut world = world(&CALENDARS[0], State::Active, Asked::TierChange, at(CALENDARS[0].3));
    let before = world.member.clone();
    let decided = world.decide(&before, at(CALENDARS[0].3), &buy(&[200_000]), None).unwrap();
    let entries: Vec<_> =
        decided.decision.postings.into_iter().map(|posting| posting.entry).collect();
    assert_eq!(told(&entries), "expire -30, earn 2000, silver 500");
    for (order, fits) in [
        ([0, 1, 2], true),
        ([0, 2, 1], false),
        ([1, 0, 2], false),
        ([2, 1, 0], false),
        ([0, 1, 1], false),
        ([1, 2, 0], false),
    ] {
        let mut member = before.clone();
        let applied = order.iter().try_for_each(|index| member.apply(&entries[*index]));
        assert_eq!(applied.is_ok(), fits, "{order:?}");
    }
}

fn product() -> impl Iterator<Item = (State, Asked, i64)> {
    STATES.into_iter().flat_map(|state| {
        ASKED
            .into_iter()
            .flat_map(move |asked| SIDES.into_iter().map(move |side| (state, asked, side)))
    })
}
