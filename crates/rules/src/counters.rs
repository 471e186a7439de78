//! How many counters a member's row keeps: they travel with every entry of the member, so their
//! number is bounded.
//!
//! Of one counter the newest periods stay; what nothing asks for any more goes once there are many.
//! What a counter counts is the business of `limits`.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use ledger::{Count, Member, Timestamp, Zone, day_number, from_day_number, start_of_day};

use crate::limits::{CAP, GRANT, HOUR_MS, STREAK, VELOCITY};
use crate::rulebook::Rulebook;

/// Counters, each period by itself, that a member has room for: about 40 bytes each.
const MAX_COUNTERS: usize = 2_000;
/// From so many on a look is taken at what can go.
const MANY_COUNTERS: usize = 500;
/// Periods of one counter that stay, where few others need the room.
const MAX_PERIODS: usize = 100;

/// The first period of a counter that stays when it is counted once more, in that period.
pub(crate) fn first_kept(member: &Member, counter: &str, period: i32) -> i32 {
    if member.counters.len() < MAX_PERIODS {
        return i32::MIN;
    }
    let room = (MAX_COUNTERS / names(member).len().max(1)).clamp(2, MAX_PERIODS);
    let mut periods: Vec<i32> =
        member.counters.iter().filter(|c| c.name == counter).map(|c| c.period).collect();
    periods.sort_unstable();
    let comes = usize::from(periods.binary_search(&period).is_err());
    let gone = (periods.len() + comes).saturating_sub(room);
    if gone == 0 { i32::MIN } else { periods.get(gone).copied().unwrap_or(i32::MIN) }
}

/// Counters that nothing asks for any more: all their periods are over, or the rulebook has dropped
/// what they count.
pub(crate) fn forgotten(
    book: &Rulebook,
    member: &Member,
    oldest: (Timestamp, NaiveDate),
) -> Vec<Count> {
    if member.counters.len() <= MANY_COUNTERS {
        return Vec::new();
    }
    let is_needed = |name: &str| {
        let Some(first) = first_needed(name, oldest) else { return is_known(book, name) };
        member.counters.iter().any(|counter| counter.name == name && counter.period >= first)
    };
    names(member)
        .into_iter()
        .filter(|name| !is_needed(name))
        .map(|name| Count::forget(name.to_owned()))
        .collect()
}

/// When a period of that counter begins.
pub(crate) fn starts(counter: &str, period: i32, zone: Zone) -> Timestamp {
    if counter.ends_with(":hour") {
        return Timestamp(i64::from(period).saturating_mul(HOUR_MS));
    }
    start_of_day(from_day_number(period), zone)
}

fn names(member: &Member) -> BTreeSet<&str> {
    member.counters.iter().map(|counter| counter.name.as_str()).collect()
}

/// The first period of the counter that an event may still count in; `None` where it counts for
/// life.
fn first_needed(name: &str, (at, date): (Timestamp, NaiveDate)) -> Option<i32> {
    match name.rsplit_once(':').map(|(_, per)| per) {
        Some("hour") => i32::try_from(at.0.div_euclid(HOUR_MS)).ok(),
        Some("day") => Some(day_number(date)),
        Some("month") => Some(day_number(ledger::Period::Month.first_day(date))),
        Some("year") => Some(day_number(ledger::Period::Year.first_day(date))),
        _ if name.starts_with(STREAK) => Some(day_number(date).saturating_sub(1)),
        _ => None,
    }
}

/// Whether the rulebook still has what a counter counts for life.
fn is_known(book: &Rulebook, name: &str) -> bool {
    let subject = |prefix: &str| {
        name.strip_prefix(prefix).map(|rest| rest.rsplit_once(':').map_or(rest, |(of, _)| of))
    };
    if let Some(rule) = subject("rule:").or(subject(CAP)) {
        return book.rules.iter().any(|known| known.id == rule);
    }
    if let Some(event) = subject("event:").or(subject(VELOCITY)) {
        return event == "purchase" || book.actions.contains_key(event);
    }
    if let Some(grant) = subject(GRANT) {
        return book.document.grants.contains_key(grant);
    }
    true
}

#[cfg(test)]
mod tests {
    use ledger::{Counter, MemberId};

    use super::*;

    fn member(counters: &[(&str, std::ops::Range<i32>)]) -> Member {
        let mut member = Member::new(MemberId::new("m").unwrap());
        for (name, periods) in counters {
            let counter =
                |period| Counter { name: (*name).to_owned(), period, times: 1, points: 0 };
            member.counters.extend(periods.clone().map(counter));
        }
        member
    }

    #[test]
    fn the_newest_periods_stay() {
        for (counters, kept) in [
            (vec![("a:day", 0..99)], i32::MIN),
            (vec![("a:day", 0..99), ("b:day", 0..1)], i32::MIN),
            (vec![("a:day", 0..100)], 1),
            (vec![("a:day", 0..150)], 51),
            (vec![("a:day", 0..3), ("b:day", 0..1_000)], i32::MIN),
        ] {
            assert_eq!(first_kept(&member(&counters), "a:day", 10_000), kept, "{counters:?}");
        }
        assert_eq!(
            first_kept(&member(&[("a:day", 0..100)]), "a:day", 50),
            i32::MIN,
            "no room is made for what is there"
        );
        // A thousand counters leave room for two periods of each.
        let names: Vec<String> = (0..1_000).map(|n| format!("cap:{n}:day")).collect();
        let crowd: Vec<_> = names.iter().map(|name| (name.as_str(), 0..2)).collect();
        assert_eq!(first_kept(&member(&crowd), "cap:7:day", 2), 1);
    }
}
