//! Jobs for schedulers that can only call HTTP. Each call does a bounded piece of work for the caller's programme.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/jobs/{name}` | runs `activate`, `expire-sweep`, `tier-upgrade`, `remind`, `notify`, `night` or `publish`; `"done": false` says: call again |

mod outbound;

use jobs::{AddressPolicy, Budget, Floor, Job, run};
use outbound::SpinOutbound;
use shell::{App, Problem, Reply, Request, Response, Role, authenticate, new_id, now, serve};
use spin_sdk::http_service;

const CALLERS: [Role; 1] = [Role::Job];
const MOST_BYTES: usize = 1024;
/// Members in a chunk are 500 at most, events in one 16. Nothing is begun after these seconds, so that no call runs into a time-out.
const CHUNKS_OF_MEMBERS: u32 = 8;
const WAVES_OF_EVENTS: u32 = 256;
const LONGEST_MS: i64 = 12_000;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "jobs", name]) => call(app, request, name).await,
        (_, ["v1", "jobs", _]) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::RouteNotFound),
    }
}

/// A retry runs the job once more, which does no harm: what was written is not due any longer.
async fn call(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &CALLERS).await?;
    let job = Job::parse(name).ok_or(Problem::ResourceNotFound)?;
    request.allow_query(&[])?;
    request.body_within(MOST_BYTES)?;
    request.idempotency_key()?;
    let chunks = if job == Job::Notify { WAVES_OF_EVENTS } else { CHUNKS_OF_MEMBERS };
    let budget = Budget::chunks(chunks).until(now().plus_ms(LONGEST_MS));
    let floor = Floor { sql: &app.sql, now: &now, ids: &new_id };
    let report = run(&floor, &SpinOutbound, address_policy().await, job, caller.programme, budget).await?;
    if let Some(failure) = &report.last_failure {
        eprintln!("{}: {failure}", job.name());
    }
    Ok(Reply::json(200, &report.to_json()))
}

async fn address_policy() -> AddressPolicy {
    AddressPolicy {
        allow_http: is_true("webhook_allow_http").await,
        allow_private: is_true("webhook_allow_private").await,
    }
}

async fn is_true(variable: &str) -> bool {
    spin_sdk::variables::get(variable).await.is_ok_and(|value| value == "true")
}
