//! Where entries were asked from.

use super::roles::DESK;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::list(
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
