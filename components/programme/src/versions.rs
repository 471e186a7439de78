//! The past rulebooks of a programme: listed, shown, compared.

use crate::authenticate_reader;
use serde_json::{Value as Json, json};
use shell::{App, FieldError, Page, Problem, Reply, Request};
use store::{DocumentKind, Version, changes, document_versions, rulebook_version};

/// All versions, newest first.
pub async fn list(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    authenticate_reader(app, request, id).await?;
    let page = Page::of(request)?;
    let (kind, before) = (DocumentKind::Rulebook, page.number(i64::MAX)?);
    let found = document_versions(&app.sql, kind, id, before, page.limit + 1).await?;
    Ok(page.reply(found, |version| Json::Object(shown(version)), |last| last.version.to_string()))
}

/// One version with its document.
pub async fn get(app: &App, request: &Request, id: &str, number: &str) -> Result<Reply, Problem> {
    authenticate_reader(app, request, id).await?;
    let (version, document) = found(app, id, number).await?;
    let mut body = shown(&version);
    body.insert("rulebook".to_owned(), json_of(&document)?);
    Ok(Reply::json(200, &Json::Object(body)))
}

/// The differences between this version and `?from=`, by default the version before it.
pub async fn diff(app: &App, request: &Request, id: &str, number: &str) -> Result<Reply, Problem> {
    authenticate_reader(app, request, id).await?;
    let (to, after) = found(app, id, number).await?;
    let before = request.query("from").map_or_else(|| (to.version - 1).to_string(), str::to_owned);
    let (from, before) = found(app, id, &before).await?;
    let changes = changes(&before, &after)?;
    Ok(Reply::json(200, &json!({"from": from.version, "to": to.version, "changes": changes})))
}

pub async fn found(
    app: &App,
    id: &str,
    number: &str,
) -> Result<(Version, rules::Document), Problem> {
    let number = number.parse().map_err(|_| {
        Problem::InvalidRequest(vec![FieldError::new("version", "must be the number of a version")])
    })?;
    rulebook_version(&app.sql, id, number).await?.ok_or(Problem::ResourceNotFound)
}

fn shown(version: &Version) -> serde_json::Map<String, Json> {
    let Version { version, published_at, published_by } = version;
    let at = ledger::Timestamp(*published_at).to_string();
    [
        ("version", json!(version)),
        ("published_at", json!(at)),
        ("published_by", json!(published_by)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn json_of(document: &rules::Document) -> Result<Json, Problem> {
    serde_json::to_value(document).map_err(|error| Problem::Internal(error.to_string()))
}
