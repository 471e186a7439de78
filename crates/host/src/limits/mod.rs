//! Limits how often senders may send requests: quotas per key, per tenant, per address, and for
//! keys that were refused. A tenant is a name that components set in their answers. Quotas come
//! from the command line and from a file that the host reads again when it changes.

mod meter;
mod quota;

pub use meter::Exceeded;
pub use quota::Quota;

use crate::{
    caller::{Caller, Id},
    problem::{instance_id, problem_of},
    tenants,
};
use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use meter::Meter;
use quota::PROMPT_REFUSALS;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quotas {
    pub key: Vec<Quota>,
    pub tenant: Vec<Quota>,
    pub address: Vec<Quota>,
    pub refused: Vec<Quota>,
    /// Quotas of single tenants, in place of `tenant`.
    tenants: HashMap<Id, Vec<Quota>>,
}

/// The content of the file. Quotas that it omits stay as on the command line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaFile {
    key: Option<Vec<String>>,
    tenant: Option<Vec<String>>,
    address: Option<Vec<String>>,
    refused: Option<Vec<String>>,
    #[serde(default)]
    tenants: BTreeMap<String, Vec<String>>,
}

impl Quotas {
    /// Returns these quotas with the changes of a file.
    pub fn with_file(&self, file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        self.with_text(&text).map_err(|error| anyhow!("{}: {error}", file.display()))
    }

    fn with_text(&self, text: &str) -> Result<Self> {
        let file: QuotaFile = toml::from_str(text)?;
        let read = |texts: &[String]| -> Result<Vec<Quota>> {
            texts
                .iter()
                .map(|text| text.parse().map_err(|fault| anyhow!("`{text}`: {fault}")))
                .collect()
        };
        let or = |file: Option<Vec<String>>, own: &Vec<Quota>| match file {
            Some(texts) => read(&texts),
            None => Ok(own.clone()),
        };
        let tenants = file
            .tenants
            .iter()
            .map(|(name, texts)| Ok((tenants::tenant(name.as_bytes()), read(texts)?)));
        Ok(Self {
            key: or(file.key, &self.key)?,
            tenant: or(file.tenant, &self.tenant)?,
            address: or(file.address, &self.address)?,
            refused: or(file.refused, &self.refused)?,
            tenants: tenants.collect::<Result<_>>()?,
        })
    }
}

/// Counts requests and refuses those above a quota.
pub struct Limiter {
    started: Instant,
    quotas: RwLock<Arc<Quotas>>,
    keys: Meter,
    tenants: Meter,
    addresses: Meter,
    refused: Meter,
    all_refusals: Meter,
}

/// A refused request.
#[derive(Debug)]
pub struct TooMany {
    pub scope: &'static str,
    quotas: Vec<Quota>,
    exceeded: Exceeded,
}

impl Limiter {
    pub fn new(quotas: Quotas) -> Self {
        Self {
            started: Instant::now(),
            quotas: RwLock::new(Arc::new(quotas)),
            keys: Meter::default(),
            tenants: Meter::default(),
            addresses: Meter::default(),
            refused: Meter::default(),
            all_refusals: Meter::default(),
        }
    }

    /// Replaces the quotas. Spent requests stay spent.
    pub fn set(&self, quotas: Quotas) {
        *self.quotas.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(quotas);
    }

    /// Counts a request, or refuses it. `tenant` is set if the caller's key is verified.
    pub fn admit(&self, caller: &Caller, tenant: Option<Id>) -> Result<(), TooMany> {
        let (quotas, now) = (self.quotas(), self.now());
        let too_many = |scope, list: &[Quota]| {
            let quotas = list.to_vec();
            move |exceeded| TooMany { scope, quotas, exceeded }
        };
        self.addresses
            .spend(caller.address_id, &quotas.address, now)
            .map_err(too_many("address", &quotas.address))?;
        match (tenant, caller.key) {
            (Some(tenant), Some(key)) => {
                self.keys.spend(key, &quotas.key, now).map_err(too_many("key", &quotas.key))?;
                let of_tenant = quotas.tenants.get(&tenant).unwrap_or(&quotas.tenant);
                self.tenants.spend(tenant, of_tenant, now).map_err(too_many("tenant", of_tenant))
            }
            // A caller that tries many keys is refused before a component checks the next one.
            (None, Some(_)) => self
                .refused
                .would_pass(caller.address_id, &quotas.refused, now)
                .map_err(too_many("refused", &quotas.refused)),
            _ => Ok(()),
        }
    }

    /// Counts an answer 401 against the address.
    pub fn refused(&self, caller: &Caller) {
        let quotas = self.quotas();
        // The answer was sent already. If this is one too many, the next request is refused.
        let _too_many = self.refused.spend(caller.address_id, &quotas.refused, self.now());
    }

    /// Counts any refusal of a caller without a verified key. True if its address had many lately.
    pub fn must_delay_refusal(&self, caller: &Caller) -> bool {
        self.all_refusals.spend(caller.address_id, &[PROMPT_REFUSALS], self.now()).is_err()
    }

    fn quotas(&self) -> Arc<Quotas> {
        self.quotas.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl TooMany {
    /// 429 with `Retry-After`, and the fields of draft-ietf-httpapi-ratelimit-headers.
    pub fn answer(&self) -> Response<Full<Bytes>> {
        let standing = self.exceeded.standing;
        let name = |index: usize| {
            if index == 0 { self.scope.to_owned() } else { format!("{}-{}", self.scope, index + 1) }
        };
        let policies: Vec<String> = self
            .quotas
            .iter()
            .enumerate()
            .map(|(index, quota)| {
                format!("\"{}\";q={};w={}", name(index), quota.requests(), quota.window_seconds())
            })
            .collect();
        let violated = name(self.exceeded.index);
        let wait = standing.wait.as_secs() + u64::from(standing.wait.subsec_nanos() > 0);
        let of = match self.scope {
            "refused" => "answers 401 to this address",
            scope => scope,
        };
        let quota = self.quotas.get(self.exceeded.index).map(Quota::to_string).unwrap_or_default();
        let mut response = problem_of(
            StatusCode::TOO_MANY_REQUESTS,
            "https://iana.org/assignments/http-problem-types#quota-exceeded",
            &format!("the quota of {quota} for this {of} is used up; nothing was done"),
            &format!(r#","violated-policies":["{violated}"]"#),
            &instance_id(),
        );
        let headers = response.headers_mut();
        let limit = format!("\"{violated}\";r={};t={wait}", standing.remaining);
        for (name, value) in [
            ("retry-after", wait.to_string()),
            ("ratelimit-policy", policies.join(", ")),
            ("ratelimit", limit),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(texts: &[&str]) -> Vec<Quota> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn caller(address_id: Id, key: Id) -> Caller {
        Caller { address: "192.0.2.1:1".parse().unwrap(), address_id, key: Some(key) }
    }

    #[test]
    fn keys_tenants_and_addresses_each_have_their_quota() {
        let limiter = Limiter::new(Quotas {
            key: quotas(&["2/1h"]),
            tenant: quotas(&["3/1h"]),
            address: quotas(&["5/1h"]),
            ..Quotas::default()
        });
        let scope = |outcome: Result<(), TooMany>| outcome.err().map(|too_many| too_many.scope);
        for (address_id, key, tenant, refused) in [
            (1, 1, 1, None),
            (1, 1, 1, None),
            (2, 1, 1, Some("key")),
            (1, 2, 1, None),
            (1, 3, 1, Some("tenant")),
            (1, 4, 2, None),
            (1, 5, 3, Some("address")),
            (2, 5, 3, None),
        ] {
            assert_eq!(
                scope(limiter.admit(&caller(address_id, key), Some(tenant))),
                refused,
                "{address_id} {key} {tenant}"
            );
        }
    }

    #[test]
    fn trying_many_keys_is_limited_and_others_at_the_address_are_not() {
        let limiter = Limiter::new(Quotas { refused: quotas(&["3/1h"]), ..Quotas::default() });
        for key in 0..3 {
            limiter.admit(&caller(1, key), None).unwrap();
            limiter.refused(&caller(1, key));
        }
        assert_eq!(limiter.admit(&caller(1, 9), None).unwrap_err().scope, "refused");
        limiter.admit(&caller(1, 10), Some(1)).unwrap();
        limiter.admit(&caller(2, 9), None).unwrap();
    }

    #[test]
    fn the_answer_says_when_to_come_back() {
        let limiter =
            Limiter::new(Quotas { key: quotas(&["1/100s", "5/1d"]), ..Quotas::default() });
        limiter.admit(&caller(1, 1), Some(1)).unwrap();
        let answer = limiter.admit(&caller(1, 1), Some(1)).unwrap_err().answer();
        assert_eq!(answer.status(), 429);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("retry-after"), "100");
        assert_eq!(header("ratelimit-policy"), "\"key\";q=1;w=100, \"key-2\";q=5;w=86400");
        assert_eq!(header("ratelimit"), "\"key\";r=0;t=100");
    }

    #[test]
    fn the_file_replaces_what_it_names() {
        let own = Quotas { key: quotas(&["1/1s"]), tenant: quotas(&["2/1s"]), ..Quotas::default() };
        let read = own
            .with_text("tenant = ['7/1m', '100/1d']\n[tenants]\nacme = ['9/1s']\nfree = []\n")
            .unwrap();
        assert_eq!((read.key, read.tenant), (own.key.clone(), quotas(&["7/1m", "100/1d"])));
        assert_eq!(read.tenants[&tenants::tenant(b"acme")], quotas(&["9/1s"]));
        assert_eq!(read.tenants[&tenants::tenant(b"free")], quotas(&[]));
        for wrong in ["tenant = '7/1m'", "keys = []", "key = ['often']", "["] {
            assert!(own.with_text(wrong).is_err(), "{wrong}");
        }
    }
}
