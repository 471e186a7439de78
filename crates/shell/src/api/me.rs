//! What a member sees of itself.

use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/me", "Balance, level and what ends, of the member of the pass", &[])
        .with_pass(),
    Route::list("/v1/me/entries", "What changed the member's points, newest first", &[])
        .with_pass(),
    Route::read("/v1/me/coupons", "Coupons that the member can use", &[])
        .answers(&[200], "Page")
        .with_pass(),
];
