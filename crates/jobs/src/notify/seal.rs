//! Seals the secrets of endpoints for storage with a key that is not in the database
//! (XChaCha20-Poly1305). Without a key they are stored in plain text.
//!
//! A secret that is sealed for one endpoint cannot be opened for another one.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use super::signature::Secret;

const SEALED: &str = "sealed:";
/// Random bytes per sealing.
pub const NONCE: usize = 24;

/// The keys that seal secrets. The first one seals, any of them opens.
#[derive(Clone, Default)]
pub struct Seals(Vec<[u8; 32]>);

thread_local! {
    /// The keys of this instance, which come from a variable.
    static OURS: RefCell<Seals> = RefCell::default();
}

impl Seals {
    /// Reads the variable `secrets_key`: texts of at least 32 characters with commas between.
    /// Shorter texts are ignored.
    #[must_use]
    pub fn parse(variable: &str) -> Self {
        let keys = variable.split(',').map(str::trim).filter(|key| key.len() >= 32);
        Self(keys.map(|key| Sha256::digest(key.as_bytes()).into()).collect())
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a stored secret is sealed.
    #[must_use]
    pub fn is_sealed(stored: &str) -> bool {
        stored.starts_with(SEALED)
    }

    /// Uses these keys for all deliveries of this instance.
    pub fn keep(self) {
        OURS.set(self);
    }

    /// Seals the secret of an endpoint for storage.
    #[must_use]
    pub fn seal(
        &self,
        secret: &str,
        (programme_no, endpoint): (i64, &str),
        nonce: [u8; NONCE],
    ) -> String {
        let place = format!("{programme_no}/{endpoint}");
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed =
            self.0.first().and_then(|key| cipher(key).encrypt(&XNonce::from(nonce), payload).ok());
        match sealed {
            Some(sealed) => {
                format!("{SEALED}{}", STANDARD.encode([nonce.as_slice(), &sealed].concat()))
            }
            None => secret.to_owned(),
        }
    }

    /// Opens the stored secret of an endpoint. `None` when no key opens it.
    #[must_use]
    pub fn open(&self, stored: &str, (programme_no, endpoint): (i64, &str)) -> Option<String> {
        let Some(sealed) = stored.strip_prefix(SEALED) else { return Some(stored.to_owned()) };
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let place = format!("{programme_no}/{endpoint}");
        let open = |key: &[u8; 32]| {
            let payload = Payload { msg: sealed, aad: place.as_bytes() };
            cipher(key).decrypt(&XNonce::from(*nonce), payload).ok()
        };
        String::from_utf8(self.0.iter().find_map(open)?).ok()
    }
}

/// What the secret of a QR key is sealed for; no endpoint has such an id.
#[must_use]
pub fn place_of_qr_key(kid: &str) -> String {
    format!("qr_key:{kid}")
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// The secret that signs the events of an endpoint, opened from its stored form.
pub(super) fn open_secret(stored: &str, place: (i64, &str)) -> Option<Secret> {
    OURS.with_borrow(|seals| Secret::parse(&seals.open(stored, place)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "one-key-of-at-least-32-characters";
    const TWO: &str = "another-key-of-at-least-32-characters";

    #[test]
    fn a_sealed_secret_opens_by_its_key_for_its_endpoint() {
        let sealed = Seals::parse(ONE).seal("whsec_abc", (1, "shop"), [7; NONCE]);
        assert!(sealed.starts_with(SEALED) && !sealed.contains("abc"));
        for (variable, place, opens) in [
            (ONE.to_owned(), (1, "shop"), true),
            (format!("{TWO}, {ONE}"), (1, "shop"), true),
            (TWO.to_owned(), (1, "shop"), false),
            (String::new(), (1, "shop"), false),
            (ONE.to_owned(), (2, "shop"), false),
            (ONE.to_owned(), (1, "shop2"), false),
        ] {
            let opened = Seals::parse(&variable).open(&sealed, place);
            assert_eq!(opened.as_deref(), opens.then_some("whsec_abc"), "{variable} {place:?}");
        }
        assert_ne!(sealed, Seals::parse(ONE).seal("whsec_abc", (1, "shop"), [8; NONCE]));
        let broken = format!("{}AAAA", &sealed[..sealed.len() - 4]);
        for text in [broken.as_str(), "sealed:", "sealed:!", "sealed:AAAA"] {
            assert_eq!(Seals::parse(ONE).open(text, (1, "shop")), None, "{text}");
        }
    }

    #[test]
    fn without_a_key_nothing_is_sealed() {
        let none = Seals::parse("too short");
        assert!(none.is_empty());
        assert_eq!(none.seal("whsec_abc", (1, "shop"), [7; NONCE]), "whsec_abc");
        assert_eq!(
            Seals::parse(ONE).open("whsec_abc", (1, "shop")).as_deref(),
            Some("whsec_abc"),
            "stored before there was a key"
        );
    }
}
