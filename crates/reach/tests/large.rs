//! Members with very many entries: what a decision looks at grows with them and not with their
//! square, and parts of a decision give what one gives.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use ledger::Timestamp;
use reach::touch::{Happening, Left, Occasion, Touch, decide_some};
use serde_json::json;

use crate::random::Random;
use crate::support::{Person, Programme, at, shanghai};

fn earned(id: usize, at: Timestamp) -> Occasion {
    let what =
        Happening::Entry { id: format!("e{id:05}"), kind: "earn".into(), points: 10, tier: None };
    Occasion { at, what }
}

fn programme(caps: serde_json::Value) -> Programme {
    let entry = json!({"kind": "entry", "entry": "earn"});
    let send = json!({"channels": ["push", "sms"], "template": "news"});
    Programme::new(
        json!({"caps": caps, "segments": {"rich": {"when": "member.balance >= 1000000"}}, "strategies": [
            {"id": "a", "trigger": entry, "send": send, "match": "first", "priority": 2},
            {"id": "b", "trigger": entry, "send": send, "match": "first", "budget": {"messages": 40, "per": "day"}},
            {"id": "c", "trigger": entry, "action": {"grant": {"name": "gift"}}, "priority": 1,
             "sequence": {"nodes": [{"days_after": 0}, {"days_after": 1}]}, "budget": {"points": 600, "per": "month"}},
            {"id": "d", "trigger": {"kind": "balance_changed", "points_at_least": 5}, "send": send, "segment": "rich"},
            {"id": "e", "trigger": {"kind": "balance_changed", "points_at_least": 5}, "send":
             {"channels": ["sms"], "template": "news", "mode": "first_possible"}, "priority": -3},
        ]}),
    )
}

fn looked_at(entries: usize) -> u64 {
    let programme = programme(json!([{"times": 3, "per": "month", "purpose": "marketing"}]));
    let mut person = Person::new("m");
    let first = at("2027-06-01 12:00");
    person.occasions = (0..entries).map(|id| earned(id, first.plus_ms(id as i64))).collect();
    let now = at("2027-06-01 12:01");
    let mut looked_at = 0;
    // The second time all is known.
    for _ in 0..2 {
        let recipient = person.recipient(now, shanghai());
        let left = &mut Left::default();
        let found = decide_some(&programme.terms(), &recipient, left, usize::MAX);
        assert!(found.is_whole);
        looked_at += found.looked_at;
        person.touches.extend(found.touches);
    }
    assert!(person.touches.len() > entries * 4);
    looked_at
}

#[test]
fn what_is_looked_at_grows_with_the_entries() {
    let (some, more) = (looked_at(400), looked_at(1_600));
    assert!(more < some * 5, "{some} of 400 entries, {more} of 1,600");
    assert!(some > 400 * 5, "{some}");
}

#[test]
fn parts_give_what_one_decision_gives() {
    let is_kept = |touch: &&Touch| !touch.reason().is_some_and(|of| of.is_not_for_the_member());
    let mut reasons = std::collections::BTreeMap::new();
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let caps = [
            json!([{"times": 2, "per": "day"}]),
            json!([{"times": 3, "per": "week", "channel": "sms"}]),
            json!([]),
        ];
        let programme = programme(random.pick(&caps).clone());
        let mut person = Person::new("m");
        let (mut now, mut left) = (at("2027-06-01 12:00"), Left::default());
        for round in 0..4 {
            for id in 0..random.below(12) {
                let id = round * 100 + usize::try_from(id).unwrap();
                person.occasions.push(earned(id, now.plus_ms(-random.below(40_000_000))));
            }
            let (terms, mut left_of_parts) = (programme.terms(), left.clone());
            let whole =
                decide_some(&terms, &person.recipient(now, shanghai()), &mut left, usize::MAX);
            assert!(whole.is_whole);
            let mut told = person.clone();
            let most = 1 + usize::try_from(random.below(6)).unwrap();
            let mut found = Vec::new();
            let last = loop {
                let recipient = told.recipient(now, shanghai());
                let part = decide_some(&terms, &recipient, &mut left_of_parts, most);
                let kept: Vec<Touch> = part.touches.iter().filter(is_kept).cloned().collect();
                assert!(kept.len() <= most && (part.is_whole || kept.len() == most));
                told.touches.extend(kept.iter().cloned());
                found.extend(kept);
                if part.is_whole {
                    break part.touches;
                }
            };
            let kept: Vec<Touch> = whole.touches.iter().filter(is_kept).cloned().collect();
            assert_eq!(found, kept, "seed {seed} round {round}");
            assert_eq!(left, left_of_parts);
            let others = |all: &[Touch]| -> Vec<Touch> {
                all.iter().filter(|touch| !is_kept(touch)).cloned().collect()
            };
            assert_eq!(others(&last), others(&whole.touches), "seed {seed} round {round}");
            for touch in &whole.touches {
                let name = touch.reason().map_or("due", |of| of.as_str());
                *reasons.entry(name).or_insert(0) += 1;
            }
            person.touches = told.touches;
            now = now.plus_ms(random.between(1, 50) * 3_600_000);
        }
    }
    for name in ["due", "budget", "condition", "not_in_segment", "missed", "duplicate_content"] {
        assert!(reasons.contains_key(name), "{name} of {reasons:?}");
    }
}
