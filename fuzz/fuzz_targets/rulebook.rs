//! A good document with a few of its values exchanged, which reaches deeper than random bytes.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Value as Json, json};

/// A replacement value.
#[derive(Debug, Arbitrary)]
enum Other {
    Null,
    Bool(bool),
    Small(i8),
    Large(i64),
    Decimal(u16, u16),
    Text(String),
    Name(u8),
    Condition(u8),
    Nothing,
    Twice,
}

const NAMES: [&str; 12] = [
    "purchase",
    "check_in",
    "shopping",
    "campaign",
    "ten",
    "best",
    "day",
    "lifetime",
    "spend",
    "growth",
    "2028-02-29",
    "02-29",
];
const CONDITIONS: [&str; 6] = [
    "true",
    "order.amount_minor / 7 > 3",
    "line.category == 'food'",
    "'vip' in member.tags",
    "event.streak_days % 3 == 0",
    "order.lines.exists(l, l.amount_minor > 100)",
];

impl Other {
    fn json(self, was: &Json) -> Option<Json> {
        let pick =
            |list: &[&str], at: u8| list.get(usize::from(at) % list.len()).map(|text| json!(text));
        Some(match self {
            Self::Null => Json::Null,
            Self::Bool(value) => json!(value),
            Self::Small(value) => json!(value),
            Self::Large(value) => json!(value),
            Self::Decimal(whole, part) => json!(format!("{whole}.{part}")),
            Self::Text(text) => json!(text),
            Self::Name(at) => pick(&NAMES, at)?,
            Self::Condition(at) => pick(&CONDITIONS, at)?,
            Self::Nothing => return None,
            Self::Twice => json!([was, was]),
        })
    }
}

/// Exchanges the value with this number, counted in the order of the document.
fn exchange(json: &mut Json, number: &mut u16, with: &mut Option<Other>) {
    if with.is_none() {
        return;
    }
    if *number == 0 {
        if let Some(other) = with.take().and_then(|with| with.json(json)) {
            *json = other;
        }
        return;
    }
    *number -= 1;
    match json {
        Json::Object(fields) => fields.values_mut().for_each(|value| exchange(value, number, with)),
        Json::Array(items) => items.iter_mut().for_each(|item| exchange(item, number, with)),
        _ => {}
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Unstructured::new(bytes);
    let mut document: Json = serde_json::from_str(include_str!("../seeds/document/rulebook.json"))
        .expect("the good document is one");
    for _ in 0..8 {
        let Ok((number, other)) = <(u16, Other)>::arbitrary(&mut bytes) else { break };
        let mut number = number % 300;
        exchange(&mut document, &mut number, &mut Some(other));
    }
    if let Ok(document) = serde_json::from_value(document) {
        fuzz::work_with(&document);
    }
});
