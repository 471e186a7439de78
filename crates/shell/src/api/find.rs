//! Finding members by what is known of them.

use super::roles::READERS;
use crate::auth::Role;
use crate::route::Route;

const LISTERS: &[Role] = &[Role::Service, Role::Marketing, Role::Finance];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list(
        "/v1/members",
        "Members by the beginning of an id or a name, by tier and attribute; format=jsonl or csv is a page of an export",
        LISTERS,
    )
    .asks(&[
        ("id", "string"),
        ("alias", "string"),
        ("tier", "string"),
        ("attribute", "string"),
        ("format", "string"),
        ("limit", "integer"),
        ("cursor", "string"),
    ])
    .for_stores(),
    Route::read("/v1/tiers", "How many members have which tier", LISTERS).answers(&[200], "Page"),
    Route::read("/v1/entries/{id}", "An entry by its id", READERS).answers(&[200], "Entry"),
    Route::read("/v1/orders", "What is recorded under a reference, in whichever store", READERS)
        .asks(&[("reference", "string"), ("store_id", "string"), ("event", "string")])
        .answers(&[200], "Page"),
];
