//! What the books say about what an operation names.

use std::collections::BTreeMap;

use ledger::{Counted, EntryId, LotNumber, Member, Refusal, Reversal};

use crate::again::Kept;
use crate::reward::Reward;
use crate::step_up::MemberProof;

/// What the books already say about the documents that an operation names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriorRecords {
    /// The entry that bears the operation's own reference, where that keeps the operation from
    /// being recorded.
    pub used: Option<EntryId>,
    /// Whether that entry is another member's.
    pub is_of_another: bool,
    /// What the member kept of the same document when it was undone before.
    pub kept: Kept,
    /// What coupons have taken off the order before, in minor units.
    pub off_minor: i64,
    /// Earlier reversals of what is to be reversed, by the entry that they correct.
    pub reversals: Vec<(EntryId, Reversal)>,
    /// Points that were written down as expired, of lots that the earn to be reversed granted and
    /// of gifts that may be taken back with it.
    pub expired: BTreeMap<LotNumber, i64>,
    /// What counters of the programme stand at, of the subjects that the operation counts for.
    pub tallies: Vec<Counted>,
    /// What the merchant told about the member; only where the rulebook asks for it.
    pub attributes: BTreeMap<String, String>,
    /// The other names of the member; only where the operation asks for them.
    pub aliases: Vec<String>,
    /// What tells apart what is told about the member; only where the operation asks for it.
    pub tag: String,
    /// The reward that it wants, and its version in the catalogue.
    pub reward: Option<(i64, Reward)>,
    /// The other members that it names, in the order named.
    pub others: Vec<Member>,
    /// The first of the names it gives the member that is another member's.
    pub taken_alias: Option<String>,
    /// Whether it was asked for from a device from which the member has not come before. False
    /// where no device is told.
    pub is_new_device: bool,
    /// What shows that it is the member who asks.
    pub proof: MemberProof,
}

impl PriorRecords {
    /// The other member that the operation names, as it was loaded. A pool is none.
    pub(crate) fn other(&self) -> Result<&Member, Refusal> {
        let is_there =
            |member: &&Member| member.exists() && member.closed.is_none() && !member.id.is_pool();
        let found = self.others.first().filter(is_there);
        found.ok_or(Refusal::CounterpartyNotFound)
    }

    /// Why the operation cannot be recorded under its reference. What another member has under it
    /// is no repetition: a till that takes it for one leaves a customer without points.
    pub(crate) fn taken(&self) -> Option<Refusal> {
        let entry = self.used;
        entry.map(|_| {
            if self.is_of_another {
                Refusal::ReferenceOfAnother { entry }
            } else {
                Refusal::ReferenceAlreadyUsed { entry }
            }
        })
    }
}
