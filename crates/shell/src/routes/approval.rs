//! Approval and risk.

use super::{APPROVERS, DESK, FINANCE};
use crate::auth::Role;
use crate::route::{DRY_RUN, KIB, Route};

const REQUESTERS: &[Role] =
    &[Role::Service, Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];
const REQUEST_READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];
const REVIEW_READERS: &[Role] =
    &[Role::Service, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// Points given and taken by hand.
pub const ADJUST: &[Route] = &[
    Route::list("/v1/adjustments", "Open requests for adjustments", REQUEST_READERS).for_stores(),
    Route::command(
        "/v1/adjustments",
        "Ask for an adjustment by hand",
        REQUESTERS,
        "AdjustmentBody",
    ),
    Route::write(
        "/v1/adjustments/batch",
        "Ask for an adjustment a row of a CSV file, each with its own outcome",
        REQUESTERS,
    )
    .takes_bytes(1024 * KIB)
    .asks(DRY_RUN)
    .answers(&[200], "BulkOutcomes")
    .for_stores(),
    Route::read("/v1/adjustments/{id}", "A request and what was decided", REQUEST_READERS)
        .for_stores(),
    Route::command(
        "/v1/adjustments/{id}/approve",
        "Approve of a request; the last approval moves the points",
        APPROVERS,
        "DecisionBody",
    )
    .or_none(),
    Route::command("/v1/adjustments/{id}/reject", "Turn a request down", APPROVERS, "DecisionBody")
        .or_none(),
    Route::command(
        "/v1/adjustments/{id}/withdraw",
        "Take one's own request back",
        REQUESTERS,
        "DecisionBody",
    )
    .or_none(),
];

/// Stopping an account.
pub const FREEZE: &[Route] = &[
    Route::command(
        "/v1/members/{id}/freeze",
        "Forbid earning, spending or both",
        DESK,
        "FreezeBody",
    )
    .for_all_stores(),
    Route::command("/v1/members/{id}/restore", "Allow what was frozen again", DESK, "FreezeBody")
        .for_all_stores(),
];

/// Earns that look odd.
pub const REVIEW: &[Route] = &[
    Route::list("/v1/reviews", "Earns that wait to be looked at", REVIEW_READERS).for_stores(),
    Route::read(
        "/v1/reviews/{id}",
        "An earn that had to be looked at, and what became of it",
        REVIEW_READERS,
    )
    .for_stores(),
    Route::command(
        "/v1/reviews/{id}/approve",
        "Let the points of an earn go their way",
        APPROVERS,
        "DecisionBody",
    )
    .or_none(),
    Route::command(
        "/v1/reviews/{id}/reject",
        "Undo an earn that had to be looked at",
        APPROVERS,
        "DecisionBody",
    )
    .or_none(),
];

/// Where entries were asked from.
pub const TRACE: &[Route] = &[Route::list(
    "/v1/traces",
    "Entries of a member, a device or an address, with where they were asked from",
    DESK,
)
.asks(&[
    ("member_id", "string"),
    ("device_id", "string"),
    ("ip", "string"),
    ("actor", "string"),
    ("from", "string"),
    ("to", "string"),
    ("limit", "integer"),
    ("cursor", "string"),
])
.for_stores()];

/// Stolen points.
pub const RECOVER: &[Route] = &[Route::command(
    "/v1/members/{id}/recover",
    "Give back what a thief has spent",
    APPROVERS,
    "RecoverBody",
)
.for_all_stores()];

/// Who did what that is no entry.
pub const AUDIT_LOG: &[Route] =
    &[Route::list("/v1/audit-log", "Who did what that is no entry, newest first", FINANCE).asks(
        &[
            ("person_id", "string"),
            ("key", "string"),
            ("action", "string"),
            ("subject", "string"),
            ("from", "string"),
            ("to", "string"),
            ("limit", "integer"),
            ("cursor", "string"),
        ],
    )];
