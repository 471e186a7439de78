//! Drafts that become the rulebook, and decisions on drafts of both documents.

use serde::{Deserialize, Serialize};

use super::roles::{APPROVERS, MARKETING};
use crate::auth::Role;
use crate::route::{KIB, Route};

const PUBLICATION_READERS: &[Role] =
    &[Role::Marketing, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// Of one document alone, or of each.
const PAGE_OF_DOCUMENT: &[(&str, &str)] =
    &[("limit", "integer"), ("cursor", "string"), ("document", "string")];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list(
        "/v1/rulebook/publications",
        "Publications of the rulebook and of the playbook",
        PUBLICATION_READERS,
    )
    .asks(PAGE_OF_DOCUMENT),
    Route::write(
        "/v1/rulebook/publications",
        "Publish a draft, at once or at some time",
        MARKETING,
    )
    .takes("PublicationBody", 8 * KIB)
    .answers(&[201], "Object"),
    Route::read("/v1/rulebook/publications/{id}", "How a publication stands", PUBLICATION_READERS),
    Route::write(
        "/v1/rulebook/publications/{id}/approve",
        "Approve of a publication with major changes",
        APPROVERS,
    )
    .takes("ReasonBody", 8 * KIB)
    .or_none(),
    Route::write(
        "/v1/rulebook/publications/{id}/reject",
        "Decide against a publication",
        APPROVERS,
    )
    .takes("ReasonBody", 8 * KIB)
    .or_none(),
    Route::write(
        "/v1/rulebook/publications/{id}/withdraw",
        "Take one's own publication back",
        MARKETING,
    )
    .takes("ReasonBody", 8 * KIB)
    .or_none(),
];

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
