//! Audits the books and reports their figures.

use std::collections::BTreeMap;

use ledger::{MemberId, Timestamp};
use rules::{BudgetOwner, BudgetState};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, authenticate, now, published,
    resolve_member_id, wide,
};
use store::{
    Exchanged, ExchangesWith, audit, exchanges, name_clashes, stray_entries, tallies, totals,
    trial_balance, undone_too_often, wrong_audit_log, wrong_claims, wrong_exchanges, wrong_tallies,
};

shell::component! { shell::api::report::ROUTES {
    "GET /v1/reports/audit" => audited(),
    "GET /v1/reports/budgets" => budgets(),
    "GET /v1/reports/exchanges" => exchanged(),
    "GET /v1/reports/trial-balance" => balanced(),
} }

async fn audited(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let member = match request.query("member_id") {
        Some(name) => Some(resolve_member_id(app, &caller, name).await?),
        None => None,
    };
    let member = member.as_deref();
    if let Some(Err(error)) = member.map(MemberId::new) {
        return Err(Problem::InvalidRequest(vec![FieldError::new(
            "?member_id",
            error.to_string(),
        )]));
    }
    let found = audit(&app.sql, caller.programme.no, member, page.number(0)?, page.limit).await?;
    if found.members == 0 && member.is_some() {
        return Err(Problem::ResourceNotFound);
    }
    let mut violations: Vec<Json> = found
        .violations
        .iter()
        .map(|v| json!({"member_id": v.member.as_str(), "entry_id": v.violation.entry.map(|id| id.to_string()), "what": v.violation.what}))
        .collect();
    let mut body = json!({
        "members_checked": found.members,
        "entries_checked": found.entries,
        "next": found.next.map(|number| number.to_string()),
    });
    // Checks of the whole programme run once, with the last page.
    if member.is_none() && found.next.is_none() {
        let sums = totals(&app.sql, caller.programme.no).await?;
        if sums.entries != sums.balances || sums.balances != sums.lots {
            violations.push(json!({"what": "entries, balances and lots do not have the same sum"}));
        }
        if sums.transferred != 0 {
            violations
                .push(json!({"what": "points given between members do not equal points received"}));
        }
        let wrong = wrong_exchanges(&app.sql, caller.programme.no).await?;
        let what = |other: String| json!({"what": format!("exchanges with {other} do not match its books")});
        violations.extend(wrong.into_iter().map(what));
        let apart = name_clashes(&app.sql, &caller.programme.id, None).await?;
        let what = |other: String| json!({"what": format!("names belong to other members in {other} of its group")});
        violations.extend(apart.into_iter().map(what));
        let mut wrong = wrong_tallies(&app.sql, caller.programme.no).await?;
        wrong.extend(stray_entries(&app.sql, caller.programme.no).await?);
        wrong.extend(wrong_claims(&app.sql, caller.programme.no).await?);
        wrong.extend(undone_too_often(&app.sql, caller.programme.no).await?);
        violations.extend(wrong.into_iter().map(|what| json!({"what": what})));
        let wrong = wrong_audit_log(&app.sql, caller.programme.no).await?;
        violations.extend(wrong.into_iter().map(|what| json!({"what": what})));
        if let Some(body) = body.as_object_mut() {
            body.insert(
                "sums".to_owned(),
                json!({"entries": wide(sums.entries), "balances": wide(sums.balances), "lots": wide(sums.lots)}),
            );
        }
    }
    if let Some(body) = body.as_object_mut() {
        body.insert("clean".to_owned(), violations.is_empty().into());
        body.insert("violations".to_owned(), violations.into());
    }
    Ok(Reply::json(200, &body))
}

async fn budgets(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let book = published(&app.sql, &caller.programme).await?;
    let counted = tallies(&app.sql, caller.programme.no, &book.reported_budgets()).await?;
    let budget = |state: &BudgetState| {
        let BudgetState { of, per, most, granted, red_line_percent } = state;
        let (kind, owner, unit) = match of {
            BudgetOwner::Programme => ("rule", None, "points"),
            BudgetOwner::Rule(id) => ("rule", Some(id), "points"),
            BudgetOwner::Grant(name) => ("grant", Some(name), "times"),
        };
        json!({(kind): owner, "per": per, (unit): most, "granted": granted, "left": (most - granted).max(0),
            "red_line_percent": red_line_percent, "red": state.is_red()})
    };
    let budgets: Vec<Json> = book.budget_states(&counted, now()).iter().map(budget).collect();
    Ok(Reply::json(
        200,
        &json!({"rulebook_version": caller.programme.rulebook_version, "budgets": budgets}),
    ))
}

async fn balanced(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (from, to) = span(request)?;
    let rows =
        trial_balance(&app.sql, caller.programme.no, (from, to), caller.stores.as_deref()).await?;
    let mut accounts: BTreeMap<&str, i128> = BTreeMap::new();
    for row in &rows {
        if let Some(contra) = row.kind.contra_account() {
            *accounts.entry("members").or_default() += row.points;
            *accounts.entry(contra).or_default() -= row.points;
        }
    }
    let kinds: Vec<Json> = rows
        .iter()
        .map(|row| json!({"kind": row.kind.as_str(), "points": wide(row.points), "entries": row.entries}))
        .collect();
    let sum: i128 = accounts.values().sum();
    let accounts: Vec<Json> = accounts
        .into_iter()
        .map(|(account, points)| json!({"account": account, "points": wide(points)}))
        .collect();
    let body = json!({"from": from.to_string(), "to": to.to_string(), "accounts": accounts, "sum": wide(sum), "kinds": kinds});
    Ok(Reply::json(200, &body))
}

async fn exchanged(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (from, to) = span(request)?;
    let side = |side: &Exchanged| json!({"points": wide(side.points), "points_there": wide(side.points_there), "entries": side.entries});
    let with = |with: &ExchangesWith| json!({"programme_id": with.programme, "given": side(&with.given), "taken": side(&with.taken)});
    let found = exchanges(&app.sql, caller.programme.no, from, to).await?;
    let programmes: Vec<Json> = found.iter().map(with).collect();
    Ok(Reply::json(
        200,
        &json!({"from": from.to_string(), "to": to.to_string(), "programmes": programmes}),
    ))
}

/// Start (inclusive) and end (exclusive), by the time of recording.
fn span(request: &Request) -> Result<(Timestamp, Timestamp), Problem> {
    Ok((instant(request, "from", Timestamp(0))?, instant(request, "to", Timestamp::LAST)?))
}

fn instant(request: &Request, name: &str, otherwise: Timestamp) -> Result<Timestamp, Problem> {
    let Some(text) = request.query(name) else { return Ok(otherwise) };
    let wrong = || {
        Problem::InvalidRequest(vec![FieldError::new(
            format!("?{name}"),
            "must be RFC 3339 with an offset",
        )])
    };
    Timestamp::parse(text).ok_or_else(wrong)
}
