//! Bodies from JSON text, with the place of what is wrong.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Segment, deserialize};

use crate::problem::{FieldError, Problem};

/// Reads a body. Unknown fields, wrong types and numbers out of range are told with their place.
///
/// # Errors
/// [`Problem::MalformedJson`] for text that is no JSON, [`Problem::InvalidRequest`] for JSON of another shape.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::MalformedJson("it is not UTF-8".to_owned()))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = deserialize(&mut json).map_err(|error| {
        let pointer: String = error.path().iter().filter_map(step).map(|step| format!("/{step}")).collect();
        let inner = error.into_inner();
        if inner.is_data() {
            Problem::InvalidRequest(vec![FieldError::new(pointer, without_position(&inner))])
        } else {
            Problem::MalformedJson(inner.to_string())
        }
    })?;
    json.end().map_err(|error| Problem::MalformedJson(error.to_string()))?;
    Ok(value)
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// serde_json ends its messages with the line and column, which the pointer tells better.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::EarnBody;

    #[test]
    fn problems_have_a_place() {
        for (body, problem) in [
            (&br#"{"member_id":"m","event":"purchase","lines":[{"line_id":"1","amount":{"amount_minor":1.5,"currency":"CNY"}}]}"#[..], "/lines/0/amount/amount_minor"),
            (br#"{"member_id":"m","event":"check_in","points":5}"#, "/points"),
            (br#"{"member_id":5,"event":"check_in"}"#, "/member_id"),
            (br#"{"event":"check_in"}"#, ""),
            (br#"{"member_id":"m","event":"e","lines":[{"line_id":"1","amount":{"amount_minor":9223372036854775808,"currency":"CNY"}}]}"#, "/lines/0/amount/amount_minor"),
            (b"[]", ""),
            (b"{", "malformed"),
            (b"", "malformed"),
            (b"{} {}", "malformed"),
            (b"\xff\xfe", "malformed"),
        ] {
            let place = match parse_json::<EarnBody>(body) {
                Err(Problem::InvalidRequest(errors)) => errors.first().map(|e| e.pointer.clone()).unwrap_or_default(),
                Err(Problem::MalformedJson(_)) => "malformed".to_owned(),
                other => panic!("{other:?}"),
            };
            assert_eq!(place, problem, "{}", String::from_utf8_lossy(body));
        }
    }
}
