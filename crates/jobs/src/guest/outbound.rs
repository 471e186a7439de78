//! Outbound HTTP of WASI 0.2: the requests run side by side, and none waits for another one's
//! receiver.

use futures::future::join_all;
use wasip2::clocks::monotonic_clock::{now, subscribe_duration, subscribe_instant};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::{OutputStream, StreamError};

use super::reactor::wait;
use channels::{Answer, Heard, HttpRequest};

use crate::{Outbound, Post, Reply, Vendors, spell_error_code};

const MS_IN_NS: u64 = 1_000_000;

pub(super) struct WasiOutbound;

impl Outbound for WasiOutbound {
    async fn post_all(&self, posts: Vec<Post>, timeout_ms: u32) -> Vec<Result<Reply, String>> {
        let deadline = now().saturating_add(u64::from(timeout_ms) * MS_IN_NS);
        join_all(posts.iter().map(|post| send(post, timeout_ms, deadline))).await
    }

    async fn rest(&self, ms: u32) {
        wait(vec![subscribe_duration(u64::from(ms) * MS_IN_NS)]).await;
    }
}

impl Vendors for WasiOutbound {
    async fn send_all(&self, requests: Vec<HttpRequest>, timeout_ms: u32) -> Vec<Heard> {
        let deadline = now().saturating_add(u64::from(timeout_ms) * MS_IN_NS);
        join_all(requests.iter().map(|request| exchange(request, timeout_ms, deadline))).await
    }

    async fn rest(&self, ms: u32) {
        Outbound::rest(self, ms).await;
    }
}

/// How much of an answer is read at a time.
const CHUNK: u64 = 16 * 1024;

/// Sends a request to a vendor, and reads the whole answer.
async fn exchange(request: &HttpRequest, timeout_ms: u32, deadline: u64) -> Heard {
    let method = if request.method == "GET" { Method::Get } else { Method::Post };
    // Nothing has gone out yet.
    let Ok((answer, body)) =
        start((&method, &request.url), &request.headers, &request.body, timeout_ms)
    else {
        return Heard::NotConnected;
    };
    write(body, request.body.as_bytes(), deadline).await;
    let response = match wait_for(&answer, deadline).await {
        Ok(response) => response,
        Err(Some(code)) if never_connected(&code) => return Heard::NotConnected,
        Err(_) => return Heard::Nothing,
    };
    let status = response.status();
    let field = |(name, value): (String, Vec<u8>)| Some((name, String::from_utf8(value).ok()?));
    let headers = response.headers().entries().into_iter().filter_map(field).collect();
    Heard::Answer(Answer::of(status, headers, read(response, deadline).await))
}

/// Whether the vendor cannot have the request: there was nobody to send it to. All other faults may
/// come after it went out.
fn never_connected(code: &ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DnsTimeout
            | ErrorCode::DnsError(_)
            | ErrorCode::DestinationNotFound
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpProhibited
            | ErrorCode::DestinationIpUnroutable
            | ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionTimeout
            | ErrorCode::TlsCertificateError
            | ErrorCode::HttpRequestDenied
            | ErrorCode::HttpRequestUriInvalid
    )
}

/// The body of an answer; `None` where it does not come whole and in time, or is too long.
async fn read(response: IncomingResponse, deadline: u64) -> Option<Vec<u8>> {
    let body = response.consume().ok()?;
    let stream = body.stream().ok()?;
    let mut bytes = Vec::new();
    loop {
        match stream.read(CHUNK) {
            Ok(chunk) if chunk.is_empty() => {
                if now() >= deadline {
                    return None;
                }
                wait(vec![stream.subscribe(), subscribe_instant(deadline)]).await;
            }
            Ok(chunk) => {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > Answer::MAX_BODY {
                    return None;
                }
            }
            Err(StreamError::Closed) => return Some(bytes),
            Err(StreamError::LastOperationFailed(_)) => return None,
        }
    }
}

async fn send(post: &Post, timeout_ms: u32, deadline: u64) -> Result<Reply, String> {
    let (answer, body) = start((&Method::Post, &post.url), &post.headers, &post.body, timeout_ms)?;
    write(body, post.body.as_bytes(), deadline).await;
    receive(&answer, deadline).await
}

fn start(
    (method, url): (&Method, &str),
    headers: &[(&'static str, String)],
    body: &str,
    timeout_ms: u32,
) -> Result<(FutureIncomingResponse, OutgoingBody), String> {
    let refused = || "the request cannot be made".to_owned();
    let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
    let (authority, path) =
        rest.split_at_checked(rest.find('/').ok_or_else(refused)?).ok_or_else(refused)?;
    let mut fields: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()))
        .collect();
    fields.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    let request = OutgoingRequest::new(Fields::from_list(&fields).map_err(|_| refused())?);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_method(method).map_err(|()| refused())?;
    request.set_scheme(Some(&scheme)).map_err(|()| refused())?;
    request.set_authority(Some(authority)).map_err(|()| refused())?;
    request.set_path_with_query(Some(path)).map_err(|()| refused())?;
    let body = request.body().map_err(|()| refused())?;
    // Hosts may add the two limits up; the deadline holds in any case.
    let options = RequestOptions::new();
    let half = Some(u64::from(timeout_ms) * MS_IN_NS / 2);
    options.set_connect_timeout(half).map_err(|()| refused())?;
    options.set_first_byte_timeout(half).map_err(|()| refused())?;
    Ok((handle(request, Some(options)).map_err(|code| spell_error_code(&code))?, body))
}

/// Ignores a failed write, as the answer will show the failure.
async fn write(body: OutgoingBody, bytes: &[u8], deadline: u64) {
    if let Ok(stream) = body.write()
        && !write_all(&stream, bytes, deadline).await
    {
        return;
    }
    let _seen_in_the_answer = OutgoingBody::finish(body, None);
}

/// Writes as much as the stream accepts at a time. False when it accepts no more.
async fn write_all(stream: &OutputStream, mut bytes: &[u8], deadline: u64) -> bool {
    let mut is_flushed = false;
    loop {
        match stream.check_write() {
            Ok(0) if now() >= deadline => return false,
            Ok(0) => wait(vec![stream.subscribe(), subscribe_instant(deadline)]).await,
            Ok(_) if bytes.is_empty() && is_flushed => return true,
            Ok(_) if bytes.is_empty() => {
                is_flushed = true;
                if stream.flush().is_err() {
                    return false;
                }
            }
            Ok(room) => {
                let (now, rest) =
                    bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
                if stream.write(now).is_err() {
                    return false;
                }
                bytes = rest;
            }
            Err(_) => return false,
        }
    }
}

async fn receive(answer: &FutureIncomingResponse, deadline: u64) -> Result<Reply, String> {
    match wait_for(answer, deadline).await {
        Ok(response) => Ok(reply(&response)),
        Err(Some(code)) => Err(spell_error_code(&code)),
        Err(None) if now() >= deadline => Err("timed out".to_owned()),
        Err(None) => Err("the answer was lost".to_owned()),
    }
}

/// The head of an answer. An error without a code: it did not come in time, or was lost.
async fn wait_for(
    answer: &FutureIncomingResponse,
    deadline: u64,
) -> Result<IncomingResponse, Option<ErrorCode>> {
    loop {
        match answer.get() {
            Some(Ok(Ok(response))) => return Ok(response),
            Some(Ok(Err(code))) => return Err(Some(code)),
            Some(Err(())) => return Err(None),
            None if now() >= deadline => return Err(None),
            None => wait(vec![answer.subscribe(), subscribe_instant(deadline)]).await,
        }
    }
}

fn reply(response: &IncomingResponse) -> Reply {
    let retry_after = response.headers().get("retry-after").into_iter().next();
    Reply {
        status: response.status(),
        retry_after: retry_after.and_then(|value| String::from_utf8(value).ok()),
    }
}
