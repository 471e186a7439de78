//! What a member sees of itself, by its pass: figures, history, coupons. Nothing of staff, of
//! devices, or of other members is in these answers: each field is chosen here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use ledger::{
    Coupon, Entry, Kind, LotState, Member, ProgrammeId, Timestamp, last_valid_day, local_date,
};
use rules::{Goal, Rulebook, TierBasis, projection};
use serde_json::{Value as Json, json};
use shell::{App, Page, Problem, Reply, Request, holder, now, published};
use store::{LoadRequest, LoadedMember, Lots, Pass, Scope, coupon_json, history, load};

/// Most members have fewer open lots; members with more are read again with all lots.
const LIKELY_LOTS: u16 = 64;
/// Days on which points end, at most.
const MAX_DAYS: usize = 12;
/// Times that a page of the history is read until it is full: what a member does not see is few.
const MAX_READS: usize = 5;

shell::component! { shell::api::me::ROUTES {
    "GET /v1/me" => account(),
    "GET /v1/me/entries" => entries(),
    "GET /v1/me/coupons" => coupons(),
} }

async fn account(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let mut loaded = read(app, &pass, Lots::First(LIKELY_LOTS)).await?;
    if !loaded.member.lots_complete {
        loaded = read(app, &pass, Lots::All).await?;
    }
    let book = published(&app.sql, &pass.programme).await?;
    let now = now();
    let member = &ProgrammeId::new(pass.programme.id.as_str()).map_or_else(
        |_| loaded.member.clone(),
        |programme| rules::by_the_clock(&book, &programme, &loaded.member, now),
    );
    let sum = |state: LotState| {
        let lots = member.lots.iter().filter(|lot| lot.state(now) == state);
        lots.map(|lot| member.free(lot)).sum::<i64>()
    };
    let currency = book.currency();
    Ok(Reply::json(
        200,
        &json!({
            "member_id": pass.member.as_str(),
            "programme": {"id": pass.programme.id, "name": pass.programme_name},
            "as_of": now.to_string(),
            "balance": sum(LotState::Active),
            "pending": sum(LotState::Pending),
            "debt": member.debt,
            "ending": ending(&book, member, now),
            "tier": tier(&book, member, now),
            "money": {"currency": currency.to_string(), "decimals": currency.decimals()},
            "pass": {"expires_at": pass.expires_at.to_string(), "until": pass.until.to_string()},
        }),
    ))
}

/// How many points end after which local days, the next first.
fn ending(book: &Rulebook, member: &Member, now: Timestamp) -> Vec<Json> {
    let mut days: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for lot in member.lots.iter().filter(|lot| lot.state(now) == LotState::Active) {
        let (Some(at), points) = (lot.expires_at, member.free(lot)) else { continue };
        let sum = days.entry(last_valid_day(at, book.zone())).or_default();
        *sum = sum.saturating_add(points);
    }
    let shown = |(day, points): (NaiveDate, i64)| json!({"points": points, "valid_through": day.to_string()});
    days.into_iter().filter(|(_, points)| *points > 0).take(MAX_DAYS).map(shown).collect()
}

fn tier(book: &Rulebook, member: &Member, now: Timestamp) -> Json {
    let Some(at) = projection(book, member, now) else { return Json::Null };
    let basis = match at.basis {
        TierBasis::Spend => "spend",
        TierBasis::Growth => "growth",
        TierBasis::Orders => "orders",
        TierBasis::AverageOrder => "average_order",
    };
    let last_day = |at: Timestamp| last_valid_day(at, book.zone()).to_string();
    let goal = |goal: Goal| {
        json!({
            "tier": goal.tier,
            "from": goal.from,
            "missing": goal.missing,
            "or_missing_growth": goal.or_missing_growth,
            "missing_orders": goal.missing_orders,
            "by": goal.by.map(last_day),
        })
    };
    json!({
        "id": at.tier,
        "valid_through": member.tier.as_ref().and_then(|tier| tier.until).map(last_day),
        "basis": basis,
        "value": at.value,
        "benefits": book.benefits(&at.tier),
        "next": at.next.map(goal),
        "keep": at.keep.map(goal),
    })
}

async fn entries(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let page = Page::within(request, 50)?;
    let mut before = page.number(i64::MAX)?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let zone = published(&app.sql, &pass.programme).await?.zone();
    let member = read(app, &pass, Lots::None).await?.member;
    let (mut items, mut next) = (Vec::new(), None);
    'reads: for _ in 0..MAX_READS {
        let of = (pass.programme.no, &pass.member);
        let found = history(&app.sql, of.0, of.1, None, before, page.limit + 1).await?;
        for entry in &found {
            if items.len() == limit {
                next = Some(before);
                break 'reads;
            }
            before = entry.sequence.0;
            items.extend(shown(entry, &member, zone));
        }
        next = (found.len() > limit).then_some(before);
        if next.is_none() {
            break;
        }
    }
    let next = next.map(|before| before.to_string());
    Ok(Reply::json(200, &Page::body(items, next)))
}

/// An entry as its member sees it; `None` for what moves no points of theirs and no level.
fn shown(entry: &Entry, member: &Member, zone: ledger::Zone) -> Option<Json> {
    let is_move = entry.kind() == Kind::TierChange;
    if entry.points == 0 && !is_move && !matches!(entry.kind(), Kind::Earn | Kind::Grant) {
        return None;
    }
    Some(json!({
        "entry_id": entry.id.to_string(),
        "kind": entry.kind().as_str(),
        "event": entry.event(),
        "points": entry.points,
        "occurred_at": entry.occurred_at.to_string(),
        "day": local_date(entry.occurred_at, zone).to_string(),
        "reference": entry.origin.reference.as_ref().map(|reference| reference.as_str()),
        "tier": entry.tier().filter(|_| is_move).map(|moved| moved.to.as_str()),
        "under_review": member.reviews.iter().any(|open| open.earn == entry.id),
    }))
}

async fn coupons(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let loaded = read(app, &pass, Lots::None).await?;
    let zone = published(&app.sql, &pass.programme).await?.zone();
    let open = loaded.member.coupons.iter().filter(|coupon| !coupon.has_expired(now()));
    let shown = |coupon: &Coupon| coupon_json(coupon, zone);
    Ok(Reply::json(200, &Page::body(open.map(shown).collect(), None)))
}

async fn read(app: &App, pass: &Pass, lots: Lots) -> Result<LoadedMember, Problem> {
    let wanted = [LoadRequest::member(pass.member.clone())];
    let found = load(&app.sql, Scope::Programme(pass.programme.no), &wanted, lots).await?;
    let loaded = found.and_then(|(_, _, mut loaded)| loaded.pop());
    // The pass was looked at a moment before; an account that is closed since has no view.
    loaded
        .filter(|loaded| loaded.member.exists() && loaded.member.closed.is_none())
        .ok_or(Problem::Unauthorized)
}
