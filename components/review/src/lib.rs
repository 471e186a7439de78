//! Earns that look odd: their points wait until somebody has looked at them.
//!
//! | Route | Does |
//! |---|---|
//! | `GET /v1/reviews` | what waits |
//! | `GET /v1/reviews/{id}` | one, and what became of it; the id is that of the earn's entry |
//! | `POST /v1/reviews/{id}/approve` | lets the points go their way; `?dry_run=true` writes nothing |
//! | `POST /v1/reviews/{id}/reject` | undoes all that is left of the earn; `?dry_run=true` writes nothing |

use ledger::{Entry, EntryId, Kind, LotGrant, MemberId, OpenReview, Refusal};
use serde_json::{Value as Json, json};
use shell::{
    App, DecisionBody, Page, Problem, Reply, Request, Response, Role, asked, authenticate_for_stores, in_force,
    may_see, of_caller, parse_optional_json, person, serve, zone,
};
use spin_sdk::http_service;
use store::{Caller, corrections, entry_json, key, open_reviews, reviewed};

const DECIDERS: [Role; 3] = [Role::Approver, Role::DepartmentHead, Role::VicePresident];
const READERS: [Role; 5] = [Role::Service, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];
const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("GET", ["v1", "reviews"]) => open(app, request).await,
        ("GET", ["v1", "reviews", id]) => state(app, request, id).await,
        ("POST", ["v1", "reviews", id, verdict @ ("approve" | "reject")]) => {
            decide(app, request, id, *verdict == "approve").await
        }
        (_, ["v1", "reviews"] | ["v1", "reviews", _]) => Err(Problem::MethodNotAllowed("GET")),
        (_, ["v1", "reviews", _, "approve" | "reject"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn decide(app: &App, request: &Request, id: &str, approves: bool) -> Result<Reply, Problem> {
    let (caller, idem, text) = asked(app, request, &DECIDERS, MOST_BYTES).await?;
    let body: DecisionBody = parse_optional_json(text)?;
    let earn = found(app, &caller, id).await?;
    if is_same_person(app, &caller, &earn).await? {
        return Err(Problem::refused(Refusal::OwnRequest));
    }
    if !approves {
        return of_caller(app, request, &caller, |actor| body.reject_review(&earn, &idem, actor)).await;
    }
    let book = in_force(&app.sql, &caller.programme, earn.rulebook_version).await?;
    let promise = |lot: &LotGrant| Some((lot.number, book.promise(&lot.source)?));
    let promises = earn.grants.iter().map(promise).collect::<Option<Vec<_>>>();
    let promises = promises.ok_or_else(|| Problem::Internal(format!("earn {} without its rule", earn.id)))?;
    of_caller(app, request, &caller, |actor| body.approve_review(&earn, promises, &idem, actor)).await
}

/// Whether the earn was reported by who decides: with any key of theirs, or with a key of nobody that they made.
async fn is_same_person(app: &App, caller: &Caller, earn: &Entry) -> Result<bool, Problem> {
    let by = person(caller)?;
    let Some(prefix) = earn.origin.actor.strip_prefix("key:") else { return Ok(false) };
    let Some(key) = key(&app.sql, caller.programme.no, prefix).await? else { return Ok(false) };
    Ok(key.person.map(|(person, _)| person).or(key.created_by).is_some_and(|reporter| reporter == by))
}

/// The earn that waits, or waited. It never changes, so it may be read before the member is.
async fn found(app: &App, caller: &Caller, id: &str) -> Result<Entry, Problem> {
    let not_found = || Problem::refused(Refusal::RequestNotFound);
    let id = EntryId::parse(id).ok_or_else(not_found)?;
    let found = reviewed(&app.sql, caller.programme.no, id).await?;
    found.filter(|entry| may_see(caller, entry.origin.store.as_deref())).ok_or_else(not_found)
}

async fn open(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate_for_stores(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let (open, next) = open_reviews(&app.sql, caller.programme.no, page.number(0)?, page.limit).await?;
    let mut items = Vec::new();
    for review in &open {
        if caller.stores.is_none() || found(app, &caller, &review.1.earn.to_string()).await.is_ok() {
            items.push(shown(review));
        }
    }
    Ok(Reply::json(200, &Page::body(items, next.map(|next| next.to_string()))))
}

fn shown((member, open): &(MemberId, OpenReview)) -> Json {
    json!({
        "review_id": open.earn.to_string(),
        "member_id": member.as_str(),
        "state": "open",
        "because": open.review.because,
        "reported_by": open.actor,
    })
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate_for_stores(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let earn = found(app, &caller, id).await?;
    let decisions = corrections(&app.sql, caller.programme.no, earn.id).await?;
    // It ends with the first decision, or with the return of the last unit.
    let ending = decisions.iter().find(|entry| entry.kind == Kind::Approve || entry.review.is_none());
    let state = match ending.map(|entry| entry.kind) {
        Some(Kind::Approve) => "approved",
        Some(_) => "undone",
        None => "open",
    };
    let zone = zone(&app.sql, &caller.programme).await?;
    Ok(Reply::json(
        200,
        &json!({
            "review_id": earn.id.to_string(),
            "member_id": earn.member.as_str(),
            "state": state,
            "because": earn.review.as_ref().map(|review| review.because.as_str()),
            "reported_by": earn.origin.actor,
            "entry": entry_json(&earn, zone),
            "decisions": decisions.iter().map(|entry| entry_json(entry, zone)).collect::<Vec<_>>(),
        }),
    ))
}
