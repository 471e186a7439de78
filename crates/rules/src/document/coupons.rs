//! The part of the document that tells what coupons promise.

use serde::{Deserialize, Serialize};

/// A kind of coupon: money off an order, an amount or a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CouponRule {
    /// Money off, in minor units. Either this or a percentage.
    #[serde(default)]
    pub off_minor: Option<i64>,
    /// Percent off, rounded down.
    #[serde(default)]
    pub off_percent: Option<i64>,
    /// The most that a percentage may come to, in minor units.
    #[serde(default)]
    pub max_off_minor: Option<i64>,
    /// What the order must come to at least, in minor units.
    #[serde(default)]
    pub min_minor: i64,
    /// Name of the expiry policy.
    pub expiry: String,
    /// Categories whose lines count; any when empty.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Sales channels it can be used in; any when empty.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Stores it can be used in; any when empty.
    #[serde(default)]
    pub stores: Vec<String>,
    /// Whether it can be used for an order that another coupon was used for.
    #[serde(default)]
    pub stacks: bool,
}

/// A coupon for purchases of some size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PurchaseCoupon {
    /// The kind of coupon.
    pub coupon: String,
    /// What the purchase must come to at least, in minor units.
    #[serde(default)]
    pub from_minor: i64,
}
