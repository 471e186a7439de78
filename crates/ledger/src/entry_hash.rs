//! The hash of an entry: what is hashed is what is stored.

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
        fn text(bytes: &mut Vec<u8>, text: &str) {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        let mut bytes = Vec::with_capacity(320 + body.len());
        bytes.extend_from_slice(DOMAIN);
        bytes.extend_from_slice(&self.previous_hash.0);
        bytes.extend_from_slice(&self.id.0.to_be_bytes());
        text(&mut bytes, self.programme.as_str());
        text(&mut bytes, self.member.as_str());
        bytes.extend_from_slice(&self.sequence.0.to_be_bytes());
        text(&mut bytes, self.kind().as_str());
        for number in [self.points, self.balance_after, self.occurred_at.0, self.recorded_at.0] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        text(&mut bytes, body);
        Hash::of(&bytes)
    }

    /// The hash over the body that this entry has when it is written now.
    ///
    /// # Errors
    /// [`Fault::Draft`] when it cannot be written.
    pub fn computed_hash(&self) -> Result<Hash, Fault> {
        Ok(self.hash_over(&self.body()?))
    }
}
