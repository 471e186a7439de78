//! A request: its head first, its body only for callers who were let in, whole and bounded.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use futures::StreamExt;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

use crate::auth::Bearer;
use crate::json::CONTROLS;
use crate::problem::{FieldError, Problem};
use crate::route::{Access, Route, find};

/// That of a request before its route is found: only admins would be let in, and no body is read.
static NO_ROUTE: Route = Route::read("", "", &[]);

/// A request with its route and its body.
pub struct Request {
    /// The component that answers.
    component: &'static str,
    route: &'static Route,
    method: http::Method,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    raw_query: String,
    headers: HeaderMap,
    bearer: Option<Bearer>,
    /// How entries name a person who was let in by a session.
    person: OnceCell<String>,
    body: Body,
}

/// What is known of a request's body.
enum Body {
    /// Nobody has read it: the caller was not let in.
    Unread,
    Read(Bytes),
    TooLarge,
}

impl Request {
    /// The request without its body.
    pub(crate) fn head(parts: http::request::Parts, component: &'static str) -> Self {
        let segments = parts.uri.path().split('/').skip(1).map(decoded).collect();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        let query = raw_query.split('&').filter(|pair| !pair.is_empty());
        let query = query
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)));
        let query = query.collect();
        // A header that is sent counts, also where it is of the wrong shape.
        let bearer = if parts.headers.contains_key(http::header::AUTHORIZATION) {
            Bearer::from_header(&parts.headers)
        } else {
            Bearer::from_cookie(&parts.headers)
        };
        Self {
            component,
            route: &NO_ROUTE,
            method: parts.method,
            segments,
            query,
            raw_query,
            headers: parts.headers,
            bearer,
            person: OnceCell::new(),
            body: Body::Unread,
        }
    }

    /// Finds the request's route in the list, and gives its place there.
    ///
    /// # Errors
    /// [`Problem::RouteNotFound`], [`Problem::MethodNotAllowed`], [`Problem::InvalidRequest`] for
    /// control characters in the path or the query.
    pub(crate) fn find_route(&mut self, routes: &'static [Route]) -> Result<usize, Problem> {
        let place = find(routes, self.method.as_str(), &self.segments)?;
        self.route = routes.get(place).ok_or(Problem::RouteNotFound)?;
        self.refuse_other_sites()?;
        self.refuse_controls()?;
        Ok(place)
    }

    /// Browsers send a cookie along with requests that other pages make. Those cannot add a header
    /// of ours without asking the server first, which never allows it. A sign-in has no cookie yet:
    /// there the browser's own word counts, which page it is.
    fn refuse_other_sites(&self) -> Result<(), Problem> {
        if [http::Method::GET, http::Method::HEAD].contains(&self.method) {
            return Ok(());
        }
        let is_by_cookie = self.bearer.as_ref().is_some_and(Bearer::is_session);
        let is_ours = matches!(self.header("x-accrue"), Some(Ok("1")));
        let is_of_others = matches!(self.route.access, Access::Public)
            && matches!(self.header("sec-fetch-site"), Some(Ok("cross-site" | "same-site")));
        if (is_by_cookie && !is_ours) || is_of_others {
            return Err(Problem::CrossSite);
        }
        Ok(())
    }

    /// As in bodies, no text has control characters.
    fn refuse_controls(&self) -> Result<(), Problem> {
        let has = |text: &str| text.chars().any(char::is_control);
        let path = self.segments.iter().any(|text| has(text)).then(String::new);
        let of = |(name, value): &(String, String)| {
            if has(name) { Some("?".to_owned()) } else { has(value).then(|| format!("?{name}")) }
        };
        let query = if self.route.ignores_query { &[][..] } else { &self.query };
        match path.or_else(|| query.iter().find_map(of)) {
            Some(pointer) => Err(Problem::InvalidRequest(vec![FieldError::new(pointer, CONTROLS)])),
            None => Ok(()),
        }
    }

    /// Reads the body up to the route's limit; what is beyond it is not read.
    pub(crate) async fn read(&mut self, body: IncomingRequestBody) -> Result<(), Problem> {
        self.body = Body::TooLarge;
        let declared = self
            .headers
            .get("content-length")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.parse().ok());
        if declared.unwrap_or(0) > self.route.max_bytes {
            return Ok(());
        }
        let mut read = Vec::new();
        let mut chunks = body.stream();
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|_| Problem::MalformedJson("it did not arrive whole".to_owned()))?;
            if read.len() + chunk.len() > self.route.max_bytes {
                return Ok(());
            }
            read.extend_from_slice(&chunk);
        }
        self.body = Body::Read(Bytes::from(read));
        Ok(())
    }

    /// What the request calls.
    #[must_use]
    pub fn route(&self) -> &'static Route {
        self.route
    }

    /// The component that answers it, whose permissions count.
    pub(crate) fn component(&self) -> &'static str {
        self.component
    }

    /// The text that the path has in place of `{name}`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        let place = self.route.place_of(name);
        place.and_then(|place| self.segments.get(place)).map_or("", String::as_str)
    }

    /// The key that it bears, when it has the shape of one.
    pub(crate) fn bearer(&self) -> Option<&Bearer> {
        self.bearer.as_ref()
    }

    /// Notes that a person was let in by a session.
    pub(crate) fn is_from(&self, person: Option<&str>) {
        if let Some(person) = person {
            self.person.get_or_init(|| format!("person:{person}"));
        }
    }

    /// How entries name the caller: the key, or the person of a session.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`].
    pub(crate) fn actor(&self) -> Result<String, Problem> {
        let bearer = Bearer::of(self)?;
        let key = || format!("key:{}", bearer.prefix());
        Ok(self.person.get().cloned().unwrap_or_else(key))
    }

    /// The network address that the request came from, as the host saw it. Hosts set this header
    /// and drop what a client sent under its name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        let text = self.header("spin-client-addr")?.ok()?;
        text.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| text.parse()).ok()
    }

    /// The body, when it is no larger than the route allows; empty where the route takes none.
    ///
    /// # Errors
    /// [`Problem::BodyTooLarge`], and [`Problem::Unauthorized`] where it was not read for want of a
    /// key.
    pub fn body(&self) -> Result<&[u8], Problem> {
        match &self.body {
            Body::Read(body) => Ok(body),
            Body::TooLarge => Err(Problem::BodyTooLarge(self.route.max_bytes)),
            Body::Unread if self.route.max_bytes == 0 => Ok(&[]),
            Body::Unread => Err(Problem::Unauthorized),
        }
    }

    /// A header's text, when it was sent once and is visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<Result<&str, ()>> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        if values.next().is_some() {
            return Some(Err(()));
        }
        Some(first.to_str().map_err(|_| ()))
    }

    /// The text of a header that was sent once.
    #[must_use]
    pub fn only_header(&self, name: &str) -> Option<&str> {
        self.header(name)?.ok()
    }

    /// The query as it was sent: signatures are over its bytes.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        &self.raw_query
    }

    /// Checks that the query has no parameters but those of the route, each once.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] that names each other one.
    pub fn check_query(&self) -> Result<(), Problem> {
        self.check_query_for(|name| self.route.query.iter().any(|(known, _)| *known == name))
    }

    /// As [`Request::check_query`], for a route that takes only these in some cases.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] that names each other one.
    pub fn allow_query(&self, names: &[&str]) -> Result<(), Problem> {
        self.check_query_for(|name| names.contains(&name))
    }

    fn check_query_for(&self, is_known: impl Fn(&str) -> bool) -> Result<(), Problem> {
        let mut errors = Vec::new();
        for (index, (name, _)) in self.query.iter().enumerate() {
            let repeated = self.query.iter().take(index).any(|(before, _)| before == name);
            if !is_known(name) {
                errors
                    .push(FieldError::new(format!("?{name}"), "is not a parameter of this route"));
            } else if repeated {
                errors.push(FieldError::new(format!("?{name}"), "is given twice"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::InvalidRequest(errors)) }
    }

    /// A query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is given once. Routes that others send browsers to take further ones.
    #[must_use]
    pub fn only_query(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(found, _)| found == name);
        let (first, None) = (found.next()?, found.next()) else { return None };
        Some(&first.1)
    }

    /// A cookie that is sent once.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// A query parameter that is `true` or `false`; false when absent.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for anything else.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.query(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::InvalidRequest(vec![FieldError::new(
                format!("?{name}"),
                "must be true or false",
            )])),
        }
    }

    /// The encoding that `Content-Type` names.
    #[must_use]
    pub fn charset(&self) -> Option<&str> {
        let text = self.header("content-type")?.ok()?;
        let parameters = text.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
        let mut charsets =
            parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        charsets.next().map(|(_, value)| value.trim().trim_matches('"'))
    }

    /// The number of a version that the query names, from 0.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] when it is no such number.
    pub fn version(&self, name: &str) -> Result<Option<i64>, Problem> {
        let number = |text: &str| text.parse().ok().filter(|version| *version >= 0);
        let wrong = || FieldError::new(format!("?{name}"), "must be the number of a version");
        let told = self.query(name).map(|text| number(text).ok_or_else(wrong));
        Ok(told.transpose()?)
    }

    /// The tags of `If-Match`, without their quotes; an empty list for `*`.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] when it is no list of strong tags.
    pub fn if_match(&self) -> Result<Option<Vec<String>>, Problem> {
        let Some(text) = self.header("if-match") else { return Ok(None) };
        let wrong = || {
            Problem::InvalidRequest(vec![FieldError::new(
                "If-Match",
                "must be tags as `ETag` told them",
            )])
        };
        let text = text.map_err(|()| wrong())?.trim();
        if text == "*" {
            return Ok(Some(Vec::new()));
        }
        let tag = |part: &str| Some(part.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned());
        text.split(',').map(tag).collect::<Option<_>>().map(Some).ok_or_else(wrong)
    }

    /// The `Idempotency-Key`: an RFC 8941 string, or the same without quotes.
    ///
    /// # Errors
    /// [`Problem::IdempotencyKeyMissing`], [`Problem::IdempotencyKeyInvalid`].
    pub fn idempotency_key(&self) -> Result<String, Problem> {
        let text = self.header("idempotency-key").ok_or(Problem::IdempotencyKeyMissing)?;
        text.ok().and_then(|text| unquoted(text.trim())).ok_or(Problem::IdempotencyKeyInvalid)
    }
}

/// A cookie that is sent once.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(http::header::COOKIE).iter();
    let pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let mut values = pairs
        .filter_map(|pair| pair.split_once('='))
        .filter(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim());
    let (value, None) = (values.next()?, values.next()) else { return None };
    Some(value)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Takes the quotes and escapes of an RFC 8941 string away, and checks length and characters.
pub(crate) fn unquoted(text: &str) -> Option<String> {
    let key = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(rest) => {
            let inner = rest.strip_suffix('"')?;
            let mut key = String::new();
            let mut characters = inner.chars();
            while let Some(c) = characters.next() {
                match c {
                    '\\' => {
                        key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?)
                    }
                    '"' => return None,
                    other => key.push(other),
                }
            }
            key
        }
    };
    let is_visible = key.chars().all(|c| ('!'..='~').contains(&c));
    ((1..=255).contains(&key.len()) && is_visible).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_with_and_without_quotes() {
        for (text, key) in [
            ("k-1", Some("k-1")),
            ("\"k-1\"", Some("k-1")),
            ("\"a\\\"b\\\\c\"", Some("a\"b\\c")),
            ("", None),
            ("\"\"", None),
            ("\"open", None),
            ("\"a\"b\"", None),
            ("\"a\\n\"", None),
            ("a b", None),
            ("ключ", None),
        ] {
            assert_eq!(unquoted(text).as_deref(), key, "{text}");
        }
        assert!(unquoted(&"k".repeat(255)).is_some());
        assert!(unquoted(&"k".repeat(256)).is_none());
    }
}
