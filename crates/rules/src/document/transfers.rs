//! The parts of the document that tell what members may give away: to each other, and for points of
//! other programmes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Limit;

/// Bounds of what a member gives away at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// The least points.
    #[serde(default = "one")]
    pub min_points: i64,
    /// The most points.
    #[serde(default)]
    pub max_points: Option<i64>,
    /// The most points that a member gives in a local day.
    #[serde(default)]
    pub points_per_day: Option<i64>,
    /// How often a member may give.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// The exchange of points with other programmes of the group. Both programmes have to agree to it,
/// each in its own rulebook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exchanges {
    /// How many points members may give up for those of another programme, by its id.
    #[serde(default)]
    pub offers: BTreeMap<String, Transfers>,
    /// What members get for points of another programme, by its id.
    #[serde(default)]
    pub accepts: BTreeMap<String, Accepted>,
}

/// What points of another programme are worth here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Points for one of theirs: a plain decimal above 0, with at most 6 decimals.
    pub rate: String,
    /// The name of the policy they live by from then on; without one they keep their dates.
    #[serde(default)]
    pub expiry: Option<String>,
}

fn one() -> i64 {
    1
}
