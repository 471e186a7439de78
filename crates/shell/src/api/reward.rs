//! The catalogue.

use super::roles::{MARKETING, PEOPLE};
use crate::auth::Role;
use crate::route::{KIB, Route};

const CATALOGUE_DECIDERS: &[Role] =
    &[Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/rewards", "The catalogue", PEOPLE).for_stores(),
    Route::read("/v1/rewards/{id}", "A reward, with what is left of it", PEOPLE).for_stores(),
    Route::write("/v1/rewards/{id}", "Put a reward into the catalogue, or change it", MARKETING)
        .by("PUT")
        .takes("Reward", 64 * KIB)
        .answers(&[200, 201, 202], "Object"),
    Route::write(
        "/v1/rewards/{id}/changes/{change}/approve",
        "Put a change into the catalogue that waits",
        CATALOGUE_DECIDERS,
    ),
    Route::write(
        "/v1/rewards/{id}/changes/{change}/reject",
        "Drop a change of the catalogue that waits",
        CATALOGUE_DECIDERS,
    ),
];
