//! What a decision rests on beside the member and the operation.

use ledger::{Context, EntryId, Fault, Journal, Member, Origin, Refusal, Stop, Timestamp};

use crate::operation::{Decided, Outcome};
use crate::prior_records::PriorRecords;
use crate::rulebook::Rulebook;
use crate::settle::{expire_and_repay, origin_of, settle};

/// Entries of one member have consecutive ids; those of the next member of the decision begin this
/// many further on.
const IDS_EACH: u64 = 1 << 20;

/// The rules, the records and the moment that an operation is decided by. They are the same for
/// all members of a decision.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The published rulebook of the programme.
    pub book: &'a Rulebook,
    /// Where the operation comes from.
    pub origin: &'a Origin,
    /// What the books say about the documents and members that the operation names.
    pub recorded: &'a PriorRecords,
    /// The programme, the instant and the first id.
    pub context: Context,
}

impl<'a> Case<'a> {
    /// The instant of the decision.
    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The journal of the `place`th member of the decision (from 0, the one who asks), with
    /// everything written down that is due.
    pub(crate) fn journal(&self, place: u64, member: Member) -> Result<Journal, Fault> {
        let first_id = self.context.first_id.skip(place.saturating_mul(IDS_EACH));
        let mut journal = Journal::new(member, Context { first_id, ..self.context.clone() });
        settle(&mut journal, self.book, &self.origin.actor)?;
        Ok(journal)
    }

    /// See [`PriorRecords::other`].
    pub(crate) fn other(&self) -> Result<&'a Member, Refusal> {
        self.recorded.other()
    }

    /// The origin of entries that come along with the one that was asked for: the reference belongs
    /// to that one alone.
    pub(crate) fn without_reference(&self) -> Origin {
        Origin { reference: None, ..self.origin.clone() }
    }

    /// Expires and repays what came free, in entries that come along.
    pub(crate) fn expire_and_repay(&self, journal: &mut Journal) -> Result<(), Fault> {
        expire_and_repay(journal, self.book, &self.without_reference())
    }

    /// Posts what concerns one member alone, then expires and repays what came free. What is posted
    /// first is what was asked for.
    pub(crate) fn alone(
        &self,
        own: Journal,
        post: impl FnOnce(&mut Journal) -> Result<EntryId, Stop>,
    ) -> Outcome {
        self.alone_at(own, |journal| {
            let primary = journal.posted();
            post(journal)?;
            Ok(primary)
        })
    }

    /// As [`Case::alone`], where `post` tells which posting was asked for.
    pub(crate) fn alone_at(
        &self,
        mut own: Journal,
        post: impl FnOnce(&mut Journal) -> Result<usize, Stop>,
    ) -> Outcome {
        let primary = post(&mut own)?;
        expire_and_repay(&mut own, self.book, &origin_of(&self.origin.actor))?;
        Ok(Decided::alone(own, primary))
    }
}
