//! Seals texts for storage with keys that are not in the database (XChaCha20-Poly1305), and opens
//! them. Without a key they are stored in plain text.
//!
//! A stored text is `sealed:{name of the key}:{base64 of nonce and ciphertext}`. What is sealed for
//! one [`Place`] opens at no other. The caller gives random bytes.
#![deny(missing_docs)]

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

const SEALED: &str = "sealed:";
/// Random bytes per sealing.
pub const NONCE: usize = 24;
/// Characters of a key's name.
const NAME: usize = 8;
/// A shorter key can be guessed.
const MIN_KEY: usize = 32;

/// Where a sealed text belongs: a programme, and what has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// The secret of a webhook endpoint.
    #[must_use]
    pub fn endpoint(programme_no: i64, id: &str) -> Self {
        Self(format!("{programme_no}/endpoint/{id}"))
    }

    /// The secret of a QR key.
    #[must_use]
    pub fn qr_key(programme_no: i64, kid: &str) -> Self {
        Self(format!("{programme_no}/qr_key/{kid}"))
    }

    /// The secret of a person's one-time codes; `folded` as persons are kept.
    #[must_use]
    pub fn person(programme_no: i64, folded: &str) -> Self {
        Self(format!("{programme_no}/person/{folded}"))
    }

    /// An address of a member by that channel.
    #[must_use]
    pub fn contact(programme_no: i64, channel: &str) -> Self {
        Self(format!("{programme_no}/contact/{channel}"))
    }

    /// The secrets of an account at a vendor.
    #[must_use]
    pub fn channel(programme_no: i64, id: &str) -> Self {
        Self(format!("{programme_no}/channel/{id}"))
    }

    /// The secret in the address to which a vendor posts.
    #[must_use]
    pub fn callback(programme_no: i64, id: &str) -> Self {
        Self(format!("{programme_no}/callback/{id}"))
    }

    /// A token that a vendor gave an account.
    #[must_use]
    pub fn channel_token(programme_no: i64, id: &str) -> Self {
        Self(format!("{programme_no}/channel_token/{id}"))
    }

    /// A secret that a database keeps for itself.
    #[must_use]
    pub fn database(name: &str) -> Self {
        Self(format!("0/database/{name}"))
    }
}

/// A key, and by which name sealed texts tell it.
#[derive(Clone)]
struct Named {
    name: String,
    key: [u8; 32],
}

impl Named {
    fn of(text: &str) -> Self {
        let key: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        // A digest of the digest: its reader learns nothing of the key.
        let mut name = String::with_capacity(NAME);
        for byte in Sha256::digest([b"name of ", key.as_slice()].concat()).iter().take(NAME / 2) {
            name.push_str(&format!("{byte:02x}"));
        }
        Self { name, key }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.key))
    }
}

/// The keys that seal. The first one seals, any of them opens.
#[derive(Clone, Default)]
pub struct Seals(Vec<Named>);

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
    }
}

impl Seals {
    /// Reads the variable `secrets_key`: texts of at least 32 characters with commas between.
    /// Shorter texts are ignored.
    #[must_use]
    pub fn parse(variable: &str) -> Self {
        let keys = variable.split(',').map(str::trim).filter(|key| key.len() >= MIN_KEY);
        Self(keys.map(Named::of).collect())
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a stored text is sealed.
    #[must_use]
    pub fn is_sealed(stored: &str) -> bool {
        stored.starts_with(SEALED)
    }

    /// Whether a stored text is as it would be stored now: sealed by the first key, or anything
    /// where there is no key.
    #[must_use]
    pub fn is_current(&self, stored: &str) -> bool {
        self.0.first().is_none_or(|key| parts(stored).is_some_and(|(name, _)| name == key.name))
    }

    /// Seals a text for storage.
    #[must_use]
    pub fn seal(&self, text: &str, place: &Place, nonce: [u8; NONCE]) -> String {
        let payload = Payload { msg: text.as_bytes(), aad: place.0.as_bytes() };
        let sealed = self.0.first().and_then(|key| {
            let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload).ok()?;
            let sealed = STANDARD.encode([nonce.as_slice(), &sealed].concat());
            Some(format!("{SEALED}{}:{sealed}", key.name))
        });
        sealed.unwrap_or_else(|| text.to_owned())
    }

    /// Opens a stored text. `None` when no key opens it there.
    #[must_use]
    pub fn open(&self, stored: &str, place: &Place) -> Option<String> {
        if !Self::is_sealed(stored) {
            return Some(stored.to_owned());
        }
        let (name, sealed) = parts(stored)?;
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let open = |key: &Named| {
            let payload = Payload { msg: sealed, aad: place.0.as_bytes() };
            key.cipher().decrypt(&XNonce::from(*nonce), payload).ok()
        };
        let opened = self.0.iter().filter(|key| key.name == name).find_map(open)?;
        String::from_utf8(opened).ok()
    }
}

/// The key's name and the rest of a sealed text.
fn parts(stored: &str) -> Option<(&str, &str)> {
    stored.strip_prefix(SEALED)?.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "one-key-of-at-least-32-characters";
    const TWO: &str = "another-key-of-at-least-32-characters";

    #[test]
    fn a_sealed_text_opens_by_its_key_at_its_place() {
        let shop = Place::endpoint(1, "shop");
        let sealed = Seals::parse(ONE).seal("whsec_abc", &shop, [7; NONCE]);
        assert!(Seals::is_sealed(&sealed) && !sealed.contains("abc"));
        for (variable, place, opens) in [
            (ONE.to_owned(), shop.clone(), true),
            (format!("{TWO}, {ONE}"), shop.clone(), true),
            (TWO.to_owned(), shop.clone(), false),
            (String::new(), shop.clone(), false),
            (ONE.to_owned(), Place::endpoint(2, "shop"), false),
            (ONE.to_owned(), Place::endpoint(1, "shop2"), false),
            (ONE.to_owned(), Place::qr_key(1, "shop"), false),
            (ONE.to_owned(), Place::person(1, "shop"), false),
            (ONE.to_owned(), Place::contact(1, "shop"), false),
            (ONE.to_owned(), Place::channel(1, "shop"), false),
            (ONE.to_owned(), Place::channel_token(1, "shop"), false),
            (ONE.to_owned(), Place::callback(1, "shop"), false),
        ] {
            let opened = Seals::parse(&variable).open(&sealed, &place);
            assert_eq!(opened.as_deref(), opens.then_some("whsec_abc"), "{variable} {place:?}");
        }
        assert_ne!(sealed, Seals::parse(ONE).seal("whsec_abc", &shop, [8; NONCE]));
        let broken = format!("{}AAAA", &sealed[..sealed.len() - 4]);
        let renamed = sealed.replacen(&sealed[7..15], "00000000", 1);
        for text in [&broken, &renamed, "sealed:", "sealed:!", "sealed:AAAA", "sealed:AAAA:AAAA"] {
            assert_eq!(Seals::parse(ONE).open(text, &shop), None, "{text}");
        }
    }

    #[test]
    fn without_a_key_nothing_is_sealed() {
        let (none, shop) = (Seals::parse("too short"), Place::endpoint(1, "shop"));
        assert!(none.is_empty());
        assert_eq!(none.seal("whsec_abc", &shop, [7; NONCE]), "whsec_abc");
        assert_eq!(
            Seals::parse(ONE).open("whsec_abc", &shop).as_deref(),
            Some("whsec_abc"),
            "stored before there was a key"
        );
    }

    #[test]
    fn what_another_key_sealed_is_not_current() {
        let shop = Place::endpoint(1, "shop");
        let old = Seals::parse(ONE).seal("s", &shop, [7; NONCE]);
        for (variable, stored, is_current) in [
            (ONE.to_owned(), old.as_str(), true),
            (format!("{ONE},{TWO}"), &old, true),
            (format!("{TWO},{ONE}"), &old, false),
            (TWO.to_owned(), &old, false),
            (TWO.to_owned(), "plain", false),
            (String::new(), "plain", true),
            // Nothing can be done about it.
            (String::new(), &old, true),
        ] {
            assert_eq!(Seals::parse(&variable).is_current(stored), is_current, "{variable}");
        }
    }

    #[test]
    fn only_names_of_keys_are_shown() {
        let seals = Seals::parse(&format!("{ONE},{TWO}"));
        let sealed = seals.seal("s", &Place::database("one"), [7; NONCE]);
        let name = sealed.split(':').nth(1).unwrap();
        let shown = format!("{seals:?}");
        assert!(shown.starts_with(&format!("[\"{name}\"")), "{shown}");
        assert_eq!(shown.len(), 24, "{shown}");
    }
}
