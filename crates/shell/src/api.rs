//! The bodies that requests carry. How those of commands become orders is in `orders`.
//!
//! Unknown fields are refused: a typo must not silently lose points.

use std::collections::BTreeMap;

use rules::Document;
use serde::{Deserialize, Serialize};

use crate::json::{object, objects, optional_object, optional_objects};

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MoneyBody {
    /// Minor units (cents, fen), not negative.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineBody {
    /// The merchant's name of the line within the order.
    pub line_id: String,
    /// The merchant's article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The merchant's category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Units bought; 1 when absent.
    #[serde(default = "one")]
    pub quantity: i64,
    /// What the line cost in all, after discounts.
    #[serde(deserialize_with = "object")]
    pub amount: MoneyBody,
}

fn one() -> i64 {
    1
}

/// Something a member did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarnBody {
    /// The member.
    pub member_id: String,
    /// `purchase`, or an action of the rulebook such as `check_in`.
    pub event: String,
    /// The order of a purchase, the document of an action. Earns once only. A purchase must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it happened, RFC 3339; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    /// The lines of a purchase; actions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// One event of a bulk earn: an earn with its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// The key that the same event bears on every retry.
    pub idempotency_key: String,
    /// See [`EarnBody::member_id`].
    pub member_id: String,
    /// See [`EarnBody::event`].
    pub event: String,
    /// See [`EarnBody::reference`].
    #[serde(default)]
    pub reference: Option<String>,
    /// See [`EarnBody::occurred_at`].
    #[serde(default)]
    pub occurred_at: Option<String>,
    /// See [`EarnBody::lines`].
    #[serde(default, deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// See [`EarnBody::channel`].
    #[serde(default)]
    pub channel: Option<String>,
    /// See [`EarnBody::store_id`].
    #[serde(default)]
    pub store_id: Option<String>,
}

/// A wish to spend points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RedeemBody {
    /// The member.
    pub member_id: String,
    /// How many points, at least 1.
    pub points: i64,
    /// The merchant's document. Redeems once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Sets the points aside instead of spending them, to be captured or released later.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_object")]
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
    /// The order or document to be undone. What it earned is taken back, and what was spent on it given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// One side alone: `purchase` or an action for what it earned, `redeem` for what was spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The redemption or capture to be undone, when it has no reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// The order lines that came back, at least one; all that is left of the order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_objects")]
    pub lines: Option<Vec<ReturnedLineBody>>,
    /// How many points of a redemption are given back, at least 1; all that are left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
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

/// Units of an order line that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnedLineBody {
    /// The merchant's name of the line within the order.
    pub line_id: String,
    /// Units; 1 when absent.
    #[serde(default = "one")]
    pub quantity: i64,
}

/// An adjustment by hand that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdjustmentBody {
    /// The member.
    pub member_id: String,
    /// Points to be granted, or (negative) taken; not 0.
    pub points: i64,
    /// Why, as one of the rulebook's codes.
    pub reason_code: String,
    /// What proves it: a ticket, a receipt, a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Name of the rulebook's expiry policy for granted points; that of purchases when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    /// The merchant's document, such as that of an event offline. Asked for once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// More words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is decided on a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Freezing an account, or restoring it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// Which side of it; both when absent.
    #[serde(default)]
    pub side: SideBody,
    /// Why, for people.
    pub reason: String,
}

/// A side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SideBody {
    /// Points for what it does.
    Earning,
    /// Redemptions, holds and gifts.
    Spending,
    /// Either.
    #[default]
    Both,
}

/// Redemptions that somebody else made in a member's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// Their entries, 1 to 50, each once.
    pub entry_ids: Vec<String>,
    /// Why, for people.
    pub reason: String,
}

/// Pending points that something has settled: the goods were kept, the review was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivateBody {
    /// The member.
    pub member_id: String,
    /// The reference that the points were earned under.
    pub reference: String,
    /// The event that they were earned for; `purchase` when absent.
    #[serde(default = "purchase")]
    pub event: String,
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

fn purchase() -> String {
    "purchase".to_owned()
}

/// What a merchant tells about a member. Replaces what was told before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberBody {
    /// Up to 50 names with texts of up to 200 characters.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// A new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// storefront, marketing, finance, service, approver, department_head, vice_president, admin or job.
    pub role: String,
    /// What it is for, for people.
    pub label: String,
    /// Another programme than the caller's; for the operator only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<String>,
}

/// A programme and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgrammeBody {
    /// Its name, for people.
    pub name: String,
    /// The rulebook to publish.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub rulebook: Document,
}

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EndpointBody {
    /// An https URL.
    pub url: String,
    /// Kinds of entries to send; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// `whsec_` and base64 of 24–64 bytes; made by the server when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
