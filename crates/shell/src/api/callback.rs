//! What vendors post.

use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/callbacks/{id}/{secret}", "Take the reports that a vendor posts", &[])
        .takes_bytes(1024 * KIB)
        .public()
        .with_any_query()
        .without_key(),
    Route::read("/v1/callbacks/{id}/{secret}", "Answer the check of an address by a vendor", &[])
        .public()
        .with_any_query(),
];
