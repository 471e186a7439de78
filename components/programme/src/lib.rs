//! Programmes and their rulebooks.

mod republish;
mod versions;

use std::cell::Cell;

use ledger::{MAX_SPREAD, ProgrammeId};
use rules::Rulebook;
use serde_json::{Value as Json, json};
use shell::{
    App, FIRST_ADMIN, FieldError, Problem, ProgrammeBody, Reply, Request, Role, authenticate,
    authenticated_body, makes_no_points, new_key, noted, now, once, parse_json, who,
};
use store::{
    Caller, DocumentKind, KeyRecord, Programme, ProgrammeRef, Published, Who, create_key, follow,
    followers, group_of, inherit, inheritance, name_clashes, overrides, programme, publish_as,
    set_group,
};

shell::component! { shell::api::programme::ROUTES {
    "GET /v1/programmes/{id}" => get(id),
    "PUT /v1/programmes/{id}" => put(id),
    "GET /v1/programmes/{id}/rulebooks" => versions::list(id),
    "GET /v1/programmes/{id}/rulebooks/{version}" => versions::get(id, version),
    "GET /v1/programmes/{id}/rulebooks/{version}/diff" => versions::diff(id, version),
    "POST /v1/programmes/{id}/rulebooks/{version}/restore" => restore(id, version),
    "POST /v1/programmes/{id}/republish" => republish::republish(id),
} }

const RULEBOOK: DocumentKind = DocumentKind::Rulebook;

/// Allows the operator and this programme's callers to read it.
async fn authenticate_reader(app: &App, request: &Request, id: &str) -> Result<(), Problem> {
    let caller = authenticate(app, request).await?;
    if caller.operator || caller.programme.id == id {
        Ok(())
    } else {
        Err(Problem::ResourceNotFound)
    }
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    authenticate_reader(app, request, id).await?;
    let found = programme(&app.sql, id).await?.ok_or(Problem::ResourceNotFound)?;
    let mut body = json!({
        "programme_id": found.reference.id,
        "name": found.name,
        "rulebook_version": found.reference.rulebook_version,
        "published_at": ledger::Timestamp(found.published_at).to_string(),
        "rulebook": found.document,
        "spread": found.reference.spread,
    });
    if let (Some(body), Some(group)) = (body.as_object_mut(), group_of(&app.sql, id).await?) {
        body.insert("group".to_owned(), group.into());
    }
    if let (Some(body), Some(of)) =
        (body.as_object_mut(), inheritance(&app.sql, RULEBOOK, id).await?)
    {
        let problems: Option<Json> =
            of.problems.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let overrides = overrides(&app.sql, &found.document, &of).await?;
        let shown =
            json!({"rulebook_version": of.version, "overrides": overrides, "problems": problems});
        body.insert("inherits".to_owned(), of.parent.into());
        body.insert("inheritance".to_owned(), shown);
    }
    Ok(Reply::json(200, &body))
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let is_dry = request.flag("dry_run")?;
    let body: ProgrammeBody = parse_json(body)?;
    if is_dry {
        checked(id, &body)?;
        parent_of(app, id, &body).await?;
        check_join(app, id, &body).await?;
        let found = programme(&app.sql, id).await?;
        keeps_spread(&body, found.as_ref())?;
        check_exchanges(app, id, &body, found.as_ref().map(|found| &found.reference)).await?;
        let version = found.map_or(0, |found| found.reference.rulebook_version);
        let body = json!({"programme_id": id, "name": body.name, "rulebook_version": version});
        return Ok(Reply::json(200, &body).with("dry-run", "true"));
    }
    let publish = async || {
        // A refused document changes nothing, including the group.
        let book = checked(id, &body)?;
        let parent = parent_of(app, id, &body).await?;
        check_join(app, id, &body).await?;
        // Several statements follow, so the audit log gets the planned change first.
        if body.inherits.is_some() || body.group.is_some() {
            let wish = json!({"programme_id": id, "inherits": body.inherits, "group": body.group});
            noted(app, request, &caller, ("programme_linked", id), Some(wish)).await?;
        }
        // A new programme has no names yet that could clash, and joins once it exists.
        let found = programme(&app.sql, id).await?;
        keeps_spread(&body, found.as_ref())?;
        let is_there = found.is_some();
        check_exchanges(app, id, &body, found.as_ref().map(|found| &found.reference)).await?;
        if is_there {
            join(app, id, &body).await?;
        }
        let reply =
            next_rulebook(app, (&caller, &who(request, &caller)), id, (&body, &book), found)
                .await?;
        if let Some(parent) = parent {
            inherit(
                &app.sql,
                id,
                parent.as_ref().map(|(parent, version)| (parent.as_str(), *version)),
            )
            .await?;
        }
        if !is_there {
            join(app, id, &body).await?;
        }
        follow(&app.sql, now().0).await?;
        Ok::<_, Problem>(reply)
    };
    let is_new = Cell::new(false);
    let asked = (id, &body);
    let reply = once(app, &key, &caller, "programme", &asked, async || {
        let reply = publish().await?;
        is_new.set(reply.status() == 201);
        Ok(reply)
    });
    let reply = reply.await?;
    // A stored answer must not show a key, so only the first answer gets it.
    if is_new.get() {
        first_key(app, (&caller, &who(request, &caller)), id, reply).await
    } else {
        Ok(reply)
    }
}

/// Adds the first key of a new programme to the answer, so that its admin can go on from there.
async fn first_key(
    app: &App,
    (caller, by_whom): (&Caller, &Who),
    id: &str,
    reply: Reply,
) -> Result<Reply, Problem> {
    let key =
        new_key().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))?;
    let record = KeyRecord {
        prefix: key.prefix().to_owned(),
        role: Role::Admin.as_str().to_owned(),
        label: "first admin".to_owned(),
        created_at: now().0,
        created_by: Some(caller.name().to_owned()),
        person: Some((FIRST_ADMIN.0.to_owned(), FIRST_ADMIN.1.to_owned())),
        ..KeyRecord::default()
    };
    let Some(record) = create_key(&app.sql, id, record, key.hash(), by_whom).await? else {
        return Ok(reply);
    };
    let shown = json!({"key": key.reveal(), "prefix": record.prefix, "role": record.role, "label": record.label,
        "person_id": record.person.map(|(person, _)| person)});
    Ok(reply.and("admin_key", shown))
}

/// The parent of this programme, and the followed version; `None` leaves it unchanged. Inheritance
/// has one level, so that the origin of a rule is always clear.
async fn parent_of(
    app: &App,
    id: &str,
    body: &ProgrammeBody,
) -> Result<Option<Option<(String, i64)>>, Problem> {
    let Some(inherits) = &body.inherits else { return Ok(None) };
    let Some(parent) = inherits else { return Ok(Some(None)) };
    let invalid =
        |detail: &str| Problem::InvalidRequest(vec![FieldError::new("/inherits", detail)]);
    if parent == id {
        return Err(invalid("must be another programme"));
    }
    let found = programme(&app.sql, parent)
        .await?
        .ok_or_else(|| invalid("there is no programme of this id"))?;
    if inheritance(&app.sql, RULEBOOK, parent).await?.is_some() {
        return Err(invalid("follows another programme itself: name that one"));
    }
    if followers(&app.sql, id).await? > 0 {
        return Err(invalid("cannot be given: other programmes follow this one"));
    }
    // A programme that already follows this parent keeps its version: later changes of the parent
    // are no overrides.
    let so_far = inheritance(&app.sql, RULEBOOK, id)
        .await?
        .filter(|of| of.parent == *parent)
        .map(|of| of.version);
    Ok(Some(Some((parent.clone(), so_far.unwrap_or(found.reference.rulebook_version)))))
}

/// In a group a name means one person, so a programme with clashing names cannot join. This check
/// runs before any write and does not block writers.
async fn check_join(app: &App, id: &str, body: &ProgrammeBody) -> Result<(), Problem> {
    let Some(Some(group)) = &body.group else { return Ok(()) };
    if let Err(error) = ProgrammeId::new(group.as_str()) {
        return Err(Problem::InvalidRequest(vec![FieldError::new("/group", error.to_string())]));
    }
    if group_of(&app.sql, id).await?.as_ref() == Some(group) {
        return Ok(());
    }
    match name_clashes(&app.sql, id, Some(group)).await?.first() {
        Some(other) => Err(name_clash(&format!("programme {other} of it"))),
        None => Ok(()),
    }
}

/// Sets the group of the programme, or removes it from its group. The write checks again, as
/// another programme may have joined since the first check.
async fn join(app: &App, id: &str, body: &ProgrammeBody) -> Result<(), Problem> {
    let Some(group) = &body.group else { return Ok(()) };
    if set_group(&app.sql, id, group.as_deref()).await? { Ok(()) } else { Err(name_clash("group")) }
}

/// Checks that exchanges with the other programmes of its group, present or requested, create no
/// points.
async fn check_exchanges(
    app: &App,
    id: &str,
    body: &ProgrammeBody,
    found: Option<&ProgrammeRef>,
) -> Result<(), Problem> {
    match &body.group {
        // Outside of a group there are no exchanges.
        Some(None) => Ok(()),
        Some(Some(group)) => {
            makes_no_points(
                &app.sql,
                id,
                found,
                Some(group),
                &body.rulebook.exchanges,
                "/rulebook/exchanges",
            )
            .await
        }
        None => {
            makes_no_points(
                &app.sql,
                id,
                found,
                None,
                &body.rulebook.exchanges,
                "/rulebook/exchanges",
            )
            .await
        }
    }
}

fn name_clash(of: &str) -> Problem {
    let detail = format!("names of members belong to other members in the {of}");
    Problem::InvalidRequest(vec![FieldError::new("/group", detail)])
}

/// Publishes the document of an earlier version as the next one.
async fn restore(app: &App, request: &Request, id: &str, number: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let again = async || {
        let (_, rulebook) = versions::found(app, id, number).await?;
        let found = programme(&app.sql, id).await?.ok_or(Problem::ResourceNotFound)?;
        let (name, inherits, group, spread) = (found.name.clone(), None, None, None);
        let body = ProgrammeBody { name, rulebook, inherits, group, spread };
        let book = checked(id, &body)?;
        check_exchanges(app, id, &body, Some(&found.reference)).await?;
        let reply =
            next_rulebook(app, (&caller, &who(request, &caller)), id, (&body, &book), Some(found))
                .await?;
        follow(&app.sql, now().0).await?;
        Ok(reply)
    };
    once(app, &key, &caller, "restore", &(id, number), again).await
}

/// The rulebook that the programme would get.
fn checked(id: &str, body: &ProgrammeBody) -> Result<Rulebook, Problem> {
    let name_fits =
        (1..=100).contains(&body.name.chars().count()) && !body.name.chars().any(char::is_control);
    let mut errors = Vec::new();
    if let Err(error) = ProgrammeId::new(id) {
        errors.push(FieldError::new("programme_id", error.to_string()));
    }
    if !name_fits {
        errors.push(FieldError::new(
            "/name",
            "must have 1 to 100 characters and no control characters",
        ));
    }
    if body.spread.is_some_and(|spread| !(1..=MAX_SPREAD).contains(&spread)) {
        errors.push(FieldError::new("/spread", format!("must be 1 to {MAX_SPREAD}")));
    }
    let book = Rulebook::new(&body.rulebook, 1).map_err(|problems| {
        errors.extend(
            problems
                .into_iter()
                .map(|p| FieldError::new(format!("/rulebook{}", p.pointer), p.detail)),
        );
    });
    book.ok().filter(|_| errors.is_empty()).ok_or(Problem::InvalidRequest(errors))
}

/// Ids of entries tell the homes of their members, so a programme keeps the spread it was made
/// with.
fn keeps_spread(body: &ProgrammeBody, found: Option<&Programme>) -> Result<(), Problem> {
    let known = found.map(|found| found.reference.spread);
    match (body.spread, known) {
        (Some(spread), Some(known)) if spread != known => {
            let detail = format!("is {known} and cannot be changed");
            Err(Problem::InvalidRequest(vec![FieldError::new("/spread", detail)]))
        }
        _ => Ok(()),
    }
}

/// Publishing the current document again changes nothing.
async fn next_rulebook(
    app: &App,
    (caller, by_whom): (&Caller, &Who),
    id: &str,
    (body, book): (&ProgrammeBody, &Rulebook),
    found: Option<Programme>,
) -> Result<Reply, Problem> {
    let version_now = found.as_ref().map_or(0, |found| found.reference.rulebook_version);
    let is_published =
        found.is_some_and(|found| found.document == body.rulebook && found.name == body.name);
    let version = if is_published {
        version_now
    } else {
        let by = format!("programme:{}", caller.programme.id);
        match publish_as(
            &app.sql,
            (id, &body.name, version_now),
            body.spread.unwrap_or(1),
            (&body.rulebook, book),
            (now().0, &by),
            Some(by_whom),
        )
        .await?
        {
            Published::Version(version) => version,
            Published::Conflict => return Err(Problem::Conflict),
        }
    };
    let status = if version_now == 0 { 201 } else { 200 };
    Ok(Reply::json(
        status,
        &json!({"programme_id": id, "name": body.name, "rulebook_version": version}),
    ))
}
