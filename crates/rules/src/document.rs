//! The rulebook document, format 1: its fields, their units and defaults.
//!
//! Unknown fields are refused when it is read, so that a typo never becomes a rule that is silently
//! missing. What a field may hold is checked in `validate`.

mod approvals;
mod coupons;
mod earning;
mod members;
mod publication;
mod redemption;
mod reminders;
mod retention;
mod returns;
mod risk;
mod transfers;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use approvals::{ApprovalStep, ApprovalTotals, Approvals, Multiples};
pub use coupons::{CouponRule, PurchaseCoupon};
pub use earning::{Bracket, Budget, CapOf, Caps, EarningRule, RuleAward, RuleCap, Stacking};
pub use members::Members;
pub use publication::Publication;
pub use redemption::Redemption;
pub use reminders::Reminders;
pub use retention::Retention;
pub use returns::{GiftPolicy, Returns, ShortfallPolicy};
pub use risk::{Risk, Suspicion, Velocity};
pub use transfers::{Accepted, Exchanges, Transfers};

/// All rules of one programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of this shape. Always 1.
    pub format: u32,
    /// ISO 4217 code that all amounts are in.
    pub currency: String,
    /// IANA time zone whose midnights end the days.
    pub time_zone: String,
    /// How the exact sum of points becomes a whole number.
    #[serde(default)]
    pub rounding: RoundingMode,
    /// Whether an earn may register a member that is not known yet.
    #[serde(default)]
    pub enrolment: Enrolment,
    /// How members are named.
    #[serde(default)]
    pub members: Members,
    /// Which points are spent first.
    #[serde(default)]
    pub consumption: Consumption,
    /// How many days late an event may be reported.
    #[serde(default = "seven")]
    pub accept_late_days: u32,
    /// What purchases earn.
    pub purchase: PurchaseRule,
    /// What actions earn, by event name.
    #[serde(default)]
    pub actions: BTreeMap<String, ActionRule>,
    /// What else events earn, and when.
    #[serde(default)]
    pub rules: Vec<EarningRule>,
    /// What becomes of rules that would fire together, by the name of their group.
    #[serde(default)]
    pub groups: BTreeMap<String, Stacking>,
    /// Caps over all rules.
    #[serde(default)]
    pub caps: Caps,
    /// Expiry policies by name; the rules refer to them.
    pub expiry: BTreeMap<String, Expiry>,
    /// The tier ladder.
    #[serde(default)]
    pub tiers: Option<Tiers>,
    /// When members are warned.
    #[serde(default)]
    pub reminders: Reminders,
    /// What becomes of points when goods come back.
    #[serde(default)]
    pub returns: Returns,
    /// Who has to approve of adjustments by hand.
    #[serde(default)]
    pub approvals: Approvals,
    /// Which changes of this document somebody else has to approve of.
    #[serde(default)]
    pub publication: Publication,
    /// What looks odd.
    #[serde(default)]
    pub risk: Risk,
    /// Kinds of coupons by name; rules, tiers and rewards refer to them.
    #[serde(default)]
    pub coupons: BTreeMap<String, CouponRule>,
    /// How orders are paid with points; they cannot be when there is none.
    #[serde(default)]
    pub redemption: Option<Redemption>,
    /// What members may give each other; nothing when there is none.
    #[serde(default)]
    pub transfers: Option<Transfers>,
    /// Which points may be exchanged for those of other programmes, and at what rate.
    #[serde(default)]
    pub exchanges: Exchanges,
    /// How long what is no entry is kept.
    #[serde(default, skip_serializing_if = "Retention::is_default")]
    pub retention: Retention,
}

fn seven() -> u32 {
    7
}

/// How the exact sum of points is rounded, once, at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// Towards zero.
    #[default]
    Down,
    /// To the nearest; a half goes up.
    HalfUp,
}

/// Whether an earn may register a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Enrolment {
    /// The first earn of an unknown member registers it.
    #[default]
    Automatic,
    /// Members are registered by `PUT /v1/members/{id}`; an earn of another is refused.
    Explicit,
}

/// Which points are spent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consumption {
    /// Those that expire first, then those earned first.
    #[default]
    ExpiringFirst,
    /// Those earned first.
    FirstInFirstOut,
}

/// What purchases earn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PurchaseRule {
    /// Points per major currency unit, a decimal text such as `"1.5"`.
    pub points_per_unit: String,
    /// Growth per major currency unit, rounded down per purchase.
    #[serde(default = "nothing")]
    pub growth_per_unit: String,
    /// Which lines earn, by this rule and all others, in CEL; all when there is none.
    #[serde(default)]
    pub lines: Option<String>,
    /// Most points a member gets for purchases in a local day.
    #[serde(default)]
    pub points_per_day: Option<i64>,
    /// Name of the expiry policy.
    pub expiry: String,
    /// The return window; points can be spent at once when there is none.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// A coupon for purchases of some size.
    #[serde(default)]
    pub coupon: Option<PurchaseCoupon>,
}

/// Points that cannot be spent at once. Their validity counts from the day they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// They are pending through the day this many days after the event, unless they are activated
    /// before. Without it, until they are activated.
    #[serde(default)]
    pub days: Option<u32>,
}

fn nothing() -> String {
    "0".to_owned()
}

/// What an action (sign-up, check-in, review…) earns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActionRule {
    /// Points each time.
    #[serde(default)]
    pub points: i64,
    /// Growth each time.
    #[serde(default)]
    pub growth: i64,
    /// How often a member may.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// How often it may be done on one device, whoever the members are.
    #[serde(default)]
    pub device_limit: Option<Limit>,
    /// Name of the expiry policy.
    pub expiry: String,
    /// The waiting time; points can be spent at once when there is none.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// The kind of coupon that it brings.
    #[serde(default)]
    pub coupon: Option<String>,
}

/// How often a member may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Times.
    pub times: i64,
    /// In which period of the local calendar.
    pub per: Per,
}

/// A period that limits count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An hour of the clock (UTC).
    Hour,
    /// A local day.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
    /// Ever.
    Lifetime,
}

/// How long points live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Expiry {
    /// For ever.
    Never {},
    /// Valid through the day this many days after the day of earning.
    Days {
        /// Days.
        days: u32,
        /// Moves the last valid day on to the end of this period.
        #[serde(default)]
        round_up_to: Option<RoundUpTo>,
    },
    /// Valid through the day this many days after the member last earned something: each earn moves
    /// the end of these points on.
    Sliding {
        /// Days.
        days: u32,
    },
    /// Valid through the same day this many months later.
    Months {
        /// Months.
        months: u32,
        /// Moves the last valid day on to the end of this period.
        #[serde(default)]
        round_up_to: Option<RoundUpTo>,
    },
    /// Valid through the next of these yearly dates.
    FixedDates {
        /// `MM-DD`; `02-29` means the last of February.
        dates: Vec<String>,
        /// The least number of days points live.
        #[serde(default)]
        min_days: u32,
    },
}

/// The end of which period a last valid day moves on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundUpTo {
    /// Calendar month.
    Month,
    /// Quarter of the calendar year.
    Quarter,
    /// Half of the calendar year.
    Half,
    /// Calendar year.
    Year,
}

/// The tier ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// What qualifies.
    pub basis: TierBasis,
    /// Over which period.
    pub period: QualifyingPeriod,
    /// Which lines of a purchase count towards tiers, in CEL; all when there is none.
    #[serde(default)]
    pub lines: Option<String>,
    /// What happens when a tier ends and was not qualified for again.
    #[serde(default)]
    pub downgrade: Downgrade,
    /// How many days more a tier is kept after its end, within which it can still be qualified for.
    #[serde(default)]
    pub grace_days: u32,
    /// Name of the expiry policy of gift points.
    pub gift_expiry: String,
    /// From the lowest to the highest. The first starts at 0.
    pub levels: Vec<TierLevel>,
}

/// What qualifies for a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TierBasis {
    /// Money spent, in minor units.
    Spend,
    /// Growth.
    Growth,
    /// Number of orders.
    Orders,
}

/// The period that qualification is summed over, and for which a tier is then kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum QualifyingPeriod {
    /// Everything since joining; a tier is kept for life.
    Lifetime {},
    /// The calendar year; a tier is kept through the end of the next one.
    CalendarYear {},
    /// The current calendar month and those before it; a tier is kept for as many months.
    RollingMonths {
        /// How many months, 1 to 36.
        months: u32,
    },
}

/// What happens when a tier ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Downgrade {
    /// One level down at most.
    #[default]
    OneStep,
    /// To the level that was qualified for.
    ToQualified,
    /// Tiers are never lost.
    Never,
}

/// One level of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierLevel {
    /// Its name.
    pub id: String,
    /// From which value of the basis on (minor units, growth or orders).
    pub from: i64,
    /// Or from which growth on, in the same period.
    #[serde(default)]
    pub or_growth: Option<i64>,
    /// Multiplies what purchases earn, at least `"1"`.
    #[serde(default = "one")]
    pub multiplier: String,
    /// Points given when the level is reached.
    #[serde(default)]
    pub gift_points: i64,
    /// The kind of coupon given when the level is reached.
    #[serde(default)]
    pub gift_coupon: Option<String>,
}

fn one() -> String {
    "1".to_owned()
}
