//! Programmes and their rulebooks.

use rules::Document;
use serde::{Deserialize, Serialize};

use super::common::said;
use super::roles::PEOPLE;
use crate::route::{DRY_RUN, KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/programmes/{id}", "A programme and its published rulebook", PEOPLE)
        .for_stores(),
    Route::write(
        "/v1/programmes/{id}",
        "Create a programme or publish its next rulebook (operator)",
        &[],
    )
    .by("PUT")
    .operators()
    .takes("ProgrammeBody", 256 * KIB)
    .asks(DRY_RUN)
    .answers(&[200, 201], "Object"),
    Route::list(
        "/v1/programmes/{id}/rulebooks",
        "The rulebooks a programme has had, newest first",
        PEOPLE,
    )
    .for_stores(),
    Route::read(
        "/v1/programmes/{id}/rulebooks/{version}",
        "One rulebook that a programme has had",
        PEOPLE,
    )
    .for_stores(),
    Route::read(
        "/v1/programmes/{id}/rulebooks/{version}/diff",
        "What is different in a rulebook from the one before, or another",
        PEOPLE,
    )
    .asks(&[("from", "integer")])
    .for_stores(),
    Route::write(
        "/v1/programmes/{id}/rulebooks/{version}/restore",
        "Publish an earlier rulebook again (operator)",
        &[],
    )
    .operators(),
    Route::write(
        "/v1/programmes/{id}/republish",
        "Publish the rulebook with today's clocks of its zone, and list what moves (operator)",
        &[],
    )
    .operators()
    .asks(DRY_RUN),
];

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
    /// Over how many homes the members of a new programme are spread; never changed. Absent: 1, or
    /// as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<u32>,
}
