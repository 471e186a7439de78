//! The actions that are no entries, and the persons behind them.

use super::roles::FINANCE;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] =
    &[Route::list("/v1/audit-log", "Actions that are no entries, newest first", FINANCE).asks(&[
        ("person_id", "string"),
        ("key", "string"),
        ("action", "string"),
        ("subject", "string"),
        ("from", "string"),
        ("to", "string"),
        ("limit", "integer"),
        ("cursor", "string"),
    ])];
