//! From the host's request to the host's response: every component's handler is one call of [`serve`].

use bytes::Bytes;
use spin_sdk::http::{FullBody, Response as SpinResponse};

use crate::admissions::{may_read_body, programme_of};
use crate::answer::Reply;
use crate::app::App;
use crate::ids::now;
use crate::problem::Problem;
use crate::request::Request;

/// What a component's handler gives back to the host.
pub type Response = SpinResponse<FullBody<Bytes>>;

/// What tells the host whose request it was: it limits and schedules by this, and takes it away from the answer.
const TENANT: &str = "tenant";

/// Reads the request, routes it and answers. Problems become problem+json; nothing becomes a transport error.
///
/// The key is looked at before the body: without a good one the body stays where it is, and routes answer as to a request without a key.
pub async fn serve(
    request: spin_sdk::http::Request,
    route: impl AsyncFnOnce(&App, &Request) -> Result<Reply, Problem>,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut request = Request::head(parts);
    let answered = async {
        let app = App::of_this_instance().await?;
        if request.may_have_body() && may_read_body(&app.sql, &request, now()).await? {
            request.read(body).await?;
        }
        route(&app, &request).await
    };
    let reply = answered.await.unwrap_or_else(|problem| problem.reply());
    let programme = request.bearer().and_then(|bearer| programme_of(bearer.hash(), now()));
    respond(match programme {
        Some(programme) if reply.status != 401 => reply.with(TENANT, &programme),
        _ => reply,
    })
}

/// As [`serve`], for routes that must answer even when the database does not. They take neither key nor body.
pub async fn serve_plain(
    request: spin_sdk::http::Request,
    route: impl AsyncFnOnce(&Request) -> Result<Reply, Problem>,
) -> Response {
    let (parts, _) = request.into_parts();
    respond(route(&Request::head(parts)).await.unwrap_or_else(|problem| problem.reply()))
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
