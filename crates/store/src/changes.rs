//! What is different between two rulebooks, and places in them.

use rules::Document;
use serde_json::{Value as Json, json};

use crate::Error;

/// Every place that differs, as a JSON list of `{"pointer", "before", "after"}`.
///
/// # Errors
/// [`Error::Corrupt`] when a document cannot be written down.
pub fn changes(before: &Document, after: &Document) -> Result<Vec<Json>, Error> {
    let written = |document| serde_json::to_value(document).map_err(|_| Error::Corrupt("rulebook to be compared"));
    let mut changes = Vec::new();
    compare(&mut String::new(), Some(&written(before)?), Some(&written(after)?), &mut changes);
    Ok(changes)
}

/// What is at a JSON pointer. Items that have ids can be named by them, as [`changes`] does; what is within something absent is as absent as that.
pub(crate) fn value_at<'a>(document: &'a Json, pointer: &str) -> Option<&'a Json> {
    let mut steps = pointer.split('/');
    if steps.next() != Some("") {
        return None;
    }
    steps.try_fold(document, |at, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        match at {
            Json::Null => Some(at),
            Json::Object(fields) => fields.get(&step),
            Json::Array(items) => match step.parse::<usize>() {
                Ok(place) => items.get(place),
                Err(_) => item(&by_id(items)?, &step),
            },
            _ => None,
        }
    })
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
