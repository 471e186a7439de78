//! Gives every member of the bench a first purchase over HTTP, so that reads find members and
//! redemptions have points. Its rate is also the figure of the bulk import.

use super::load::per_second;
use super::mix::purchase;
use super::named;
use super::overview::Figure;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;

const EVENTS_A_CALL: usize = 500;
const CALLS_IN_FLIGHT: usize = 4;

pub async fn members(server: &Server, members: usize) -> Result<Figure> {
    eprintln!("seeding {members} members …");
    let started = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut lanes: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..CALLS_IN_FLIGHT {
        let (next, mut client) = (Arc::clone(&next), server.client());
        lanes.spawn(async move {
            loop {
                let first = next.fetch_add(EVENTS_A_CALL, Ordering::Relaxed);
                if first >= members {
                    return Ok(());
                }
                let events: Vec<String> =
                    (first..members.min(first + EVENTS_A_CALL)).map(event).collect();
                let body = format!("{{\"events\":[{}]}}", events.join(","));
                accepted(&client.expect("POST", "/v1/earn/bulk", None, body.as_bytes()).await?)?;
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.context("a seeding lane ended badly")??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let count = u64::try_from(members)?;
    let mut figure =
        named("earn, bulk", format!("{EVENTS_A_CALL} events a call, {CALLS_IN_FLIGHT} calls"));
    figure.per_second = per_second(count, seconds);
    (figure.slowest, figure.fastest, figure.successes) =
        (figure.per_second, figure.per_second, count);
    Ok(figure)
}

/// A purchase with enough points for any number of redemptions of one point.
fn event(member: usize) -> String {
    let order = format!("seed-{member}");
    format!("{{\"idempotency_key\":\"{order}\",{}}}", purchase(member, &order, 100_000_000))
}

fn accepted(answer: &Value) -> Result<()> {
    let outcomes = answer
        .get("outcomes")
        .and_then(Value::as_array)
        .context("a bulk answer without outcomes")?;
    match outcomes.iter().find(|outcome| outcome.get("status").and_then(Value::as_u64) != Some(201))
    {
        Some(outcome) => bail!("a seeding event was not accepted: {outcome}"),
        None => Ok(()),
    }
}
