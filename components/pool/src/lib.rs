//! Pools: a household or a company whose members spend together what each of them earns.
//!
//! | Route | Does |
//! |---|---|
//! | `PUT /v1/pools/{id}/members/{member_id}` | lets a member join; the first one makes the pool; `?dry_run=true` writes nothing |
//! | `DELETE /v1/pools/{id}/members/{member_id}` | lets a member leave, with its points; `?dry_run=true` writes nothing |
//! | `GET /v1/pools/{id}` | its members, and what they can spend together |
//! | `POST /v1/pools/{id}/redeem` | spends points of all of them, those that expire first; `?dry_run=true` writes nothing |

use ledger::{Lot, LotState, Member, MemberId, ProgrammeId, Refusal};
use rules::by_the_clock;
use serde_json::json;
use shell::{
    App, PoolRedeemBody, Problem, Reply, Request, Response, Role, asked, authenticate, known_as, now, of_caller,
    parse_json, pool_order, published, serve, single,
};
use spin_sdk::http_service;
use store::{Caller, Lots, Scope, Wanted, load};

const CHANGERS: [Role; 2] = [Role::Storefront, Role::Service];
const SPENDERS: [Role; 1] = [Role::Storefront];
const READERS: [Role; 4] = [Role::Storefront, Role::Service, Role::Marketing, Role::Finance];
const MOST_BYTES: usize = 64 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        (way @ ("PUT" | "DELETE"), ["v1", "pools", id, "members", member]) => {
            let order = |actor: &str| order(request, id, member, way == "PUT", actor);
            single(app, request, &CHANGERS, order).await
        }
        ("GET", ["v1", "pools", id]) => state(app, request, id).await,
        ("POST", ["v1", "pools", id, "redeem"]) => redeem(app, request, id).await,
        (_, ["v1", "pools", _]) => Err(Problem::MethodNotAllowed("GET")),
        (_, ["v1", "pools", _, "redeem"]) => Err(Problem::MethodNotAllowed("POST")),
        (_, ["v1", "pools", _, "members", _]) => Err(Problem::MethodNotAllowed("PUT, DELETE")),
        _ => Err(Problem::RouteNotFound),
    }
}

fn order(request: &Request, pool: &str, member: &str, joins: bool, actor: &str) -> Result<store::Order, Problem> {
    request.allow_query(&["dry_run"])?;
    request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    pool_order(pool, member, joins, &key, actor)
}

fn not_found() -> Problem {
    Problem::refused(Refusal::CounterpartyNotFound)
}

/// The account of a pool, with or without members.
async fn account(app: &App, caller: &Caller, id: &str) -> Result<Member, Problem> {
    let id = MemberId::new(id).map_err(|_| not_found())?;
    members(app, caller, &[id]).await?.pop().ok_or_else(not_found)
}

async fn members(app: &App, caller: &Caller, ids: &[MemberId]) -> Result<Vec<Member>, Problem> {
    let wanted: Vec<Wanted> = ids.iter().cloned().map(Wanted::member).collect();
    let found = load(&app.sql, Scope::Programme(caller.programme.no), &wanted, Lots::All).await?;
    let (_, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    Ok(loaded.into_iter().map(|loaded| loaded.member).collect())
}

/// Who shares is read before it is ordered; when that changes in between, the caller is told to come back.
async fn redeem(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = asked(app, request, &SPENDERS, MOST_BYTES).await?;
    let body: PoolRedeemBody = parse_json(text)?;
    let account = account(app, &caller, id).await?;
    let member_id = match &body.member_id {
        Some(name) => Some(known_as(app, &caller, name).await?),
        None => None,
    };
    let body = PoolRedeemBody { member_id, ..body };
    of_caller(app, request, &caller, |actor| body.order(&account.id, &account.pooled, &key, actor)).await
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let account = account(app, &caller, id).await?;
    if account.pooled.is_empty() {
        return Err(not_found());
    }
    let (book, now) = (published(&app.sql, &caller.programme).await?, now());
    let programme = ProgrammeId::new(caller.programme.id.as_str()).map_err(|_| not_found())?;
    let members = members(app, &caller, &account.pooled).await?;
    let members: Vec<Member> = members.iter().map(|member| by_the_clock(&book, &programme, member, now)).collect();
    let account = by_the_clock(&book, &programme, &account, now);
    let free = |member: &Member| -> i64 {
        let active = |lot: &&Lot| lot.state(now) == LotState::Active && !member.frozen.spending;
        member.lots.iter().filter(active).map(|lot| member.free(lot)).fold(0, i64::saturating_add)
    };
    let balance = members.iter().map(free).fold(free(&account), i64::saturating_add);
    let shown = members.iter().map(|member| json!({"member_id": member.id.as_str(), "balance": free(member)}));
    Ok(Reply::json(
        200,
        &json!({
            "pool_id": account.id.as_str(),
            "balance": balance,
            "own_balance": free(&account),
            "members": shown.collect::<Vec<_>>(),
        }),
    ))
}
