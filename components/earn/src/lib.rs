//! Earning points, for a purchase with its lines or for an action.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/earn` | one event; `?dry_run=true` writes nothing |
//! | `POST /v1/earn/bulk` | up to 500 events, each with its own key and outcome; `?dry_run=true` writes nothing |

use serde::Deserialize;
use serde_json::value::RawValue;
use shell::{
    App, BulkBody, EarnBody, FieldError, Problem, Reply, Request, Response, Role, bulk, parse_json, serve, single,
};
use spin_sdk::http_service;

const ROLES: [Role; 1] = [Role::Storefront];
const MOST_BYTES: usize = 256 * 1024;
const MOST_BULK_BYTES: usize = 1 << 20;
const MOST_EVENTS: usize = 500;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "earn"]) => single(app, request, &ROLES, |actor| one(request, actor)).await,
        ("POST", ["v1", "earn", "bulk"]) => bulk(app, request, &ROLES, |actor| many(request, actor)).await,
        (_, ["v1", "earn"] | ["v1", "earn", "bulk"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

fn one(request: &Request, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    parse_json::<EarnBody>(body)?.order(&key, actor)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    /// Kept as text, so that one bad event is its own problem and not that of the call.
    events: Vec<Box<RawValue>>,
}

fn many(request: &Request, actor: &str) -> Result<Vec<Result<store::Order, Problem>>, Problem> {
    request.allow_query(&["dry_run"])?;
    let Events { events } = parse_json(request.body_within(MOST_BULK_BYTES)?)?;
    if events.is_empty() || events.len() > MOST_EVENTS {
        return Err(Problem::InvalidRequest(vec![FieldError::new("/events", "must be 1 to 500 events")]));
    }
    let order = |text: &RawValue| parse_json::<BulkBody>(text.get().as_bytes())?.order(actor);
    Ok(events.iter().map(|text| order(text)).collect())
}
