//! An entry as the event for endpoints. `data` is the same at every attempt; `member` is the
//! member's current state.

use ledger::{Entry, What, Zone};
use serde_json::json;
use store::{MemberSums, entry_json};

/// The event's type.
#[must_use]
pub fn event_type(entry: &Entry) -> &'static str {
    let row = entry.kind().row();
    let says_other = match &entry.what {
        What::ApproveReview(_) => true,
        What::Profile => entry.sequence.0 == 1,
        _ => false,
    };
    row.other_event.filter(|_| says_other).unwrap_or(row.event)
}

/// The body: type, time of recording, the entry as in the API, and the member's current state.
pub(crate) fn body(entry: &Entry, zone: Zone, member: Option<&MemberSums>) -> String {
    let member = member
        .map(|member| json!({"spendable": member.spendable, "pending": member.pending, "language": member.language}));
    let (kind, timestamp) = (event_type(entry), entry.recorded_at.to_string());
    json!({"type": kind, "timestamp": timestamp, "data": entry_json(entry, zone), "member": member})
        .to_string()
}
