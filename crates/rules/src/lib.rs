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

mod again;
mod award;
mod back_test;
mod budgets;
mod case;
mod claims;
mod condition;
mod counters;
mod coupon;
mod default;
mod document;
mod earning;
mod event;
mod joint;
mod limits;
mod names;
mod operation;
pub mod operations;
mod prior_records;
mod projection;
mod replay;
mod review;
mod reward;
mod rulebook;
mod settle;
mod step_up;
mod tiers;
mod validate;
mod ways;

pub use again::{Candidate, Kept, MAX_RECORDS, Past, ever, kept, living, meant};
pub use back_test::{BackTest, MemberTest, OfTier, Side, Span};
pub use budgets::{BudgetOwner, BudgetState};
pub use case::Case;
pub use condition::{
    AskedMember, COPIED_TAGS, Condition, ConditionFault, Conditions, FIELDS, Known,
    MAX_CONDITION_STEPS, MAX_MEMBER_STEPS, MAX_NAMED_TAGS, MEMBER_FIELDS, MemberCondition,
    MemberField, Operator, PlainCondition, PlainRow, Scope, Type, birthday, compile,
    compile_member, member_to_cel, read_condition, read_member_condition, to_cel, to_rows,
};
pub use default::default_document;
pub use document::{
    Accepted, ActionRule, ApprovalStep, ApprovalTotals, Approvals, Benefit, BenefitKind, Bracket,
    Budget, CapOf, Caps, Consumption, CouponRule, Document, Downgrade, EarningRule, Enrolment,
    Exchanges, Expiry, GiftPolicy, GrantBudget, GrantBudgetOf, GrantRule, Limit, Members,
    Multiples, Pending, Per, PointPrice, Problem, Publication, PurchaseCoupon, PurchaseRule,
    QualifyingPeriod, Redemption as RedemptionRule, Reminders, Retention, Returns, Risk, RoundUpTo,
    RoundingMode, RuleAward, RuleCap, ShortfallPolicy, Stacking, StepUp, Suspicion, TierBasis,
    TierLevel, Tiers, Transfers, Velocity,
};
pub use earning::Silence;
pub use event::{EarnEvent, Line};
pub use names::{has_spellings, is_mistaken, may_be_id, normalised, other_spellings, spellings_of};
pub use operation::{
    Account, AccountSide, Activity, Decided, ExtraColumns, Guards, Lots, Needs, Operation, Other,
    Outcome, ReferenceUse, ReversalTargets, StepUpUse, Stores, decide,
};
pub use prior_records::PriorRecords;
pub use projection::{Goal, Projection, projection};
pub use replay::{Replay, Sums};
pub use review::Promise;
pub use reward::{Reward, RewardKind, stock_subject};
pub use rulebook::{Level, Rulebook};
pub use settle::{by_the_clock, settle};
pub use step_up::{MemberProof, SignedProof, asks_for_proof};
pub use ways::{OpenRate, gaining_way, open_rates};
