//! Imports members from another system: a file is staged, approved as a whole, and booked some
//! hundred rows at a time.

mod booked;
mod decided;
mod quality;
mod staged;

use serde_json::{Value as Json, json};
use shell::{App, Page, Problem, Reply, Request, authenticate, now};
use store::{Caller, Import, ImportState, import, import_counts, list_imports, refused_rows};

shell::component! { shell::api::import::ROUTES {
    "GET /v1/imports" => list(),
    "POST /v1/imports" => staged::stage(),
    "GET /v1/imports/{id}" => get(id),
    "GET /v1/imports/{id}/refused" => refused(id),
    "POST /v1/imports/{id}/approve" => decided::decide(id, "approve"),
    "POST /v1/imports/{id}/reject" => decided::decide(id, "reject"),
    "POST /v1/imports/{id}/withdraw" => decided::decide(id, "withdraw"),
    "POST /v1/imports/{id}/continue" => booked::go_on(id),
} }

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.cursor.as_deref().unwrap_or("~");
    let found = list_imports(&app.sql, caller.programme.no, before, page.limit + 1).await?;
    Ok(page.reply(found, summary, |last| last.id.clone()))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let found = existing(app, &caller, id).await?;
    Ok(Reply::json(200, &shown(app, &caller, &found).await?))
}

async fn refused(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let found = existing(app, &caller, id).await?;
    let rows =
        refused_rows(&app.sql, caller.programme.no, &found.id, page.number(0)?, page.limit + 1)
            .await?;
    let row = |(line, member, why): &(i64, String, String)| json!({"line": line, "member_id": member, "problem": why});
    Ok(page.reply(rows, row, |(line, ..)| line.to_string()))
}

async fn existing(app: &App, caller: &Caller, id: &str) -> Result<Import, Problem> {
    let found = import(&app.sql, caller.programme.no, id, "").await?;
    found.filter(|found| found.state != ImportState::Staging).ok_or(Problem::ResourceNotFound)
}

/// The fields of an import in a list.
fn summary(import: &Import) -> Json {
    let is_waiting = import.state == ImportState::Waiting;
    let is_over = is_waiting && import.until <= now();
    let waits_for = import.steps.get(import.approvals.len()).filter(|_| is_waiting && !is_over);
    let approval = |one: &store::ImportApproval| json!({"name": one.by, "role": one.role, "at": ledger::Timestamp(one.at).to_string()});
    json!({
        "import_id": import.id,
        "state": if is_over { "lapsed" } else { import.state.as_str() },
        "asked_at": import.asked_at.to_string(),
        "asked_by": import.asked_by,
        "approvals": import.approvals.iter().map(approval).collect::<Vec<_>>(),
        "waits_for": waits_for,
        "until": import.until.to_string(),
        "reason": import.reason,
    })
}

/// All of an import: the report on its file, and its progress.
async fn shown(app: &App, caller: &Caller, import: &Import) -> Result<Json, Problem> {
    let mut body = summary(import);
    let counts = import_counts(&app.sql, caller.programme.no, &import.id).await?;
    let report: Option<Json> =
        import.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
    if let Some(fields) = body.as_object_mut() {
        fields.insert("report".to_owned(), report.into());
        let progress =
            json!({"left": counts.left, "written": counts.written, "refused": counts.refused});
        fields.insert("members".to_owned(), progress);
    }
    Ok(body)
}
