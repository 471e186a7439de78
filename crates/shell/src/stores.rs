//! Keys that are for some stores: what they may do, and what they see.
//!
//! A route that is not [for stores](crate::Route::for_stores) refuses such a key, and so does a
//! operation that is not done in a store. So what is added later is not open to them by mistake.

use rules::Stores;
use store::{Caller, Submission};

use crate::problem::{FieldError, Problem};

/// Whether the caller may see what was done in that store, or in none.
#[must_use]
pub fn may_see(caller: &Caller, store: Option<&str>) -> bool {
    let is_own =
        |stores: &Vec<String>| store.is_some_and(|store| stores.iter().any(|own| own == store));
    caller.stores.as_ref().is_none_or(is_own)
}

/// The submission as the caller may give it: in one of its stores, and in its only one when it
/// names none.
///
/// # Errors
/// [`Problem::StoreForbidden`], or [`Problem::InvalidRequest`] when it has to name one of several.
pub(crate) fn within(mut submission: Submission, caller: &Caller) -> Result<Submission, Problem> {
    let Some(stores) = &caller.stores else { return Ok(submission) };
    let names_a_store = match submission.operation.guards().stores {
        Stores::Named => true,
        Stores::Optional => false,
        Stores::Forbidden => return Err(Problem::StoreForbidden),
    };
    match (&submission.origin.store, stores.as_slice()) {
        (Some(store), _) if stores.contains(store) => {}
        (Some(_), _) => return Err(Problem::StoreForbidden),
        (None, [only]) => submission.origin.store = Some(only.clone()),
        (None, _) if names_a_store => {
            return Err(FieldError::new(
                "/store_id",
                "must be one of the stores that the key is for",
            )
            .into());
        }
        (None, _) => {}
    }
    Ok(submission)
}
