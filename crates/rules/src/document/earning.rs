//! The part of the document that tells what else events earn, and when: rules with conditions.

use serde::{Deserialize, Serialize};

use super::{Limit, Pending, Per};
use crate::condition::PlainCondition;

/// One more reason to be awarded points, beside what the purchase or action earns by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarningRule {
    /// Its name, which entries show.
    pub id: String,
    /// `purchase`, or an action.
    pub event: String,
    /// The first local day it holds on, `YYYY-MM-DD`.
    #[serde(default)]
    pub from: Option<String>,
    /// The last local day it holds on.
    #[serde(default)]
    pub until: Option<String>,
    /// A condition in CEL.
    #[serde(default)]
    pub when: Option<String>,
    /// Conditions in the plain form; all of them must hold, and `when` as well.
    #[serde(default)]
    pub conditions: Vec<PlainCondition>,
    /// Which lines of a purchase count, in CEL; all that earn when there is none.
    #[serde(default)]
    pub lines: Option<String>,
    /// What it awards.
    pub award: RuleAward,
    /// Growth each time.
    #[serde(default)]
    pub growth: i64,
    /// The kind of coupon that it brings.
    #[serde(default)]
    pub coupon: Option<String>,
    /// How often a member gets it; then it is silent.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// How many points it awards at most.
    #[serde(default)]
    pub caps: Vec<RuleCap>,
    /// Name of the expiry policy, when it is not that of the purchase or action.
    #[serde(default)]
    pub expiry: Option<String>,
    /// The waiting time, when it is not that of the purchase or action.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// The group of rules that it is weighed against.
    #[serde(default)]
    pub group: Option<String>,
    /// Its weight in the group; the highest goes first.
    #[serde(default)]
    pub priority: i64,
}

/// What a rule awards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleAward {
    /// Points for the money spent on the lines that count.
    Rate {
        /// Points per major currency unit.
        points_per_unit: String,
    },
    /// Points for the event.
    Fixed {
        /// How many.
        points: i64,
    },
    /// Points for each unit of the lines that count.
    Each {
        /// How many.
        points: i64,
    },
    /// A multiple of what the purchase or action earns by itself.
    Multiplier {
        /// How many times as much, at least `"1"`: `"2"` doubles, by as many points again.
        times: String,
    },
    /// Points for the money spent, at a rate that changes with the sum: each bracket's for what
    /// lies within it.
    Brackets {
        /// From the lowest.
        brackets: Vec<Bracket>,
    },
}

/// A rate for what is spent above some sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bracket {
    /// The sum it begins at, in minor units.
    pub from_minor: i64,
    /// Points per major currency unit above it.
    pub points_per_unit: String,
}

/// The most points of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleCap {
    /// How many.
    pub points: i64,
    /// In which period.
    pub per: Per,
    /// Whose points are counted together.
    #[serde(default)]
    pub of: CapOf,
}

/// Whose points a cap counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapOf {
    /// Those of the member.
    #[default]
    Member,
    /// Those of everybody who used the device.
    Device,
    /// Those of all members: a budget.
    Programme,
}

/// What becomes of the rules of a group of which several would fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stacking {
    /// All of them do.
    Sum,
    /// Only the one that awards most.
    BestOf,
    /// Only the one of the highest priority.
    Exclusive,
}

/// The most points that a programme awards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many.
    pub points: i64,
    /// In which period.
    pub per: Per,
    /// From which share of it on it counts as nearly spent, in percent.
    #[serde(default = "ninety")]
    pub red_line_percent: i64,
}

/// Caps over all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Most points a member is awarded in a local day, gifts aside.
    #[serde(default)]
    pub points_per_day: Option<i64>,
    /// Most points that all members together are awarded, gifts aside.
    #[serde(default)]
    pub budget: Option<Budget>,
}

fn ninety() -> i64 {
    90
}
