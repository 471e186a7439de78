//! Which key belongs to which tenant. Components tell it in a header of their answers, which goes
//! no further; the host knows no keys.
//!
//! Only keys that a component answered for are here, so that made-up ones can neither fill this nor
//! push others out.

use crate::caller::{Caller, Id, id};
use http::{HeaderMap, HeaderName};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A key that is silent for so long is forgotten.
const LASTS: Duration = Duration::from_secs(600);
/// Keys that are known at most, in each part.
const MAX: usize = 4_096;
const PARTS: usize = 16;

/// Which tenant a key belongs to.
pub struct Tenants {
    header: HeaderName,
    parts: [Mutex<HashMap<Id, (Id, Instant)>>; PARTS],
}

impl Tenants {
    pub fn new(header: HeaderName) -> Self {
        Self { header, parts: Default::default() }
    }

    /// The tenant of a caller whose key is known.
    pub fn of(&self, caller: &Caller) -> Option<Id> {
        let mut part = self.part(caller.key?)?;
        let (tenant, seen) = part.get_mut(&caller.key?)?;
        let now = Instant::now();
        if now.duration_since(*seen) >= LASTS {
            return None;
        }
        *seen = now;
        Some(*tenant)
    }

    /// Takes the header from an answer and notes what it says. An answer 401 makes the key unknown.
    pub fn learn(&self, caller: &Caller, is_refused: bool, headers: &mut HeaderMap) -> Option<Id> {
        let told = headers.remove(&self.header);
        let key = caller.key?;
        let mut part = self.part(key)?;
        if is_refused {
            part.remove(&key);
            return None;
        }
        let tenant = tenant(told?.as_bytes());
        if part.len() >= MAX && !part.contains_key(&key) {
            make_room(&mut part);
        }
        part.insert(key, (tenant, Instant::now()));
        Some(tenant)
    }

    fn part(&self, key: Id) -> Option<std::sync::MutexGuard<'_, HashMap<Id, (Id, Instant)>>> {
        let index = usize::try_from(key % 16).unwrap_or_default();
        Some(self.parts.get(index)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A tenant by the name that components give it.
pub fn tenant(name: &[u8]) -> Id {
    id("tenant", &name)
}

/// Forgets who is silent for longer than half of the others.
fn make_room(part: &mut HashMap<Id, (Id, Instant)>) {
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
        Caller { address: "192.0.2.1:1".parse().unwrap(), place: 0, key: Some(key) }
    }

    #[test]
    fn a_key_is_known_once_a_component_has_told_its_tenant() {
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
