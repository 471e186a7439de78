//! What a decision costs with the most strategies that a playbook may have. The test runs under
//! callgrind, once for each number of members, and the difference tells the instructions of one.
//! `ACCRUE_MEMBERS` is their number, `ACCRUE_CAPS` sets a cap, and `ACCRUE_CONCERNS` asks whom the
//! day may bring something.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use ledger::Timestamp;
use reach::touch::{Concern, Happening, Occasion};
use reach::{Facts, Today};
use serde_json::{Value, json};

use crate::support::{Person, Programme, at, day, shanghai};

/// 200 strategies: each of another trigger, half of which share their occasions.
fn many() -> Programme {
    let strategy = |place: usize| -> Value {
        let matches = ["first", "all"][place % 2];
        let trigger = match place % 8 {
            0 => json!({"kind": "points_expiring", "days_before": 30 - place % 30}),
            1 => json!({"kind": "points_expiring", "within_days": 20}),
            2 => json!({"kind": "tier_ending", "days_before": place % 40}),
            3 => json!({"kind": "date", "attribute": "birthday", "days_before": place % 14}),
            4 => json!({"kind": "schedule", "weekdays": [1 + place % 7]}),
            5 => json!({"kind": "entry", "entry": "earn"}),
            6 => json!({"kind": "points_expiring", "days_before": 7}),
            _ => json!({"kind": "coupon_expiring", "days_before": place % 20}),
        };
        json!({"id": format!("s{place}"), "trigger": trigger, "from": "2027-01-01", "until": "2028-12-31",
               "segment": if place % 8 == 4 { "vip" } else { "buyers" }, "match": matches,
               "priority": place % 5, "send": {"channels": ["push", "sms"], "template": "notice"}})
    };
    let strategies: Vec<Value> = (0..200).map(strategy).collect();
    // With a cap, most of what is due waits, and asks for room on one day after another.
    let caps = match std::env::var("ACCRUE_CAPS") {
        Ok(_) => json!([{"times": 3, "per": "day"}]),
        Err(_) => json!([]),
    };
    let mut programme = Programme::new(json!({
        "segments": {"buyers": {"when": "member.orders >= 1"}}, "strategies": strategies,
        "caps": caps}));
    programme.decided_through = day("2027-05-31");
    programme
}

/// With 30 ends of points and ten entries.
fn person(number: i64) -> Person {
    let mut person = Person::new(&format!("m-{number}"));
    let today = day("2027-06-01");
    let ends = (0..30).map(|place| (today + 3 * place + i32::try_from(number % 3).unwrap(), 100));
    person.facts =
        Facts { ends: ends.collect(), points: 3_000, orders_ever: number % 2, ..Facts::default() };
    person.facts.tier = Some("gold".to_owned());
    person.facts.tier_until = Some(at("2027-06-20 00:00"));
    person.attributes.insert("birthday".to_owned(), "1990-06-07".to_owned());
    let earn = |place: i64| Occasion {
        at: Timestamp(at("2027-05-30 12:00").0 + place * 3_600_000),
        what: Happening::Entry {
            id: format!("e{place}"),
            kind: "earn".into(),
            points: 10,
            tier: None,
        },
    };
    person.occasions = (0..10).map(earn).collect();
    person
}

#[test]
#[ignore = "is run under callgrind"]
fn decisions_between_marks() {
    let members: i64 = std::env::var("ACCRUE_MEMBERS").map_or(20, |text| text.parse().unwrap());
    let asks = std::env::var("ACCRUE_CONCERNS").is_ok();
    let programme = many();
    let now = at("2027-06-01 02:00");
    let concern = Concern::on(&programme.terms(), Today::at(now, shanghai()));
    let mut count = 0;
    for number in 0..members {
        let mut person = person(number);
        if asks {
            count += usize::from(concern.may(&person.facts));
        } else {
            count += programme.night(&mut person, now, shanghai()).len();
        }
    }
    println!("{count} of {members}");
}
