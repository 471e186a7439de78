//! The catalogue: what points can be spent on.
//!
//! | Route | Does |
//! |---|---|
//! | `PUT /v1/rewards/{id}` | puts a reward into the catalogue, or changes it |
//! | `GET /v1/rewards` | lists rewards, each with what is left of it |
//! | `GET /v1/rewards/{id}` | one of them |
//!
//! Taking one is `POST /v1/redeem` with `reward_id`.

use ledger::ProgrammeId;
use rules::Reward;
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, Response, Role, authenticate, now, once, parse_json, serve,
};
use spin_sdk::http_service;
use store::{Caller, Offer, list_rewards, other_rewards, put_reward, reward};

const WRITERS: [Role; 1] = [Role::Marketing];
const READERS: [Role; 4] = [Role::Storefront, Role::Service, Role::Marketing, Role::Finance];
const MOST_BYTES: usize = 64 * 1024;
/// The most rewards of a programme.
const MOST_REWARDS: i64 = 5_000;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("PUT", ["v1", "rewards", id]) => put(app, request, id).await,
        ("GET", ["v1", "rewards", id]) => get(app, request, id).await,
        ("GET", ["v1", "rewards"]) => list(app, request).await,
        (_, ["v1", "rewards"]) => Err(Problem::MethodNotAllowed("GET")),
        (_, ["v1", "rewards", _]) => Err(Problem::MethodNotAllowed("GET, PUT")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &WRITERS).await?;
    request.allow_query(&[])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    let wish: Reward = parse_json(body)?;
    once(app, &key, &caller, "reward", &(id, &wish), async || set(app, &caller, id, &wish).await).await
}

async fn set(app: &App, caller: &Caller, id: &str, wish: &Reward) -> Result<Reply, Problem> {
    let wrong = wish.problems().into_iter().map(|problem| FieldError::new(problem.pointer, problem.detail));
    // Rewards are named like programmes.
    let name = ProgrammeId::new(id).err().map(|error| FieldError::new("reward_id", error.to_string()));
    let mut errors: Vec<FieldError> = name.into_iter().chain(wrong).collect();
    if other_rewards(&app.sql, caller.programme.no, id).await? >= MOST_REWARDS {
        errors
            .push(FieldError::new("reward_id", "there are 5000 others: put another reward in the place of an old one"));
    }
    if !errors.is_empty() {
        return Err(Problem::InvalidRequest(errors));
    }
    let version = put_reward(&app.sql, caller.programme.no, id, wish, now(), &caller.label).await?;
    Ok(Reply::json(if version == 1 { 201 } else { 200 }, &json!({"reward_id": id, "version": version})))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let found = reward(&app.sql, caller.programme.no, id).await?;
    found.map(|offer| Reply::json(200, &shown(&offer))).ok_or(Problem::ResourceNotFound)
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let after = page.cursor.as_deref().unwrap_or_default();
    let found = list_rewards(&app.sql, caller.programme.no, after, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.id.clone()))
}

fn shown(offer: &Offer) -> Json {
    let Offer { id, version, reward, taken, updated_at } = offer;
    json!({
        "reward_id": id,
        "version": version,
        "reward": reward,
        "taken": taken,
        "left": reward.stock.map(|stock| (stock - taken).max(0)),
        "updated_at": updated_at.to_string(),
    })
}
