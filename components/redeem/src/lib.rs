//! Spending points.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/redeem` | spends points, all or nothing; `?dry_run=true` writes nothing |

use shell::{App, Problem, RedeemBody, Reply, Request, Response, Role, parse_json, serve, single};
use spin_sdk::http_service;

const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "redeem"]) => single(app, request, &[Role::Storefront], |actor| order(request, actor)).await,
        (_, ["v1", "redeem"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

fn order(request: &Request, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    parse_json::<RedeemBody>(body)?.order(&key, actor)
}
