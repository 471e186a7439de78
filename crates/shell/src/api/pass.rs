//! Passes of members.

use super::roles::STAFF;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/members/{id}/passes", "Let a member's browser see its own account", STAFF)
        .without_key()
        .answers(&[201], "Object"),
    Route::write("/v1/members/{id}/passes", "End all passes of a member", STAFF)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::write("/v1/me/pass", "End this pass; all=true ends all passes of the member", &[])
        .by("DELETE")
        .without_key()
        .asks(&[("all", "boolean")])
        .answers(&[204], "Object")
        .with_pass(),
];
