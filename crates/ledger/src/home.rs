//! The home of a member: the part of its programme that holds all of its entries.
//!
//! A database that spreads a programme over shards puts everything of one home into one shard, and
//! has one writer for it at a time. Where a member is at home follows from its id alone, and never
//! changes. An entry's id tells the home, so that the entry is found without a directory.

use crate::id::{Hash, MemberId};

/// The most homes of a programme.
pub const MAX_SPREAD: u32 = 1 << 16;

/// The home of a member among `spread` of them: the first 8 bytes of the SHA-256 of its id, as a
/// big-endian number, modulo `spread`. 0 where there is one home.
#[must_use]
pub fn home(member: &MemberId, spread: u32) -> u16 {
    if spread <= 1 {
        return 0;
    }
    let Hash(digest) = Hash::of(member.as_str().as_bytes());
    let first = digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
    u16::try_from(first % u64::from(spread.min(MAX_SPREAD))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored ids depend on these: they must never change.
    #[test]
    fn homes_are_what_they_ever_were() {
        let home = |member: &str, spread| home(&MemberId::stored(member).unwrap(), spread);
        for (member, spread, expected) in [
            ("m-1", 1, 0),
            ("m-1", 2, 0),
            ("m-1", 64, 44),
            ("m-1", 4096, 2540),
            ("m-1", 65536, 43500),
            ("customer-000042", 1, 0),
            ("customer-000042", 2, 1),
            ("customer-000042", 64, 19),
            ("customer-000042", 4096, 1619),
            ("customer-000042", 65536, 42579),
            ("anna@shop.example", 1, 0),
            ("anna@shop.example", 2, 0),
            ("anna@shop.example", 64, 16),
            ("anna@shop.example", 4096, 1360),
            ("anna@shop.example", 65536, 30032),
            ("pool/home", 1, 0),
            ("pool/home", 2, 1),
            ("pool/home", 64, 19),
            ("pool/home", 4096, 2451),
            ("pool/home", 65536, 10643),
        ] {
            assert_eq!(home(member, spread), expected, "{member} of {spread}");
        }
    }
}
