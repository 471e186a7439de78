//! The question that is asked again when a message is about to be sent: much may have happened
//! since it was decided.

use ledger::Timestamp;

use super::asked::{is_stopped, reachable};
use super::caps::{Asking, full_until};
use super::decide::first_free;
use super::hours::{open_from, windows};
use super::recipient::{Recipient, Terms};
use super::{Reason, Touch};
use crate::contact::Channel;
use crate::playbook::Mode;

/// Whether a message goes out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Send,
    /// Not before this instant, which is before its deadline. Then it is asked again.
    Later(Timestamp),
    /// No.
    Suppress(Reason),
}

/// Whether a touch that is due goes out by a channel now, at the recipient's instant. The reasons
/// are asked in their order. Those of the comparison, of the segment and the condition were settled
/// when it was decided, and so was the budget.
///
/// The recipient has its touches as for a decision; this one among them does no harm. A touch whose
/// strategy is no longer in the playbook is stopped.
#[must_use]
pub fn still_wanted(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    touch: &Touch,
    channel: Channel,
) -> Verdict {
    match ask(terms, recipient, touch, channel) {
        Ok(at) if at > recipient.customer.now => Verdict::Later(at),
        Ok(_) => Verdict::Send,
        Err(reason) => Verdict::Suppress(reason),
    }
}

fn ask(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    touch: &Touch,
    channel: Channel,
) -> Result<Timestamp, Reason> {
    let (now, today) = (recipient.customer.now, recipient.customer.today);
    let strategies = &terms.playbook.strategies;
    let strategy = strategies.iter().find(|one| one.id == touch.key.strategy);
    let strategy = strategy.ok_or(Reason::Stopped)?;
    let others = || recipient.touches.iter().filter(|other| other.key != touch.key);
    let is_own = |other: &&Touch| {
        let is_one = other.key.strategy == touch.key.strategy && other.key.cycle == touch.key.cycle;
        is_one && other.reason().is_none()
    };
    let own = others().filter(is_own).chain([touch]);
    if is_stopped(strategy, recipient, &touch.key, own, now) {
        return Err(Reason::Stopped);
    }
    let channels = [channel];
    reachable(recipient, touch.purpose, &channels)?;
    let due_at = touch.due_at.max(now);
    if now >= touch.deadline_at {
        return Err(Reason::Missed);
    }
    // Those that are due wait for this one and not the other way round.
    let gone: Vec<&Touch> =
        others().filter(|other| other.state.may_have_gone() && other.template.is_some()).collect();
    let asking = Asking { purpose: touch.purpose, mode: Mode::FirstPossible, channels: &channels };
    let full = |at| full_until(terms.playbook, &asking, &gone, at, today);
    first_free(due_at, touch.deadline_at, &Some, &full).ok_or(Reason::Frequency)?;
    let windows = windows(terms, recipient, touch.purpose, &channels);
    let open = |at| open_from(at, &windows, today.zone);
    let at = first_free(due_at, touch.deadline_at, &open, &full).ok_or(Reason::QuietTooLate)?;
    if recipient.is_frozen {
        return Err(Reason::Frozen);
    }
    if recipient.is_erased {
        return Err(Reason::Erased);
    }
    Ok(at)
}
