//! Roles that a programme makes itself: a part of what a built-in role may do, under a name of its
//! own. All who have such a role follow its changes at once.

use ledger::{Hash, Refusal};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, MAX_OWN_ROLES, OwnRoleBody, Page, Permission, Problem, Reply, Request, Role,
    StaffApprovalBody, TRUSTED_ROLES, api, authenticate, authenticated_body, once, parse_json,
    permissions, person, who,
};
use store::{Caller, OwnRole, list_own_roles, own_role, put_own_role, remove_own_role};

/// So many roles can be looked up for a page.
pub(crate) const MAX_ROLES: i64 = MAX_OWN_ROLES;

pub(crate) async fn list_permissions(app: &App, request: &Request) -> Result<Reply, Problem> {
    authenticate(app, request).await?;
    let items = permissions(api::ROUTES).iter().map(shown_permission).collect();
    Ok(Reply::json(200, &Page::body(items, None)))
}

fn shown_permission(permission: &Permission) -> Json {
    let route = |route: &&shell::Route| json!({"method": route.method, "path": route.path, "summary": route.summary});
    let bases: Vec<&str> =
        Role::all().filter(|role| permission.is_of(*role)).map(Role::as_str).collect();
    json!({
        "permission": permission.name,
        "component": permission.component,
        "bases": bases,
        "routes": permission.routes.iter().map(route).collect::<Vec<_>>(),
    })
}

pub(crate) async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.clone().unwrap_or_default();
    let found = list_own_roles(&app.sql, caller.programme.no, &after, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.id.clone()))
}

pub(crate) async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    Ok(Reply::json(200, &shown(&found(app, &caller, id).await?)))
}

/// What is taken away counts at once, and so does what is added, except to a role of trust: one
/// admin alone widens it for nobody.
pub(crate) async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: OwnRoleBody = parse_json(body)?;
    let put = async || {
        let base = body.check(id, &permissions(api::ROUTES))?;
        let before = own_role(&app.sql, caller.programme.no, id).await?;
        if before.as_ref().is_some_and(|before| before.base != body.base) {
            return Err(FieldError::new("/base", "never changes: make another role").into());
        }
        if before.is_none()
            && list_own_roles(&app.sql, caller.programme.no, "", MAX_ROLES).await?.len()
                >= usize::try_from(MAX_ROLES).unwrap_or_default()
        {
            return Err(FieldError::new("", "the programme has 200 own roles").into());
        }
        let role = changed(&body, id, base, before.as_ref(), &caller)?;
        let by = who(request, &caller);
        if !put_own_role(&app.sql, caller.programme.no, &role, before.as_ref(), &by).await? {
            return Err(Problem::Conflict);
        }
        Ok(Reply::json(200, &shown(&role)))
    };
    once(app, &key, &caller, "role", &(id, &body), put).await
}

fn changed(
    body: &OwnRoleBody,
    id: &str,
    base: Role,
    before: Option<&OwnRole>,
    caller: &Caller,
) -> Result<OwnRole, Problem> {
    let wanted = body.sorted();
    let mut role = OwnRole {
        id: id.to_owned(),
        names: (body.names.zh_cn.clone(), body.names.en.clone()),
        base: body.base.clone(),
        permissions: wanted.clone(),
        wanted: None,
    };
    let Some(before) = before else { return Ok(role) };
    let is_wider = wanted.iter().any(|permission| !before.permissions.contains(permission));
    if is_wider && TRUSTED_ROLES.contains(&base) && !caller.operator {
        person(caller)?;
        role.permissions.retain(|permission| before.permissions.contains(permission));
        // A person who asks for the same again is not the one who asked.
        let asked = before.wanted.as_ref().filter(|(before, _)| *before == wanted);
        let by = asked.map_or_else(|| caller.name().to_owned(), |(_, by)| by.clone());
        role.wanted = Some((wanted, by));
    }
    Ok(role)
}

/// The person who asked for it does not approve it.
pub(crate) async fn approve(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: StaffApprovalBody = parse_json(body)?;
    let by = person(&caller)?;
    let approved = async || {
        let before = found(app, &caller, id).await?;
        let Some((wanted, asked_by)) = before.wanted.clone() else {
            return Err(Problem::refused(Refusal::RequestResolved));
        };
        if asked_by == by {
            return Err(Problem::refused(Refusal::OwnRequest));
        }
        if waiting_id(&before).as_deref() != Some(body.waiting_id.as_str()) {
            return Err(Problem::Conflict);
        }
        let role = OwnRole { permissions: wanted, wanted: None, ..before.clone() };
        let by = who(request, &caller);
        if !put_own_role(&app.sql, caller.programme.no, &role, Some(&before), &by).await? {
            return Err(Problem::Conflict);
        }
        Ok(Reply::json(200, &shown(&role)))
    };
    once(app, &key, &caller, "role-approve", &(id, &body), approved).await
}

pub(crate) async fn remove(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let remove = async || {
        found(app, &caller, id).await?;
        let by = who(request, &caller);
        if !remove_own_role(&app.sql, caller.programme.no, id, &by).await? {
            let wrong = "is given to persons or keys: take it from them first";
            return Err(FieldError::new("id", wrong).into());
        }
        Ok(Reply::empty(204))
    };
    once(app, &key, &caller, "role-remove", &id, remove).await
}

async fn found(app: &App, caller: &Caller, id: &str) -> Result<OwnRole, Problem> {
    own_role(&app.sql, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}

/// Names all that an approval lets count, so that nobody approves what they did not see.
fn waiting_id(role: &OwnRole) -> Option<String> {
    let (wanted, _) = role.wanted.as_ref()?;
    let all = json!([role.names, role.permissions, wanted]);
    Some(Hash::of(all.to_string().as_bytes()).to_string())
}

fn shown(role: &OwnRole) -> Json {
    let wanted = role.wanted.as_ref();
    json!({
        "role_id": role.id,
        "names": {"zh-CN": role.names.0, "en": role.names.1},
        "base": role.base,
        "permissions": role.permissions,
        "wanted": wanted.map(|(wanted, _)| wanted),
        "wanted_by": wanted.map(|(_, by)| by),
        "waiting_id": waiting_id(role),
    })
}
