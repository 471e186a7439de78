//! Parts that bodies share: lines, money, the digest of a request.

use ledger::{Currency, Money};
use rules::Line;
use serde::{Deserialize, Deserializer, Serialize};

use crate::check::{Check, MAX_AMOUNT};
use crate::json::object;

pub(crate) const MAX_LINES: usize = 500;

/// A body with the fields that commands on points have in common behind its own: the document, what
/// for, and where. Serde's `flatten` would take them from a struct, and accept unknown fields.
macro_rules! command_body {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$of:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$of])* pub $field: $type,)+
            /// The merchant's document. It is carried out once only.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reference: Option<String>,
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

        impl $name {
            /// Where it comes from, and the source by which its document is recorded once.
            fn origin(
                &self,
                check: &mut $crate::check::Check,
                operation: &str,
                actor: &str,
            ) -> (ledger::Origin, Option<String>) {
                let (reference, source) = check.document(operation, self.reference.as_deref());
                let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
                let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
                (origin, source)
            }
        }
    };
}
pub(super) use command_body;

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

/// What is decided on a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

pub(super) fn one() -> i64 {
    1
}

/// Tells a field that is null from one that is absent.
pub(super) fn said<'de, D: Deserializer<'de>>(
    field: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// The first half of SHA-256 over the request's canonical JSON: enough to tell two requests under
/// one key apart.
#[must_use]
pub fn fingerprint(body: &impl Serialize) -> String {
    let json = serde_json::to_vec(body).unwrap_or_default();
    let mut digest = ledger::Hash::of(&json).to_string();
    digest.truncate(32);
    digest
}

/// A line, when its values are right.
pub(crate) fn line(index: usize, body: &LineBody, check: &mut Check) -> Option<Line> {
    let at = format!("/lines/{index}");
    check.text(&format!("{at}/line_id"), Some(&body.line_id), 64);
    check.text(&format!("{at}/sku"), body.sku.as_deref(), 64);
    check.text(&format!("{at}/category"), body.category.as_deref(), 64);
    if !(1..=1_000_000).contains(&body.quantity) {
        check.wrong(format!("{at}/quantity"), "must be 1 to 1000000");
    }
    if !(0..=MAX_AMOUNT).contains(&body.amount.amount_minor) {
        check.wrong(
            format!("{at}/amount/amount_minor"),
            "must be 0 to 1000000000000000; returns are not negative purchases",
        );
    }
    let currency = Currency::new(&body.amount.currency);
    if currency.is_none() {
        check.wrong(
            format!("{at}/amount/currency"),
            "must be an ISO 4217 code of three capital letters",
        );
    }
    Some(Line {
        line: body.line_id.clone(),
        sku: body.sku.clone(),
        category: body.category.clone(),
        quantity: body.quantity,
        amount: Money { amount_minor: body.amount.amount_minor, currency: currency? },
    })
}

pub(crate) fn money(at: &str, body: &MoneyBody, check: &mut Check) -> Option<Money> {
    if !(0..=MAX_AMOUNT).contains(&body.amount_minor) {
        check.wrong(format!("{at}/amount_minor"), "must be 0 to 1000000000000000");
    }
    let currency = Currency::new(&body.currency);
    if currency.is_none() {
        check.wrong(format!("{at}/currency"), "must be an ISO 4217 code of three capital letters");
    }
    Some(Money { amount_minor: body.amount_minor, currency: currency? })
}
