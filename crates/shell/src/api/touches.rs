//! The log of touches, and what strategies brought.

use ledger::{day_number, parse_day};

use crate::auth::Role;
use crate::problem::{FieldError, Problem};
use crate::request::Request;
use crate::route::{KIB, Route};

/// The roles that may know what members were told.
const LOG_READERS: &[Role] = &[Role::Service, Role::Marketing];
/// The roles that may know what strategies brought.
const RESULT_READERS: &[Role] = &[Role::Marketing, Role::Finance];
/// From which day to which.
const SPAN: &[(&str, &str)] = &[("from", "string"), ("to", "string")];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/touches", "What members were told and why not, the latest first", LOG_READERS)
        .asks(&[
            ("member_id", "string"),
            ("strategy", "string"),
            ("node", "integer"),
            ("state", "string"),
            ("reason", "string"),
            ("from", "string"),
            ("to", "string"),
            ("limit", "integer"),
            ("cursor", "string"),
        ])
        .for_stores(),
    Route::read("/v1/touches/{id}", "A touch with its attempts, links and visits", LOG_READERS)
        .for_stores(),
    Route::read("/v1/strategies/results", "What each strategy brought", RESULT_READERS).asks(SPAN),
    Route::read(
        "/v1/strategies/{id}/results",
        "What a strategy brought, by node and channel",
        RESULT_READERS,
    )
    .asks(SPAN),
    Route::write("/v1/jobs/results", "Count what strategies brought", &[Role::Job])
        .takes_bytes(KIB)
        .without_key(),
];

/// A local day that a query names, as a number since 1970-01-01.
///
/// # Errors
/// [`Problem::InvalidRequest`] for what is none.
pub fn asked_day(request: &Request, name: &str) -> Result<Option<i32>, Problem> {
    let read = |text: &str| {
        let day = parse_day(text).map(day_number).filter(|day| *day >= 0);
        let wrong = || FieldError::new(format!("?{name}"), "must be a day, such as 2026-12-31");
        day.ok_or_else(|| Problem::from(wrong()))
    };
    request.query(name).map(read).transpose()
}
