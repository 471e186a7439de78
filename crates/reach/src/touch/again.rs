//! The question that is asked again when a message is about to be sent: much may have happened
//! since it was decided.

use ledger::{Timestamp, at_local_minute, from_day_number};

use super::asked::{is_stopped, own_touches, reachable};
use super::caps::{Asking, Counted, Counts, full_until};
use super::decide::first_free;
use super::holdout::{is_held_out, programme_bucket};
use super::hours::{open_from, windows};
use super::plan::last_end;
use super::recipient::{Recipient, Terms};
use super::{Reason, State, Touch};
use crate::contact::{Channel, Purpose};
use crate::playbook::{Mode, Playbook};
use crate::today::Today;

/// Whether a message goes out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Send,
    /// Not before this instant, which is before its deadline, as far as is known now. It is asked
    /// again by [`ask_next()`].
    Later(Timestamp),
    /// No.
    Suppress(Reason),
    /// It went out or may have gone out by this channel, or all have refused it: there is nothing
    /// to send any more.
    Over,
}

/// When a touch that waits until `due_at` is asked next: then, or at the playbook's time of the
/// next day. The room that it waits for may be free earlier, as by another playbook.
#[must_use]
pub fn ask_next(playbook: &Playbook, today: Today, due_at: Timestamp) -> Timestamp {
    let next = from_day_number(today.day.saturating_add(1));
    due_at.min(at_local_minute(next, playbook.send_at.minutes().into(), today.zone))
}

/// Whether a touch goes out by a channel now, at the recipient's instant; without a channel,
/// whether one that only acts does so. One that is due or being sent is asked for, and of one that
/// goes by all its channels the others after the first.
///
/// The reasons are asked in their order. Those of the segment and the condition were settled when
/// it was decided, and so was the budget. Of the comparison, the programme's quarter is asked
/// again: it may be another one. Messages of a higher priority that wait for the same period go
/// first.
///
/// One that waits for room may be asked before it is due. Where there is no room yet it waits on,
/// whatever else is in its way, as that may be gone by then.
///
/// The recipient has its touches as for a decision; this one among them does no harm. A touch whose
/// strategy is no longer in the playbook is stopped.
#[must_use]
pub fn still_wanted(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    touch: &Touch,
    channel: Option<Channel>,
) -> Verdict {
    match touch.state {
        State::Due | State::Sending => {}
        State::Sent | State::Unknown => {
            let is_another = touch.channel.is_some_and(|took| Some(took) != channel);
            if touch.mode == Mode::FirstPossible || !is_another {
                return Verdict::Over;
            }
        }
        State::Failed => return Verdict::Over,
        State::Suppressed(reason) => return Verdict::Suppress(reason),
    }
    let now = recipient.customer.now;
    if let Some(channel) = channel.filter(|_| now < touch.due_at) {
        match room(terms, recipient, touch, channel) {
            Ok(at) if at <= now => {}
            Ok(at) => return Verdict::Later(at),
            Err(_) => return Verdict::Later(touch.due_at),
        }
    }
    match ask(terms, recipient, touch, channel) {
        Ok(at) if at > now => Verdict::Later(at),
        Ok(_) => Verdict::Send,
        Err(reason) => Verdict::Suppress(reason),
    }
}

fn ask(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    touch: &Touch,
    channel: Option<Channel>,
) -> Result<Timestamp, Reason> {
    let (now, today) = (recipient.customer.now, recipient.customer.today);
    let mut strategies = terms.playbook.strategies.iter().zip(&terms.compiled.timings);
    let found = strategies.find(|(one, _)| one.id == touch.key.strategy);
    let (strategy, timing) = found.ok_or(Reason::Stopped)?;
    let others = || recipient.touches.iter().filter(|other| other.key != touch.key);
    let own = own_touches(others(), &touch.key).chain([touch]);
    if is_stopped(strategy, recipient, &touch.key, own, (touch.due_at, now)) {
        return Err(Reason::Stopped);
    }
    if let Some(channel) = channel {
        reachable(recipient, touch.purpose, &[channel])?;
    }
    // The strategy may end earlier by now than it did when this was decided.
    let has_ended = last_end(timing, today).is_some_and(|end| now >= end);
    if now >= touch.deadline_at
        || has_ended
        || others().any(|other| is_overtaken(touch, other, now))
    {
        return Err(Reason::Missed);
    }
    let at = match channel {
        Some(channel) => room(terms, recipient, touch, channel)?,
        None => touch.from_at.max(now),
    };
    if recipient.is_frozen {
        return Err(Reason::Frozen);
    }
    if recipient.is_erased {
        return Err(Reason::Erased);
    }
    let bucket = || programme_bucket(terms.salt, today.day_of(at), recipient.customer.id);
    let is_out = is_held_out(bucket, terms.playbook.holdout_percent);
    if touch.purpose == Purpose::Marketing && is_out {
        return Err(Reason::HoldoutProgramme);
    }
    Ok(at)
}

/// When the message goes out by the channel: in no quiet hours, and where all caps have room.
fn room(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    touch: &Touch,
    channel: Channel,
) -> Result<Timestamp, Reason> {
    let (now, today) = (recipient.customer.now, recipient.customer.today);
    let due_at = touch.from_at.max(now);
    let others = || recipient.touches.iter().filter(|other| other.key != touch.key);
    // Of those that are due, the ones of a lower priority wait for this one.
    let goes_first = |other: &Touch| other.priority > touch.priority && other.deadline_at > now;
    let mut gone = Counts::default();
    let is_gone = |other: &&Touch| other.takes_room(goes_first);
    others().filter(is_gone).for_each(|other| gone.add(Counted::of(other, now, today), None));
    let asking = Asking { purpose: touch.purpose, channel };
    let full = |at| full_until(terms.playbook, asking, (&gone, i64::MIN), at, today);
    first_free(due_at, touch.deadline_at, &Some, &full).ok_or(Reason::Frequency)?;
    let windows = windows(terms, recipient, touch.purpose, &[channel]);
    let open = |at| open_from(at, &windows, today.zone);
    first_free(due_at, touch.deadline_at, &open, &full).ok_or(Reason::QuietTooLate)
}

/// Whether another touch is a later node of the same occasion, and its time has come. The deadline
/// tells so as well, unless the node came into the playbook later.
fn is_overtaken(touch: &Touch, other: &Touch, now: Timestamp) -> bool {
    other.key.strategy == touch.key.strategy
        && other.key.cycle == touch.key.cycle
        && other.key.node > touch.key.node
        && other.reason().is_none()
        && other.due_at <= now
}
