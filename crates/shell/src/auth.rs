//! Keys and roles. A key is shown once, when it is made; what is stored is its prefix and its
//! SHA-256.

use std::fmt;

use ledger::{Hash, Timestamp};
use store::Caller;
use subtle::ConstantTimeEq;

use crate::admissions;
use crate::problem::Problem;
use crate::request::Request;
use crate::route::{Access, Route};

/// What the keys that are made here begin with.
const OURS: &str = "acc_";
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
        let public =
            key.get(..PREFIX_LENGTH).filter(|_| key.starts_with(OURS) && key.len() == OUR_LENGTH);
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
        if scheme.eq_ignore_ascii_case("bearer") { Self::parse(key.trim()) } else { None }
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
    pub(crate) fn is_of(&self, caller: &Caller, now: Timestamp) -> bool {
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

/// A fresh key: `acc_`, 8 characters to find it by, 43 characters with 256 random bits. `None` when
/// the host has no randomness.
#[must_use]
pub fn new_key() -> Option<Bearer> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0u8; 51];
    getrandom::fill(&mut random).ok()?;
    // 51 characters of 6 bits: 8 public ones, and 43 × 6 = 258 secret bits.
    let text = random
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)).map(|c| char::from(*c)));
    Bearer::parse(&format!("acc_{}", text.collect::<String>()))
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
    fn keys_are_never_shown() {
        let operators = Bearer::parse("0123456789abcdef0123456789abcdef").unwrap();
        assert!(!operators.prefix().contains("01234567"), "no part of it is public");
        let key = new_key().unwrap();
        assert!(!format!("{key:?}").contains(&key.reveal()[12..]));
    }
}
