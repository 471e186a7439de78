//! The part of the document that tells what coupons promise.

use serde::{Deserialize, Serialize};

use super::check::{Check, MAX_POINTS, escape};

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

impl CouponRule {
    pub(crate) fn check(&self, name: &str, check: &mut Check<'_>) {
        let at = &format!("/coupons/{}", escape(name));
        check.name(at, name);
        match (self.off_minor, self.off_percent) {
            (Some(off), None) if (1..=MAX_POINTS).contains(&off) => {}
            (Some(_), None) => check.problem(&format!("{at}/off_minor"), "must be 1 to 1000000000"),
            (None, Some(percent)) if (1..=100).contains(&percent) => {}
            (None, Some(_)) => check.problem(&format!("{at}/off_percent"), "must be 1 to 100"),
            _ => check.problem(at, "needs off_minor or off_percent, and not both"),
        }
        if self.max_off_minor.is_some_and(|most| !(1..=MAX_POINTS).contains(&most)) {
            check.problem(&format!("{at}/max_off_minor"), "must be 1 to 1000000000");
        }
        if self.max_off_minor.is_some() && self.off_percent.is_none() {
            check.problem(&format!("{at}/max_off_minor"), "goes with off_percent");
        }
        check.points(&format!("{at}/min_minor"), self.min_minor);
        check.policy(&format!("{at}/expiry"), &self.expiry);
        for (name, list) in [
            ("categories", &self.categories),
            ("channels", &self.channels),
            ("stores", &self.stores),
        ] {
            let is_name = |text: &String| {
                (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control)
            };
            if list.len() > 100 || !list.iter().all(is_name) {
                check.problem(
                    &format!("{at}/{name}"),
                    "must be at most 100 texts of 1 to 64 characters",
                );
            }
        }
    }
}
