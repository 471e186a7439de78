//! Keys and roles. A key is shown once, when it is made; what is stored is its prefix and its
//! SHA-256.

use std::fmt;

use ledger::{Hash, Timestamp};
use store::Caller;
use subtle::ConstantTimeEq;

use crate::admissions;
use crate::problem::Problem;
use crate::request::{Request, cookie};
use crate::route::{Access, Route};

/// What the keys that are made here begin with.
const OURS: &str = "acc_";
/// What the secrets of sessions begin with.
const SESSION: &str = "ses_";
/// The cookie that bears such a secret. Browsers take a name that begins so from a secure page
/// alone, for the whole host and from no other host.
const COOKIE: &str = "__Host-accrue";
/// Characters of such a key that it is found and listed by; they are not secret.
const PREFIX_LENGTH: usize = 12;
/// Length of such a key.
const OUR_LENGTH: usize = 55;
/// A key must have at least this many characters.
const MIN_LENGTH: usize = 32;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Earn, redeem and read members.
    Storefront,
    /// Read rules and members.
    Marketing,
    /// Read the books.
    Finance,
    /// Read and register members.
    Service,
    /// Decide on small requests of others.
    Approver,
    /// Decide on larger ones.
    DepartmentHead,
    /// Decide on the largest.
    VicePresident,
    /// Everything within the programme.
    Admin,
    /// Run jobs.
    Job,
}

/// Every role with its name in the API.
const ROLES: [(Role, &str); 9] = [
    (Role::Storefront, "storefront"),
    (Role::Marketing, "marketing"),
    (Role::Finance, "finance"),
    (Role::Service, "service"),
    (Role::Approver, "approver"),
    (Role::DepartmentHead, "department_head"),
    (Role::VicePresident, "vice_president"),
    (Role::Admin, "admin"),
    (Role::Job, "job"),
];

impl Role {
    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        ROLES.into_iter().find(|(_, found)| *found == name).map(|(role, _)| role)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ROLES.into_iter().map(|(role, _)| role)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ROLES.into_iter().find(|(role, _)| *role == self).map_or("", |(_, name)| name)
    }
}

/// A key as a request bears it. Never shown, not even by `Debug`.
pub struct Bearer {
    key: String,
    prefix: String,
    hash: String,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bearer({}…)", self.prefix())
    }
}

fn hash(key: &str) -> String {
    Hash::of(key.as_bytes()).to_string()
}

impl Bearer {
    /// A key of at least 32 visible ASCII characters.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let is_visible = key.bytes().all(|b| (b'!'..=b'~').contains(&b));
        if !is_visible || !(MIN_LENGTH..=255).contains(&key.len()) {
            return None;
        }
        let hash = hash(key);
        let is_ours = key.starts_with(OURS) || key.starts_with(SESSION);
        let public = key.get(..PREFIX_LENGTH).filter(|_| is_ours && key.len() == OUR_LENGTH);
        // A key of another make (the operator's variable) has no public part: its first characters
        // are as secret as the rest.
        let prefix = public
            .map_or_else(|| format!("key_{}", hash.get(..8).unwrap_or_default()), str::to_owned);
        Some(Self { key: key.to_owned(), prefix, hash })
    }

    /// The key in the `Authorization` header, sent once and of the right shape.
    pub(crate) fn from_header(headers: &http::HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
        let (header, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
        let (scheme, key) = header.split_once(' ')?;
        let bearer = Self::parse(key.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
        (!bearer.is_session()).then_some(bearer)
    }

    /// The session in the cookie, sent once. Keys do not travel in cookies, nor sessions in the
    /// `Authorization` header: so whatever a browser adds by itself is known as such.
    pub(crate) fn from_cookie(headers: &http::HeaderMap) -> Option<Self> {
        let value = cookie(headers, COOKIE)?;
        Self::parse(value).filter(Self::is_session)
    }

    /// Whether it is the session of a person, and no key.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.prefix.starts_with(SESSION) && self.prefix.len() == PREFIX_LENGTH
    }

    /// The header that gives a browser the session.
    #[must_use]
    pub fn cookie(&self) -> String {
        format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", self.key)
    }

    /// The key of a request.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`] when there is none of the right shape.
    pub fn of(request: &Request) -> Result<&Self, Problem> {
        request.bearer().ok_or(Problem::Unauthorized)
    }

    /// What it is found by.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is stored of it: SHA-256 as 64 hexadecimal digits. A key has 256 random bits, so a slow
    /// hash would add nothing.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether this is the stored key, and it counts at this instant.
    #[must_use]
    pub fn is_of(&self, caller: &Caller, now: Timestamp) -> bool {
        let is_same: bool = self.hash.as_bytes().ct_eq(caller.hash.as_bytes()).into();
        is_same && caller.ends_at.is_none_or(|ends_at| now.0 < ends_at)
    }

    /// Lets the caller in when the hash is the stored one, the key counts at this instant and the
    /// route is for it.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`], [`Problem::Forbidden`], [`Problem::StoreForbidden`].
    pub(crate) fn admit(
        &self,
        caller: Option<Caller>,
        route: &Route,
        now: Timestamp,
    ) -> Result<Caller, Problem> {
        let caller = caller.ok_or(Problem::Unauthorized)?;
        if !self.is_of(&caller, now) {
            return Err(Problem::Unauthorized);
        }
        admissions::note(self.hash(), &caller.programme.id, now);
        check_role(&caller, route.roles())?;
        if caller.stores.is_some() && !route.for_stores {
            return Err(Problem::StoreForbidden);
        }
        if matches!(route.access, Access::Operator) && !caller.operator {
            return Err(Problem::Forbidden(
                "operator (the key of the variable admin_key)".to_owned(),
            ));
        }
        Ok(caller)
    }
}

/// Whether the caller has one of these roles, or is an admin.
///
/// # Errors
/// [`Problem::Forbidden`].
pub fn check_role(caller: &Caller, roles: &[Role]) -> Result<(), Problem> {
    if Role::parse(&caller.role).is_some_and(|role| role == Role::Admin || roles.contains(&role)) {
        return Ok(());
    }
    let names: Vec<&str> = roles.iter().copied().chain([Role::Admin]).map(Role::as_str).collect();
    Err(Problem::Forbidden(names.join(", ")))
}

/// The header that takes the session from a browser.
#[must_use]
pub fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// A fresh key: `acc_`, 8 characters to find it by, 43 characters with 256 random bits. `None` when
/// the host has no randomness.
#[must_use]
pub fn new_key() -> Option<Bearer> {
    fresh(OURS)
}

/// A fresh secret of a session, made as a key is.
#[must_use]
pub fn new_session() -> Option<Bearer> {
    fresh(SESSION)
}

/// The line that all sessions of a person are: a request that is repeated after a new sign-in gets
/// the first answer.
#[must_use]
pub fn line_of(folded: &str) -> String {
    format!("person_{}", hash(folded).get(..16).unwrap_or_default())
}

/// The token of an invitation, 258 random bits, and what is stored of it.
#[must_use]
pub fn new_token() -> Option<(String, String)> {
    let token = random::<43>()?;
    let stored = hash(&token);
    Some((token, stored))
}

/// 51 characters of 6 bits: 8 public ones, and 43 × 6 = 258 secret bits.
fn fresh(start: &str) -> Option<Bearer> {
    Bearer::parse(&format!("{start}{}", random::<51>()?))
}

fn random<const LENGTH: usize>() -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0u8; LENGTH];
    getrandom::fill(&mut random).ok()?;
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 63)).map(|c| char::from(*c));
    Some(random.iter().filter_map(letter).collect())
}

impl Bearer {
    /// The key itself, for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::ProgrammeRef;

    const NOW: Timestamp = Timestamp(1_000);

    fn caller(bearer: &Bearer, role: &str, ends_at: Option<i64>) -> Caller {
        let programme = ProgrammeRef {
            no: 1,
            id: "p".into(),
            rulebook_version: 1,
            rulebook_digest: String::new(),
            spread: 1,
        };
        let (role, hash, label) = (role.into(), bearer.hash().to_owned(), "test".into());
        let (lineage, person, stores) = ("acc_test".into(), None, None);
        Caller {
            programme,
            role,
            operator: false,
            hash,
            ends_at,
            label,
            lineage,
            person,
            last_used_at: 0,
            stores,
            permissions: None,
        }
    }

    #[test]
    fn keys_are_admitted_by_hash_role_and_stores() {
        let (key, other) = (new_key().unwrap(), new_key().unwrap());
        assert_eq!((key.reveal().len(), key.prefix().len()), (55, 12));
        let route = Route::read("/v1/members/{id}", "", &[Role::Storefront]);
        for (name, stored, outcome) in [
            ("right role", Some(caller(&key, "storefront", None)), 200),
            ("admin may all", Some(caller(&key, "admin", None)), 200),
            ("wrong role", Some(caller(&key, "finance", None)), 403),
            ("unknown role", Some(caller(&key, "root", None)), 403),
            ("revoked, or waiting for a second admin", Some(caller(&key, "admin", Some(0))), 401),
            ("over", Some(caller(&key, "admin", Some(1_000))), 401),
            ("not over yet", Some(caller(&key, "admin", Some(1_001))), 200),
            ("same prefix, other secret", Some(caller(&other, "admin", None)), 401),
            ("unknown prefix", None, 401),
        ] {
            let status =
                key.admit(stored, &route, NOW).map_or_else(|problem| problem.status(), |_| 200);
            assert_eq!(status, outcome, "{name}");
        }
        let bound = Caller { stores: Some(vec!["s".into()]), ..caller(&key, "storefront", None) };
        let operator = Caller { operator: true, ..caller(&key, "admin", None) };
        let of_stores = Route::read("/v1/members/{id}", "", &[Role::Storefront]).for_stores();
        let operators = Route::write("/v1/programmes/{id}", "", &[]).operators();
        for (name, caller, route, outcome) in [
            ("some stores, all stores", bound.clone(), &route, "store-forbidden"),
            ("some stores, some stores", bound, &of_stores, ""),
            ("admin, operator's", caller(&key, "admin", None), &operators, "forbidden"),
            ("storefront, operator's", caller(&key, "storefront", None), &operators, "forbidden"),
            ("operator, operator's", operator, &operators, ""),
        ] {
            let found = key
                .admit(Some(caller), route, NOW)
                .map_or_else(|problem| problem.body().0["type"].to_string(), |_| String::new());
            assert_eq!(
                found.trim_matches('"').trim_start_matches("urn:accrue:problem:"),
                outcome,
                "{name}"
            );
        }
    }

    #[test]
    fn sessions_travel_in_the_cookie_and_keys_in_the_header() {
        let (key, session) = (new_key().unwrap(), new_session().unwrap());
        assert!(session.is_session() && !key.is_session());
        assert_eq!((session.reveal().len(), session.prefix().len()), (55, 12));
        let (k, s) = (key.reveal(), session.reveal());
        let given = session.cookie();
        assert_eq!(given, format!("__Host-accrue={s}; Path=/; Secure; HttpOnly; SameSite=Strict"));
        let found = |name: &'static str, values: &[String]| {
            let mut headers = http::HeaderMap::new();
            for value in values {
                headers.append(name, value.parse().unwrap());
            }
            (Bearer::from_header(&headers).is_some(), Bearer::from_cookie(&headers).is_some())
        };
        for (name, values, outcome) in [
            ("authorization", vec![format!("Bearer {k}")], (true, false)),
            ("authorization", vec![format!("Bearer {s}")], (false, false)),
            ("cookie", vec![format!("__Host-accrue={s}")], (false, true)),
            ("cookie", vec![format!("a=b; __Host-accrue={s};c=d")], (false, true)),
            ("cookie", vec!["a=b".to_owned(), format!("__Host-accrue={s}")], (false, true)),
            ("cookie", vec![format!("__Host-accrue={s}; __Host-accrue={s}")], (false, false)),
            ("cookie", vec![format!("__Host-accrue={k}")], (false, false)),
            ("cookie", vec![format!("__host-accrue={s}")], (false, false)),
            ("cookie", vec![format!("accrue={s}")], (false, false)),
            ("cookie", vec![format!("__Host-accrue={s}x")], (false, false)),
            (
                "cookie",
                vec!["__Host-accrue".to_owned(), "=".to_owned(), ";;=;".to_owned()],
                (false, false),
            ),
        ] {
            assert_eq!(found(name, &values), outcome, "{name}: {values:?}");
        }
        assert_eq!(line_of("anna"), line_of("anna"));
        assert_ne!(line_of("anna"), line_of("ben"));
    }

    #[test]
    fn keys_are_never_shown() {
        let operators = Bearer::parse("0123456789abcdef0123456789abcdef").unwrap();
        assert!(!operators.prefix().contains("01234567"), "no part of it is public");
        let key = new_key().unwrap();
        assert!(!format!("{key:?}").contains(&key.reveal()[12..]));
    }
}
