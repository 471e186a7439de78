//! How many messages a member gets, counted in periods of the local calendar.

use ledger::{Period, Timestamp, at_local_minute, day_number, from_day_number};

use super::Touch;
use crate::contact::{Channel, Purpose};
use crate::playbook::{Cap, CapPer, Mode, Playbook};
use crate::today::Today;

/// 1970-01-01 was a Thursday: the third day after a Monday.
const THURSDAY: i32 = 3;

/// The channels by which a message counts: the one that took it or is tried first, or all.
fn counted(mode: Mode, channels: &[Channel], took: Option<Channel>) -> Vec<Channel> {
    match (mode, took) {
        (Mode::All, _) => channels.to_vec(),
        (Mode::FirstPossible, Some(channel)) => vec![channel],
        (Mode::FirstPossible, None) => channels.first().copied().into_iter().collect(),
    }
}

/// A message that asks for room, by one of its channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    pub(crate) purpose: Purpose,
    pub(crate) channel: Channel,
    pub(crate) now: Timestamp,
}

fn applies(cap: &Cap, purpose: Purpose, channels: &[Channel]) -> bool {
    cap.purpose.is_none_or(|of| of == purpose)
        && cap.channel.is_none_or(|channel| channels.contains(&channel))
}

/// The first and the last day of the period that a local day lies in.
fn period(per: CapPer, day: i32) -> (i32, i32) {
    match per {
        CapPer::Day => (day, day),
        CapPer::Week => {
            let monday = day.saturating_sub(day.saturating_add(THURSDAY).rem_euclid(7));
            (monday, monday.saturating_add(6))
        }
        CapPer::Month => {
            let date = from_day_number(day);
            let (first, last) = (Period::Month.first_day(date), Period::Month.last_day(date));
            (day_number(first), day_number(last))
        }
    }
}

/// When a message that could go out at `at` is to be asked for again, because a cap has no room:
/// when its next period begins, at the playbook's time. `None` where all have room. `others` are
/// the messages that count.
pub(crate) fn full_until(
    playbook: &Playbook,
    asking: Asking,
    others: &[&Touch],
    at: Timestamp,
    today: Today,
) -> Option<Timestamp> {
    let own = [asking.channel];
    let day = today.day_of(at);
    let last = playbook.caps.iter().find_map(|cap| {
        let (first, last) = period(cap.per, day);
        let counts = |touch: &&&Touch| {
            let channels = counted(touch.mode, &touch.channels, touch.channel);
            (first..=last).contains(&today.day_of(touch.seen_at(asking.now)))
                && applies(cap, touch.purpose, &channels)
        };
        let is_full = || {
            let count = others.iter().filter(counts).count();
            count >= usize::try_from(cap.times).unwrap_or(usize::MAX)
        };
        (applies(cap, asking.purpose, &own) && is_full()).then_some(last)
    })?;
    let next = from_day_number(last.saturating_add(1));
    Some(at_local_minute(next, playbook.send_at.minutes().into(), today.zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_calendar() {
        // 20819 is 2027-01-01, a Friday.
        for (per, day, first, last) in [
            (CapPer::Day, 20_819, 20_819, 20_819),
            (CapPer::Week, 20_819, 20_815, 20_821),
            (CapPer::Week, 20_815, 20_815, 20_821),
            (CapPer::Week, 20_821, 20_815, 20_821),
            (CapPer::Month, 20_819, 20_819, 20_849),
            (CapPer::Month, 20_818, 20_788, 20_818),
        ] {
            assert_eq!(period(per, day), (first, last), "{per:?} {day}");
        }
    }
}
