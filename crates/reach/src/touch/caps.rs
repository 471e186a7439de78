//! How many messages a member gets, counted in periods of the local calendar.

use ledger::{Period, Timestamp, at_local_minute, day_number, from_day_number};

use super::Touch;
use crate::contact::{Channel, Purpose};
use crate::playbook::{Cap, CapPer, Mode, Playbook};
use crate::today::Today;

/// 1970-01-01 was a Thursday: the third day after a Monday.
const THURSDAY: i32 = 3;

/// A message that takes room: on which local day, and by which channels it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    day: i32,
    purpose: Purpose,
    /// A bit for each channel.
    channels: u32,
}

impl Counted {
    /// It counts by the channel that took it or is tried first, or by all.
    pub(crate) fn of(touch: &Touch, now: Timestamp, today: Today) -> Self {
        let channels = match (touch.mode, touch.channel) {
            (Mode::All, _) => touch.channels.iter().fold(0, |bits, of| bits | bit(*of)),
            (Mode::FirstPossible, Some(channel)) => bit(channel),
            (Mode::FirstPossible, None) => touch.channels.first().map_or(0, |of| bit(*of)),
        };
        Self { day: today.day_of(touch.seen_at(now)), purpose: touch.purpose, channels }
    }
}

fn bit(channel: Channel) -> u32 {
    1 << (channel as u32)
}

/// A message that asks for room, by one of its channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    pub(crate) purpose: Purpose,
    pub(crate) channel: Channel,
}

fn applies(cap: &Cap, purpose: Purpose, channels: u32) -> bool {
    cap.purpose.is_none_or(|of| of == purpose)
        && cap.channel.is_none_or(|channel| channels & bit(channel) != 0)
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
    others: &[Counted],
    at: Timestamp,
    today: Today,
) -> Option<Timestamp> {
    // Most members have got nothing lately, and a local day is slow to come by.
    if others.is_empty() && playbook.caps.iter().all(|cap| cap.times > 0) {
        return None;
    }
    let own = bit(asking.channel);
    let day = today.day_of(at);
    let last = playbook.caps.iter().find_map(|cap| {
        let (first, last) = period(cap.per, day);
        let counts = |other: &&Counted| {
            (first..=last).contains(&other.day) && applies(cap, other.purpose, other.channels)
        };
        let is_full = || {
            let count = others.iter().filter(counts).count();
            count >= usize::try_from(cap.times).unwrap_or(usize::MAX)
        };
        (applies(cap, asking.purpose, own) && is_full()).then_some(last)
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
