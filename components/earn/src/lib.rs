//! Earning points, for a purchase with its lines or for an action.

use serde::Deserialize;
use serde_json::value::RawValue;
use shell::{
    App, BulkBody, EarnBody, FieldError, Problem, Reply, Request, parse_json, parse_json_of_parts,
    submit, submit_many,
};

const MAX_EVENTS: usize = 500;

shell::component! { shell::api::earn::ROUTES {
    "POST /v1/earn" => one(),
    "POST /v1/earn/bulk" => many(),
} }

async fn one(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| parse_json::<EarnBody>(body)?.submission(key, actor))
        .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    /// Kept as text, so that a bad event is a problem of that event, and not of the whole call.
    events: Vec<Box<RawValue>>,
}

async fn many(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit_many(app, request, submissions).await
}

fn submissions(
    body: &[u8],
    actor: &str,
) -> Result<Vec<Result<store::Submission, Problem>>, Problem> {
    let Events { events } = parse_json_of_parts(body)?;
    if events.is_empty() || events.len() > MAX_EVENTS {
        return Err(Problem::InvalidRequest(vec![FieldError::new(
            "/events",
            "must be 1 to 500 events",
        )]));
    }
    let submission =
        |text: &RawValue| parse_json::<BulkBody>(text.get().as_bytes())?.submission(actor);
    Ok(events.iter().map(|text| submission(text)).collect())
}
