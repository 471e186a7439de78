//! Bodies of what spends points, and of what undoes it.

use serde::{Deserialize, Serialize};

use super::{LineBody, MoneyBody, one};
use crate::json::{objects, optional_object, optional_objects};

/// A wish to spend points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RedeemBody {
    /// The member.
    pub member_id: String,
    /// How many points, at least 1. Either this, or `lines`, or `reward_id`, or `order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// The order lines that the points pay, each with its points. When one comes back, these points
    /// do.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_objects"
    )]
    pub lines: Option<Vec<PaidLineBody>>,
    /// Something from the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_id: Option<String>,
    /// How many of it; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// What an order comes to that is paid with points, as many as the rulebook takes.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub order: Option<MoneyBody>,
    /// The most points that the member wants to spend on the order; as many as possible when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_points: Option<i64>,
    /// The merchant's document. Redeems once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Sets the points aside instead of spending them, to be captured or released later.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub hold: Option<HoldBody>,
    /// What for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// An order line that is paid with points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaidLineBody {
    /// The merchant's name of the line within the order.
    pub line_id: String,
    /// Units; 1 when absent.
    #[serde(default = "one")]
    pub quantity: i64,
    /// Points for all of them, at least 1.
    pub points: i64,
}

/// How long points are set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldBody {
    /// Minutes until the hold times out, at most 43,200 (thirty days).
    pub minutes: u32,
}

/// Spending the points of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CaptureBody {
    /// How many points, at least 1; all of them when absent. The rest comes free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// What for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Giving a hold up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Goods that came back, an action that did not count after all, or a redemption that is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReverseBody {
    /// The member.
    pub member_id: String,
    /// The order or document to be undone. What it earned is taken back, and what was spent on it
    /// given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The store that the order is from, where stores number their orders by themselves. `store_id`
    /// is where it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_store_id: Option<String>,
    /// One side alone: `purchase` or an action for what it earned, `redeem` for what was spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The earn, redemption or capture to be undone, by its entry: that one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// The order lines that came back, at least one; all that is left of the order when absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_objects"
    )]
    pub lines: Option<Vec<ReturnedLineBody>>,
    /// How many points of a redemption are given back, at least 1; all that are left when absent.
    /// With `lines`: how many of the points spent on the order come back with them, 0 or more; as
    /// many as the lines were paid with when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// How many pieces of a reward come back, at least 1; all that are left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// Money of the order that is paid back while the goods stay, shared out to its lines by what
    /// is left of their prices.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub refund: Option<MoneyBody>,
    /// The merchant's document of the return. Reverses once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_reference: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Units of an order line that came back, or money of it that was paid back while the goods stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnedLineBody {
    /// The merchant's name of the line within the order.
    pub line_id: String,
    /// Units; 1 when absent.
    #[serde(default = "one")]
    pub quantity: i64,
    /// Money that is paid back without goods, instead of units.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub refund: Option<MoneyBody>,
}

/// Using a coupon for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CouponBody {
    /// Whose it must be; anybody's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
    /// The lines of the order.
    #[serde(deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// The merchant's document, such as the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Undoing the use of a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CouponRestoreBody {
    /// The entry that used it.
    pub entry_id: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
