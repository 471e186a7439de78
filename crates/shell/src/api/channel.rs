//! Accounts at vendors, by which messages go out.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::roles::ADMIN;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{KIB, Route};

/// Most messages of a second, and of a burst.
const MAX_RATE: i64 = 10_000;
/// Max cost of a message.
const MAX_COST_MINOR: i64 = 1_000_000;
/// The largest rank.
const MAX_RANK: i64 = 1_000;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/channels", "The accounts at vendors, by which messages go out", ADMIN),
    Route::read("/v1/channels/{id}", "An account at a vendor, and how it does", ADMIN),
    Route::write("/v1/channels/{id}", "Keep an account at a vendor; then it sends", ADMIN)
        .by("PUT")
        .takes("ChannelBody", 32 * KIB)
        .answers(&[200, 201], "Object"),
    Route::write("/v1/channels/{id}", "Remove an account at a vendor", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::write(
        "/v1/channels/{id}/pause",
        "Send nothing by an account until it is resumed",
        ADMIN,
    )
    .takes("ReasonBody", 4 * KIB)
    .or_none(),
    Route::write("/v1/channels/{id}/resume", "Let an account send again", ADMIN),
    Route::write(
        "/v1/channels/{id}/callback",
        "Make a new address to which the vendor posts reports; it is shown once",
        ADMIN,
    )
    .without_key(),
    Route::read("/v1/test-addresses", "Where templates may be tried", ADMIN),
    Route::write("/v1/test-addresses/{id}", "Keep an address where templates may be tried", ADMIN)
        .by("PUT")
        .takes("TestAddressBody", 8 * KIB),
    Route::write("/v1/test-addresses/{id}", "Remove a test address", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
];

/// An address where templates may be tried.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TestAddressBody {
    /// `sms`, `email`, `push`, `wecom` or `wechat`.
    pub channel: String,
    /// The address, as members' are told. No member may have it.
    pub address: String,
}

impl fmt::Debug for TestAddressBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "test address for {}", self.channel)
    }
}

/// An account at a vendor.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChannelBody {
    /// Whose account it is.
    pub vendor: String,
    /// What may be shown: see the page of the vendors.
    pub settings: Json,
    /// What is never shown; those that are kept when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Json>,
    /// Of accounts of one channel, the one with the smallest number sends.
    #[serde(default = "rank")]
    pub rank: i64,
    /// Messages per second.
    #[serde(default = "per_second")]
    pub per_second: i64,
    /// Messages that may go at once after a rest.
    #[serde(default = "per_second")]
    pub burst: i64,
    /// What a message costs, in minor units of the programme's currency.
    #[serde(default)]
    pub message_cost_minor: i64,
}

fn rank() -> i64 {
    100
}

fn per_second() -> i64 {
    20
}

impl fmt::Debug for ChannelBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account of {}", self.vendor)
    }
}

impl ChannelBody {
    /// Checks what is not the vendor's.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut check = Check::default();
        for (pointer, value, range) in [
            ("/rank", self.rank, 0..=MAX_RANK),
            ("/per_second", self.per_second, 1..=MAX_RATE),
            ("/burst", self.burst, 1..=MAX_RATE),
            ("/message_cost_minor", self.message_cost_minor, 0..=MAX_COST_MINOR),
        ] {
            if !range.contains(&value) {
                check.wrong(pointer, format!("must be {} to {}", range.start(), range.end()));
            }
        }
        check.done(Some(()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rates_have_bounds_and_secrets_are_not_shown() {
        for (name, value, holds) in [
            ("rank", 0, true),
            ("rank", -1, false),
            ("rank", 1_001, false),
            ("per_second", 0, false),
            ("per_second", 10_000, true),
            ("burst", 10_001, false),
        ] {
            let mut body = json!({"vendor": "twilio", "settings": {}, "secrets": {"x": "s3cr3t"}});
            body[name] = json!(value);
            let body: ChannelBody = serde_json::from_value(body).unwrap();
            assert_eq!(body.check().is_ok(), holds, "{name} {value}");
            assert_eq!(format!("{body:?}"), "account of twilio");
        }
    }
}
