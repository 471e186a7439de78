//! Which requests should meet in the same instance: those whose JSON bodies have the same text in
//! one field. It decides only where a request is served, never what it is answered, so bodies are
//! not parsed.

use bytes::Bytes;
use foldhash::fast::FixedState;
use http::Request;
use memchr::{memchr, memmem::Finder};
use std::hash::BuildHasher as _;

pub struct Affinity {
    /// Finds the field's name with its quotes.
    name: Finder<'static>,
}

impl Affinity {
    pub fn new(field: &str) -> Self {
        Self { name: Finder::new(&format!("\"{field}\"")).into_owned() }
    }

    /// The same number for the same text. Requests without the field go by their path.
    pub fn place_of(&self, request: &Request<Bytes>) -> usize {
        let text = self.text(request.body()).unwrap_or(request.uri().path().as_bytes());
        usize::try_from(FixedState::default().hash_one(text) & 0xFFFF).unwrap_or_default()
    }

    /// The text behind the first `"field":`, as it is written.
    fn text<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        let behind = self.name.find(body)?.checked_add(self.name.needle().len())?;
        let value = body.get(behind..)?.trim_ascii_start().strip_prefix(b":")?;
        let text = value.trim_ascii_start().strip_prefix(b"\"")?;
        text.get(..memchr(b'"', text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(body: &'static str) -> usize {
        let request = Request::post("/v1/earn").body(Bytes::from_static(body.as_bytes()));
        Affinity::new("member_id").place_of(&request.unwrap())
    }

    #[test]
    fn the_same_text_has_the_same_place() {
        let one = place(r#"{"member_id":"m1","event":"purchase"}"#);
        for same in [r#"{"event": "x", "member_id" : "m1"}"#, "{\"member_id\":\n\t\"m1\"}"] {
            assert_eq!(place(same), one, "{same}");
        }
        assert_ne!(place(r#"{"member_id":"m2"}"#), one);
    }

    #[test]
    fn without_the_text_the_path_counts() {
        let path = place("");
        for odd in [r#"{"member_id":7}"#, r#"{"member_id""#, r#"{"member_id":"m1"#, "member_id"] {
            assert_eq!(place(odd), path, "{odd}");
        }
    }
}
