//! Sign-in, sessions and the first visit of an invited person.
//!
//! A session is an API key of its person that ends soon and travels in a cookie. So roles, stores
//! and the audit log know nothing of sessions.

mod account;
mod attempt;
mod invitation;

use credential::proof::Proof;
use credential::totp::from_base32;
use jobs::Seals;
use ledger::Timestamp;
use serde_json::{Value as Json, json};
use shell::{
    Acting, App, Bearer, FieldError, Grant, Grants, Problem, Reply, Request, SESSION_IDLE_MS,
    SessionRoleBody, SignInBody, authenticate, folded, line_of, new_session, no_cookie, now,
    parse_json, sealed_of,
};
use store::{
    Caller, NewSession, Session, SignInPerson, Who, begin_session, end_session, find_session,
    list_own_roles, stores_within,
};

use attempt::Attempt;

/// How long a session lasts at most.
const SESSION_MS: i64 = 12 * 3_600_000;
/// As many as a programme has at most.
const MAX_OWN_ROLES: i64 = 200;
/// Every request of a session loads its stores.
const MAX_STORES: usize = 1_000;

shell::component! { shell::api::sign_in::ROUTES {
    "POST /v1/sign-in" => sign_in(),
    "POST /v1/sign-out" => sign_out(),
    "GET /v1/session" => session(),
    "POST /v1/session/role" => act_as(),
    "POST /v1/session/password" => account::password(),
    "POST /v1/session/recovery-codes" => account::recovery_codes(),
    "POST /v1/session/code" => account::code(),
    "POST /v1/session/code/confirm" => account::confirm(),
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
    let attempt = Attempt::of(app, request, (programme, &person), given).await?;
    let found = &attempt.found;
    let begun = match (&found.person, &found.programme) {
        (Some(who), Some((no, name))) if attempt.proof != Proof::Failed => {
            let beginning = Beginning {
                programme: (*no, programme, name),
                folded: &person,
                person: who,
                grants: &Grants::read(&who.roles)?,
                has_code: found.totp.is_some(),
                latest: now().0.saturating_add(SESSION_MS),
            };
            let proven = NewSession {
                password: found.password.as_deref(),
                step: attempt.step(),
                recovery: attempt.recovery(),
                address: attempt.address.as_deref(),
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
    if let Some(reply) = begun {
        return Ok(reply);
    }
    Err(attempt.failed(app, request).await)
}

/// A session that is about to begin.
struct Beginning<'a> {
    /// Number, id and name.
    programme: (i64, &'a str, &'a str),
    folded: &'a str,
    person: &'a SignInPerson,
    grants: &'a Grants,
    has_code: bool,
    /// When it ends at the latest.
    latest: i64,
}

impl Beginning<'_> {
    /// Begins it in that role, or in the first one that the person has. `None` when they have none
    /// now, or what they proved themselves by was used meanwhile.
    async fn begin(
        &self,
        app: &App,
        request: &Request,
        role: Option<&str>,
        proven: NewSession<'_>,
    ) -> Result<Option<Reply>, Problem> {
        let at = now();
        let first = self.grants.current(self.has_code, at).next().map(|grant| grant.role.as_str());
        let Some(role) = role.or(first) else { return Ok(None) };
        let Some(acting) = self.grants.acting(role, self.has_code, at) else { return Ok(None) };
        let secret = new_session()
            .ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))?;
        let stores = stores_of(app, self.programme.0, &acting).await?;
        let until = acting.until.map_or(self.latest, |until| until.min(self.latest));
        let (programme_no, ..) = self.programme;
        let session = NewSession {
            programme_no,
            folded: self.folded,
            roles: &self.person.roles,
            prefix: secret.prefix(),
            hash: secret.hash(),
            lineage: &line_of(self.folded),
            role: acting.base.as_deref().unwrap_or(role),
            own_role: acting.base.is_some().then_some(role),
            stores: stores.as_deref(),
            expires_at: until.min(at.0.saturating_add(SESSION_IDLE_MS)),
            until,
            ..proven
        };
        let who = who(request, Some((&self.person.id, secret.prefix())));
        if !begin_session(&app.sql, &session, &who).await? {
            return Ok(None);
        }
        sealed_of(app, programme_no).await;
        let acted = ActedAs {
            role,
            base: acting.base.as_deref().unwrap_or(role),
            stores: stores.as_deref(),
            until,
        };
        let shown = self.shown(app, &acted, at).await?;
        Ok(Some(Reply::json(200, &shown).with("set-cookie", &secret.cookie()).private()))
    }

    /// Names and permissions are those of now: a session follows its role.
    async fn shown(&self, app: &App, acted: &ActedAs<'_>, at: Timestamp) -> Result<Json, Problem> {
        let (no, id, name) = self.programme;
        let own = if self.grants.0.iter().any(|grant| grant.base.is_some()) {
            list_own_roles(&app.sql, no, "", MAX_OWN_ROLES).await?
        } else {
            Vec::new()
        };
        let of = |role: &str| own.iter().find(|own| own.id == role);
        let role = |grant: &Grant| {
            let mut shown = grant.json();
            let names = of(&grant.role).map(|own| json!({"zh-CN": own.names.0, "en": own.names.1}));
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("names".to_owned(), names.into());
            }
            shown
        };
        let roles: Vec<Json> = self.grants.current(self.has_code, at).map(role).collect();
        Ok(json!({
            "person": {
                "id": self.person.id, "name": self.person.name, "language": self.person.language,
            },
            "programme": {"id": id, "name": name},
            "has_code": self.has_code,
            "role": acted.role,
            "base": acted.base,
            "permissions": of(acted.role).map(|own| &own.permissions),
            "stores": acted.stores,
            "expires_at": Timestamp(acted.until).to_string(),
            "roles": roles,
        }))
    }
}

/// What a person acts as in a session.
struct ActedAs<'a> {
    role: &'a str,
    base: &'a str,
    stores: Option<&'a [String]>,
    until: i64,
}

/// The stores of a session: those that were named, and those that lie in the regions now.
pub(crate) async fn stores_of(
    app: &App,
    programme_no: i64,
    acting: &Acting,
) -> Result<Option<Vec<String>>, Problem> {
    let Some(mut stores) = acting.stores.clone() else { return Ok(None) };
    if !acting.regions.is_empty() {
        let most = i64::try_from(MAX_STORES).unwrap_or_default();
        stores.extend(stores_within(&app.sql, programme_no, &acting.regions, most + 1).await?);
        stores.sort();
        stores.dedup();
    }
    if stores.len() > MAX_STORES {
        let wrong = "the role is for more than 1000 stores: give it without stores, or for a part";
        return Err(FieldError::new("", wrong).into());
    }
    Ok(Some(stores))
}

/// A key that is sent as usual is no session.
async fn own_session<'a>(app: &App, request: &'a Request) -> Result<(Session, &'a str), Problem> {
    let bearer = Bearer::of(request)?;
    let found = find_session(&app.sql, bearer.prefix()).await?.ok_or(Problem::Unauthorized)?;
    Ok((found, bearer.prefix()))
}

/// What goes on in a session that was found.
fn of_session<'a>(caller: &'a Caller, found: &'a Session, grants: &'a Grants) -> Beginning<'a> {
    Beginning {
        programme: (caller.programme.no, &caller.programme.id, &found.programme),
        folded: &found.folded,
        person: &found.person,
        grants,
        has_code: found.has_code,
        latest: found.until,
    }
}

async fn session(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (found, _) = own_session(app, request).await?;
    let grants = Grants::read(&found.person.roles)?;
    let own = of_session(&caller, &found, &grants);
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
    if grants.acting(&body.role, found.has_code, now()).is_none() {
        return Err(FieldError::new("/role", "is none of the roles that you have now").into());
    }
    let next = of_session(&caller, &found, &grants);
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
                who(request, caller.person.as_deref().map(|person| (person, bearer.prefix())));
            end_session(&app.sql, bearer.prefix(), &who).await?;
            sealed_of(app, caller.programme.no).await;
        }
    }
    Ok(Reply::empty(204).with("set-cookie", &no_cookie()).private())
}

/// Who does something: the person and the session, once they are known.
fn who(request: &Request, of: Option<(&str, &str)>) -> Who {
    Who {
        at: now(),
        person: of.map(|(person, _)| person.to_owned()),
        key: of.map(|(_, prefix)| prefix.to_owned()),
        address: request.address().map(|address| address.to_string()),
    }
}

async fn seals() -> Seals {
    Seals::parse(&spin_sdk::variables::get("secrets_key").await.unwrap_or_default())
}

/// The bytes of a sealed secret of one-time codes.
async fn opened(stored: &str, programme_no: i64, folded: &str) -> Option<Vec<u8>> {
    let opened = seals().await.open(stored, (programme_no, &place_of(folded)));
    if opened.is_none() {
        eprintln!(
            "{}",
            json!({"level": "warn", "message": "secrets_key does not open a person's codes: only recovery codes help"})
        );
    }
    from_base32(&opened?)
}

/// What a person's secret is sealed for; no endpoint has such an id.
fn place_of(folded: &str) -> String {
    format!("person:{folded}")
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Problem> {
    let mut random = [0u8; LENGTH];
    getrandom::fill(&mut random)
        .map_err(|_| Problem::Internal("the host gives no randomness".to_owned()))?;
    Ok(random)
}
