//! One-time codes of an app on the phone (RFC 6238): SHA-1, 6 digits, a new code every 30 seconds,
//! as every such app knows them.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Bytes of a secret, as long as what SHA-1 gives (RFC 4226, section 4).
pub const SECRET: usize = 20;
/// How long a code is shown.
const STEP_MS: i64 = 30_000;
/// Codes before and after the present one that are accepted: phones' clocks differ.
const WINDOW: i64 = 1;

/// The number of the code of an instant, in milliseconds since 1970.
#[must_use]
pub fn step(now_ms: i64) -> i64 {
    now_ms.div_euclid(STEP_MS)
}

/// The code of a step, with its leading zeros.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 1_000_000)
}

/// RFC 4226, section 5.3.
fn truncated(secret: &[u8], step: i64) -> u32 {
    // HMAC takes keys of any length, so there is always one.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return 0 };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = digest.last().map_or(0, |last| usize::from(last & 15));
    let bytes = digest.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_be_bytes) & 0x7fff_ffff
}

/// The step whose code was typed, where that is a step about now and after `last`, the one whose
/// code was accepted before: a code works once.
#[must_use]
pub fn accepted(secret: &[u8], typed: &str, now_ms: i64, last: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let now = step(now_ms);
    (now - WINDOW..=now + WINDOW).find(|at| {
        let is_it: bool = code(secret, *at).as_bytes().ct_eq(typed.as_bytes()).into();
        *at > last && is_it
    })
}

/// Whether a text may be such a code, and is no recovery code.
#[must_use]
pub fn is_code(typed: &str) -> bool {
    let mut characters = typed.chars().filter(|c| !c.is_whitespace());
    let digits = characters.by_ref().take(7).filter(char::is_ascii_digit).count();
    digits == 6 && typed.chars().filter(|c| !c.is_whitespace()).count() == 6
}

/// A secret as apps take it: RFC 4648 without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(&mut text, ALPHABET, held >> bits);
        }
    }
    if bits > 0 {
        push(&mut text, ALPHABET, held << (5 - bits));
    }
    text
}

fn push(text: &mut String, alphabet: &[u8; 32], value: u32) {
    let place = usize::try_from(value & 31).unwrap_or_default();
    text.extend(alphabet.get(place).map(|letter| char::from(*letter)));
}

/// The bytes of a base32 text; `None` where it is none.
#[must_use]
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0u32);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = (held << 5 | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 255).ok()?);
        }
    }
    Some(bytes)
}

/// What the picture holds that an app reads.
#[must_use]
pub fn uri(secret: &str, issuer: &str, account: &str) -> String {
    let written = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (issuer, account) = (written(issuer), written(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238, appendix B, for SHA-1. It has eight digits, of which six are the last.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, eight) in [
            (59_i64, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(
                format!("{:08}", truncated(SECRET, step(seconds * 1_000)) % 100_000_000),
                eight
            );
            assert_eq!(code(SECRET, step(seconds * 1_000)), eight[2..], "{seconds}");
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_of_the_first_counters() {
        let codes: Vec<String> = (0..10).map(|step| code(SECRET, step)).collect();
        assert_eq!(
            codes,
            [
                "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
                "399871", "520489"
            ]
        );
    }

    #[test]
    fn a_code_is_accepted_about_its_time_and_once() {
        let at = 1_111_111_111_000;
        let now = step(at);
        for (what, typed, last, outcome) in [
            ("now", code(SECRET, now), 0, Some(now)),
            ("with a space", "050 471".to_owned(), 0, Some(now)),
            ("a slow phone", code(SECRET, now - 1), 0, Some(now - 1)),
            ("a fast phone", code(SECRET, now + 1), 0, Some(now + 1)),
            ("too old", code(SECRET, now - 2), 0, None),
            ("too early", code(SECRET, now + 2), 0, None),
            ("again", code(SECRET, now), now, None),
            ("one before the last", code(SECRET, now - 1), now, None),
            ("the next one", code(SECRET, now + 1), now, Some(now + 1)),
            ("nothing", String::new(), 0, None),
            ("another", "000000".to_owned(), 0, None),
            ("longer", format!("{}0", code(SECRET, now)), 0, None),
        ] {
            assert_eq!(accepted(SECRET, &typed, at, last), outcome, "{what}");
        }
        for (text, outcome) in [
            ("050471", true),
            ("050 471", true),
            ("05047", false),
            ("0504711", false),
            ("a50471", false),
            ("", false),
        ] {
            assert_eq!(is_code(text), outcome, "{text:?}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
            assert_eq!(from_base32(text).unwrap(), plain.as_bytes());
        }
        assert_eq!(from_base32("mzxw"), None);
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_base32(&base32(&all)).unwrap(), all);
    }

    #[test]
    fn an_app_reads_who_and_where() {
        assert_eq!(
            uri("MZXW6", "Café Bar", "anna@x"),
            "otpauth://totp/Caf%C3%A9%20Bar:anna%40x?secret=MZXW6&issuer=Caf%C3%A9%20Bar&algorithm=SHA1&digits=6&period=30"
        );
    }
}
