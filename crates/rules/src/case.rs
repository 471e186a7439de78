//! What a decision rests on beside the member and the command.

use ledger::{Context, Fault, Journal, Member, Origin, Refusal, Timestamp};

use crate::command::PriorRecords;
use crate::rulebook::Rulebook;
use crate::settle::{settle, wind_up};

/// Entries of one member have consecutive ids; those of the next member of the decision begin this
/// many further on.
const IDS_EACH: u64 = 1 << 20;

/// The rules, the records and the moment that a command is decided by. They are the same for all
/// members of a decision.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The published rulebook of the programme.
    pub book: &'a Rulebook,
    /// Where the command comes from.
    pub origin: &'a Origin,
    /// What the books say about the documents and members that the command names.
    pub recorded: &'a PriorRecords,
    /// The programme, the instant and the first id.
    pub context: Context,
}

impl<'a> Case<'a> {
    /// The instant of the decision.
    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The journal of the `place`th member of the decision (from 0), with everything written down
    /// that is due.
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
    pub(crate) fn along(&self) -> Origin {
        Origin { reference: None, ..self.origin.clone() }
    }

    /// Expires and repays what came free, in entries that come along.
    pub(crate) fn wind_up(&self, journal: &mut Journal) -> Result<(), Fault> {
        wind_up(journal, self.book, &self.along())
    }
}
