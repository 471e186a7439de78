//! The playbook in force, its versions, and drafts of it.

use serde::{Deserialize, Serialize};

use super::roles::MARKETING;
use crate::auth::Role;
use crate::route::{KIB, Route};

/// Whoever writes, approves or explains messages to members. A till does not.
const PLAYBOOK_READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];

/// Who keeps drafts, and who approves of them.
const DRAFT_READERS: &[Role] =
    &[Role::Marketing, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/playbook", "The playbook in force", PLAYBOOK_READERS),
    Route::list(
        "/v1/playbook/versions",
        "The playbooks a programme has had, newest first",
        PLAYBOOK_READERS,
    ),
    Route::read(
        "/v1/playbook/versions/{version}",
        "One playbook that a programme has had",
        PLAYBOOK_READERS,
    ),
    Route::read(
        "/v1/playbook/versions/{version}/diff",
        "What is different in a playbook from the one before, or another",
        PLAYBOOK_READERS,
    )
    .asks(&[("from", "integer")]),
    Route::list("/v1/playbook/drafts", "Drafts of the playbook", DRAFT_READERS),
    Route::read("/v1/playbook/drafts/{name}", "A draft of the playbook", DRAFT_READERS),
    Route::write(
        "/v1/playbook/drafts/{name}",
        "Keep a draft of the playbook, and hear what is wrong with it",
        MARKETING,
    )
    .by("PUT")
    .takes("Playbook", 256 * KIB)
    .answers(&[200, 201], "Object"),
    Route::write("/v1/playbook/drafts/{name}", "Drop a draft of the playbook", MARKETING)
        .by("DELETE")
        .answers(&[204], "Written"),
    Route::read(
        "/v1/playbook/drafts/{name}/diff",
        "What a draft changes in the playbook in force, and what of it needs an approval",
        DRAFT_READERS,
    ),
    Route::write(
        "/v1/playbook/drafts/{name}/publication",
        "Publish a draft of the playbook, at once or at some time",
        MARKETING,
    )
    .takes("PlaybookPublicationBody", 8 * KIB)
    .or_none()
    .answers(&[201], "Object"),
];

/// When a draft of the playbook is to be published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaybookPublicationBody {
    /// When, RFC 3339, within a year; at once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The version that the draft was made from: with another one published, nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<i64>,
}
