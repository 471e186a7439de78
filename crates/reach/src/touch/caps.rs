//! How many messages a member gets, counted in periods of the local calendar.

use ledger::{Period, Timestamp, at_local_minute, day_number, from_day_number};

use super::Touch;
use crate::contact::{Channel, Purpose};
use crate::playbook::{Cap, CapPer, Mode, Playbook};
use crate::today::Today;

/// How often a message waits for the next period at most.
const MAX_MOVES: usize = 64;
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

/// A message that asks for room.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) mode: Mode,
    pub(crate) channels: &'a [Channel],
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

/// When a message that could go out at `at` has room under all caps: at once, or when the next
/// period begins, at the playbook's time. `others` are the messages that count.
pub(crate) fn room_from<'t>(
    playbook: &Playbook,
    asking: &Asking<'_>,
    others: &[&'t Touch],
    at: Timestamp,
    today: Today,
) -> Timestamp {
    let own = counted(asking.mode, asking.channels, None);
    let caps: Vec<&Cap> =
        playbook.caps.iter().filter(|cap| applies(cap, asking.purpose, &own)).collect();
    let mut at = at;
    for _ in 0..MAX_MOVES {
        let day = today.day_of(at);
        let full = caps.iter().find_map(|cap| {
            let (first, last) = period(cap.per, day);
            let counts = |touch: &&&'t Touch| {
                let channels = counted(touch.mode, &touch.channels, touch.channel);
                (first..=last).contains(&today.day_of(touch.seen_at()))
                    && applies(cap, touch.purpose, &channels)
            };
            let count = others.iter().filter(counts).count();
            (count >= usize::try_from(cap.times).unwrap_or(usize::MAX)).then_some(last)
        });
        let Some(last) = full else { break };
        let next = from_day_number(last.saturating_add(1));
        at = at_local_minute(next, playbook.send_at.minutes().into(), today.zone);
    }
    at
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
