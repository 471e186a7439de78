//! The public service. It counts the request against its sender's quotas, finds the component of
//! the path, reads the body within its bounds, and turns failures into problems.

use crate::{
    budget::{Budget, Full as NoRoom, Share},
    caller::{ADDRESS_HEADER, Caller, Id, Proxies},
    cli::Limits,
    instance::{Component, Failure},
    limits::Limiter,
    metrics::Metrics,
    problem::{instance_id, problem},
    router::Router,
    server::Peer,
    tenants::Tenants,
};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, Uri, header, uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub struct Public {
    pub router: Router<Arc<Component>>,
    pub limits: Limits,
    pub proxies: Proxies,
    pub tenants: Tenants,
    pub limiter: Arc<Limiter>,
    pub budget: Arc<Budget>,
    pub metrics: Arc<Metrics>,
}

type Answer = Response<Full<Bytes>>;

/// Delay of a refusal for an address that has received many.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

impl Public {
    pub async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Answer {
        let started = Instant::now();
        let caller = self.proxies.caller(peer.address, request.headers());
        let tenant = self.tenants.of(&caller);
        if let Err(too_many) = self.limiter.admit(&caller, tenant) {
            self.metrics.limited(too_many.scope);
            let answer = too_many.answer();
            self.delay_refusal(&caller, tenant.is_some(), answer.status()).await;
            return answer;
        }
        let Some((route, component)) = self.router.find(request.uri().path()) else {
            return refuse(StatusCode::NOT_FOUND, "nothing is served under this path");
        };
        let mut share = self.budget.share(caller.address_id, tenant.is_some());
        let answer = match self.read_request(request, &caller, peer, &mut share).await {
            Ok(request) => {
                let from = tenant.or(caller.key).unwrap_or(caller.address_id);
                self.forward((route, component), request, &caller, (from, tenant.is_some())).await
            }
            Err(refusal) => refusal,
        };
        drop(share);
        component.metrics.answered(answer.status(), started.elapsed());
        self.delay_refusal(&caller, tenant.is_some(), answer.status()).await;
        answer
    }

    /// Delays repeated refusals of a caller without a verified key, so that it cannot retry at full
    /// speed. No memory is held during the delay.
    async fn delay_refusal(&self, caller: &Caller, is_known: bool, status: StatusCode) {
        let is_refused = matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
        );
        if !is_known && is_refused && self.limiter.must_delay_refusal(caller) {
            tokio::time::sleep(REFUSAL_DELAY).await;
        }
    }

    /// Reads the whole request before a guest sees any of it, so that a slow client costs a guest
    /// nothing.
    async fn read_request(
        &self,
        request: Request<Incoming>,
        caller: &Caller,
        peer: Peer,
        share: &mut Share,
    ) -> Result<Request<Bytes>, Answer> {
        let (mut parts, body) = request.into_parts();
        let scheme = if peer.is_secure { uri::Scheme::HTTPS } else { uri::Scheme::HTTP };
        parts.uri = absolute(&parts.headers, parts.uri, scheme).ok_or_else(|| {
            refuse(StatusCode::BAD_REQUEST, "the request has no usable host or path")
        })?;
        parts.headers.remove(ADDRESS_HEADER);
        if let Ok(address) = HeaderValue::from_str(&caller.address.to_string()) {
            parts.headers.insert(ADDRESS_HEADER, address);
        }
        if body.is_end_stream() {
            return Ok(Request::from_parts(parts, Bytes::new()));
        }
        if body.size_hint().lower() > u64::try_from(self.limits.max_body).unwrap_or(u64::MAX) {
            return Err(self.too_large());
        }
        match tokio::time::timeout(self.limits.body_timeout, self.read_body(body, share)).await {
            Ok(body) => Ok(Request::from_parts(parts, body?)),
            Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
        }
    }

    /// Each piece takes its share of the memory before the host waits for the next one.
    async fn read_body(&self, mut body: Incoming, share: &mut Share) -> Result<Bytes, Answer> {
        let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|_| refuse(StatusCode::BAD_REQUEST, "the body could not be read"))?;
            let Ok(piece) = frame.into_data() else { continue };
            if first.len() + whole.len() + piece.len() > self.limits.max_body {
                return Err(self.too_large());
            }
            share.grow(piece.len()).map_err(|no_room| match no_room {
                NoRoom::Address => refuse(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too many bytes from this address are under way",
                ),
                NoRoom::Total => {
                    refuse(StatusCode::SERVICE_UNAVAILABLE, "too many bytes are under way")
                }
            })?;
            if first.is_empty() && whole.is_empty() {
                // Most bodies come in one piece.
                first = piece;
                continue;
            }
            if whole.is_empty() {
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(if whole.is_empty() { first } else { whole.freeze() })
    }

    fn too_large(&self) -> Answer {
        refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the body exceeds {} bytes", self.limits.max_body),
        )
    }

    async fn forward(
        &self,
        (route, component): (&str, &Component),
        request: Request<Bytes>,
        caller: &Caller,
        from: (Id, bool),
    ) -> Answer {
        let method = request.method().clone();
        let failure = match component.call(request, from).await {
            Ok(mut response) => {
                let is_refused = response.status() == StatusCode::UNAUTHORIZED;
                self.tenants.learn(caller, is_refused, response.headers_mut());
                if is_refused {
                    self.limiter.refused(caller);
                }
                return response.map(Full::new);
            }
            Err(failure) => failure,
        };
        let (status, detail) = match failure {
            Failure::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting"),
            Failure::TimedOut => (
                StatusCode::GATEWAY_TIMEOUT,
                "the request ran out of time; it may still take effect",
            ),
            Failure::Trapped | Failure::NoResponse => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the component failed; the request may or may not have taken effect",
            ),
        };
        let instance = instance_id();
        // Not the path: those of callbacks and links hold what lets their senders in.
        tracing::warn!(component = component.name, %method, route, status = status.as_u16(), instance, "{failure:?}");
        problem(status, detail, &instance)
    }
}

fn refuse(status: StatusCode, detail: &str) -> Answer {
    problem(status, detail, &instance_id())
}

/// Guests get an absolute URI; the authority comes from the Host header.
fn absolute(headers: &http::HeaderMap, uri: Uri, scheme: uri::Scheme) -> Option<Uri> {
    let mut parts = uri.into_parts();
    if parts.authority.is_none() {
        let host = headers.get(header::HOST).map_or(&b"localhost"[..], http::HeaderValue::as_bytes);
        parts.authority = Some(uri::Authority::try_from(host).ok()?);
    }
    parts.scheme = Some(scheme);
    parts.path_and_query.as_ref().filter(|path| path.as_str().starts_with('/'))?;
    Uri::from_parts(parts).ok()
}
