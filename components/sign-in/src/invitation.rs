//! The first visit: an invited person chooses a password, and sets up one-time codes where one of
//! their roles takes them. The link works once.

use credential::password;
use credential::random::hash;
use credential::totp;
use seal::Place;
use serde_json::json;
use shell::{
    AcceptBody, App, Beginning, FieldError, Grants, Problem, Reply, Request, SESSION_MS, now,
    opened_text, parse_json, stores_of, visitor,
};
use store::{Invitation, NewSession, accept_invitation, find_invitation, invitation_code};

use crate::account::{fresh_secret, hashed, new_recovery_codes};
use crate::{device, opened};

pub(crate) async fn show(app: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    request.check_query()?;
    let found = found(app, token).await?;
    let (_, programme, _) = &found.programme;
    let shown = json!({
        "person_id": found.person.id,
        "name": found.person.name,
        "programme_id": programme,
        "needs_code": Grants::read(&found.person.roles)?.need_code(),
    });
    Ok(Reply::json(200, &shown).private())
}

/// The secret stays the same until the invitation is used: a person who loads the page anew has
/// read it into their phone already.
pub(crate) async fn code(app: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    request.check_query()?;
    let found = found(app, token).await?;
    let (no, _, programme) = &found.programme;
    let place = Place::person(*no, &found.folded);
    let sealed = fresh_secret(*no, &found.folded).await?.1;
    let stored = invitation_code(&app.sql, &hash(token), &sealed).await?;
    let stored = stored.ok_or(Problem::ResourceNotFound)?;
    let secret = opened_text(&stored, &place).await;
    let secret =
        secret.ok_or_else(|| Problem::Internal("secrets_key does not open it".to_owned()))?;
    let uri = totp::uri(&secret, programme, &found.person.id);
    Ok(Reply::json(200, &json!({"secret": secret, "uri": uri})).private())
}

pub(crate) async fn accept(app: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    request.check_query()?;
    let body: AcceptBody = parse_json(request.body()?)?;
    let found = found(app, token).await?;
    password::check(&body.password, &[&found.person.id, &found.person.name])
        .map_err(|wrong| FieldError::new("/password", wrong))?;
    let grants = Grants::read(&found.person.roles)?;
    let step = match &body.code {
        Some(code) => Some(step_of(&found, code).await?),
        None if grants.need_code() => return Err(Problem::CodeNeeded),
        None => None,
    };
    let first = grants.current(step.is_some(), now()).next().map(|grant| grant.role.as_str());
    let acting = first.and_then(|role| grants.acting(role, step.is_some(), now()));
    let acting =
        acting.ok_or_else(|| FieldError::new("token", "is of a person who has no role now"))?;
    // What would stop the session must not use up the link.
    stores_of(app, found.programme.0, &acting).await?;
    let stored = hashed(&body.password)?;
    let (codes, hashes) =
        if step.is_some() { new_recovery_codes()? } else { (Vec::new(), Vec::new()) };
    let by = visitor(request, Some((&found.person.id, "invitation")));
    if !accept_invitation(&app.sql, &hash(token), &stored, step, &hashes, &by).await? {
        return Err(Problem::ResourceNotFound);
    }
    let (no, id, name) = &found.programme;
    let first = Beginning {
        programme: (*no, id, name),
        folded: &found.folded,
        person: &found.person,
        grants: &grants,
        has_code: step.is_some(),
        with_code: step.is_some(),
        latest: now().0.saturating_add(SESSION_MS),
    };
    let totp = found.totp.as_deref().filter(|_| step.is_some());
    let proven = NewSession { password: Some(&stored), totp, ..NewSession::default() };
    let begun = first.begin(app, request, None, proven).await?;
    let reply = begun.ok_or(Problem::SignInFailed(None))?;
    let reply = device::keep(app, request, reply, (*no, &found.folded), false).await;
    Ok(reply.and("recovery_codes", json!(codes)))
}

/// The step of the code that the person's phone shows.
async fn step_of(found: &Invitation, code: &str) -> Result<i64, Problem> {
    let wrong = |what: &str| Problem::from(FieldError::new("/code", what));
    let stored =
        found.totp.as_ref().ok_or_else(|| wrong("was not set up: ask for a secret first"))?;
    let (no, ..) = found.programme;
    let secret = opened(stored, no, &found.folded).await;
    let step = secret.and_then(|secret| totp::accepted(&secret, code, now().0, 0));
    step.ok_or_else(|| wrong("is not the one that the app shows now"))
}

/// A link that was used, replaced or waits for a second admin opens as little as one that never
/// was.
async fn found(app: &App, token: &str) -> Result<Invitation, Problem> {
    let found = find_invitation(&app.sql, &hash(token), now().0).await?;
    found.ok_or(Problem::ResourceNotFound)
}
