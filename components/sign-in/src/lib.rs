//! Sign-in, sessions and the first visit of an invited person.
//!
//! A session is an API key of its person that ends soon and travels in a cookie. So roles, stores
//! and the audit log know nothing of sessions.

mod account;
mod attempt;
mod device;
mod invitation;

use credential::proof::Proof;
use credential::totp::from_base32;
use seal::Place;
use serde_json::json;
use shell::{
    ActedAs, App, Bearer, Beginning, FieldError, Grants, Problem, Reply, Request, SESSION_MS,
    SessionRoleBody, SignInBody, authenticate, folded, no_cookie, now, opened_text, parse_json,
    sealed_of, visitor,
};
use store::{NewSession, Session, end_session, find_session};

use attempt::Attempt;

shell::component! { shell::api::sign_in::ROUTES {
    "POST /v1/sign-in" => sign_in(),
    "POST /v1/sign-out" => sign_out(),
    "GET /v1/session" => session(),
    "POST /v1/session/role" => act_as(),
    "POST /v1/session/password" => account::password(),
    "POST /v1/session/recovery-codes" => account::recovery_codes(),
    "POST /v1/session/code" => account::code(),
    "POST /v1/session/code/confirm" => account::confirm(),
    "POST /v1/session/ticket" => account::ticket(),
    "GET /v1/invitations/{token}" => invitation::show(token),
    "POST /v1/invitations/{token}/code" => invitation::code(token),
    "POST /v1/invitations/{token}/accept" => invitation::accept(token),
} }

async fn sign_in(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.check_query()?;
    let body: SignInBody = parse_json(request.body()?)?;
    let programme = body.programme_id.as_deref().unwrap_or("default");
    let person = folded(&body.person_id)?;
    let given = (body.password.as_str(), body.code.as_deref());
    let attempt = Attempt::of(app, request, (programme, &person, None), given).await?;
    let found = &attempt.found;
    let begun = match (&found.person, &found.programme) {
        (Some(who), Some((no, name))) if attempt.proof != Proof::Failed => {
            let beginning = Beginning {
                programme: (*no, programme, name),
                folded: &person,
                person: who,
                grants: &Grants::read(&who.roles)?,
                has_code: found.totp.is_some(),
                with_code: found.totp.is_some(),
                latest: now().0.saturating_add(SESSION_MS),
            };
            let proven = NewSession {
                password: found.password.as_deref(),
                totp: found.totp.as_deref(),
                step: attempt.step(),
                recovery: attempt.recovery(),
                settled: &attempt.settled,
                ..NewSession::default()
            };
            match beginning.begin(app, request, None, proven).await {
                Ok(begun) => begun,
                // The right password is no failure, whatever the role is for.
                Err(problem) => {
                    attempt.undo(app).await?;
                    return Err(problem);
                }
            }
        }
        _ => None,
    };
    match (begun, &found.programme) {
        (Some(reply), Some((no, _))) => {
            let is_known = attempt.is_of_known_device();
            Ok(device::keep(app, request, reply, (*no, &person), is_known).await)
        }
        _ => Err(attempt.failed(app, request).await),
    }
}

/// A key that is sent as usual is no session.
async fn own_session<'a>(app: &App, request: &'a Request) -> Result<(Session, &'a str), Problem> {
    let bearer = Bearer::of(request)?;
    let found = find_session(&app.sql, bearer.prefix()).await?.ok_or(Problem::Unauthorized)?;
    Ok((found, bearer.prefix()))
}

async fn session(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (found, _) = own_session(app, request).await?;
    let grants = Grants::read(&found.person.roles)?;
    let own = Beginning::of_session(&caller, &found, &grants);
    let acted = ActedAs {
        role: &found.role,
        base: &found.base,
        stores: found.stores.as_deref(),
        until: found.until,
    };
    let shown = own.shown(app, &acted, now()).await?;
    Ok(Reply::json(200, &shown).private())
}

/// A person acts in one role at a time. Another role is another session, which ends no later than
/// this one.
async fn act_as(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: SessionRoleBody = parse_json(request.body()?)?;
    let (found, prefix) = own_session(app, request).await?;
    let grants = Grants::read(&found.person.roles)?;
    if grants.acting(&body.role, found.with_code, now()).is_none() {
        return Err(FieldError::new("/role", "is none of the roles that you have now").into());
    }
    let next = Beginning::of_session(&caller, &found, &grants);
    let follows = NewSession { follows: Some(prefix), ..NewSession::default() };
    let begun = next.begin(app, request, Some(&body.role), follows).await?;
    begun.ok_or(Problem::Unauthorized)
}

/// Takes the cookie away in any case: a session that is over is no reason to keep it.
async fn sign_out(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.check_query()?;
    if let Ok(bearer) = Bearer::of(request) {
        let caller = store::caller(&app.sql, bearer.prefix()).await?;
        if let Some(caller) = caller.filter(|caller| bearer.is_of(caller, now())) {
            let who =
                visitor(request, caller.person.as_deref().map(|person| (person, bearer.prefix())));
            end_session(&app.sql, bearer.prefix(), &who).await?;
            sealed_of(app, caller.programme.no).await;
        }
    }
    Ok(Reply::empty(204).with("set-cookie", &no_cookie()).private())
}

/// The bytes of a sealed secret of one-time codes.
async fn opened(stored: &str, programme_no: i64, folded: &str) -> Option<Vec<u8>> {
    let opened = opened_text(stored, &Place::person(programme_no, folded)).await;
    if opened.is_none() {
        eprintln!(
            "{}",
            json!({"level": "warn", "message": "secrets_key does not open a person's codes: only recovery codes help"})
        );
    }
    from_base32(&opened?)
}
