//! Rules.

use super::{APPROVERS, MARKETING};
use crate::auth::Role;
use crate::route::{DRY_RUN, KIB, Route};

const PROGRAMME_READERS: &[Role] =
    &[Role::Marketing, Role::Finance, Role::Service, Role::Storefront];
const DRAFT_READERS: &[Role] = &[Role::Marketing, Role::Finance];
const PUBLICATION_READERS: &[Role] =
    &[Role::Marketing, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// Programmes and their rulebooks.
pub const PROGRAMME: &[Route] = &[
    Route::read("/v1/programmes/{id}", "A programme and its published rulebook", PROGRAMME_READERS)
        .for_stores(),
    Route::write(
        "/v1/programmes/{id}",
        "Create a programme or publish its next rulebook (operator)",
        &[],
    )
    .by("PUT")
    .operators()
    .takes("ProgrammeBody", 256 * KIB)
    .asks(DRY_RUN)
    .answers(&[200, 201], "Object"),
    Route::list(
        "/v1/programmes/{id}/rulebooks",
        "The rulebooks a programme has had, newest first",
        PROGRAMME_READERS,
    )
    .for_stores(),
    Route::read(
        "/v1/programmes/{id}/rulebooks/{version}",
        "One rulebook that a programme has had",
        PROGRAMME_READERS,
    )
    .for_stores(),
    Route::read(
        "/v1/programmes/{id}/rulebooks/{version}/diff",
        "What is different in a rulebook from the one before, or another",
        PROGRAMME_READERS,
    )
    .asks(&[("from", "integer")])
    .for_stores(),
    Route::write(
        "/v1/programmes/{id}/rulebooks/{version}/restore",
        "Publish an earlier rulebook again (operator)",
        &[],
    )
    .operators(),
    Route::write(
        "/v1/programmes/{id}/republish",
        "Publish the rulebook with today's clocks of its zone, and list what moves (operator)",
        &[],
    )
    .operators()
    .asks(DRY_RUN),
];

/// Drafts of rulebooks.
pub const DRAFT: &[Route] = &[
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

/// Drafts that become the rulebook.
pub const PUBLICATION: &[Route] = &[
    Route::list("/v1/rulebook/publications", "Publications", PUBLICATION_READERS),
    Route::write(
        "/v1/rulebook/publications",
        "Publish a draft, at once or at some time",
        MARKETING,
    )
    .takes("PublicationBody", 8 * KIB)
    .answers(&[201], "Object"),
    Route::read("/v1/rulebook/publications/{id}", "How a publication stands", PUBLICATION_READERS),
    Route::write(
        "/v1/rulebook/publications/{id}/approve",
        "Approve of a publication with major changes",
        APPROVERS,
    )
    .takes("DecisionBody", 8 * KIB)
    .or_none(),
    Route::write(
        "/v1/rulebook/publications/{id}/reject",
        "Decide against a publication",
        APPROVERS,
    )
    .takes("DecisionBody", 8 * KIB)
    .or_none(),
    Route::write(
        "/v1/rulebook/publications/{id}/withdraw",
        "Take one's own publication back",
        MARKETING,
    )
    .takes("DecisionBody", 8 * KIB)
    .or_none(),
];

/// Drafts tried out.
pub const BACK_TEST: &[Route] = &[
    Route::write("/v1/rulebook/simulations", "What an event would earn under a draft", MARKETING)
        .takes("SimulationBody", 256 * KIB)
        .without_key()
        .answers(&[201], "Written"),
    Route::list("/v1/rulebook/back-tests", "The newest back-tests", DRAFT_READERS),
    Route::write(
        "/v1/rulebook/back-tests",
        "Begin to hold a draft against what has happened",
        MARKETING,
    )
    .takes("BackTestBody", 256 * KIB)
    .answers(&[201], "Object"),
    Route::read("/v1/rulebook/back-tests/{id}", "What a back-test has found", DRAFT_READERS),
    Route::write("/v1/rulebook/back-tests/{id}/continue", "Go on with a back-test", MARKETING),
];
