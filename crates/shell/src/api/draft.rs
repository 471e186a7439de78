//! Drafts of rulebooks.

use super::roles::{DRAFT_READERS, MARKETING};
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/rulebook/drafts", "Drafts of rulebooks", DRAFT_READERS),
    Route::read("/v1/rulebook/drafts/{name}", "A draft of a rulebook", DRAFT_READERS),
    Route::write(
        "/v1/rulebook/drafts/{name}",
        "Keep a draft of a rulebook, and hear what is wrong with it",
        MARKETING,
    )
    .by("PUT")
    .takes("Document", 256 * KIB)
    .answers(&[200, 201], "Object"),
    Route::write("/v1/rulebook/drafts/{name}", "Drop a draft", MARKETING)
        .by("DELETE")
        .answers(&[204], "Written"),
];
