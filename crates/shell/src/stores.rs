//! Keys that are for some stores: what they may do, and what they see.
//!
//! A route that is not [for stores](crate::Route::for_stores) refuses such a key, and so does a
//! command that is not done in a store. So what is added later is not open to them by mistake.

use rules::Command;
use store::{Caller, Submission};

use crate::problem::{FieldError, Problem};

/// Whether the caller may see what was done in that store, or in none.
#[must_use]
pub fn may_see(caller: &Caller, store: Option<&str>) -> bool {
    let is_own =
        |stores: &Vec<String>| store.is_some_and(|store| stores.iter().any(|own| own == store));
    caller.stores.as_ref().is_none_or(is_own)
}

/// The order as the caller may give it: in one of its stores, and in its only one when it names
/// none.
///
/// # Errors
/// [`Problem::StoreForbidden`], or [`Problem::InvalidRequest`] when it has to name one of several.
pub(crate) fn within(mut order: Submission, caller: &Caller) -> Result<Submission, Problem> {
    let Some(stores) = &caller.stores else { return Ok(order) };
    let names_a_store = match order.command {
        Command::Earn(_)
        | Command::Redeem { .. }
        | Command::Hold { .. }
        | Command::Take { .. }
        | Command::Deduct { .. }
        | Command::RedeemCoupon { .. }
        | Command::Capture { .. }
        | Command::Release { .. }
        | Command::Reverse(_)
        | Command::Activate(_)
        | Command::Transfer { .. }
        | Command::Exchange { .. }
        | Command::RedeemPooled { .. } => true,
        Command::Enrol
        | Command::Change(_)
        | Command::Refuse(_)
        | Command::Pool { .. }
        | Command::CancelCoupon { .. }
        | Command::RestoreCoupon { .. }
        | Command::ApproveReview { .. }
        | Command::RejectReview(_)
        | Command::Request(_)
        | Command::Decide { .. } => false,
        // What concerns the whole account is nothing of one store.
        _ => return Err(Problem::StoreForbidden),
    };
    match (&order.origin.store, stores.as_slice()) {
        (Some(store), _) if stores.contains(store) => {}
        (Some(_), _) => return Err(Problem::StoreForbidden),
        (None, [only]) => order.origin.store = Some(only.clone()),
        (None, _) if names_a_store => {
            return Err(FieldError::new(
                "/store_id",
                "must be one of the stores that the key is for",
            )
            .into());
        }
        (None, _) => {}
    }
    Ok(order)
}
