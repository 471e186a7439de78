//! What is different between two documents, and places in them.

use rules::Document;
use serde_json::{Value as Json, json};

use crate::Error;

/// Every place where two rulebooks differ, as [`changes_of`] tells it.
///
/// # Errors
/// [`Error::Corrupt`] when a document cannot be written down.
pub fn changes(before: &Document, after: &Document) -> Result<Vec<Json>, Error> {
    Ok(changes_of(&written(before)?, &written(after)?))
}

/// Every place that differs, as a JSON list of `{"pointer", "before", "after"}`.
#[must_use]
pub fn changes_of(before: &Json, after: &Json) -> Vec<Json> {
    let mut changes = Vec::new();
    compare(&mut String::new(), Some(before), Some(after), &mut changes);
    changes
}

/// A rulebook as JSON, to be compared.
pub(crate) fn written(document: &Document) -> Result<Json, Error> {
    serde_json::to_value(document).map_err(|_| Error::Corrupt("rulebook to be compared"))
}

/// What is at a JSON pointer. Items that have ids can be named by them, as [`changes`] does; what
/// is within something absent is as absent as that.
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
            // An id may be a number, too.
            Json::Array(items) => by_id(items)
                .and_then(|named| item(&named, &step))
                .or_else(|| step.parse::<usize>().ok().and_then(|place| items.get(place))),
            _ => None,
        }
    })
}

/// Every place that differs, as a JSON pointer with what was there and what is. Lists are compared
/// by place, but those of rules and levels, whose items have ids, by these: a rule that moved up is
/// no other rule.
fn compare(
    pointer: &mut String,
    before: Option<&Json>,
    after: Option<&Json>,
    changes: &mut Vec<Json>,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Json::Object(before)), Some(Json::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let step = name.replace('~', "~0").replace('/', "~1");
                within(pointer, &step, before.get(name), after.get(name), changes);
            }
        }
        (Some(Json::Array(before)), Some(Json::Array(after))) => {
            match (by_id(before), by_id(after)) {
                (Some(before), Some(after)) => {
                    let ids = before.iter().map(|(id, _)| *id);
                    let added =
                        after.iter().map(|(id, _)| *id).filter(|id| item(&before, id).is_none());
                    for id in ids.chain(added) {
                        within(pointer, id, item(&before, id), item(&after, id), changes);
                    }
                    let order = |list: &[(&str, &Json)]| {
                        list.iter().map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>()
                    };
                    if order(&before) != order(&after) {
                        changes.push(json!({"pointer": pointer, "before": order(&before), "after": order(&after)}));
                    }
                }
                _ => {
                    for place in 0..before.len().max(after.len()) {
                        within(
                            pointer,
                            &place.to_string(),
                            before.get(place),
                            after.get(place),
                            changes,
                        );
                    }
                }
            }
        }
        (before, after) => {
            changes.push(json!({"pointer": pointer, "before": before, "after": after}))
        }
    }
}

fn within(
    pointer: &mut String,
    step: &str,
    before: Option<&Json>,
    after: Option<&Json>,
    changes: &mut Vec<Json>,
) {
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

/// What a programme follows of another one's rulebook: all but what that one has agreed with
/// programmes about exchanges. A rate is a promise of points that somebody is liable for; copied,
/// it would be an agreement that nobody made, and subsidiaries would exchange with each other.
pub(crate) fn followable(above: &Document, own: &Document) -> Document {
    Document { exchanges: own.exchanges.clone(), ..above.clone() }
}

/// A rulebook that was made from `base`, with what has changed in `base` since: where only one of
/// the two was changed, that; where both, `own`. `None` when that has not the shape of a rulebook.
pub(crate) fn followed(base: &Document, own: &Document, next: &Document) -> Option<Document> {
    let (base, next) = (followable(base, own), followable(next, own));
    let (base, own, next) = (written(&base).ok()?, written(own).ok()?, written(&next).ok()?);
    let merged = merged(Some(&base), Some(&own), Some(&next))?;
    // From text, as stored ones are: reading documents in one more way takes a component 100 KB.
    serde_json::from_str(&merged.to_string()).ok()
}

/// What was made from `base` and is now `own`, with what has changed in `base` since, which is now
/// `next`.
pub(crate) fn merged(base: Option<&Json>, own: Option<&Json>, next: Option<&Json>) -> Option<Json> {
    if own == base {
        return next.cloned();
    }
    if next == base {
        return own.cloned();
    }
    match (base, own, next) {
        (Some(Json::Object(base)), Some(Json::Object(own)), Some(Json::Object(next))) => {
            let added = next.keys().filter(|name| !own.contains_key(*name));
            let field = |name: &String| {
                Some((name.clone(), merged(base.get(name), own.get(name), next.get(name))?))
            };
            Some(Json::Object(own.keys().chain(added).filter_map(field).collect()))
        }
        (Some(Json::Array(base)), Some(Json::Array(own_items)), Some(Json::Array(next))) => {
            // An empty list is one of items with ids where the others are.
            let named =
                |list: &'_ [Json]| if list.is_empty() { true } else { by_id(list).is_some() };
            if !(named(base) && named(own_items) && named(next)) {
                return own.cloned();
            }
            let [base, items, next] =
                [base, own_items, next].map(|list| by_id(list).unwrap_or_default());
            let ids = |list: &[(&str, &Json)]| {
                list.iter().map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>()
            };
            let (of_base, of_own, of_next) = (ids(&base), ids(&items), ids(&next));
            // In the order of the side that has changed it, the items of the other at their end.
            let (first, then) =
                if of_next == of_base { (of_own, of_next) } else { (of_next, of_own) };
            let added: Vec<String> = then.into_iter().filter(|id| !first.contains(id)).collect();
            let one = |id: &String| merged(item(&base, id), item(&items, id), item(&next, id));
            Some(Json::Array(first.iter().chain(&added).filter_map(one).collect()))
        }
        _ => own.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a diff writes it, or by its place where nothing has such an id.
    #[test]
    fn places_are_named_by_ids_first() {
        let document = json!({"rules": [{"id": "1", "n": 10}, {"id": "x", "n": 20}], "lines": [5, 6], "none": null});
        for (pointer, value) in [
            ("/rules/1/n", Some(json!(10))),
            ("/rules/x/n", Some(json!(20))),
            ("/rules/0/n", Some(json!(10))),
            ("/rules/7/n", None),
            ("/lines/1", Some(json!(6))),
            ("/none/within", Some(Json::Null)),
            ("/rules/x/n/", None),
            ("/nowhere", None),
            ("rules", None),
            ("", Some(document.clone())),
        ] {
            assert_eq!(value_at(&document, pointer).cloned(), value, "{pointer}");
        }
    }

    #[test]
    fn what_only_one_has_changed_is_taken_from_there() {
        let item = |id: &str, n: i64| json!({"id": id, "n": n});
        let cases = [
            ("nothing changed", json!({"a": 1}), json!({"a": 1}), json!({"a": 1}), json!({"a": 1})),
            ("the parent's", json!({"a": 1}), json!({"a": 1}), json!({"a": 2}), json!({"a": 2})),
            ("one's own", json!({"a": 1}), json!({"a": 3}), json!({"a": 1}), json!({"a": 3})),
            ("both: one's own", json!({"a": 1}), json!({"a": 3}), json!({"a": 2}), json!({"a": 3})),
            (
                "each its part",
                json!({"a": 1, "b": {"c": 1, "d": 1}}),
                json!({"a": 1, "b": {"c": 2, "d": 1}}),
                json!({"a": 9, "b": {"c": 1, "d": 3}}),
                json!({"a": 9, "b": {"c": 2, "d": 3}}),
            ),
            (
                "added and taken away",
                json!({"a": 1, "b": 1}),
                json!({"b": 1, "own": 1}),
                json!({"a": 1, "b": 1, "new": 1}),
                json!({"b": 1, "own": 1, "new": 1}),
            ),
            (
                "taken away above",
                json!({"a": 1, "b": 1}),
                json!({"a": 1, "b": 1}),
                json!({"b": 1}),
                json!({"b": 1}),
            ),
            (
                "changed here and taken away above",
                json!({"a": 1, "b": 1}),
                json!({"a": 2, "b": 1}),
                json!({"b": 3}),
                json!({"a": 2, "b": 3}),
            ),
            (
                "items by their ids",
                json!({"l": [item("x", 1), item("y", 1)]}),
                json!({"l": [item("x", 2), item("y", 1), item("own", 1)]}),
                json!({"l": [item("new", 1), item("x", 1), item("y", 5)]}),
                json!({"l": [item("new", 1), item("x", 2), item("y", 5), item("own", 1)]}),
            ),
            (
                "items that both added to nothing",
                json!({"l": []}),
                json!({"l": [item("own", 1), item("same", 1)]}),
                json!({"l": [item("new", 1), item("same", 2)]}),
                json!({"l": [item("new", 1), item("same", 1), item("own", 1)]}),
            ),
            ("other lists as a whole", json!([1, 2]), json!([1, 3]), json!([4]), json!([1, 3])),
            (
                "null is a value",
                json!({"a": {"b": 1}}),
                json!({"a": null}),
                json!({"a": {"b": 2}}),
                json!({"a": null}),
            ),
        ];
        for (name, base, own, next, expected) in cases {
            assert_eq!(
                merged(Some(&base), Some(&own), Some(&next)),
                Some(expected.clone()),
                "{name}"
            );
            // Following once more changes nothing.
            assert_eq!(
                merged(Some(&base), Some(&expected), Some(&next)),
                Some(expected),
                "{name}, again"
            );
        }
    }
}
