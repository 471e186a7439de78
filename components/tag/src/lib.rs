//! Tags of members: what they are, which members have them and why, and which got or lost one.
//!
//! `POST /v1/jobs/refresh` does a bounded piece of what the component `refresh` does on schedule.

use jobs::{JobContext, WorkLimit, refresh};
use reach::Family;
use shell::{
    App, Page, Problem, Reply, Request, Sets, TagBody, authenticate, fresh, now, parse_json, reach,
};

/// No chunk begins after this, so that no call runs into a time-out.
const MAX_MS: i64 = 12_000;
const CHUNKS: u32 = 10_000;

const TAGS: Sets = Sets { family: Family::Tag, most: 500 };

shell::component! { shell::api::tag::ROUTES {
    "GET /v1/tags" => list(),
    "GET /v1/tags/{path}" => get(path),
    "PUT /v1/tags/{path}" => put(path),
    "DELETE /v1/tags/{path}" => remove(path),
    "GET /v1/tags/{path}/versions" => versions(path),
    "POST /v1/tags/{path}/refresh" => again(path),
    "GET /v1/tags/{path}/members" => members(path),
    "POST /v1/tags/{path}/members" => change(path),
    "GET /v1/members/{id}/tags" => of_member(id),
    "GET /v1/tag-changes" => changes(),
    "POST /v1/jobs/refresh" => run(),
} }

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    TAGS.list(app, request).await
}

async fn get(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    TAGS.get(app, request, path).await
}

async fn put(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    TAGS.put(app, request, path, |body| parse_json::<TagBody>(body)?.wish(path)).await
}

async fn remove(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    TAGS.remove(app, request, path).await
}

async fn versions(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    TAGS.versions(app, request, path).await
}

async fn again(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    TAGS.refresh(app, request, path).await
}

async fn members(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let stored = TAGS.find(&*reach().await?, &caller, path).await?;
    TAGS.members(app, &caller, &page, &stored).await
}

async fn change(app: &App, request: &Request, path: &str) -> Result<Reply, Problem> {
    TAGS.change_members(app, request, path).await
}

async fn of_member(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    TAGS.of_member(app, request, id).await
}

async fn changes(app: &App, request: &Request) -> Result<Reply, Problem> {
    TAGS.changes(app, request).await
}

/// A repetition does no harm, so a call needs no idempotency key.
async fn run(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    request.body()?;
    let reach = reach().await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &*reach, now: &now, fresh: &fresh };
    let limit = WorkLimit::chunks(CHUNKS).until(now().plus_ms(MAX_MS));
    let report = refresh(&ledger, &reach, Some(caller.programme.no), limit).await?;
    if let Some(failure) = &report.last_failure {
        eprintln!("refresh: {failure}");
    }
    Ok(Reply::json(200, &report.to_json()))
}
