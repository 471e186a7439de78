//! Asking once more: what an operation comes to under this rulebook, decided on as few of the lots
//! as it needs.

use std::collections::BTreeMap;

use ledger::{Entry, Fault, Kind, Member, Origin, Stop, Timestamp};

use super::Replay;
use crate::again::{self, Kept};
use crate::case::Case;
use crate::operation::{Account, Activity, ExtraColumns, Lots, Needs, Operation, decide};
use crate::prior_records::PriorRecords;
use crate::step_up::MemberProof;

impl Replay<'_> {
    /// Does what a recorded entry was asked for with; gives the entry that stands for it.
    pub(super) fn ask(
        &mut self,
        operation: &dyn Operation,
        entry: &Entry,
    ) -> Result<Option<Entry>, Fault> {
        let needs = operation.needs(&self.member.id);
        let recorded = PriorRecords { kept: self.kept_of(entry), ..self.recorded(&needs) };
        self.attempt(operation, &needs, &recorded, (&entry.origin, entry.recorded_at))
    }

    /// Does what a job does.
    pub(super) fn ask_job(
        &mut self,
        operation: &dyn Operation,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let needs = operation.needs(&self.member.id);
        let recorded = PriorRecords::default();
        self.attempt(operation, &needs, &recorded, (&Origin::default(), now)).map(drop)
    }

    fn attempt(
        &mut self,
        operation: &dyn Operation,
        needs: &Needs,
        recorded: &PriorRecords,
        (origin, now): (&Origin, Timestamp),
    ) -> Result<Option<Entry>, Fault> {
        // Most operations need no lots while nothing is due, as in the store: to copy thousands of
        // them for each would take minutes.
        let lots = self
            .needs_no_lots(operation, needs, now)
            .then(|| std::mem::take(&mut self.member.lots));
        let gifts = if needs.undoes.is_some() { self.heard.gifts.len() } else { 0 };
        self.effort += 1 + (self.member.lots.len() + gifts) as u64;
        let member = Member { lots_complete: lots.is_none(), ..self.member.clone() };
        let case = Case { book: self.book, origin, recorded, context: self.context(now) };
        let primary = match decide(operation, &case, member) {
            Ok(decided) => {
                let primary = decided.decision.primary().cloned();
                self.take_over(decided.decision.postings.iter().map(|posting| &posting.entry));
                self.member = decided.member;
                primary
            }
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Refused(refusal)) => {
                self.sums.refuse(refusal.slug());
                None
            }
        };
        if let Some(mut all) = lots {
            all.append(&mut self.member.lots);
            (self.member.lots, self.member.lots_complete) = (all, true);
        }
        Ok(primary)
    }

    /// Whether the operation can be decided without a look at the lots.
    fn needs_no_lots(&self, operation: &dyn Operation, needs: &Needs, now: Timestamp) -> bool {
        let guards = operation.guards();
        // Members whose lots are not at hand are settled when something is due only.
        let asks_for_none = needs.lots == Lots::None || guards.account == Account::OfJob;
        let extends = guards.activity == Activity::Extends && self.book.slides();
        asks_for_none && !extends && !self.member.is_due(now) && self.member.debt == 0
    }

    /// What the member kept of the document that an earn is for.
    fn kept_of(&self, entry: &Entry) -> Kept {
        let is_earn = entry.kind() == Kind::Earn;
        let Some(reference) = entry.origin.reference.as_ref().filter(|_| is_earn) else {
            return Kept::default();
        };
        let pasts = self.heard.pasts(entry.event().unwrap_or_default(), reference);
        again::kept(&pasts, &self.member.id, entry.origin.store.as_deref())
    }

    /// What the history so far says about what an operation needs.
    fn recorded(&self, needs: &Needs) -> PriorRecords {
        let attributes = match needs.columns {
            ExtraColumns::Pricing => self.attributes.clone(),
            ExtraColumns::Nothing | ExtraColumns::Profile => BTreeMap::new(),
        };
        let entries = needs.undoes.iter().flat_map(|undoes| &undoes.entries);
        let reversals = entries.flat_map(|id| self.heard.reversals(*id)).collect();
        let lots = needs.undoes.iter().flat_map(|undoes| &undoes.lots);
        let expired = lots.filter_map(|lot| self.heard.expired(*lot)).collect();
        let proof = MemberProof::ToldAgain;
        PriorRecords { reversals, expired, attributes, proof, ..PriorRecords::default() }
    }
}
