//! Chooses the events that go out together.
//!
//! The events of a wave travel side by side. A wave holds at most one event of a member, so a
//! member's events arrive in order. Later events of a member are parked behind one that was not
//! accepted; other members go on.

use std::collections::HashSet;

use store::{OpenEvent, Parked, Parking};

/// Max events side by side.
pub(crate) const WIDTH: usize = 16;

/// Events that go out together.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Events to send. The first `again` of them are parked already.
    pub(crate) events: Vec<OpenEvent>,
    pub(crate) again: usize,
    /// Events to park unsent, behind others of their members.
    pub(crate) waiting: Vec<Parked>,
    /// The last entry number that this wave covers.
    pub(crate) position: i64,
}

/// New events, and the entry numbers that they cover: from `from` to `until` once all are done.
pub(crate) struct Stream {
    pub(crate) events: Vec<OpenEvent>,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Outgoing {
    /// Fills a wave of `width`: first the due retries, then new events in order, up to the first
    /// that has to wait for its turn.
    pub(crate) fn fill(due: Vec<OpenEvent>, stream: Stream, width: usize) -> Self {
        let mut wave = Self { position: stream.from, ..Self::default() };
        let mut members = HashSet::new();
        for event in due {
            if wave.events.len() < width && members.insert(event.member_no) {
                wave.events.push(event);
            }
        }
        wave.again = wave.events.len();
        for event in stream.events {
            if event.blocked {
                wave.position = event.entry_no;
                wave.waiting.push(parked(&event, Parking::Waiting, event.attempts, String::new()));
            } else if wave.events.len() < width && members.insert(event.member_no) {
                wave.position = event.entry_no;
                wave.events.push(event);
            } else {
                return wave;
            }
        }
        wave.position = stream.until;
        wave
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.waiting.is_empty()
    }
}

pub(crate) fn parked(
    event: &OpenEvent,
    parking: Parking,
    attempts: i64,
    last_error: String,
) -> Parked {
    Parked { entry_no: event.entry_no, member_no: event.member_no, parking, attempts, last_error }
}
