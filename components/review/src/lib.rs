//! Suspicious earns: their points wait for a review.

use ledger::{Entry, EntryId, Kind, LotGrant, MemberId, OpenReview, Refusal};
use serde_json::{Value as Json, json};
use shell::{
    App, Page, Problem, ReasonBody, Reply, Request, authenticate, authenticated_body, in_force,
    may_see, parse_optional_json, person, submit_as, zone,
};
use store::{Caller, corrections, entry_json, key, open_reviews, reviewed};

shell::component! { shell::api::review::ROUTES {
    "GET /v1/reviews" => open(),
    "GET /v1/reviews/{id}" => state(id),
    "POST /v1/reviews/{id}/approve" => decide(id, true),
    "POST /v1/reviews/{id}/reject" => decide(id, false),
} }

async fn decide(app: &App, request: &Request, id: &str, approves: bool) -> Result<Reply, Problem> {
    let (caller, idem, text) = authenticated_body(app, request).await?;
    let body: ReasonBody = parse_optional_json(text)?;
    let earn = found(app, &caller, id).await?;
    if is_same_person(app, &caller, &earn).await? {
        return Err(Problem::refused(Refusal::OwnRequest));
    }
    if !approves {
        return submit_as(app, request, &caller, |actor| body.reject_review(&earn, &idem, actor))
            .await;
    }
    let book = in_force(&app.sql, &caller.programme, earn.rulebook_version).await?;
    let promise = |lot: &LotGrant| Some((lot.number, book.promise(&lot.source)?));
    let promises = earn.lots.grants.iter().map(promise).collect::<Option<Vec<_>>>();
    let promises =
        promises.ok_or_else(|| Problem::Internal(format!("earn {} without its rule", earn.id)))?;
    submit_as(app, request, &caller, |actor| body.approve_review(&earn, promises, &idem, actor))
        .await
}

/// Whether the person who decides also reported the earn: with any of their keys or in a
/// session, or with a key
/// without a person that they created.
async fn is_same_person(app: &App, caller: &Caller, earn: &Entry) -> Result<bool, Problem> {
    let by = person(caller)?;
    if let Some(reporter) = earn.origin.actor.strip_prefix("person:") {
        return Ok(reporter == by);
    }
    // A member scans by a pass that a key made.
    let actor = &earn.origin.actor;
    let key_of_it = actor.strip_prefix("key:").or_else(|| actor.strip_prefix("member:"));
    let Some(prefix) = key_of_it else { return Ok(false) };
    let Some(key) = key(&app.sql, caller.programme.no, prefix).await? else { return Ok(false) };
    Ok(key
        .person
        .map(|(person, _)| person)
        .or(key.created_by)
        .is_some_and(|reporter| reporter == by))
}

/// The earn under review, now or before. It never changes, so it may be read before the member.
async fn found(app: &App, caller: &Caller, id: &str) -> Result<Entry, Problem> {
    let not_found = || Problem::refused(Refusal::RequestNotFound);
    let id = EntryId::parse(id).ok_or_else(not_found)?;
    let found = reviewed(&app.sql, caller.programme.no, id).await?;
    found.filter(|entry| may_see(caller, entry.origin.store.as_deref())).ok_or_else(not_found)
}

async fn open(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let (open, next) =
        open_reviews(&app.sql, caller.programme.no, page.number(0)?, page.limit).await?;
    let mut items = Vec::new();
    for review in &open {
        if caller.stores.is_none() || found(app, &caller, &review.1.earn.to_string()).await.is_ok()
        {
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
        "because": open.review.reason,
        "reported_by": open.actor,
    })
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let earn = found(app, &caller, id).await?;
    let decisions = corrections(&app.sql, caller.programme.no, earn.id).await?;
    // A review ends with the first decision, or with the return of the last unit.
    let ending =
        decisions.iter().find(|entry| entry.kind() == Kind::Approve || entry.review().is_none());
    let state = match ending.map(|entry| entry.kind()) {
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
            "because": earn.review().map(|review| review.reason.as_str()),
            "reported_by": earn.origin.actor,
            "entry": entry_json(&earn, zone),
            "decisions": decisions.iter().map(|entry| entry_json(entry, zone)).collect::<Vec<_>>(),
        }),
    ))
}
