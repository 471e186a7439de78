//! Slips: signed receipts for tills that are online, with their QR code.

use std::collections::HashSet;

use ledger::{Reference, Timestamp};
use serde::{Deserialize, Serialize};

use super::common::{LineBody, MoneyBody, line, money};
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::json::objects;
use crate::problem::Problem;
use crate::receipt::{Contents, ReceiptLine};
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] =
    &[Route::write("/v1/slips", "Sign a receipt, and draw its QR code", STOREFRONT)
        .takes("SlipBody", 16 * KIB)
        .without_key()
        .for_stores()];

/// More lines than a QR code has room for.
const MAX_LINES: usize = 100;

/// An order that a receipt is printed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SlipBody {
    /// The store; that of the key when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
    /// The order.
    pub reference: String,
    /// What it cost; not with `lines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyBody>,
    /// Its lines; not with `amount`. Their `line_id` is not kept: lines are counted from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// When it was paid, RFC 3339; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    /// The public name of this server, such as `points.example.com`.
    pub host: String,
}

/// What a slip is to say, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The order.
    pub reference: String,
    /// When it was paid; `None` for now.
    pub paid_at: Option<Timestamp>,
    /// What it cost.
    pub contents: Contents,
    /// The sum of it, in minor units.
    pub total_minor: i64,
}

impl SlipBody {
    /// Checks the values. `currency` is the programme's.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn slip(&self, currency: &str) -> Result<Slip, Problem> {
        let mut check = Check::default();
        check.text("/store_id", self.store_id.as_deref(), 64);
        let reference = check.id("/reference", Reference::new(self.reference.as_str()));
        let paid_at = self.occurred_at.as_deref().map(Timestamp::parse);
        if paid_at.is_some_and(|at| at.is_none_or(|at| at.0 < 0)) {
            check.wrong("/occurred_at", "must be RFC 3339 with an offset");
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        if !(1..=100).contains(&self.host.len()) || !self.host.bytes().all(is_name) {
            check.wrong("/host", "must be a host's name, such as points.example.com");
        }
        if self.amount.is_some() != self.lines.is_empty() {
            check.wrong("/amount", "either amount or lines must be there");
        }
        if self.lines.len() > MAX_LINES {
            check.wrong("/lines", "must be 100 lines at most");
        }
        let amount = self.amount.as_ref().map(|body| (money("/amount", body, &mut check), body));
        let mut lines = Vec::new();
        let mut names = HashSet::new();
        for (at, body) in self.lines.iter().take(MAX_LINES).enumerate() {
            line(at, body, &mut check);
            if !names.insert(body.line_id.as_str()) {
                check.wrong(format!("/lines/{at}/line_id"), "is the line_id of another line");
            }
            lines.push(ReceiptLine {
                sku: body.sku.clone(),
                category: body.category.clone(),
                quantity: body.quantity,
                amount_minor: body.amount.amount_minor,
            });
        }
        let currencies =
            amount.iter().map(|(_, body)| ("/amount/currency".to_owned(), &body.currency)).chain(
                self.lines.iter().enumerate().map(|(at, line)| {
                    (format!("/lines/{at}/amount/currency"), &line.amount.currency)
                }),
            );
        for (place, _) in currencies.filter(|(_, found)| *found != currency) {
            check.wrong(place, format!("must be {currency}, the programme's currency"));
        }
        let of_lines = lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.amount_minor));
        let (contents, total_minor) = match &self.amount {
            Some(body) => (Contents::Amount(body.amount_minor), body.amount_minor),
            None => (Contents::Lines(lines), of_lines.unwrap_or(i64::MAX)),
        };
        check.done(reference.map(|reference| Slip {
            reference: reference.as_str().to_owned(),
            paid_at: paid_at.flatten(),
            contents,
            total_minor,
        }))
    }
}
