//! Answers that the host itself gives, as problem details (RFC 9457). The cause of a 5xx stays in
//! the log, under the same instance id.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

/// A problem answer; 429 and 503 ask the client to retry.
pub fn problem(status: StatusCode, detail: &str, instance: &str) -> Response<Full<Bytes>> {
    problem_of(status, "about:blank", detail, "", instance)
}

/// A problem with a type and more members, written `,"name":value`.
pub fn problem_of(
    status: StatusCode,
    kind: &str,
    detail: &str,
    members: &str,
    instance: &str,
) -> Response<Full<Bytes>> {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = format!(
        r#"{{"type":"{kind}","title":"{title}","status":{},"detail":"{detail}","instance":"{instance}"{members}}}"#,
        status.as_u16()
    );
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Names one occurrence; unique across restarts.
pub fn instance_id() -> String {
    static STARTED: LazyLock<u64> = LazyLock::new(|| {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or_default()
    });
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("urn:accrue:host:{:x}-{:x}", *STARTED, COUNT.fetch_add(1, Ordering::Relaxed))
}
