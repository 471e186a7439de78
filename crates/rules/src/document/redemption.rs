//! The part of the document that tells how orders are paid with points.

use serde::{Deserialize, Serialize};

use super::Document;
use super::check::{Check, MAX_POINTS};

/// How many points an order takes, and what they are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Better prices, for some levels or for many points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PointPrice>,
}

/// What points are worth for members of some levels, or from so many points on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PointPrice {
    /// The levels whose members get it; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// How many points must be spent on the order at least.
    #[serde(default = "one")]
    pub from_points: i64,
    /// So many points
    pub points: i64,
    /// take so much money off, in minor units.
    pub off_minor: i64,
}

/// The most prices beside the common one.
const MAX_PRICES: usize = 20;

fn all() -> i64 {
    100
}

fn one() -> i64 {
    1
}

impl Redemption {
    pub(crate) fn check(&self, document: &Document, decimals: u32, check: &mut Check<'_>) {
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
        if self.prices.len() > MAX_PRICES {
            check.problem("/redemption/prices", "must be at most 20");
        }
        for (index, price) in self.prices.iter().enumerate().take(MAX_PRICES) {
            price.check(&format!("/redemption/prices/{index}"), document, check);
            let common = i128::from(price.points) * 10i128.pow(decimals);
            if i128::from(price.off_minor) * i128::from(self.points_per_unit) <= common {
                let detail = "must take more off than points_per_unit does";
                check.problem(&format!("/redemption/prices/{index}/off_minor"), detail);
            }
        }
    }
}

impl PointPrice {
    fn check(&self, at: &str, document: &Document, check: &mut Check<'_>) {
        for (name, value) in [
            ("from_points", self.from_points),
            ("points", self.points),
            ("off_minor", self.off_minor),
        ] {
            if !(1..=MAX_POINTS).contains(&value) {
                check.problem(&format!("{at}/{name}"), "must be 1 to 1000000000");
            }
        }
        let levels = || document.tiers.iter().flat_map(|tiers| &tiers.levels);
        if let Some(unknown) = self.tiers.iter().position(|id| levels().all(|l| l.id != *id)) {
            check.problem(&format!("{at}/tiers/{unknown}"), "names no level of /tiers");
        }
    }
}
