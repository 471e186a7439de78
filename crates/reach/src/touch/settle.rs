//! How an occasion ended, for the report: what the messages about it brought.

use ledger::Timestamp;

use super::cycle::Cycle;
use super::{State, Touch};
use crate::playbook::Strategy;
use crate::today::Today;

/// The local day on which the occasion of a touch is over, where its strategy settles: the last day
/// of what ends, else that of the last message. Touches about one occasion may say different days
/// where nothing ends; the last of them counts.
#[must_use]
pub fn settles_on(strategy: &Strategy, touch: &Touch, today: Today) -> Option<i32> {
    strategy.sequence.as_ref().filter(|sequence| sequence.settle)?;
    if let Cycle::End(at) | Cycle::Tier(at) = touch.key.cycle {
        return Some(today.day_of(at.plus_ms(-1)));
    }
    // From the day of the occasion, on which a date and a coupon end.
    let last = strategy.offsets().last().copied().unwrap_or(0).max(0);
    let of_last = today.day_of(touch.due_at).saturating_add(last.saturating_sub(touch.key.node));
    Some(of_last.max(today.day_of(touch.deadline_at.plus_ms(-1))))
}

/// How it ended for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Points that the member spent since the first message about it was decided.
    pub redeemed: i64,
    /// Points that ended with it.
    pub expired: i64,
}

/// An occasion that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The strategy.
    pub strategy: String,
    /// The occasion.
    pub cycle: Cycle,
    /// How many messages went out, or may have gone out.
    pub touched: usize,
    /// When the first one did.
    pub first_sent_at: Timestamp,
    /// Whether the member responded to one.
    pub has_responded: bool,
    /// How it ended.
    pub ended: Ended,
}

/// The outcome of an occasion that is over, for a strategy that settles its own. `None` where no
/// message went out: then it is nobody's outcome. `touches` are those of the member.
#[must_use]
pub fn settle(strategy: &str, cycle: &Cycle, touches: &[Touch], ended: Ended) -> Option<Settled> {
    let own = |touch: &&Touch| {
        let is_one = touch.key.strategy == strategy && touch.key.cycle == *cycle;
        is_one && matches!(touch.state, State::Sent | State::Unknown)
    };
    let sent: Vec<&Touch> = touches.iter().filter(own).collect();
    let first_sent_at = sent.iter().map(|touch| touch.sent_at.unwrap_or(touch.due_at)).min()?;
    Some(Settled {
        strategy: strategy.to_owned(),
        cycle: cycle.clone(),
        touched: sent.len(),
        first_sent_at,
        has_responded: sent.iter().any(|touch| touch.responded_at.is_some()),
        ended,
    })
}
