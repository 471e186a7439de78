//! The part of the document that tells what members may give each other.

use serde::{Deserialize, Serialize};

use super::Limit;

/// Bounds of gifts from member to member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// The least points of a gift.
    #[serde(default = "one")]
    pub least_points: i64,
    /// The most points of a gift.
    #[serde(default)]
    pub most_points: Option<i64>,
    /// The most points that a member gives in a local day.
    #[serde(default)]
    pub points_per_day: Option<i64>,
    /// How often a member may give.
    #[serde(default)]
    pub limit: Option<Limit>,
}

fn one() -> i64 {
    1
}
