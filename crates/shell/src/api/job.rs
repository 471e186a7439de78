//! Jobs for schedulers that only speak HTTP.

use crate::auth::Role;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write(
        "/v1/jobs/reseal",
        "Seal with the first key of secrets_key what another key, or none, has sealed",
        &[],
    )
    .operators()
    .takes_bytes(KIB)
    .asks(&[("cursor", "string")])
    .without_key(),
    Route::write(
        "/v1/jobs/touch",
        "Decide today's touches, for schedulers that only speak HTTP",
        &[Role::Job],
    )
    .takes_bytes(KIB)
    .without_key(),
    Route::write(
    "/v1/jobs/{name}",
    "Run a job, for schedulers that only speak HTTP; night with dry_run=true rehearses the coming one",
    &[Role::Job, Role::Marketing, Role::Finance],
)
.takes_bytes(KIB)
.asks(&[("dry_run", "boolean"), ("at", "string"), ("cursor", "string")])
.without_key(),
];
