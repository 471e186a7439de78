//! A request to a vendor, as data.

use std::fmt;

/// What the caller is to send. Its `Debug` shows method and host only: the rest has addresses,
/// texts and secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Header fields, names in small letters. Values are printable ASCII.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for `GET`.
    pub body: String,
}

impl HttpRequest {
    pub(crate) fn post(url: String, content_type: &str, body: String) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { method: "POST", url, headers, body }
    }

    pub(crate) fn json(url: String, body: &serde_json::Value) -> Self {
        Self::post(url, "application/json; charset=utf-8", body.to_string())
    }

    pub(crate) fn get(url: String) -> Self {
        Self { method: "GET", url, headers: Vec::new(), body: String::new() }
    }

    /// Adds a field. What could end a field or begin another one is left out, whatever came here.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let mut value: String = value.into();
        value.retain(|c| matches!(c, ' '..='~'));
        self.headers.push((name, value));
        self
    }

    /// The value of a field; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value.as_str())
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        write!(f, "{} {host}", self.method)
    }
}
