//! Sign-in by a provider of OpenID Connect (authorization code flow with PKCE), or by WeCom, which
//! has a flow of its own. Roles are given here: the provider only says who is there, and by which
//! subject. It is linked with a person by an invitation, or by the person in a session; never by an
//! e-mail address.
//!
//! A browser on its way there holds a secret in a cookie. State, nonce and verifier are digests of
//! it, so what comes back belongs to this browser, and each visit ends once.

mod config;
mod provider;
mod wecom;

use credential::random::hash;
use serde_json::{Map, Value as Json, json};
use shell::{
    App, Beginning, FieldError, Grants, OidcBody, Problem, Reply, Request, SESSION_MS, new_token,
    now, parse_json, sealed_of, stores_of, visitor,
};
use store::{
    NewSession, Visit, VisitWish, accept_by_identity, begin_visit, count_callback, count_visit,
    end_visit, find_identity, find_invitation, find_session, link_identity,
};
use subtle::ConstantTimeEq;

use crate::config::{Config, warn};
use crate::wecom::Wecom;

/// What the browser holds meanwhile. `Lax`, as it comes back by a link of another site.
const COOKIE: &str = "__Host-accrue-visit";
const VISIT_SECONDS: i64 = 600;
/// Visits under way with one invitation. When there are more, the oldest makes room.
const MAX_VISITS: i64 = 20;
/// Characters of a code or a state.
const MAX_TEXT: usize = 4_096;

shell::component! { shell::api::oidc::ROUTES {
    "GET /v1/oidc" => show(),
    "POST /v1/oidc/sign-in" => sign_in(),
    "GET /v1/oidc/callback" => callback(),
} }

async fn show(_: &App, request: &Request) -> Result<Reply, Problem> {
    request.check_query()?;
    let name = Config::read().await.map(|config| config.name);
    let wecom = Wecom::read().await.map(|wecom| wecom.name);
    Ok(Reply::json(200, &json!({"name": name, "wecom": wecom})))
}

/// What states are digests of, beside the browser's secret: by it a visit to the provider is told
/// from one to WeCom.
const STATE: &str = "state";
const STATE_OF_WECOM: &str = "wecom";

/// Where a browser is sent.
enum Place {
    Provider(Box<Config>),
    Wecom(Wecom),
}

impl Place {
    async fn of(body: &OidcBody) -> Option<Self> {
        if body.wecom {
            return Wecom::read().await.map(Self::Wecom);
        }
        Config::read().await.map(|config| Self::Provider(Box::new(config)))
    }

    async fn address(&self, secret: &str) -> Result<String, Problem> {
        match self {
            Self::Wecom(wecom) => Ok(wecom.address_of(&derived(secret, STATE_OF_WECOM))),
            Self::Provider(config) => {
                let metadata = provider::metadata(config).await.map_err(failed)?;
                let (state, nonce, verifier) =
                    (derived(secret, STATE), derived(secret, "nonce"), derived(secret, "verifier"));
                Ok(provider::address_of(config, &metadata, (&state, &nonce, &verifier)))
            }
        }
    }
}

/// What is sent along of a browser's secret, each for its own use.
fn derived(secret: &str, of: &str) -> String {
    hash(&format!("{of}:{secret}"))
}

async fn sign_in(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.check_query()?;
    let body: OidcBody = parse_json(request.body()?)?;
    let named = [&body.programme_id, &body.invitation, &body.ticket];
    if named.iter().filter(|one| one.is_some()).count() > 1 {
        let wrong = "names more than one of programme_id, invitation and ticket";
        return Err(FieldError::new("", wrong).into());
    }
    let place = Place::of(&body).await.ok_or(Problem::ResourceNotFound)?;
    let (invitation, ticket) =
        (body.invitation.as_deref().map(hash), body.ticket.as_deref().map(hash));
    let is_plain = invitation.is_none() && ticket.is_none();
    let programme = is_plain.then(|| body.programme_id.as_deref().unwrap_or("default"));
    // Before the provider is asked for anything.
    if let Some(programme) = programme
        && let Some(until) = count_visit(&app.sql, programme, now().0).await?
    {
        let seconds = until.saturating_sub(now().0).max(0).div_euclid(1_000).saturating_add(1);
        let detail = "Too many sign-ins of this programme by a provider have begun.";
        return Ok(Reply::too_many(detail, seconds).private());
    }
    let wish =
        VisitWish { programme, invitation: invitation.as_deref(), ticket: ticket.as_deref() };
    let (secret, _) =
        new_token().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))?;
    let url = place.address(&secret).await?;
    let ends = now().plus_ms(VISIT_SECONDS * 1_000);
    let stored = derived(&secret, "visit");
    if !begin_visit(&app.sql, &stored, &wish, (now().0, ends.0), MAX_VISITS).await? {
        return Err(Problem::ResourceNotFound);
    }
    let cookie = format!(
        "{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={VISIT_SECONDS}"
    );
    Ok(Reply::json(200, &json!({"url": url})).with("set-cookie", &cookie).private())
}

fn failed(wrong: String) -> Problem {
    warn(&wrong);
    Problem::ProviderFailed
}

/// Whatever comes back ends at one of our pages, and nowhere else.
async fn callback(app: &App, request: &Request) -> Result<Reply, Problem> {
    let reply = match came_back(app, request).await {
        Ok(reply) => reply,
        Err(wrong) => {
            warn(&format!("nobody is signed in by the provider: {wrong}"));
            to("/console/?provider=failed")
        }
    };
    Ok(reply.with("referrer-policy", "no-referrer").private())
}

fn to(path: &str) -> Reply {
    Reply::empty(303).with("location", path)
}

/// A parameter that is there once.
fn asked<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let text = request.only_query(name)?;
    (1..=MAX_TEXT).contains(&text.len()).then_some(text)
}

/// # Errors
/// Why nobody is signed in, for the log.
async fn came_back(app: &App, request: &Request) -> Result<Reply, String> {
    let asked = |name: &str| asked(request, name);
    let secret = request.cookie(COOKIE).ok_or("the browser began no visit")?;
    let state = asked("state").ok_or("without a state")?;
    let is_of = |what: &str| bool::from(derived(secret, what).as_bytes().ct_eq(state.as_bytes()));
    let is_of_wecom = is_of(STATE_OF_WECOM);
    if !is_of_wecom && !is_of(STATE) {
        return Err("the state is of another visit".to_owned());
    }
    let visit = end_visit(&app.sql, &derived(secret, "visit"), now().0).await;
    let visit = visit.map_err(|error| error.to_string())?.ok_or("the visit is over")?;
    if request.query("error").is_some() {
        return Err("the provider refused".to_owned());
    }
    let may_ask = count_callback(&app.sql, visit.programme.0, now().0).await;
    if !may_ask.map_err(|error| error.to_string())? {
        return Err("too many come back".to_owned());
    }
    let known = if is_of_wecom {
        let wecom = Wecom::read().await.ok_or("there is no company of WeCom")?;
        let code = asked("code").ok_or("without a code")?;
        let subject = wecom.member(code).await?;
        Known { provider: wecom.provider(), subject, is_strong: wecom.is_strong }
    } else {
        by_token(request, secret).await?
    };
    let done = known.ends(app, request, &visit).await;
    done.map_err(|problem| format!("{problem:?}"))
}

/// The user that the provider's ID token names.
async fn by_token(request: &Request, secret: &str) -> Result<Known, String> {
    let config = Config::read().await.ok_or("there is no provider")?;
    let metadata = provider::metadata(&config).await?;
    let is_from_it = match request.query("iss") {
        Some(_) => asked(request, "iss") == Some(&*config.issuer),
        None => !metadata.tells_issuer,
    };
    if !is_from_it {
        return Err("another provider answered".to_owned());
    }
    let code = asked(request, "code").ok_or("without a code")?;
    let (nonce, verifier) = (derived(secret, "nonce"), derived(secret, "verifier"));
    let claims = provider::claims(&config, &metadata, (code, &nonce, &verifier)).await?;
    let is_strong = is_strong(&config, &claims);
    let subject = claims.get("sub").and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Known { provider: config.issuer, subject, is_strong })
}

/// Whether the provider says that it asked for more than a password, in words that the installation
/// takes for that.
fn is_strong(config: &Config, claims: &Map<String, Json>) -> bool {
    let methods = claims.get("amr").and_then(Json::as_array);
    let taken = |method: &Json| config.strong.iter().any(|strong| method == strong);
    methods.is_some_and(|methods| methods.iter().any(taken))
}

/// The user who was at the provider.
struct Known {
    provider: String,
    subject: String,
    is_strong: bool,
}

impl Known {
    async fn ends(&self, app: &App, request: &Request, visit: &Visit) -> Result<Reply, Problem> {
        match (&visit.invitation, &visit.session) {
            (Some(invitation), _) => self.accepts(app, request, visit, invitation).await,
            (None, Some(session)) => self.is_linked(app, request, session).await,
            (None, None) => self.signs_in(app, request, visit).await,
        }
    }

    fn identity(&self) -> (&str, &str) {
        (&self.provider, &self.subject)
    }

    async fn signs_in(
        &self,
        app: &App,
        request: &Request,
        visit: &Visit,
    ) -> Result<Reply, Problem> {
        let (no, ..) = visit.programme;
        let found = find_identity(&app.sql, no, self.identity()).await?;
        let (folded, person) = found.ok_or(Problem::SignInFailed(None))?;
        self.begins(app, request, visit, (&folded, &person)).await
    }

    async fn begins(
        &self,
        app: &App,
        request: &Request,
        visit: &Visit,
        (folded, person): (&str, &store::SignInPerson),
    ) -> Result<Reply, Problem> {
        let (no, id, name) = &visit.programme;
        let beginning = Beginning {
            programme: (*no, id, name),
            folded,
            person,
            grants: &Grants::read(&person.roles)?,
            has_code: false,
            with_code: self.is_strong,
            latest: now().0.saturating_add(SESSION_MS),
        };
        let proven = NewSession { identity: Some(self.identity()), ..NewSession::default() };
        let begun = beginning.begin(app, request, None, proven).await?;
        let reply = begun.ok_or(Problem::SignInFailed(None))?;
        let cookie = reply.header("set-cookie").unwrap_or_default();
        Ok(to("/console/").with("set-cookie", cookie))
    }

    async fn accepts(
        &self,
        app: &App,
        request: &Request,
        visit: &Visit,
        invitation: &str,
    ) -> Result<Reply, Problem> {
        let found = find_invitation(&app.sql, invitation, now().0).await?;
        let found = found.ok_or(Problem::ResourceNotFound)?;
        let grants = Grants::read(&found.person.roles)?;
        // What would stop the session must not use up the link.
        let first = grants.current(self.is_strong, now()).next().map(|grant| grant.role.as_str());
        let acting = first.and_then(|role| grants.acting(role, self.is_strong, now()));
        stores_of(app, found.programme.0, &acting.ok_or(Problem::SignInFailed(None))?).await?;
        let by = visitor(request, Some((&found.person.id, "invitation")));
        if !accept_by_identity(&app.sql, invitation, self.identity(), &by).await? {
            return Err(Problem::Conflict);
        }
        self.begins(app, request, visit, (&found.folded, &found.person)).await
    }

    async fn is_linked(
        &self,
        app: &App,
        request: &Request,
        session: &str,
    ) -> Result<Reply, Problem> {
        let found = find_session(&app.sql, session).await?.ok_or(Problem::Unauthorized)?;
        let by = visitor(request, Some((&found.person.id, session)));
        if !link_identity(&app.sql, session, self.identity(), &by).await? {
            return Err(Problem::Conflict);
        }
        sealed_of(app, found.programme_no).await;
        let place = if self.provider.starts_with("wecom:") { "wecom" } else { "linked" };
        Ok(to(&format!("/console/account?provider={place}")))
    }
}
