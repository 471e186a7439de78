//! Why a command is not carried out.
//!
//! Refusals are answers to the caller, in order of precedence: when several apply, the first in this list is given. What means that the state
//! or the code is wrong is a [`crate::Fault`].

mod words;

use crate::calendar::Timestamp;
use crate::id::EntryId;

/// A business answer other than "done". The order of the variants is the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No account may be opened under this id.
    MemberIdRefused,
    /// The programme has no such member.
    MemberNotFound,
    /// The account became part of another one.
    MemberMerged {
        /// Which.
        into: String,
    },
    /// Nobody knows any more whose the account was.
    MemberErased,
    /// One of the two programmes does not exchange points with the other, or they do not belong together.
    ExchangeNotOffered,
    /// There is no such other member, or the member has no account in the other programme.
    CounterpartyNotFound,
    /// Nothing that the member earned or redeemed bears the reference.
    ReferenceNotFound,
    /// The programme has no such hold.
    HoldNotFound,
    /// The catalogue has no such reward.
    RewardNotFound,
    /// The programme has no such coupon.
    CouponNotFound,
    /// The programme has no such request, or no such earn to be looked at.
    RequestNotFound,
    /// The hold was captured or released, or it timed out.
    HoldResolved,
    /// The order or document was recorded before, under another idempotency key.
    ReferenceAlreadyUsed {
        /// The entry that recorded it, when it is known.
        entry: Option<EntryId>,
    },
    /// The order or document was recorded for another member.
    ReferenceOfAnother {
        /// The entry that recorded it, when it is known.
        entry: Option<EntryId>,
    },
    /// The member has several orders or documents of this name, from several stores.
    ReferenceAmbiguous {
        /// Each with its store.
        candidates: Vec<(EntryId, Option<String>)>,
    },
    /// The account must not earn, or not spend, for now.
    MemberFrozen {
        /// `earning` or `spending`.
        side: &'static str,
    },
    /// Both members are the same.
    SameMember,
    /// The account, or the rulebook, is as it is asked to be.
    NothingToChange,
    /// The member has something open that must be ended first, or shares with others.
    ItemsOpen,
    /// Only the head of a pool invites others to it.
    NotHead,
    /// The head of the pool has not invited the member, or too long ago.
    NotInvited,
    /// Another member is known by this name.
    AliasTaken {
        /// The kind of name. The name itself says who somebody is, and refusals are kept.
        kind: String,
    },
    /// What is told about the member is not what the caller has seen.
    ProfileChanged,
    /// The rulebook lets nobody give points away.
    TransfersNotOffered,
    /// The rulebook lets less or more be given away.
    OutsideLimits {
        /// The least.
        least: i64,
        /// The most, as things stand.
        most: i64,
    },
    /// The reward cannot be had now: it is not offered, not yet or not any more.
    RewardUnavailable,
    /// The reward is for members of other tiers.
    TierRequired {
        /// The tiers that may have it.
        tiers: Vec<String>,
    },
    /// Fewer are left of the reward than are wanted.
    OutOfStock {
        /// How many are left.
        left: i64,
    },
    /// The rulebook takes no points for orders.
    NoDeduction,
    /// The coupon was used or taken away, or its time is over.
    CouponResolved,
    /// Another coupon was used for the order, and this one does not go with others.
    CouponNotStackable {
        /// The entry that used the other one.
        entry: EntryId,
    },
    /// What was taken from the catalogue is undone by the piece.
    WholeOnly,
    /// The rulebook does not know the event.
    UnknownEvent {
        /// The event as it was named.
        event: String,
    },
    /// The points would wait for an activation, which could not name them.
    ReferenceRequired,
    /// The event lies in the future by more than clocks may differ.
    OccurredInFuture,
    /// The event is older than the rulebook accepts.
    OccurredTooLongAgo {
        /// The oldest instant that is accepted.
        earliest: Timestamp,
    },
    /// An amount is in another currency than the programme's.
    CurrencyMismatch {
        /// The programme's currency.
        expected: String,
    },
    /// Less could be spent on the order than the rulebook takes at least.
    BelowMinimum {
        /// What could be spent.
        points: i64,
        /// The least.
        minimum: i64,
    },
    /// The order is not one that the coupon is good for.
    CouponConditions {
        /// What it lacks: `minimum`, `category`, `channel` or `store`.
        condition: &'static str,
    },
    /// The member did this as often as the rulebook allows.
    LimitReached {
        /// The limit.
        times: i64,
        /// The period it counts in.
        per: String,
    },
    /// The device did this as often as the rulebook allows, for whichever members.
    DeviceLimitReached {
        /// The limit.
        times: i64,
        /// The period it counts in.
        per: String,
    },
    /// The points of the earn wait for somebody to look at them.
    UnderReview,
    /// The points of the earn are active, spent or gone already.
    NothingPending,
    /// The member has as many open holds or requests as the ledger keeps.
    TooManyOpen {
        /// The most.
        most: i64,
    },
    /// As many orders of the member wait for a review as the ledger keeps.
    TooManyReviews {
        /// The most.
        most: i64,
    },
    /// The member would have more open lots than the ledger keeps, or its holds would name more, or a merger would carry over more.
    TooManyLots {
        /// The most.
        most: i64,
    },
    /// The order has no such line.
    UnknownLine {
        /// The line as it was named.
        line: String,
    },
    /// Everything that is asked to be undone was undone before.
    NothingToReverse,
    /// The adjustment was decided, taken back, or not decided in time; the earn was looked at, or never had to be.
    RequestResolved,
    /// Only who asked for the adjustment may take it back.
    NotYours,
    /// Nobody decides on their own request.
    OwnRequest,
    /// Nobody approves twice.
    AlreadyApproved,
    /// Another role has to decide next.
    WrongApprover {
        /// Which.
        role: String,
    },
    /// More would be approved of one member, by one person or at once than these approvals are good for.
    ApprovalsExceeded {
        /// Of what: `member`, `approver` or `request`.
        of: &'static str,
        /// In which period: `day`, `month`; empty for a request.
        per: &'static str,
        /// The most points.
        most: i64,
    },
    /// The member has brought along what it had elsewhere before.
    OpeningExists,
    /// The rulebook's ladder has no such level.
    UnknownTier {
        /// The level as it was named.
        tier: String,
    },
    /// What counts for the member gives it a higher level than the one asked for.
    TierEarned {
        /// The level that it gives.
        tier: String,
    },
    /// The rulebook has no such reason for an adjustment.
    UnknownReason {
        /// The reason as it was named.
        reason: String,
    },
    /// The rulebook has no such expiry policy.
    UnknownPolicy {
        /// The policy as it was named.
        policy: String,
    },
    /// More than there is left to return, give back or capture.
    MoreThanLeft {
        /// The order line that it is about; `None` for points, or money of the whole order.
        line: Option<String>,
        /// How many units, points or minor units are left.
        left: i64,
    },
    /// The points paid for several lines together, and nobody has told which of them cost how many.
    PointsNeeded {
        /// How many are left to give back.
        left: i64,
    },
    /// The points or sums leave what the ledger can count.
    AmountOutOfRange,
    /// The conditions of the rulebook take longer for the event than any may.
    ConditionsTooCostly,
    /// Not enough points can be spent.
    InsufficientPoints {
        /// What can be spent.
        balance: i64,
        /// What is missing.
        missing: i64,
    },
}

impl Refusal {
    /// The name in the problem's `type`.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::MemberIdRefused => "member-id-refused",
            Self::MemberNotFound => "member-not-found",
            Self::MemberMerged { .. } => "member-merged",
            Self::MemberErased => "member-erased",
            Self::ExchangeNotOffered => "exchange-not-offered",
            Self::CounterpartyNotFound => "counterparty-not-found",
            Self::ReferenceNotFound => "reference-not-found",
            Self::HoldNotFound => "hold-not-found",
            Self::RewardNotFound => "reward-not-found",
            Self::CouponNotFound => "coupon-not-found",
            Self::RequestNotFound => "request-not-found",
            Self::HoldResolved => "hold-resolved",
            Self::ReferenceAlreadyUsed { .. } => "reference-already-used",
            Self::ReferenceOfAnother { .. } => "reference-of-another",
            Self::ReferenceAmbiguous { .. } => "reference-ambiguous",
            Self::MemberFrozen { .. } => "member-frozen",
            Self::SameMember => "same-member",
            Self::NothingToChange => "nothing-to-change",
            Self::ItemsOpen => "items-open",
            Self::NotHead => "not-head",
            Self::NotInvited => "not-invited",
            Self::AliasTaken { .. } => "alias-taken",
            Self::ProfileChanged => "profile-changed",
            Self::TransfersNotOffered => "transfers-not-offered",
            Self::OutsideLimits { .. } => "outside-limits",
            Self::RewardUnavailable => "reward-unavailable",
            Self::TierRequired { .. } => "tier-required",
            Self::OutOfStock { .. } => "out-of-stock",
            Self::NoDeduction => "no-deduction",
            Self::CouponResolved => "coupon-resolved",
            Self::CouponNotStackable { .. } => "coupon-not-stackable",
            Self::WholeOnly => "whole-only",
            Self::UnknownEvent { .. } => "unknown-event",
            Self::ReferenceRequired => "reference-required",
            Self::OccurredInFuture => "occurred-in-future",
            Self::OccurredTooLongAgo { .. } => "occurred-too-long-ago",
            Self::CurrencyMismatch { .. } => "currency-mismatch",
            Self::BelowMinimum { .. } => "below-minimum",
            Self::CouponConditions { .. } => "coupon-conditions",
            Self::LimitReached { .. } => "limit-reached",
            Self::DeviceLimitReached { .. } => "device-limit-reached",
            Self::UnderReview => "under-review",
            Self::NothingPending => "nothing-pending",
            Self::TooManyOpen { .. } => "too-many-open",
            Self::TooManyReviews { .. } => "too-many-reviews",
            Self::TooManyLots { .. } => "too-many-lots",
            Self::UnknownLine { .. } => "unknown-line",
            Self::NothingToReverse => "nothing-to-reverse",
            Self::RequestResolved => "request-resolved",
            Self::NotYours => "not-yours",
            Self::OwnRequest => "own-request",
            Self::AlreadyApproved => "already-approved",
            Self::WrongApprover { .. } => "wrong-approver",
            Self::ApprovalsExceeded { .. } => "approvals-exceeded",
            Self::OpeningExists => "opening-exists",
            Self::UnknownTier { .. } => "unknown-tier",
            Self::TierEarned { .. } => "tier-earned",
            Self::UnknownReason { .. } => "unknown-reason",
            Self::UnknownPolicy { .. } => "unknown-policy",
            Self::MoreThanLeft { .. } => "more-than-left",
            Self::PointsNeeded { .. } => "points-needed",
            Self::AmountOutOfRange => "amount-out-of-range",
            Self::ConditionsTooCostly => "conditions-too-costly",
            Self::InsufficientPoints { .. } => "insufficient-points",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::MemberIdRefused => 400,
            Self::ProfileChanged => 412,
            Self::MemberNotFound
            | Self::CounterpartyNotFound
            | Self::ReferenceNotFound
            | Self::HoldNotFound
            | Self::RewardNotFound
            | Self::CouponNotFound
            | Self::RequestNotFound => 404,
            Self::MemberErased => 410,
            Self::NotHead | Self::NotInvited | Self::NotYours | Self::OwnRequest | Self::WrongApprover { .. } => 403,
            Self::ReferenceAlreadyUsed { .. }
            | Self::ReferenceOfAnother { .. }
            | Self::ReferenceAmbiguous { .. }
            | Self::MemberFrozen { .. }
            | Self::MemberMerged { .. }
            | Self::ItemsOpen
            | Self::AliasTaken { .. }
            | Self::NothingToChange
            | Self::OpeningExists
            | Self::TierEarned { .. }
            | Self::OutOfStock { .. }
            | Self::CouponResolved
            | Self::UnderReview
            | Self::NothingPending
            | Self::HoldResolved
            | Self::NothingToReverse
            | Self::RequestResolved
            | Self::AlreadyApproved => 409,
            _ => 422,
        }
    }

    /// May the same command, sent again later with a new key, be accepted?
    #[must_use]
    pub fn retry_may_help(&self) -> bool {
        match self {
            Self::MemberNotFound
            | Self::ProfileChanged
            | Self::ReferenceNotFound
            | Self::OccurredInFuture
            | Self::CounterpartyNotFound
            | Self::ItemsOpen
            | Self::NotInvited
            | Self::OutsideLimits { .. }
            | Self::ReferenceOfAnother { .. }
            | Self::MemberFrozen { .. }
            | Self::RewardUnavailable
            | Self::TierRequired { .. }
            | Self::OutOfStock { .. }
            | Self::BelowMinimum { .. }
            | Self::DeviceLimitReached { .. }
            | Self::UnderReview
            | Self::LimitReached { .. }
            | Self::TooManyOpen { .. }
            | Self::ConditionsTooCostly
            | Self::TooManyReviews { .. }
            | Self::TooManyLots { .. }
            | Self::ApprovalsExceeded { .. }
            | Self::InsufficientPoints { .. } => true,
            Self::ReferenceAlreadyUsed { .. }
            | Self::ReferenceAmbiguous { .. }
            | Self::MemberIdRefused
            | Self::MemberMerged { .. }
            | Self::MemberErased
            | Self::SameMember
            | Self::NotHead
            | Self::AliasTaken { .. }
            | Self::TransfersNotOffered
            | Self::ExchangeNotOffered
            | Self::NothingToChange
            | Self::RewardNotFound
            | Self::CouponNotFound
            | Self::NoDeduction
            | Self::CouponResolved
            | Self::CouponConditions { .. }
            | Self::CouponNotStackable { .. }
            | Self::WholeOnly
            | Self::UnknownEvent { .. }
            | Self::ReferenceRequired
            | Self::OccurredTooLongAgo { .. }
            | Self::CurrencyMismatch { .. }
            | Self::NothingPending
            | Self::HoldNotFound
            | Self::RequestNotFound
            | Self::HoldResolved
            | Self::UnknownLine { .. }
            | Self::NothingToReverse
            | Self::RequestResolved
            | Self::NotYours
            | Self::OwnRequest
            | Self::AlreadyApproved
            | Self::WrongApprover { .. }
            | Self::OpeningExists
            | Self::UnknownTier { .. }
            | Self::TierEarned { .. }
            | Self::UnknownReason { .. }
            | Self::UnknownPolicy { .. }
            | Self::MoreThanLeft { .. }
            | Self::PointsNeeded { .. }
            | Self::AmountOutOfRange => false,
        }
    }
}
