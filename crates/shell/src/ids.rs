//! The two things that decisions may not make themselves: the time and fresh ids.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{EntryId, Timestamp};

/// The host's wall clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(0))
}

/// A UUID, version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits.
#[must_use]
pub fn new_id() -> EntryId {
    let mut random = [0u8; 16];
    // The host's source does not fail; were it to, ids would still be unique by the millisecond and the ledger's unique keys.
    let _filled = getrandom::fill(&mut random);
    let random = u128::from_be_bytes(random);
    let time = u128::from(now().0.unsigned_abs()) << 80;
    const VERSION: u128 = 0x7 << 76;
    const VARIANT: u128 = 0b10 << 62;
    const RANDOM: u128 = (0xfff << 64) | ((1 << 62) - 1);
    EntryId(time | VERSION | VARIANT | (random & RANDOM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_seven() {
        let (a, b) = (new_id(), new_id());
        assert_ne!(a, b);
        let text = a.to_string();
        assert_eq!((text.as_bytes()[14], b"89ab".contains(&text.as_bytes()[19])), (b'7', true), "{text}");
    }
}
