//! What members did that earns nothing: reported by the hundred, and listed for whom it concerns.

use jobs::BEHAVIOUR_DAYS;
use ledger::{day_number, local_date};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use shell::{
    App, Behaviour, BehaviourBody, FieldError, Page, Problem, Reply, Request, authenticate, noted,
    now, opened, outcomes, parse_json, parse_json_of_parts, published, reach, read_member, scoped,
};
use store::{BehaviourRow, NamedMember, list_behaviour, named_members, report_behaviour};

const MAX_EVENTS: usize = 500;

shell::component! { shell::api::behaviour::ROUTES {
    "POST /v1/behaviour/bulk" => report(),
    "GET /v1/members/{id}/behaviour" => list(id),
} }

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    /// Kept as text, so that a bad event is a problem of that event, and not of the whole call.
    events: Vec<Box<RawValue>>,
}

async fn report(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let Events { events } = parse_json_of_parts(request.body()?)?;
    if events.is_empty() || events.len() > MAX_EVENTS {
        return Err(FieldError::new("/events", "must be 1 to 500 events").into());
    }
    let book = published(&app.sql, &caller.programme).await?;
    let now = now();
    let read = |text: &RawValue| {
        parse_json::<BehaviourBody>(text.get().as_bytes())?.behaviour(&book, now, BEHAVIOUR_DAYS)
    };
    let read: Vec<Result<Behaviour, Problem>> = events.iter().map(|text| read(text)).collect();
    let names: Vec<&str> = read.iter().flatten().map(|event| event.member.as_str()).collect();
    let mut members = named_members(&app.sql, caller.programme.no, &names).await?.into_iter();
    let mut places: Vec<Result<NamedMember, Problem>> = Vec::new();
    let mut rows = Vec::new();
    for event in read {
        let event = match event {
            Ok(event) => event,
            Err(problem) => {
                places.push(Err(problem));
                continue;
            }
        };
        let member = opened(members.next().flatten()).map_err(Problem::refused);
        if let Ok(member) = &member {
            let Behaviour { key, occurred_at, value, body, .. } = event;
            rows.push(BehaviourRow {
                programme_no: caller.programme.no,
                day: day_number(local_date(occurred_at, book.zone())),
                key: scoped(&caller, &key),
                member_no: member.no,
                kind: body.kind,
                occurred_at: occurred_at.0,
                item: body.item,
                category: body.category,
                value_minor: value.map(|value| value.amount_minor),
                channel: body.channel,
                session: body.session,
            });
        }
        places.push(member);
    }
    let reach = reach().await?;
    let mut new = report_behaviour(reach.as_ref(), &rows).await?.into_iter().zip(&rows);
    let mut reply = |place: Result<NamedMember, Problem>| match place {
        Err(problem) => problem.reply(),
        Ok(member) => {
            let (is_new, kind) = new.next().map_or((true, ""), |(new, row)| (new, &row.kind));
            let reply = Reply::json(201, &json!({"member_id": member.id, "kind": kind}));
            if is_new { reply } else { reply.with("idempotent-replayed", "true") }
        }
    };
    outcomes(places.into_iter().map(&mut reply).collect())
}

async fn list(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = match page.cursor.as_deref() {
        None => Some((i64::MAX, "")),
        Some(cursor) => cursor.split_once('.').and_then(|(at, key)| Some((at.parse().ok()?, key))),
    };
    let wrong = || FieldError::new("?cursor", "is not one that this list gave");
    let before = before.ok_or_else(wrong)?;
    let member = read_member(app, request, &caller, id).await?;
    noted(app, request, &caller, ("behaviour_read", &member.id), None).await?;
    let book = published(&app.sql, &caller.programme).await?;
    let reach = reach().await?;
    // One more than the page holds shows whether there is a next one.
    let mut found = list_behaviour(reach.as_ref(), member.no, before, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| is_more)
        .map(|event| format!("{}.{}", event.occurred_at, event.key));
    let currency = book.currency().to_string();
    let items = found.into_iter().map(|event| {
        let value = event.value_minor;
        json!({
            "idempotency_key": event.key.split_once('/').map_or("", |(_, key)| key),
            "kind": event.kind,
            "occurred_at": ledger::Timestamp(event.occurred_at).to_string(),
            "item": event.item,
            "category": event.category,
            "value": value.map(|minor| json!({"amount_minor": minor, "currency": currency})),
            "channel": event.channel,
            "session": event.session,
        })
    });
    Ok(Reply::json(200, &Page::body(items.collect(), next)))
}
