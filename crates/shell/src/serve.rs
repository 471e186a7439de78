//! From the host's request to the host's response: every component's handler is one call of [`serve`].

use bytes::Bytes;
use spin_sdk::http::{FullBody, Response as SpinResponse};

use crate::answer::Reply;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Request;

/// What a component's handler gives back to the host.
pub type Response = SpinResponse<FullBody<Bytes>>;

/// Reads the request, routes it and answers. Problems become problem+json; nothing becomes a transport error.
pub async fn serve(
    request: spin_sdk::http::Request,
    route: impl AsyncFnOnce(&App, &Request) -> Result<Reply, Problem>,
) -> Response {
    let with_app = async |request: &Request| {
        let app = App::of_this_instance().await?;
        route(&app, request).await
    };
    serve_plain(request, with_app).await
}

/// As [`serve`], for routes that must answer even when the database does not.
pub async fn serve_plain(
    request: spin_sdk::http::Request,
    route: impl AsyncFnOnce(&Request) -> Result<Reply, Problem>,
) -> Response {
    let answered = async { route(&Request::read(request).await?).await };
    respond(answered.await.unwrap_or_else(|problem| problem.reply()))
}

/// `content-length` is always set: without it the last chunk travels alone and waits 40 ms for an acknowledgement on keep-alive connections.
fn respond(reply: Reply) -> Response {
    let length = reply.body.len();
    let mut response = SpinResponse::new(FullBody::new(Bytes::from(reply.body)));
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(length));
    if length > 0 {
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(reply.content_type));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = http::HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
