//! The log of touches, what strategies brought, and the job that counts it.

mod log;
mod results;

use jobs::{JobContext, WorkLimit};
use shell::{App, Problem, Reply, Request, authenticate, fresh, now, reach};

/// No piece begins after these milliseconds, so that no call runs into a time-out.
const MAX_MS: i64 = 12_000;
const PIECES: u32 = 1_000;

shell::component! { shell::api::touches::ROUTES {
    "GET /v1/touches" => log::list(),
    "GET /v1/touches/{id}" => log::show(id),
    "GET /v1/strategies/results" => results::all(),
    "GET /v1/strategies/{id}/results" => results::one(id),
    "POST /v1/jobs/results" => run(),
} }

/// A retry goes on where the last call ended. So a call needs no idempotency key.
async fn run(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    request.body()?;
    let opened = reach().await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: opened.as_ref(), now: &now, fresh: &fresh };
    let limit = WorkLimit::chunks(PIECES).until(now().plus_ms(MAX_MS));
    let report = jobs::results(&ledger, &reach, Some(caller.programme.no), limit).await?;
    if let Some(failure) = &report.last_failure {
        eprintln!("results: {failure}");
    }
    Ok(Reply::json(200, &report.to_json()))
}
