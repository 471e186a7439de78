//! API keys: made, listed, rotated and revoked. A key is shown once, by the call that makes it.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/keys` | makes a key (the operator may name another programme) |
//! | `GET /v1/keys` | lists keys, `?prefix=` narrows |
//! | `POST /v1/keys/{prefix}/rotate` | makes a successor; the old key goes on working until it is revoked |
//! | `DELETE /v1/keys/{prefix}` | revokes a key at once |

use ledger::{ProgrammeId, Timestamp};
use serde_json::{Value as Json, json};
use shell::{
    App, Bearer, FieldError, KeyBody, Page, Problem, Reply, Request, Response, Role, authenticate, new_key, now, once,
    parse_json, serve,
};
use spin_sdk::http_service;
use store::{Caller, KeyRecord, count_keys, create_key, list_keys, revoke_key, rotate_key};

const MOST_BYTES: usize = 16 * 1024;
/// The most keys of a programme that are in use, and the most with those revoked, which are listed for as long as the rulebook says.
const MOST_KEYS: i64 = 1_000;
const MOST_KEPT: i64 = 10_000;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "keys"]) => create(app, request).await,
        ("GET", ["v1", "keys"]) => list(app, request).await,
        ("POST", ["v1", "keys", prefix, "rotate"]) => rotate(app, request, prefix).await,
        ("DELETE", ["v1", "keys", prefix]) => revoke(app, request, prefix).await,
        (_, ["v1", "keys"]) => Err(Problem::MethodNotAllowed("GET, POST")),
        (_, ["v1", "keys", _, "rotate"]) => Err(Problem::MethodNotAllowed("POST")),
        (_, ["v1", "keys", _]) => Err(Problem::MethodNotAllowed("DELETE")),
        _ => Err(Problem::RouteNotFound),
    }
}

/// A retry makes another key, as the first one can never be shown again; list and revoke what was not received.
async fn create(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = admin(app, request).await?;
    request.allow_query(&[])?;
    let body = request.body_within(MOST_BYTES)?;
    request.idempotency_key()?;
    let body: KeyBody = parse_json(body)?;
    let programme = body.programme_id.clone().unwrap_or_else(|| caller.programme.id.clone());
    if programme != caller.programme.id && !caller.operator {
        return Err(Problem::Forbidden("operator (the key of the variable admin_key)".to_owned()));
    }
    let mut errors = Vec::new();
    if Role::parse(&body.role).is_none() {
        errors.push(FieldError::new(
            "/role",
            "must be storefront, marketing, finance, service, approver, department_head, vice_president, admin or job",
        ));
    }
    if !(1..=100).contains(&body.label.chars().count()) || body.label.chars().any(char::is_control) {
        errors.push(FieldError::new("/label", "must have 1 to 100 characters and no control characters"));
    }
    if let Err(error) = ProgrammeId::new(programme.as_str()) {
        errors.push(FieldError::new("/programme_id", error.to_string()));
    }
    if !errors.is_empty() {
        return Err(Problem::InvalidRequest(errors));
    }
    let (in_use, all) = count_keys(&app.sql, &programme).await?;
    if in_use >= MOST_KEYS || all >= MOST_KEPT {
        let detail = format!(
            "the programme has {in_use} keys in use and {all} with the revoked ones: revoke some first, or wait"
        );
        return Err(Problem::InvalidRequest(vec![FieldError::new("", detail)]));
    }
    let key = fresh()?;
    let record = KeyRecord {
        prefix: key.prefix().to_owned(),
        role: body.role,
        label: body.label,
        created_at: now().0,
        revoked_at: None,
    };
    if !create_key(&app.sql, &programme, &record, key.hash()).await? {
        return Err(Problem::ResourceNotFound);
    }
    Ok(Reply::json(201, &revealed(&key, &record)))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = admin(app, request).await?;
    request.allow_query(&["prefix", "limit", "cursor"])?;
    let page = Page::of(request)?;
    let starting = request.query("prefix").unwrap_or_default();
    let after = page.cursor.clone().unwrap_or_default();
    let mut found = list_keys(&app.sql, caller.programme.no, starting, &after, page.limit + 1).await?;
    let most = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| is_more).map(|record| record.prefix.clone());
    Ok(Reply::json(200, &Page::body(found.iter().map(shown).collect(), next)))
}

async fn rotate(app: &App, request: &Request, prefix: &str) -> Result<Reply, Problem> {
    let caller = admin(app, request).await?;
    request.allow_query(&[])?;
    request.idempotency_key()?;
    let key = fresh()?;
    let record = rotate_key(&app.sql, caller.programme.no, prefix, key.prefix(), key.hash(), now().0).await?;
    let record = record.ok_or(Problem::ResourceNotFound)?;
    Ok(Reply::json(201, &revealed(&key, &record)))
}

async fn revoke(app: &App, request: &Request, prefix: &str) -> Result<Reply, Problem> {
    let caller = admin(app, request).await?;
    request.allow_query(&[])?;
    let key = request.idempotency_key()?;
    let end = async || {
        let is_revoked = revoke_key(&app.sql, caller.programme.no, prefix, now().0).await?;
        if is_revoked { Ok(Reply::empty(204)) } else { Err(Problem::ResourceNotFound) }
    };
    once(app, &key, &caller, "key-revoke", &prefix, end).await
}

async fn admin(app: &App, request: &Request) -> Result<Caller, Problem> {
    authenticate(app, request, &[]).await
}

fn fresh() -> Result<Bearer, Problem> {
    new_key().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))
}

fn revealed(key: &Bearer, record: &KeyRecord) -> Json {
    json!({"key": key.reveal(), "prefix": record.prefix, "role": record.role, "label": record.label})
}

fn shown(record: &KeyRecord) -> Json {
    json!({
        "prefix": record.prefix,
        "role": record.role,
        "label": record.label,
        "created_at": Timestamp(record.created_at).to_string(),
        "revoked_at": record.revoked_at.map(|at| Timestamp(at).to_string()),
    })
}
