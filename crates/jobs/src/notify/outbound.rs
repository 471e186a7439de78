//! The interface of an HTTP client for delivery. The client follows no redirects and keeps no
//! cookies.

use std::fmt;

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The URL, in normal form.
    pub url: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON text.
    pub body: String,
}

/// The head of an answer; bodies are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The field `retry-after`, unparsed.
    pub retry_after: Option<String>,
}

/// An HTTP client.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, so the futures need not be Send")]
pub trait Outbound {
    /// Sends all of them at once, each for at most `timeout_ms`, and returns the results in order.
    /// An error text is shown to the merchant: it names the failure, and nothing about this
    /// machine's network.
    async fn post_all(&self, posts: Vec<Post>, timeout_ms: u32) -> Vec<Result<Reply, String>>;

    /// Waits this long before a run that waits for a slow receiver looks again. It waits for ever
    /// if the run should not look again.
    async fn rest(&self, _ms: u32) {}
}

/// A WASI HTTP error code in words for the merchant: its name, without the host's own text.
#[must_use]
pub fn spell_error_code(code: &impl fmt::Debug) -> String {
    let text = format!("{code:?}");
    let name = text.rsplit_once("ErrorCode::").map_or(text.as_str(), |(_, name)| name);
    // The catch-all code, usually a name that does not resolve.
    if name.starts_with("InternalError") {
        return "could not be reached".to_owned();
    }
    let letters = name.chars().take_while(char::is_ascii_alphanumeric);
    let mut words = String::new();
    for letter in letters {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// For the jobs that send nothing.
#[derive(Debug, Clone, Copy)]
pub struct WithoutNetwork;

impl Outbound for WithoutNetwork {
    async fn post_all(&self, posts: Vec<Post>, _timeout_ms: u32) -> Vec<Result<Reply, String>> {
        posts.iter().map(|_| Err("no network".to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_spelled_out() {
        for (debug, words) in [
            ("ErrorCode::ConnectionRefused", "connection refused"),
            ("ErrorCode::InternalError(Some(\"db at 10.0.0.1\"))", "could not be reached"),
            ("ErrorCode::DnsError(DnsErrorPayload { rcode: None })", "dns error"),
        ] {
            assert_eq!(spell_error_code(&format_args!("{debug}")), words);
        }
    }
}
