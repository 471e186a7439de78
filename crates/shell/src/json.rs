//! Bodies from JSON text, with the place of what is wrong.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value as Json;
use serde_path_to_error::{Path, Segment, deserialize};

use crate::problem::{FieldError, Problem};

/// Reads a body. Unknown fields, wrong types, numbers out of range and control characters in texts
/// are told with their place.
///
/// # Errors
/// [`Problem::MalformedJson`] for text that is no JSON, [`Problem::InvalidRequest`] for JSON of
/// another shape.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = utf8(body)?;
    refuse_controls::<false>(text)?;
    parse(text)
}

/// As [`parse_json`], of bodies whose texts may have several lines.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_json_of_lines<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = utf8(body)?;
    refuse_controls::<true>(text)?;
    parse(text)
}

/// As [`parse_json`], of bodies whose parts are kept as text. Each part is read by [`parse_json`]
/// afterwards, so that one bad part is refused alone.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_json_of_parts<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    parse(utf8(body)?)
}

fn utf8(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|_| Problem::MalformedJson("it is not UTF-8".to_owned()))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_str(text);
    let Object(value) = deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            Problem::InvalidRequest(vec![FieldError::new(pointer, without_position(&inner))])
        } else if inner.to_string().starts_with("expected value")
            && serde_json::from_str::<IgnoredAny>(text).is_ok()
        {
            // The reader calls a number a syntax error where it expects the name of a variant.
            Problem::InvalidRequest(vec![FieldError::new(
                pointer,
                "is not of the kind that belongs here",
            )])
        } else {
            Problem::MalformedJson(inner.to_string())
        }
    })?;
    json.end().map_err(|error| Problem::MalformedJson(error.to_string()))?;
    Ok(value)
}

/// As [`parse_json`], where nothing needs to be said: no body is one without fields.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_optional_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    parse_json(if body.is_empty() { b"{}" } else { body })
}

/// What is written with the names of its fields. By itself serde would also take `["m", "share"]`,
/// fields in order, which nobody documents.
pub(crate) struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Named(PhantomData)).map(Self)
    }
}

/// For a field that is an object.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// For a field that is an object when it is there.
pub(crate) fn optional_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    d: D,
) -> Result<Option<T>, D::Error> {
    object(d).map(Some)
}

/// For a field where absent and `null` are two things: `None` is absent.
pub(crate) fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// As [`told`], for an object.
pub(crate) fn told_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    let found = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(Some(found.map(|Object(value)| value)))
}

/// For a field that is a list of objects.
pub(crate) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Object(value)| value).collect())
}

/// For a field that is a list of objects when it is there.
pub(crate) fn optional_objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    d: D,
) -> Result<Option<Vec<T>>, D::Error> {
    objects(d).map(Some)
}

struct Named<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Whether a body may have control characters in its texts: escaped, or as they are where JSON
/// allows that. Few bodies have either.
fn may_have_controls(text: &str) -> bool {
    let mut before = 0;
    text.bytes().any(|byte| {
        // U+0080 to U+009F are C2 80 to C2 9F.
        let is_c1 = before == 0xC2 && (0x80..=0x9F).contains(&byte);
        before = byte;
        is_c1 || matches!(byte, b'\\' | 0x7F)
    })
}

/// No text may have a control character: other databases cannot keep them all, and nobody sees
/// them. What is no JSON at all is for the reader of the body to tell.
fn refuse_controls<const LINES: bool>(text: &str) -> Result<(), Problem> {
    if !may_have_controls(text) {
        return Ok(());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    match deserialize::<_, Printable<LINES>>(&mut json) {
        Err(error) if error.inner().is_data() => {
            let pointer = pointer(error.path());
            Err(Problem::InvalidRequest(vec![FieldError::new(pointer, CONTROLS)]))
        }
        _ => Ok(()),
    }
}

/// What is said of a text that has one.
pub(crate) const CONTROLS: &str = "must not contain control characters";

/// Any JSON whose texts and field names have no control characters, but with `LINES` those of
/// lines.
struct Printable<const LINES: bool>;

impl<'de, const LINES: bool> Deserialize<'de> for Printable<LINES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de, const LINES: bool> Visitor<'de> for Printable<LINES> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self, E> {
        let is_of_lines = |c: char| LINES && matches!(c, '\n' | '\r' | '\t');
        let is_wrong = |c: char| c.is_control() && !is_of_lines(c);
        if text.chars().any(is_wrong) { Err(E::custom(CONTROLS)) } else { Ok(Self) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(Self)
    }
}

fn pointer(path: &Path) -> String {
    path.iter().filter_map(step).map(|step| format!("/{step}")).collect()
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

/// A sum as a number, or as a text of digits where it leaves 64 bits, which few readers of JSON can
/// count.
#[must_use]
pub fn wide(sum: i128) -> Json {
    i64::try_from(sum).map_or_else(|_| sum.to_string().into(), Json::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::earn::EarnBody;

    #[test]
    fn problems_have_a_place() {
        for (body, problem) in [
            (&br#"{"member_id":"m","event":"purchase","lines":[{"line_id":"1","amount":{"amount_minor":1.5,"currency":"CNY"}}]}"#[..], "/lines/0/amount/amount_minor"),
            (br#"{"member_id":"m","event":"check_in","points":5}"#, "/points"),
            (br#"{"member_id":5,"event":"check_in"}"#, "/member_id"),
            (br#"{"event":"check_in"}"#, ""),
            (br#"{"member_id":"m","event":"e","lines":[{"line_id":"1","amount":{"amount_minor":9223372036854775808,"currency":"CNY"}}]}"#, "/lines/0/amount/amount_minor"),
            (b"[]", ""),
            (br#"["m","check_in"]"#, ""),
            (br#"{"member_id":"m","event":"e","lines":[["1"]]}"#, "/lines/0"),
            (br#"{"member_id":"m","event":"e","lines":[{"line_id":"1","amount":[100,"CNY"]}]}"#, "/lines/0/amount"),
            (br#"{"member_id":"a\u0000","event":"e"}"#, "/member_id"),
            (br#"{"member_id":"m","event":"e","lines":[{"line_id":"a\n"}]}"#, "/lines/0/line_id"),
            (b"{\"member_id\":\"m\",\"event\":\"e\x7F\"}", "/event"),
            (b"{\"member_id\":\"m\",\"event\":\"\xC2\x85\"}", "/event"),
            (br#"{"member_id":"m","event":"e","a\u0001":1}"#, "/a\u{1}"),
            (br#"{"member_id":"m","event":"\u4f1a \"","nothing":1}"#, "/nothing"),
            (br#"{"member_id":"\u0000"#, "malformed"),
            (b"{", "malformed"),
            (b"", "malformed"),
            (br#"{"member_id":"m","event":"check_in"} {}"#, "malformed"),
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
