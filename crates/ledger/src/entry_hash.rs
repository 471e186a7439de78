//! The hash of an entry: what is hashed is what is stored.

use sha2::{Digest, Sha256};

use crate::entry::Entry;
use crate::fault::Fault;
use crate::id::Hash;

/// Keeps hashes of entries apart from all other ones.
const DOMAIN: &[u8] = b"accrue.entry.v1";

impl Entry {
    /// SHA-256 over the hash before, the columns and the stored body. Integers are big-endian;
    /// texts have their length in bytes in front.
    #[must_use]
    pub fn hash_over(&self, body: &str) -> Hash {
        let mut digest = Sha256::new();
        let text = |digest: &mut Sha256, text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        digest.update(DOMAIN);
        digest.update(self.previous_hash.0);
        digest.update(self.id.0.to_be_bytes());
        text(&mut digest, self.programme.as_str());
        text(&mut digest, self.member.as_str());
        digest.update(self.sequence.0.to_be_bytes());
        text(&mut digest, self.kind().as_str());
        for number in [self.points, self.balance_after, self.occurred_at.0, self.recorded_at.0] {
            digest.update(number.to_be_bytes());
        }
        text(&mut digest, body);
        Hash(digest.finalize().into())
    }

    /// The hash over the body that this entry has when it is written now.
    ///
    /// # Errors
    /// [`Fault::Draft`] when it cannot be written.
    pub fn computed_hash(&self) -> Result<Hash, Fault> {
        Ok(self.hash_over(&self.body()?))
    }
}
