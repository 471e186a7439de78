//! Under which names a request is kept: whose idempotency key it is, and digests from which nobody
//! guesses what they were made of.
//!
//! A key belongs to the line of API keys that uses it: one till cannot take another one's, and a
//! caller that rotates a key goes on with its answers.

use hmac::{Hmac, KeyInit, Mac};
use ledger::Hash;
use sha2::Sha256;
use store::{Caller, Submission};

use crate::app::App;

/// What digests of this database are keyed with.
pub(crate) struct Salt {
    key: Vec<u8>,
    /// What it was before the variable was set.
    before: Option<Vec<u8>>,
}

impl Salt {
    /// That of the database, mixed with the variable `digest_key` where there is one: without it a
    /// copy of the database holds all that it takes to guess.
    pub(crate) fn of(stored: &str, variable: &str) -> Self {
        let before = stored.as_bytes().to_vec();
        if variable.is_empty() {
            return Self { key: before, before: None };
        }
        Self { key: mac(variable.as_bytes(), stored).to_vec(), before: Some(before) }
    }

    /// The first half of an HMAC: enough to tell two texts apart.
    pub(crate) fn digest(&self, text: &str) -> String {
        keyed_digest(&self.key, text)
    }

    /// All forms of a request's fingerprint: as it is stored, and as it was before the variable was
    /// set.
    pub(crate) fn fingerprint(&self, plain: &str) -> String {
        let now = self.digest(plain);
        self.before
            .as_ref()
            .map_or(now.clone(), |key| format!("{now},{}", keyed_digest(key, plain)))
    }
}

/// The first half of an HMAC-SHA256, in hexadecimal.
#[must_use]
pub fn keyed_digest(key: &[u8], text: &str) -> String {
    let mut digest = Hash(mac(key, text)).to_string();
    digest.truncate(32);
    digest
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    // HMAC takes keys of any length, so there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// A digest of this database, from which nobody guesses what it was made of.
#[must_use]
pub fn digest(app: &App, text: &str) -> String {
    app.salt.digest(text)
}

/// An idempotency key as it is stored, for that caller.
#[must_use]
pub fn scoped(caller: &Caller, key: &str) -> String {
    format!("{}/{key}", caller.lineage)
}

/// The submission with its digests, before the caller is known.
pub(crate) fn digested(salt: &Salt, mut submission: Submission) -> Submission {
    if let Some((_, fingerprint)) = &mut submission.idem {
        *fingerprint = salt.fingerprint(fingerprint);
    }
    let device = submission.client.as_ref().and_then(|client| client.device.as_deref());
    let on_device = device.and_then(|device| submission.operation.on_device(&salt.digest(device)));
    if let Some(operation) = on_device {
        submission.operation = operation;
    }
    submission
}

/// The submission under the caller's own key.
pub(crate) fn kept_for(caller: &Caller, mut submission: Submission) -> Submission {
    if let Some((key, _)) = &mut submission.idem {
        *key = scoped(caller, key);
    }
    submission
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_depend_on_the_database_and_on_the_variable() {
        let digest = |stored, variable| Salt::of(stored, variable).digest("~phone:+8613800000000");
        let all = [
            digest("a", ""),
            digest("b", ""),
            digest("a", "k"),
            digest("b", "k"),
            digest("a", "l"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 32);
            assert!(!all[..at].contains(one), "{at}");
        }
        let (bare, keyed) = (Salt::of("a", ""), Salt::of("a", "k"));
        assert_eq!(bare.fingerprint("plain"), bare.digest("plain"));
        assert_eq!(
            keyed.fingerprint("plain"),
            format!("{},{}", keyed.digest("plain"), bare.digest("plain"))
        );
    }
}
