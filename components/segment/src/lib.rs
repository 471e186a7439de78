//! Segments of members, counts of what a condition holds for, and scores by recency, frequency and
//! money.

use jobs::{Audience, JobContext, Other};
use ledger::from_day_number;
use reach::{Family, Group, Today};
use rules::compile_member;
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, PreviewBody, Problem, Reply, Request, SegmentBody, Sets,
    asked_condition, authenticate, fresh, now, parse_json, reach, zone,
};
use store::{Caller, Error, Spin, rfm_cuts};

const SEGMENTS: Sets = Sets { family: Family::Segment, most: 500 };

shell::component! { shell::api::segment::ROUTES {
    "POST /v1/segments/preview" => preview(),
    "GET /v1/segments" => list(),
    "GET /v1/segments/{id}" => get(id),
    "PUT /v1/segments/{id}" => put(id),
    "DELETE /v1/segments/{id}" => remove(id),
    "GET /v1/segments/{id}/versions" => versions(id),
    "POST /v1/segments/{id}/refresh" => again(id),
    "GET /v1/segments/{id}/members" => members(id),
    "POST /v1/segments/{id}/members" => change(id),
    "POST /v1/segments/{id}/file" => add_file(id),
    "GET /v1/members/{id}/segments" => of_member(id),
    "GET /v1/segment-changes" => changes(),
    "GET /v1/rfm" => rfm(),
} }

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    SEGMENTS.list(app, request).await
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.get(app, request, id).await
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.put(app, request, id, |body| parse_json::<SegmentBody>(body)?.wish(id)).await
}

async fn remove(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.remove(app, request, id).await
}

async fn versions(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.versions(app, request, id).await
}

async fn again(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.refresh(app, request, id).await
}

async fn change(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.change_members(app, request, id).await
}

async fn add_file(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.add_file(app, request, id).await
}

async fn of_member(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    SEGMENTS.of_member(app, request, id).await
}

async fn changes(app: &App, request: &Request) -> Result<Reply, Problem> {
    SEGMENTS.changes(app, request).await
}

/// Asks the members that the caller may see.
async fn ask<T>(
    app: &App,
    caller: &Caller,
    sample: i64,
    ask: impl AsyncFnOnce(Audience<'_, '_, Spin, Spin>) -> Result<T, Error>,
) -> Result<T, Problem> {
    let reach = reach().await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &*reach, now: &now, fresh: &fresh };
    let today = Today::at(now(), zone(&app.sql, &caller.programme).await?);
    let audience = Audience {
        ledger: &ledger,
        reach: &reach,
        programme_no: caller.programme.no,
        today,
        stores: caller.stores.as_deref(),
        sample,
    };
    Ok(ask(audience).await?)
}

async fn members(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let stored = SEGMENTS.find(&*reach().await?, &caller, id).await?;
    if stored.wish.kind != "passive" {
        return SEGMENTS.members(app, &caller, &page, &stored).await;
    }
    let condition = compile_member(stored.wish.condition.as_deref().unwrap_or_default());
    let condition = condition.map_err(Problem::Internal)?;
    let (after, most) = (page.number(0)?, usize::try_from(page.limit).unwrap_or(1));
    let found = ask(app, &caller, 1, async |all| all.find(&condition, after, most).await).await?;
    let shown = found.members.iter().map(|(_, id)| json!({"member_id": id}));
    let next = found.next.map(|no| no.to_string());
    Ok(Reply::json(200, &Page::body(shown.collect(), next)))
}

async fn preview(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: PreviewBody = parse_json(request.body()?)?;
    let sample = body.checked_sample()?;
    let condition = asked_condition(body.when.as_ref(), &body.conditions)?;
    let opened = reach().await?;
    let mut others = Vec::new();
    for (place, id) in body.overlap.iter().enumerate() {
        let stored =
            SEGMENTS.find(&opened, &caller, id).await.map_err(|problem| match problem {
                Problem::ResourceNotFound => {
                    FieldError::new(format!("/overlap/{place}"), "is no segment").into()
                }
                other => other,
            })?;
        let text = stored.wish.condition.as_deref().filter(|_| stored.wish.kind == "passive");
        others.push(match text.map(compile_member) {
            Some(condition) => Other::Condition(condition.map_err(Problem::Internal)?),
            None => Other::Set(stored.no),
        });
    }
    let count = ask(app, &caller, sample, async |all| all.count(&condition, &others).await).await?;
    let overlaps = body.overlap.iter().zip(&count.overlaps);
    let overlaps = overlaps.map(|(id, members)| json!({"segment_id": id, "members": members}));
    // A share in hundredths of a percent, as no figure here is a fraction.
    let share = count.found.saturating_mul(10_000).checked_div(count.seen);
    Ok(Reply::json(
        200,
        &json!({
            "members": count.found,
            "of": count.seen,
            "share_per_10000": share.unwrap_or_default(),
            "sample": sample,
            "examples": count.examples,
            "overlaps": overlaps.collect::<Vec<_>>(),
            "reachable": count.reachable,
        }),
    ))
}

async fn rfm(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let stored = rfm_cuts(&*reach().await?, caller.programme.no).await?;
    let Some(stored) = stored else { return Err(Problem::ResourceNotFound) };
    let spread = ask(app, &caller, 1, async |all| all.spread().await).await?.unwrap_or_default();
    let cell = |r: usize, f: usize, (members, spend): (u64, i64)| json!({"r": r, "f": f, "members": members, "spend_minor": spend});
    let cells: Vec<Json> = (1..)
        .zip(&spread.cells)
        .flat_map(|(r, row)| (1..).zip(row).map(move |(f, of)| cell(r, f, *of)))
        .collect();
    let groups = Group::ALL.map(|group| {
        let (members, spend) = spread.groups.get(&group).copied().unwrap_or_default();
        json!({"group": group.as_str(), "members": members, "spend_minor": spend})
    });
    // Where scores begin is known of all members, and so not told to a caller who may see some.
    let cuts = stored.cuts.filter(|_| caller.stores.is_none()).map(|cuts| {
        json!({"days": cuts.days, "orders": cuts.orders, "spend_minor": cuts.spend_minor, "members": cuts.members})
    });
    Ok(Reply::json(
        200,
        &json!({
            "version": stored.version,
            "counted_on": from_day_number(stored.day).to_string(),
            "cuts": cuts,
            "cells": cells,
            "groups": groups,
            "without_order": spread.without_order,
        }),
    ))
}
