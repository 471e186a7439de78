//! Passwords: which ones are taken (NIST SP 800-63B), and argon2id over them.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

/// Bytes of a salt.
pub const SALT: usize = 16;
const HASH: usize = 32;
/// Memory in KiB, passes and lanes: the first choice of OWASP for argon2id.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const MIN: usize = 12;
const MAX: usize = 128;

/// What people choose first when they need twelve characters. Compared in small letters.
const COMMON: &[&str] = &[
    "000000000000",
    "0123456789ab",
    "0987654321qw",
    "111111111111",
    "112233445566",
    "1234512345123",
    "123456123456",
    "1234567890",
    "12345678901",
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789abc",
    "1234567890qw",
    "123456qwerty",
    "123456qwertyuiop",
    "123qweasdzxc",
    "1a2b3c4d5e6f",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "222222222222",
    "520131452013",
    "5201314520131",
    "654321654321",
    "666666666666",
    "666666888888",
    "777777777777",
    "88888888888",
    "888888888888",
    "987654321012",
    "999999999999",
    "aaaaaaaaaaaa",
    "abc123456789",
    "abcd12345678",
    "abcdef123456",
    "abcdefghijkl",
    "abcdefghijklm",
    "adgjmptwadgj",
    "admin1234567",
    "admin12345678",
    "adminadmin12",
    "adminadmin123",
    "adminadminadmin",
    "administrator",
    "administrator1",
    "asd123456789",
    "asdfghjkl123",
    "asdfghjkl1234",
    "asdfghjklqwe",
    "changeme1234",
    "changemechangeme",
    "christopher1",
    "correcthorsebatterystaple",
    "dragondragon",
    "footballfootball",
    "hello1234567",
    "helloworld12",
    "helloworld123",
    "iloveyou1234",
    "iloveyou12345",
    "iloveyouiloveyou",
    "letmein12345",
    "letmein123456",
    "letmeinletmein",
    "liverpool123",
    "manchester12",
    "monkeymonkey",
    "p@ssw0rd1234",
    "p@ssword1234",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "password1234567",
    "passwordpassword",
    "princess1234",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qazwsxedcrfvtgb",
    "qwe123456789",
    "qwer12345678",
    "qwerasdfzxcv",
    "qwerty123456",
    "qwerty1234567",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiop[]",
    "qwertyuiopasdfghjkl",
    "secret123456",
    "secretsecret",
    "starwars1234",
    "sunshine1234",
    "superman1234",
    "test12345678",
    "testtesttest",
    "trustno1trustno1",
    "welcome12345",
    "welcome123456",
    "welcomewelcome",
    "woaini123456",
    "woaini520520",
    "woaini1314520",
    "woaini5201314",
    "wo123456789",
    "x1234567890x",
    "zaq12wsxcde3",
    "zxcvbnm12345",
    "zxcvbnm123456",
    "zxcvbnmasdfgh",
];

/// Whether a person may have this password.
///
/// # Errors
/// What is wrong with it.
pub fn check(password: &str, names: &[&str]) -> Result<(), &'static str> {
    let characters = password.nfkc().count();
    if !(MIN..=MAX).contains(&characters) || password.chars().count() > MAX {
        return Err("must have 12 to 128 characters");
    }
    if password.chars().any(char::is_control) {
        return Err("must have no control characters");
    }
    let small = bare(password);
    if names.iter().any(|name| bare(name) == small) {
        return Err("must not be your id or your name");
    }
    let first = small.chars().next();
    if COMMON.contains(&small.as_str()) || small.chars().all(|c| Some(c) == first) {
        return Err("is one of those that are guessed first");
    }
    Ok(())
}

fn bare(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// What is stored of a password, as PHC text. `None` when there is no memory for it.
#[must_use]
pub fn hash(password: &str, salt: [u8; SALT]) -> Option<String> {
    let hash = argon2id(password, &salt)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Some(format!("{}{salt}${hash}", head()))
}

/// Whether this is the password that was stored. Without a stored one it takes as long, so that
/// nobody learns from the time whether a person exists.
#[must_use]
pub fn is_of(stored: Option<&str>, password: &str) -> bool {
    let (salt, hash) = stored.and_then(parsed).unwrap_or_default();
    let found = argon2id(password, &salt).unwrap_or_default();
    let is_same: bool = found.ct_eq(&hash).into();
    is_same && stored.and_then(parsed).is_some()
}

fn head() -> String {
    format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$")
}

fn parsed(stored: &str) -> Option<([u8; SALT], [u8; HASH])> {
    let (salt, hash) = stored.strip_prefix(head().as_str())?.split_once('$')?;
    let bytes = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    Some((bytes(salt)?.try_into().ok()?, bytes(hash)?.try_into().ok()?))
}

/// Compatible characters are one (NFKC), as two keyboards may write one password differently.
fn argon2id(password: &str, salt: &[u8; SALT]) -> Option<[u8; HASH]> {
    let params = Params::new(MEMORY, PASSES, LANES, Some(HASH)).ok()?;
    let plain: String = password.nfkc().collect();
    let mut hash = [0; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(plain.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with the reference implementation (argon2-cffi 25.1).
    const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$69I7qCjDTsQwhQqFvpQJiqEI0lGQvxC84fXE0Ktxca4";

    #[test]
    fn a_password_is_known_again() {
        let stored = hash("correct horse", [7; SALT]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        for (stored, password, outcome) in [
            (Some(stored.as_str()), "correct horse", true),
            (Some(stored.as_str()), "correct horse ", false),
            (Some(stored.as_str()), "", false),
            // The full width of the same letters.
            (Some(stored.as_str()), "\u{ff43}orrect horse", true),
            (Some(REFERENCE), "correct horse battery", true),
            (Some(REFERENCE), "correct horse", false),
            (Some("$argon2id$v=19$m=8,t=1,p=1$x$y"), "correct horse", false),
            (None, "correct horse", false),
            (None, "", false),
        ] {
            assert_eq!(is_of(stored, password), outcome, "{stored:?} {password}");
        }
        assert_ne!(hash("correct horse", [8; SALT]), Some(stored));
    }

    #[test]
    fn passwords_are_long_and_not_guessed_first() {
        for (password, outcome) in [
            ("a-long-way-home", Ok(())),
            ("twelve chars", Ok(())),
            ("天地玄黄宇宙洪荒日月盈昃", Ok(())),
            ("eleven char", Err("must have 12 to 128 characters")),
            ("Password1234", Err("is one of those that are guessed first")),
            ("qwertyuiop123", Err("is one of those that are guessed first")),
            ("zzzzzzzzzzzzzz", Err("is one of those that are guessed first")),
            ("Anna Schmidt-Lee", Err("must not be your id or your name")),
            ("annaschmidt-lee", Err("must not be your id or your name")),
            ("anna-lee-0001", Err("must not be your id or your name")),
            ("a password\nof two", Err("must have no control characters")),
        ] {
            assert_eq!(
                check(password, &["anna-lee-0001", "Anna Schmidt-Lee"]),
                outcome,
                "{password}"
            );
        }
        assert_eq!(check(&"ab".repeat(64), &[]), Ok(()));
        assert_eq!(check(&"ab".repeat(65), &[]), Err("must have 12 to 128 characters"));
        assert!(COMMON.iter().all(|common| *common == common.to_lowercase()));
    }
}
