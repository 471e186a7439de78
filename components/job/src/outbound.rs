//! Outbound HTTP of WASI 0.3: the requests of a wave side by side, in one task.

use bytes::Bytes;
use futures::future::join_all;
use jobs::{Outbound, Post, Reply, spell_error_code};
use spin_sdk::http::{FullBody, send};
use spin_sdk::wasip3::http::types::RequestOptions;
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

const MS_IN_NS: u64 = 1_000_000;

pub(crate) struct SpinOutbound;

impl Outbound for SpinOutbound {
    async fn post_all(&self, posts: Vec<Post>, timeout_ms: u32) -> Vec<Result<Reply, String>> {
        join_all(posts.into_iter().map(|post| send_one(post, timeout_ms))).await
    }

    /// Never ends: a call is short, and the caller may send another beside it. A wait that is given
    /// up would be a host call to cancel.
    async fn rest(&self, _ms: u32) {
        std::future::pending().await
    }
}

async fn send_one(post: Post, timeout_ms: u32) -> Result<Reply, String> {
    let refused = || "the request cannot be made".to_owned();
    // Hosts may add the two limits up.
    let half = Some(u64::from(timeout_ms) * MS_IN_NS / 2);
    let options = RequestOptions::new();
    options.set_connect_timeout(half).map_err(|_| refused())?;
    options.set_first_byte_timeout(half).map_err(|_| refused())?;
    let mut request = http::Request::post(&post.url)
        .header("content-length", post.body.len())
        .extension(RequestOptionsExtension(options));
    for (name, value) in &post.headers {
        request = request.header(*name, value);
    }
    let body: FullBody<Bytes> = FullBody::new(Bytes::from(post.body));
    let request = request.body(body).map_err(|_| refused())?;
    let response = send(request).await.map_err(|code| spell_error_code(&code))?;
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Ok(Reply { status: response.status().as_u16(), retry_after: retry_after.map(str::to_owned) })
}
