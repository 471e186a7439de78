//! Giving back what a thief has spent or given away.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/members/{id}/recover` | asks for redemptions and gifts to be undone in one commit, as linked corrections; `?dry_run=true` writes nothing |
//!
//! It is done with the last [approval](../../adjust/src/lib.rs) that as many points take; for the operator at once.

use shell::{
    App, Problem, RecoverBody, Reply, Request, Response, Role, asked, known_as, of_caller, parse_json, serve, stolen,
};
use spin_sdk::http_service;

const ROLES: [Role; 3] = [Role::Approver, Role::DepartmentHead, Role::VicePresident];
const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "members", id, "recover"]) => recover(app, request, id).await,
        (_, ["v1", "members", _, "recover"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn recover(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = asked(app, request, &ROLES, MOST_BYTES).await?;
    let body: RecoverBody = parse_json(text)?;
    let id = known_as(app, &caller, id).await?;
    let stolen = stolen(app, caller.programme.no, &id, &body.entries()?).await?;
    of_caller(app, request, &caller, |actor| body.order(&id, stolen, &key, actor, &caller)).await
}
