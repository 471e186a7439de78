//! The rulebook: a programme's rules as one versioned document, and what they make of an event.
//!
//! Owns: the document's shape ([`Document`]), its validation into a [`Rulebook`], and the decisions
//! that need rules: what an event earns, which tier follows, what a reminder tells. A decision is a
//! [`ledger::Decision`]; nothing here moves points by itself.
//!
//! Architecture invariant: pure. No clock, database or environment, and no JSON text: documents
//! arrive as values.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod adjust;
mod again;
mod award;
mod back_test;
mod budgets;
mod case;
mod claims;
mod command;
mod concern;
mod condition;
mod counters;
mod coupon;
mod decide;
mod deduct;
mod default;
mod document;
mod earn;
mod earning;
mod exchange;
mod joint;
mod level;
mod limits;
mod names;
mod opening;
mod profile;
mod remind;
mod replay;
mod reverse;
mod review;
mod reward;
mod rulebook;
mod settle;
mod tiers;
mod validate;
mod ways;

pub use adjust::{AdjustmentWish, person_subject};
pub use again::{Candidate, Kept, MAX_RECORDS, Past, kept, living, meant};
pub use back_test::{BackTest, MemberTest, OfTier, Side, Span};
pub use budgets::BudgetState;
pub use case::Case;
pub use command::{Activation, Command, Concerned, Decided, EarnEvent, Line, PriorRecords, Stolen};
pub use condition::{
    Condition, Conditions, FIELDS, MAX_CONDITION_STEPS, Operator, PlainCondition, Scope, Type,
    compile, to_cel,
};
pub use decide::{
    Decide, Outcome, decide, decide_empty_merge, decide_event, decide_exchange, decide_joint,
    decide_single,
};
pub use default::default_document;
pub use document::{
    Accepted, ActionRule, ApprovalStep, ApprovalTotals, Approvals, Bracket, Budget, CapOf, Caps,
    Consumption, CouponRule, Document, Downgrade, EarningRule, Enrolment, Exchanges, Expiry,
    GiftPolicy, Limit, Members, Multiples, Pending, Per, Problem, Publication, PurchaseCoupon,
    PurchaseRule, QualifyingPeriod, Redemption as RedemptionRule, Reminders, Retention, Returns,
    Risk, RoundUpTo, RoundingMode, RuleAward, RuleCap, ShortfallPolicy, Stacking, Suspicion,
    TierBasis, TierLevel, Tiers, Transfers, Velocity,
};
pub use earning::Silence;
pub use exchange::Partner;
pub use names::{has_spellings, is_mistaken, may_be_id, normalised, other_spellings, spellings_of};
pub use opening::{Opening, OpeningLot, OpeningTier};
pub use profile::{MAX_ALIASES, MAX_ATTRIBUTES, ProfileChange};
pub use remind::reminder;
pub use replay::{Replay, Sums};
pub use reverse::{Merged, Redemption, ReturnScope, Reverse};
pub use review::Promise;
pub use reward::{Reward, RewardKind, stock_subject};
pub use rulebook::{Level, Rulebook};
pub use settle::{by_the_clock, settle};
pub use tiers::{Goal, Projection, projection};
pub use ways::{OpenRate, gaining_way, open_rates};
