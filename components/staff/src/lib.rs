//! Persons: invitations, roles, suspension and sessions. Only the call that invites shows the link.
//!
//! One admin alone gets nobody in: an invitation waits until another admin approves it, and so does
//! a role that may decide. Otherwise one person could be two.

mod roles;

use ledger::{Hash, Refusal, Timestamp};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Grants, OPERATOR, OwnRoles, Page, PersonInvitationBody, Problem, Reply,
    Request, StaffApprovalBody, StaffBody, authenticate, authenticated_body, folded, new_token,
    now, once, parse_json, person, sealed, who,
};
use store::{
    Caller, InvitationWish, ListedSession, OpenInvitation, OwnRole, PersonRecord, approve_person,
    count_persons, end_sessions, find_person, invite, list_own_roles, list_persons, list_sessions,
    put_person, suspend_person,
};

/// How long an invitation can be used.
const INVITATION_MS: i64 = 72 * 3_600_000;
const MAX_PERSONS: i64 = 5_000;

shell::component! { shell::api::staff::ROUTES {
    "POST /v1/invitations" => invited(),
    "GET /v1/staff" => list(),
    "GET /v1/staff/{id}" => get(id),
    "PUT /v1/staff/{id}" => put(id),
    "POST /v1/staff/{id}/approve" => approve(id),
    "POST /v1/staff/{id}/suspend" => suspend(id, true),
    "POST /v1/staff/{id}/restore" => suspend(id, false),
    "POST /v1/staff/{id}/reset" => reset(id),
    "GET /v1/staff/{id}/sessions" => sessions(id),
    "DELETE /v1/staff/{id}/sessions" => end(id),
    "GET /v1/permissions" => roles::list_permissions(),
    "GET /v1/roles" => roles::list(),
    "GET /v1/roles/{id}" => roles::get(id),
    "PUT /v1/roles/{id}" => roles::put(id),
    "POST /v1/roles/{id}/approve" => roles::approve(id),
    "DELETE /v1/roles/{id}" => roles::remove(id),
} }

/// A retry makes another link in place of the first, which can never be shown again.
async fn invited(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, _, body) = authenticated_body(app, request).await?;
    let body: PersonInvitationBody = parse_json(body)?;
    let id = folded(&body.person_id)?;
    if id == folded(OPERATOR)? {
        return Err(FieldError::new("/person_id", "is the operator").into());
    }
    let programme_no = programme_of(app, &caller, body.programme_id.as_deref()).await?;
    let own = bases(&own_roles(app, programme_no).await?);
    let mut grants = body.grants(caller.name(), &own)?;
    let known = find_person(&app.sql, programme_no, &id).await?;
    if known.as_ref().is_some_and(|known| known.password_set_at.is_some()) {
        return Err(FieldError::new("/person_id", "has a password: reset this person").into());
    }
    if known.is_none() && count_persons(&app.sql, programme_no).await? >= MAX_PERSONS {
        return Err(FieldError::new("", "the programme has 5000 persons").into());
    }
    mark_waiting(&mut grants, &Grants::default(), &caller)?;
    let spelled = known.map_or(body.person_id.clone(), |known| known.id);
    let roles = grants.text();
    let new = Some((body.name.as_str(), body.language(), roles.as_str()));
    link(app, request, &caller, (programme_no, &id, &spelled), new).await
}

/// For a lost password or phone. What the person had counts until the link is used; suspend them
/// first where somebody else may have it.
async fn reset(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, ..) = authenticated_body(app, request).await?;
    let found = found(app, &caller, id).await?;
    if found.name.is_none() {
        return Err(FieldError::new("id", "is named by keys only: invite this person").into());
    }
    let place = (caller.programme.no, found.folded.as_str(), found.id.as_str());
    link(app, request, &caller, place, None).await
}

/// Makes an invitation: for a person with a name, a language and roles, or for one who is known.
async fn link(
    app: &App,
    request: &Request,
    caller: &Caller,
    (programme_no, id, spelled): (i64, &str, &str),
    new: Option<(&str, &str, &str)>,
) -> Result<Reply, Problem> {
    let (token, hash) =
        new_token().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))?;
    let expires_at = now().plus_ms(INVITATION_MS);
    let waits = !caller.operator;
    if waits {
        // Without persons, two callers cannot be distinguished.
        person(caller)?;
    }
    let wish = InvitationWish {
        folded: id,
        id: spelled,
        person: new,
        hash: &hash,
        expires_at: expires_at.0,
        waits,
    };
    if !invite(&app.sql, programme_no, &wish, caller.name(), &who(request, caller)).await? {
        return Err(Problem::Conflict);
    }
    sealed(app, caller).await;
    let shown = json!({
        "person_id": spelled,
        "token": token,
        "path": format!("/console/#/invitation/{token}"),
        "expires_at": expires_at.to_string(),
        "waits": waits,
    });
    Ok(Reply::json(201, &shown).private())
}

async fn programme_of(app: &App, caller: &Caller, id: Option<&str>) -> Result<i64, Problem> {
    let Some(id) = id.filter(|id| *id != caller.programme.id) else {
        return Ok(caller.programme.no);
    };
    if !caller.operator {
        return Err(Problem::Forbidden("operator (the key of the variable admin_key)".to_owned()));
    }
    store::programme_no(&app.sql, id).await?.ok_or(Problem::ResourceNotFound)
}

async fn own_roles(app: &App, programme_no: i64) -> Result<Vec<OwnRole>, Problem> {
    Ok(list_own_roles(&app.sql, programme_no, "", roles::MAX_ROLES).await?)
}

/// The base of each own role.
fn bases(own: &[OwnRole]) -> OwnRoles {
    own.iter().map(|role| (role.id.clone(), role.base.clone())).collect()
}

/// Roles that may decide wait where one admin alone gives them. The operator could be both admins.
fn mark_waiting(grants: &mut Grants, before: &Grants, caller: &Caller) -> Result<(), Problem> {
    for grant in &mut grants.0 {
        let is_new = !before.0.iter().any(|before| before.is_as(grant));
        if is_new && grant.is_of_trust() && !caller.operator {
            person(caller)?;
            grant.waits = true;
        }
    }
    Ok(())
}

async fn found(app: &App, caller: &Caller, id: &str) -> Result<PersonRecord, Problem> {
    let Ok(id) = folded(id) else { return Err(Problem::ResourceNotFound) };
    find_person(&app.sql, caller.programme.no, &id).await?.ok_or(Problem::ResourceNotFound)
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.clone().unwrap_or_default();
    let mut found = list_persons(&app.sql, caller.programme.no, &after, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|person| person.folded.clone());
    let own = own_roles(app, caller.programme.no).await?;
    let items = found.iter().map(|person| shown(person, &own)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::json(200, &Page::body(items, next)))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    reply(app, &caller, id).await
}

/// The person as they are now.
async fn reply(app: &App, caller: &Caller, id: &str) -> Result<Reply, Problem> {
    let person = found(app, caller, id).await?;
    let own = own_roles(app, caller.programme.no).await?;
    Ok(Reply::json(200, &shown(&person, &own)?))
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: StaffBody = parse_json(body)?;
    let put = async || {
        let person = found(app, &caller, id).await?;
        let before = Grants::read(&person.roles)?;
        let own = bases(&own_roles(app, caller.programme.no).await?);
        let mut grants = body.grants(&before, caller.name(), &own)?;
        mark_waiting(&mut grants, &before, &caller)?;
        let roles = grants.text();
        let wish = (body.name.as_str(), body.language(), roles.as_str());
        let who = who(request, &caller);
        if !put_person(&app.sql, caller.programme.no, &person, wish, &who).await? {
            return Err(Problem::Conflict);
        }
        reply(app, &caller, id).await
    };
    once(app, &key, &caller, "staff", &(id, &body), put).await
}

/// The person who gave a role or asked for the invitation does not approve it.
async fn approve(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: StaffApprovalBody = parse_json(body)?;
    let by = person(&caller)?;
    let approved = async || {
        let person = found(app, &caller, id).await?;
        let mut grants = Grants::read(&person.roles)?;
        let invitation = waiting(&person);
        let asked = grants.0.iter().filter(|grant| grant.waits).map(|grant| grant.by.as_str());
        let asked: Vec<&str> =
            asked.chain(invitation.map(|invitation| invitation.created_by.as_str())).collect();
        if asked.is_empty() {
            return Err(Problem::refused(Refusal::RequestResolved));
        }
        if asked.contains(&by) {
            return Err(Problem::refused(Refusal::OwnRequest));
        }
        let own = own_roles(app, caller.programme.no).await?;
        if waiting_id(&person, &grants, &own).as_deref() != Some(body.waiting_id.as_str()) {
            return Err(Problem::Conflict);
        }
        for grant in &mut grants.0 {
            grant.waits = false;
        }
        let who = who(request, &caller);
        if !approve_person(&app.sql, caller.programme.no, &person, &grants.text(), &who).await? {
            return Err(Problem::Conflict);
        }
        reply(app, &caller, id).await
    };
    once(app, &key, &caller, "staff-approve", &(id, &body), approved).await
}

/// The invitation, where it can be approved.
fn waiting(person: &PersonRecord) -> Option<&OpenInvitation> {
    let open = person.invitation.as_ref();
    open.filter(|invitation| invitation.waits && invitation.expires_at > now().0)
}

/// Names all that an approval lets count, so that nobody approves what they did not see: also what
/// own roles are called and may do.
fn waiting_id(person: &PersonRecord, grants: &Grants, own: &[OwnRole]) -> Option<String> {
    let invitation = waiting(person).map(|invitation| invitation.hash.as_str());
    let waits = grants.0.iter().any(|grant| grant.waits) || invitation.is_some();
    let is_given = |role: &&OwnRole| grants.0.iter().any(|grant| grant.role == role.id);
    let own: Vec<Json> = own
        .iter()
        .filter(is_given)
        .map(|role| json!([role.id, role.names, role.base, role.permissions]))
        .collect();
    let all = json!([person.roles, invitation, own]);
    waits.then(|| Hash::of(all.to_string().as_bytes()).to_string())
}

async fn suspend(
    app: &App,
    request: &Request,
    id: &str,
    is_suspended: bool,
) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let suspend = async || {
        let person = found(app, &caller, id).await?;
        let who = who(request, &caller);
        suspend_person(&app.sql, caller.programme.no, &person.folded, is_suspended, &who).await?;
        reply(app, &caller, id).await
    };
    once(app, &key, &caller, "staff-suspend", &(id, is_suspended), suspend).await
}

async fn sessions(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let person = found(app, &caller, id).await?;
    let found = list_sessions(&app.sql, caller.programme.no, &person.folded, now().0).await?;
    let items = found.iter().map(shown_session).collect();
    Ok(Reply::json(200, &Page::body(items, None)))
}

async fn end(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let end = async || {
        let person = found(app, &caller, id).await?;
        let who = who(request, &caller);
        end_sessions(&app.sql, caller.programme.no, &person.folded, &who).await?;
        Ok(Reply::empty(204))
    };
    once(app, &key, &caller, "staff-sessions-end", &id, end).await
}

fn shown_session(session: &ListedSession) -> Json {
    json!({
        "prefix": session.prefix,
        "role": session.role,
        "stores": session.stores,
        "created_at": Timestamp(session.created_at).to_string(),
        "last_used_at": session.last_used_at.map(|at| Timestamp(at).to_string()),
        "expires_at": Timestamp(session.until).to_string(),
        "address": session.address,
    })
}

fn shown(person: &PersonRecord, own: &[OwnRole]) -> Result<Json, Problem> {
    let grants = Grants::read(&person.roles)?;
    let role = |grant: &shell::Grant| {
        let mut shown = grant.json();
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("waits".to_owned(), grant.waits.into());
            shown.insert("by".to_owned(), grant.by.as_str().into());
        }
        shown
    };
    let open = person.invitation.as_ref().filter(|invitation| invitation.expires_at > now().0);
    let waiting_id = waiting_id(person, &grants, own);
    let state = match (person.is_suspended, person.password_set_at, open) {
        (true, ..) => "suspended",
        (false, Some(_), _) => "active",
        (false, None, Some(_)) => "invited",
        (false, None, None) => "none",
    };
    Ok(json!({
        "person_id": person.id,
        "name": person.name,
        "language": person.language,
        "state": state,
        "has_code": person.has_code,
        "waits": waiting_id.is_some(),
        "waiting_id": waiting_id,
        "password_set_at": person.password_set_at.map(|at| Timestamp(at).to_string()),
        "invited_until": open.map(|open| Timestamp(open.expires_at).to_string()),
        "invited_by": open.map(|open| &open.created_by),
        "roles": grants.0.iter().map(role).collect::<Vec<_>>(),
    }))
}
