//! What the audit log is told: who asks, and what is read that tells of persons. What is changed is
//! told by the statement that changes it.

use serde_json::Value as Json;
use store::{Caller, Who, note, note_refused, seal};

use crate::app::{App, HOUR_MS};
use crate::auth::{Bearer, Role};
use crate::ids::now;
use crate::pass::is_shops_own;
use crate::problem::Problem;
use crate::request::Request;

/// The person and the key that send the request.
#[must_use]
pub fn who(request: &Request, caller: &Caller) -> Who {
    let key = Bearer::of(request).ok().map(|bearer| bearer.prefix().to_owned());
    Who {
        at: now(),
        person: caller.person.clone(),
        key,
        address: request.address().map(|address| address.to_string()),
    }
}

/// Notes what is read, or is about to be done by several statements.
///
/// # Errors
/// What the database does: what cannot be noted is not done.
pub async fn noted(
    app: &App,
    request: &Request,
    caller: &Caller,
    (action, subject): (&str, &str),
    with: Option<Json>,
) -> Result<(), Problem> {
    let with = with.map(|with| with.to_string());
    note(&app.sql, caller.programme.no, (action, subject), &who(request, caller), with).await?;
    sealed(app, caller).await;
    Ok(())
}

/// As [`noted`], unless the caller is the shop's own system: it does so all day.
///
/// # Errors
/// As [`noted`].
pub async fn noted_of_staff(
    app: &App,
    request: &Request,
    caller: &Caller,
    what: (&str, &str),
    with: Option<Json>,
) -> Result<(), Problem> {
    if is_shops_own(caller) {
        return Ok(());
    }
    noted(app, request, caller, what, with).await
}

/// Notes that staff searched for a person by a telephone number, an address or a card. Tills do so
/// all day, so their searches are not noted, and neither is a name that is the id.
///
/// # Errors
/// As [`noted`].
pub async fn noted_search(
    app: &App,
    request: &Request,
    caller: &Caller,
    name: &str,
) -> Result<(), Problem> {
    let Some((kind, _)) = name.strip_prefix('~').and_then(|name| name.split_once(':')) else {
        return Ok(());
    };
    if caller.role == Role::Storefront.as_str() || kind == "id" {
        return Ok(());
    }
    // The name itself must stay erasable, so it is not recorded.
    noted(app, request, caller, ("member_looked_up", kind), None).await
}

/// Seals what was written. The next request does what fails here.
pub async fn sealed(app: &App, caller: &Caller) {
    sealed_of(app, caller.programme.no).await;
}

/// As [`sealed`], for what no admitted caller did.
pub async fn sealed_of(app: &App, programme_no: i64) {
    if let Err(error) = seal(&app.sql, programme_no).await {
        eprintln!(
            "{}",
            serde_json::json!({"level": "warn", "message": format!("the audit log is not sealed: {error}")})
        );
    }
}

/// Notes that a key was refused, which was found or not; once an hour each, and all unknown ones
/// together.
pub(crate) async fn refused(app: &App, request: &Request, bearer: &Bearer, found: Option<&Caller>) {
    let key = if found.is_some() { bearer.prefix() } else { "unknown" };
    if !app.is_first_use(&format!("refused {key}"), 0, HOUR_MS, now()) {
        return;
    }
    let address = request.address().map(|address| address.to_string());
    let who = Who { at: now(), person: None, key: Some(key.to_owned()), address };
    let programme_no = found.map(|caller| caller.programme.no);
    if let Err(error) = note_refused(&app.sql, programme_no, key, &who).await {
        eprintln!(
            "{}",
            serde_json::json!({"level": "warn", "message": format!("a refused key is not noted: {error}")})
        );
    }
}
