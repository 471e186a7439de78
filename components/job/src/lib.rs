//! Jobs for schedulers that can only call HTTP. Each call does a bounded piece of work for the
//! caller's programme.
//!
//! `night` with `?dry_run=true` rehearses the coming night, or that of `?at=`; `?cursor=`
//! continues.

mod outbound;

use jobs::{
    AddressPolicy, Job, JobContext, Messaging, WorkLimit, keep_seals, rehearse, reseal, run, touch,
};
use ledger::Timestamp;
use outbound::SpinOutbound;
use shell::{
    App, FieldError, Problem, Reply, Request, Role, authenticate, check_role, fresh, is_true, now,
    random, reach, seals,
};
use store::Caller;

/// A chunk has at most 500 members or 16 events. No chunk begins after these seconds, so that no
/// call runs into a time-out.
const CHUNKS_OF_MEMBERS: u32 = 8;
const WAVES_OF_EVENTS: u32 = 256;
const PIECES_OF_SEALS: u32 = 10_000;
const PIECES_OF_MEMBERS: u32 = 1_000;
const MAX_MS: i64 = 12_000;

shell::component! { shell::api::job::ROUTES {
    "POST /v1/jobs/reseal" => sealed_anew(),
    "POST /v1/jobs/touch" => touched(),
    "POST /v1/jobs/{name}" => call(name),
} }

/// A retry runs the job once more, which does no harm: recorded work is no longer due. So a call
/// needs no idempotency key.
async fn call(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let is_rehearsal =
        name == Job::Night.name() && request.query("dry_run").is_some_and(|dry| dry != "false");
    let caller = authenticate(app, request).await?;
    // The other roles of the route may see what the night would write.
    if !is_rehearsal {
        check_role(&caller, &[Role::Job])?;
    }
    if is_rehearsal && request.flag("dry_run")? {
        return rehearsed(app, request, caller).await;
    }
    let job = Job::parse(name).ok_or(Problem::ResourceNotFound)?;
    request.allow_query(if job == Job::Night { &["dry_run"] } else { &[] })?;
    request.body()?;
    let chunks = if job == Job::Notify { WAVES_OF_EVENTS } else { CHUNKS_OF_MEMBERS };
    let limit = WorkLimit::chunks(chunks).until(now().plus_ms(MAX_MS));
    let context = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let report =
        run(&context, &SpinOutbound, address_policy().await, job, caller.programme, limit).await?;
    if let Some(failure) = &report.last_failure {
        eprintln!("{}: {failure}", job.name());
    }
    Ok(Reply::json(200, &report.to_json()))
}

/// What happened to members is heard of all programmes by the schedule alone: this decides about
/// what was heard, and about the day.
async fn touched(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    request.body()?;
    let opened = reach().await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: opened.as_ref(), now: &now, fresh: &fresh };
    let messaging = async |no| Messaging::published(&app.sql, opened.as_ref(), no).await;
    let limit = WorkLimit::chunks(PIECES_OF_MEMBERS).until(now().plus_ms(MAX_MS));
    let report = touch(&ledger, &reach, Some(caller.programme.no), messaging, limit).await?;
    if let Some(failure) = &report.last_failure {
        eprintln!("touch: {failure}");
    }
    Ok(Reply::json(200, &report.to_json()))
}

/// Of all programmes: the keys are those of the installation.
async fn sealed_anew(app: &App, request: &Request) -> Result<Reply, Problem> {
    authenticate(app, request).await?;
    request.body()?;
    let seals = seals().await;
    if seals.is_empty() {
        let wrong =
            "has nothing to seal with: set the variable secrets_key to 32 characters or more";
        return Err(FieldError::new("", wrong).into());
    }
    let reach = reach().await?;
    let limit = WorkLimit::chunks(PIECES_OF_SEALS).until(now().plus_ms(MAX_MS));
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: reach.as_ref(), now: &now, fresh: &fresh };
    let nonce = || random().ok();
    let report = reseal((&ledger, &reach), &seals, &nonce, request.query("cursor"), limit).await?;
    let report = report.ok_or_else(|| FieldError::new("?cursor", "is not one of this job"))?;
    if report.unopened > 0 {
        eprintln!("reseal: no key of secrets_key opens {} texts", report.unopened);
    }
    Ok(Reply::json(200, &report.to_json()))
}

/// The entries that the night would write; this call writes none.
async fn rehearsed(app: &App, request: &Request, caller: Caller) -> Result<Reply, Problem> {
    request.body()?;
    let invalid = |pointer: &str, detail: &str| {
        Problem::InvalidRequest(vec![FieldError::new(pointer, detail)])
    };
    let cursor = request.query("cursor");
    let at = match request.query("at").map(Timestamp::parse) {
        Some(_) if cursor.is_some() => {
            return Err(invalid("?at", "is part of the cursor: leave it out"));
        }
        Some(Some(at)) if at >= now() => Some(at),
        Some(_) => {
            return Err(invalid(
                "?at",
                "must be RFC 3339 with an offset, such as 2026-12-31T00:00:00Z, and not past",
            ));
        }
        None => None,
    };
    let limit = WorkLimit::chunks(CHUNKS_OF_MEMBERS).until(now().plus_ms(MAX_MS));
    let context = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let part = rehearse(&context, caller.programme, at, cursor, limit).await?;
    let part = part.ok_or_else(|| match cursor {
        Some(_) => invalid(
            "?cursor",
            "is not one of a rehearsal under the rulebook that is published: begin again",
        ),
        None => invalid("?at", "must lie within a year from now"),
    })?;
    Ok(Reply::json(200, &part.to_json()).with("dry-run", "true"))
}

async fn address_policy() -> AddressPolicy {
    keep_seals(seals().await);
    AddressPolicy::of_variables(is_true).await
}
