//! Pools: a household or a company whose members spend their earned points together.

use ledger::{Lot, LotState, Member, MemberId, ProgrammeId, Refusal};
use rules::by_the_clock;
use serde_json::json;
use shell::{
    App, FieldError, InvitationBody, Page, PoolRedeemBody, Problem, Reply, Request, authenticate,
    authenticated_body, now, parse_json, pool_submission, published, resolve_member_id, submit_as,
};
use store::{Caller, LoadRequest, Lots, Scope, entry_json, history, load};

shell::component! { shell::api::pool::ROUTES {
    "PUT /v1/pools/{id}/members/{member_id}" => join(id, member_id),
    "DELETE /v1/pools/{id}/members/{member_id}" => leave(id, member_id),
    "PUT /v1/pools/{id}/invitations/{member_id}" => invite(id, member_id),
    "GET /v1/pools/{id}" => state(id),
    "GET /v1/pools/{id}/entries" => entries(id),
    "POST /v1/pools/{id}/redeem" => redeem(id),
} }

async fn join(app: &App, request: &Request, id: &str, member: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let pool = named(id)?;
    submit_as(app, request, &caller, |actor| pool_submission(&pool, member, true, &key, actor))
        .await
}

async fn leave(app: &App, request: &Request, id: &str, member: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    // A pool that no longer exists was left before, maybe under this key.
    let pool = match account(app, &caller, id).await {
        Ok(account) => account.id,
        Err(_) => named(id)?,
    };
    submit_as(app, request, &caller, |actor| pool_submission(&pool, member, false, &key, actor))
        .await
}

async fn invite(app: &App, request: &Request, id: &str, member: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: InvitationBody = parse_json(text)?;
    let pool = named(id)?;
    let guest = resolve_member_id(app, &caller, member).await?;
    let body = InvitationBody { head_id: resolve_member_id(app, &caller, &body.head_id).await? };
    submit_as(app, request, &caller, |actor| body.submission(&pool, &guest, &key, actor)).await
}

fn not_found() -> Problem {
    Problem::refused(Refusal::CounterpartyNotFound)
}

/// The account of a pool with this name, whether or not it exists.
fn named(name: &str) -> Result<MemberId, Problem> {
    MemberId::of_pool(name).map_err(|error| {
        Problem::InvalidRequest(vec![FieldError::new("pool_id", error.to_string())])
    })
}

/// The account of a pool. Pools of the first versions had ids like members; they can be read and
/// left.
async fn account(app: &App, caller: &Caller, name: &str) -> Result<Member, Problem> {
    let mut ids = vec![MemberId::of_pool(name).map_err(|_| not_found())?];
    ids.extend(MemberId::new(name));
    let mut found = members(app, caller, &ids).await?.into_iter();
    let is_pool = |member: &Member| {
        member.exists() && (member.id.is_pool() || !member.pool_members.is_empty())
    };
    found.find(is_pool).ok_or_else(not_found)
}

async fn members(app: &App, caller: &Caller, ids: &[MemberId]) -> Result<Vec<Member>, Problem> {
    let wanted: Vec<LoadRequest> = ids.iter().cloned().map(LoadRequest::member).collect();
    let found = load(&app.sql, Scope::Programme(caller.programme.no), &wanted, Lots::All).await?;
    let (_, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    Ok(loaded.into_iter().map(|loaded| loaded.member).collect())
}

/// The members of the pool are read before the command. If they change in between, the caller is
/// asked to retry.
async fn redeem(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: PoolRedeemBody = parse_json(text)?;
    let account = account(app, &caller, id).await?;
    let member_id = resolve_member_id(app, &caller, &body.member_id).await?;
    let body = PoolRedeemBody { member_id, ..body };
    submit_as(app, request, &caller, |actor| {
        body.submission(&account.id, &account.pool_members, &key, actor)
    })
    .await
}

async fn state(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let account = account(app, &caller, id).await?;
    if account.pool_members.is_empty() {
        return Err(not_found());
    }
    let (book, now) = (published(&app.sql, &caller.programme).await?, now());
    let programme = ProgrammeId::new(caller.programme.id.as_str()).map_err(|_| not_found())?;
    let members = members(app, &caller, &account.pool_members).await?;
    let members: Vec<Member> =
        members.iter().map(|member| by_the_clock(&book, &programme, member, now)).collect();
    let account = by_the_clock(&book, &programme, &account, now);
    let free = |member: &Member| -> i64 {
        let active = |lot: &&Lot| lot.state(now) == LotState::Active && !member.frozen.spending;
        member.lots.iter().filter(active).map(|lot| member.free(lot)).fold(0, i64::saturating_add)
    };
    let balance = members.iter().map(free).fold(free(&account), i64::saturating_add);
    let shown = members
        .iter()
        .map(|member| json!({"member_id": member.id.as_str(), "balance": free(member)}));
    let invited = account.invitations.iter().filter(|(_, until)| now < *until);
    let invited = invited
        .map(|(guest, until)| json!({"member_id": guest.as_str(), "until": until.to_string()}));
    Ok(Reply::json(
        200,
        &json!({
            "pool_id": account.id.name(),
            "head_id": account.pool_members.first().map(MemberId::as_str),
            "balance": balance,
            "own_balance": free(&account),
            "members": shown.collect::<Vec<_>>(),
            "invitations": invited.collect::<Vec<_>>(),
        }),
    ))
}

/// The joint spending of the members, and the members who joined and left.
async fn entries(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.number(i64::MAX)?;
    let account = account(app, &caller, id).await?;
    let (no, stores) = (caller.programme.no, caller.stores.as_deref());
    let found = history(&app.sql, no, &account.id, stores, before, page.limit + 1).await?;
    let zone = published(&app.sql, &caller.programme).await?.zone();
    Ok(page.reply(found, |entry| entry_json(entry, zone), |last| last.sequence.0.to_string()))
}
