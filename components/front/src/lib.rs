//! The fallback component: health, the API's description, and the answer to every route without a
//! component.

mod openapi;

use std::cell::Cell;

use ledger::Timestamp;
use serde_json::json;
use shell::{App, Problem, Reply, Request};
use store::{is_ready, try_to_write};

shell::component! { public shell::api::front::ROUTES {
    "GET /healthz" => health(),
    "GET /readyz" => ready(),
    "GET /rulebook.schema.json" => rulebook_schema(),
    "GET /openapi.json" => document(),
} }

/// How long the result of a test write is reused. Anyone may call this route, and a write costs all
/// writers a little.
const MAX_AGE_MS: u64 = 5000;

#[derive(Clone, Copy)]
enum Writes {
    Taken,
    Full,
    Refused,
}

thread_local! {
    /// The time and result of this instance's last test write.
    static LAST_WRITE: Cell<Option<(Timestamp, Writes)>> = const { Cell::new(None) };
}

async fn health(_: &Request) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &json!({"status": "ok"})))
}

async fn document(_: &Request) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &openapi::document()))
}

async fn rulebook_schema(_: &Request) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &openapi::rulebook_schema()))
}

async fn ready(_: &Request) -> Result<Reply, Problem> {
    let app = App::of_this_instance().await.map_err(|_| Problem::Busy)?;
    if !is_ready(&app.sql).await {
        return Err(Problem::Busy);
    }
    match writes(&app).await {
        Writes::Taken => Ok(Reply::json(200, &json!({"status": "ready"}))),
        Writes::Full => Err(Problem::StorageFull),
        Writes::Refused => Err(Problem::Busy),
    }
}

async fn writes(app: &App) -> Writes {
    let now = shell::now();
    let last = LAST_WRITE.get();
    // A test may set the clock back, too.
    if let Some((_, outcome)) = last.filter(|(at, _)| at.0.abs_diff(now.0) < MAX_AGE_MS) {
        return outcome;
    }
    // Concurrent calls get the last result meanwhile.
    LAST_WRITE.set(last.map(|(_, outcome)| (now, outcome)));
    let outcome = match try_to_write(&app.sql, now).await {
        Ok(()) => Writes::Taken,
        Err(store::Error::Full) => Writes::Full,
        Err(_) => Writes::Refused,
    };
    LAST_WRITE.set(Some((now, outcome)));
    outcome
}
