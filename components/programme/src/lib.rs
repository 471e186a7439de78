//! Programmes and the rulebook each of them runs by.
//!
//! | Route | Does |
//! |---|---|
//! | `PUT /v1/programmes/{id}` | creates a programme or publishes its next rulebook (operator only) |
//! | `GET /v1/programmes/{id}` | the caller's programme with its published rulebook |

use ledger::ProgrammeId;
use rules::Rulebook;
use serde_json::json;
use shell::{
    App, FieldError, Problem, ProgrammeBody, Reply, Request, Response, Role, authenticate, now, once, parse_json, serve,
};
use spin_sdk::http_service;
use store::{Caller, Published, programme, publish};

const READERS: [Role; 4] = [Role::Marketing, Role::Finance, Role::Service, Role::Storefront];
const MOST_BYTES: usize = 256 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("GET", ["v1", "programmes", id]) => get(app, request, id).await,
        ("PUT", ["v1", "programmes", id]) => put(app, request, id).await,
        (_, ["v1", "programmes", _]) => Err(Problem::MethodNotAllowed("GET, PUT")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let may_see = caller.operator || caller.programme.id == id;
    let found = programme(&app.sql, id).await?.filter(|_| may_see).ok_or(Problem::ResourceNotFound)?;
    let body = json!({
        "programme_id": found.reference.id,
        "name": found.name,
        "rulebook_version": found.reference.rulebook_version,
        "published_at": ledger::Timestamp(found.published_at).to_string(),
        "rulebook": found.document,
    });
    Ok(Reply::json(200, &body))
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &[]).await?;
    if !caller.operator {
        return Err(Problem::Forbidden("operator (the key of the variable admin_key)".to_owned()));
    }
    request.allow_query(&[])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    let body: ProgrammeBody = parse_json(body)?;
    once(app, &key, &caller, "programme", &(id, &body), async || next_rulebook(app, &caller, id, &body).await).await
}

/// Publishing the document that is published already changes nothing.
async fn next_rulebook(app: &App, caller: &Caller, id: &str, body: &ProgrammeBody) -> Result<Reply, Problem> {
    let name_fits = (1..=100).contains(&body.name.chars().count()) && !body.name.chars().any(char::is_control);
    let mut errors = Vec::new();
    if let Err(error) = ProgrammeId::new(id) {
        errors.push(FieldError::new("programme_id", error.to_string()));
    }
    if !name_fits {
        errors.push(FieldError::new("/name", "must have 1 to 100 characters and no control characters"));
    }
    let book = Rulebook::new(&body.rulebook, 1).map_err(|problems| {
        errors.extend(problems.into_iter().map(|p| FieldError::new(format!("/rulebook{}", p.pointer), p.detail)));
    });
    let Some(book) = book.ok().filter(|_| errors.is_empty()) else { return Err(Problem::InvalidRequest(errors)) };
    let found = programme(&app.sql, id).await?;
    let version_now = found.as_ref().map_or(0, |found| found.reference.rulebook_version);
    let is_published = found.is_some_and(|found| found.document == body.rulebook && found.name == body.name);
    let version = if is_published {
        version_now
    } else {
        let by = format!("programme:{}", caller.programme.id);
        match publish(&app.sql, id, &body.name, version_now, (&body.rulebook, &book), now().0, &by).await? {
            Published::Version(version) => version,
            Published::Conflict => return Err(Problem::Conflict),
        }
    };
    let status = if version_now == 0 { 201 } else { 200 };
    Ok(Reply::json(status, &json!({"programme_id": id, "name": body.name, "rulebook_version": version})))
}
