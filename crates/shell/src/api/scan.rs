//! Receipts that members scan, and the keys by which tills sign them.

use ledger::Currency;
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::{LineBody, MoneyBody, fingerprint};
use super::earn::EarnBody;
use super::roles::STOREFRONT;
use crate::problem::{FieldError, Problem};
use crate::receipt::Receipt;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::command(
        "/v1/scan",
        "Earn for a receipt that a till signed and a member scanned",
        STOREFRONT,
        "ScanBody",
    )
    .takes("ScanBody", 16 * KIB),
    Route::write("/v1/me/scan", "Earn for a receipt, as the member of the pass", &[])
        .takes("OwnScanBody", 16 * KIB)
        .answers(&[201], "Object")
        .with_pass(),
];

/// The channel of a scan that names none.
const CHANNEL: &str = "receipt";

/// A scanned receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScanBody {
    /// The member.
    pub member_id: String,
    /// What the camera saw: the URL of the QR code, or the receipt in it.
    pub receipt: String,
    /// Sales channel; `receipt` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// A receipt that the member of the pass scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnScanBody {
    /// What the camera saw: the URL of the QR code, or the receipt in it.
    pub receipt: String,
}

impl ScanBody {
    /// The earn of the order that the receipt is of, in the store whose key signed it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        receipt: &Receipt,
        (store, currency): (&str, Currency),
        (key, actor): (&str, &str),
    ) -> Result<Submission, Problem> {
        let line = |(at, line): (usize, &crate::receipt::ReceiptLine)| LineBody {
            line_id: (at + 1).to_string(),
            sku: line.sku.clone(),
            category: line.category.clone(),
            quantity: line.quantity,
            amount: MoneyBody { amount_minor: line.amount_minor, currency: currency.to_string() },
        };
        let earn = EarnBody {
            member_id: self.member_id.clone(),
            event: "purchase".to_owned(),
            reference: Some(receipt.reference.clone()),
            occurred_at: Some(receipt.issued_at.to_string()),
            lines: receipt.lines.iter().enumerate().map(line).collect(),
            channel: Some(self.channel.clone().unwrap_or_else(|| CHANNEL.to_owned())),
            store_id: Some(store.to_owned()),
        };
        let submission = earn.submission(key, actor).map_err(of_the_receipt)?;
        Ok(submission.under_key("scan", key, fingerprint(self)))
    }
}

/// What the till signed is wrong with the receipt, wherever an earn would have it.
fn of_the_receipt(problem: Problem) -> Problem {
    let Problem::InvalidRequest(errors) = problem else { return problem };
    let place = |error: FieldError| match error.pointer.as_str() {
        "/member_id" | "/channel" => error,
        of => FieldError::new("/receipt", format!("{of} {}", error.detail)),
    };
    Problem::InvalidRequest(errors.into_iter().map(place).collect())
}
