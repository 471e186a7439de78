//! The instance's connection to the database with what is known of customers. It is opened by the
//! first request that asks for it, and components that never ask do not link it.

use std::cell::RefCell;
use std::rc::Rc;

use store::{Spin, begin_reach};

use crate::problem::Problem;

thread_local! {
    static REACH: RefCell<Option<Rc<Spin>>> = const { RefCell::new(None) };
}

/// The second database, with its schema. Requests that come while the first one opens it open one
/// each, and the last one is kept.
///
/// # Errors
/// What the database does.
pub async fn reach() -> Result<Rc<Spin>, Problem> {
    if let Some(open) = REACH.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let opened = Rc::new(Spin::open_reach().await?);
    begin_reach(opened.as_ref()).await?;
    REACH.set(Some(opened.clone()));
    Ok(opened)
}
