//! What a history told again has come to so far: its sums, and what later entries speak of.

use std::collections::BTreeMap;

use ledger::{Entry, EntryId, Kind, LotGrant, LotNumber, Reference, Reversal, UndoneAs, What};
use serde::{Deserialize, Serialize};

use crate::again::Past;

/// What entries came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Points by the account on the other side, as members gained or lost them.
    pub accounts: BTreeMap<String, i128>,
    /// How often something that was done could not have been done, by the reason.
    pub refused: BTreeMap<String, i64>,
}

impl Sums {
    pub(super) fn count(&mut self, entry: &Entry) {
        if let Some(account) = entry.kind().contra_account().filter(|_| entry.points != 0) {
            let sum = self.accounts.entry(account.to_owned()).or_default();
            *sum += i128::from(entry.points);
        }
    }

    pub(super) fn refuse(&mut self, reason: &str) {
        *self.refused.entry(reason.to_owned()).or_default() += 1;
    }

    /// Adds those of another member.
    pub fn add(&mut self, other: &Self) {
        for (name, points) in &other.accounts {
            *self.accounts.entry(name.clone()).or_default() += points;
        }
        for (name, times) in &other.refused {
            *self.refused.entry(name.clone()).or_default() += times;
        }
    }
}

/// What later entries speak of.
#[derive(Debug, Default)]
pub(crate) struct ReplayIndex {
    /// What stands for an earn, a redemption or a hold of the books, by its id there.
    pub(super) counterparts: BTreeMap<EntryId, Entry>,
    /// Other entries of the books that can be undone.
    pub(crate) others: BTreeMap<EntryId, Kind>,
    /// The earn of each lot of the books.
    pub(crate) earned: BTreeMap<LotNumber, EntryId>,
    /// Lots with the dates that they have by now.
    pub(crate) lots: BTreeMap<LotNumber, LotGrant>,
    /// Points of lots that expired.
    expired: BTreeMap<LotNumber, i64>,
    reversals: BTreeMap<EntryId, Vec<Reversal>>,
    /// Moves on the ladder with gifts.
    pub(crate) gifts: Vec<Entry>,
    /// What undid an earn, or approved of it, by the earn.
    corrections: BTreeMap<EntryId, Vec<Entry>>,
    /// Earns of the books by their document.
    documents: BTreeMap<Reference, Vec<EntryId>>,
    /// How many parts the entries at hand have: lines, awards, lots, counts.
    pub(super) kept: usize,
}

impl ReplayIndex {
    pub(super) fn hear(&mut self, entry: &Entry) {
        for lot in entry.lots.grants.iter().chain(entry.lots.returns.iter().map(|back| &back.lot)) {
            self.lots.entry(lot.number).or_insert_with(|| lot.clone());
        }
        for dates in &entry.lots.dates {
            if let Some(lot) = self.lots.get_mut(&dates.number) {
                (lot.available_at, lot.expires_at) = (dates.available_at, dates.expires_at);
            }
        }
        if entry.kind() == Kind::Expire {
            for draw in &entry.lots.draws {
                *self.expired.entry(draw.number).or_default() += draw.points;
            }
        }
        if entry.kind() == Kind::TierChange
            && !(entry.lots.grants.is_empty() && entry.effects.coupons.is_empty())
        {
            self.gifts.push(entry.clone());
        }
        let Some(corrected) = entry.corrects() else { return };
        if matches!(entry.kind(), Kind::Reverse | Kind::Approve) {
            self.corrections.entry(corrected).or_default().push(entry.clone());
        }
        if let Some(reversal) = entry.reversal() {
            self.reversals.entry(corrected).or_default().push(reversal.clone());
        }
    }

    pub(super) fn stands_for(&mut self, recorded: &Entry, counterpart: &Entry) {
        let mut kept = match recorded.kind().row().undone_as {
            UndoneAs::Earned | UndoneAs::Held | UndoneAs::Spent => counterpart.clone(),
            UndoneAs::Recorded | UndoneAs::Nothing => return,
        };
        match &mut kept.what {
            // Nothing that comes later speaks of rules that did not fire.
            What::Earn(earned) => earned.skipped.clear(),
            // Points were spent, and may come back; the catalogue and its coupons are not told
            // again.
            What::Redeem(redeemed) => redeemed.reward = None,
            _ => {}
        }
        if recorded.kind().row().undone_as == UndoneAs::Spent {
            kept.effects.coupons.clear();
        }
        let moved = kept.lots.grants.len()
            + kept.lots.draws.len()
            + kept.lots.returns.len()
            + kept.lots.dates.len();
        let held = kept.reservation().map_or(0, |reservation| reservation.lots.len());
        self.kept +=
            4 + kept.lines().len() + kept.awards().len() + kept.effects.counts.len() + moved + held;
        if let Some(document) = kept.origin.reference.as_ref().filter(|_| kept.kind() == Kind::Earn)
        {
            self.documents.entry(document.clone()).or_default().push(recorded.id);
        }
        self.counterparts.insert(recorded.id, kept);
    }

    /// What was earned for a document before, each with what undid it.
    pub(super) fn pasts(&self, event: &str, reference: &Reference) -> Vec<Past> {
        let recorded = self.documents.get(reference).into_iter().flatten();
        let earns = recorded.filter_map(|id| self.counterparts.get(id));
        let of = |earn: &Entry| self.corrections.get(&earn.id).cloned().unwrap_or_default();
        earns
            .filter(|earn| earn.event() == Some(event))
            .map(|earn| Past { entry: earn.clone(), corrections: of(earn) })
            .collect()
    }

    /// The reversals of an entry so far.
    pub(super) fn reversals(
        &self,
        corrected: EntryId,
    ) -> impl Iterator<Item = (EntryId, Reversal)> {
        self.reversals
            .get(&corrected)
            .into_iter()
            .flatten()
            .map(move |reversal| (corrected, reversal.clone()))
    }

    /// Points of the lot that expired.
    pub(super) fn expired(&self, lot: LotNumber) -> Option<(LotNumber, i64)> {
        Some((lot, *self.expired.get(&lot)?))
    }

    pub(crate) fn counterpart(&self, recorded: Option<EntryId>) -> Option<&Entry> {
        self.counterparts.get(&recorded?)
    }
}
