//! The playbook of a programme: the version in force, all versions, and drafts with the request to
//! publish them. Decisions on these requests are those of the component `publication`.

mod back_test;
mod drafts;
mod rehearsal;

use ledger::Timestamp;
use serde_json::{Map, Value as Json, json};
use shell::{App, FieldError, Page, Problem, Reply, Request, authenticate};
use store::{
    DocumentKind, Version, changes_of, digest, document_version, document_versions, inheritance,
    playbook_json, playbook_overrides, published_playbook,
};

shell::component! { shell::api::playbook::ROUTES {
    "GET /v1/playbook" => get(),
    "GET /v1/playbook/versions" => versions(),
    "GET /v1/playbook/versions/{version}" => version(version),
    "GET /v1/playbook/versions/{version}/diff" => diff(version),
    "GET /v1/playbook/drafts" => drafts::list(),
    "GET /v1/playbook/drafts/{name}" => drafts::get(name),
    "PUT /v1/playbook/drafts/{name}" => drafts::put(name),
    "DELETE /v1/playbook/drafts/{name}" => drafts::delete(name),
    "GET /v1/playbook/drafts/{name}/diff" => drafts::diff(name),
    "POST /v1/playbook/drafts/{name}/publication" => drafts::publish(name),
    "POST /v1/playbook/rehearsal" => rehearsal::rehearse(),
    "POST /v1/playbook/back-test" => back_test::back_test(),
} }

const KIND: DocumentKind = DocumentKind::Playbook;

async fn get(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let programme = &caller.programme;
    let found = published_playbook(&app.sql, programme.no).await?;
    // What it names may be gone since it was published, or a group brought it.
    let faults = drafts::faults(app, &caller, &found.playbook).await?;
    let mut body = json!({
        "version": found.version(),
        "published_at": found.published.as_ref().map(at),
        "published_by": found.published.as_ref().map(|version| &version.published_by),
        "playbook": playbook_json(&found.playbook)?,
        "problems": drafts::problems(&faults),
    });
    if let (Some(body), Some(of)) =
        (body.as_object_mut(), inheritance(&app.sql, KIND, &programme.id).await?)
    {
        let overrides = playbook_overrides(&app.sql, &found.playbook, &of).await?;
        let problems: Option<Json> =
            of.problems.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let shown = json!({"version": of.version, "overrides": overrides, "problems": problems});
        body.insert("inherits".to_owned(), of.parent.into());
        body.insert("inheritance".to_owned(), shown);
    }
    let tag = format!("\"{}\"", digest(&body.to_string()));
    Ok(Reply::json(200, &body).with("etag", &tag))
}

/// All versions, newest first.
async fn versions(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.number(i64::MAX)?;
    let found =
        document_versions(&app.sql, KIND, &caller.programme.id, before, page.limit + 1).await?;
    Ok(page.reply(found, |version| Json::Object(shown(version)), |last| last.version.to_string()))
}

/// One version with its document.
async fn version(app: &App, request: &Request, number: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (version, playbook) = found(app, &caller.programme.id, number).await?;
    let mut body = shown(&version);
    body.insert("playbook".to_owned(), playbook);
    Ok(Reply::json(200, &Json::Object(body)))
}

/// The differences between this version and `?from=`, by default the version before it.
async fn diff(app: &App, request: &Request, number: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (to, after) = found(app, &caller.programme.id, number).await?;
    let from = match request.query("from") {
        Some(text) => numbered(text)?,
        None => to.version - 1,
    };
    // Before the first version stands the empty playbook.
    let before = if from == 0 {
        playbook_json(&reach::playbook::Playbook::default())?
    } else {
        found(app, &caller.programme.id, &from.to_string()).await?.1
    };
    let changes = changes_of(&before, &after);
    Ok(Reply::json(200, &json!({"from": from, "to": to.version, "changes": changes})))
}

async fn found(app: &App, id: &str, number: &str) -> Result<(Version, Json), Problem> {
    let number = numbered(number)?;
    document_version(&app.sql, KIND, id, number).await?.ok_or(Problem::ResourceNotFound)
}

fn numbered(text: &str) -> Result<i64, Problem> {
    let wrong = || FieldError::new("version", "must be the number of a version");
    Ok(text.parse().map_err(|_| wrong())?)
}

fn shown(version: &Version) -> Map<String, Json> {
    [
        ("version", json!(version.version)),
        ("published_at", json!(at(version))),
        ("published_by", json!(version.published_by)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn at(version: &Version) -> String {
    Timestamp(version.published_at).to_string()
}
