//! What holds whatever a playbook says: random playbooks of every trigger, in zones whose clocks
//! are set forward and back, by nights that run late, twice, or not at all. Nothing of the
//! decision is worked out a second time here; see `nights.rs` for that.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Timestamp, Zone, from_day_number, local_date, local_minute};
use reach::playbook::Strategy;
use reach::touch::{
    Coupon, Cycle, Happening, Key, Left, Occasion, Reason, State, TierMove, Touch, decide,
    programme_bucket, strategy_bucket,
};
use reach::{Facts, Family, Purpose, Today};
use serde_json::{Value, json};

use crate::random::Random;
use crate::support::{Person, Programme, day, zone};

/// The clock is set forward and back at 02:00, at midnight, and in halves of an hour.
const ZONES: [&str; 4] =
    ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Shanghai"];
const HOUR_MS: i64 = 3_600_000;
const NIGHTS: i32 = 100;
const ROUNDS: u64 = 60;

fn trigger(random: &mut Random) -> Value {
    let days = random.between(1, 20);
    match random.below(12) {
        0 => json!({"kind": "points_expiring", "within_days": days}),
        1 => json!({"kind": "tier_ending", "days_before": days}),
        2 => json!({"kind": "tier_changed", "direction": "up"}),
        3 => json!({"kind": "coupon_expiring", "days_before": days}),
        4 => json!({"kind": "balance_changed", "points_at_least": 5}),
        5 => json!({"kind": "entered_segment", "segment": "vip"}),
        6 => json!({"kind": "tag_added", "tag": "value/high"}),
        7 => {
            json!({"kind": "behaviour", "behaviour": "cart", "after_minutes": 90, "unless": "order"})
        }
        8 => json!({"kind": "date", "attribute": "birthday", "days_before": days}),
        9 => json!({"kind": "schedule", "weekdays": [7, random.between(1, 6)], "at": "02:30"}),
        10 => json!({"kind": "score", "tag": "value/high", "at_least": 500}),
        _ => json!({"kind": "points_expiring", "days_before": days}),
    }
}

fn strategy(random: &mut Random, place: i64) -> Value {
    let mut strategy = json!({
        "id": format!("s{place}"), "trigger": trigger(random), "priority": random.between(-1, 1),
        "send": {"channels": ["push", "sms"], "template": random.pick(&["news", "notice"])},
        "match": random.pick(&["all", "first"]), "holdout_percent": random.pick(&[0, 50]), "spread_days": random.between(1, 3)});
    let kind = strategy["trigger"]["kind"].as_str().unwrap().to_owned();
    if kind == "schedule" {
        strategy["segment"] = json!("vip");
    } else if random.chance(40) && strategy["trigger"].get("within_days").is_none() {
        let is_ahead = strategy["trigger"].get("days_before").is_some();
        let (name, days) =
            if is_ahead { ("days_before", [9, 4, 1]) } else { ("days_after", [0, 1, 5]) };
        let node = |days: i64| json!({name: days});
        strategy["sequence"] = json!({"nodes": days.map(node)});
        if is_ahead {
            strategy["trigger"].as_object_mut().unwrap().remove("days_before");
        }
    }
    strategy
}

fn programme(random: &mut Random) -> Programme {
    let strategies: Vec<Value> =
        (0..random.between(1, 6)).map(|place| strategy(random, place)).collect();
    let caps = if random.chance(50) { json!([{"times": 2, "per": "week"}]) } else { json!([]) };
    let quiet =
        if random.chance(50) { json!({"from": "21:00", "until": "03:00"}) } else { Value::Null };
    Programme::new(
        json!({"send_at": random.pick(&["00:00", "02:00", "02:30", "10:00"]), "caps": caps,
        "quiet_hours": quiet, "holdout_percent": random.pick(&[0, 30]), "strategies": strategies}),
    )
}

fn person(random: &mut Random, first: i32, zone: Zone) -> Person {
    let mut person = Person::new(&format!("m{}", random.below(1_000)));
    let ends: BTreeMap<i32, i64> =
        (0..8).map(|_| (first + i32::try_from(random.below(120)).unwrap(), 100)).collect();
    person.facts = Facts { ends: ends.into_iter().collect(), points: 800, ..Facts::default() };
    person.facts.tier = Some("gold".to_owned());
    let ends_on = |day: i32| Today { day, zone }.start_of(1);
    person.facts.tier_until = Some(ends_on(first + 60));
    person
        .attributes
        .insert("birthday".to_owned(), random.pick(&["1990-03-28", "02-29", "04-04"]).to_string());
    person.coupons =
        vec![Coupon { id: "c".into(), kind: "tea".into(), ends_at: Some(ends_on(first + 33)) }];
    person.segments.insert("vip");
    person
}

/// Something that may happen between two nights.
fn happens(random: &mut Random, number: i64) -> Happening {
    let tier = random.chance(50).then(|| TierMove { to: "gold".into(), is_up: true });
    match random.below(5) {
        0 => Happening::Entry { id: format!("e{number}"), kind: "earn".into(), points: 10, tier },
        1 => Happening::Behaviour { kind: "cart".into() },
        2 => Happening::Behaviour { kind: "order".into() },
        3 => Happening::Set {
            change_no: number,
            family: Family::Segment,
            name: "vip".into(),
            is_in: true,
            score: None,
        },
        _ => Happening::Set {
            change_no: number,
            family: Family::Tag,
            name: "value/high".into(),
            is_in: true,
            score: Some((Some(1), 900)),
        },
    }
}

/// What holds of what one night decided.
fn holds(programme: &Programme, person: &Person, new: &[Touch], now: Timestamp, zone: Zone) {
    let today = Today::at(now, zone);
    let playbook = &programme.playbook;
    let of = |touch: &Touch| -> &Strategy {
        playbook.strategies.iter().find(|one| one.id == touch.key.strategy).unwrap()
    };
    let mut told: BTreeSet<(&str, &Cycle)> = BTreeSet::new();
    for touch in new.iter().filter(|touch| touch.state == State::Due) {
        let key = &touch.key;
        assert!(told.insert((&key.strategy, &key.cycle)), "two nodes at once: {key:?}");
        assert!(touch.due_at >= now && touch.due_at < touch.deadline_at, "{touch:?}");
        let out = |bucket: u64, percent: u32| bucket < u64::from(percent) * 100;
        if touch.purpose == Purpose::Marketing {
            let bucket = programme_bucket("salt", today.day_of(touch.due_at), &person.id);
            assert!(!out(bucket, playbook.holdout_percent), "held out: {touch:?}");
            let bucket = strategy_bucket("salt", &key.strategy, &person.id);
            assert!(!out(bucket, of(touch).holdout_percent), "held out: {touch:?}");
        }
        let minute = local_minute(touch.due_at, zone);
        let is_quiet = playbook.quiet_hours.is_some() && !(180..1_260).contains(&minute);
        assert!(!is_quiet, "quiet: {touch:?}");
        // Unless something moves it, a node is due when the wall clock first shows the hour.
        let is_free = playbook.quiet_hours.is_none() && playbook.caps.is_empty();
        let is_ahead = of(touch).trigger.is_ahead();
        let may_be_sms = touch.purpose == Purpose::Marketing;
        if is_free && is_ahead && touch.due_at > now && !may_be_sms {
            let asked = i64::from(playbook.send_at.minutes());
            assert!(minute >= asked, "{touch:?}");
            let before = touch.due_at.plus_ms(-1);
            let was_before = local_minute(before, zone) < asked
                || local_date(before, zone) != local_date(touch.due_at, zone);
            assert!(was_before, "{touch:?}");
        }
    }
    let all: Vec<&Touch> = person.touches.iter().chain(new).collect();
    let keys: BTreeSet<&Key> = all.iter().map(|touch| &touch.key).collect();
    assert_eq!(keys.len(), all.len(), "a key comes once");
    // Each node of today about an end is told, or there is a reason.
    let spreads =
        |of: &Strategy| of.trigger.within_days().is_some() || !programme.shared_days.is_empty();
    for strategy in playbook
        .strategies
        .iter()
        .filter(|of| of.trigger.kind() == "points_expiring" && !spreads(of))
    {
        let days: Vec<i32> = match &strategy.sequence {
            Some(_) => vec![-9, -4, -1],
            None => vec![-i32::try_from(strategy.trigger.days_before().unwrap()).unwrap()],
        };
        for (end, _) in person.facts.ends.iter().filter(|(end, _)| *end >= today.day) {
            for node in days.iter().filter(|node| end + **node == today.day) {
                let cycle = Cycle::End(Today { day: end + 1, zone }.start_of(1));
                let key = Key { strategy: strategy.id.clone(), node: *node, cycle };
                assert!(
                    keys.contains(&key),
                    "{key:?} is forgotten on {}",
                    from_day_number(today.day)
                );
            }
        }
    }
}

#[test]
fn what_is_promised_holds_for_each_trigger_and_clock() {
    let mut kinds: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for seed in 0..ROUNDS {
        let mut random = Random::new(seed);
        let zone = zone(ZONES[usize::try_from(seed).unwrap() % ZONES.len()]);
        let mut programme = programme(&mut random);
        // Clocks of Berlin go forward on 2027-03-28, of Santiago and Lord Howe back on 2027-04-04.
        let first = day("2027-03-01");
        let mut person = person(&mut random, first, zone);
        programme.decided_through = first - 1;
        let mut number = 0;
        for night in 0..NIGHTS {
            let midnight = Today { day: first + night, zone }.start_of(1);
            let now = midnight.plus_ms(HOUR_MS + random.below(12) * HOUR_MS / 4);
            person.occasions.retain(|one| one.at.0 > now.0 - 12 * 24 * HOUR_MS);
            while random.chance(40) {
                number += 1;
                let at = now.plus_ms(-random.below(20 * HOUR_MS));
                person.occasions.push(Occasion { at, what: happens(&mut random, number) });
            }
            if random.chance(10) {
                // No job comes that night: what nobody promises is not asked for.
                programme.decided_through = programme.decided_through.max(first + night);
                for end in person.facts.ends.iter_mut().filter(|(end, _)| *end < first + night + 21)
                {
                    end.1 = 0;
                }
                person.facts.ends.retain(|(_, points)| *points > 0);
                continue;
            }
            let mut left = Left::default();
            let mut new = decide(&programme.terms(), &person.recipient(now, zone), &mut left);
            holds(&programme, &person, &new, now, zone);
            for touch in &new {
                let strategy =
                    programme.playbook.strategies.iter().find(|of| of.id == touch.key.strategy);
                let state = touch.reason().map_or("due", Reason::as_str);
                *kinds.entry((strategy.unwrap().trigger.kind().to_owned(), state)).or_default() +=
                    1;
            }
            new.retain(|touch| !touch.reason().is_some_and(Reason::is_not_for_the_member));
            person.touches.extend(new);
            // A second job at once has nothing to add.
            let again = decide(&programme.terms(), &person.recipient(now, zone), &mut left);
            let is_new =
                |touch: &&Touch| !touch.reason().is_some_and(Reason::is_not_for_the_member);
            assert_eq!(again.iter().filter(is_new).count(), 0, "seed {seed}");
            programme.decided_through = first + night;
        }
    }
    for kind in [
        "points_expiring",
        "tier_ending",
        "tier_changed",
        "coupon_expiring",
        "balance_changed",
        "entered_segment",
        "tag_added",
        "behaviour",
        "date",
        "schedule",
        "score",
    ] {
        assert!(kinds.contains_key(&(kind.to_owned(), "due")), "{kind} of {kinds:?}");
    }
}
