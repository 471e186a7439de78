//! Drafts of rulebooks tried out on recorded histories.

use rules::Document;
use serde::{Deserialize, Serialize};

use super::earn::EarnBody;
use super::roles::{DRAFT_READERS, MARKETING};
use crate::json::object;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/rulebook/simulations", "What an event would earn under a draft", MARKETING)
        .takes("SimulationBody", 256 * KIB)
        .without_key()
        .answers(&[201], "Written"),
    Route::list("/v1/rulebook/back-tests", "The newest back-tests", DRAFT_READERS),
    Route::write(
        "/v1/rulebook/back-tests",
        "Begin to hold a draft against what has happened",
        MARKETING,
    )
    .takes("BackTestBody", 256 * KIB)
    .answers(&[201], "Object"),
    Route::read("/v1/rulebook/back-tests/{id}", "What a back-test has found", DRAFT_READERS),
    Route::write("/v1/rulebook/back-tests/{id}/continue", "Go on with a back-test", MARKETING),
];

/// An event that is tried on a draft, or on a rulebook that is still being edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SimulationBody {
    /// The draft's name; with `rulebook` none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// The rulebook, in place of a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rulebook: Option<Box<Document>>,
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
