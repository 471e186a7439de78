//! A member's state, and how an entry changes it.
//!
//! [`Member::apply`] is the only code that changes a member. It takes nothing but the entry, so
//! replaying entries gives the state again; the store's commit writes what it computes and decides
//! nothing.

mod closed;
mod coupons;
mod holds;
mod requests;
mod reviews;

use std::collections::BTreeMap;

use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::entry::{Count, Entry, LotReturn};
use crate::fault::Fault;
use crate::id::{Hash, LotNumber, MemberId, Sequence};
use crate::kind::{Claim, Coupon, Frozen, Reservation, What};
use crate::lot::Lot;
use crate::qualification::Qualification;

pub use closed::Closed;
pub use holds::Hold;
pub use requests::AdjustmentRequest;
pub use reviews::OpenReview;

/// The tier a member is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its name in the rulebook.
    pub id: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when it is kept; `None` is for life.
    pub until: Option<Timestamp>,
    /// What it and the levels under it are held by, the highest first. Empty on the first level,
    /// and for tiers from before claims were kept.
    pub claims: Vec<Claim>,
}

/// How often, and for how many points, something happened in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its name.
    pub name: String,
    /// First day of the period (day number).
    pub period: i32,
    /// How often.
    pub times: i64,
    /// How many points.
    pub points: i64,
}
as_array!(Counter [name, period, times, points]);

/// A member's state. Only the lots may be partly loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's id.
    pub id: MemberId,
    /// Number of entries so far.
    pub sequence: Sequence,
    /// Hash of the last entry.
    pub head: Hash,
    /// Σ entry points = Σ remaining points of all lots, swept or not, less the debt.
    pub balance: i64,
    /// Points that the member owes, not negative.
    pub debt: i64,
    /// Lots granted so far.
    pub lots_granted: i64,
    /// When the first entry was recorded; `None` before it.
    pub joined_at: Option<Timestamp>,
    /// The tier, once the member has been given one.
    pub tier: Option<Tier>,
    /// What counts towards tiers.
    pub qualification: Qualification,
    /// What counts towards limits and caps.
    pub counters: Vec<Counter>,
    /// Open holds, oldest first.
    pub holds: Vec<Hold>,
    /// Open requests for adjustments, oldest first.
    pub requests: Vec<AdjustmentRequest>,
    /// Earns that wait for somebody to look at them, oldest first.
    pub reviews: Vec<OpenReview>,
    /// Coupons that can be used, oldest first.
    pub coupons: Vec<Coupon>,
    /// What it must not do.
    pub frozen: Frozen,
    /// The pool that it belongs to.
    pub pool: Option<MemberId>,
    /// The members that share with it, when it is a pool.
    pub pool_members: Vec<MemberId>,
    /// The members who may join it, and until when, when it is a pool.
    pub invitations: Vec<(MemberId, Timestamp)>,
    /// Why nothing can be done with it any more.
    pub closed: Option<Closed>,
    /// No lot falls due (activates or expires), no hold times out, no request lapses and no coupon
    /// ends before this instant; `None` when none ever will.
    pub due_at: Option<Timestamp>,
    /// When the last reminder was recorded.
    pub reminded_at: Option<Timestamp>,
    /// Open lots, in the order they were loaded.
    pub lots: Vec<Lot>,
    /// Whether `lots` holds every open lot.
    pub lots_complete: bool,
    /// How many lots are open, where somebody counted them while not all of them are in `lots`.
    pub lots_counted: Option<i64>,
}

impl Member {
    /// A member without any entry.
    #[must_use]
    pub fn new(id: MemberId) -> Self {
        Self {
            id,
            sequence: Sequence(0),
            head: Hash::default(),
            balance: 0,
            debt: 0,
            lots_granted: 0,
            joined_at: None,
            tier: None,
            qualification: Qualification::default(),
            counters: Vec::new(),
            holds: Vec::new(),
            requests: Vec::new(),
            reviews: Vec::new(),
            coupons: Vec::new(),
            frozen: Frozen::default(),
            pool: None,
            pool_members: Vec::new(),
            invitations: Vec::new(),
            closed: None,
            due_at: None,
            reminded_at: None,
            lots: Vec::new(),
            lots_complete: true,
            lots_counted: None,
        }
    }

    /// True once the member has an entry.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.sequence.0 > 0
    }

    /// How many lots are open; `None` where nobody knows.
    #[must_use]
    pub fn open_lots(&self) -> Option<i64> {
        if self.lots_complete { i64::try_from(self.lots.len()).ok() } else { self.lots_counted }
    }

    /// True when something may have fallen due and no entry says so yet.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|at| at <= now)
    }

    /// How often and for how many points `counter` was hit in the period that starts on that day.
    #[must_use]
    pub fn counted(&self, counter: &str, period: i32) -> (i64, i64) {
        let found = self.counters.iter().find(|c| c.name == counter && c.period == period);
        found.map_or((0, 0), |c| (c.times, c.points))
    }

    /// Takes over a sealed entry: checks that it is the next one, that its hash follows, and that
    /// it adds up; then changes the state.
    ///
    /// # Errors
    /// A [`Fault`] when the entry does not fit; the state is then spoilt and must be thrown away.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.apply_stored(entry, &entry.body()?)
    }

    /// As [`Member::apply`] for an entry that is stored with this body, which is not written again.
    ///
    /// # Errors
    /// As [`Member::apply`].
    pub fn apply_stored(&mut self, entry: &Entry, body: &str) -> Result<(), Fault> {
        if entry.hash != entry.hash_over(body) {
            return Err(Fault::BrokenChain);
        }
        self.apply_sealed(entry)
    }

    /// As [`Member::apply`] for an entry whose hash was computed a moment ago.
    pub(crate) fn apply_sealed(&mut self, entry: &Entry) -> Result<(), Fault> {
        if entry.sequence.0 != self.sequence.0 + 1 || entry.member != self.id {
            return Err(Fault::OutOfSequence);
        }
        if entry.previous_hash != self.head {
            return Err(Fault::BrokenChain);
        }
        let owed = self.debt.checked_add(entry.lots.debt).ok_or(Fault::Overflow)?;
        if owed < 0 {
            return Err(Fault::Unbalanced);
        }
        let resolved = self.resolve(entry)?;
        self.adjust(entry)?;
        self.frozen = entry.frozen().unwrap_or(self.frozen);
        self.keep_coupons(entry)?;
        self.move_lots(entry, resolved.as_ref())?;
        let balance = self.balance.checked_add(entry.points).ok_or(Fault::Overflow)?;
        let in_lots = balance.checked_add(owed).ok_or(Fault::Overflow)?;
        self.keep_reviews(entry)?;
        self.keep_joint(entry)?;
        if entry.lots.points()? != entry.points || balance != entry.balance_after || in_lots < 0 {
            return Err(Fault::Unbalanced);
        }
        self.debt = owed;
        self.balance = balance;
        self.sequence = entry.sequence;
        self.head = entry.hash;
        self.joined_at = self.joined_at.or(Some(entry.recorded_at));
        entry.effects.counts.iter().try_for_each(|count| self.count(count))?;
        if let Some(qualifying) = &entry.effects.qualifying {
            self.qualification.add(qualifying).ok_or(Fault::Overflow)?;
        }
        if let Some(tier) = entry.tier() {
            let same = self.tier.as_ref().filter(|now| now.id == tier.to);
            let since = same.map_or(entry.occurred_at, |now| now.since);
            self.tier = Some(Tier {
                id: tier.to.clone(),
                since,
                until: tier.until,
                claims: tier.claims.clone(),
            });
        }
        if entry.reminder().is_some() {
            self.reminded_at = Some(entry.recorded_at);
        }
        Ok(())
    }

    /// Opens, draws, refills, activates and holds lots.
    fn move_lots(&mut self, entry: &Entry, resolved: Option<&Hold>) -> Result<(), Fault> {
        // A sweep may touch many thousands of lots at once.
        let lots =
            (&entry.lots.draws, &entry.lots.activations, &entry.lots.returns, &entry.lots.dates);
        let touches_lots =
            !(lots.0.is_empty() && lots.1.is_empty() && lots.2.is_empty() && lots.3.is_empty())
                || entry.reservation().is_some()
                || entry.adjustment().is_some()
                || !entry.effects.coupons.is_empty()
                || resolved.is_some();
        let before = self.lots.len();
        if touches_lots {
            self.touch_lots(entry)?;
        }
        for grant in &entry.lots.grants {
            if grant.points < 1 || grant.number.0 != self.lots_granted + 1 {
                return Err(Fault::Lot);
            }
            self.lots_granted = grant.number.0;
            let pending = grant.available_at > entry.recorded_at;
            self.lots.push(Lot { pending, ..Lot::of(grant, grant.points) });
        }
        // A lot that ends is at hand.
        let more = i64::try_from(self.lots.len()).unwrap_or(i64::MAX)
            - i64::try_from(before).unwrap_or(i64::MAX);
        self.lots_counted = self.lots_counted.map(|open| open.saturating_add(more));
        self.due_at = if touches_lots && self.lots_complete {
            self.next_due_at()
        } else {
            // What is new can only bring the next due instant forward. Where else it moves back to
            // shows with all lots at hand.
            let granted = self.lots.len().saturating_sub(entry.lots.grants.len());
            let new = self.lots.get(granted..).unwrap_or_default().iter().filter_map(Lot::due_at);
            let held = entry.reservation().map(|reservation| reservation.until);
            let asked = match &entry.what {
                What::AdjustmentRequest(asked) => Some(asked.adjustment.terms.until),
                _ => None,
            };
            let new = new.chain(
                self.coupons
                    .iter()
                    .filter(|open| entry.effects.coupons.contains(open))
                    .filter_map(|open| open.expires_at),
            );
            self.due_at.into_iter().chain(new).chain(held).chain(asked).min()
        };
        Ok(())
    }

    /// What an entry does to lots that were there before it.
    fn touch_lots(&mut self, entry: &Entry) -> Result<(), Fault> {
        let mut held: BTreeMap<LotNumber, i64> = BTreeMap::new();
        for lot in self.holds.iter().flat_map(|hold| &hold.lots) {
            *held.entry(lot.number).or_default() += lot.points;
        }
        let free = |lot: &Lot| lot.remaining - held.get(&lot.number).copied().unwrap_or(0);
        let mut open: BTreeMap<LotNumber, &mut Lot> =
            self.lots.iter_mut().map(|lot| (lot.number, lot)).collect();
        for draw in &entry.lots.draws {
            let lot = open.get_mut(&draw.number).ok_or(Fault::Lot)?;
            if draw.points < 1 || draw.points > free(lot) {
                return Err(Fault::Lot);
            }
            lot.remaining -= draw.points;
        }
        for activation in &entry.lots.activations {
            let lot = open.get_mut(&activation.number).ok_or(Fault::Lot)?;
            if !lot.pending {
                return Err(Fault::Lot);
            }
            lot.pending = false;
        }
        for dates in &entry.lots.dates {
            let is_activated =
                entry.lots.activations.iter().any(|activation| activation.number == dates.number);
            // A lot that was under review goes on waiting until its time has come.
            let is_looked_at = matches!(entry.what, What::ApproveReview(_));
            // What can be spent already lives on when the member is active.
            let is_active = entry.kind().row().is_activity;
            let is_extended = |lot: &Lot| {
                let is_later = dates
                    .expires_at
                    .is_some_and(|end| lot.expires_at.is_some_and(|before| before < end));
                is_active && !lot.pending && dates.available_at == lot.available_at && is_later
            };
            let may = |lot: &&mut &mut Lot| {
                is_activated || (is_looked_at && lot.pending) || is_extended(lot)
            };
            let lot = open.get_mut(&dates.number).filter(may).ok_or(Fault::Lot)?;
            (lot.available_at, lot.expires_at) = (dates.available_at, dates.expires_at);
        }
        let mut reopened = Vec::new();
        for LotReturn { lot, points } in &entry.lots.returns {
            let is_possible =
                |remaining: i64| *points >= 1 && *points <= lot.points.saturating_sub(remaining);
            match open.get_mut(&lot.number) {
                Some(open) if is_possible(open.remaining) => open.remaining += points,
                None if is_possible(0) && lot.number.0 <= self.lots_granted => {
                    reopened.push(Lot::of(lot, *points))
                }
                _ => return Err(Fault::Lot),
            }
        }
        if let Some(reservation) = entry.reservation() {
            let mut asked: BTreeMap<LotNumber, i64> = BTreeMap::new();
            for lot in &reservation.lots {
                let sum = asked.entry(lot.number).or_default();
                *sum = sum.checked_add(lot.points).filter(|_| lot.points >= 1).ok_or(Fault::Lot)?;
                let can_be_held = |open: &&&mut Lot| *sum <= free(open);
                open.get(&lot.number).filter(can_be_held).ok_or(Fault::Lot)?;
            }
            let Reservation { until, lots } = reservation.clone();
            self.holds.push(Hold {
                id: entry.id,
                reference: entry.origin.reference.clone(),
                until,
                lots,
            });
        }
        self.lots.extend(reopened);
        self.lots.retain(|lot| lot.remaining > 0);
        Ok(())
    }

    /// The first instant at which something falls due, told from every open lot, hold, request and
    /// coupon; needs all of them. What a hold keeps does not expire.
    #[must_use]
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let due = |lot: &Lot| lot.due_at().filter(|_| lot.pending || self.free(lot) > 0);
        let holds = self.holds.iter().map(|hold| hold.until);
        let requests = self.requests.iter().map(|request| request.terms.until);
        let coupons = self.coupons.iter().filter_map(|coupon| coupon.expires_at);
        self.lots.iter().filter_map(due).chain(holds).chain(requests).chain(coupons).min()
    }

    fn count(&mut self, count: &Count) -> Result<(), Fault> {
        self.counters.retain(|c| c.name != count.counter || c.period >= count.keep_from);
        let found =
            self.counters.iter_mut().find(|c| c.name == count.counter && c.period == count.period);
        if let Some(counter) = found {
            counter.times = counter.times.checked_add(count.times).ok_or(Fault::Overflow)?;
            counter.points = counter.points.checked_add(count.points).ok_or(Fault::Overflow)?;
        } else if !count.forgets() {
            let Count { counter, period, times, points, .. } = count.clone();
            self.counters.push(Counter { name: counter, period, times, points });
        }
        Ok(())
    }

    /// The number the next lot gets.
    pub(crate) fn next_lot(&self) -> LotNumber {
        LotNumber(self.lots_granted + 1)
    }
}
