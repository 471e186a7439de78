//! How many messages a member gets, counted in periods of the local calendar.

use std::cell::Cell;
use std::collections::BTreeMap;

use ledger::{Period, Timestamp, at_local_minute, day_number, from_day_number};

use super::Touch;
use crate::contact::{Channel, Purpose};
use crate::playbook::{Cap, CapPer, Mode, Playbook};
use crate::today::Today;

/// 1970-01-01 was a Thursday: the third day after a Monday.
const THURSDAY: i32 = 3;

/// Messages that take room, by the local day on which they count.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    days: BTreeMap<i32, Vec<Alike>>,
    looked_at: Cell<u64>,
}

/// Messages of a day that count alike.
#[derive(Debug)]
struct Alike {
    purpose: Purpose,
    channels: u32,
    /// The priority of those that wait for their time; of others `None`.
    waits: Option<i64>,
    count: usize,
}

impl Counts {
    /// Adds a message; where it waits, with its priority.
    pub(crate) fn add(&mut self, of: Counted, waits: Option<i64>) {
        let Counted { day, purpose, channels } = of;
        let alike = self.days.entry(day).or_default();
        let is_like =
            |one: &&mut Alike| (one.purpose, one.channels, one.waits) == (purpose, channels, waits);
        match alike.iter_mut().find(is_like) {
            Some(one) => one.count += 1,
            None => alike.push(Alike { purpose, channels, waits, count: 1 }),
        }
    }

    /// How many count for a cap in a period, of those that wait the ones from a priority on.
    fn of(&self, cap: &Cap, (first, last): (i32, i32), priority: i64) -> usize {
        let mut looked_at = self.looked_at.get();
        let alike = self.days.range(first..=last).flat_map(|(_, alike)| alike);
        let alike = alike.inspect(|_| looked_at += 1);
        let counts = |one: &&Alike| {
            one.waits.is_none_or(|own| own >= priority) && applies(cap, one.purpose, one.channels)
        };
        let count = alike.filter(counts).map(|one| one.count).sum();
        self.looked_at.set(looked_at);
        count
    }

    fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// How many groups of messages were looked at.
    pub(crate) fn looked_at(&self) -> u64 {
        self.looked_at.get()
    }
}

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
/// the messages that count, of those that wait the ones from a priority on.
pub(crate) fn full_until(
    playbook: &Playbook,
    asking: Asking,
    (others, priority): (&Counts, i64),
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
        let most = usize::try_from(cap.times).unwrap_or(usize::MAX);
        let is_full = || others.of(cap, (first, last), priority) >= most;
        (applies(cap, asking.purpose, own) && is_full()).then_some(last)
    })?;
    let next = from_day_number(last.saturating_add(1));
    Some(at_local_minute(next, playbook.send_at.minutes().into(), today.zone))
}

/// Whether a touch takes room of a cap in a period that is not over at an instant.
#[must_use]
pub fn takes_room_of_caps(
    playbook: &Playbook,
    touch: &Touch,
    (now, today): (Timestamp, Today),
) -> bool {
    if playbook.caps.is_empty() || !touch.takes_room(|_| true) {
        return false;
    }
    let Counted { day, purpose, channels } = Counted::of(touch, now, today);
    let is_open = |cap: &Cap| day >= period(cap.per, today.day).0;
    playbook.caps.iter().any(|cap| applies(cap, purpose, channels) && is_open(cap))
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
