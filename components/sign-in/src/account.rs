//! What persons change about themselves in a session: the password, recovery codes, the phone. Each
//! takes the password and, where they have codes, a code, as a session alone may be stolen.

use credential::password;
use credential::proof::Proof;
use credential::random::{RECOVERY_CODES, hash_of_recovery_code, recovery_code};
use credential::totp::{self, base32};
use seal::Place;
use serde_json::json;
use shell::{
    App, Beginning, FieldError, Grants, OwnCodeBody, OwnPasswordBody, Problem, ProofBody, Reply,
    Request, authenticate, new_token, now, parse_json, random, sealed_of, sealed_text, stores_of,
    visitor,
};
use store::{
    Caller, CredentialChange, NewSession, Session, TicketWish, change_credential, confirm_code,
    make_ticket, next_code,
};

use crate::attempt::Attempt;
use crate::{device, opened, own_session};

/// How long a ticket can be used.
const TICKET_MS: i64 = 10 * 60_000;

/// Another password. All sessions end, and another one begins in place of this one: a thief of the
/// session has nothing.
pub(crate) async fn password(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: OwnPasswordBody = parse_json(request.body()?)?;
    let (found, prefix) = own_session(app, request).await?;
    password::check(&body.new_password, &[&found.person.id, &found.person.name])
        .map_err(|wrong| FieldError::new("/new_password", wrong))?;
    if body.new_password == body.password {
        return Err(FieldError::new("/new_password", "must be another one").into());
    }
    let grants = Grants::read(&found.person.roles)?;
    let acting = grants.acting(&found.role, found.with_code, now()).ok_or(Problem::Unauthorized)?;
    // What would stop the next session must not end all of them.
    stores_of(app, caller.programme.no, &acting).await?;
    let given = (body.password.as_str(), body.code.as_deref());
    let attempt = proven(app, request, &caller, (&found, prefix), given).await?;
    let stored = hashed(&body.new_password)?;
    let change = CredentialChange { password: Some(&stored), ..of(&attempt, prefix) };
    changed(app, request, &attempt, &change).await?;
    let proven = NewSession {
        password: Some(&stored),
        totp: attempt.found.totp.as_deref(),
        ..NewSession::default()
    };
    let next = Beginning::of_session(&caller, &found, &grants);
    let begun = next.begin(app, request, Some(&found.role), proven).await?;
    let reply = begun.ok_or(Problem::Unauthorized)?;
    // All browsers of the person were forgotten, and what this one held may be a thief's.
    let whose = (caller.programme.no, found.folded.as_str());
    Ok(device::keep(app, request, reply, whose, false).await)
}

/// Ten new recovery codes in place of those that are left.
pub(crate) async fn recovery_codes(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: ProofBody = parse_json(request.body()?)?;
    let (found, prefix) = own_session(app, request).await?;
    if !found.has_code {
        return Err(FieldError::new("", "takes one-time codes: set them up first").into());
    }
    let given = (body.password.as_str(), body.code.as_deref());
    let attempt = proven(app, request, &caller, (&found, prefix), given).await?;
    let (codes, hashes) = new_recovery_codes()?;
    let change = CredentialChange { codes: Some(&hashes), ..of(&attempt, prefix) };
    changed(app, request, &attempt, &change).await?;
    Ok(Reply::json(200, &json!({"recovery_codes": codes})).private())
}

/// A secret for another phone, which does not count before a code of it was given. The one before
/// counts until then.
pub(crate) async fn code(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: ProofBody = parse_json(request.body()?)?;
    let (found, prefix) = own_session(app, request).await?;
    // A thief who has learned the password alone must not gain such a role by it.
    if !found.has_code && Grants::read(&found.person.roles)?.need_code() {
        let wrong = "a role of yours takes one-time codes: let an admin reset you";
        return Err(FieldError::new("", wrong).into());
    }
    let given = (body.password.as_str(), body.code.as_deref());
    let attempt = proven(app, request, &caller, (&found, prefix), given).await?;
    let (secret, sealed) = fresh_secret(caller.programme.no, &found.folded).await?;
    let change = CredentialChange { next_totp: Some(&sealed), ..of(&attempt, prefix) };
    changed(app, request, &attempt, &change).await?;
    let uri = totp::uri(&secret, &caller.programme.id, &found.person.id);
    Ok(Reply::json(200, &json!({"secret": secret, "uri": uri})).private())
}

/// The first code of the other phone, which must come soon. Guesses at it are counted as those at
/// the present codes are: a thief of the session has not seen the secret.
pub(crate) async fn confirm(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: OwnCodeBody = parse_json(request.body()?)?;
    let (found, prefix) = own_session(app, request).await?;
    let wrong = |what: &str| Problem::from(FieldError::new("/code", what));
    let stored = next_code(&app.sql, prefix, now().0).await?;
    let stored = stored.ok_or_else(|| wrong("was not set up, or is over: ask for a secret"))?;
    let whose = (caller.programme.id.as_str(), found.folded.as_str(), Some(prefix));
    let attempt = Attempt::counted(app, request, whose).await?;
    let secret = opened(&stored, caller.programme.no, &found.folded).await;
    let step = secret.and_then(|secret| totp::accepted(&secret, &body.code, now().0, 0));
    let Some(step) = step else {
        attempt.note(app, request).await?;
        return Err(wrong("is not the one that the app shows now"));
    };
    // The right code is no failure, whatever becomes of it.
    attempt.undo(app).await?;
    let (codes, hashes) = new_recovery_codes()?;
    let by = visitor(request, Some((&found.person.id, prefix)));
    if !confirm_code(&app.sql, prefix, (&stored, step), &hashes, &by).await? {
        return Err(Problem::Conflict);
    }
    sealed_of(app, caller.programme.no).await;
    Ok(Reply::json(200, &json!({"recovery_codes": codes})).private())
}

/// A ticket, by which this session may be linked with a provider: a thief of the session cannot
/// link themselves.
pub(crate) async fn ticket(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: ProofBody = parse_json(request.body()?)?;
    let (found, prefix) = own_session(app, request).await?;
    let given = (body.password.as_str(), body.code.as_deref());
    let attempt = proven(app, request, &caller, (&found, prefix), given).await?;
    let (ticket, hash) =
        new_token().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))?;
    let expires_at = now().plus_ms(TICKET_MS);
    let wish = TicketWish {
        session: prefix,
        hash: &hash,
        expires_at: expires_at.0,
        proven: attempt.found.password.as_deref().unwrap_or_default(),
        totp: attempt.found.totp.as_deref(),
        step: attempt.step(),
        recovery: attempt.recovery(),
        settled: &attempt.settled,
    };
    let by = visitor(request, Some((&found.person.id, prefix)));
    if !make_ticket(&app.sql, &wish, &by).await? {
        return Err(attempt.failed(app, request).await);
    }
    let shown = json!({"ticket": ticket, "expires_at": expires_at.to_string()});
    Ok(Reply::json(200, &shown).private())
}

/// That it is the person of the session, counted as a sign-in is.
async fn proven(
    app: &App,
    request: &Request,
    caller: &Caller,
    (found, session): (&Session, &str),
    given: (&str, Option<&str>),
) -> Result<Attempt, Problem> {
    let whose = (caller.programme.id.as_str(), found.folded.as_str(), Some(session));
    let attempt = Attempt::of(app, request, whose, given).await?;
    if attempt.proof == Proof::Failed {
        return Err(attempt.failed(app, request).await);
    }
    Ok(attempt)
}

/// A change that nothing is changed by yet.
fn of<'a>(attempt: &'a Attempt, session: &'a str) -> CredentialChange<'a> {
    CredentialChange {
        session,
        proven: attempt.found.password.as_deref().unwrap_or_default(),
        totp: attempt.found.totp.as_deref(),
        step: attempt.step(),
        recovery: attempt.recovery(),
        settled: &attempt.settled,
        ..CredentialChange::default()
    }
}

/// What was proven may have been used up meanwhile, which is a failure as any other.
async fn changed(
    app: &App,
    request: &Request,
    attempt: &Attempt,
    change: &CredentialChange<'_>,
) -> Result<(), Problem> {
    let (Some((no, _)), Some(person)) = (&attempt.found.programme, &attempt.found.person) else {
        return Err(Problem::Unauthorized);
    };
    let by = visitor(request, Some((&person.id, change.session)));
    if !change_credential(&app.sql, change, &by).await? {
        return Err(attempt.failed(app, request).await);
    }
    sealed_of(app, *no).await;
    Ok(())
}

/// What is stored of a password.
pub(crate) fn hashed(text: &str) -> Result<String, Problem> {
    password::hash(text, random()?)
        .ok_or_else(|| Problem::Internal("no memory for a password".to_owned()))
}

/// New recovery codes, and what is stored of them.
pub(crate) fn new_recovery_codes() -> Result<(Vec<String>, Vec<String>), Problem> {
    let mut codes = Vec::new();
    while codes.len() < RECOVERY_CODES {
        codes.push(recovery_code(random()?));
    }
    let hashes = codes.iter().map(|code| hash_of_recovery_code(code)).collect();
    Ok((codes, hashes))
}

/// A new secret of one-time codes, and the same as it is stored.
pub(crate) async fn fresh_secret(
    programme_no: i64,
    folded: &str,
) -> Result<(String, String), Problem> {
    let secret = base32(&random::<{ totp::SECRET }>()?);
    let place = Place::person(programme_no, folded);
    let sealed = sealed_text(&secret, &place, "the secret of one-time codes").await?;
    Ok((secret, sealed))
}
