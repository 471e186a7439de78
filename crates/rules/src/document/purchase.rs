//! The parts of the document that say what purchases and actions earn, and the limits and waiting
//! times that rules share with them.

use serde::{Deserialize, Serialize};

use super::check::{Check, escape};
use super::{Document, PurchaseCoupon};
use crate::condition::Scope;
use crate::rulebook::{Action, Availability, Purchase};
use ledger::ExpiryPolicy;

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
    /// How often it may be done on one device, by all members together.
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

fn nothing() -> String {
    "0".to_owned()
}

impl PurchaseRule {
    pub(crate) fn check(&self, check: &mut Check<'_>) -> Purchase {
        Purchase {
            points_per_unit: check.rate("/purchase/points_per_unit", &self.points_per_unit),
            growth_per_unit: check.rate("/purchase/growth_per_unit", &self.growth_per_unit),
            lines: check.condition("/purchase/lines", Scope::Line, self.lines.as_ref()),
            points_per_day: check.cap("/purchase/points_per_day", self.points_per_day),
            expiry: check.policy("/purchase/expiry", &self.expiry),
            availability: Pending::check(self.pending, "/purchase/pending", check),
            coupon: self.coupon.clone(),
        }
    }

    /// The coupon that it brings, which is checked after the kinds of coupons.
    pub(crate) fn check_coupon(&self, check: &mut Check<'_>, document: &Document) {
        if let Some(coupon) = &self.coupon {
            check.coupon_name("/purchase/coupon/coupon", &coupon.coupon, document);
            check.points("/purchase/coupon/from_minor", coupon.from_minor);
        }
    }
}

impl ActionRule {
    pub(crate) fn check(&self, name: &str, check: &mut Check<'_>) -> Action {
        let at = format!("/actions/{}", escape(name));
        check.name(&at, name);
        check.points(&format!("{at}/points"), self.points);
        check.points(&format!("{at}/growth"), self.growth);
        Limit::check(self.limit, &format!("{at}/limit"), check);
        Limit::check(self.device_limit, &format!("{at}/device_limit"), check);
        Action {
            points: self.points,
            growth: self.growth,
            limit: self.limit,
            device_limit: self.device_limit,
            expiry: check.policy(&format!("{at}/expiry"), &self.expiry),
            availability: Pending::check(self.pending, &format!("{at}/pending"), check),
            coupon: self.coupon.clone(),
        }
    }

    /// The coupon that it brings, which is checked after the kinds of coupons.
    pub(crate) fn check_coupon(&self, name: &str, check: &mut Check<'_>, document: &Document) {
        if let Some(coupon) = &self.coupon {
            check.coupon_name(&format!("/actions/{}/coupon", escape(name)), coupon, document);
        }
    }
}

impl Pending {
    pub(crate) fn check(pending: Option<Self>, at: &str, check: &mut Check<'_>) -> Availability {
        match pending {
            None => Availability::AtOnce,
            Some(Self { days: None }) => Availability::OnActivation,
            Some(Self { days: Some(days) }) => {
                check.days(&format!("{at}/days"), days);
                Availability::After(ExpiryPolicy::Days { days, round_up_to: None })
            }
        }
    }
}

impl Limit {
    pub(crate) fn check(limit: Option<Self>, at: &str, check: &mut Check<'_>) {
        if limit.is_some_and(|limit| !(1..=1_000_000).contains(&limit.times)) {
            check.problem(&format!("{at}/times"), "must be 1 to 1000000");
        }
    }
}
