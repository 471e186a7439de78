//! Members who come from another system: a file is staged, approved of as a whole, and booked some hundred rows at a time.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/imports` | stages a file, with a report of its quality; `?dry_run=true` writes nothing |
//! | `GET /v1/imports` | lists imports |
//! | `GET /v1/imports/{id}` | one, its report, and how far it is |
//! | `GET /v1/imports/{id}/refused` | its rows that were refused |
//! | `POST /v1/imports/{id}/approve` | passes a step; with the last one its rows may be booked |
//! | `POST /v1/imports/{id}/reject` | decides against it |
//! | `POST /v1/imports/{id}/withdraw` | takes one's own back |
//! | `POST /v1/imports/{id}/continue` | books its next rows |

mod booked;
mod decided;
mod quality;
mod staged;

use serde_json::{Value as Json, json};
use shell::{App, Page, Problem, Reply, Request, Response, Role, authenticate, now, serve};
use spin_sdk::http_service;
use store::{Caller, Import, ImportState, import, import_counts, list_imports, refused_rows};

const REQUESTERS: [Role; 2] = [Role::Service, Role::Marketing];
const APPROVERS: [Role; 3] = [Role::Approver, Role::DepartmentHead, Role::VicePresident];
const READERS: [Role; 6] =
    [Role::Service, Role::Marketing, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "imports"]) => staged::stage(app, request).await,
        ("GET", ["v1", "imports"]) => list(app, request).await,
        ("GET", ["v1", "imports", id]) => get(app, request, id).await,
        ("GET", ["v1", "imports", id, "refused"]) => refused(app, request, id).await,
        ("POST", ["v1", "imports", id, "continue"]) => booked::go_on(app, request, id).await,
        ("POST", ["v1", "imports", id, verdict @ ("approve" | "reject" | "withdraw")]) => {
            decided::decide(app, request, id, verdict).await
        }
        (_, ["v1", "imports"]) => Err(Problem::MethodNotAllowed("GET, POST")),
        (_, ["v1", "imports", _] | ["v1", "imports", _, "refused"]) => Err(Problem::MethodNotAllowed("GET")),
        (_, ["v1", "imports", _, "approve" | "reject" | "withdraw" | "continue"]) => {
            Err(Problem::MethodNotAllowed("POST"))
        }
        _ => Err(Problem::RouteNotFound),
    }
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let before = page.cursor.as_deref().unwrap_or("~");
    let found = list_imports(&app.sql, caller.programme.no, before, page.limit + 1).await?;
    Ok(page.reply(found, summary, |last| last.id.clone()))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let found = existing(app, &caller, id).await?;
    Ok(Reply::json(200, &shown(app, &caller, &found).await?))
}

async fn refused(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let found = existing(app, &caller, id).await?;
    let rows = refused_rows(&app.sql, caller.programme.no, &found.id, page.number(0)?, page.limit + 1).await?;
    let row = |(line, member, why): &(i64, String, String)| json!({"line": line, "member_id": member, "problem": why});
    Ok(page.reply(rows, row, |(line, ..)| line.to_string()))
}

async fn existing(app: &App, caller: &Caller, id: &str) -> Result<Import, Problem> {
    let found = import(&app.sql, caller.programme.no, id, "").await?;
    found.filter(|found| found.state != ImportState::Staging).ok_or(Problem::ResourceNotFound)
}

/// What a list shows of an import.
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

/// All of an import: what was found in its file, and how far it is.
async fn shown(app: &App, caller: &Caller, import: &Import) -> Result<Json, Problem> {
    let mut body = summary(import);
    let counts = import_counts(&app.sql, caller.programme.no, &import.id).await?;
    let report: Option<Json> = import.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
    if let Some(fields) = body.as_object_mut() {
        fields.insert("report".to_owned(), report.into());
        let progress = json!({"left": counts.left, "written": counts.written, "refused": counts.refused});
        fields.insert("members".to_owned(), progress);
    }
    Ok(body)
}
