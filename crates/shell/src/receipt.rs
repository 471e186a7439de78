//! Receipts that tills sign offline, to be printed as QR codes: what they say, and the key that
//! signed it.
//!
//! Two forms, both of printable ASCII. `A1` has what the order cost, `A2` its lines:
//!
//! ```text
//! A1.{kid}.{seconds}.{amount_minor}.{reference}.{tag}
//! A2.{kid}.{seconds}.{lines}.{reference}.{tag}
//! ```
//!
//! The tag is the first half of HMAC-SHA256 over all that stands before its dot, in base64url. A
//! reference may have dots, so it reaches to the last one. docs/recipes/receipts-by-qr.md tells
//! tills the same.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ledger::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;

/// Bytes of the HMAC that a receipt bears.
const TAG: usize = 16;
/// The longest text that is read: more than a QR code holds.
const MAX_TEXT: usize = 4_096;
const MAX_LINES: usize = 100;
/// What a URL has as it is; the rest is written as `%` and two digits.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A receipt that was read, and is not known yet to be genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the key that signed it.
    pub kid: String,
    /// When the till printed it.
    pub issued_at: Timestamp,
    /// The order.
    pub reference: String,
    /// What was bought; one line without an article where it does not say.
    pub lines: Vec<ReceiptLine>,
    signed: String,
    tag: [u8; TAG],
}

/// A line of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptLine {
    /// The article.
    pub sku: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Units.
    pub quantity: i64,
    /// What the line cost in all, in minor units of the programme's currency.
    pub amount_minor: i64,
}

/// What a receipt is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// What the order cost, in minor units.
    Amount(i64),
    /// Its lines.
    Lines(Vec<ReceiptLine>),
}

impl Receipt {
    /// Reads what a camera saw: a receipt, or the URL that has it behind `/q/`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn read(scanned: &str) -> Result<Self, &'static str> {
        const TORN: &str = "is no whole receipt: scan the code once more";
        let scanned = scanned.trim();
        if scanned.len() > MAX_TEXT {
            return Err("is longer than 4096 characters");
        }
        let is_bare = scanned.starts_with("A1.") || scanned.starts_with("A2.");
        let text = match scanned.split_once("/q/") {
            // A receipt may have an order such as `http://shop/q/1`.
            Some((_, path)) if !is_bare && scanned.contains("://") => {
                let path = path.split(['?', '#']).next().unwrap_or_default();
                percent_decode_str(path).decode_utf8().map_err(|_| TORN)?.into_owned()
            }
            _ => scanned.to_owned(),
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("is no receipt: it has other characters than receipts have");
        }
        let (signed, tag) = text.rsplit_once('.').ok_or("is no receipt")?;
        let parts: Vec<&str> = signed.splitn(5, '.').collect();
        let [form, kid, seconds, contents, reference] = parts.as_slice() else {
            let is_ours = text.starts_with("A1.") || text.starts_with("A2.");
            return Err(if is_ours { TORN } else { "is no receipt" });
        };
        let lines = match *form {
            "A1" => {
                let amount_minor = number(contents).ok_or("has no amount that is a number")?;
                vec![ReceiptLine { quantity: 1, amount_minor, ..ReceiptLine::default() }]
            }
            "A2" => lines(contents).ok_or("has no lines that can be read")?,
            _ => return Err("is no receipt"),
        };
        let is_kid =
            (1..=16).contains(&kid.len()) && kid.bytes().all(|b| b.is_ascii_alphanumeric());
        let issued_at = number(seconds).and_then(|seconds| seconds.checked_mul(1_000));
        let tag: Vec<u8> = URL_SAFE_NO_PAD.decode(tag).map_err(|_| TORN)?;
        match (issued_at, tag.try_into()) {
            (Some(at), Ok(tag)) if is_kid && Timestamp(at) < Timestamp::LAST => Ok(Self {
                kid: (*kid).to_owned(),
                issued_at: Timestamp(at),
                reference: (*reference).to_owned(),
                lines,
                signed: signed.to_owned(),
                tag,
            }),
            _ => Err(TORN),
        }
    }

    /// Whether this secret signed it; takes the same time either way.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        mac(&self.signed, secret).is_some_and(|mac| mac.verify_truncated_left(&self.tag).is_ok())
    }

    /// Signs a receipt; `None` only where HMAC takes no key.
    #[must_use]
    pub fn sign(
        (kid, secret): (&str, &str),
        issued_at: Timestamp,
        contents: &Contents,
        reference: &str,
    ) -> Option<String> {
        let seconds = issued_at.0.div_euclid(1_000);
        let mut text = match contents {
            Contents::Amount(amount) => format!("A1.{kid}.{seconds}.{amount}.{reference}"),
            Contents::Lines(lines) => {
                format!("A2.{kid}.{seconds}.{}.{reference}", written(lines))
            }
        };
        let tag = mac(&text, secret)?.finalize().into_bytes();
        write!(text, ".{}", URL_SAFE_NO_PAD.encode(tag.get(..TAG)?)).ok()?;
        Some(text)
    }

    /// The address that a QR code has.
    #[must_use]
    pub fn url(host: &str, receipt: &str) -> String {
        format!("https://{host}/q/{}", utf8_percent_encode(receipt, ESCAPED))
    }
}

fn mac(text: &str, secret: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// A number in digits alone, as everybody writes it.
fn number(text: &str) -> Option<i64> {
    let is_plain = (1..=16).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

type Row = (Option<String>, Option<String>, i64, i64);

fn lines(text: &str) -> Option<Vec<ReceiptLine>> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let rows: Vec<Row> = serde_json::from_slice(&json).ok()?;
    let line = |(sku, category, quantity, amount_minor)| ReceiptLine {
        sku,
        category,
        quantity,
        amount_minor,
    };
    (1..=MAX_LINES).contains(&rows.len()).then(|| rows.into_iter().map(line).collect())
}

fn written(lines: &[ReceiptLine]) -> String {
    let row = |line: &ReceiptLine| {
        serde_json::json!([line.sku, line.category, line.quantity, line.amount_minor])
    };
    let rows: Vec<serde_json::Value> = lines.iter().map(row).collect();
    URL_SAFE_NO_PAD.encode(serde_json::Value::from(rows).to_string())
}
