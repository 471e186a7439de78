//! The bodies that requests carry. How those of commands become orders is in `orders`.
//!
//! Unknown fields are refused: a typo must not silently lose points.

mod import;
mod joint;
mod level;
mod risk;
mod rulebook;
mod spending;

use std::collections::BTreeMap;

use rules::Document;
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{object, objects};

pub use import::{ImportLotBody, ImportRowBody, ImportTotalsBody};
pub use joint::{EraseBody, ExchangeBody, InvitationBody, MergeBody, PoolRedeemBody, TransferBody};
pub use level::TierBody;
pub use risk::{FreezeBody, RecoverBody, SideBody};
pub use rulebook::{BackTestBody, PublicationBody, SimulationBody};
pub use spending::{
    CaptureBody, CouponBody, CouponRestoreBody, HoldBody, PaidLineBody, RedeemBody, ReleaseBody,
    ReturnedLineBody, ReverseBody,
};

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
    /// The order of a purchase, the document of an action. Earns once only. A purchase must have
    /// one.
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
    /// What the header `Device-Id` tells of a single earn.
    #[serde(default)]
    pub device_id: Option<String>,
    /// What the header `Client-Ip` tells of a single earn.
    #[serde(default)]
    pub client_ip: Option<String>,
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
    /// The adjustment that granted points by mistake: these are taken from its lot, and from no
    /// other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
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

/// Pending points that something has settled: the goods were kept, the review was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivateBody {
    /// The member.
    pub member_id: String,
    /// The reference that the points were earned under.
    pub reference: String,
    /// The store that it is from, where stores number their orders by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_store_id: Option<String>,
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
    /// Other names the member is known by, each with its kind in front, such as
    /// `phone:+8613800000000`; those there are stay when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<String>>,
}

/// What changes of what is told about a member; what is not named stays (a JSON merge patch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberPatchBody {
    /// Attributes by name, as in [`MemberBody::attributes`]; null takes one away.
    #[serde(default)]
    pub attributes: BTreeMap<String, Option<String>>,
    /// Other names by their kind, without it: `{"phone": ["+8613800000000"], "card": null}`. All of
    /// a kind are replaced; null takes them away.
    #[serde(default)]
    pub aliases: BTreeMap<String, Option<Vec<String>>>,
}

/// A new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// storefront, marketing, finance, service, approver, department_head, vice_president, admin or
    /// job.
    pub role: String,
    /// What it is for, for people.
    pub label: String,
    /// Another programme than the caller's; for the operator only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<String>,
    /// Whose it is: the id of a person, 1 to 100 characters. Needed for the roles approver,
    /// department_head, vice_president and admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<String>,
    /// From when on it counts no more, RFC 3339; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The stores that it is for, 1 to 100; all when absent. Not for the roles admin and job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores: Option<Vec<String>>,
}

/// A programme and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgrammeBody {
    /// Its name, for people.
    pub name: String,
    /// The rulebook to publish.
    pub rulebook: Document,
    /// The programme whose rulebook it follows in all that is not different here; null when it
    /// stands alone, as it was when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub inherits: Option<Option<String>>,
    /// The group it belongs to, whose programmes know members by the same names and may exchange
    /// points; null when it stands alone, as it was when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub group: Option<Option<String>>,
}

/// Tells a field that is null from one that is absent.
fn said<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
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
