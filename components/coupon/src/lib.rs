//! Coupons: money off an order, by a code that is valid once.
//!
//! Rules, tiers and the catalogue issue coupons.

use ledger::{EntryId, Kind, MemberId, Refusal};
use serde_json::{Value as Json, json};
use shell::{
    App, CouponBody, CouponRestoreBody, Problem, ReasonBody, Reply, Request, authenticate,
    authenticated_body, now, parse_json, parse_optional_json, resolve_member_id, submit_as, zone,
};
use store::{Caller, LoadRequest, Lots, Scope, coupon_holder, coupon_json, load, named_entry};

shell::component! { shell::api::coupon::ROUTES {
    "GET /v1/coupons/{code}" => state(code),
    "POST /v1/coupons/{code}/redeem" => redeem(code),
    "POST /v1/coupons/{code}/cancel" => cancel(code),
    "POST /v1/coupons/{code}/restore" => restore(code),
} }

/// Normalises a typed code: letters in upper or lower case, with any dashes and spaces.
fn spelt(code: &str) -> String {
    code.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect()
}

fn not_found() -> Problem {
    Problem::refused(Refusal::CouponNotFound)
}

/// The member who has or had the coupon.
async fn holder(app: &App, caller: &Caller, code: &str) -> Result<MemberId, Problem> {
    coupon_holder(&app.sql, caller.programme.no, code).await?.ok_or_else(not_found)
}

async fn redeem(app: &App, request: &Request, code: &str) -> Result<Reply, Problem> {
    let code = &spelt(code);
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: CouponBody = parse_json(text)?;
    let holder = holder(app, &caller, code).await?;
    let member_id = match &body.member_id {
        Some(name) => Some(resolve_member_id(app, &caller, name).await?),
        None => None,
    };
    let body = CouponBody { member_id, ..body };
    submit_as(app, request, &caller, |actor| body.submission(code, &holder, &key, actor)).await
}

async fn cancel(app: &App, request: &Request, code: &str) -> Result<Reply, Problem> {
    let code = &spelt(code);
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ReasonBody = parse_optional_json(text)?;
    let holder = holder(app, &caller, code).await?;
    submit_as(app, request, &caller, |actor| body.cancel_coupon(code, &holder, &key, actor)).await
}

async fn restore(app: &App, request: &Request, code: &str) -> Result<Reply, Problem> {
    let code = &spelt(code);
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: CouponRestoreBody = parse_json(text)?;
    let id = EntryId::parse(&body.entry_id).ok_or_else(not_found)?;
    let used = named_entry(&app.sql, caller.programme.no, id).await?;
    let used = used.filter(|entry| {
        entry.kind() == Kind::CouponRedeem && entry.effects.coupons.iter().any(|c| c.code == *code)
    });
    let used = used.ok_or_else(not_found)?;
    submit_as(app, request, &caller, |actor| body.submission(used, &key, actor)).await
}

async fn state(app: &App, request: &Request, code: &str) -> Result<Reply, Problem> {
    let code = &spelt(code);
    let caller = authenticate(app, request).await?;
    let holder = holder(app, &caller, code).await?;
    let wanted = [LoadRequest::member(holder.clone())];
    let found = load(&app.sql, Scope::Programme(caller.programme.no), &wanted, Lots::None).await?;
    let member = found.and_then(|(_, _, mut loaded)| loaded.pop()).map(|loaded| loaded.member);
    let open = member
        .as_ref()
        .and_then(|member| member.coupon(code))
        .filter(|coupon| !coupon.has_expired(now()));
    let zone = zone(&app.sql, &caller.programme).await?;
    let mut shown = open.map_or_else(|| json!({"code": code}), |coupon| coupon_json(coupon, zone));
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("member_id".to_owned(), Json::from(holder.as_str()));
        // The member's entries show how it ended.
        fields
            .insert("state".to_owned(), Json::from(if open.is_some() { "open" } else { "ended" }));
    }
    Ok(Reply::json(200, &shown))
}
