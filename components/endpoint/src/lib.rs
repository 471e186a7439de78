//! Webhook endpoints: the addresses for a programme's events. Only the call that creates an
//! endpoint shows its secret.

use jobs::{AddressPolicy, Secret, WebhookUrl};
use ledger::{KINDS, Kind, ProgrammeId};
use seal::Place;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shell::{
    App, EndpointBody, FieldError, Page, Problem, Reply, Request, authenticate, authenticated_body,
    is_true, new_id, noted, now, once, opened_text, parse_json, parse_optional_json, random,
    sealed_text, who,
};
use store::{
    Caller, Cursor, DeadEvent, Endpoint, EndpointWish, dead_events, delete_endpoint, endpoint,
    endpoint_secret, list_endpoints, other_endpoints, put_endpoint, replay_dead, rotate_secret,
};

/// Max endpoints of a programme.
const MAX_ENDPOINTS: i64 = 50;
/// How long a replaced secret signs beside the new one.
const OVERLAP_MS: i64 = 24 * 3_600_000;

/// The new secret.
#[derive(Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    /// `whsec_` and the base64 of 24 to 64 bytes; generated if absent.
    #[serde(default)]
    secret: Option<String>,
}

/// Which dead events to send again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// Only the event of this entry; all if absent.
    #[serde(default)]
    entry_id: Option<String>,
}

shell::component! { shell::api::endpoint::ROUTES {
    "GET /v1/endpoints" => list(),
    "GET /v1/endpoints/{id}" => get(id),
    "PUT /v1/endpoints/{id}" => put(id),
    "DELETE /v1/endpoints/{id}" => delete(id),
    "POST /v1/endpoints/{id}/rotate" => rotate(id),
    "GET /v1/endpoints/{id}/dead" => dead(id),
    "POST /v1/endpoints/{id}/replay" => replay(id),
} }

/// A repeat with the same body changes nothing, so a retry is safe. Only the call that creates the
/// endpoint shows the secret.
async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: EndpointBody = parse_json(body)?;
    let put = async || set(app, request, &caller, id, &body).await;
    let reply = once(app, &key, &caller, "endpoint", &(id, &body), put).await?;
    Ok(reveal_secret(reply, &caller, id).await)
}

/// Opens the secret for the caller. The stored answer keeps it sealed, like the endpoint.
async fn reveal_secret(reply: Reply, caller: &Caller, id: &str) -> Reply {
    let mut body: Json = serde_json::from_str(reply.body()).unwrap_or_default();
    let opened = match body.get("secret").and_then(Json::as_str) {
        Some(stored) => opened_text(stored, &place(caller, id)).await,
        None => return reply,
    };
    if let Some(fields) = body.as_object_mut() {
        fields.insert("secret".to_owned(), opened.into());
    }
    reply.saying(body.to_string())
}

fn place(caller: &Caller, id: &str) -> Place {
    Place::endpoint(caller.programme.no, id)
}

/// A secret in its stored form.
async fn sealed(caller: &Caller, id: &str, secret: &str) -> Result<String, Problem> {
    sealed_text(secret, &place(caller, id), "the secret of an endpoint").await
}

fn fresh() -> Result<String, Problem> {
    Ok(Secret::of(random()?).reveal())
}

async fn rotate(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: RotateBody = parse_optional_json(body)?;
    let turn = async || {
        if body.secret.as_ref().is_some_and(|secret| Secret::parse(secret).is_none()) {
            return Err(Problem::InvalidRequest(vec![wrong_secret()]));
        }
        let secret = match &body.secret {
            Some(secret) => secret.clone(),
            None => fresh()?,
        };
        let stored = sealed(&caller, id, &secret).await?;
        noted(app, request, &caller, ("endpoint_secret_changed", id), None).await?;
        let until = now().plus_ms(OVERLAP_MS);
        if !rotate_secret(&app.sql, caller.programme.no, id, &stored, until).await? {
            return Err(Problem::ResourceNotFound);
        }
        Ok(Reply::json(
            200,
            &json!({"endpoint_id": id, "secret": stored, "before_until": until.to_string()}),
        ))
    };
    let reply = once(app, &key, &caller, "endpoint-rotate", &(id, &body), turn).await?;
    Ok(reveal_secret(reply, &caller, id).await)
}

fn wrong_secret() -> FieldError {
    FieldError::new("/secret", "must be whsec_ and the base64 of 24 to 64 bytes")
}

async fn set(
    app: &App,
    request: &Request,
    caller: &Caller,
    id: &str,
    body: &EndpointBody,
) -> Result<Reply, Problem> {
    let mut errors = Vec::new();
    // Ids of endpoints have the form of programme ids.
    if let Err(error) = ProgrammeId::new(id) {
        errors.push(FieldError::new("endpoint_id", error.to_string()));
    }
    let url = WebhookUrl::parse(&body.url, AddressPolicy::of_variables(is_true).await)
        .map(|url| url.to_string());
    if let Err(refused) = &url {
        errors.push(FieldError::new("/url", refused.to_string()));
    }
    errors.extend(wrong_kinds(body.kinds.as_deref().unwrap_or_default()));
    if body.kinds.as_ref().is_some_and(Vec::is_empty) {
        errors.push(FieldError::new("/kinds", "must name a kind; leave it out for all"));
    }
    if body.secret.as_ref().is_some_and(|secret| Secret::parse(secret).is_none()) {
        errors.push(wrong_secret());
    }
    if other_endpoints(&app.sql, caller.programme.no, id).await? >= MAX_ENDPOINTS {
        errors.push(FieldError::new("endpoint_id", "there are 50 others: delete one first"));
    }
    let Some(url) = url.ok().filter(|_| errors.is_empty()) else {
        return Err(Problem::InvalidRequest(errors));
    };
    // An existing secret is not replaced automatically.
    let has = endpoint_secret(&app.sql, caller.programme.no, id).await?;
    let has = match has {
        Some(stored) => opened_text(&stored, &place(caller, id)).await,
        None => None,
    };
    let chosen = match body.secret.as_ref().filter(|secret| Some(*secret) != has.as_ref()) {
        Some(secret) => Some(sealed(caller, id, secret).await?),
        None => None,
    };
    let fresh_secret = sealed(caller, id, &fresh()?).await?;
    let wish = EndpointWish {
        id,
        url: &url,
        kinds: body.kinds.as_deref(),
        secret: chosen.as_deref(),
        fresh_secret: &fresh_secret,
        before_until: now().plus_ms(OVERLAP_MS),
        token: &new_id().to_string(),
    };
    let made =
        put_endpoint(&app.sql, caller.programme.no, &wish, now(), Some(&who(request, caller)))
            .await?;
    let mut shown = json!({"endpoint_id": id, "url": url, "kinds": body.kinds});
    if let (Some(secret), Some(fields)) = (&made, shown.as_object_mut()) {
        fields.insert("secret".to_owned(), secret.as_str().into());
    }
    Ok(Reply::json(if made.is_some() { 201 } else { 200 }, &shown))
}

fn wrong_kinds(kinds: &[String]) -> Vec<FieldError> {
    let known = || KINDS.map(Kind::as_str).join(", ");
    let wrong = kinds.iter().enumerate().filter(|(index, kind)| {
        let is_repeated = kinds.iter().take(*index).any(|before| before == *kind);
        Kind::parse(kind).is_none() || is_repeated
    });
    wrong
        .map(|(index, _)| {
            FieldError::new(format!("/kinds/{index}"), format!("must be one of {}, once", known()))
        })
        .collect()
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.clone().unwrap_or_default();
    let found = list_endpoints(&app.sql, caller.programme.no, &after, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.id.clone()))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let found = existing(app, &caller, id).await?;
    Ok(Reply::json(200, &shown(&found)))
}

async fn delete(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let remove = async || {
        let is_deleted =
            delete_endpoint(&app.sql, caller.programme.no, id, &who(request, &caller)).await?;
        if is_deleted { Ok(Reply::empty(204)) } else { Err(Problem::ResourceNotFound) }
    };
    once(app, &key, &caller, "endpoint-delete", &id, remove).await
}

async fn dead(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    existing(app, &caller, id).await?;
    let after = page.place()?.unwrap_or_default();
    let found = dead_events(&app.sql, caller.programme.no, id, after.no, page.limit + 1).await?;
    Ok(page.reply(found, shown_dead, |last| Cursor::at(last.entry_no).to_string()))
}

async fn replay(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let wanted: ReplayBody = parse_optional_json(body)?;
    let send_again = async || {
        existing(app, &caller, id).await?;
        noted(
            app,
            request,
            &caller,
            ("events_replayed", id),
            Some(json!({"entry_id": wanted.entry_id})),
        )
        .await?;
        let replayed =
            replay_dead(&app.sql, caller.programme.no, id, wanted.entry_id.as_deref(), now())
                .await?;
        if replayed == 0 && wanted.entry_id.is_some() {
            return Err(Problem::ResourceNotFound);
        }
        Ok(Reply::json(200, &json!({"replayed": replayed})))
    };
    once(app, &key, &caller, "replay", &(id, &wanted.entry_id), send_again).await
}

async fn existing(app: &App, caller: &Caller, id: &str) -> Result<Endpoint, Problem> {
    endpoint(&app.sql, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}

fn shown(endpoint: &Endpoint) -> Json {
    json!({
        "endpoint_id": endpoint.id,
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "created_at": endpoint.created_at.to_string(),
        "disabled_at": endpoint.disabled.as_ref().map(|(at, _)| at.to_string()),
        "disabled_because": endpoint.disabled.as_ref().map(|(_, because)| because),
        "failures": endpoint.failures,
        "retry_at": (endpoint.retry_at.0 > 0).then(|| endpoint.retry_at.to_string()),
        "parked": endpoint.parked,
        "dead": endpoint.dead,
    })
}

fn shown_dead(event: &DeadEvent) -> Json {
    json!({
        "entry_id": event.entry_id,
        "kind": event.kind,
        "member_id": event.member,
        "recorded_at": event.recorded_at.to_string(),
        "attempts": event.attempts,
        "last_error": event.last_error,
    })
}
