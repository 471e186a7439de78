//! The part of the document that tells how orders are paid with points.

use serde::{Deserialize, Serialize};

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
