//! The instance's connection to the database with what is known of customers. It is opened by the
//! first request that asks for it, and components that never ask do not link it.

use std::cell::RefCell;
use std::rc::Rc;

use ledger::{Closed, MemberId, Refusal};
use store::{Caller, NamedMember, Spin, begin_reach, named_members};

use crate::app::App;
use crate::audit::noted_search;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

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
    begin_reach(opened.as_ref(), &App::of_this_instance().await?.sql).await?;
    REACH.set(Some(opened.clone()));
    Ok(opened)
}

/// The account that a path names, by its id or another name, while it is open.
///
/// # Errors
/// [`Problem::InvalidRequest`] for what is no name; a refusal where nobody is known by it or the
/// account is closed; what the database does.
pub async fn open_member(app: &App, caller: &Caller, name: &str) -> Result<NamedMember, Problem> {
    let name = MemberId::new(name)
        .map_err(|error| Problem::from(FieldError::new("member_id", error.to_string())))?;
    let found = named_members(&app.sql, caller.programme.no, &[name.as_str()]).await?;
    opened(found.into_iter().next().flatten()).map_err(Problem::refused)
}

/// As [`open_member`], for a caller that reads what is known of a member: a search is noted.
///
/// # Errors
/// As [`open_member`].
pub async fn read_member(
    app: &App,
    request: &Request,
    caller: &Caller,
    name: &str,
) -> Result<NamedMember, Problem> {
    noted_search(app, request, caller, name).await?;
    open_member(app, caller, name).await
}

/// An account that was found, while it is open.
///
/// # Errors
/// A refusal where nobody was found, or the account is closed.
pub fn opened(found: Option<NamedMember>) -> Result<NamedMember, Refusal> {
    let found = found.ok_or(Refusal::MemberNotFound)?;
    match &found.closed {
        None => Ok(found),
        Some(Closed::Merged(into)) => Err(Refusal::MemberMerged { into: into.to_string() }),
        Some(Closed::Erased) => Err(Refusal::MemberErased),
    }
}
