//! Drafts of rulebooks, and what an editor of rules asks about conditions.

use rules::PlainCondition;
use serde::{Deserialize, Serialize};

use super::roles::{DRAFT_READERS, MARKETING, PEOPLE};
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/rulebook/drafts", "Drafts of rulebooks", DRAFT_READERS),
    Route::read("/v1/rulebook/drafts/{name}", "A draft of a rulebook", DRAFT_READERS),
    Route::write(
        "/v1/rulebook/drafts/{name}",
        "Keep a draft of a rulebook, and hear what is wrong with it",
        MARKETING,
    )
    .by("PUT")
    .takes("Document", 256 * KIB)
    .asks(&[("revision", "integer")])
    .answers(&[200, 201], "Object"),
    Route::write("/v1/rulebook/drafts/{name}", "Drop a draft", MARKETING)
        .by("DELETE")
        .answers(&[204], "Written"),
    Route::read("/v1/conditions/fields", "The fields that conditions may ask for", PEOPLE)
        .for_stores(),
    Route::write(
        "/v1/conditions/translate",
        "A condition as rows and in CEL, and what is wrong with it",
        DRAFT_READERS,
    )
    .takes("ConditionsBody", 64 * KIB)
    .without_key(),
];

/// A condition that is put into the other form. Where both forms are there, both must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConditionsBody {
    /// What it is about.
    #[serde(default)]
    pub scope: ConditionScope,
    /// Rows and groups of rows, all of which must hold.
    #[serde(default)]
    pub conditions: Vec<PlainCondition>,
    /// A text in CEL.
    #[serde(default)]
    pub when: Option<String>,
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConditionScope {
    /// An event: `when` and `conditions` of a rule.
    #[default]
    Event,
    /// A line of a purchase: `lines` of a rule.
    Line,
    /// A member outside an event: a tag or a segment.
    Member,
}
