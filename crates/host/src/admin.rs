//! The operator's service, on its own listener: metrics, health, firing a cron component, and the guests' clock when `--clock` is given.

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
use std::{collections::BTreeMap, sync::Arc};

pub struct Admin {
    pub metrics: Arc<Metrics>,
    pub jobs: BTreeMap<String, Arc<Job>>,
    /// Present only when the process was started with `--clock`.
    pub clock: Option<GuestClock>,
}

type Answer = Response<Full<Bytes>>;

impl Admin {
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path().to_owned();
        match (request.method(), path.as_str(), &self.clock) {
            (&Method::GET, "/healthz", _) => text(StatusCode::OK, "ok\n".into()),
            (&Method::GET, "/metrics", _) => match self.metrics.text() {
                Ok(metrics) => text(StatusCode::OK, metrics),
                Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            },
            (&Method::GET, "/clock", Some(clock)) => text(StatusCode::OK, format!("{}\n", clock.now().to_rfc3339())),
            (&Method::PUT, "/clock", Some(clock)) => set_clock(clock, request).await,
            (&Method::POST, path, _) if path.starts_with("/cron/") => {
                self.fire(path.trim_start_matches("/cron/")).await
            }
            _ => problem(StatusCode::NOT_FOUND, "nothing is served under this path", &instance_id()),
        }
    }

    async fn fire(&self, component: &str) -> Answer {
        let Some(job) = self.jobs.get(component).cloned() else {
            return problem(StatusCode::NOT_FOUND, "no cron component has this name", &instance_id());
        };
        // In a task of its own: a client that hangs up does not cut the run short.
        match tokio::spawn(async move { job.fire().await }).await {
            Ok(Ok(())) => text(StatusCode::OK, "done\n".into()),
            Ok(Err(error)) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }
}

async fn set_clock(clock: &GuestClock, request: Request<Incoming>) -> Answer {
    let body = Limited::new(request.into_body(), 128).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let instant =
        std::str::from_utf8(&body).ok().and_then(|body| chrono::DateTime::parse_from_rfc3339(body.trim()).ok());
    match instant {
        Some(instant) => {
            clock.set(instant.to_utc());
            text(StatusCode::OK, format!("{}\n", clock.now().to_rfc3339()))
        }
        None => problem(StatusCode::BAD_REQUEST, "the body must be one RFC 3339 instant", &instance_id()),
    }
}

fn text(status: StatusCode, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
