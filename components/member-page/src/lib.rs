//! The page of members: the files of `page`, below `/m` and, for a receipt that was scanned with a
//! camera, below `/q/`. It knows no API and opens no database; the page itself calls the API with
//! the member's pass.

use bytes::Bytes;
use spin_sdk::http::{FullBody, Request, Response};
use spin_sdk::http_service;

/// A file of the page, as gzip.
struct File {
    name: &'static str,
    /// The ETag with its quotes: a digest of the bytes.
    tag: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

const INDEX: &str = "index.html";

/// Sent with every answer. Neither scripts nor styles may stand in the page, and an address that
/// has a receipt is told to nobody.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
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
    response.body(FullBody::new(Bytes::from_static(answer.body))).map_err(|error| error.to_string())
}

fn answer(method: &str, path: &str, known: &str) -> Answer {
    if !matches!(method, "GET" | "HEAD") {
        return Answer { status: 405, headers: vec![("allow", "GET, HEAD")], body: b"" };
    }
    // Whatever stands behind `/q/` is for the page to read.
    let name = match path.strip_prefix("/m/") {
        Some(name) if !name.is_empty() => name,
        _ => INDEX,
    };
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return Answer { status: 404, headers: vec![("cache-control", "no-store")], body: b"" };
    };
    // Asked for each time, and sent when it has changed: all of it is a few kilobytes.
    let mut headers = vec![("cache-control", "no-cache"), ("etag", file.tag)];
    if is_known(known, file.tag) {
        return Answer { status: 304, headers, body: b"" };
    }
    headers.push(("content-type", content_type(file.name)));
    // Every browser takes it, so there is no other form.
    headers.push(("content-encoding", "gzip"));
    Answer { status: 200, headers, body: file.bytes }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Compares as RFC 9110 does for `If-None-Match`: a weak tag is as good.
fn is_known(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}
