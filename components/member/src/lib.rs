//! Members: registering them, and everything a storefront shows about one.
//!
//! | Route | Does |
//! |---|---|
//! | `PUT /v1/members/{id}` | registers a member or replaces its attributes |
//! | `GET /v1/members/{id}` | balance by the clock, tier and projection, attributes |
//! | `GET /v1/members/{id}/entries` | history, newest first |
//! | `GET /v1/members/{id}/coupons` | coupons that can be used |
//! | `GET /v1/members/{id}/lots` | open lots in the order they will be spent, with what expires when |

mod show;

use ledger::{Closed, MemberId, Refusal};
use serde_json::Value as Json;
use shell::{
    App, Bearer, FieldError, MemberBody, Page, Problem, Reply, Request, Response, Role, authenticate, known_as, now,
    parse_json, published, serve, single,
};
use spin_sdk::http_service;
use store::{Beside, Loaded, Lots, ProgrammeRef, Scope, Wanted, coupon_json, entry_json, history, load};

const WRITERS: [Role; 2] = [Role::Storefront, Role::Service];
const READERS: [Role; 4] = [Role::Storefront, Role::Service, Role::Marketing, Role::Finance];
const MOST_BYTES: usize = 64 * 1024;
/// Most members have fewer open lots; those with more are read again, whole.
const LIKELY_LOTS: u16 = 64;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("PUT", ["v1", "members", id]) => register(app, request, id).await,
        ("GET", ["v1", "members", id]) => balance(app, request, id).await,
        ("GET", ["v1", "members", id, "entries"]) => entries(app, request, id).await,
        ("GET", ["v1", "members", id, "lots"]) => lots(app, request, id).await,
        ("GET", ["v1", "members", id, "coupons"]) => coupons(app, request, id).await,
        (_, ["v1", "members", _]) => Err(Problem::MethodNotAllowed("GET, PUT")),
        (_, ["v1", "members", _, "entries" | "lots" | "coupons"]) => Err(Problem::MethodNotAllowed("GET")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn register(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let order = |actor: &str| {
        request.allow_query(&["dry_run"])?;
        let body = request.body_within(MOST_BYTES)?;
        let key = request.idempotency_key()?;
        parse_json::<MemberBody>(body)?.order(id, &key, actor)
    };
    single(app, request, &WRITERS, order).await
}

async fn balance(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let read = read(app, request, id, LIKELY_LOTS, &[]).await;
    let (programme, loaded) = match read? {
        (programme, loaded) if loaded.member.lots_complete => (programme, loaded),
        (programme, _) => again(app, programme, id).await?,
    };
    let book = published(&app.sql, &programme).await?;
    Ok(Reply::json(200, &show::member(&book, &programme, &loaded, now())))
}

async fn lots(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let page = Page::of(request);
    let (programme, loaded) = read(app, request, id, LIKELY_LOTS, &["limit", "cursor"]).await?;
    let page = page?;
    let after = page.number(0)?;
    let (programme, loaded) =
        if loaded.member.lots_complete { (programme, loaded) } else { again(app, programme, id).await? };
    let book = published(&app.sql, &programme).await?;
    let mut items: Vec<Json> = show::lots(&book, &programme, &loaded.member, now())
        .into_iter()
        .skip(usize::try_from(after).unwrap_or(usize::MAX))
        .collect();
    let most = usize::try_from(page.limit).unwrap_or_default();
    let next = (items.len() > most).then(|| (after + page.limit).to_string());
    items.truncate(most);
    Ok(Reply::json(200, &Page::body(items, next)))
}

async fn coupons(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (_, loaded) = read(app, request, id, 0, &[]).await?;
    let open = loaded.member.coupons.iter().filter(|coupon| !coupon.has_expired(now()));
    Ok(Reply::json(200, &Page::body(open.map(coupon_json).collect(), None)))
}

async fn entries(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let before = page.number(i64::MAX)?;
    let named = member_id(id)?;
    let member = member_id(&known_as(app, &caller, named.as_str()).await?)?;
    // One more than asked for tells whether there is a next page.
    let mut found = history(&app.sql, caller.programme.no, &member, before, page.limit + 1).await?;
    if found.is_empty() && page.cursor.is_none() {
        return Err(not_found());
    }
    let most = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| is_more).map(|entry| entry.sequence.0.to_string());
    Ok(Reply::json(200, &Page::body(found.iter().map(entry_json).collect(), next)))
}

/// Key, role and member in one statement.
async fn read(
    app: &App,
    request: &Request,
    id: &str,
    lots: u16,
    query: &[&str],
) -> Result<(ProgrammeRef, Loaded), Problem> {
    let bearer = Bearer::of(request)?;
    let Ok(member) = request.allow_query(query).and_then(|()| member_id(id)) else {
        authenticate(app, request, &READERS).await?;
        request.allow_query(query)?;
        return Err(member_id(id).err().unwrap_or_else(not_found));
    };
    let wanted = [Wanted { beside: Beside::Profile, ..Wanted::member(member) }];
    let found = load(&app.sql, Scope::KeyPrefix(bearer.prefix()), &wanted, Lots::First(lots)).await?;
    let (programme, caller, mut loaded) = found.ok_or(Problem::Unauthorized)?;
    bearer.admit(caller, &READERS)?;
    let loaded = loaded.pop().filter(|loaded| loaded.member.exists()).ok_or_else(not_found)?;
    match &loaded.member.closed {
        Some(Closed::Merged(into)) => Err(Problem::refused(Refusal::MemberMerged { into: into.to_string() })),
        Some(Closed::Erased) => Err(Problem::refused(Refusal::MemberErased)),
        None => Ok((programme, loaded)),
    }
}

/// The same with every open lot.
async fn again(app: &App, programme: ProgrammeRef, id: &str) -> Result<(ProgrammeRef, Loaded), Problem> {
    let wanted = [Wanted { beside: Beside::Profile, ..Wanted::member(member_id(id)?) }];
    let found = load(&app.sql, Scope::Programme(programme.no), &wanted, Lots::All).await?;
    let (programme, _, mut loaded) = found.ok_or_else(not_found)?;
    Ok((programme, loaded.pop().ok_or_else(not_found)?))
}

fn member_id(id: &str) -> Result<MemberId, Problem> {
    MemberId::new(id).map_err(|error| Problem::InvalidRequest(vec![FieldError::new("member_id", error.to_string())]))
}

fn not_found() -> Problem {
    Problem::refused(Refusal::MemberNotFound)
}
