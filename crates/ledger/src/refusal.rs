//! Why a command is not carried out.
//!
//! Refusals are answers to the caller, in order of precedence: when several apply, the first in
//! this list is given. What means that the state or the code is wrong is a [`crate::Fault`].

mod words;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::calendar::Timestamp;
use crate::id::EntryId;

/// A word of the API. The alias keeps serde from borrowing it from the text that is read.
type Word = &'static str;

/// Every [`Word`] of a refusal.
const WORDS: &[Word] = &[
    "",
    "approver",
    "category",
    "channel",
    "day",
    "device",
    "earning",
    "expired",
    "fewer",
    "grant",
    "member",
    "minimum",
    "missing",
    "month",
    "person",
    "points",
    "programme",
    "request",
    "spending",
    "store",
    "unknown",
    "used",
];

/// A business answer other than "done". The order of the variants is the order of precedence.
///
/// It is kept under its idempotency key in the shape that serde gives it, named by its slug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
        #[serde(deserialize_with = "word")]
        side: Word,
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
    /// The rulebook does not offer what is asked for. An exchange is refused before anything else
    /// about the other programme: who has no agreement with it learns nothing about its members.
    NotOffered {
        /// What is not offered, such as `transfers`. A new operation brings a word of its own.
        offer: String,
    },
    /// The rulebook lets more or less be given away.
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
        #[serde(deserialize_with = "word")]
        condition: Word,
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
    /// Too little is left of a budget for the whole grant.
    BudgetSpent {
        /// Whose budget it is: of the `grant`, the `programme`, the `store` or the `person`.
        #[serde(deserialize_with = "word")]
        of: Word,
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
    /// The member would have more open lots than the ledger keeps, or its holds would name more, or
    /// a merger would carry over more.
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
    /// The adjustment was decided, taken back, or not decided in time; the earn was looked at, or
    /// never had to be.
    RequestResolved,
    /// Only the person who asked for the adjustment may take it back.
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
    /// More would be approved of one member, by one person or at once than these approvals are good
    /// for.
    ApprovalsExceeded {
        /// Of what: `member`, `approver` or `request`.
        #[serde(deserialize_with = "word")]
        of: Word,
        /// In which period: `day`, `month`; empty for a request.
        #[serde(deserialize_with = "word")]
        per: Word,
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
    /// The member has to show that it is they who ask.
    VerificationNeeded {
        /// Why this is asked: so many `points` leave, or the `device` is new for the member.
        #[serde(deserialize_with = "word")]
        because: Word,
        /// What is wrong with the proof: it is `missing`, `unknown`, `expired`, `used`, or good for
        /// `fewer` points.
        #[serde(deserialize_with = "word")]
        proof: Word,
        /// For how many points the member has to show it.
        points: i64,
    },
}

impl Refusal {
    /// The rulebook does not offer this. Words read best in "The programme offers no …".
    #[must_use]
    pub fn not_offered(offer: &str) -> Self {
        Self::NotOffered { offer: offer.to_owned() }
    }

    /// Its row in the table of refusals: slug, status, and whether a retry may help.
    fn row(&self) -> (&'static str, u16, bool) {
        match self {
            Self::MemberIdRefused => ("member-id-refused", 400, false),
            Self::MemberNotFound => ("member-not-found", 404, true),
            Self::MemberMerged { .. } => ("member-merged", 409, false),
            Self::MemberErased => ("member-erased", 410, false),
            Self::CounterpartyNotFound => ("counterparty-not-found", 404, true),
            Self::ReferenceNotFound => ("reference-not-found", 404, true),
            Self::HoldNotFound => ("hold-not-found", 404, false),
            Self::RewardNotFound => ("reward-not-found", 404, false),
            Self::CouponNotFound => ("coupon-not-found", 404, false),
            Self::RequestNotFound => ("request-not-found", 404, false),
            Self::HoldResolved => ("hold-resolved", 409, false),
            Self::ReferenceAlreadyUsed { .. } => ("reference-already-used", 409, false),
            Self::ReferenceOfAnother { .. } => ("reference-of-another", 409, true),
            Self::ReferenceAmbiguous { .. } => ("reference-ambiguous", 409, false),
            Self::MemberFrozen { .. } => ("member-frozen", 409, true),
            Self::SameMember => ("same-member", 422, false),
            Self::NothingToChange => ("nothing-to-change", 409, false),
            Self::ItemsOpen => ("items-open", 409, true),
            Self::NotHead => ("not-head", 403, false),
            Self::NotInvited => ("not-invited", 403, true),
            Self::AliasTaken { .. } => ("alias-taken", 409, false),
            Self::ProfileChanged => ("profile-changed", 412, true),
            Self::NotOffered { .. } => ("not-offered", 422, false),
            Self::OutsideLimits { .. } => ("outside-limits", 422, true),
            Self::RewardUnavailable => ("reward-unavailable", 422, true),
            Self::TierRequired { .. } => ("tier-required", 422, true),
            Self::OutOfStock { .. } => ("out-of-stock", 409, true),
            Self::CouponResolved => ("coupon-resolved", 409, false),
            Self::CouponNotStackable { .. } => ("coupon-not-stackable", 422, false),
            Self::WholeOnly => ("whole-only", 422, false),
            Self::UnknownEvent { .. } => ("unknown-event", 422, false),
            Self::ReferenceRequired => ("reference-required", 422, false),
            Self::OccurredInFuture => ("occurred-in-future", 422, true),
            Self::OccurredTooLongAgo { .. } => ("occurred-too-long-ago", 422, false),
            Self::CurrencyMismatch { .. } => ("currency-mismatch", 422, false),
            Self::BelowMinimum { .. } => ("below-minimum", 422, true),
            Self::CouponConditions { .. } => ("coupon-conditions", 422, false),
            Self::LimitReached { .. } => ("limit-reached", 422, true),
            Self::DeviceLimitReached { .. } => ("device-limit-reached", 422, true),
            Self::BudgetSpent { .. } => ("budget-spent", 409, true),
            Self::UnderReview => ("under-review", 409, true),
            Self::NothingPending => ("nothing-pending", 409, false),
            Self::TooManyOpen { .. } => ("too-many-open", 422, true),
            Self::TooManyReviews { .. } => ("too-many-reviews", 422, true),
            Self::TooManyLots { .. } => ("too-many-lots", 422, true),
            Self::UnknownLine { .. } => ("unknown-line", 422, false),
            Self::NothingToReverse => ("nothing-to-reverse", 409, false),
            Self::RequestResolved => ("request-resolved", 409, false),
            Self::NotYours => ("not-yours", 403, false),
            Self::OwnRequest => ("own-request", 403, false),
            Self::AlreadyApproved => ("already-approved", 409, false),
            Self::WrongApprover { .. } => ("wrong-approver", 403, false),
            Self::ApprovalsExceeded { .. } => ("approvals-exceeded", 422, true),
            Self::OpeningExists => ("opening-exists", 409, false),
            Self::UnknownTier { .. } => ("unknown-tier", 422, false),
            Self::TierEarned { .. } => ("tier-earned", 409, false),
            Self::UnknownReason { .. } => ("unknown-reason", 422, false),
            Self::UnknownPolicy { .. } => ("unknown-policy", 422, false),
            Self::MoreThanLeft { .. } => ("more-than-left", 422, false),
            Self::PointsNeeded { .. } => ("points-needed", 422, false),
            Self::AmountOutOfRange => ("amount-out-of-range", 422, false),
            Self::ConditionsTooCostly => ("conditions-too-costly", 422, true),
            Self::InsufficientPoints { .. } => ("insufficient-points", 422, true),
            Self::VerificationNeeded { .. } => ("verification-needed", 403, true),
        }
    }

    /// The name in the problem's `type`.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        self.row().0
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.row().1
    }

    /// Whether a repetition under the same idempotency key is told the same, without another look.
    /// A member who has shown who they are sends the request again, with what they got for it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::VerificationNeeded { .. })
    }

    /// May the same command, sent again later with a new key, be accepted?
    #[must_use]
    pub fn retry_may_help(&self) -> bool {
        self.row().2
    }
}

fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let text = String::deserialize(deserializer)?;
    WORDS
        .iter()
        .find(|word| **word == text)
        .copied()
        .ok_or_else(|| D::Error::custom("an unknown word"))
}
