//! The audit of one member: do the stored entries give the stored state?
//!
//! Needs every entry of the member and every lot that is stored as open. What holds across members
//! (unique keys, the trial balance) is checked by the store.

use std::collections::BTreeMap;
use std::fmt;

use crate::calendar::Timestamp;
use crate::entry::Entry;
use crate::exchanges::converted;
use crate::fault::Fault;
use crate::id::{EntryId, Hash, LotNumber, MemberId};
use crate::kind::{Coupon, Coupons, Draws, Exchange, KindRow, Reversed, What};
use crate::lot::Lot;
use crate::member::{Closed, Member};
use crate::undo_index::UndoIndex;

/// Something the books say that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The first entry it shows at, when it shows at one.
    pub entry: Option<EntryId>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(id) => write!(f, "entry {id}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// Replays `entries` from nothing and compares with the stored member, whose `lots` must hold all
/// open lots. Each entry has the body that it is written with now.
///
/// Returns every difference found; an empty list means that all of it holds.
#[must_use]
pub fn verify(entries: &[Entry], stored: &Member) -> Vec<Violation> {
    let mut replay = AuditReplay::new(stored.id.clone());
    entries.iter().for_each(|entry| replay.apply_next(entry, &entry.body().unwrap_or_default()));
    replay.finish(stored, false)
}

/// A replay of one member that takes its entries in as many portions as they come in.
#[derive(Debug, Clone)]
pub struct AuditReplay {
    member: Member,
    trail: UndoIndex,
    found: Vec<Violation>,
    /// The chain is broken: what follows would only repeat it.
    is_broken: bool,
    /// The first entry that has lost its free texts.
    without_texts: Option<EntryId>,
}

impl AuditReplay {
    /// Starts before the member's first entry.
    #[must_use]
    pub fn new(member: MemberId) -> Self {
        Self {
            member: Member::new(member),
            trail: UndoIndex::default(),
            found: Vec::new(),
            is_broken: false,
            without_texts: None,
        }
    }

    /// The hash of the last entry, which the next one must follow.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.member.head
    }

    /// Applies the member's next entry, with the body that is stored of it.
    pub fn apply_next(&mut self, entry: &Entry, body: &str) {
        if self.is_broken {
            return;
        }
        let undoes_what_is_there = self.trail.note(entry);
        let (member, found) = (&mut self.member, &mut self.found);
        let mut problem = |what: String| found.push(Violation { entry: Some(entry.id), what });
        if let Some(texts) = &entry.texts {
            if !texts.are_sound() {
                problem("its texts are not those that its body seals".to_owned());
            }
            if texts.are_erased() && matches!(entry.what, What::Erase) {
                problem("has lost why it erased".to_owned());
            } else if texts.are_erased() {
                self.without_texts.get_or_insert(entry.id);
            }
        }
        if let Err(moved) = clock_windows(member, entry) {
            problem(format!("moves lot {} outside its time", moved.0));
        }
        if !(moves_what_its_kind_may(entry) && says_what_it_moves(entry)) {
            problem(format!("is no {} by what it moves", entry.kind().as_str()));
        }
        if !undoes_what_is_there {
            problem("undoes what is not there".to_owned());
        }
        if let Err(fault) = member.apply_stored(entry, body) {
            problem(fault.to_string());
            self.is_broken = fault == Fault::BrokenChain || fault == Fault::OutOfSequence;
        }
    }

    /// Takes the member's next entry where it cannot be read: a violation, and nothing that follows
    /// it can be replayed.
    pub fn take_unreadable(&mut self, entry: Option<EntryId>, why: &dyn fmt::Display) {
        if !self.is_broken {
            self.found.push(Violation { entry, what: format!("cannot be read: {why}") });
            self.is_broken = true;
        }
    }

    /// Compares with what is stored, and tells every difference found. `heir_is_erased` says
    /// whether the account that this one became part of was erased, at once or by way of others.
    #[must_use]
    pub fn finish(self, stored: &Member, heir_is_erased: bool) -> Vec<Violation> {
        let Self { member, mut found, is_broken, without_texts, .. } = self;
        // Where a replay broke off, it may not have come to the erasure.
        if is_broken {
            return found;
        }
        let is_erased = match member.closed {
            None => false,
            Some(Closed::Erased) => true,
            Some(Closed::Merged(_)) => heir_is_erased,
        };
        if let Some(entry) = without_texts.filter(|_| !is_erased) {
            found.push(Violation {
                entry: Some(entry),
                what: "has lost its texts, and nobody was erased".to_owned(),
            });
        }
        let mut differs = |what: &str, holds: bool| {
            if !holds {
                found.push(Violation {
                    entry: None,
                    what: format!("stored {what} is not what the entries give"),
                });
            }
        };
        differs("sequence", member.sequence == stored.sequence);
        differs("head", member.head == stored.head);
        differs("balance", member.balance == stored.balance);
        differs("debt", member.debt == stored.debt);
        differs("holds", member.holds == stored.holds);
        differs("requests", member.requests == stored.requests);
        differs("reviews", member.reviews == stored.reviews);
        differs("pool", member.pool == stored.pool && member.pool_members == stored.pool_members);
        differs("invitations", member.invitations == stored.invitations);
        differs("closing", member.closed == stored.closed);
        differs("coupons", member.coupons == stored.coupons);
        differs("freeze", member.frozen == stored.frozen);
        differs("number of lots", member.lots_granted == stored.lots_granted);
        differs("joining", member.joined_at == stored.joined_at);
        differs("last reminder", member.reminded_at == stored.reminded_at);
        // Too early costs a look; too late, and points would outlive their end unswept.
        let never = Timestamp(i64::MAX);
        differs("due instant", stored.due_at.unwrap_or(never) <= member.due_at.unwrap_or(never));
        differs("tier", member.tier == stored.tier);
        differs("qualification", member.qualification == stored.qualification);
        differs("counters", by_name(&member) == by_name(stored));
        differs("lots", by_number(&member.lots) == by_number(&stored.lots));
        let remaining: i128 = stored.lots.iter().map(|lot| i128::from(lot.remaining)).sum();
        differs("sum of lots", remaining == i128::from(stored.balance) + i128::from(stored.debt));
        found
    }
}

/// The instant that an entry takes effect at. What fell due has the effect of the instant at which
/// it did, however late it is recorded; everything else that of its recording.
fn effective_at(entry: &Entry) -> Timestamp {
    // New dates are those of somebody who activates lots before their time.
    if entry.kind().row().takes_effect_when_due && entry.lots.dates.is_empty() {
        entry.occurred_at
    } else {
        entry.recorded_at
    }
}

/// A redemption may only draw from lots that are spendable at its instant, a reversal from lots
/// that have not expired, an expiry from lots past their end. A lot is activated when its time has
/// come, or from that instant on. A hold may be captured until its own end.
fn clock_windows(member: &Member, entry: &Entry) -> Result<(), LotNumber> {
    let at = effective_at(entry);
    // Nothing falls due in the future.
    if at > entry.recorded_at {
        return Err(LotNumber(0));
    }
    for activation in &entry.lots.activations {
        let dates = entry
            .lots
            .dates
            .iter()
            .find(|dates| dates.number == activation.number)
            .map(|dates| dates.available_at);
        let lot = member
            .lots
            .iter()
            .find(|lot| lot.number == activation.number)
            .map(|lot| lot.available_at);
        let in_time = match dates {
            Some(available_at) => available_at == at,
            None => lot.is_none_or(|available_at| available_at <= at),
        };
        if !in_time {
            return Err(activation.number);
        }
    }
    // A coupon is used within its time, and ends past it.
    let out_of_time = |coupon: &Coupon| match &entry.what {
        What::CouponRedeem(_) => coupon.has_expired(at),
        What::CouponExpire => !coupon.has_expired(at),
        _ => false,
    };
    if entry.effects.coupons.iter().any(out_of_time) {
        return Err(LotNumber(0));
    }
    let hold = || entry.corrects().and_then(|id| member.hold(id));
    let draws = entry.lots.draws.iter().map(|draw| (draw, entry.kind().row().draws));
    let held = entry.reservation().into_iter().flat_map(|reservation| &reservation.lots);
    for (draw, from) in draws.chain(held.map(|draw| (draw, Draws::Spendable))) {
        let Some(lot) = member.lots.iter().find(|lot| lot.number == draw.number) else { continue };
        let in_time = match from {
            Draws::Ended => lot.has_expired(at) && draw.points == member.free(lot),
            Draws::Held => hold().is_none_or(|hold| entry.recorded_at < hold.until),
            // Whatever is left goes, pending or not.
            Draws::Living => !lot.has_expired(at),
            Draws::Spendable => lot.available_at <= at && !lot.has_expired(at),
            Draws::Everything => true,
            // That the kind draws at all is found elsewhere.
            Draws::Nothing => true,
        };
        if !in_time {
            return Err(draw.number);
        }
    }
    Ok(())
}

/// Whether the entry moves only what its kind may move: an entry that does more would put points
/// on no account.
fn moves_what_its_kind_may(entry: &Entry) -> bool {
    let KindRow {
        grants,
        draws,
        returns,
        activates,
        dates,
        always_draws,
        owes,
        pays,
        qualifies,
        tallies,
        coupons,
        ..
    } = *entry.kind().row();
    let (lots, effects) = (&entry.lots, &entry.effects);
    [
        grants || lots.grants.is_empty(),
        draws != Draws::Nothing || lots.draws.is_empty(),
        !always_draws || !lots.draws.is_empty(),
        returns || lots.returns.is_empty(),
        activates || lots.activations.is_empty(),
        dates || lots.dates.is_empty(),
        owes || lots.debt <= 0,
        pays || lots.debt >= 0,
        qualifies || effects.qualifying.is_none(),
        tallies || effects.tallies.is_empty(),
        coupons != Coupons::Nothing || effects.coupons.is_empty(),
    ]
    .iter()
    .all(|holds| *holds)
}

/// Whether what the entry says and what it moves agree, as far as neither its type nor
/// [`moves_what_its_kind_may`] tells.
fn says_what_it_moves(entry: &Entry) -> bool {
    let (lots, effects) = (&entry.lots, &entry.effects);
    let (grants, draws) = (!lots.grants.is_empty(), !lots.draws.is_empty());
    let awarded: i128 = entry.awards().iter().map(|award| i128::from(award.granted)).sum();
    let granted: i128 = lots.grants.iter().map(|lot| i128::from(lot.points)).sum();
    match &entry.what {
        // What waits for a look waits without end, and does not count yet.
        What::Earn(earned) if earned.review.is_some() => {
            let waits = lots
                .grants
                .iter()
                .all(|lot| lot.available_at == Timestamp::LAST && lot.expires_at.is_none());
            awarded == granted
                && waits
                && effects.qualifying.is_none()
                && effects.coupons.is_empty()
        }
        What::Earn(_) => awarded == granted,
        What::Redeem(redeemed) => effects.coupons.is_empty() || redeemed.reward.is_some(),
        What::Reverse(reversed) => adds_up(entry, reversed),
        What::Repay => entry.points == 0,
        What::Adjust(_) => grants != draws,
        What::Approve(_) => {
            lots.dates.is_empty() && lots.activations.is_empty() && effects.qualifying.is_none()
        }
        // The cause is the entry of the account that gave.
        What::Transfer(_) => draws != grants && grants == entry.cause.is_some(),
        What::Exchange(exchanged) => {
            let exchange = &exchanged.exchange;
            draws != grants
                && grants == entry.cause.is_some()
                && exchange.points > 0
                && comes_to(entry, exchange)
        }
        // All is given on one side and received on the other.
        What::CloseInto(_) => !grants && entry.cause.is_none(),
        What::Absorb(_) => !draws && entry.cause.is_some(),
        What::CouponRedeem(_) | What::CouponCancel | What::CouponExpire => {
            !effects.coupons.is_empty()
        }
        What::TierChange(_) => entry.awards().is_empty() || awarded == granted,
        What::Activate => !lots.activations.is_empty(),
        // What the report of a charity adds up.
        What::Donate(donated) => match effects.tallies.as_slice() {
            [tally] => {
                let is_named = tally.name.strip_prefix(donated.charity.as_str());
                is_named.is_some_and(|rest| rest.starts_with(':'))
                    && tally.amount.checked_neg() == Some(entry.points)
            }
            _ => false,
        },
        What::Grant(_) => grants || !effects.coupons.is_empty(),
        // It belongs to a back-test and is in no books.
        What::Repeated(_) => false,
        // Their rows tell all.
        What::Opening(_)
        | What::Hold(_)
        | What::Capture(_)
        | What::Release(_)
        | What::AdjustmentRequest(_)
        | What::ApproveReview(_)
        | What::Reject(_)
        | What::Withdraw(_)
        | What::Lapse(_)
        | What::Pool(_)
        | What::Invite(_)
        | What::Erase
        | What::Expire
        | What::Freeze(_)
        | What::Restore(_)
        | What::Profile
        | What::Remind(_) => true,
    }
}

/// A reversal takes no more than it wants, or gives back what it wants less what had expired (which
/// a grace lot may stand for).
fn adds_up(entry: &Entry, reversed: &Reversed) -> bool {
    let Reversed { reversal, merged, .. } = reversed;
    let living = reversal.desired.saturating_sub(reversal.expired);
    let within = |points: i64| points >= 0 && points <= living;
    let grace: i64 = entry.lots.grants.iter().map(|lot| lot.points).fold(0, i64::saturating_add);
    let returned: i64 =
        entry.lots.returns.iter().map(|back| back.points).fold(0, i64::saturating_add);
    let takes = grace == 0 && returned == 0 && within(entry.points.saturating_neg());
    // Points of an account that became part of this one come back in lots of their own.
    let is_whole = match merged {
        Some(_) => returned == 0 && (grace == living || grace == reversal.desired),
        None => returned == living && (grace == 0 || grace == reversal.expired),
    };
    let gives = entry.lots.draws.is_empty() && entry.lots.debt == 0 && is_whole;
    reversal.expired >= 0 && reversal.expired <= reversal.desired && (takes || gives)
}

/// What was given up comes to what was got.
fn comes_to(entry: &Entry, exchange: &Exchange) -> bool {
    let (here, there) = (entry.points.saturating_abs(), exchange.points);
    let (given, got) = if entry.points < 0 { (here, there) } else { (there, here) };
    converted(&[given], exchange.rate).is_some_and(|shares| shares == [got])
}

fn by_number(lots: &[Lot]) -> BTreeMap<LotNumber, &Lot> {
    lots.iter().map(|lot| (lot.number, lot)).collect()
}

fn by_name(member: &Member) -> BTreeMap<(&str, i32), (i64, i64)> {
    member.counters.iter().map(|c| ((c.name.as_str(), c.period), (c.times, c.points))).collect()
}
