//! Reports on the books.

use super::roles::FINANCE;
use crate::auth::Role;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
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
