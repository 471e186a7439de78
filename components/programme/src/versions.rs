//! The rulebooks a programme has had: listed, shown, compared.

use serde_json::{Value as Json, json};
use shell::{App, FieldError, Page, Problem, Reply, Request};
use store::{Version, rulebook_version, rulebook_versions};

/// All versions, newest first.
pub async fn list(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let found = rulebook_versions(&app.sql, id, page.number(i64::MAX)?, page.limit + 1).await?;
    Ok(page.reply(found, |version| Json::Object(shown(version)), |last| last.version.to_string()))
}

/// One version with its document.
pub async fn get(app: &App, request: &Request, id: &str, number: &str) -> Result<Reply, Problem> {
    request.allow_query(&[])?;
    let (version, document) = found(app, id, number).await?;
    let mut body = shown(&version);
    body.insert("rulebook".to_owned(), json_of(&document)?);
    Ok(Reply::json(200, &Json::Object(body)))
}

/// What is different in this version from `?from=`, or from the version before it.
pub async fn diff(app: &App, request: &Request, id: &str, number: &str) -> Result<Reply, Problem> {
    request.allow_query(&["from"])?;
    let (to, after) = found(app, id, number).await?;
    let before = request.query("from").map_or_else(|| (to.version - 1).to_string(), str::to_owned);
    let (from, before) = found(app, id, &before).await?;
    let mut changes = Vec::new();
    compare(&mut String::new(), Some(&json_of(&before)?), Some(&json_of(&after)?), &mut changes);
    Ok(Reply::json(200, &json!({"from": from.version, "to": to.version, "changes": changes})))
}

/// A version by its number.
pub async fn found(app: &App, id: &str, number: &str) -> Result<(Version, rules::Document), Problem> {
    let number = number
        .parse()
        .map_err(|_| Problem::InvalidRequest(vec![FieldError::new("version", "must be the number of a version")]))?;
    rulebook_version(&app.sql, id, number).await?.ok_or(Problem::ResourceNotFound)
}

fn shown(version: &Version) -> serde_json::Map<String, Json> {
    let Version { version, published_at, published_by } = version;
    let at = ledger::Timestamp(*published_at).to_string();
    [("version", json!(version)), ("published_at", json!(at)), ("published_by", json!(published_by))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn json_of(document: &rules::Document) -> Result<Json, Problem> {
    serde_json::to_value(document).map_err(|error| Problem::Internal(error.to_string()))
}

/// Every place that differs, as a JSON pointer with what was there and what is. Lists are compared by place, but those of rules and levels,
/// whose items have ids, by these: a rule that moved up is no other rule.
fn compare(pointer: &mut String, before: Option<&Json>, after: Option<&Json>, changes: &mut Vec<Json>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Json::Object(before)), Some(Json::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let step = name.replace('~', "~0").replace('/', "~1");
                within(pointer, &step, before.get(name), after.get(name), changes);
            }
        }
        (Some(Json::Array(before)), Some(Json::Array(after))) => match (by_id(before), by_id(after)) {
            (Some(before), Some(after)) => {
                let ids = before.iter().map(|(id, _)| *id);
                let added = after.iter().map(|(id, _)| *id).filter(|id| item(&before, id).is_none());
                for id in ids.chain(added) {
                    within(pointer, id, item(&before, id), item(&after, id), changes);
                }
                let order = |list: &[(&str, &Json)]| list.iter().map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>();
                if order(&before) != order(&after) {
                    changes.push(json!({"pointer": pointer, "before": order(&before), "after": order(&after)}));
                }
            }
            _ => {
                for place in 0..before.len().max(after.len()) {
                    within(pointer, &place.to_string(), before.get(place), after.get(place), changes);
                }
            }
        },
        (before, after) => changes.push(json!({"pointer": pointer, "before": before, "after": after})),
    }
}

fn within(pointer: &mut String, step: &str, before: Option<&Json>, after: Option<&Json>, changes: &mut Vec<Json>) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    compare(pointer, before, after, changes);
    pointer.truncate(length);
}

/// The items of a list by their ids, when each has one.
fn by_id(list: &[Json]) -> Option<Vec<(&str, &Json)>> {
    list.iter()
        .map(|item| Some((item.get("id")?.as_str()?, item)))
        .collect::<Option<Vec<_>>>()
        .filter(|list| !list.is_empty())
}

fn item<'a>(list: &[(&str, &'a Json)], id: &str) -> Option<&'a Json> {
    list.iter().find(|(other, _)| *other == id).map(|(_, item)| *item)
}
