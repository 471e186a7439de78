//! Hours in which nothing is sent.

use ledger::{
    Timestamp, Zone, at_local_minute, day_number, from_day_number, local_date, local_minute,
};

use super::recipient::{Recipient, Terms};
use crate::contact::{Channel, Purpose};
use crate::playbook::Playbook;

const DAY_MINUTES: i64 = 24 * 60;
const MINUTE_MS: i64 = 60_000;
/// More windows than these never open in a row unless they leave no time at all.
const MAX_MOVES: usize = 8;

/// Minutes of the local day in which nothing is sent; over midnight where they end earlier than
/// they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// Marketing by SMS goes out from 08:00 until 22:00, whatever the playbook says.
const SMS_NIGHT: Quiet = Quiet { from: 22 * 60, until: 8 * 60 };

impl Quiet {
    fn has(self, minute: i64) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }

    /// When the window ends that an instant lies in.
    fn end(self, at: Timestamp, zone: Zone) -> Timestamp {
        let minute = local_minute(at, zone);
        let day = day_number(local_date(at, zone));
        let day = if self.until <= minute { day.saturating_add(1) } else { day };
        let end = at_local_minute(from_day_number(day), self.until, zone);
        if end > at {
            return end;
        }
        // The clock was set back, so that this minute comes a second time.
        let left = (self.until - minute).rem_euclid(DAY_MINUTES);
        Timestamp(at.0 - at.0.rem_euclid(MINUTE_MS)).plus_ms(left.max(1) * MINUTE_MS)
    }
}

/// The quiet hours of a message: those of the member, else of the playbook; and the night where it
/// goes out by SMS for marketing.
pub(crate) fn windows(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    purpose: Purpose,
    channels: &[Channel],
) -> Vec<Quiet> {
    let own = recipient.quiet.map(|(from, until)| Quiet { from, until });
    windows_with(own, terms.playbook, purpose, channels)
}

/// The same of members with such quiet hours of their own, or without.
pub(crate) fn windows_with(
    own: Option<Quiet>,
    playbook: &Playbook,
    purpose: Purpose,
    channels: &[Channel],
) -> Vec<Quiet> {
    let of_playbook = playbook.quiet_hours.map(|hours| {
        let minute = |time: crate::playbook::TimeOfDay| i64::from(time.minutes());
        Quiet { from: minute(hours.from), until: minute(hours.until) }
    });
    let is_night = purpose == Purpose::Marketing && channels.contains(&Channel::Sms);
    // No length is no quiet hours, and not all day.
    let told = own.or(of_playbook).filter(|hours| hours.from != hours.until);
    told.into_iter().chain(is_night.then_some(SMS_NIGHT)).collect()
}

/// The first instant after `at`, which lies in none of the windows, at which one of them begins;
/// `None` without windows.
pub(crate) fn closes_after(at: Timestamp, windows: &[Quiet], zone: Zone) -> Option<Timestamp> {
    let today = day_number(local_date(at, zone));
    let begins = |window: &Quiet| {
        let on = |day: i32| at_local_minute(from_day_number(day), window.from, zone);
        [today, today.saturating_add(1)].map(on).into_iter().find(|begin| *begin > at)
    };
    windows.iter().filter_map(begins).min()
}

/// The first instant from `at` on that lies in none of the windows; `None` where there is none.
pub(crate) fn open_from(at: Timestamp, windows: &[Quiet], zone: Zone) -> Option<Timestamp> {
    // Most messages have no windows, and a minute of the local day is slow to come by.
    if windows.is_empty() {
        return Some(at);
    }
    let mut at = at;
    for _ in 0..MAX_MOVES {
        let minute = local_minute(at, zone);
        match windows.iter().find(|window| window.has(minute)) {
            None => return Some(at),
            Some(window) => at = window.end(at, zone),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: Quiet = Quiet { from: 21 * 60, until: 9 * 60 };
    const NOON: Quiet = Quiet { from: 12 * 60, until: 14 * 60 };

    #[test]
    fn windows_end_on_the_wall_clock() {
        for (at, windows, zone, open) in [
            // Over midnight, from both sides of it.
            (
                "2027-01-01T20:59:59+08:00",
                &[NIGHT][..],
                "Asia/Shanghai",
                Some("2027-01-01T12:59:59Z"),
            ),
            ("2027-01-01T21:00:00+08:00", &[NIGHT], "Asia/Shanghai", Some("2027-01-02T01:00:00Z")),
            ("2027-01-01T00:00:00+08:00", &[NIGHT], "Asia/Shanghai", Some("2027-01-01T01:00:00Z")),
            ("2027-01-01T08:59:59+08:00", &[NIGHT], "Asia/Shanghai", Some("2027-01-01T01:00:00Z")),
            ("2027-01-01T09:00:00+08:00", &[NIGHT], "Asia/Shanghai", Some("2027-01-01T01:00:00Z")),
            // Within a day.
            ("2027-01-01T12:00:00+08:00", &[NOON], "Asia/Shanghai", Some("2027-01-01T06:00:00Z")),
            ("2027-01-01T14:00:00+08:00", &[NOON], "Asia/Shanghai", Some("2027-01-01T06:00:00Z")),
            // The night of SMS ends at 08:00, the member's at 09:00.
            (
                "2027-01-01T22:30:00+08:00",
                &[SMS_NIGHT, NIGHT],
                "Asia/Shanghai",
                Some("2027-01-02T01:00:00Z"),
            ),
            (
                "2027-01-01T07:59:00+08:00",
                &[SMS_NIGHT],
                "Asia/Shanghai",
                Some("2027-01-01T00:00:00Z"),
            ),
            (
                "2027-01-01T21:59:59+08:00",
                &[SMS_NIGHT],
                "Asia/Shanghai",
                Some("2027-01-01T13:59:59Z"),
            ),
            // One window begins where the other ends.
            (
                "2027-01-01T12:30:00+08:00",
                &[NOON, Quiet { from: 14 * 60, until: 15 * 60 }],
                "Asia/Shanghai",
                Some("2027-01-01T07:00:00Z"),
            ),
            // Together they leave no time.
            (
                "2027-01-01T12:00:00+08:00",
                &[SMS_NIGHT, Quiet { from: 7 * 60, until: 23 * 60 }],
                "Asia/Shanghai",
                None,
            ),
            // The night on which New York's clocks go forward is an hour shorter, and the one on
            // which they go back an hour longer.
            (
                "2027-03-13T21:30:00-05:00",
                &[NIGHT],
                "America/New_York",
                Some("2027-03-14T13:00:00Z"),
            ),
            (
                "2027-11-06T21:30:00-04:00",
                &[NIGHT],
                "America/New_York",
                Some("2027-11-07T14:00:00Z"),
            ),
            // A window that ends in the hour that is left out ends with the gap.
            (
                "2027-03-14T01:30:00-05:00",
                &[Quiet { from: 60, until: 150 }],
                "America/New_York",
                Some("2027-03-14T07:00:00Z"),
            ),
            // A window that ends in the hour that comes twice ends twice.
            (
                "2027-11-07T01:10:00-04:00",
                &[Quiet { from: 60, until: 90 }],
                "America/New_York",
                Some("2027-11-07T05:30:00Z"),
            ),
            (
                "2027-11-07T01:10:20-05:00",
                &[Quiet { from: 60, until: 90 }],
                "America/New_York",
                Some("2027-11-07T06:30:00Z"),
            ),
            ("2027-01-01T03:00:00+05:45", &[NIGHT], "Asia/Kathmandu", Some("2027-01-01T03:15:00Z")),
            ("2027-01-01T03:00:00Z", &[], "Etc/UTC", Some("2027-01-01T03:00:00Z")),
        ] {
            let zone: Zone = zone.parse().unwrap();
            let found = open_from(Timestamp::parse(at).unwrap(), windows, zone);
            assert_eq!(found.map(|at| at.to_string()).as_deref(), open, "{at} {zone}");
        }
    }
}
