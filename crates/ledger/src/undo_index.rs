//! What a replay remembers of earlier entries, to tell whether a later one undoes what was there,
//! and no more of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Entry, LotReturn};
use crate::id::{EntryId, LotNumber, MemberId};
use crate::kind::{Coupon, Coupons, Reversal, Undone, UndoneAs, What};
use crate::lot::Lot;

/// Everything that may be undone, and what is left of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct UndoIndex {
    /// Every lot ever granted, with the dates it has by now.
    granted: BTreeMap<LotNumber, Lot>,
    /// Points of each lot that expired.
    expired: BTreeMap<LotNumber, i64>,
    undoable: BTreeMap<EntryId, Undoable>,
    /// Codes of coupons that can be used.
    coupons: BTreeSet<String>,
    /// Accounts that became part of this one. Their entries are theirs: how much of them is undone
    /// is told by the programme's audit.
    merged: BTreeSet<MemberId>,
    /// The lot that each adjustment by hand granted.
    adjusted: BTreeMap<EntryId, LotNumber>,
    /// The lines that each hold is to pay, with their points.
    held_for: BTreeMap<EntryId, BTreeMap<String, i64>>,
}

#[derive(Debug, Clone)]
enum Undoable {
    Earn {
        points: i64,
        /// Units of each line, and its price.
        lines: BTreeMap<String, (i64, i64)>,
        lots: Vec<LotNumber>,
        coupons: Vec<Coupon>,
        /// How much of what expired of the lots was set against reversals.
        set_off: i64,
    },
    Redemption {
        points: i64,
        lots: BTreeMap<LotNumber, i64>,
        coupons: Vec<Coupon>,
        /// Points that paid each line, where they are named.
        paid: BTreeMap<String, i64>,
    },
    /// The use of a coupon; empty once it was undone.
    Coupons(Vec<Coupon>),
}

/// Takes `points` away from what is left; false when there are not as many.
fn spend(left: &mut i64, points: i64) -> bool {
    *left = left.saturating_sub(points);
    points >= 0 && *left >= 0
}

impl UndoIndex {
    /// Notes what the entry says. False when it undoes more than there is, or fills a lot that
    /// never was.
    pub(crate) fn note(&mut self, entry: &Entry) -> bool {
        for lot in &entry.lots.grants {
            self.granted.insert(lot.number, Lot::of(lot, 0));
        }
        for dates in &entry.lots.dates {
            if let Some(lot) = self.granted.get_mut(&dates.number) {
                (lot.available_at, lot.expires_at) = (dates.available_at, dates.expires_at);
            }
        }
        if matches!(entry.what, What::Expire) {
            for draw in &entry.lots.draws {
                let sum = self.expired.entry(draw.number).or_default();
                *sum = sum.saturating_add(draw.points);
            }
        }
        self.undoable.extend(self.undoable_of(entry).map(|undoable| (entry.id, undoable)));
        if let What::Absorb(absorbed) = &entry.what {
            self.merged.insert(absorbed.from.clone());
        }
        if let (What::Adjust(_), Some(lot)) = (&entry.what, entry.lots.grants.first()) {
            self.adjusted.insert(entry.id, lot.number);
        }
        if matches!(entry.what, What::Hold(_)) && !entry.lines().is_empty() {
            self.held_for.insert(entry.id, paid(entry));
        }
        let was_granted =
            |back: &LotReturn| self.granted.get(&back.lot.number) == Some(&Lot::of(&back.lot, 0));
        let undone = entry.adjustment().and_then(|adjustment| adjustment.terms.undoes);
        let is_granted = |undone: Undone| {
            self.adjusted.get(&undone.entry) == Some(&undone.lot)
                && entry.lots.grants.is_empty()
                && entry.lots.draws.iter().all(|draw| draw.number == undone.lot)
        };
        let undoes = entry.lots.returns.iter().all(was_granted)
            && undone.is_none_or(is_granted)
            && entry.reversal().is_none_or(|reversal| self.undo(entry, reversal).unwrap_or(false));
        for coupon in &entry.effects.coupons {
            // What is there goes, what is not comes: whether it may is told by what the entry
            // undoes.
            if !self.coupons.remove(&coupon.code) {
                self.coupons.insert(coupon.code.clone());
            }
        }
        undoes
    }

    fn undo(&mut self, entry: &Entry, reversal: &Reversal) -> Option<bool> {
        if let Some(of) = entry.counterparty() {
            return Some(self.merged.contains(of) && entry.lots.returns.is_empty());
        }
        let mut coupons_of = entry.effects.coupons.iter();
        let (open, none_open) = (
            coupons_of.clone().all(|coupon| self.coupons.contains(&coupon.code)),
            coupons_of.all(|coupon| !self.coupons.contains(&coupon.code)),
        );
        match self.undoable.get_mut(&entry.corrects()?)? {
            Undoable::Earn { points, lines: order, lots, coupons, set_off } => {
                let expired = lots
                    .iter()
                    .filter_map(|lot| self.expired.get(lot))
                    .fold(0, |a: i64, b| a.saturating_add(*b));
                *set_off = set_off.saturating_add(reversal.expired);
                let mut lines = reversal.lines.iter();
                let is_left = lines.all(|line| {
                    let left = order.get_mut(&line.line);
                    left.is_some_and(|(units, minor)| {
                        spend(units, line.quantity) && spend(minor, line.amount_minor)
                    })
                });
                let own =
                    open && entry.effects.coupons.iter().all(|coupon| coupons.contains(coupon));
                let takes = entry.lots.returns.is_empty() && entry.lots.grants.is_empty() && own;
                Some(takes && is_left && *set_off <= expired && spend(points, reversal.desired))
            }
            Undoable::Coupons(used) => {
                let moves = entry.points != 0
                    || !entry.lots.draws.is_empty()
                    || !entry.lots.returns.is_empty()
                    || reversal.desired != 0;
                let back = std::mem::take(used);
                Some(!moves && none_open && !back.is_empty() && back == entry.effects.coupons)
            }
            Undoable::Redemption { points, lots, coupons, paid } => {
                let own =
                    open && entry.effects.coupons.iter().all(|coupon| coupons.contains(coupon));
                let mut returns = entry.lots.returns.iter();
                let is_left = returns.all(|back| {
                    lots.get_mut(&back.lot.number).is_some_and(|left| spend(left, back.points))
                });
                let mut lines = reversal.lines.iter();
                let is_paid = lines.all(|line| {
                    paid.get_mut(&line.line).is_some_and(|left| spend(left, line.points))
                });
                let gives = entry.lots.draws.is_empty() && entry.lots.debt == 0 && is_paid;
                Some(gives && own && is_left && spend(points, reversal.desired))
            }
        }
    }

    fn undoable_of(&self, entry: &Entry) -> Option<Undoable> {
        let (lots, coupons) = (&entry.lots, &entry.effects.coupons);
        let earn = |lines| Undoable::Earn {
            points: entry.points,
            lines,
            lots: lots.grants.iter().map(|lot| lot.number).collect(),
            coupons: coupons.clone(),
            set_off: 0,
        };
        let redemption = || Undoable::Redemption {
            points: entry.points.saturating_neg(),
            lots: lots.draws.iter().map(|draw| (draw.number, draw.points)).collect(),
            coupons: coupons.clone(),
            paid: entry
                .corrects()
                .and_then(|hold| self.held_for.get(&hold))
                .cloned()
                .unwrap_or_else(|| paid(entry)),
        };
        let whole = || earn(BTreeMap::new());
        match entry.kind().row().undone_as {
            UndoneAs::Earned => Some(earn(
                entry
                    .lines()
                    .iter()
                    .map(|line| (line.line.clone(), (line.quantity, line.amount_minor)))
                    .collect(),
            )),
            UndoneAs::Spent => Some(redemption()),
            // What somebody else or a tier gave is taken back as what was earned is, what was given
            // away comes back as what was spent. What a merger moved is undone in the account that
            // it came from.
            UndoneAs::Recorded => match entry.kind().row().coupons {
                Coupons::Moves => None,
                Coupons::Ends => Some(Undoable::Coupons(coupons.clone())),
                _ if !lots.draws.is_empty() => Some(redemption()),
                _ if !lots.grants.is_empty() || !coupons.is_empty() => Some(whole()),
                _ => None,
            },
            UndoneAs::Held | UndoneAs::Nothing => None,
        }
    }
}

/// The points that paid each line, as a redemption or a hold names them.
fn paid(entry: &Entry) -> BTreeMap<String, i64> {
    entry.lines().iter().map(|line| (line.line.clone(), line.granted.saturating_neg())).collect()
}
