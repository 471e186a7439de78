//! How an occasion ended, for the report: what the messages about it brought.

use ledger::Timestamp;

use super::cycle::Cycle;
use super::{State, Touch};
use crate::playbook::Strategy;

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

/// The outcome of an occasion that is over, for a strategy that settles its own. `None` where it
/// does not, and where no message went out: then it is nobody's outcome. `touches` are those of the
/// member.
#[must_use]
pub fn settle(
    strategy: &Strategy,
    cycle: &Cycle,
    touches: &[Touch],
    ended: Ended,
) -> Option<Settled> {
    let settles = strategy.sequence.as_ref().is_some_and(|sequence| sequence.settle);
    let own = |touch: &&Touch| {
        let is_one = touch.key.strategy == strategy.id && touch.key.cycle == *cycle;
        is_one && matches!(touch.state, State::Sent | State::Unknown)
    };
    let sent: Vec<&Touch> = touches.iter().filter(own).collect();
    let first_sent_at = sent.iter().map(|touch| touch.sent_at.unwrap_or(touch.due_at)).min()?;
    settles.then(|| Settled {
        strategy: strategy.id.clone(),
        cycle: cycle.clone(),
        touched: sent.len(),
        first_sent_at,
        has_responded: sent.iter().any(|touch| touch.responded_at.is_some()),
        ended,
    })
}
