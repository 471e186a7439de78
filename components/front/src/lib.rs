//! The front door: health, the API's description, and the answer to every route that nobody else has.
//!
//! | Route | Does |
//! |---|---|
//! | `GET /healthz` | the process answers |
//! | `GET /readyz` | the database answers and takes writes; whether it does is tried every few seconds |
//! | `GET /rulebook.schema.json` | JSON Schema of rulebooks, made from the types that they are read into |
//! | `GET /openapi.json` | OpenAPI 3.1, made from the types that requests are read into |
//! | anything else | 404 as problem+json |

mod openapi;
mod operations;
mod queries;

use std::cell::Cell;

use ledger::Timestamp;
use serde_json::json;
use shell::{App, Problem, Reply, Request, Response, serve_plain};
use spin_sdk::http_service;
use store::{is_ready, is_writable};

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve_plain(request, route).await
}

async fn route(request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("GET", ["healthz"]) => Ok(Reply::json(200, &json!({"status": "ok"}))),
        ("GET", ["readyz"]) => ready().await,
        ("GET", ["openapi.json"]) => Ok(Reply::json(200, &openapi::document())),
        ("GET", ["rulebook.schema.json"]) => Ok(Reply::json(200, &openapi::rulebook_schema())),
        (_, ["healthz" | "readyz" | "openapi.json" | "rulebook.schema.json"]) => Err(Problem::MethodNotAllowed("GET")),
        _ => Err(Problem::RouteNotFound),
    }
}

/// For how long it is known whether the database takes writes. Anybody may ask, and a write costs all writers a little.
const KNOWN_FOR_MS: u64 = 5000;

thread_local! {
    /// When this instance tried to write, and whether it could.
    static LAST_WRITE: Cell<Option<(Timestamp, bool)>> = const { Cell::new(None) };
}

async fn ready() -> Result<Reply, Problem> {
    let is_ready = match App::of_this_instance().await {
        Ok(app) => is_ready(&app.sql).await && takes_writes(&app).await,
        Err(_) => false,
    };
    if is_ready { Ok(Reply::json(200, &json!({"status": "ready"}))) } else { Err(Problem::Busy) }
}

async fn takes_writes(app: &App) -> bool {
    let now = shell::now();
    let known = LAST_WRITE.get();
    // The clock of a test goes backwards, too.
    if let Some((_, could)) = known.filter(|(at, _)| at.0.abs_diff(now.0) < KNOWN_FOR_MS) {
        return could;
    }
    // Whoever asks meanwhile hears what was last known.
    LAST_WRITE.set(known.map(|(_, could)| (now, could)));
    let can = is_writable(&app.sql, now).await;
    LAST_WRITE.set(Some((now, can)));
    can
}
