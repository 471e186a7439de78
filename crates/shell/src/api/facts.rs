//! What is known of a member beyond points, and the job that works it out.

use crate::auth::Role;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read(
        "/v1/members/{id}/facts",
        "What is known of a member beyond points, by windows of days",
        &[Role::Service, Role::Marketing, Role::Finance],
    ),
    Route::write(
        "/v1/jobs/fold",
        "Fold new entries into facts; rebuild=true makes the facts of all members anew",
        &[Role::Job],
    )
    .takes_bytes(KIB)
    .asks(&[("rebuild", "boolean"), ("cursor", "string")])
    .without_key(),
];
