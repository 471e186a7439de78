//! Undoing: returns of goods, actions that did not count after all, redemptions that did not happen.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/reverse` | gives back what was spent, then takes back what was earned; `?dry_run=true` writes nothing |

use ledger::{Entry, Kind, Refusal};
use rules::{Past, Redemption, Reverse, meant};
use shell::{
    App, Problem, Reply, Request, Response, ReverseBody, Role, Target, asked, known_as, of_caller, parse_json, serve,
};
use spin_sdk::http_service;
use store::{drawn_lots, named_entry, records};

const ROLES: [Role; 2] = [Role::Storefront, Role::Service];
const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "reverse"]) => reverse(app, request).await,
        (_, ["v1", "reverse"]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn reverse(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, text) = asked(app, request, &ROLES, MOST_BYTES).await?;
    let body: ReverseBody = parse_json(text)?;
    let body = ReverseBody { member_id: known_as(app, &caller, &body.member_id).await?, ..body };
    let wish = find(app, caller.programme.no, &body).await?;
    of_caller(app, request, &caller, |actor| body.order(&key, actor, wish)).await
}

/// What the member earned and spent under the names given. Entries never change, so they may be read before the member is; what was undone of
/// them before is part of the load.
async fn find(app: &App, programme_no: i64, body: &ReverseBody) -> Result<Result<Option<Reverse>, Refusal>, Problem> {
    let (target, part) = body.target()?;
    let is_theirs = |entry: &Entry| entry.member.as_str() == body.member_id;
    let found = match target {
        Target::Sources(sources) => {
            let found = records(&app.sql, programme_no, &sources).await?.into_iter();
            match meant(found.filter(|past: &Past| is_theirs(&past.entry)).collect(), body.order_store_id.as_deref()) {
                Ok(meant) => meant,
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Target::Entry(id) => named_entry(&app.sql, programme_no, id).await?.into_iter().filter(is_theirs).collect(),
    };
    let (mut earn, mut redemption) = (None, None);
    for entry in found {
        match entry.kind {
            Kind::Earn => earn = Some(entry),
            Kind::Redeem | Kind::Capture => {
                let lots = drawn_lots(&app.sql, programme_no, &entry).await?;
                redemption = Some(Redemption { entry, lots });
            }
            _ => {}
        }
    }
    let is_found = earn.is_some() || redemption.is_some();
    Ok(Ok(is_found.then_some(Reverse { earn, redemption, part })))
}
