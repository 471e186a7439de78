//! Refusals in words, for people.

use std::fmt;

use super::Refusal;
use crate::journal::{MOST_LOTS, MOST_NEW_LOTS};

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberIdRefused => f.write_str(
                "No member can have this id: it is not of the programme's pattern, or looks like a formula, a path, or a number that a spreadsheet has cut.",
            ),
            Self::MemberNotFound => f.write_str("This programme has no such member."),
            Self::MemberMerged { into } => write!(f, "The account became part of member {into}."),
            Self::MemberErased => f.write_str("The person was forgotten; the account is closed."),
            Self::CounterpartyNotFound => f.write_str("There is no such other member."),
            Self::ReferenceNotFound => f.write_str("Nothing of the member bears this reference."),
            Self::HoldNotFound => f.write_str("This programme has no such hold."),
            Self::RewardNotFound => f.write_str("The catalogue has no such reward."),
            Self::CouponNotFound => f.write_str("This programme has no such coupon."),
            Self::RequestNotFound => f.write_str("This programme has no such request or review."),
            Self::HoldResolved => f.write_str("The hold was captured, released or timed out before."),
            Self::ReferenceAlreadyUsed { .. } => {
                f.write_str("This reference was recorded before under another idempotency key; nothing was done again.")
            }
            Self::ReferenceOfAnother { .. } => f.write_str(
                "This reference was recorded for another member; nothing was done. Name the store, or undo the other record first.",
            ),
            Self::ReferenceAmbiguous { .. } => {
                f.write_str("The member has several of this reference; name the store that the one meant is from.")
            }
            Self::MemberFrozen { side } => write!(f, "The account is frozen for {side}."),
            Self::SameMember => f.write_str("Both members are the same."),
            Self::ItemsOpen => f.write_str(
                "The member has holds, requests, reviews or points that wait for an activation, or belongs to a pool; end that first.",
            ),
            Self::NotHead => f.write_str("Only the head of the pool, its first member, invites others to it."),
            Self::NotInvited => f.write_str("The head of the pool has not invited this member within the last seven days."),
            Self::AliasTaken { kind } => write!(f, "Another member is known by this {kind}."),
            Self::ProfileChanged => f.write_str("Somebody else has changed it; read it again."),
            Self::TransfersNotOffered => f.write_str("The rulebook lets nobody give points away."),
            Self::ExchangeNotOffered => {
                f.write_str("These two programmes do not exchange points with each other in this direction.")
            }
            Self::OutsideLimits { least, most } => write!(f, "Between {least} and {most} points can be given away."),
            Self::NothingToChange => f.write_str("It is as it is asked to be."),
            Self::RewardUnavailable => f.write_str("The reward is not offered now."),
            Self::TierRequired { tiers } => write!(f, "The reward is for members of the tiers {}.", tiers.join(", ")),
            Self::OutOfStock { left } => write!(f, "Only {left} of the reward are left."),
            Self::NoDeduction => f.write_str("The rulebook takes no points for orders."),
            Self::BelowMinimum { points, minimum } => {
                write!(f, "{points} points could be spent on this order; the rulebook takes {minimum} at least.")
            }
            Self::CouponResolved => f.write_str("The coupon was used or taken away, or its time is over."),
            Self::CouponConditions { condition } => {
                write!(f, "The order is not one that the coupon is good for: {condition}.")
            }
            Self::CouponNotStackable { .. } => {
                f.write_str("Another coupon was used for this order, and this one does not go with others.")
            }
            Self::WholeOnly => f.write_str("What was taken from the catalogue comes back by the piece: give quantity, or the points of whole pieces."),
            Self::UnknownEvent { event } => write!(f, "The rulebook has no event {event:?}."),
            Self::ReferenceRequired => {
                f.write_str("Points that wait for an activation need a reference to be activated by.")
            }
            Self::OccurredInFuture => f.write_str("occurred_at lies in the future."),
            Self::OccurredTooLongAgo { earliest } => {
                write!(f, "occurred_at lies before {earliest}, the earliest the rulebook accepts.")
            }
            Self::ConditionsTooCostly => f.write_str(
                "The conditions of the rulebook take too many steps for this event. Simplify them, then send it with a new key.",
            ),
            Self::CurrencyMismatch { expected } => write!(f, "Amounts of this programme are in {expected}."),
            Self::LimitReached { times, per } => write!(f, "The rulebook allows this {times} time(s) per {per}."),
            Self::DeviceLimitReached { times, per } => {
                write!(f, "The rulebook allows this {times} time(s) per {per} on one device.")
            }
            Self::UnderReview => f.write_str("These points wait for somebody to look at the order."),
            Self::NothingPending => f.write_str("None of the points earned under this reference are pending."),
            Self::TooManyOpen { most } => write!(f, "The member has {most} of these open; resolve one first."),
            Self::TooManyReviews { most } => {
                write!(f, "{most} orders of the member wait for a review. Decide one, then send this order with a new key.")
            }
            Self::TooManyLots { most: MOST_LOTS } => {
                write!(f, "A member has {MOST_LOTS} open lots at most. Spend points, or wait until some expire.")
            }
            Self::TooManyLots { most: MOST_NEW_LOTS } => {
                write!(f, "The account that ends has more than {MOST_NEW_LOTS} open lots. Spend some of its points first.")
            }
            Self::TooManyLots { most } => {
                write!(f, "The holds of a member name {most} lots at most. Hold fewer points, or redeem without a hold.")
            }
            Self::UnknownLine { line } => write!(f, "The order has no line {line:?}."),
            Self::NothingToReverse => f.write_str("All of it was reversed before."),
            Self::RequestResolved => {
                f.write_str("It was decided, withdrawn or not decided in time, or never waited for a decision.")
            }
            Self::NotYours => f.write_str("Only who made the request may withdraw it."),
            Self::OwnRequest => f.write_str("Nobody decides on their own request."),
            Self::AlreadyApproved => f.write_str("This person has approved of the request before."),
            Self::WrongApprover { role } => write!(f, "The next to decide on this request is the role {role}."),
            Self::ApprovalsExceeded { of: "approver", per, most } => {
                write!(f, "This person would approve of more than {most} points this {per}; let somebody else decide.")
            }
            Self::ApprovalsExceeded { of: "member", per, most } => {
                write!(f, "The member would get or lose more than {most} points by hand this {per}; ask anew, for a higher step.")
            }
            Self::ApprovalsExceeded { most, .. } => {
                write!(f, "More than {most} points would move now; ask for it to be approved, or ask anew.")
            }
            Self::UnknownReason { reason } => write!(f, "The rulebook has no reason {reason:?} for adjustments."),
            Self::OpeningExists => f.write_str("The member has had its opening entry; nothing was done again."),
            Self::UnknownTier { tier } => write!(f, "The rulebook has no tier {tier:?}."),
            Self::TierEarned { tier } => write!(f, "The member's totals give it {tier}; nobody takes that away by hand."),
            Self::UnknownPolicy { policy } => write!(f, "The rulebook has no expiry policy {policy:?}."),
            Self::MoreThanLeft { line: Some(line), left } => write!(f, "Only {left} of line {line:?} are left."),
            Self::MoreThanLeft { line: None, left } => write!(f, "Only {left} are left."),
            Self::PointsNeeded { left } => write!(
                f,
                "The points paid for several lines together. Say in points how many come back with these lines, 0 to {left}."
            ),
            Self::AmountOutOfRange => f.write_str("The amounts are larger than the ledger can count."),
            Self::InsufficientPoints { balance, missing } => {
                write!(f, "The member can spend {balance} points; {missing} more are needed.")
            }
        }
    }
}
