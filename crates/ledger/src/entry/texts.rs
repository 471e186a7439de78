//! Free texts of an entry: why something was done, and what was shown for it.
//!
//! People write names into them, so an erasure takes them out. They are stored beside the body. The
//! body has only their digest, so every hash can be computed before and after it. A salt that
//! leaves with the texts keeps a short text from being guessed from its digest.

use std::fmt;

use super::body::{read_texts, write_texts};
use super::{Entry, Unreadable};
use crate::calendar::Timestamp;
use crate::fault::Fault;
use crate::id::{EntryId, Hash};
use crate::kind::{Adjustment, What};

/// What salts are made of. It must be random and must never be stored.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// The salt of an entry's texts. Salts of other entries do not tell it.
    fn salt(&self, id: EntryId) -> [u8; 16] {
        let Hash(digest) = Hash::of(&[self.0.as_slice(), &id.0.to_be_bytes()].concat());
        let mut salt = [0; 16];
        salt.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        salt
    }
}

/// Shows nothing: a log is stored, too.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// What the host's randomness gives to one command.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    /// The id of its first entry, in home 0.
    pub id: EntryId,
    /// What the salts of its entries are made of.
    pub seed: Seed,
}

impl Fresh {
    /// From `random` bytes of this command and `instance` bytes that the running program keeps in
    /// memory. The id shows 58 bits of `random` and no other; the seed has all of both.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 16], instance: [u8; 16]) -> Self {
        let mut seed = [0; 32];
        let all = random.into_iter().chain(instance);
        seed.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        Self { id: EntryId::version_7(now, random), seed: Seed(seed) }
    }
}

/// The free texts of an entry, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// SHA-256 of the stored text. The body has it, and keeps it.
    pub digest: Hash,
    /// The stored text; `None` once it was taken out.
    pub stored: Option<String>,
}

impl Texts {
    fn of(stored: String) -> Self {
        Self { digest: Hash::of(stored.as_bytes()), stored: Some(stored) }
    }

    /// Whether they were taken out.
    #[must_use]
    pub fn are_erased(&self) -> bool {
        self.stored.is_none()
    }

    /// Whether the digest is that of the stored text, as long as there is one.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        self.stored.as_deref().is_none_or(|stored| Hash::of(stored.as_bytes()) == self.digest)
    }
}

impl Entry {
    /// Writes its free texts with a salt, and takes their digest. Does nothing for an entry that
    /// has none.
    ///
    /// # Errors
    /// [`Fault::Draft`] when they cannot be written.
    pub fn seal_texts(&mut self, seed: &Seed) -> Result<(), Fault> {
        let reason = self.origin.reason.as_deref();
        let evidence = self.adjustment().and_then(|adjustment| adjustment.evidence.as_deref());
        self.texts = match (reason, evidence) {
            (None, None) => None,
            _ => Some(Texts::of(write_texts(seed.salt(self.id), reason, evidence)?)),
        };
        Ok(())
    }

    /// Takes the free texts out. What the hash covers stays.
    pub fn clear_texts(&mut self) {
        if let Some(texts) = &mut self.texts {
            texts.stored = None;
        }
        self.origin.reason = None;
        if let Some(adjustment) = self.adjustment_mut() {
            adjustment.evidence = None;
        }
    }

    /// Puts the free texts in that are stored beside a body with this digest.
    pub(super) fn open_texts(
        &mut self,
        digest: Option<Hash>,
        stored: Option<String>,
    ) -> Result<(), Unreadable> {
        use serde::de::Error;
        let Some(digest) = digest else {
            return match stored {
                None => Ok(()),
                Some(_) => Err(Unreadable::custom("texts of which the body says nothing")),
            };
        };
        if let Some(stored) = &stored {
            let (reason, evidence) = read_texts(stored)?;
            self.origin.reason = reason;
            if evidence.is_some() {
                let adjustment = self.adjustment_mut();
                let none = || Unreadable::custom("evidence without an adjustment");
                adjustment.ok_or_else(none)?.evidence = evidence;
            }
        }
        self.texts = Some(Texts { digest, stored });
        Ok(())
    }

    fn adjustment_mut(&mut self) -> Option<&mut Adjustment> {
        match &mut self.what {
            What::AdjustmentRequest(requested) => Some(&mut requested.adjustment),
            What::Approve(decided)
            | What::Reject(decided)
            | What::Withdraw(decided)
            | What::Lapse(decided)
            | What::Adjust(decided) => Some(&mut decided.adjustment),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_a_salt_of_its_own() {
        let (seed, other) = (Seed([1; 32]), Seed([2; 32]));
        let salts = [seed.salt(EntryId(1)), seed.salt(EntryId(2)), other.salt(EntryId(1))];
        assert!(salts[0] != salts[1] && salts[0] != salts[2] && salts[1] != salts[2]);
        assert_eq!(seed.salt(EntryId(1)), salts[0]);
    }

    /// A reader of the id has 58 bits of what was drawn: the others must matter.
    #[test]
    fn the_id_does_not_tell_the_salt() {
        let now = Timestamp(1);
        let fresh = Fresh::new(now, [0; 16], [3; 16]);
        let mut hidden = [0; 16];
        hidden[0] = 1;
        let (same_id, elsewhere) =
            (Fresh::new(now, hidden, [3; 16]), Fresh::new(now, [0; 16], [4; 16]));
        assert_eq!((fresh.id, fresh.id), (same_id.id, elsewhere.id));
        assert_ne!(fresh.seed.salt(fresh.id), same_id.seed.salt(fresh.id));
        assert_ne!(fresh.seed.salt(fresh.id), elsewhere.seed.salt(fresh.id));
    }

    #[test]
    fn a_seed_is_not_shown() {
        assert_eq!(format!("{:?}", Seed([7; 32])), "Seed(…)");
    }
}
