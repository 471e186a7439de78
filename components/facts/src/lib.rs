//! What is known of a member beyond points, and the job that works it out.

use jobs::{JobContext, WorkLimit, fold, rebuild};
use ledger::{Timestamp, from_day_number};
use reach::{Cuts, Facts, Measures, Today};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Problem, Reply, Request, authenticate, check_role, fresh, now, published,
    reach, read_member,
};
use store::{fold_position, last_entry_of_member, read_facts, rebuilds_due, rfm_cuts};

/// The windows of days that are shown.
const WINDOWS: [i32; 4] = [7, 30, 90, 365];
/// How many days ahead is shown which points end.
const EXPIRING: [i32; 3] = [7, 30, 90];
/// Categories that are shown of a window.
const CATEGORIES: usize = 5;
/// No piece of a fold begins after these seconds, so that no call runs into a time-out.
const PIECES: u32 = 1_000;
const MAX_MS: i64 = 12_000;

shell::component! { shell::api::facts::ROUTES {
    "GET /v1/members/{id}/facts" => show(id),
    "POST /v1/jobs/fold" => run(),
} }

async fn show(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let member = read_member(app, request, &caller, id).await?;
    let book = published(&app.sql, &caller.programme).await?;
    let reach = reach().await?;
    let found = read_facts(reach.as_ref(), &[(caller.programme.no, member.no)]).await?;
    let facts =
        found.into_iter().next().map(|stored| stored.facts).transpose()?.unwrap_or_default();
    let now = now();
    let currency = book.currency().to_string();
    let today = Today::at(now, book.zone());
    let mut body = shown(&facts, now, today, &currency);
    // The last member made anew, where facts were of another history.
    let due = rebuilds_due(reach.as_ref()).await?;
    let folded = fold_position(reach.as_ref()).await?.entry_no;
    let is_current = folded >= last_entry_of_member(&app.sql, member.no).await?
        && due.get(&caller.programme.no).is_none_or(|last| member.no <= *last);
    let scores = rfm_cuts(reach.as_ref(), caller.programme.no).await?.and_then(|stored| {
        let counted_on = from_day_number(stored.day).to_string();
        stored.cuts.map(|cuts| scores(&cuts, Measures::of(&facts, today), &counted_on))
    });
    if let Some(fields) = body.as_object_mut() {
        fields.insert("member_id".to_owned(), member.id.into());
        fields.insert("is_current".to_owned(), is_current.into());
        fields.insert("rfm".to_owned(), scores.unwrap_or_default());
    }
    Ok(Reply::json(200, &body))
}

/// The scores by the cuts in force; without an order there is no group.
fn scores(cuts: &Cuts, measures: Option<Measures>, counted_on: &str) -> Json {
    let scores = cuts.scores(measures);
    let group = measures.map(|_| cuts.group(scores).as_str());
    json!({"r": scores.r, "f": scores.f, "m": scores.m, "group": group, "counted_on": counted_on})
}

fn shown(facts: &Facts, now: Timestamp, today: Today, currency: &str) -> Json {
    let money = |minor: i64| json!({"amount_minor": minor, "currency": currency});
    let day = |number: i32| from_day_number(number).to_string();
    let window = |days: i32| {
        let category = |(name, minor): (&str, i64)| {
            let percent = facts.category_percent(name, days, today);
            json!({"category": name, "spend": money(minor), "percent": percent})
        };
        let categories = facts.top_categories(days, CATEGORIES, today);
        json!({
            "days": days,
            "orders": facts.orders(days, today),
            "spend": money(facts.spend_minor(days, today)),
            "average_order": facts.average_order_minor(days, today).map(money),
            "points_redeemed": facts.redeemed(days, today),
            "categories": categories.into_iter().map(category).collect::<Vec<_>>(),
        })
    };
    let expiring = |days: i32| json!({"days": days, "points": facts.expiring(days, today)});
    let since = |at: Option<Timestamp>, days: Option<i64>| json!({"at": at.map(|at| at.to_string()), "days_ago": days});
    let tier = facts.tier_at(now);
    let until = facts.tier_until.filter(|_| tier.is_some()).map(|at| at.to_string());
    let next_tier = facts
        .next_tier
        .as_ref()
        .map(|next| json!({"tier": next.id, "basis": next.basis, "missing": next.missing}));
    json!({
        "day": day(today.day),
        "first_order": since(facts.first_order_at, facts.first_order_at.map(|at| today.days_since(at))),
        "last_order": since(facts.last_order_at, facts.days_since_order(today)),
        "last_redemption": since(facts.last_redeem_at, facts.days_since_redeem(today)),
        "last_login": since(facts.last_login_at, facts.days_since_login(today)),
        "last_seen": since(facts.last_seen_at, facts.days_since_seen(today)),
        "ever": {"orders": facts.orders_ever, "spend": money(facts.spend_ever_minor)},
        "windows": WINDOWS.map(window),
        "ledger_balance": facts.balance(today),
        "expiring": EXPIRING.map(expiring),
        "next_expiry": facts.next_expiry(today).map(|(last, points)| json!({"valid_through": day(last), "points": points})),
        "tier": tier,
        "tier_until": until,
        "next_tier": next_tier,
    })
}

/// A retry goes on where the last call ended. So a call needs no idempotency key.
async fn run(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let is_rebuild = request.flag("rebuild")?;
    if is_rebuild {
        // It takes as long as the history of all members is.
        check_role(&caller, &[])?;
    }
    let wrong = |detail: &str| Problem::from(FieldError::new("?cursor", detail));
    let after = match request.query("cursor") {
        Some(_) if !is_rebuild => return Err(wrong("is for rebuild=true")),
        Some(text) => text.parse().ok().filter(|no| *no >= 0),
        None => Some(0),
    };
    let after = after.ok_or_else(|| wrong("is not one that this job gave"))?;
    request.body()?;
    let opened = reach().await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: opened.as_ref(), now: &now, fresh: &fresh };
    let limit = WorkLimit::chunks(PIECES).until(now().plus_ms(MAX_MS));
    let no = caller.programme.no;
    let (report, next) = if is_rebuild {
        rebuild(&ledger, &reach, no, after, limit).await?
    } else {
        (fold(&ledger, &reach, Some(no), limit).await?, None)
    };
    if let Some(failure) = &report.last_failure {
        eprintln!("fold: {failure}");
    }
    let mut body = report.to_json();
    if let Some(fields) = body.as_object_mut().filter(|_| is_rebuild) {
        fields.insert("next".to_owned(), next.map(|no| no.to_string()).into());
    }
    Ok(Reply::json(200, &body))
}
