//! Newtypes for every id, and the rules for the text a caller may choose.
//!
//! Does not make random ids: callers hand in the first [`EntryId`] of a command.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::calendar::Timestamp;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdError {
    /// Empty, or longer than the stated number of characters.
    Length(usize),
    /// Holds a character outside the allowed set.
    Character(char),
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(most) => write!(f, "must have 1 to {most} characters"),
            Self::Character(c) => write!(f, "must not contain {c:?}"),
        }
    }
}

impl std::error::Error for IdError {}

fn check(text: &str, most: usize, allowed: fn(char) -> bool) -> Result<(), IdError> {
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        return Err(IdError::Character(bad));
    }
    if text.is_empty() || text.len() > most { Err(IdError::Length(most)) } else { Ok(()) }
}

fn name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._:@+=-".contains(c)
}

fn member_character(c: char) -> bool {
    name_character(c) || c == '~'
}

fn visible_character(c: char) -> bool {
    ('!'..='~').contains(&c)
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $most:literal, $allowed:ident, $read:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks the text and wraps it.
            ///
            /// # Errors
            /// [`IdError`] when the text is empty, too long or has a character outside the set.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text, $most, $allowed)?;
                Ok(Self(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::$read(String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

text_id! {
    /// A programme (tenant): 1–64 of `A–Z a–z 0–9 . _ : @ + = -`.
    ProgrammeId, 64, name_character, new
}
text_id! {
    /// A member of a programme, as the merchant names them: 1–64 of `A–Z a–z 0–9 . _ : @ + = -`.
    /// With `~` in front it is another name that a member is known by, such as
    /// `~phone:+8613800000000`; no member has such an id.
    MemberId, 64, member_character, stored
}

/// What the account of a pool has before the pool's name. No id of a member has a slash, so no pool
/// is ever a person, and no person a pool.
const POOL: &str = "pool/";

impl MemberId {
    /// True for another name of a member, which is not its id.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.0.starts_with('~')
    }

    /// The account of the pool with this name: 1–64 of `A–Z a–z 0–9 . _ : @ + = -`.
    ///
    /// # Errors
    /// [`IdError`] when the name is empty, too long or has a character outside the set.
    pub fn of_pool(name: &str) -> Result<Self, IdError> {
        check(name, 64, name_character)?;
        Ok(Self(format!("{POOL}{name}")))
    }

    /// An account as it is stored: a member's or a pool's. Texts of callers are read by
    /// [`MemberId::new`] or [`MemberId::of_pool`].
    ///
    /// # Errors
    /// [`IdError`] when the text is neither.
    pub fn stored(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        match text.strip_prefix(POOL) {
            Some(name) => Self::of_pool(name),
            None => Self::new(text),
        }
    }

    /// True for the account of a pool.
    #[must_use]
    pub fn is_pool(&self) -> bool {
        self.0.starts_with(POOL)
    }

    /// The name of the pool whose account this is; the id itself for a member's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.strip_prefix(POOL).unwrap_or(&self.0)
    }
}
text_id! {
    /// The merchant's own name for what happened (an order, a document): 1–128 visible ASCII
    /// characters.
    Reference, 128, visible_character, new
}

/// An entry's id: a UUID, version 7, made by the server. The 16 bits after the variant are the home
/// of the entry's member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u128);

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no UUID"))
    }
}

/// The bits of an entry's id that count on within a command.
const TAIL: u128 = (1 << HOME_SHIFT) - 1;
const HOME_SHIFT: u32 = 46;

impl EntryId {
    /// A UUID, version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, the version, 12 random
    /// bits, the variant, 16 bits for the home (0), 46 random bits.
    #[must_use]
    pub fn version_7(now: Timestamp, random: [u8; 16]) -> Self {
        const VERSION: u128 = 0x7 << 76;
        const VARIANT: u128 = 0b10 << 62;
        const RANDOM: u128 = (0xfff << 64) | TAIL;
        let time = u128::from(now.0.unsigned_abs()) << 80;
        Self(time | VERSION | VARIANT | (u128::from_be_bytes(random) & RANDOM))
    }

    /// The id of the next entry of the same command: the random tail plus one, version and variant
    /// bits untouched.
    #[must_use]
    pub fn next(self) -> Self {
        self.skip(1)
    }

    /// The same id, but of this home.
    #[must_use]
    pub fn in_home(self, home: u16) -> Self {
        let bits = u128::from(u16::MAX) << HOME_SHIFT;
        Self((self.0 & !bits) | (u128::from(home) << HOME_SHIFT))
    }

    /// The home that the id tells.
    #[must_use]
    pub fn home(self) -> u16 {
        u16::try_from((self.0 >> HOME_SHIFT) & u128::from(u16::MAX)).unwrap_or(0)
    }

    /// The id that many steps further on, of the same home.
    #[must_use]
    pub fn skip(self, steps: u64) -> Self {
        Self((self.0 & !TAIL) | (self.0.wrapping_add(u128::from(steps)) & TAIL))
    }

    /// Reads the hyphenated form that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.split('-').collect();
        let shape_holds = text.len() == 36 && digits.len() == 32;
        if !shape_holds || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(&digits, 16).ok().map(Self)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hexadecimal(&self.0.to_be_bytes());
        let mut text = String::with_capacity(36);
        for (place, part) in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].into_iter().enumerate()
        {
            text.extend((place > 0).then_some("-").into_iter().chain(digits.get(part.0..part.1)));
        }
        f.write_str(&text)
    }
}

/// Two digits a byte. Every entry is written with several of these, so it does without the
/// formatter.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    String::from_utf8(digits).unwrap_or_default()
}

/// A lot's number within its member, counting from 1 in the order of granting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LotNumber(pub i64);

/// An entry's place in its member's history: 1, 2, 3… without a gap. 0 means "no entry yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sequence(pub i64);

/// A SHA-256 digest. All zero before a member's first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The SHA-256 of these bytes. Not inlined: each place would have its own copy of what SHA-256
    /// does around its blocks.
    #[inline(never)]
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = (digit(*high)? << 4) | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no SHA-256"))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_of_version_seven_begin_with_the_time() {
        let id = |ms, random| EntryId::version_7(Timestamp(ms), [random; 16]).to_string();
        assert_eq!(id(0x0123_4567_89ab, 0xff), "01234567-89ab-7fff-8000-3fffffffffff");
        assert_eq!(id(0x0123_4567_89ab, 0), "01234567-89ab-7000-8000-000000000000");
    }

    #[test]
    fn texts_are_checked() {
        for (text, outcome) in [
            ("m-1", Ok(())),
            ("a@b.example+x", Ok(())),
            ("", Err(IdError::Length(64))),
            ("a b", Err(IdError::Character(' '))),
            ("a/b", Err(IdError::Character('/'))),
            ("会员", Err(IdError::Character('会'))),
        ] {
            assert_eq!(MemberId::new(text).map(|_| ()), outcome, "{text}");
        }
        assert!(
            MemberId::new("pool/home").is_err(),
            "no caller names the account of a pool as a member"
        );
        assert!(MemberId::of_pool("~phone:1").is_err() && MemberId::of_pool("a/b").is_err());
        let pool = MemberId::of_pool("home").unwrap();
        assert_eq!(MemberId::stored(pool.as_str()), Ok(pool.clone()));
        assert_eq!((pool.as_str(), pool.name(), pool.is_pool()), ("pool/home", "home", true));
        assert_eq!(MemberId::stored("home").map(|id| id.is_pool()), Ok(false));
        assert!(MemberId::new("x".repeat(64)).is_ok());
        assert!(MemberId::new("x".repeat(65)).is_err());
    }

    #[test]
    fn entry_ids_read_back_and_count_on() {
        let id = EntryId(0x0192_f3a0_7c1d_7abc_bfff_ffff_ffff_ffff);
        assert_eq!(EntryId::parse(&id.to_string()), Some(id));
        assert_eq!(id.next().to_string(), "0192f3a0-7c1d-7abc-bfff-c00000000000");
        for home in [0, 1, 0xABCD, u16::MAX] {
            let id = id.in_home(home);
            assert_eq!((id.home(), id.next().home(), id.skip(u64::MAX).home()), (home, home, home));
            let rest = |id: EntryId| (id.0 >> 62, id.0 & ((1 << 46) - 1));
            assert_eq!(rest(id), (0x0192_f3a0_7c1d_7abc_bfff >> 14, (1 << 46) - 1));
        }
        for bad in [
            "",
            "0192f3a0",
            "0192f3a0-7c1d-7abc-bfff-ffffffffffxx",
            "+192f3a0-7c1d-7abc-bfff-ffffffffffff",
        ] {
            assert_eq!(EntryId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn hashes_read_back() {
        let hash = Hash([0xa5; 32]);
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse("a5"), None);
        assert_eq!(Hash::parse(&"A5".repeat(32)), None);
    }
}
