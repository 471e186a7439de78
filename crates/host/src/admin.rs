//! The operator's service, on its own listener: metrics, health, firing a cron component, and the
//! guests' clock when `--clock` is given.
//!
//! The service needs no key, so it rejects requests that a web page can make a browser send. Those
//! are cross-origin requests, and requests with a foreign host name that points to this address
//! (DNS rebinding).

use crate::{
    clock::GuestClock,
    cron::Job,
    metrics::Metrics,
    problem::{instance_id, problem},
};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

pub struct Admin {
    pub metrics: Arc<Metrics>,
    pub jobs: BTreeMap<String, Arc<Job>>,
    /// Present only when the process was started with `--clock`.
    pub clock: Option<GuestClock>,
    /// Host names that requests may use, besides `localhost` and addresses.
    pub names: Vec<String>,
}

type Answer = Response<Full<Bytes>>;

impl Admin {
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        if !self.is_known(&request) {
            return problem(
                StatusCode::MISDIRECTED_REQUEST,
                "the operator's listener has no such name",
                &instance_id(),
            );
        }
        if is_cross_site(&request) {
            return problem(
                StatusCode::FORBIDDEN,
                "pages of other origins may not ask this",
                &instance_id(),
            );
        }
        let path = request.uri().path().to_owned();
        match (request.method(), path.as_str(), &self.clock) {
            (&Method::GET, "/healthz", _) => text(StatusCode::OK, "ok\n".into()),
            (&Method::GET, "/metrics", _) => match self.metrics.text() {
                Ok(metrics) => text(StatusCode::OK, metrics),
                Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            },
            (&Method::GET, "/clock", Some(clock)) => {
                text(StatusCode::OK, format!("{}\n", clock.now().to_rfc3339()))
            }
            (&Method::PUT, "/clock", Some(clock)) => set_clock(clock, request).await,
            (&Method::POST, path, _) if path.starts_with("/cron/") => {
                self.fire(path.trim_start_matches("/cron/")).await
            }
            _ => {
                problem(StatusCode::NOT_FOUND, "nothing is served under this path", &instance_id())
            }
        }
    }

    /// A foreign host name can be pointed to this address, but an address cannot. So addresses
    /// pass, and names must be listed.
    fn is_known(&self, request: &Request<Incoming>) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next())
        else {
            return false;
        };
        self.knows(host) && request.uri().host().is_none_or(|host| self.knows(host))
    }

    fn knows(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        let is_name = |known: &str| known.eq_ignore_ascii_case(name);
        name.parse::<IpAddr>().is_ok()
            || is_name("localhost")
            || self.names.iter().any(|known| is_name(known))
    }

    async fn fire(&self, component: &str) -> Answer {
        let Some(job) = self.jobs.get(component).cloned() else {
            return problem(
                StatusCode::NOT_FOUND,
                "no cron component has this name",
                &instance_id(),
            );
        };
        // The run has a task of its own, so that it goes on when the client hangs up.
        match tokio::spawn(async move { job.fire().await }).await {
            Ok(Ok(())) => text(StatusCode::OK, "done\n".into()),
            Ok(Err(error)) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }
}

/// Browsers send the origin of a request. `Origin: null` counts as another site, too.
fn is_cross_site<B>(request: &Request<B>) -> bool {
    let text =
        |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let is_same = |origin: &str| {
        let (_, rest) = origin.split_once("://").unwrap_or_default();
        text("host").is_some_and(|host| host.eq_ignore_ascii_case(rest))
    };
    let from_elsewhere = |site: &str| !matches!(site, "same-origin" | "none");
    request
        .headers()
        .get_all(header::ORIGIN)
        .iter()
        .any(|origin| !is_same(origin.to_str().unwrap_or_default()))
        || text("sec-fetch-site").is_some_and(from_elsewhere)
}

async fn set_clock(clock: &GuestClock, request: Request<Incoming>) -> Answer {
    let body = Limited::new(request.into_body(), 128)
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let instant = std::str::from_utf8(&body)
        .ok()
        .and_then(|body| chrono::DateTime::parse_from_rfc3339(body.trim()).ok());
    match instant {
        Some(instant) => {
            clock.set(instant.to_utc());
            text(StatusCode::OK, format!("{}\n", clock.now().to_rfc3339()))
        }
        None => problem(
            StatusCode::BAD_REQUEST,
            "the body must be one RFC 3339 instant",
            &instance_id(),
        ),
    }
}

fn text(status: StatusCode, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
