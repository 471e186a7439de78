//! Outbound HTTP of WASI 0.2: all requests of a wave are under way before the first answer is awaited.

use wasip2::clocks::monotonic_clock::{now, subscribe_instant};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::poll::poll;

use crate::{Outbound, Post, Reply, spell_error_code};

const MS_IN_NS: u64 = 1_000_000;
/// The most that one blocking write takes.
const CHUNK_BYTES: usize = 4096;

pub(super) struct WasiOutbound;

impl Outbound for WasiOutbound {
    async fn post_all(&self, posts: Vec<Post>, timeout_ms: u32) -> Vec<Result<Reply, String>> {
        let deadline = now().saturating_add(u64::from(timeout_ms) * MS_IN_NS);
        let started: Vec<_> = posts.iter().map(|post| start(post, timeout_ms)).collect();
        // The bodies follow once every connection is being made: writing waits for its connection.
        let sent: Vec<_> = started
            .into_iter()
            .zip(&posts)
            .map(|(started, post)| {
                started.map(|(answer, body)| {
                    write(body, post.body.as_bytes());
                    answer
                })
            })
            .collect();
        sent.into_iter().map(|sent| receive(&sent?, deadline)).collect()
    }
}

fn start(post: &Post, timeout_ms: u32) -> Result<(FutureIncomingResponse, OutgoingBody), String> {
    let refused = || "the request cannot be made".to_owned();
    let (scheme, rest) = post.url.split_once("://").ok_or_else(refused)?;
    let (authority, path) = rest.split_at_checked(rest.find('/').ok_or_else(refused)?).ok_or_else(refused)?;
    let mut fields: Vec<(String, Vec<u8>)> =
        post.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
    fields.push(("content-length".to_owned(), post.body.len().to_string().into_bytes()));
    let request = OutgoingRequest::new(Fields::from_list(&fields).map_err(|_| refused())?);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_method(&Method::Post).map_err(|()| refused())?;
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

/// A body that cannot be written shows in the answer.
fn write(body: OutgoingBody, bytes: &[u8]) {
    if let Ok(stream) = body.write() {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                return;
            }
        }
    }
    let _seen_in_the_answer = OutgoingBody::finish(body, None);
}

fn receive(answer: &FutureIncomingResponse, deadline: u64) -> Result<Reply, String> {
    loop {
        match answer.get() {
            Some(Ok(Ok(response))) => return Ok(reply(&response)),
            Some(Ok(Err(code))) => return Err(spell_error_code(&code)),
            Some(Err(())) => return Err("the answer was lost".to_owned()),
            None if now() >= deadline => return Err("timed out".to_owned()),
            None => {
                poll(&[&answer.subscribe(), &subscribe_instant(deadline)]);
            }
        }
    }
}

fn reply(response: &IncomingResponse) -> Reply {
    let retry_after = response.headers().get("retry-after").into_iter().next();
    Reply { status: response.status(), retry_after: retry_after.and_then(|value| String::from_utf8(value).ok()) }
}
