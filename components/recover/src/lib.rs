//! Giving back what a thief has spent or given away.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/members/{id}/recover` | undoes redemptions and gifts in one commit, as linked corrections; `?dry_run=true` writes nothing |

use ledger::{Entry, Kind, Refusal};
use rules::{Redemption, Stolen};
use shell::{App, Problem, RecoverBody, Reply, Request, Response, Role, asked, known_as, of_caller, parse_json, serve};
use spin_sdk::http_service;
use store::{drawn_lots, named_entry, transferred};

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
    let stolen = find(app, caller.programme.no, &id, &body).await?;
    of_caller(app, request, &caller, |actor| body.order(&id, stolen, &key, actor)).await
}

/// What the member spent or gave away by the entries that the body names, and who got it. Entries never change, so they may be read before
/// the members are.
async fn find(app: &App, programme_no: i64, member: &str, body: &RecoverBody) -> Result<Vec<Stolen>, Problem> {
    let mut stolen = Vec::new();
    for id in body.entries()? {
        let found = named_entry(&app.sql, programme_no, id).await?;
        let is_theirs = |entry: &Entry| entry.member.as_str() == member && went_away(entry);
        let entry = found.filter(is_theirs).ok_or_else(|| Problem::refused(Refusal::ReferenceNotFound))?;
        let received = match entry.kind {
            Kind::Transfer => transferred(&app.sql, programme_no, entry.id).await?,
            _ => None,
        };
        let lots = drawn_lots(&app.sql, programme_no, &entry).await?;
        stolen.push(Stolen { redemption: Redemption { entry, lots }, received });
    }
    Ok(stolen)
}

fn went_away(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Redeem | Kind::Capture) || (entry.kind == Kind::Transfer && !entry.draws.is_empty())
}
