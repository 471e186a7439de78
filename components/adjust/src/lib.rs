//! Adjustments by hand: one person requests them, others decide, and the last approval executes
//! them. Mergers and recoveries are requested by their own routes and decided here.

use ledger::{
    Adjustment, AdjustmentRequest, ApprovalVerdict, Concern, Entry, EntryId, Kind, MemberId,
    Refusal, Zone,
};
use rules::operations::Concerned;
use serde_json::{Value as Json, json};
use shell::{
    AdjustmentBody, App, Page, Problem, ReasonBody, Reply, Request, authenticate,
    authenticated_body, may_see, now, parse_json, parse_optional_json, resolve_member_id, stolen,
    submit_as, submit_many_as, zone,
};
use store::{
    Caller, adjusted, adjustment_json, corrections, entry_json, named_entry, open_requests,
};

shell::component! { shell::api::adjust::ROUTES {
    "GET /v1/adjustments" => open(),
    "POST /v1/adjustments" => ask(),
    "POST /v1/adjustments/batch" => batch(),
    "GET /v1/adjustments/{id}" => state(id),
    "POST /v1/adjustments/{id}/approve" => approve(id),
    "POST /v1/adjustments/{id}/reject" => reject(id),
    "POST /v1/adjustments/{id}/withdraw" => withdraw(id),
} }

async fn ask(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: AdjustmentBody = parse_json(text)?;
    let body = AdjustmentBody {
        member_id: resolve_member_id(app, &caller, &body.member_id).await?,
        ..body
    };
    let undone = undone(app, &caller, &body).await?;
    submit_as(app, request, &caller, |actor| body.submission(&key, actor, &caller, undone.as_ref()))
        .await
}

/// The adjustment to undo, if it is one of the member's.
async fn undone(
    app: &App,
    caller: &Caller,
    body: &AdjustmentBody,
) -> Result<Option<Entry>, Problem> {
    let Some(id) = body.undoes.as_deref().and_then(EntryId::parse) else { return Ok(None) };
    let Ok(member) = MemberId::new(body.member_id.as_str()) else { return Ok(None) };
    Ok(adjusted(&app.sql, caller.programme.no, &member, id).await?)
}

/// Each row of a file has a key of its own, from the file's key and its place. So a repeated file
/// changes nothing.
async fn batch(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, file) = authenticated_body(app, request).await?;
    let rows = AdjustmentBody::rows(file, request.charset())?;
    let (lines, rows): (Vec<u64>, Vec<_>) = rows.into_iter().unzip();
    let orders = |actor: &str| {
        let numbered = (1..).zip(rows);
        let order = |(row, body): (usize, Result<AdjustmentBody, Problem>)| {
            body.and_then(|body| body.submission(&format!("{key}/{row}"), actor, &caller, None))
        };
        Ok(numbered.map(order).collect())
    };
    submit_many_as(app, request, &caller, Some(&lines), orders).await
}

async fn approve(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    decide(app, request, id, ApprovalVerdict::Approve).await
}

async fn reject(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    decide(app, request, id, ApprovalVerdict::Reject).await
}

async fn withdraw(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    decide(app, request, id, ApprovalVerdict::Withdraw).await
}

async fn decide(
    app: &App,
    request: &Request,
    id: &str,
    verdict: ApprovalVerdict,
) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ReasonBody = parse_optional_json(text)?;
    let made = made(app, &caller, id).await?;
    let concerned = match made.adjustment().and_then(|made| made.terms.concern.as_ref()) {
        None => None,
        Some(Concern::Merge(from)) => Some(Concerned::Merge(from.clone())),
        Some(Concern::Recover(ids)) => Some(Concerned::Recover(
            stolen(app, caller.programme.no, made.member.as_str(), ids).await?,
        )),
    };
    let submission =
        |actor: &str| body.submission(&made, (verdict, concerned), &key, actor, &caller);
    submit_as(app, request, &caller, submission).await
}

/// The entry of the request. It never changes, so it may be read before the member.
async fn made(app: &App, caller: &Caller, id: &str) -> Result<Entry, Problem> {
    let not_found = || Problem::refused(Refusal::RequestNotFound);
    let id = EntryId::parse(id).ok_or_else(not_found)?;
    let found = named_entry(&app.sql, caller.programme.no, id).await?;
    let may_see = |entry: &Entry| may_see(caller, entry.origin.store.as_deref());
    found
        .filter(|entry| entry.kind() == Kind::AdjustmentRequest && may_see(entry))
        .ok_or_else(not_found)
}

async fn open(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let (found, next) =
        open_requests(&app.sql, caller.programme.no, page.number(0)?, page.limit).await?;
    // Compares with the clock, as a job may not have recorded yet which of them lapsed.
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
    let AdjustmentRequest { id, terms, evidence, by, approvals } = request.clone();
    let waits_for = terms.steps.get(approvals.len()).cloned();
    let adjustment = Adjustment { terms, evidence, by, approvals };
    json!({
        "request_id": id.to_string(),
        "member_id": member.as_str(),
        "state": "open",
        "waits_for": waits_for,
        "adjustment": adjustment_json(&adjustment, zone),
    })
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let made = made(app, &caller, id).await?;
    let decisions = corrections(&app.sql, caller.programme.no, made.id).await?;
    let newest = decisions.last().unwrap_or(&made).adjustment();
    let newest = newest
        .ok_or_else(|| Problem::Internal(format!("request {} without its terms", made.id)))?;
    let state = match decisions.last().map(|entry| entry.kind()) {
        Some(Kind::Adjust) => "approved",
        // Requests of other kinds end with the last approval.
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
