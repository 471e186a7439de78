//! Captures, extends and releases points that `POST /v1/redeem` set aside.

use ledger::{Entry, EntryId, Kind, Refusal};
use serde_json::json;
use shell::{
    App, CaptureBody, Problem, ReleaseBody, Reply, Request, authenticate, authenticated_body,
    may_see, now, parse_optional_json, submit_as, zone,
};
use store::{Caller, corrections, entry_json, named_entry};

shell::component! { shell::api::hold::ROUTES {
    "GET /v1/holds/{id}" => state(id),
    "POST /v1/holds/{id}/capture" => capture(id),
    "POST /v1/holds/{id}/release" => release(id),
} }

async fn capture(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: CaptureBody = parse_optional_json(text)?;
    let hold = placed(app, &caller, id).await?;
    submit_as(app, request, &caller, |actor| body.submission(&hold, &key, actor)).await
}

async fn release(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ReleaseBody = parse_optional_json(text)?;
    let hold = placed(app, &caller, id).await?;
    submit_as(app, request, &caller, |actor| body.submission(&hold, &key, actor)).await
}

/// The entry that placed the hold. It never changes, so it may be read before the member.
async fn placed(app: &App, caller: &Caller, id: &str) -> Result<Entry, Problem> {
    let not_found = || Problem::refused(Refusal::HoldNotFound);
    let id = EntryId::parse(id).ok_or_else(not_found)?;
    let found = named_entry(&app.sql, caller.programme.no, id).await?;
    found.filter(|entry| entry.kind() == Kind::Hold).ok_or_else(not_found)
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let hold = placed(app, &caller, id).await?;
    if !may_see(&caller, hold.origin.store.as_deref()) {
        return Err(Problem::refused(Refusal::HoldNotFound));
    }
    let resolution = corrections(&app.sql, caller.programme.no, hold.id).await?.into_iter().next();
    let until = hold.reservation().map(|reservation| reservation.until);
    // A requested release is recorded before the hold's end. A later one records the time-out.
    let is_over = |at| until.is_some_and(|until| until <= at);
    let state = match &resolution {
        Some(entry) if entry.kind() == Kind::Capture => "captured",
        Some(entry) if is_over(entry.recorded_at) => "timed_out",
        Some(_) => "released",
        None if is_over(now()) => "timed_out",
        None => "open",
    };
    let zone = zone(&app.sql, &caller.programme).await?;
    let points: i64 = hold
        .reservation()
        .iter()
        .flat_map(|reservation| &reservation.lots)
        .map(|lot| lot.points)
        .sum();
    let captured = resolution.as_ref().map_or(0, |entry| -entry.points);
    Ok(Reply::json(
        200,
        &json!({
            "hold_id": hold.id.to_string(),
            "member_id": hold.member.as_str(),
            "reference": hold.origin.reference.as_ref().map(|reference| reference.as_str()),
            "state": state,
            "points": points,
            "captured": captured,
            "until": until.map(|at| at.to_string()),
            "entry": entry_json(&hold, zone),
            "resolution": resolution.as_ref().map(|entry| entry_json(entry, zone)),
        }),
    ))
}
