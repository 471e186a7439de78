//! How a session of a person begins, whatever they proved themselves by.

use ledger::Timestamp;
use serde_json::{Value as Json, json};
use store::{
    Caller, NewSession, Session, SignInPerson, Who, begin_session, list_own_roles, stores_within,
};

use crate::answer::Reply;
use crate::app::App;
use crate::audit::sealed_of;
use crate::auth::{line_of, new_session};
use crate::command::SESSION_IDLE_MS;
use crate::grants::{Acting, Grant, Grants};
use crate::ids::now;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

/// How long a session lasts at most.
pub const SESSION_MS: i64 = 12 * 3_600_000;
/// Own roles of a programme at most.
pub const MAX_OWN_ROLES: i64 = 200;
/// Every request of a session loads its stores.
const MAX_STORES: usize = 1_000;

/// A session that is about to begin.
pub struct Beginning<'a> {
    /// Number, id and name of the programme.
    pub programme: (i64, &'a str, &'a str),
    /// How the person's id is compared.
    pub folded: &'a str,
    /// The person.
    pub person: &'a SignInPerson,
    /// What they may act as.
    pub grants: &'a Grants,
    /// Whether they have one-time codes.
    pub has_code: bool,
    /// Whether they gave one, or what stands in for it: some roles count with it only.
    pub with_code: bool,
    /// When it ends at the latest.
    pub latest: i64,
}

impl<'a> Beginning<'a> {
    /// What goes on in a session that was found.
    #[must_use]
    pub fn of_session(caller: &'a Caller, found: &'a Session, grants: &'a Grants) -> Self {
        Self {
            programme: (caller.programme.no, &caller.programme.id, &found.programme),
            folded: &found.folded,
            person: &found.person,
            grants,
            has_code: found.has_code,
            with_code: found.with_code,
            latest: found.until,
        }
    }

    /// Begins it in that role, or in the first one that the person has. `None` when they have none
    /// now, or what they proved themselves by was used meanwhile.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a role of too many stores, or what the database does.
    pub async fn begin(
        &self,
        app: &App,
        request: &Request,
        role: Option<&str>,
        proven: NewSession<'_>,
    ) -> Result<Option<Reply>, Problem> {
        let at = now();
        let first = self.grants.current(self.with_code, at).next().map(|grant| grant.role.as_str());
        let Some(role) = role.or(first) else { return Ok(None) };
        let Some(acting) = self.grants.acting(role, self.with_code, at) else { return Ok(None) };
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
            with_code: self.with_code,
            stores: stores.as_deref(),
            expires_at: until.min(at.0.saturating_add(SESSION_IDLE_MS)),
            until,
            ..proven
        };
        let who = visitor(request, Some((&self.person.id, secret.prefix())));
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
    ///
    /// # Errors
    /// What the database does.
    pub async fn shown(
        &self,
        app: &App,
        acted: &ActedAs<'_>,
        at: Timestamp,
    ) -> Result<Json, Problem> {
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
        let roles: Vec<Json> = self.grants.current(self.with_code, at).map(role).collect();
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
pub struct ActedAs<'a> {
    /// The role, which may be an own one.
    pub role: &'a str,
    /// The built-in role that it is, or is a part of.
    pub base: &'a str,
    /// In which stores; `None` for all.
    pub stores: Option<&'a [String]>,
    /// Until when.
    pub until: i64,
}

/// The stores of a session: those that were named, and those that lie in the regions now.
///
/// # Errors
/// [`Problem::InvalidRequest`] for too many, or what the database does.
pub async fn stores_of(
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

/// The person and the session behind an action, once they are known.
#[must_use]
pub fn visitor(request: &Request, of: Option<(&str, &str)>) -> Who {
    Who {
        at: now(),
        person: of.map(|(person, _)| person.to_owned()),
        key: of.map(|(_, prefix)| prefix.to_owned()),
        address: request.address().map(|address| address.to_string()),
    }
}
