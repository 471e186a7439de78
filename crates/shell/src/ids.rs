//! What decisions may not make themselves: the time, fresh ids and random salts.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{EntryId, Fresh, Timestamp};

/// The host's wall clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(0))
}

/// A fresh UUID, version 7.
#[must_use]
pub fn new_id() -> EntryId {
    EntryId::version_7(now(), random())
}

/// What a command is decided with: the id of its first entry, and what its salts are made of. Draws
/// no more than an id does; an instance draws the rest once, and keeps it in memory only.
#[must_use]
pub fn fresh() -> Fresh {
    static INSTANCE: OnceLock<[u8; 16]> = OnceLock::new();
    Fresh::new(now(), random(), *INSTANCE.get_or_init(random))
}

fn random() -> [u8; 16] {
    let mut random = [0u8; 16];
    // The host's source does not fail; were it to, ids would still be unique by the millisecond and
    // the ledger's unique keys.
    let _filled = getrandom::fill(&mut random);
    random
}
