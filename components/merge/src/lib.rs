//! Two accounts of one person become one.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/members/{id}/merge` | takes over all that another member has, and closes its account; `?dry_run=true` writes nothing |

use shell::{App, MergeBody, Problem, Reply, Request, Response, Role, parse_json, serve, single};
use spin_sdk::http_service;

const ROLES: [Role; 4] = [Role::Service, Role::Approver, Role::DepartmentHead, Role::VicePresident];
const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "members", id, "merge"]) => {
            single(app, request, &ROLES, |actor| order(request, id, actor)).await
        }
        (_, ["v1", "members", _, "merge"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

fn order(request: &Request, id: &str, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    parse_json::<MergeBody>(body)?.order(id, &key, actor)
}
