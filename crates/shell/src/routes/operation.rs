//! Operation.

use super::{ADMIN, FINANCE};
use crate::auth::Role;
use crate::route::{KIB, Route};

/// Whoever is a person may end and replace their own keys.
const EVERYBODY: &[Role] = &[
    Role::Storefront,
    Role::Marketing,
    Role::Finance,
    Role::Service,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
    Role::Job,
];

/// API keys.
pub const KEY: &[Route] = &[
    Route::list("/v1/keys", "List keys", ADMIN).asks(&[
        ("prefix", "string"),
        ("limit", "integer"),
        ("cursor", "string"),
    ]),
    Route::write("/v1/keys", "Make a key; shown once", ADMIN)
        .takes("KeyBody", 16 * KIB)
        .answers(&[201], "Object"),
    Route::write(
        "/v1/keys/{prefix}/approve",
        "Let a key count that waits for a second admin",
        ADMIN,
    ),
    Route::write("/v1/keys/{prefix}/rotate", "Make a key's successor; shown once", EVERYBODY)
        .answers(&[201], "Object")
        .for_stores(),
    Route::write("/v1/keys/{prefix}", "Revoke a key at once", EVERYBODY)
        .by("DELETE")
        .answers(&[204], "Object")
        .for_stores(),
];

/// Webhook endpoints.
pub const ENDPOINT: &[Route] = &[
    Route::list("/v1/endpoints", "List webhook endpoints", ADMIN),
    Route::read("/v1/endpoints/{id}", "A webhook endpoint", ADMIN),
    Route::write("/v1/endpoints/{id}", "Send events to a URL; the secret is shown once", ADMIN)
        .by("PUT")
        .takes("EndpointBody", 16 * KIB)
        .answers(&[200, 201], "Object"),
    Route::write("/v1/endpoints/{id}", "Stop sending events to an endpoint", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::write(
        "/v1/endpoints/{id}/rotate",
        "Give an endpoint another secret; the one before signs beside it for a day",
        ADMIN,
    )
    .takes("Object", 16 * KIB)
    .or_none(),
    Route::list("/v1/endpoints/{id}/dead", "Events an endpoint did not take", ADMIN),
    Route::write("/v1/endpoints/{id}/replay", "Send dead events again", ADMIN)
        .takes("Object", 16 * KIB)
        .or_none(),
];

/// Jobs for schedulers that only speak HTTP. `job` alone runs them; the others may rehearse the
/// night.
pub const JOB: &[Route] = &[Route::write(
    "/v1/jobs/{name}",
    "Run a job, for schedulers that only speak HTTP; night with dry_run=true rehearses the coming one",
    &[Role::Job, Role::Marketing, Role::Finance],
)
.takes_bytes(KIB)
.asks(&[("dry_run", "boolean"), ("at", "string"), ("cursor", "string")])
.without_key()];

/// The books, proved.
pub const REPORT: &[Route] = &[
    Route::read("/v1/reports/audit", "Replay every entry and check every invariant", FINANCE)
        .asks(&[("member_id", "string"), ("limit", "integer"), ("cursor", "string")]),
    Route::read(
        "/v1/reports/budgets",
        "How much of each budget is gone",
        &[Role::Finance, Role::Marketing],
    ),
    Route::read("/v1/reports/exchanges", "What was exchanged with each other programme", FINANCE)
        .asks(SPAN),
    Route::read("/v1/reports/trial-balance", "Points by account; sums to zero", FINANCE)
        .asks(SPAN)
        .for_stores(),
];

/// From when until before when.
const SPAN: &[(&str, &str)] = &[("from", "string"), ("to", "string")];

/// Health and descriptions.
pub const FRONT: &[Route] = &[
    Route::read("/healthz", "The process answers", &[]).public(),
    Route::read("/readyz", "The database answers and takes writes", &[]).public(),
    Route::read("/rulebook.schema.json", "JSON Schema of rulebooks", &[]).public(),
    Route::read("/openapi.json", "This document", &[]).public(),
];
