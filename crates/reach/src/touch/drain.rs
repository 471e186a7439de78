//! Whether accounts of vendors are fast enough: when all that is due by a channel has gone, and how
//! much of it comes too late.
//!
//! The order is that in which messages are sent: the highest priority, then what has the least
//! time (to the hour), then what waits longest. The speed is that of the account's token bucket.
//! Requests that fail or are slow, and members' own quiet hours, are not known before.

use std::cmp::Reverse;

use ledger::{Timestamp, Zone};

use super::Touch;
use super::hours::{closes_after, open_from, windows_with};
use crate::contact::{Channel, Purpose};
use crate::playbook::{Mode, Playbook};

const HOUR_MS: i64 = 3_600_000;
/// Messages of five minutes are alike, so that a million of them are few loads.
const GRAIN_MS: i64 = 300_000;
/// Times between quiet hours that are looked at: those of a year.
const MAX_SPANS: usize = 800;

/// Messages that are alike for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Load {
    /// By which channel.
    pub channel: Channel,
    /// The priority of their strategy.
    pub priority: i64,
    /// Whether they are for service. Marketing by SMS has hours of its own.
    pub is_service: bool,
    /// From when on they may go.
    pub due_at: Timestamp,
    /// From when on they are too late for this channel.
    pub until_at: Timestamp,
}

/// How fast an account sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed {
    /// Messages a second.
    pub per_second: i64,
    /// Messages that go at once after a rest.
    pub burst: i64,
}

/// What becomes of all loads of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// How many messages there are.
    pub messages: i64,
    /// For how many seconds the account sends if all of them go.
    pub seconds: i64,
    /// How many seconds there are in which at least one may go.
    pub open_seconds: i64,
    /// When the last one goes that is in time; `None` where none is.
    pub drained_at: Option<Timestamp>,
    /// How many are too late.
    pub late: i64,
}

impl Load {
    /// Those of a touch that is due, one for each of its messages; of `first_possible` for the
    /// channel that is tried first, the first that has an account.
    #[must_use]
    pub fn of(touch: &Touch, has_account: impl Fn(Channel) -> bool) -> Vec<Self> {
        let load = |channel: Channel, until_at: Timestamp| {
            let (due_at, until_at) = rounded(touch.due_at, until_at);
            let is_service = touch.purpose == Purpose::Service;
            Self { channel, priority: touch.priority, is_service, due_at, until_at }
        };
        let channels = &touch.channels;
        match touch.mode {
            Mode::All => channels.iter().map(|channel| load(*channel, touch.deadline_at)).collect(),
            Mode::FirstPossible => {
                let first = channels.iter().position(|channel| has_account(*channel)).unwrap_or(0);
                let is_last = first.saturating_add(1) == channels.len();
                let wait_ms = i64::from(touch.wait_hours).saturating_mul(HOUR_MS);
                let turn = touch.deadline_at.min(touch.due_at.plus_ms(wait_ms));
                let until_at = if is_last { touch.deadline_at } else { turn };
                channels.get(first).map(|channel| load(*channel, until_at)).into_iter().collect()
            }
        }
    }

    /// The times in which they may go, one after the other.
    fn spans(&self, playbook: &Playbook, zone: Zone) -> Vec<(Timestamp, Timestamp)> {
        let purpose = if self.is_service { Purpose::Service } else { Purpose::Marketing };
        let windows = windows_with(None, playbook, purpose, &[self.channel]);
        let (mut spans, mut at) = (Vec::new(), self.due_at);
        while spans.len() < MAX_SPANS
            && let Some(opens) = open_from(at, &windows, zone)
            && opens < self.until_at
        {
            let closes = closes_after(opens, &windows, zone);
            let closes = closes.map_or(self.until_at, |closes| closes.min(self.until_at));
            spans.push((opens, closes));
            at = closes;
        }
        spans
    }
}

/// Later or earlier by less than five minutes, so that nothing is told to be in time that is not.
fn rounded(due_at: Timestamp, until_at: Timestamp) -> (Timestamp, Timestamp) {
    let due = due_at.0.saturating_add(GRAIN_MS - 1).div_euclid(GRAIN_MS).saturating_mul(GRAIN_MS);
    let until = until_at.0.div_euclid(GRAIN_MS).saturating_mul(GRAIN_MS);
    if due < until { (Timestamp(due), Timestamp(until)) } else { (due_at, until_at) }
}

/// A load as it is sent.
struct Sending {
    left: i64,
    spans: Vec<(Timestamp, Timestamp)>,
    /// The first span that is not over.
    place: usize,
}

impl Sending {
    /// Whether some are left that may go at an instant. Instants do not go back.
    fn may_go(&mut self, at: Timestamp) -> bool {
        while self.spans.get(self.place).is_some_and(|(_, closes)| *closes <= at) {
            self.place += 1;
        }
        self.left > 0 && self.spans.get(self.place).is_some_and(|(opens, _)| *opens <= at)
    }
}

/// When an account has sent its loads, each with how many messages it has, and how many of them
/// come too late. The account begins after a rest.
#[must_use]
pub fn drain(loads: &[(Load, i64)], speed: Speed, playbook: &Playbook, zone: Zone) -> Drained {
    let mut ordered: Vec<&(Load, i64)> = loads.iter().collect();
    ordered.sort_by_key(|(load, _)| {
        (Reverse(load.priority), load.until_at.0.div_euclid(HOUR_MS), load.due_at, load.until_at)
    });
    let sending = ordered.into_iter().map(|(load, count)| Sending {
        left: (*count).max(0),
        spans: load.spans(playbook, zone),
        place: 0,
    });
    let mut sending: Vec<Sending> = sending.collect();
    let messages = sending.iter().fold(0_i64, |sum, one| sum.saturating_add(one.left));
    let per_second = speed.per_second.max(1);
    let full_milli = speed.burst.max(1).saturating_mul(1_000);
    let mut spans: Vec<_> = sending.iter().flat_map(|one| one.spans.iter().copied()).collect();
    spans.sort();
    let open_seconds = together_ms(&spans).div_euclid(1_000);
    let mut bounds: Vec<Timestamp> =
        spans.into_iter().flat_map(|(opens, closes)| [opens, closes]).collect();
    bounds.sort();
    bounds.dedup();
    let (mut left_milli, mut drained_at) = (full_milli, None);
    for (from, to) in bounds.iter().zip(bounds.iter().skip(1)) {
        // One message a second is one thousandth of a message a millisecond.
        let filled = to.0.saturating_sub(from.0).saturating_mul(per_second);
        let most_milli = left_milli.saturating_add(filled);
        let mut used_milli = 0_i64;
        for one in &mut sending {
            if !one.may_go(*from) {
                continue;
            }
            let goes = one.left.min((most_milli - used_milli).div_euclid(1_000));
            if goes > 0 {
                used_milli = used_milli.saturating_add(goes.saturating_mul(1_000));
                one.left -= goes;
                let waited = used_milli.saturating_sub(left_milli).max(0);
                let took_ms = waited.saturating_add(per_second - 1).div_euclid(per_second);
                drained_at = drained_at.max(Some(from.plus_ms(took_ms)));
            }
        }
        left_milli = full_milli.min(most_milli - used_milli);
    }
    Drained {
        messages,
        seconds: messages.saturating_add(per_second - 1).div_euclid(per_second),
        open_seconds,
        drained_at,
        late: sending.iter().fold(0_i64, |sum, one| sum.saturating_add(one.left)),
    }
}

/// How long spans, in order of their beginnings, last together.
fn together_ms(spans: &[(Timestamp, Timestamp)]) -> i64 {
    let (mut sum, mut end) = (0_i64, Timestamp(i64::MIN));
    for (opens, closes) in spans {
        let from = end.max(*opens);
        sum = sum.saturating_add(closes.0.saturating_sub(from.0).max(0));
        end = end.max(*closes);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{text}+08:00")).unwrap()
    }

    fn load(channel: Channel, priority: i64, due: &str, until: &str) -> Load {
        let (due_at, until_at) = (at(due), at(until));
        Load { channel, priority, is_service: true, due_at, until_at }
    }

    fn marketing(due: &str, until: &str) -> Load {
        Load { is_service: false, ..load(Channel::Sms, 0, due, until) }
    }

    #[test]
    fn accounts_drain_by_their_speed_until_the_deadline() {
        let (ten, next) = ("2027-03-10T10:00:00", "2027-03-11T10:00:00");
        let push = |priority, due, until| load(Channel::Push, priority, due, until);
        let quiet = json!({"from": "21:00", "until": "09:00"});
        let none = Json::Null;
        // Loads, messages a second and burst, quiet hours; then seconds, open hours, when, late.
        type Case<'a> = (Vec<(Load, i64)>, (i64, i64), &'a Json, (i64, i64), Option<&'a str>, i64);
        let cases: Vec<Case<'_>> = vec![
            (vec![], (20, 20), &quiet, (0, 0), None, 0),
            // What the burst takes goes at once.
            (vec![(push(0, ten, next), 20)], (20, 20), &quiet, (1, 12), Some(ten), 0),
            (
                vec![(push(0, ten, next), 100)],
                (20, 20),
                &quiet,
                (5, 12),
                Some("2027-03-10T10:00:04"),
                0,
            ),
            // Eleven hours until 21:00, then from 09:00 on.
            (
                vec![(push(0, ten, next), 820_000)],
                (20, 20),
                &quiet,
                (41_000, 12),
                Some("2027-03-11T09:23:18"),
                0,
            ),
            // Twelve hours are 43,200 seconds; the burst is full again after the night.
            (
                vec![(push(0, ten, next), 1_000_000)],
                (20, 20),
                &quiet,
                (50_000, 12),
                Some(next),
                1_000_000 - 12 * 3_600 * 20 - 40,
            ),
            // Without quiet hours there is a day.
            (
                vec![(push(0, ten, next), 1_000_000)],
                (20, 20),
                &none,
                (50_000, 24),
                Some("2027-03-10T23:53:19"),
                0,
            ),
            // Marketing by SMS has 08:00 until 22:00 whatever the playbook says.
            (
                vec![(marketing(ten, next), 60_000)],
                (1, 1),
                &none,
                (60_000, 14),
                Some(next),
                60_000 - 14 * 3_600 - 2,
            ),
            // The higher priority goes first, though it has more time.
            (
                vec![
                    (push(0, ten, "2027-03-10T11:00:00"), 3_600),
                    (push(5, ten, "2027-03-10T15:00:00"), 1_800),
                ],
                (1, 1),
                &none,
                (5_400, 5),
                Some("2027-03-10T11:00:00"),
                1_799,
            ),
            // Of one priority that goes first which has less time: all are in time.
            (
                vec![
                    (push(0, ten, "2027-03-10T15:00:00"), 1_800),
                    (push(0, ten, "2027-03-10T11:00:00"), 3_600),
                ],
                (1, 1),
                &none,
                (5_400, 5),
                Some("2027-03-10T11:29:59"),
                0,
            ),
            // What is due later is not waited for.
            (
                vec![
                    (push(9, "2027-03-10T11:00:00", "2027-03-10T12:00:00"), 600),
                    (push(0, ten, "2027-03-10T13:00:00"), 3_700),
                ],
                (1, 1),
                &none,
                (4_300, 3),
                Some("2027-03-10T11:11:39"),
                0,
            ),
            // Quiet hours last until it is too late.
            (
                vec![(push(0, "2027-03-10T20:50:00", "2027-03-11T09:00:00"), 1_000)],
                (1, 1),
                &quiet,
                (1_000, 0),
                Some("2027-03-10T21:00:00"),
                1_000 - 601,
            ),
            // Nothing is open.
            (
                vec![(push(0, "2027-03-10T22:00:00", "2027-03-11T08:00:00"), 7)],
                (1, 1),
                &quiet,
                (7, 0),
                None,
                7,
            ),
        ];
        for (place, (loads, (per_second, burst), quiet, times, drained, late)) in
            cases.into_iter().enumerate()
        {
            let playbook: Playbook = serde_json::from_value(json!({"quiet_hours": quiet})).unwrap();
            let zone = "Asia/Shanghai".parse().unwrap();
            let found = drain(&loads, Speed { per_second, burst }, &playbook, zone);
            assert_eq!(found.messages, loads.iter().map(|(_, count)| count).sum::<i64>());
            assert_eq!((found.seconds, found.open_seconds / 3_600), times, "case {place}");
            assert_eq!(found.drained_at, drained.map(at), "case {place}");
            assert_eq!(found.late, late, "case {place}");
        }
    }

    #[test]
    fn what_is_in_time_is_never_told_too_early() {
        for (due, until, rounded_to) in [
            ("2027-03-10T10:00:00", "2027-03-10T11:00:00", None),
            (
                "2027-03-10T10:00:01",
                "2027-03-10T10:59:59",
                Some(("2027-03-10T10:05:00", "2027-03-10T10:55:00")),
            ),
            // There would be no time left.
            ("2027-03-10T10:01:00", "2027-03-10T10:07:00", None),
        ] {
            let (from, to) = rounded_to.unwrap_or((due, until));
            assert_eq!(rounded(at(due), at(until)), (at(from), at(to)), "{due}");
        }
    }
}
