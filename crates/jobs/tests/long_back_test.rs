//! Back-tests of members with very many entries: they cost what these cost together, a part ends
//! between two members, and what is told is what nights decided.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken test stops the test"
)]

use std::cell::Cell;

use crate::many_entries::strategies;
use crate::random::Random;
use crate::support::{purchase, wait};
use crate::touch::{HOUR_MS, Shop, ladder};
use crate::touch_back_test::{Counts, add_told};
use jobs::{BackTestWish, JobContext, LeftOut, TouchBackTest, WorkLimit, back_test_touches};
use ledger::{MemberId, Origin, Timestamp};
use rules::operations::Redeem;
use serde_json::{Value as Json, json};
use store::{Lots, Submission, programme};

#[test]
fn a_back_test_of_thousands_of_entries_looks_at_few_of_them_each_time() {
    // Each entry with all others would be more than twenty million, and the member left out.
    let (entries, count) = (3_000, 5);
    let shop = Shop::new(strategies(count), 2);
    shop.at_night(40);
    shop.world.earn((0..entries).map(|_| "m01".to_owned()), &purchase(100));
    shop.world.later(30 * HOUR_MS);
    shop.fold();
    let today = shop.today();
    let wish = BackTestWish { from: Some(today - 5), to: Some(today - 1), cursor: None };
    let found = shop.back_tested(&shop.messaging, wish, 9).unwrap();
    assert_eq!(found.left_out, LeftOut::default());
    let totals = &found.to_json(false)["totals"];
    let repeated = &totals["reasons"]["duplicate_content"];
    assert_eq!((&totals["due"], repeated), (&json!(entries), &json!(entries * (count - 1))));
}

#[test]
fn a_member_that_is_asked_too_often_is_told_as_long() {
    // Nobody has so much: each entry of the day is asked for again at each later one.
    let mut playbook = strategies(4);
    for strategy in playbook["strategies"].as_array_mut().unwrap() {
        strategy["when"] = json!("member.balance > 1000000");
    }
    let shop = Shop::new(playbook, 2);
    shop.at_night(40);
    shop.world.earn((0..2_500).map(|_| "m01".to_owned()), &purchase(100));
    shop.world.earn(["m00".to_owned()], &purchase(100));
    shop.world.later(30 * HOUR_MS);
    shop.fold();
    let today = shop.today();
    let wish = BackTestWish { from: Some(today - 5), to: Some(today - 1), cursor: None };
    let found = shop.back_tested(&shop.messaging, wish, 9).unwrap();
    assert_eq!(found.left_out, LeftOut { long: 1, ..LeftOut::default() });
    let totals = &found.to_json(false)["totals"];
    assert_eq!((&totals["due"], &totals["reasons"]["condition"]), (&json!(0), &json!(4)));
}

fn many_kinds() -> Json {
    let push = json!({"channels": ["push"], "template": "notice"});
    let news = json!({"channels": ["push", "sms"], "template": "news"});
    let earn = json!({"kind": "entry", "entry": "earn"});
    json!({"caps": [{"times": 4, "per": "week", "purpose": "marketing"}, {"times": 3, "per": "day", "channel": "push"}],
        "holdout_percent": 0, "segments": {"all": {"when": "member.orders >= 1"}}, "strategies": [
        {"id": "rich", "trigger": earn, "match": "first", "priority": 3, "when": "member.balance > 120", "send": news, "holdout_percent": 0},
        {"id": "poor", "trigger": earn, "match": "first", "send": push, "stop_when": ["redeemed"],
         "sequence": {"nodes": [{"days_after": 0}, {"days_after": 2}, {"days_after": 5}]}},
        {"id": "large", "trigger": {"kind": "balance_changed", "points_at_least": 40}, "send": news, "holdout_percent": 0,
         "sequence": {"nodes": [{"days_after": 1}, {"days_after": 3}]}},
        {"id": "daily", "trigger": {"kind": "schedule", "weekdays": [1, 3, 4]}, "segment": "all", "send": push,
         "sequence": {"nodes": [{"days_after": 0}, {"days_after": 1}]}},
        {"id": "same", "trigger": earn, "send": push, "priority": -4},
        ladder(),
    ]})
}

#[test]
fn what_many_entries_of_a_day_bring_is_told_as_it_was_decided() {
    let mut all = Counts::new();
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let mut shop = Shop::new(many_kinds(), 3);
        for id in ["rich", "poor", "large", "same", "daily"] {
            shop.messaging.since.insert(id.to_owned(), Timestamp(0));
        }
        shop.told("m01", "sms");
        let mut happened = Counts::new();
        for night in 12..34 {
            shop.at_night(night);
            shop.world.later(-HOUR_MS);
            shop.decided(&mut happened);
            let mut minutes: Vec<i64> =
                (0..random.below(14)).map(|_| random.between(1, 1_350)).collect();
            minutes.sort_unstable();
            minutes.dedup();
            for minute in minutes {
                shop.at_night(night);
                shop.world.later(minute * 60_000 - HOUR_MS);
                let id = format!("m0{}", random.below(3));
                if random.chance(12) {
                    let origin = Origin { actor: "test".into(), ..Origin::default() };
                    let member = MemberId::new(id.as_str()).unwrap();
                    let redeem = Redeem { points: random.between(20, 150) };
                    let redeem = Submission::new(member, redeem, origin);
                    let _outcome = shop.world.try_order(&[redeem], Lots::All);
                    shop.decided(&mut happened);
                    continue;
                }
                shop.world.earn([id], &purchase(random.between(1_000, 6_000)));
                shop.decided(&mut happened);
            }
        }
        shop.kept(&mut happened);
        shop.at_night(43);
        shop.fold();
        let (from, to) = (shop.today() - 31, shop.today() - 10);
        let wish = BackTestWish { from: Some(from), to: Some(to), cursor: None };
        let found = shop.back_tested(&shop.messaging, wish, 9).unwrap();
        assert_eq!(found.left_out, LeftOut::default());
        let mut told = Counts::new();
        add_told(&found, &mut told);
        let differs = |one: &Counts, other: &Counts| -> Vec<String> {
            let others = one.iter().filter(|(of, count)| other.get(*of) != Some(*count));
            others.map(|of| format!("{of:?}")).collect()
        };
        assert!(
            told == happened,
            "seed {seed}: told {:#?} happened {:#?}",
            differs(&told, &happened),
            differs(&happened, &told)
        );
        for ((_, what), count) in happened {
            *all.entry((String::new(), what)).or_default() += count;
        }
    }
    for what in [
        "rich 0 due",
        "rich 0 frequency",
        "poor 0 due",
        "poor 2 stopped",
        "poor 5 stopped",
        "large 1 due",
        "large 3 due",
        "daily 0 due",
        "same 0 duplicate_content",
        "all condition",
    ] {
        assert!(all.contains_key(&(String::new(), what.to_owned())), "{what} of {all:#?}");
    }
}

/// A part of a back-test whose clock goes on by a second with each look at it.
fn part_of(shop: &Shop, wish: BackTestWish<'_>, seconds: i64) -> TouchBackTest {
    let start = shop.world.now.get();
    let looks = Cell::new(0);
    let now = || {
        looks.set(looks.get() + 1);
        start.plus_ms(looks.get() * 1_000)
    };
    let fresh = || shop.world.fresh();
    let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &shop.reach, now: &now, fresh: &fresh };
    let of = wait(programme(&shop.world.sql, "default")).unwrap().unwrap().reference;
    let limit = WorkLimit::chunks(40).until(start.plus_ms(seconds * 1_000));
    let messaging = shop.messaging.clone();
    wait(back_test_touches(&ledger, &reach, of, messaging, wish, limit)).unwrap().unwrap()
}

#[test]
fn a_part_ends_between_two_members_when_its_time_is_over() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 60);
    shop.at_night(60);
    shop.fold();
    let today = shop.today();
    let wish = BackTestWish { from: Some(today - 50), to: Some(today - 1), cursor: None };
    let whole = shop.back_tested(&shop.messaging, wish, 100).unwrap();
    let (mut expected, mut told) = (Counts::new(), Counts::new());
    add_told(&whole, &mut expected);
    assert!(!expected.is_empty());
    let (mut members, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let wish = match &cursor {
            None => wish,
            Some(_) => BackTestWish { cursor: cursor.as_deref(), ..BackTestWish::default() },
        };
        let part = part_of(&shop, wish, 9);
        add_told(&part, &mut told);
        members.push(part.members);
        match part.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert!(members.iter().all(|count| (1..=10).contains(count)), "{members:?}");
    assert_eq!(members.iter().sum::<u64>(), 60);
    assert_eq!(told, expected);
}
