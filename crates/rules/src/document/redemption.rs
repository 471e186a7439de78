//! The part of the document that tells how orders are paid with points.

use serde::{Deserialize, Serialize};

use super::check::{Check, MAX_POINTS};

/// How many points an order takes, and what they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// Points that take one major currency unit off, at least 1.
    pub points_per_unit: i64,
    /// The largest share of an order that can be paid with points, in percent.
    #[serde(default = "all")]
    pub max_percent: i64,
    /// Points are spent in multiples of this.
    #[serde(default = "one")]
    pub multiple_of: i64,
    /// The least points that can be spent on an order.
    #[serde(default = "one")]
    pub min_points: i64,
    /// The most points that can be spent on an order.
    #[serde(default)]
    pub max_points: Option<i64>,
}

fn all() -> i64 {
    100
}

fn one() -> i64 {
    1
}

impl Redemption {
    pub(crate) fn check(self, check: &mut Check<'_>) {
        for (name, value) in [
            ("points_per_unit", self.points_per_unit),
            ("multiple_of", self.multiple_of),
            ("min_points", self.min_points),
            ("max_points", self.max_points.unwrap_or(1)),
        ] {
            if !(1..=MAX_POINTS).contains(&value) {
                check.problem(&format!("/redemption/{name}"), "must be 1 to 1000000000");
            }
        }
        if !(1..=100).contains(&self.max_percent) {
            check.problem("/redemption/max_percent", "must be 1 to 100");
        }
    }
}
