//! Forgetting whose an account is. The books keep their sums and their chain.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/members/{id}/erase` | forfeits what is left, deletes profile, names and traces, closes the account; `?dry_run=true` writes nothing |

use shell::{App, EraseBody, Problem, Reply, Request, Response, parse_json, serve, single};
use spin_sdk::http_service;

const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        // For administrators alone.
        ("POST", ["v1", "members", id, "erase"]) => single(app, request, &[], |actor| order(request, id, actor)).await,
        (_, ["v1", "members", _, "erase"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

fn order(request: &Request, id: &str, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    parse_json::<EraseBody>(body)?.order(id, &key, actor)
}
