//! Remembers which key belongs to which tenant. Components name the tenant in a header of their
//! answers, which the host removes. The host does not know what keys mean.
//!
//! Only keys that a component answered for are stored, so made-up keys can neither fill this table
//! nor push others out.

use crate::caller::{Caller, Id, id};
use http::{HeaderMap, HeaderName};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A key is dropped after this long without a request.
const MAX_IDLE: Duration = Duration::from_secs(600);
/// Max keys, in each part.
const MAX: usize = 4_096;
const PARTS: usize = 16;

pub struct Tenants {
    header: HeaderName,
    parts: [Mutex<HashMap<Id, (Id, Instant)>>; PARTS],
}

impl Tenants {
    pub fn new(header: HeaderName) -> Self {
        Self { header, parts: Default::default() }
    }

    /// The tenant of a caller with a verified key.
    pub fn of(&self, caller: &Caller) -> Option<Id> {
        let mut part = self.part(caller.key?)?;
        let (tenant, seen) = part.get_mut(&caller.key?)?;
        let now = Instant::now();
        if now.duration_since(*seen) >= MAX_IDLE {
            return None;
        }
        *seen = now;
        Some(*tenant)
    }

    /// Removes the header from an answer and records the tenant. An answer 401 removes the key.
    pub fn learn(&self, caller: &Caller, is_refused: bool, headers: &mut HeaderMap) -> Option<Id> {
        let name = headers.remove(&self.header);
        let key = caller.key?;
        let mut part = self.part(key)?;
        if is_refused {
            part.remove(&key);
            return None;
        }
        let tenant = tenant(name?.as_bytes());
        if part.len() >= MAX && !part.contains_key(&key) {
            evict(&mut part);
        }
        part.insert(key, (tenant, Instant::now()));
        Some(tenant)
    }

    fn part(&self, key: Id) -> Option<std::sync::MutexGuard<'_, HashMap<Id, (Id, Instant)>>> {
        let index = usize::try_from(key % 16).unwrap_or_default();
        Some(self.parts.get(index)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The hash of a tenant's name.
pub fn tenant(name: &[u8]) -> Id {
    id("tenant", &name)
}

/// Drops the half of the keys that were last seen longest ago.
fn evict(part: &mut HashMap<Id, (Id, Instant)>) {
    let mut seen: Vec<Instant> = part.values().map(|(_, seen)| *seen).collect();
    let middle = seen.len() / 2;
    let (_, median, _) = seen.select_nth_unstable(middle);
    let median = *median;
    part.retain(|_, (_, seen)| *seen > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(key: Id) -> Caller {
        Caller { address: "192.0.2.1:1".parse().unwrap(), address_id: 0, key: Some(key) }
    }

    #[test]
    fn a_key_is_known_once_a_component_named_its_tenant() {
        let tenants = Tenants::new(HeaderName::from_static("tenant"));
        let answer = |name: &str| {
            HeaderMap::from_iter([(HeaderName::from_static("tenant"), name.parse().unwrap())])
        };
        tenants.learn(&caller(1), false, &mut HeaderMap::new());
        assert_eq!(
            tenants.of(&caller(1)),
            None,
            "an answer that names no tenant vouches for no key"
        );
        let mut headers = answer("a");
        tenants.learn(&caller(1), false, &mut headers);
        assert!(headers.is_empty(), "it goes no further");
        assert_eq!(tenants.of(&caller(1)), Some(tenant(b"a")));
        tenants.learn(&caller(1), true, &mut HeaderMap::new());
        assert_eq!(tenants.of(&caller(1)), None, "it is good no more");
        for key in 0..3 * 16 * MAX {
            tenants.learn(&caller(key as Id), false, &mut answer("a"));
        }
        assert!(tenants.parts.iter().all(|part| part.lock().unwrap().len() <= MAX));
        assert!(tenants.of(&caller((3 * 16 * MAX - 1) as Id)).is_some());
    }
}
