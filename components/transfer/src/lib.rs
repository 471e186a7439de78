//! Giving points to another member. They keep their dates.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/transfers` | moves points from one member to another, all or nothing; `?dry_run=true` writes nothing |

use shell::{App, Problem, Reply, Request, Response, Role, TransferBody, parse_json, serve, single};
use spin_sdk::http_service;

const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "transfers"]) => single(app, request, &[Role::Storefront], |actor| order(request, actor)).await,
        (_, ["v1", "transfers"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

fn order(request: &Request, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    parse_json::<TransferBody>(body)?.order(&key, actor)
}
