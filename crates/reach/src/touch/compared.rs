//! Which touches are compared to tell what a strategy brings.
//!
//! A member who is held out is asked a second time, as if nobody were. So both sides are chosen by
//! the same question, at the same time, and what is not known of one side is not known of the
//! other.

use std::collections::HashMap;

use ledger::Timestamp;

use super::{Key, Reason, Touch};

/// What results need of a touch beside itself: as it was decided, whatever becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// When the member was to see it, or would have.
    pub at: Timestamp,
    /// Whether the member was to get it, or would have but for a holdout or for a lack of room:
    /// members who get no message at all have more room in caps.
    pub is_compared: bool,
}

/// What results need of touches that were decided about a member. `otherwise` is what is decided
/// about it where nobody is held out.
#[must_use]
pub fn planned(touches: &[Touch], otherwise: &[Touch]) -> Vec<Planned> {
    let otherwise: HashMap<&Key, &Touch> =
        otherwise.iter().map(|touch| (&touch.key, touch)).collect();
    let of = |touch: &Touch| {
        let is_held_out = touch.reason().is_some_and(Reason::is_held_out);
        let asked = if is_held_out { otherwise.get(&touch.key).copied() } else { Some(touch) };
        let due_at = asked.map_or(touch.due_at, |asked| asked.due_at);
        let is_compared = asked.is_some_and(|asked| asked.reason().is_none_or(Reason::lacks_room));
        Planned { at: due_at.max(touch.decided_at), is_compared }
    };
    touches.iter().map(of).collect()
}
