//! The part of the document that tells which changes of the document itself somebody else has to
//! approve of.

use serde::{Deserialize, Serialize};

/// Who has to approve of the next rulebook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The places, as RFC 6901 JSON pointers, whose change is a major one. Changes of `/approvals`,
    /// `/currency`, `/publication` and `/risk` always are: a rulebook must not free itself of being
    /// approved of. `/rewards` is the catalogue, which is no part of the document.
    #[serde(default = "what_can_make_points")]
    pub major: Vec<String>,
    /// The role that approves of major changes: `approver`, `department_head`, `vice_president`.
    #[serde(default = "department_head")]
    pub role: String,
}

impl Default for Publication {
    fn default() -> Self {
        Self { major: what_can_make_points(), role: department_head() }
    }
}

/// Every part by which points are made, kept, or become worth more; and the catalogue.
fn what_can_make_points() -> Vec<String> {
    let places = [
        "/accept_late_days",
        "/actions",
        "/caps",
        "/coupons",
        "/exchanges",
        "/expiry",
        "/groups",
        "/purchase",
        "/redemption",
        "/returns",
        "/rewards",
        "/rounding",
        "/rules",
        "/tiers",
        "/time_zone",
        "/transfers",
    ];
    places.map(str::to_owned).to_vec()
}

fn department_head() -> String {
    "department_head".to_owned()
}
