//! The public service: finds the component of a path, takes in the body within its bounds, and turns failures into problems.

use crate::{
    cli::Limits,
    instance::{Component, Failure},
    problem::{instance_id, problem},
    router::Router,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header, uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use std::{sync::Arc, time::Instant};

/// What the public listener serves.
pub struct Public {
    pub router: Router<Arc<Component>>,
    pub limits: Limits,
}

type Answer = Response<Full<Bytes>>;

impl Public {
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        let started = Instant::now();
        let Some(component) = self.router.find(request.uri().path()) else {
            return refuse(StatusCode::NOT_FOUND, "nothing is served under this path");
        };
        let answer = match self.take_in(request).await {
            Ok(request) => self.forward(component, request).await,
            Err(refusal) => refusal,
        };
        component.metrics.answered(answer.status(), started.elapsed());
        answer
    }

    /// The whole request, before a guest sees any of it: so a slow sender costs a guest nothing.
    async fn take_in(&self, request: Request<Incoming>) -> Result<Request<Full<Bytes>>, Answer> {
        let (mut parts, body) = request.into_parts();
        parts.uri = absolute(&parts.headers, parts.uri)
            .ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "the request has no usable host or path"))?;
        if body.is_end_stream() {
            return Ok(Request::from_parts(parts, Full::default()));
        }
        let too_large =
            || refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body exceeds {} bytes", self.limits.max_body));
        if body.size_hint().lower() > u64::try_from(self.limits.max_body).unwrap_or(u64::MAX) {
            return Err(too_large());
        }
        let body = Limited::new(body, self.limits.max_body).collect();
        match tokio::time::timeout(self.limits.body_timeout, body).await {
            Ok(Ok(body)) => Ok(Request::from_parts(parts, Full::new(body.to_bytes()))),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(refuse(StatusCode::BAD_REQUEST, "the body could not be read")),
            Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
        }
    }

    async fn forward(&self, component: &Component, request: Request<Full<Bytes>>) -> Answer {
        let method_and_path = (request.method().clone(), request.uri().path().to_owned());
        let failure = match component.call(request).await {
            Ok(response) => return response.map(Full::new),
            Err(failure) => failure,
        };
        let (status, detail) = match failure {
            Failure::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting"),
            Failure::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "the request ran out of time; it may still take effect"),
            Failure::Trapped | Failure::NoResponse => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the component failed; the request may or may not have taken effect",
            ),
        };
        let instance = instance_id();
        let (method, path) = method_and_path;
        tracing::warn!(component = component.name, %method, path, status = status.as_u16(), instance, "{failure:?}");
        problem(status, detail, &instance)
    }
}

fn refuse(status: StatusCode, detail: &str) -> Answer {
    problem(status, detail, &instance_id())
}

/// Guests are told an absolute URI; the authority comes from the Host header.
fn absolute(headers: &http::HeaderMap, uri: Uri) -> Option<Uri> {
    let mut parts = uri.into_parts();
    if parts.authority.is_none() {
        let host = headers.get(header::HOST).map_or(&b"localhost"[..], http::HeaderValue::as_bytes);
        parts.authority = Some(uri::Authority::try_from(host).ok()?);
    }
    parts.scheme = Some(uri::Scheme::HTTP);
    parts.path_and_query.as_ref().filter(|path| path.as_str().starts_with('/'))?;
    Uri::from_parts(parts).ok()
}
