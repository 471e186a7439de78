//! What is asked when a touch is decided, and some of it again when it is sent.

use ledger::Timestamp;

use super::occasion::Followers;
use super::recipient::{Recipient, Terms};
use super::{Cycle, Happening, Key, Occasion, Reason, Touch, ahead};
use crate::contact::{Channel, Purpose, Unreachable, may_reach};
use crate::playbook::{Stop, Strategy, Trigger};

const HOUR_MS: i64 = 3_600_000;

/// Whether the strategy is for the member: the first reason why not.
pub(crate) fn is_for(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    strategy: &Strategy,
) -> Result<(), Reason> {
    let customer = &recipient.customer;
    let is_in = |id: &String| match terms.playbook.segments.contains_key(id) {
        true => terms.compiled.segments.get(id).is_some_and(|when| when.holds(customer)),
        false => recipient.segments.contains(id.as_str()),
    };
    if !strategy.segment.as_ref().is_none_or(is_in) {
        return Err(Reason::NotInSegment);
    }
    match terms.compiled.strategies.get(&strategy.id) {
        Some(when) if !when.holds(customer) => Err(Reason::Condition),
        _ => Ok(()),
    }
}

/// The touches of a strategy about an occasion that count for what stops it: those that were not
/// suppressed, and those that a stop took back after they were decided. So a stop is final.
pub(crate) fn own_touches<'t>(
    all: impl Iterator<Item = &'t Touch> + Clone,
    key: &Key,
) -> impl Iterator<Item = &'t Touch> + Clone {
    all.filter(move |touch| {
        let is_one = touch.key.strategy == key.strategy && touch.key.cycle == key.cycle;
        is_one && matches!(touch.reason(), None | Some(Reason::Stopped))
    })
}

/// Whether no further message about the occasion is to go out at an instant. `own` are the touches
/// of [`own_touches`]; `due_at` is when the message is due: a decision that comes late knows what
/// happened until then.
pub(crate) fn is_stopped<'t>(
    strategy: &Strategy,
    recipient: &Recipient<'_>,
    key: &Key,
    own: impl Iterator<Item = &'t Touch> + Clone,
    (due_at, at): (Timestamp, Timestamp),
) -> bool {
    if ahead::is_gone(recipient, &key.cycle) || is_cancelled(strategy, recipient, &key.cycle) {
        return true;
    }
    let facts = recipient.customer.facts;
    let since = own.clone().map(|touch| touch.decided_at).min();
    let happened = |last: Option<Timestamp>| {
        last.is_some_and(|last| last > due_at || since.is_some_and(|since| last >= since))
    };
    let stops = |stop: &Stop| match stop {
        Stop::Redeemed => happened(facts.last_redeem_at),
        Stop::Ordered => happened(facts.last_order_at),
        Stop::CycleEmpty => false,
    };
    if strategy.stop_when.iter().any(stops) {
        return true;
    }
    let hours = strategy.sequence.as_ref().and_then(|of| of.skip_after_response_hours);
    hours.is_some_and(|hours| {
        let mut responses =
            own.filter(|touch| touch.key.node < key.node).filter_map(|touch| touch.responded_at);
        responses.any(|response| response.plus_ms(i64::from(hours) * HOUR_MS) > at)
    })
}

/// Whether after each time that the member did so on the day of the cycle something followed that
/// must not.
fn is_cancelled(strategy: &Strategy, recipient: &Recipient<'_>, cycle: &Cycle) -> bool {
    let (trigger @ Trigger::Behaviour { behaviour, .. }, Cycle::Day(day)) =
        (&strategy.trigger, cycle)
    else {
        return false;
    };
    let (today, all) = (recipient.customer.today, &recipient.occasions);
    let is_one = |one: &&Occasion| {
        let is_kind = matches!(&one.what, Happening::Behaviour { kind } if kind == behaviour);
        is_kind && today.day_of(one.at) == *day
    };
    let mut done = all.iter().filter(is_one).peekable();
    let followers = Followers::of(trigger, all);
    let is_followed = |one: &Occasion| followers.first(one.at).is_some();
    done.peek().is_some() && done.all(is_followed)
}

/// Those of the channels by which a message may reach the member.
pub(crate) fn reachable(
    recipient: &Recipient<'_>,
    purpose: Purpose,
    channels: &[Channel],
) -> Result<Vec<Channel>, Reason> {
    let (mut open, mut reason) = (Vec::new(), Reason::NoContact);
    for channel in channels {
        let contact = recipient.contacts.get(channel).copied();
        let said = recipient.consents.get(&(purpose, *channel)).copied();
        match may_reach(purpose, contact, said) {
            Ok(()) => open.push(*channel),
            Err(Unreachable::NoContact | Unreachable::Contact) => {}
            Err(Unreachable::Withdrawn | Unreachable::NoConsent) => reason = Reason::NoConsent,
        }
    }
    if open.is_empty() { Err(reason) } else { Ok(open) }
}
