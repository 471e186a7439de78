//! What a member brings along from another system, as a line of a file tells it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::json::{object, objects};

/// A member of an import: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportRowBody {
    /// The member.
    pub member_id: String,
    /// Its points, lot by lot; at most 1,000.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<ImportLotBody>,
    /// Points that it owes, not negative.
    #[serde(default, skip_serializing_if = "is_default")]
    pub debt: i64,
    /// The tier that it has, by its name in the rulebook; capital and small letters are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The last local day of the tier; without it as long as if it were reached now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_through: Option<String>,
    /// What counts towards tiers in the running period.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "is_default")]
    pub totals: ImportTotalsBody,
    /// What is told about the member; other attributes that it has stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Tags, kept as the attribute `tags` with commas between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Other names, each with its kind in front, such as `phone:+8613800000001`; names of other
    /// kinds stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// Points that a member brings along.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportLotBody {
    /// How many, at least 1.
    pub points: i64,
    /// The local day on which they were earned; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned_on: Option<String>,
    /// The last local day on which they can be spent; they never end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<String>,
}

/// What counts towards tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportTotalsBody {
    /// Money spent, in minor units of the programme's currency.
    #[serde(default)]
    pub spend_minor: i64,
    /// Growth.
    #[serde(default)]
    pub growth: i64,
    /// Orders.
    #[serde(default)]
    pub orders: i64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
