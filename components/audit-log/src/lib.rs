//! Records of actions that are no entries: keys, endpoints, the catalogue, drafts, publications,
//! programmes, reads of personal data, refused keys.

use ledger::Timestamp;
use serde_json::{Value as Json, json};
use shell::{App, FieldError, Page, Problem, Reply, Request, authenticate};
use store::{AuditFilter, Audited, audit_log};

shell::component! { shell::api::audit_log::ROUTES {
    "GET /v1/audit-log" => list(),
} }

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let filter = AuditFilter {
        person: request.query("person_id"),
        key: request.query("key"),
        action: request.query("action"),
        subject: request.query("subject"),
        from: instant(request, "from")?,
        to: instant(request, "to")?,
    };
    let before = page.number(i64::MAX)?;
    let found = audit_log(&app.sql, caller.programme.no, &filter, before, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.no.to_string()))
}

fn shown(row: &Audited) -> Json {
    let told = |text: &Option<String>| {
        text.as_deref().and_then(|text| serde_json::from_str::<Json>(text).ok())
    };
    json!({
        "no": row.no,
        "at": row.who.at.to_string(),
        "action": row.action,
        "subject": row.subject,
        "person_id": row.who.person,
        "key": row.who.key,
        "address": row.who.address,
        "before": told(&row.before),
        "after": told(&row.after),
        "hash": row.hash,
    })
}

fn instant(request: &Request, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let wrong = || {
        FieldError::new(format!("?{name}"), "must be RFC 3339 with an offset, its + written as %2B")
    };
    Timestamp::parse(text).map(Some).ok_or_else(|| wrong().into())
}
