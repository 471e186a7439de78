//! Bodies about drafts of rulebooks.

use serde::{Deserialize, Serialize};

use super::EarnBody;
use crate::json::object;

/// An event that is tried on a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SimulationBody {
    /// The draft's name.
    pub draft: String,
    /// The event, as it would be sent to be earned for.
    #[serde(deserialize_with = "object")]
    pub event: EarnBody,
}

/// A draft that is held against a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BackTestBody {
    /// The draft's name.
    pub draft: String,
    /// The first instant of the period, RFC 3339.
    pub from: String,
    /// The first instant after it; not in the future.
    pub to: String,
    /// One member alone; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
}

/// A draft that is to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PublicationBody {
    /// The draft's name. What is published is what it is now.
    pub draft: String,
    /// When, RFC 3339, within a year; at once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The version that the draft was made from: with another one published, nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<i64>,
}
