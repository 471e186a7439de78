//! Back-tests a draft on the half-year, then runs the same half-year under it. Both must give the
//! same points.

use super::import::{self, Spending, Spent};
use super::{Demo, PLACE, publish, rulebook};
use crate::http::Client;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::Instant;

/// Max calls of a back-test; more mean a fault.
const MAX_CALLS: usize = 10_000;

pub async fn compare(demo: &Demo<'_>, server: &Server, spent: &Spent) -> Result<()> {
    let weekends = weekends()?;
    let tested = run(demo, server, &weekends).await?;
    eprintln!("living the half-year under the draft …");
    let other = demo.start("weekends").await?;
    publish(&other, &weekends).await?;
    import::run(&other, PLACE, demo.baskets, Spending::Again(spent)).await?;
    let lived = run(demo, &other, &weekends).await?;
    for side in ["published", "draft"] {
        println!("{side:<10} {}", side_of(&tested, side)?);
    }
    let (tested, lived) = (side_of(&tested, "draft")?, side_of(&lived, "recorded")?);
    if tested != lived {
        bail!("the back-test comes to {tested}, the half-year under that rulebook to {lived}");
    }
    println!("the back-test equals the half-year lived under the draft, to the point");
    other.stop().await
}

/// The demo's rules with double points at weekends.
fn weekends() -> Result<Value> {
    let mut book = rulebook()?;
    let rule = json!({
        "id": "weekend", "event": "purchase", "when": "event.weekday in [6, 7]", "award": {"kind": "multiplier", "times": "2"},
    });
    book.as_object_mut()
        .context("the rulebook is no object")?
        .insert("rules".to_owned(), json!([rule]));
    Ok(book)
}

async fn run(demo: &Demo<'_>, server: &Server, draft: &Value) -> Result<Value> {
    let mut client = server.client();
    let path = "/v1/rulebook/drafts/weekends";
    client.expect("PUT", path, Some("draft"), draft.to_string().as_bytes()).await?;
    let (from, to) = PLACE.span(demo.baskets)?;
    let started = Instant::now();
    let body = json!({"draft": "weekends", "from": from, "to": to}).to_string();
    let mut test = client
        .expect("POST", "/v1/rulebook/back-tests", Some("back-test"), body.as_bytes())
        .await?;
    let mut calls = 1;
    while !is_done(&test)? {
        test = go_on(&mut client, &test, calls).await?;
        calls += 1;
        if calls > MAX_CALLS {
            bail!("the back-test is not done after {MAX_CALLS} calls");
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let (members, entries) = (import::number(&test, "members")?, import::number(&test, "entries")?);
    println!("back-test: {members} members, {entries} entries in {calls} calls, {seconds:.1} s");
    Ok(test)
}

fn is_done(test: &Value) -> Result<bool> {
    test.get("done").and_then(Value::as_bool).with_context(|| format!("no `done` in {test}"))
}

async fn go_on(client: &mut Client, test: &Value, call: usize) -> Result<Value> {
    let id = test
        .get("back_test_id")
        .and_then(Value::as_str)
        .with_context(|| format!("no `back_test_id` in {test}"))?;
    let path = format!("/v1/rulebook/back-tests/{id}/continue");
    client.expect("POST", &path, Some(&format!("continue-{call}")), b"").await
}

fn side_of<'a>(test: &'a Value, side: &str) -> Result<&'a Value> {
    test.pointer(&format!("/sides/{side}")).with_context(|| format!("no side `{side}` in {test}"))
}
