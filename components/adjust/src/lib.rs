//! Adjustments by hand: asked for by one person, decided by others, executed with the last approval. Mergers and recoveries are asked for by their own
//! routes, and decided here.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/adjustments` | asks for one; `?dry_run=true` writes nothing |
//! | `POST /v1/adjustments/batch` | asks for one a row of a CSV file, each with an outcome of its own; `?dry_run=true` writes nothing |
//! | `GET /v1/adjustments` | open requests |
//! | `GET /v1/adjustments/{id}` | one, and what was decided |
//! | `POST /v1/adjustments/{id}/approve` | passes a step, and executes with the last one; `?dry_run=true` writes nothing |
//! | `POST /v1/adjustments/{id}/reject` | turns one down; `?dry_run=true` writes nothing |
//! | `POST /v1/adjustments/{id}/withdraw` | takes one's own back; `?dry_run=true` writes nothing |

use ledger::{Adjustment, AdjustmentRequest, Concern, Entry, EntryId, Kind, MemberId, Refusal, Verdict, Zone};
use rules::Concerned;
use serde_json::{Value as Json, json};
use shell::{
    AdjustmentBody, App, DecisionBody, Page, Problem, Reply, Request, Response, Role, asked, authenticate_for_stores,
    bulk_of_caller, known_as, may_see, now, of_caller, parse_json, parse_optional_json, serve, stolen, zone,
};
use spin_sdk::http_service;
use store::{Caller, adjusted, adjustment_json, corrections, entry_json, named_entry, open_requests};

const REQUESTERS: [Role; 5] =
    [Role::Service, Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];
const APPROVERS: [Role; 3] = [Role::Approver, Role::DepartmentHead, Role::VicePresident];
const READERS: [Role; 6] =
    [Role::Service, Role::Marketing, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];
const MOST_BYTES: usize = 64 * 1024;
const MOST_BYTES_OF_A_FILE: usize = 1 << 20;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "adjustments"]) => ask(app, request).await,
        ("GET", ["v1", "adjustments"]) => open(app, request).await,
        ("POST", ["v1", "adjustments", "batch"]) => batch(app, request).await,
        ("GET", ["v1", "adjustments", id]) => state(app, request, id).await,
        ("POST", ["v1", "adjustments", id, verdict @ ("approve" | "reject" | "withdraw")]) => {
            decide(app, request, id, verdict).await
        }
        (_, ["v1", "adjustments"]) => Err(Problem::MethodNotAllowed("GET, POST")),
        (_, ["v1", "adjustments", "batch"]) => Err(Problem::MethodNotAllowed("POST")),
        (_, ["v1", "adjustments", _]) => Err(Problem::MethodNotAllowed("GET")),
        (_, ["v1", "adjustments", _, "approve" | "reject" | "withdraw"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn ask(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, text) = asked(app, request, &REQUESTERS, MOST_BYTES).await?;
    let body: AdjustmentBody = parse_json(text)?;
    let body = AdjustmentBody { member_id: known_as(app, &caller, &body.member_id).await?, ..body };
    let undone = undone(app, &caller, &body).await?;
    of_caller(app, request, &caller, |actor| body.order(&key, actor, &caller, undone.as_ref())).await
}

/// The adjustment that is to be undone, when it is one of the member's.
async fn undone(app: &App, caller: &Caller, body: &AdjustmentBody) -> Result<Option<Entry>, Problem> {
    let Some(id) = body.undoes.as_deref().and_then(EntryId::parse) else { return Ok(None) };
    let Ok(member) = MemberId::new(body.member_id.as_str()) else { return Ok(None) };
    Ok(adjusted(&app.sql, caller.programme.no, &member, id).await?)
}

/// The rows of a file have the file's key and their place as their own: sent again, the file does nothing twice.
async fn batch(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, file) = asked(app, request, &REQUESTERS, MOST_BYTES_OF_A_FILE).await?;
    let rows = AdjustmentBody::rows(file, request.charset())?;
    let (lines, rows): (Vec<u64>, Vec<_>) = rows.into_iter().unzip();
    let orders = |actor: &str| {
        let numbered = (1..).zip(rows);
        let order = |(row, body): (usize, Result<AdjustmentBody, Problem>)| {
            body.and_then(|body| body.order(&format!("{key}/{row}"), actor, &caller, None))
        };
        Ok(numbered.map(order).collect())
    };
    bulk_of_caller(app, request, &caller, Some(&lines), orders).await
}

async fn decide(app: &App, request: &Request, id: &str, verdict: &str) -> Result<Reply, Problem> {
    let (verdict, roles) = match verdict {
        "approve" => (Verdict::Approve, APPROVERS.as_slice()),
        "reject" => (Verdict::Reject, APPROVERS.as_slice()),
        _ => (Verdict::Withdraw, REQUESTERS.as_slice()),
    };
    let (caller, key, text) = asked(app, request, roles, MOST_BYTES).await?;
    let body: DecisionBody = parse_optional_json(text)?;
    let made = made(app, &caller, id).await?;
    let concerned = match made.adjustment.as_ref().and_then(|made| made.terms.concern.as_ref()) {
        None => None,
        Some(Concern::Merge(from)) => Some(Concerned::Merge(from.clone())),
        Some(Concern::Recover(ids)) => {
            Some(Concerned::Recover(stolen(app, caller.programme.no, made.member.as_str(), ids).await?))
        }
    };
    let order = |actor: &str| body.order(&made, (verdict, concerned), &key, actor, &caller);
    of_caller(app, request, &caller, order).await
}

/// The entry that made the request. It never changes, so it may be read before the member is.
async fn made(app: &App, caller: &Caller, id: &str) -> Result<Entry, Problem> {
    let not_found = || Problem::refused(Refusal::RequestNotFound);
    let id = EntryId::parse(id).ok_or_else(not_found)?;
    let found = named_entry(&app.sql, caller.programme.no, id).await?;
    let may_see = |entry: &Entry| may_see(caller, entry.origin.store.as_deref());
    found.filter(|entry| entry.kind == Kind::Request && may_see(entry)).ok_or_else(not_found)
}

async fn open(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate_for_stores(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let (found, next) = open_requests(&app.sql, caller.programme.no, page.number(0)?, page.limit).await?;
    // By the clock, whether or not a job has written down which of them lapsed.
    let zone = zone(&app.sql, &caller.programme).await?;
    let mut items = Vec::new();
    for (member, request) in found.into_iter().filter(|(_, request)| now() < request.terms.until) {
        if caller.stores.is_none() || made(app, &caller, &request.id.to_string()).await.is_ok() {
            items.push(shown(&member, &request, zone));
        }
    }
    Ok(Reply::json(200, &Page::body(items, next.map(|next| next.to_string()))))
}

fn shown(member: &MemberId, request: &AdjustmentRequest, zone: Zone) -> Json {
    let AdjustmentRequest { id, terms, by, approvals } = request.clone();
    let waits_for = terms.steps.get(approvals.len()).cloned();
    let adjustment = Adjustment { terms, by, approvals };
    json!({
        "request_id": id.to_string(),
        "member_id": member.as_str(),
        "state": "open",
        "waits_for": waits_for,
        "adjustment": adjustment_json(&adjustment, zone),
    })
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate_for_stores(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let made = made(app, &caller, id).await?;
    let decisions = corrections(&app.sql, caller.programme.no, made.id).await?;
    let newest = decisions.last().unwrap_or(&made).adjustment.as_ref();
    let newest = newest.ok_or_else(|| Problem::Internal(format!("request {} without its terms", made.id)))?;
    let state = match decisions.last().map(|entry| entry.kind) {
        Some(Kind::Adjust) => "approved",
        // What is not an adjustment ends with the last approval.
        Some(Kind::Approve) if newest.approvals.len() == newest.terms.steps.len() => "approved",
        Some(Kind::Reject) => "rejected",
        Some(Kind::Withdraw) => "withdrawn",
        _ if newest.terms.until <= now() => "lapsed",
        _ => "open",
    };
    let zone = zone(&app.sql, &caller.programme).await?;
    let waits_for = newest.terms.steps.get(newest.approvals.len()).filter(|_| state == "open");
    Ok(Reply::json(
        200,
        &json!({
            "request_id": made.id.to_string(),
            "member_id": made.member.as_str(),
            "state": state,
            "waits_for": waits_for,
            "adjustment": adjustment_json(newest, zone),
            "entry": entry_json(&made, zone),
            "decisions": decisions.iter().map(|entry| entry_json(entry, zone)).collect::<Vec<_>>(),
        }),
    ))
}
