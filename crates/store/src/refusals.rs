//! Refusals as they are kept under their idempotency key, so that a retry hears the same words.

use std::collections::HashSet;

use ledger::{EntryId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// A kept refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefusal {
    /// Fingerprint of the request that was refused.
    pub fingerprint: String,
    /// Names the occurrence; a UUID.
    pub id: String,
    /// What was answered.
    pub refusal: Refusal,
}

/// The stored shape. Names are part of the format.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Body {
    MemberNotFound,
    ReferenceNotFound,
    ReferenceAlreadyUsed(Option<String>),
    UnknownEvent(String),
    ReferenceRequired,
    OccurredInFuture,
    OccurredTooLongAgo(i64),
    CurrencyMismatch(String),
    LimitReached(i64, String),
    NothingPending,
    AmountOutOfRange,
    InsufficientPoints(i64, i64),
    HoldNotFound,
    HoldResolved,
    UnknownLine(String),
    NothingToReverse,
    MoreThanLeft(Option<String>, i64),
    PointsNeeded(i64),
    TooManyOpen(i64),
    RequestNotFound,
    RequestResolved,
    NotYours,
    OwnRequest,
    AlreadyApproved,
    WrongApprover(String),
    ApprovalsExceeded { of: String, per: String, most: i64 },
    UnknownReason(String),
    UnknownPolicy(String),
    OpeningExists,
    UnknownTier(String),
    TierEarned(String),
    MemberFrozen(Side),
    RewardNotFound,
    CouponNotFound,
    RewardUnavailable,
    TierRequired(Vec<String>),
    OutOfStock(i64),
    NoDeduction,
    BelowMinimum(i64, i64),
    CouponResolved,
    CouponConditions(Lacks),
    WholeOnly,
    MemberMerged(String),
    MemberErased,
    CounterpartyNotFound,
    SameMember,
    ItemsOpen,
    NotHead,
    NotInvited,
    AliasTaken(String),
    TransfersNotOffered,
    ExchangeNotOffered,
    OutsideLimits(i64, i64),
    NothingToChange,
    DeviceLimitReached(i64, String),
    UnderReview,
    MemberIdRefused,
    ProfileChanged,
    ReferenceOfAnother(Option<String>),
    ReferenceAmbiguous(Vec<(String, Option<String>)>),
    CouponNotStackable(String),
    TooManyReviews(i64),
    TooManyLots(i64),
    ConditionsTooCostly,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Side {
    Earning,
    Spending,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Lacks {
    Minimum,
    Category,
    Channel,
    Store,
}

impl Lacks {
    fn of(condition: &str) -> Self {
        match condition {
            "category" => Self::Category,
            "channel" => Self::Channel,
            "store" => Self::Store,
            _ => Self::Minimum,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::Category => "category",
            Self::Channel => "channel",
            Self::Store => "store",
        }
    }
}

impl StoredRefusal {
    /// Reads `[fingerprint, id, body]`.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let (fingerprint, id, body): (String, String, Body) =
            serde_json::from_str(text).map_err(|_| Error::Corrupt("refusal"))?;
        let refusal = match body {
            Body::MemberNotFound => Refusal::MemberNotFound,
            Body::ReferenceNotFound => Refusal::ReferenceNotFound,
            Body::ReferenceAlreadyUsed(entry) => {
                Refusal::ReferenceAlreadyUsed { entry: entry.as_deref().and_then(EntryId::parse) }
            }
            Body::UnknownEvent(event) => Refusal::UnknownEvent { event },
            Body::ReferenceRequired => Refusal::ReferenceRequired,
            Body::OccurredInFuture => Refusal::OccurredInFuture,
            Body::OccurredTooLongAgo(earliest) => Refusal::OccurredTooLongAgo { earliest: Timestamp(earliest) },
            Body::CurrencyMismatch(expected) => Refusal::CurrencyMismatch { expected },
            Body::LimitReached(times, per) => Refusal::LimitReached { times, per },
            Body::NothingPending => Refusal::NothingPending,
            Body::AmountOutOfRange => Refusal::AmountOutOfRange,
            Body::InsufficientPoints(balance, missing) => Refusal::InsufficientPoints { balance, missing },
            Body::HoldNotFound => Refusal::HoldNotFound,
            Body::HoldResolved => Refusal::HoldResolved,
            Body::UnknownLine(line) => Refusal::UnknownLine { line },
            Body::NothingToReverse => Refusal::NothingToReverse,
            Body::MoreThanLeft(line, left) => Refusal::MoreThanLeft { line, left },
            Body::PointsNeeded(left) => Refusal::PointsNeeded { left },
            Body::TooManyOpen(most) => Refusal::TooManyOpen { most },
            Body::RequestNotFound => Refusal::RequestNotFound,
            Body::RequestResolved => Refusal::RequestResolved,
            Body::NotYours => Refusal::NotYours,
            Body::OwnRequest => Refusal::OwnRequest,
            Body::AlreadyApproved => Refusal::AlreadyApproved,
            Body::WrongApprover(role) => Refusal::WrongApprover { role },
            Body::ApprovalsExceeded { of, per, most } => {
                let of = ["member", "approver"].into_iter().find(|known| *known == of).unwrap_or("request");
                let per = ["day", "month"].into_iter().find(|known| *known == per).unwrap_or_default();
                Refusal::ApprovalsExceeded { of, per, most }
            }
            Body::UnknownReason(reason) => Refusal::UnknownReason { reason },
            Body::OpeningExists => Refusal::OpeningExists,
            Body::UnknownTier(tier) => Refusal::UnknownTier { tier },
            Body::TierEarned(tier) => Refusal::TierEarned { tier },
            Body::UnknownPolicy(policy) => Refusal::UnknownPolicy { policy },
            Body::MemberFrozen(Side::Earning) => Refusal::MemberFrozen { side: "earning" },
            Body::MemberFrozen(Side::Spending) => Refusal::MemberFrozen { side: "spending" },
            Body::NothingToChange => Refusal::NothingToChange,
            Body::RewardNotFound => Refusal::RewardNotFound,
            Body::CouponNotFound => Refusal::CouponNotFound,
            Body::RewardUnavailable => Refusal::RewardUnavailable,
            Body::TierRequired(tiers) => Refusal::TierRequired { tiers },
            Body::OutOfStock(left) => Refusal::OutOfStock { left },
            Body::NoDeduction => Refusal::NoDeduction,
            Body::BelowMinimum(points, minimum) => Refusal::BelowMinimum { points, minimum },
            Body::CouponResolved => Refusal::CouponResolved,
            Body::CouponConditions(lacks) => Refusal::CouponConditions { condition: lacks.name() },
            Body::WholeOnly => Refusal::WholeOnly,
            Body::MemberMerged(into) => Refusal::MemberMerged { into },
            Body::MemberErased => Refusal::MemberErased,
            Body::CounterpartyNotFound => Refusal::CounterpartyNotFound,
            Body::SameMember => Refusal::SameMember,
            Body::ItemsOpen => Refusal::ItemsOpen,
            Body::NotHead => Refusal::NotHead,
            Body::NotInvited => Refusal::NotInvited,
            Body::AliasTaken(kind) => Refusal::AliasTaken { kind },
            Body::TransfersNotOffered => Refusal::TransfersNotOffered,
            Body::ExchangeNotOffered => Refusal::ExchangeNotOffered,
            Body::OutsideLimits(least, most) => Refusal::OutsideLimits { least, most },
            Body::DeviceLimitReached(times, per) => Refusal::DeviceLimitReached { times, per },
            Body::UnderReview => Refusal::UnderReview,
            Body::MemberIdRefused => Refusal::MemberIdRefused,
            Body::ProfileChanged => Refusal::ProfileChanged,
            Body::ReferenceOfAnother(entry) => {
                Refusal::ReferenceOfAnother { entry: entry.as_deref().and_then(EntryId::parse) }
            }
            Body::ReferenceAmbiguous(candidates) => {
                let read = |(id, store): (String, Option<String>)| Some((EntryId::parse(&id)?, store));
                Refusal::ReferenceAmbiguous { candidates: candidates.into_iter().filter_map(read).collect() }
            }
            Body::CouponNotStackable(entry) => {
                Refusal::CouponNotStackable { entry: EntryId::parse(&entry).ok_or(Error::Corrupt("refusal"))? }
            }
            Body::TooManyReviews(most) => Refusal::TooManyReviews { most },
            Body::ConditionsTooCostly => Refusal::ConditionsTooCostly,
            Body::TooManyLots(most) => Refusal::TooManyLots { most },
        };
        Ok(Self { fingerprint, id, refusal })
    }
}

/// Keeps refusals (key, fingerprint, id, body) unless their keys are taken; returns the ids of those that were kept.
pub(crate) async fn keep(
    sql: &impl Sql,
    programme_no: i64,
    now: Timestamp,
    rows: &[[String; 4]],
) -> Result<HashSet<String>, Error> {
    let text = serde_json::to_string(rows).map_err(|_| Error::Corrupt("refusals to be written"))?;
    let values = vec![programme_no.into(), text.into(), now.0.into()];
    let kept = sql.query(statement!("queries/keep_refusals"), values).await?;
    kept.into_iter().map(|mut row| row.text(0)).collect()
}

/// The text that is stored.
pub(crate) fn write(refusal: &Refusal) -> Result<String, Error> {
    let body = match refusal.clone() {
        Refusal::MemberNotFound => Body::MemberNotFound,
        Refusal::ReferenceNotFound => Body::ReferenceNotFound,
        Refusal::ReferenceAlreadyUsed { entry } => Body::ReferenceAlreadyUsed(entry.map(|id| id.to_string())),
        Refusal::UnknownEvent { event } => Body::UnknownEvent(event),
        Refusal::ReferenceRequired => Body::ReferenceRequired,
        Refusal::OccurredInFuture => Body::OccurredInFuture,
        Refusal::OccurredTooLongAgo { earliest } => Body::OccurredTooLongAgo(earliest.0),
        Refusal::CurrencyMismatch { expected } => Body::CurrencyMismatch(expected),
        Refusal::LimitReached { times, per } => Body::LimitReached(times, per),
        Refusal::NothingPending => Body::NothingPending,
        Refusal::AmountOutOfRange => Body::AmountOutOfRange,
        Refusal::InsufficientPoints { balance, missing } => Body::InsufficientPoints(balance, missing),
        Refusal::HoldNotFound => Body::HoldNotFound,
        Refusal::HoldResolved => Body::HoldResolved,
        Refusal::UnknownLine { line } => Body::UnknownLine(line),
        Refusal::NothingToReverse => Body::NothingToReverse,
        Refusal::MoreThanLeft { line, left } => Body::MoreThanLeft(line, left),
        Refusal::PointsNeeded { left } => Body::PointsNeeded(left),
        Refusal::TooManyOpen { most } => Body::TooManyOpen(most),
        Refusal::RequestNotFound => Body::RequestNotFound,
        Refusal::RequestResolved => Body::RequestResolved,
        Refusal::NotYours => Body::NotYours,
        Refusal::OwnRequest => Body::OwnRequest,
        Refusal::AlreadyApproved => Body::AlreadyApproved,
        Refusal::WrongApprover { role } => Body::WrongApprover(role),
        Refusal::ApprovalsExceeded { of, per, most } => {
            Body::ApprovalsExceeded { of: of.to_owned(), per: per.to_owned(), most }
        }
        Refusal::UnknownReason { reason } => Body::UnknownReason(reason),
        Refusal::OpeningExists => Body::OpeningExists,
        Refusal::UnknownTier { tier } => Body::UnknownTier(tier),
        Refusal::TierEarned { tier } => Body::TierEarned(tier),
        Refusal::UnknownPolicy { policy } => Body::UnknownPolicy(policy),
        Refusal::MemberFrozen { side: "earning" } => Body::MemberFrozen(Side::Earning),
        Refusal::MemberFrozen { .. } => Body::MemberFrozen(Side::Spending),
        Refusal::NothingToChange => Body::NothingToChange,
        Refusal::RewardNotFound => Body::RewardNotFound,
        Refusal::CouponNotFound => Body::CouponNotFound,
        Refusal::RewardUnavailable => Body::RewardUnavailable,
        Refusal::TierRequired { tiers } => Body::TierRequired(tiers),
        Refusal::OutOfStock { left } => Body::OutOfStock(left),
        Refusal::NoDeduction => Body::NoDeduction,
        Refusal::BelowMinimum { points, minimum } => Body::BelowMinimum(points, minimum),
        Refusal::CouponResolved => Body::CouponResolved,
        Refusal::CouponConditions { condition } => Body::CouponConditions(Lacks::of(condition)),
        Refusal::WholeOnly => Body::WholeOnly,
        Refusal::MemberMerged { into } => Body::MemberMerged(into),
        Refusal::MemberErased => Body::MemberErased,
        Refusal::CounterpartyNotFound => Body::CounterpartyNotFound,
        Refusal::SameMember => Body::SameMember,
        Refusal::ItemsOpen => Body::ItemsOpen,
        Refusal::NotHead => Body::NotHead,
        Refusal::NotInvited => Body::NotInvited,
        Refusal::AliasTaken { kind } => Body::AliasTaken(kind),
        Refusal::TransfersNotOffered => Body::TransfersNotOffered,
        Refusal::ExchangeNotOffered => Body::ExchangeNotOffered,
        Refusal::OutsideLimits { least, most } => Body::OutsideLimits(least, most),
        Refusal::DeviceLimitReached { times, per } => Body::DeviceLimitReached(times, per),
        Refusal::UnderReview => Body::UnderReview,
        Refusal::MemberIdRefused => Body::MemberIdRefused,
        Refusal::ProfileChanged => Body::ProfileChanged,
        Refusal::ReferenceOfAnother { entry } => Body::ReferenceOfAnother(entry.map(|id| id.to_string())),
        Refusal::ReferenceAmbiguous { candidates } => {
            Body::ReferenceAmbiguous(candidates.into_iter().map(|(id, store)| (id.to_string(), store)).collect())
        }
        Refusal::CouponNotStackable { entry } => Body::CouponNotStackable(entry.to_string()),
        Refusal::TooManyReviews { most } => Body::TooManyReviews(most),
        Refusal::ConditionsTooCostly => Body::ConditionsTooCostly,
        Refusal::TooManyLots { most } => Body::TooManyLots(most),
    };
    serde_json::to_string(&body).map_err(|_| Error::Corrupt("refusal to be written"))
}
