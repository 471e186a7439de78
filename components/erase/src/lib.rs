//! Forgetting whose an account is. The books keep their sums and their chain.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/members/{id}/erase` | forfeits what is left, deletes profile, names and traces, closes the account; `?dry_run=true` writes nothing |

use ledger::MemberId;
use serde_json::Value as Json;
use shell::{App, EraseBody, Problem, Reply, Request, Response, authenticate, parse_json, serve, single};
use spin_sdk::http_service;
use store::{forget_imported, redact};

const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        // For administrators alone.
        ("POST", ["v1", "members", id, "erase"]) => erase(app, request, id).await,
        (_, ["v1", "members", _, "erase"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

/// The texts go in a second statement. Whoever crashes in between asks again under the same key, which is answered as before and takes them then.
async fn erase(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &[]).await?;
    let reply = single(app, request, &[], |actor| order(request, id, actor)).await?;
    // By whatever name she was asked for: that leads nowhere once she is erased.
    let shown: Json = serde_json::from_str(reply.body()).unwrap_or_default();
    let member = shown.pointer("/entry/member_id").and_then(Json::as_str).and_then(|id| MemberId::new(id).ok());
    if let Some(member) = member.filter(|_| request.flag("dry_run").is_ok_and(|dry| !dry)) {
        redact(&app.sql, caller.programme.no, &member).await?;
        forget_imported(&app.sql, caller.programme.no, &member).await?;
    }
    Ok(reply)
}

fn order(request: &Request, id: &str, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    parse_json::<EraseBody>(body)?.order(id, &key, actor)
}
