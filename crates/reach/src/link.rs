//! Links of messages: tokens that cannot be guessed, and the hosts that a link may lead to.
//!
//! Owns: a token (the number of a link, masked, with 40 bits of an HMAC) and its reading without a
//! look-up; the check of a target, so that a link never leads to a stranger's page. Rows of links
//! and the redirect are the business of `store` and the component `link`.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The digits of a token: no letters that are taken for another one.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Bits of a digit.
const BITS: usize = 5;
/// Digits of the HMAC: 40 bits.
const SEAL_DIGITS: usize = 8;
/// Digits of the number, at least: with those of the HMAC a token has 12 until 1,048,575, and one
/// more for each further factor of 32.
const NUMBER_DIGITS: usize = 4;
/// Digits of the largest number.
const MAX_NUMBER_DIGITS: usize = 13;
/// Characters of a target, at most.
const MAX_TARGET: usize = 2_048;
/// Hosts of a programme, at most.
const MAX_HOSTS: usize = 50;
/// Characters of a host with its port, at most.
const MAX_HOST: usize = 260;

/// What a token opens. One for a link does not end messages, nor the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The way to a link's target.
    Link,
    /// The page that ends messages.
    Unsubscribe,
}

/// The key that makes tokens and knows them again.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl fmt::Debug for LinkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinkKey")
    }
}

impl LinkKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key whose 64 hexadecimal digits these are.
    #[must_use]
    pub fn of_digits(digits: &str) -> Option<Self> {
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes = pairs.map(byte).collect::<Option<Vec<u8>>>()?;
        bytes.try_into().ok().map(Self)
    }

    /// The token of a link. The number does not show in it, so that nobody counts messages of
    /// others by their links.
    #[must_use]
    pub fn token(&self, door: Door, number: u64) -> String {
        let digits = digits_of(number);
        let seal = self.seal(door, number);
        let masked = number ^ self.mask(door, digits, seal);
        let mut token = String::with_capacity(digits + SEAL_DIGITS);
        write(&mut token, masked, digits);
        write(&mut token, seal, SEAL_DIGITS);
        token
    }

    /// The number of the link whose token this is; `None` of every text that is not a token of this
    /// key for this door. No row is read for it.
    #[must_use]
    pub fn number(&self, door: Door, token: &str) -> Option<u64> {
        let digits = token.len().checked_sub(SEAL_DIGITS)?;
        if !(NUMBER_DIGITS..=MAX_NUMBER_DIGITS).contains(&digits) {
            return None;
        }
        let (masked, seal) = token.as_bytes().split_at(digits);
        let (masked, seal) = (read(masked)?, read(seal)?);
        let number = masked ^ self.mask(door, digits, seal);
        // A number has one spelling.
        if digits_of(number) != digits {
            return None;
        }
        let bytes = seal.to_be_bytes();
        let (_, seal) = bytes.split_at(bytes.len() - BITS);
        self.mac(door, b"seal", number).verify_truncated_left(seal).ok()?;
        Some(number)
    }

    /// The first 40 bits of the HMAC of a number.
    fn seal(&self, door: Door, number: u64) -> u64 {
        self.first_bits(self.mac(door, b"seal", number), SEAL_DIGITS)
    }

    /// As many bits as the number has digits for.
    fn mask(&self, door: Door, digits: usize, seal: u64) -> u64 {
        self.first_bits(self.mac(door, b"mask", seal), digits)
    }

    fn mac(&self, door: Door, part: &[u8], number: u64) -> Hmac<Sha256> {
        // HMAC fills a key with zeros up to the block of its hash.
        let mut block = [0; 64];
        for (of_block, of_key) in block.iter_mut().zip(self.0) {
            *of_block = of_key;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(match door {
            Door::Link => b"link/",
            Door::Unsubscribe => b"unsubscribe/",
        });
        mac.update(part);
        mac.update(&number.to_be_bytes());
        mac
    }

    fn first_bits(&self, mac: Hmac<Sha256>, digits: usize) -> u64 {
        let first = mac.finalize().into_bytes();
        let first = first.iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte));
        first.checked_shr(64_u32.saturating_sub((digits * BITS) as u32)).unwrap_or(0)
    }
}

/// Digits of a number.
fn digits_of(number: u64) -> usize {
    let bits = (u64::BITS - number.leading_zeros()) as usize;
    bits.div_ceil(BITS).max(NUMBER_DIGITS)
}

fn write(token: &mut String, value: u64, digits: usize) {
    for place in (0..digits).rev() {
        let digit = value.checked_shr((place * BITS) as u32).unwrap_or(0) as usize % DIGITS.len();
        token.extend(DIGITS.get(digit).map(|digit| char::from(*digit)));
    }
}

fn read(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = DIGITS.iter().position(|one| one == digit)? as u64;
        value.checked_mul(32)?.checked_add(digit)
    })
}

/// The hosts that links of a programme may lead to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts(Vec<String>);

/// Why a target or host is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is longer than targets may be.
    TooLong,
    /// It does not begin with `https://`.
    NotHttps,
    /// It has a space, a backslash, a control character or one outside of ASCII.
    Character,
    /// It names a user before the host.
    User,
    /// What stands for the host is none.
    Host,
    /// The host is not on the list.
    NotListed,
    /// There are too many hosts.
    TooMany,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong => "must have at most 2,048 characters",
            Self::NotHttps => "must begin with https://",
            Self::Character => {
                "must have no spaces, backslashes, control characters or characters outside of \
                 ASCII: write those as %XX, and a host as xn--"
            }
            Self::User => "must not name a user before the host",
            Self::Host => "must have a host, in lower-case letters, such as shop.example",
            Self::NotListed => "must lead to a host on the programme's list",
            Self::TooMany => "must be at most 50 hosts",
        })
    }
}

impl Hosts {
    /// The list; each is a host in lower-case letters, such as `shop.example`, and a port where it
    /// is another one than that of HTTPS. A host does not stand for those below it.
    ///
    /// # Errors
    /// The place of the first one that is none, and why.
    pub fn new<S: AsRef<str>>(hosts: &[S]) -> Result<Self, (usize, Refused)> {
        if hosts.len() > MAX_HOSTS {
            return Err((MAX_HOSTS, Refused::TooMany));
        }
        for (place, host) in hosts.iter().enumerate() {
            if !is_authority(host.as_ref()) {
                return Err((place, Refused::Host));
            }
        }
        Ok(Self(hosts.iter().map(|host| host.as_ref().to_owned()).collect()))
    }

    /// Whether a link may lead there. Only one spelling is read: what browsers understand in
    /// several ways is refused.
    ///
    /// # Errors
    /// Why not.
    pub fn allows(&self, target: &str) -> Result<(), Refused> {
        if target.len() > MAX_TARGET {
            return Err(Refused::TooLong);
        }
        let is_plain = |b: u8| b.is_ascii_graphic() && b != b'\\';
        if !target.bytes().all(is_plain) {
            return Err(Refused::Character);
        }
        let rest = target.strip_prefix("https://").ok_or(Refused::NotHttps)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(Refused::User);
        }
        let authority = authority.to_ascii_lowercase();
        if !is_authority(&authority) {
            return Err(Refused::Host);
        }
        let is_listed = self.0.contains(&authority);
        is_listed.then_some(()).ok_or(Refused::NotListed)
    }
}

/// A name of a host and perhaps a port. Addresses are none: `127.1` and `0x7f.1` are the same one.
fn is_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| {
        port.parse::<u16>().is_ok_and(|number| number != 0 && number.to_string() == port)
    };
    let is_label = |label: &str| {
        let is_of_label = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_of_label)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    text.len() <= MAX_HOST
        && port.is_none_or(is_port)
        && host.contains('.')
        && host.split('.').all(is_label)
        && last.starts_with(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
