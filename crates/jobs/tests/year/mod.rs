//! A year of the ready-made playbook, from what members do to what reaches vendors: each night and
//! each message against the naive reference, on real databases.
//!
//! Jobs run twice, late, side by side, and are killed between any two statements. Whatever happens,
//! the touches are the same, an SMS goes out once, and each promise of the page of reference holds
//! for what the vendors got. `ACCRUE_HISTORIES` runs another number of years than 1,000, divided by
//! 500; `ACCRUE_HISTORY` runs one seed, or some such as `100..200`. A failure tells it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken test stops the test"
)]

mod life;
mod person;
mod playbook;
mod promises;
mod run;

use std::collections::BTreeMap;

use crate::random::Random;
use life::Year;
use reach::touch::Reason;

fn histories() -> u64 {
    let told = std::env::var("ACCRUE_HISTORIES").map_or(1_000, |text| text.parse().unwrap());
    (told / 500).max(1)
}

#[test]
fn a_year_of_nights_and_messages_is_what_the_naive_reference_says() {
    let told = std::env::var("ACCRUE_HISTORY").ok();
    let number = |text: &str| -> u64 { text.parse().unwrap() };
    let seeds = match told.as_deref().map(|text| text.split_once("..").ok_or(text)) {
        Some(Ok((from, until))) => number(from)..number(until),
        Some(Err(one)) => number(one)..number(one) + 1,
        None => 0..histories(),
    };
    let mut counts = BTreeMap::new();
    for seed in seeds {
        let mut year = Year::begin(seed, Random::new(seed));
        year.live();
        year.assert_promises();
        year.count(&mut counts);
    }
    println!("{counts:?}");
    if told.is_none() {
        let all = [
            "row_1",
            "row_2",
            "row_3",
            "row_4",
            "expiry_ladder",
            "birthday",
            "tier_sprint",
            "tier_up",
            "coupon_ending",
            "again",
            "points_note",
            "last_day",
            "up_soon",
        ];
        for what in all.into_iter().chain(["sms", "grants", "erased", "merged"]) {
            assert!(counts.get(what).is_some_and(|count| *count > 0), "{what}: {counts:?}");
        }
        for reason in Reason::ALL.map(Reason::as_str) {
            let count = counts.get(&format!("reason {reason}")).copied().unwrap_or(0);
            // There are no experiments.
            let is_never = reason == Reason::ArmControl.as_str();
            assert_eq!(count == 0, is_never, "{reason} was seen {count} times: {counts:?}");
        }
    }
}
