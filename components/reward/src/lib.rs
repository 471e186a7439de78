//! The catalogue: rewards for points.
//!
//! A member takes one by `POST /v1/redeem` with `reward_id`.

use ledger::{ProgrammeId, Refusal};
use rules::{Document, Publication, Reward};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, Role, authenticate, authenticated_body, new_id,
    now, once, parse_json, person, who,
};
use store::{
    Caller, Offer, RewardChange, ask_for_reward, decide_reward, list_rewards, other_rewards,
    programme, put_reward, reward, reward_change,
};

/// The path by which a rulebook names the catalogue among its major parts, though it is not part of
/// the document.
const CATALOGUE: &str = "/rewards";
/// Max rewards of a programme.
const MAX_REWARDS: i64 = 5_000;

shell::component! { shell::api::reward::ROUTES {
    "GET /v1/rewards" => list(),
    "GET /v1/rewards/{id}" => get(id),
    "PUT /v1/rewards/{id}" => put(id),
    "POST /v1/rewards/{id}/changes/{change}/approve" => decide(id, change, true),
    "POST /v1/rewards/{id}/changes/{change}/reject" => decide(id, change, false),
} }

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let wish: Reward = parse_json(body)?;
    once(app, &key, &caller, "reward", &(id, &wish), async || {
        set(app, request, &caller, id, &wish).await
    })
    .await
}

async fn set(
    app: &App,
    request: &Request,
    caller: &Caller,
    id: &str,
    wish: &Reward,
) -> Result<Reply, Problem> {
    let wrong =
        wish.problems().into_iter().map(|problem| FieldError::new(problem.pointer, problem.detail));
    // Ids of rewards have the form of programme ids.
    let name =
        ProgrammeId::new(id).err().map(|error| FieldError::new("reward_id", error.to_string()));
    let found = programme(&app.sql, &caller.programme.id).await?;
    let document = found.ok_or(Problem::ResourceNotFound)?.document;
    let levels = unknown_levels(wish, &document);
    let mut errors: Vec<FieldError> = name.into_iter().chain(wrong).chain(levels).collect();
    if other_rewards(&app.sql, caller.programme.no, id).await? >= MAX_REWARDS {
        errors.push(FieldError::new(
            "reward_id",
            "there are 5000 others: put another reward in the place of an old one",
        ));
    }
    if !errors.is_empty() {
        return Err(Problem::InvalidRequest(errors));
    }
    let no = caller.programme.no;
    let before = reward(&app.sql, no, id).await?.map(|offer| offer.reward);
    // The operator publishes rulebooks alone, so no approval is needed.
    if !caller.operator && wish.gives_more_than(before.as_ref()) {
        let publication = document.publication;
        if publication.major.iter().any(|place| place == CATALOGUE) {
            let asked_by = person(caller)?.to_owned();
            let change = RewardChange {
                id: new_id().to_string(),
                reward: wish.clone(),
                asked_at: now(),
                asked_by,
            };
            ask_for_reward(&app.sql, no, id, &change, &who(request, caller)).await?;
            let body = json!({"reward_id": id, "change": shown_change(&change), "waits_for": publication.role});
            return Ok(Reply::json(202, &body));
        }
    }
    let version =
        put_reward(&app.sql, no, id, wish, now(), caller.name(), Some(&who(request, caller)))
            .await?;
    Ok(Reply::json(
        if version == 1 { 201 } else { 200 },
        &json!({"reward_id": id, "version": version}),
    ))
}

/// The places that name a level which the rulebook does not have: nobody would get that price.
fn unknown_levels(wish: &Reward, document: &Document) -> Vec<FieldError> {
    let is_unknown = |named: &&String| {
        let mut levels = document.tiers.iter().flat_map(|tiers| &tiers.levels);
        levels.all(|level| level.id != **named)
    };
    let wrong = |place: &str, named: &String| {
        FieldError::new(place, format!("{named:?} is no level of the rulebook"))
    };
    let of_tiers = wish.tiers.iter().filter(is_unknown).map(|named| wrong("/tiers", named));
    let prices = wish.points_by_tier.keys().filter(is_unknown);
    of_tiers.chain(prices.map(|named| wrong("/points_by_tier", named))).collect()
}

/// The rulebook's settings for approvals.
async fn rules_of(app: &App, caller: &Caller) -> Result<Publication, Problem> {
    let found = programme(&app.sql, &caller.programme.id).await?;
    Ok(found.ok_or(Problem::ResourceNotFound)?.document.publication)
}

async fn decide(
    app: &App,
    request: &Request,
    id: &str,
    change: &str,
    approves: bool,
) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let by = person(&caller)?;
    let no = caller.programme.no;
    let decided = async || {
        let waiting = reward_change(&app.sql, no, id).await?.filter(|waiting| waiting.id == change);
        let waiting = waiting.ok_or_else(|| Problem::refused(Refusal::RequestResolved))?;
        let role = rules_of(app, &caller).await?.role;
        // The requester may withdraw the change.
        if approves && waiting.asked_by == by {
            return Err(Problem::refused(Refusal::OwnRequest));
        }
        if role != caller.role && (approves || waiting.asked_by != by) {
            return Err(Problem::refused(Refusal::WrongApprover { role }));
        }
        if !decide_reward(&app.sql, no, (id, change), approves, by, &who(request, &caller)).await? {
            return Err(Problem::refused(Refusal::RequestResolved));
        }
        let version = reward(&app.sql, no, id).await?.map(|offer| offer.version);
        Ok(Reply::json(200, &json!({"reward_id": id, "version": version})))
    };
    once(app, &key, &caller, "reward-decision", &(id, change, approves), decided).await
}

fn shown_change(change: &RewardChange) -> Json {
    json!({
        "change_id": change.id,
        "reward": change.reward,
        "asked_at": change.asked_at.to_string(),
        "asked_by": change.asked_by,
    })
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let found = reward(&app.sql, caller.programme.no, id).await?;
    let change = reward_change(&app.sql, caller.programme.no, id).await?;
    let mut body = match (&found, &change) {
        (Some(offer), _) => shown(offer),
        (None, Some(_)) => json!({"reward_id": id}),
        (None, None) => return Err(Problem::ResourceNotFound),
    };
    // Rewards that are not in the catalogue yet are not shown to shoppers.
    let is_for_staff = caller.role != Role::Storefront.as_str();
    if found.is_none() && !is_for_staff {
        return Err(Problem::ResourceNotFound);
    }
    if let (Some(body), Some(change), true) = (body.as_object_mut(), &change, is_for_staff) {
        body.insert("change".to_owned(), shown_change(change));
    }
    Ok(Reply::json(200, &body))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
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
