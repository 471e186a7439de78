//! API keys: created, approved, listed, rotated and revoked. Only the call that creates a key shows
//! it.
//!
//! A key for another person than the caller, or with a role that may decide, waits until another
//! admin approves it. Otherwise one person could create such a key and approve their own requests.

use ledger::{ProgrammeId, Refusal, Timestamp};
use serde_json::{Value as Json, json};
use shell::{
    App, Bearer, FieldError, KeyBody, OPERATOR, Page, Problem, Reply, Request, Role, TRUSTED_ROLES,
    authenticate, authenticated_body, folded, new_key, now, once, parse_json, person, sealed, who,
};
use store::{
    Caller, KeyRecord, approve_key, count_keys, create_key, key, list_keys, own_role, programme_no,
    revoke_key, rotate_key,
};

/// Max keys of a programme in use, and max keys including revoked ones. Revoked keys are listed for
/// as long as the rulebook says.
const MAX_KEYS: i64 = 1_000;
const MAX_KEPT: i64 = 10_000;
const MAX_STORES: usize = 100;

shell::component! { shell::api::key::ROUTES {
    "GET /v1/keys" => list(),
    "POST /v1/keys" => create(),
    "POST /v1/keys/{prefix}/approve" => approve(prefix),
    "POST /v1/keys/{prefix}/rotate" => rotate(prefix),
    "DELETE /v1/keys/{prefix}" => revoke(prefix),
} }

/// A retry creates another key, as the first one can never be shown again. List the keys, and
/// revoke one that did not arrive.
async fn create(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, _, body) = authenticated_body(app, request).await?;
    let body: KeyBody = parse_json(body)?;
    let programme = body.programme_id.clone().unwrap_or_else(|| caller.programme.id.clone());
    if programme != caller.programme.id && !caller.operator {
        return Err(Problem::Forbidden("operator (the key of the variable admin_key)".to_owned()));
    }
    let key = fresh()?;
    let base = base_of(app, &caller, &programme, &body.role).await?;
    let made = (key.prefix(), base.as_deref());
    let record = requested_key(&body, made, &caller, Bearer::of(request)?.is_session())?;
    let (in_use, all) = count_keys(&app.sql, &programme).await?;
    if in_use >= MAX_KEYS || all >= MAX_KEPT {
        let detail = format!(
            "the programme has {in_use} keys in use and {all} with the revoked ones: revoke some first, or wait"
        );
        return Err(FieldError::new("", detail).into());
    }
    let Some(record) =
        create_key(&app.sql, &programme, record, key.hash(), &who(request, &caller)).await?
    else {
        return Err(Problem::ResourceNotFound);
    };
    sealed(app, &caller).await;
    Ok(Reply::json(201, &revealed(&key, &record)))
}

/// The base of an own role of that programme; `None` where it is none.
async fn base_of(
    app: &App,
    caller: &Caller,
    programme: &str,
    role: &str,
) -> Result<Option<String>, Problem> {
    if Role::parse(role).is_some() {
        return Ok(None);
    }
    let no = if programme == caller.programme.id {
        Some(caller.programme.no)
    } else {
        programme_no(&app.sql, programme).await?
    };
    let Some(no) = no else { return Ok(None) };
    Ok(own_role(&app.sql, no, role).await?.map(|found| found.base))
}

/// The key that the body requests. One that a session makes waits: an attacker who takes over a
/// browser gets no key that lasts.
fn requested_key(
    body: &KeyBody,
    (prefix, base): (&str, Option<&str>),
    caller: &Caller,
    by_session: bool,
) -> Result<KeyRecord, Problem> {
    let mut errors = Vec::new();
    let role = Role::parse(base.unwrap_or(&body.role));
    if role.is_none() {
        errors.push(FieldError::new(
            "/role",
            "must be storefront, marketing, finance, service, approver, department_head, vice_president, admin, job or an own role",
        ));
    }
    if !(1..=100).contains(&body.label.chars().count()) || body.label.chars().any(char::is_control)
    {
        errors.push(FieldError::new(
            "/label",
            "must have 1 to 100 characters and no control characters",
        ));
    }
    if let Some(Err(error)) = body.programme_id.as_deref().map(ProgrammeId::new) {
        errors.push(FieldError::new("/programme_id", error.to_string()));
    }
    let is_of_trust = role.is_some_and(|role| TRUSTED_ROLES.contains(&role));
    let whose = match body
        .person_id
        .as_deref()
        .map(|id| folded(id).map(|folded| (id.to_owned(), folded)))
    {
        None if is_of_trust => {
            Err(FieldError::new("/person_id", "must name the person who has this key"))
        }
        None => Ok(None),
        // The operator's keys are not created here.
        Some(Ok((_, id))) if folded(OPERATOR)? == id => {
            Err(FieldError::new("/person_id", "is the operator"))
        }
        Some(found) => found.map(Some),
    };
    let expires_at = body.expires_at.as_deref().map(Timestamp::parse);
    if expires_at.is_some_and(|at| at.is_none_or(|at| at <= now())) {
        errors.push(FieldError::new(
            "/expires_at",
            "must be RFC 3339 with an offset, and in the future",
        ));
    }
    let is_store = |store: &String| {
        (1..=64).contains(&store.chars().count()) && !store.chars().any(char::is_control)
    };
    if body
        .stores
        .as_ref()
        .is_some_and(|s| s.is_empty() || s.len() > MAX_STORES || !s.iter().all(is_store))
    {
        errors
            .push(FieldError::new("/stores", "must be 1 to 100 stores of 1 to 64 characters each"));
    }
    if body.stores.is_some() && matches!(role, Some(Role::Admin | Role::Job)) {
        errors.push(FieldError::new(
            "/stores",
            "does not go with the roles admin and job, which concern all stores",
        ));
    }
    let whose = whose.unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    if !errors.is_empty() {
        return Err(Problem::InvalidRequest(errors));
    }
    Ok(KeyRecord {
        prefix: prefix.to_owned(),
        role: base.unwrap_or(&body.role).to_owned(),
        own_role: base.is_some().then(|| body.role.clone()),
        label: body.label.clone(),
        created_at: now().0,
        created_by: Some(caller.name().to_owned()),
        waits: by_session
            || needs_second_admin(
                caller,
                is_of_trust,
                whose.as_ref().map(|(_, folded)| folded.as_str()),
            )?,
        person: whose,
        expires_at: expires_at.flatten().map(|at| at.0),
        stores: body.stores.clone(),
        ..KeyRecord::default()
    })
}

/// Whether a key waits for a second admin. The operator could create both admins and does not need
/// one.
fn needs_second_admin(
    caller: &Caller,
    is_of_trust: bool,
    of: Option<&str>,
) -> Result<bool, Problem> {
    if caller.operator {
        return Ok(false);
    }
    let own = caller.person.as_deref().map(folded).transpose()?;
    let is_anothers = of.is_some_and(|of| own.as_deref() != Some(of));
    let waits = is_of_trust || is_anothers;
    // Without persons, two callers cannot be distinguished.
    if waits {
        person(caller)?;
    }
    Ok(waits)
}

/// The person who requested a key cannot approve it with any key.
async fn approve(app: &App, request: &Request, prefix: &str) -> Result<Reply, Problem> {
    let (caller, idem, _) = authenticated_body(app, request).await?;
    let by = person(&caller)?;
    let approved = async || {
        let found =
            key(&app.sql, caller.programme.no, prefix).await?.ok_or(Problem::ResourceNotFound)?;
        if found.created_by.as_deref() == Some(by) {
            return Err(Problem::refused(Refusal::OwnRequest));
        }
        if !approve_key(&app.sql, caller.programme.no, prefix, by, &who(request, &caller)).await?
            && found.approved_by.as_deref() != Some(by)
        {
            return Err(Problem::refused(Refusal::RequestResolved));
        }
        let found =
            key(&app.sql, caller.programme.no, prefix).await?.ok_or(Problem::ResourceNotFound)?;
        Ok(Reply::json(200, &shown(&found)))
    };
    once(app, &idem, &caller, "key-approve", &prefix, approved).await
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let starting = request.query("prefix").unwrap_or_default();
    let after = page.cursor.clone().unwrap_or_default();
    let mut found =
        list_keys(&app.sql, caller.programme.no, starting, &after, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|record| record.prefix.clone());
    Ok(Reply::json(200, &Page::body(found.iter().map(shown).collect(), next)))
}

async fn rotate(app: &App, request: &Request, prefix: &str) -> Result<Reply, Problem> {
    let (caller, found) = holder(app, request, prefix).await?;
    request.idempotency_key()?;
    let bearer = Bearer::of(request)?;
    let is_own = bearer.prefix() == prefix;
    // Another key of the person may do more. What a session asks for waits for an admin.
    if !is_own && !bearer.is_session() && !writes_keys(&caller) {
        return Err(Problem::Forbidden(Role::Admin.as_str().to_owned()));
    }
    let found = found.ok_or(Problem::ResourceNotFound)?;
    let is_of_trust = Role::parse(&found.role).is_some_and(|role| TRUSTED_ROLES.contains(&role));
    let of = found.person.as_ref().map(|(_, folded)| folded.as_str());
    // The person of the key gains nothing by a rotation. Anyone else who created the successor
    // alone would act for that person.
    // A browser is easier to take over than a key, and its session ends soon: it makes no key that
    // lasts.
    let waits = bearer.is_session() || (!is_own && needs_second_admin(&caller, is_of_trust, of)?);
    let fresh = fresh()?;
    let successor = KeyRecord {
        prefix: fresh.prefix().to_owned(),
        created_at: now().0,
        created_by: Some(caller.name().to_owned()),
        waits,
        revoked_at: None,
        approved_by: None,
        last_used_at: None,
        ..found
    };
    if !rotate_key(
        &app.sql,
        caller.programme.no,
        prefix,
        &successor,
        fresh.hash(),
        &who(request, &caller),
    )
    .await?
    {
        return Err(Problem::ResourceNotFound);
    }
    sealed(app, &caller).await;
    Ok(Reply::json(201, &revealed(&fresh, &successor)))
}

async fn revoke(app: &App, request: &Request, prefix: &str) -> Result<Reply, Problem> {
    let (caller, _) = holder(app, request, prefix).await?;
    let key = request.idempotency_key()?;
    let end = async || {
        let is_revoked =
            revoke_key(&app.sql, caller.programme.no, prefix, &who(request, &caller)).await?;
        if is_revoked { Ok(Reply::empty(204)) } else { Err(Problem::ResourceNotFound) }
    };
    once(app, &key, &caller, "key-revoke", &prefix, end).await
}

/// Whether the caller is an admin who may end and replace any key.
fn writes_keys(caller: &Caller) -> bool {
    caller.role == Role::Admin.as_str()
        && caller.permissions.as_ref().is_none_or(|own| own.iter().any(|one| one == "key:write"))
}

/// Allows an admin, and the person of the key of this prefix with any of their keys, to end it.
async fn holder(
    app: &App,
    request: &Request,
    prefix: &str,
) -> Result<(Caller, Option<KeyRecord>), Problem> {
    let caller = authenticate(app, request).await?;
    let found = key(&app.sql, caller.programme.no, prefix).await?;
    let persons =
        found.as_ref().and_then(|found| found.person.as_ref()).map(|(person, _)| person.as_str());
    if writes_keys(&caller) || (persons.is_some() && persons == caller.person.as_deref()) {
        return Ok((caller, found));
    }
    Err(Problem::Forbidden(Role::Admin.as_str().to_owned()))
}

fn fresh() -> Result<Bearer, Problem> {
    new_key().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))
}

fn revealed(key: &Bearer, record: &KeyRecord) -> Json {
    let mut body = shown(record);
    if let Some(body) = body.as_object_mut() {
        body.insert("key".to_owned(), key.reveal().into());
    }
    body
}

fn shown(record: &KeyRecord) -> Json {
    let instant = |at: Option<i64>| at.map(|at| Timestamp(at).to_string());
    json!({
        "prefix": record.prefix,
        "role": record.own_role.as_ref().unwrap_or(&record.role),
        "base": record.role,
        "label": record.label,
        "person_id": record.person.as_ref().map(|(person, _)| person),
        "stores": record.stores,
        "waits": record.waits,
        "created_at": Timestamp(record.created_at).to_string(),
        "created_by": record.created_by,
        "approved_by": record.approved_by,
        "expires_at": instant(record.expires_at),
        "last_used_at": instant(record.last_used_at),
        "revoked_at": instant(record.revoked_at),
    })
}
