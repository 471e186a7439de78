//! The playbook in force, its versions, and drafts of it.

use reach::playbook::Playbook;
use serde::{Deserialize, Serialize};

use super::roles::{MARKETING, READERS};
use crate::auth::Role;
use crate::route::{KIB, Route};

/// The roles that write, approve or explain messages to members. A till does not.
const PLAYBOOK_READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];

/// The roles that keep drafts, and those that approve of them.
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
    .asks(&[("base_version", "integer"), ("revision", "integer")])
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
    Route::write(
        "/v1/playbook/rehearsal",
        "What the playbook or a draft decides on a day, without deciding it",
        DRAFT_READERS,
    )
    .takes("PlaybookRehearsalBody", 1_024 * KIB)
    .or_none()
    .without_key(),
    Route::write(
        "/v1/playbook/back-test",
        "Whom the playbook or a draft would have told what on past days",
        DRAFT_READERS,
    )
    .takes("PlaybookBackTestBody", 1_024 * KIB)
    .or_none()
    .without_key(),
];

/// The roles that may see members of a rehearsal or a back-test; the others see figures.
pub const SEES_MEMBERS: &[Role] = READERS;

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

/// What is to be rehearsed; the playbook in force when neither a draft nor a playbook is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaybookRehearsalBody {
    /// The draft's name; with `playbook` none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// The playbook, in place of a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<Box<Playbook>>,
    /// The local day, `YYYY-MM-DD`, from today up to a year ahead; tomorrow when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// `next` of the part before. The day is that of the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What is back-tested; the playbook in force when neither a draft nor a playbook is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaybookBackTestBody {
    /// The draft's name; with `playbook` none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// The playbook, in place of a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<Box<Playbook>>,
    /// The first local day, `YYYY-MM-DD`, at most 180 days ago; the 90th up to `to` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last local day, `YYYY-MM-DD`, at most 92 in all; yesterday when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `next` of the part before. The days are those of the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
