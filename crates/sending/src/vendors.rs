//! The HTTP client by which a message goes out while its caller waits. It follows no redirects and
//! keeps no cookies.

use std::time::Duration;

use bytes::Bytes;
use channels::{Answer, Heard, HttpRequest};
use futures::StreamExt as _;
use futures::future::{Either, join_all, select};
use http::header::CONTENT_LENGTH;
use jobs::Vendors;
use spin_sdk::http::body::IncomingBodyExt as _;
use spin_sdk::http::{FullBody, send};

pub(crate) struct SpinVendors;

impl Vendors for SpinVendors {
    async fn send_all(&self, requests: Vec<HttpRequest>, timeout_ms: u32) -> Vec<Heard> {
        join_all(requests.iter().map(|request| in_time(request, timeout_ms))).await
    }

    async fn rest(&self, ms: u32) {
        spin_sdk::time::sleep(Duration::from_millis(ms.into())).await;
    }
}

async fn in_time(request: &HttpRequest, timeout_ms: u32) -> Heard {
    let late = spin_sdk::time::sleep(Duration::from_millis(timeout_ms.into()));
    match select(Box::pin(exchange(request)), Box::pin(late)).await {
        Either::Left((heard, _)) => heard,
        Either::Right(_) => Heard::Nothing,
    }
}

async fn exchange(request: &HttpRequest) -> Heard {
    let method = if request.method == "GET" { "GET" } else { "POST" };
    let mut building = http::Request::builder().method(method).uri(&request.url);
    for (name, value) in &request.headers {
        building = building.header(*name, value);
    }
    if method == "POST" {
        // Without it the body goes in pieces, which not every vendor takes.
        building = building.header(CONTENT_LENGTH, request.body.len());
    }
    // Nothing has gone out yet.
    let Ok(ready) = building.body(FullBody::new(Bytes::from(request.body.clone()))) else {
        return Heard::NotConnected;
    };
    let answer = match send(ready).await {
        Ok(answer) => answer,
        Err(code) if never_connected(&format!("{code:?}")) => return Heard::NotConnected,
        Err(_) => return Heard::Nothing,
    };
    let (head, body) = answer.into_parts();
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = head.headers.iter().filter_map(field).collect();
    let (mut read, mut chunks) = (Vec::new(), body.stream());
    // Nothing where it does not come whole, or is too long: the status tells what it tells.
    let body = async {
        while let Some(chunk) = chunks.next().await {
            read.extend_from_slice(&chunk.ok()?);
            if read.len() > Answer::MAX_BODY {
                return None;
            }
        }
        Some(read)
    };
    Heard::Answer(Answer::of(head.status.as_u16(), headers, body.await))
}

/// Whether the vendor cannot have the request: there was nobody to send it to. The codes of WASI,
/// as their names are all that the SDK shows of them.
fn never_connected(code: &str) -> bool {
    const NAMES: [&str; 11] = [
        "DnsTimeout",
        "DnsError",
        "DestinationNotFound",
        "DestinationUnavailable",
        "DestinationIpProhibited",
        "DestinationIpUnroutable",
        "ConnectionRefused",
        "ConnectionTimeout",
        "TlsCertificateError",
        "HttpRequestDenied",
        "HttpRequestUriInvalid",
    ];
    NAMES.iter().any(|name| code.contains(name))
}
