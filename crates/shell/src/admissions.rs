//! Keys that were let in a short while ago: whose bodies are read, and whose programme the host is
//! told.
//!
//! Being noted here lets nobody in: the load statement decides that, for each request anew. A key
//! that is not noted costs one look-up before its body is read. Only keys that were let in are
//! noted, so that made-up ones cannot push them out.

use std::cell::RefCell;
use std::collections::HashMap;

use ledger::Timestamp;
use store::Sql;

use crate::problem::Problem;
use crate::request::Request;

/// For so long a body is read without asking again, in milliseconds.
const LASTS_MS: i64 = 60_000;
/// Keys that are noted at most.
const MAX: usize = 1_024;

struct Admission {
    at: Timestamp,
    programme: String,
}

thread_local! {
    static ADMITTED: RefCell<HashMap<String, Admission>> = RefCell::new(HashMap::new());
}

/// Notes a key, by its hash, that was just found to be good.
pub(crate) fn note(hash: &str, programme: &str, now: Timestamp) {
    ADMITTED.with_borrow_mut(|admitted| {
        if let Some(known) = admitted.get_mut(hash) {
            known.at = now;
            if known.programme != programme {
                programme.clone_into(&mut known.programme);
            }
            return;
        }
        if admitted.len() >= MAX {
            make_room(admitted, now);
        }
        admitted.insert(hash.to_owned(), Admission { at: now, programme: programme.to_owned() });
    });
}

/// Forgets what has lapsed, or the key that was silent longest.
fn make_room(admitted: &mut HashMap<String, Admission>, now: Timestamp) {
    admitted.retain(|_, admission| admission.is_fresh(now));
    if admitted.len() >= MAX {
        let oldest = admitted
            .iter()
            .min_by_key(|(_, admission)| admission.at.0)
            .map(|(hash, _)| hash.clone());
        oldest.map(|hash| admitted.remove(&hash));
    }
}

impl Admission {
    /// A clock that was set back counts as time that has passed.
    fn is_fresh(&self, now: Timestamp) -> bool {
        (0..LASTS_MS).contains(&now.0.saturating_sub(self.at.0))
    }
}

/// The programme of the key, when it was let in lately.
pub(crate) fn programme_of(hash: &str, now: Timestamp) -> Option<String> {
    let fresh = |admission: &&Admission| admission.is_fresh(now);
    ADMITTED.with_borrow(|admitted| {
        admitted.get(hash).filter(fresh).map(|admission| admission.programme.clone())
    })
}

/// Whether the request's body may be read.
///
/// # Errors
/// What the database does.
pub(crate) async fn may_read_body(
    sql: &impl Sql,
    request: &Request,
    now: Timestamp,
) -> Result<bool, Problem> {
    let Some(bearer) = request.bearer() else { return Ok(false) };
    if programme_of(bearer.hash(), now).is_some() {
        return Ok(true);
    }
    let caller =
        store::caller(sql, bearer.prefix()).await?.filter(|caller| bearer.is_of(caller, now));
    if let Some(caller) = &caller {
        note(bearer.hash(), &caller.programme.id, now);
    }
    Ok(caller.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_noted(hash: &str, now: i64) -> bool {
        programme_of(hash, Timestamp(now)).is_some()
    }

    #[test]
    fn keys_are_noted_for_a_minute_and_not_without_bound() {
        note("a", "p", Timestamp(0));
        assert!(is_noted("a", 59_999) && !is_noted("a", 60_000) && !is_noted("b", 0));
        assert!(!is_noted("a", -1), "a clock that was set back ends it");
        for number in 0..3 * MAX {
            note(&format!("key-{number}"), "p", Timestamp(i64::try_from(number).unwrap()));
        }
        ADMITTED.with_borrow(|admitted| assert_eq!(admitted.len(), MAX));
        assert!(
            !is_noted("a", 3_000) && !is_noted("key-0", 3_000),
            "those that were silent longest make room"
        );
        assert!(is_noted(&format!("key-{}", 3 * MAX - 1), 3_100));
    }
}
