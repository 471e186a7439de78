//! An entry as the event for endpoints. `data` is the same at every attempt; `member` is the
//! member's current state.

use ledger::{Entry, Kind, Zone};
use serde_json::json;
use store::{MemberSums, entry_json};

/// The event's type.
#[must_use]
pub fn event_type(entry: &Entry) -> &'static str {
    match entry.kind {
        Kind::Opening => "member.opened",
        Kind::Earn => "points.earned",
        Kind::Redeem | Kind::Capture => "points.redeemed",
        Kind::Hold => "points.held",
        Kind::Release => "points.released",
        Kind::Reverse => "points.reversed",
        Kind::Repay => "debt.repaid",
        Kind::Request => "adjustment.requested",
        Kind::Approve if entry.adjustment.is_none() => "review.approved",
        Kind::Approve => "adjustment.approved",
        Kind::Reject => "adjustment.rejected",
        Kind::Withdraw => "adjustment.withdrawn",
        Kind::Lapse => "adjustment.lapsed",
        Kind::Adjust => "points.adjusted",
        Kind::Expire => "points.expired",
        Kind::Activate => "points.activated",
        Kind::TierChange => "tier.changed",
        Kind::CouponRedeem => "coupon.redeemed",
        Kind::CouponCancel => "coupon.cancelled",
        Kind::CouponExpire => "coupon.expired",
        Kind::Transfer => "points.transferred",
        Kind::Exchange => "points.exchanged",
        Kind::Merge => "member.merged",
        Kind::Pool => "pool.changed",
        Kind::Erase => "member.erased",
        Kind::Freeze => "account.frozen",
        Kind::Restore => "account.restored",
        Kind::Profile if entry.sequence.0 == 1 => "member.registered",
        Kind::Profile => "member.updated",
        Kind::Remind => "points.expiring",
    }
}

/// The body: type, time of recording, the entry as in the API, and the member's current state.
pub(crate) fn body(entry: &Entry, zone: Zone, member: Option<&MemberSums>) -> String {
    let member = member
        .map(|member| json!({"spendable": member.spendable, "pending": member.pending, "language": member.language}));
    let (kind, timestamp) = (event_type(entry), entry.recorded_at.to_string());
    json!({"type": kind, "timestamp": timestamp, "data": entry_json(entry, zone), "member": member})
        .to_string()
}
