//! The two things that decisions may not make themselves: the time and fresh ids.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{EntryId, Timestamp};

/// The host's wall clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(0))
}

/// A fresh UUID, version 7.
#[must_use]
pub fn new_id() -> EntryId {
    let mut random = [0u8; 16];
    // The host's source does not fail; were it to, ids would still be unique by the millisecond and
    // the ledger's unique keys.
    let _filled = getrandom::fill(&mut random);
    EntryId::version_7(now(), random)
}
