//! The document of the API and the health of the service.

use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/healthz", "The process answers", &[]).public(),
    Route::read("/readyz", "The database answers and takes writes", &[]).public(),
    Route::read("/rulebook.schema.json", "JSON Schema of rulebooks", &[]).public(),
    Route::read("/openapi.json", "This document", &[]).public(),
];
