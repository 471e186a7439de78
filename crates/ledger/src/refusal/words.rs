//! Refusals in words, for people.

use std::fmt;

use super::Refusal;
use crate::journal::{MAX_LOTS, MAX_NEW_LOTS};

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberIdRefused => f.write_str(
                "This id is not allowed: it does not match the programme's pattern, or it looks like a formula, a path or a number cut by a spreadsheet.",
            ),
            Self::MemberNotFound => f.write_str("The programme has no member with this id or name."),
            Self::MemberMerged { into } => write!(f, "The account was merged into member {into}."),
            Self::MemberErased => f.write_str("The member was erased, and the account is closed."),
            Self::CounterpartyNotFound => f.write_str("The other member does not exist."),
            Self::ReferenceNotFound => f.write_str("This member has no entry with this reference."),
            Self::HoldNotFound => f.write_str("The programme has no hold with this id."),
            Self::RewardNotFound => f.write_str("The catalogue has no reward with this id."),
            Self::CouponNotFound => f.write_str("The programme has no coupon with this code."),
            Self::RequestNotFound => f.write_str("The programme has no request or review with this id."),
            Self::HoldResolved => f.write_str("The hold was already captured, released or timed out."),
            Self::ReferenceAlreadyUsed { .. } => {
                f.write_str("This reference was already recorded under another idempotency key. Nothing was done again.")
            }
            Self::ReferenceOfAnother { .. } => f.write_str(
                "This reference was recorded for another member. Nothing was done. Send store_id, or reverse the other record first.",
            ),
            Self::ReferenceAmbiguous { .. } => {
                f.write_str("The member has several entries with this reference. Send order_store_id.")
            }
            Self::MemberFrozen { side } => write!(f, "The account is frozen for {side}."),
            Self::SameMember => f.write_str("Both members are the same."),
            Self::ItemsOpen => f.write_str(
                "The member has open holds, requests, reviews or points that wait for an activation, or belongs to a pool. Resolve these first.",
            ),
            Self::NotHead => f.write_str("Only the head of the pool can invite members to it."),
            Self::NotInvited => f.write_str("The head of the pool has not invited this member in the last seven days."),
            Self::AliasTaken { kind } => write!(f, "Another member has this {kind}."),
            Self::ProfileChanged => f.write_str("The profile has changed since it was read. Read it again."),
            Self::NotOffered { offer } => match offer.as_str() {
                "exchange" => f.write_str("The two programmes do not exchange points in this direction."),
                "payment" => f.write_str("Orders cannot be paid with points in this programme."),
                _ => write!(f, "The programme offers no {offer}."),
            },
            Self::OutsideLimits { least, most } => write!(f, "The rulebook allows {least} to {most} points now."),
            Self::NothingToChange => f.write_str("The account is already in this state."),
            Self::RewardUnavailable => f.write_str("The reward is not available now."),
            Self::TierRequired { tiers } => write!(f, "The reward is only for the tiers {}.", tiers.join(", ")),
            Self::OutOfStock { left } => write!(f, "Only {left} of this reward are left in stock."),
            Self::BelowMinimum { points, minimum } => {
                write!(f, "The order could take {points} points, and the minimum is {minimum}.")
            }
            Self::CouponResolved => f.write_str("The coupon was already used or cancelled, or it has expired."),
            Self::CouponConditions { condition } => {
                write!(f, "The order does not meet the coupon's conditions: {condition}.")
            }
            Self::CouponNotStackable { .. } => {
                f.write_str("Another coupon was used for this order, and this coupon cannot be combined.")
            }
            Self::WholeOnly => f.write_str("A reward redemption is reversed by whole pieces: send quantity, or the points of whole pieces."),
            Self::UnknownEvent { event } => write!(f, "The rulebook has no event {event:?}."),
            Self::ReferenceRequired => {
                f.write_str("Points that wait for an activation need a reference.")
            }
            Self::OccurredInFuture => f.write_str("occurred_at is in the future."),
            Self::OccurredTooLongAgo { earliest } => {
                write!(f, "occurred_at is before {earliest}, the earliest time that the rulebook accepts.")
            }
            Self::ConditionsTooCostly => f.write_str(
                "The rulebook's conditions take too many steps for this event. Simplify them, then send the event with a new key.",
            ),
            Self::CurrencyMismatch { expected } => write!(f, "Amounts of this programme are in {expected}."),
            Self::LimitReached { times, per } => write!(f, "The rulebook allows this {times} time(s) per {per}."),
            Self::DeviceLimitReached { times, per } => {
                write!(f, "The rulebook allows this {times} time(s) per {per} on one device.")
            }
            Self::BudgetSpent { of, per } => {
                write!(f, "Too little is left of the budget of the {of} per {per}.")
            }
            Self::UnderReview => f.write_str("The points wait for a review of the order."),
            Self::NothingPending => f.write_str("No points earned under this reference are pending."),
            Self::TooManyOpen { most } => write!(f, "The member has the maximum of {most} open. Resolve one first."),
            Self::TooManyReviews { most } => {
                write!(f, "The member has the maximum of {most} orders under review. Decide one, then send this order with a new key.")
            }
            Self::TooManyLots { most: MAX_LOTS } => {
                write!(f, "The member has the maximum of {MAX_LOTS} open lots. Spend points, or wait until some expire.")
            }
            Self::TooManyLots { most: MAX_NEW_LOTS } => {
                write!(f, "The account to be merged has more than {MAX_NEW_LOTS} open lots. Spend some of its points first.")
            }
            Self::TooManyLots { most } => {
                write!(f, "The holds of a member can name at most {most} lots. Hold fewer points, or redeem without a hold.")
            }
            Self::UnknownLine { line } => write!(f, "The order has no line {line:?}."),
            Self::NothingToReverse => f.write_str("Everything was already reversed."),
            Self::RequestResolved => {
                f.write_str("The request is closed: decided, withdrawn, or not decided in time.")
            }
            Self::NotYours => f.write_str("Only the person who made the request can withdraw it."),
            Self::OwnRequest => f.write_str("A person cannot decide their own request."),
            Self::AlreadyApproved => f.write_str("This person has already approved the request."),
            Self::WrongApprover { role } => write!(f, "The next decision on this request needs the role {role}."),
            Self::ApprovalsExceeded { of: "approver", per, most } => {
                write!(f, "With this approval the person would pass the limit of {most} points for this {per}. Another person must decide.")
            }
            Self::ApprovalsExceeded { of: "member", per, most } => {
                write!(f, "The member would get or lose more than {most} points by hand in this {per}. Make a new request with a higher approval step.")
            }
            Self::ApprovalsExceeded { most, .. } => {
                write!(f, "More than {most} points would move now. Make a new request.")
            }
            Self::UnknownReason { reason } => write!(f, "The rulebook has no reason {reason:?} for adjustments."),
            Self::OpeningExists => f.write_str("The member already has an opening entry. Nothing was done again."),
            Self::UnknownTier { tier } => write!(f, "The rulebook has no tier {tier:?}."),
            Self::TierEarned { tier } => write!(f, "The member has earned the tier {tier}, and it cannot be lowered by hand."),
            Self::UnknownPolicy { policy } => write!(f, "The rulebook has no expiry policy {policy:?}."),
            Self::MoreThanLeft { line: Some(line), left } => write!(f, "Only {left} of line {line:?} are left."),
            Self::MoreThanLeft { line: None, left } => write!(f, "Only {left} are left."),
            Self::PointsNeeded { left } => write!(
                f,
                "The points paid for several lines together. Send points: how many come back with these lines, 0 to {left}."
            ),
            Self::AmountOutOfRange => f.write_str("The amounts are larger than the ledger's maximum."),
            Self::InsufficientPoints { balance, missing } => {
                write!(f, "The member can spend {balance} points and needs {missing} more.")
            }
            Self::VerificationNeeded { because, proof, points } => {
                let why = match *because {
                    "device" => "The device is new for this member.",
                    _ => "This is more than the member can spend without a code.",
                };
                match *proof {
                    "missing" => write!(f, "{why} Send the member a code for {points} points, then repeat this request with what its confirmation answers in the header Verification."),
                    "expired" => write!(f, "{why} The verification has expired. Send the member a new code."),
                    "used" => write!(f, "{why} The verification was used before. Send the member a new code."),
                    "fewer" => write!(f, "{why} The verification is for fewer than {points} points. Send the member a new code."),
                    _ => write!(f, "{why} The verification is not one of this member and programme. Send the member a new code."),
                }
            }
        }
    }
}
