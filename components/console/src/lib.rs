//! The console: the files of a web page, below `/console/`. It knows no API and opens no database;
//! the page itself calls the API.
//!
//! A path without a file is one of the page's own addresses, so it gets the page.

mod files;

use bytes::Bytes;
use files::File;
use spin_sdk::http::{FullBody, Request, Response};
use spin_sdk::http_service;

const INDEX: &str = "index.html";

/// Shown until `cargo xtask console` has built the files. It has no script.
const NOT_BUILT: &str = include_str!("not_built.html");

/// Sent with every answer. Ant Design writes its styles into the page, so styles may stand there;
/// scripts may not.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static [u8],
}

#[http_service]
async fn handle(request: Request) -> Result<Response<FullBody<Bytes>>, String> {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    let answer = answer(request.method().as_str(), request.uri().path(), header("if-none-match"));
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers.iter().chain(HEADERS) {
        response = response.header(*name, *value);
    }
    // A 304 tells the length of no body.
    if answer.status != 304 {
        response = response.header("content-length", answer.body.len());
    }
    // The host leaves the body of an answer to HEAD out, and checks its length before.
    response.body(FullBody::new(Bytes::from_static(answer.body))).map_err(|error| error.to_string())
}

fn answer(method: &str, path: &str, known: &str) -> Answer {
    if !matches!(method, "GET" | "HEAD") {
        return Answer { status: 405, headers: vec![("allow", "GET, HEAD")], body: b"" };
    }
    let Some(name) = path.strip_prefix("/console/") else {
        return Answer { status: 308, headers: vec![("location", "/console/")], body: b"" };
    };
    let Some(index) = File::find(INDEX) else {
        let headers =
            vec![("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store")];
        return Answer { status: 503, headers, body: NOT_BUILT.as_bytes() };
    };
    let file = match File::find(name) {
        Some(file) => file,
        // A part of an earlier build: the page must not be taken for a script.
        None if name.starts_with("assets/") => {
            let headers = vec![("cache-control", "no-store")];
            return Answer { status: 404, headers, body: b"" };
        }
        None => index,
    };
    let cache =
        if file.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut headers = vec![("cache-control", cache), ("etag", file.tag)];
    if is_known(known, file.tag) {
        return Answer { status: 304, headers, body: b"" };
    }
    headers.push(("content-type", file.content_type()));
    // Every browser takes it, so there is no other form.
    headers.push(("content-encoding", "gzip"));
    Answer { status: 200, headers, body: file.bytes }
}

/// Compares as RFC 9110 does for `If-None-Match`: a weak tag is as good.
fn is_known(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}
