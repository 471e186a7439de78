//! The audit of one member: do the stored entries give the stored state?
//!
//! Needs every entry of the member and every lot that is stored as open. What holds across members
//! (unique keys, the trial balance) is checked by the store.

use std::collections::BTreeMap;
use std::fmt;

use crate::calendar::Timestamp;
use crate::coupons::Coupon;
use crate::entry::{Entry, Reversal};
use crate::exchanges::{Exchange, converted};
use crate::fault::Fault;
use crate::id::{EntryId, Hash, LotNumber, MemberId};
use crate::kind::Kind;
use crate::lot::Lot;
use crate::member::Member;
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
/// open lots.
///
/// Returns every difference found; an empty list means that all of it holds.
#[must_use]
pub fn verify(entries: &[Entry], stored: &Member) -> Vec<Violation> {
    let mut replay = AuditReplay::new(stored.id.clone());
    entries.iter().for_each(|entry| replay.take(entry));
    replay.finish(stored)
}

/// A replay of one member that takes its entries in as many portions as they come in.
#[derive(Debug, Clone)]
pub struct AuditReplay {
    member: Member,
    trail: UndoIndex,
    found: Vec<Violation>,
    /// The chain is broken: what follows would only repeat it.
    is_broken: bool,
    /// The first entry that had its free texts taken out.
    redacted: Option<EntryId>,
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
            redacted: None,
        }
    }

    /// The hash of the last entry taken, which the next one must follow.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.member.head
    }

    /// Takes the member's next entry.
    pub fn take(&mut self, entry: &Entry) {
        if self.is_broken {
            return;
        }
        self.redacted = self.redacted.or(Some(entry.id).filter(|_| entry.redacted));
        let undoes_what_is_there = self.trail.take(entry);
        let (member, found) = (&mut self.member, &mut self.found);
        let mut problem = |what: String| found.push(Violation { entry: Some(entry.id), what });
        if let Err(moved) = clock_windows(member, entry) {
            problem(format!("moves lot {} outside its time", moved.0));
        }
        if !says_what_its_kind_says(entry) {
            problem(format!("is no {} by what it moves", entry.kind.as_str()));
        }
        if !undoes_what_is_there {
            problem("undoes what is not there".to_owned());
        }
        if let Err(fault) = member.apply(entry) {
            problem(fault.to_string());
            self.is_broken = fault == Fault::BrokenChain || fault == Fault::OutOfSequence;
        }
    }

    /// Compares with what is stored, and tells every difference found.
    #[must_use]
    pub fn finish(self, stored: &Member) -> Vec<Violation> {
        let Self { member, mut found, is_broken, redacted, .. } = self;
        if let Some(entry) = redacted.filter(|_| member.closed.is_none()) {
            found.push(Violation {
                entry: Some(entry),
                what: "has lost texts, and its account is open".to_owned(),
            });
        }
        if is_broken {
            return found;
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
        differs("pool", member.pool == stored.pool && member.pooled == stored.pooled);
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
        differs("standing", member.standing == stored.standing);
        differs("counters", by_name(&member) == by_name(stored));
        differs("lots", by_number(&member.lots) == by_number(&stored.lots));
        let remaining: i128 = stored.lots.iter().map(|lot| i128::from(lot.remaining)).sum();
        differs("sum of lots", remaining == i128::from(stored.balance) + i128::from(stored.debt));
        found
    }
}

/// The instant that an entry takes effect at. What fell due by itself has the effect of the instant
/// at which it did, however late it is recorded; everything else that of its recording.
fn effective_at(entry: &Entry) -> Timestamp {
    match entry.kind {
        Kind::Activate if entry.dates.is_empty() => entry.occurred_at,
        Kind::Expire | Kind::Repay | Kind::CouponExpire => entry.occurred_at,
        _ => entry.recorded_at,
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
    for activation in &entry.activations {
        let dates = entry
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
    let out_of_time = |coupon: &Coupon| match entry.kind {
        Kind::CouponRedeem => coupon.has_expired(at),
        Kind::CouponExpire => !coupon.has_expired(at),
        _ => false,
    };
    if entry.coupons.iter().any(out_of_time) {
        return Err(LotNumber(0));
    }
    let is_captured_in_time = || {
        entry
            .corrects
            .and_then(|id| member.hold(id))
            .is_none_or(|hold| entry.recorded_at < hold.until)
    };
    let held = entry.reservation.iter().flat_map(|reservation| &reservation.lots);
    for draw in entry.draws.iter().chain(held) {
        let Some(lot) = member.lots.iter().find(|lot| lot.number == draw.number) else { continue };
        let in_time = match entry.kind {
            Kind::Expire => lot.has_expired(at) && draw.points == member.free(lot),
            Kind::Capture => is_captured_in_time(),
            // Whatever is left goes, pending or not.
            Kind::Reverse | Kind::Merge => !lot.has_expired(at),
            Kind::Erase => true,
            _ => lot.available_at <= at && !lot.has_expired(at),
        };
        if !in_time {
            return Err(draw.number);
        }
    }
    Ok(())
}

/// Only some kinds grant, only some draw: an entry that does more than its kind would put points on
/// no account.
fn says_what_its_kind_says(entry: &Entry) -> bool {
    let (grants, draws) = (!entry.grants.is_empty(), !entry.draws.is_empty());
    let awarded: i128 = entry.awards.iter().map(|award| i128::from(award.granted)).sum();
    let granted: i128 = entry.grants.iter().map(|lot| i128::from(lot.points)).sum();
    let only = |present: bool, kinds: &[Kind]| !present || kinds.contains(&entry.kind);
    let fields = [
        only(!entry.dates.is_empty(), &DATING),
        only(!entry.activations.is_empty(), &[Kind::Activate, Kind::Approve]),
        only(!entry.coupons.is_empty(), &WITH_COUPONS),
        only(!entry.uncounted.is_empty() || !entry.silent.is_empty(), &[Kind::Earn]),
        only(entry.discount.is_some(), &[Kind::CouponRedeem]),
        only(entry.reward.is_some(), &[Kind::Redeem]),
        only(entry.deduction.is_some(), &[Kind::Redeem, Kind::Hold]),
        only(entry.frozen.is_some(), &[Kind::Freeze, Kind::Restore, Kind::Merge]),
        only(
            !entry.tallies.is_empty(),
            &[Kind::Earn, Kind::Redeem, Kind::Reverse, Kind::Request, Kind::Approve],
        ),
        only(entry.review.is_some(), &[Kind::Earn, Kind::Reverse]),
        only(entry.reservation.is_some(), &[Kind::Hold]),
        only(!entry.returns.is_empty() || entry.reversal.is_some(), &[Kind::Reverse]),
        only(entry.debt > 0, &[Kind::Reverse, Kind::Merge, Kind::Opening]),
        only(entry.debt < 0, &[Kind::Repay, Kind::Merge, Kind::Erase]),
        only(
            entry.counterparty.is_some(),
            &[Kind::Transfer, Kind::Merge, Kind::Pool, Kind::Redeem, Kind::Reverse],
        ),
        only(entry.pool.is_some() || entry.invitation.is_some(), &[Kind::Pool]),
        only(entry.exchange.is_some(), &[Kind::Exchange]),
        only(entry.carried.is_some(), &[Kind::Merge]),
        only(entry.adjustment.is_some(), &ADJUSTING),
        only(entry.corrects.is_some() && entry.adjustment.is_none(), &CORRECTING),
    ];
    if fields.contains(&false) {
        return false;
    }
    match entry.kind {
        // What waits for a look waits without end, and does not count yet.
        Kind::Earn if entry.review.is_some() => {
            let waits = entry
                .grants
                .iter()
                .all(|lot| lot.available_at == Timestamp::LAST && lot.expires_at.is_none());
            !draws
                && awarded == granted
                && waits
                && entry.qualifying.is_none()
                && entry.coupons.is_empty()
        }
        Kind::Earn => !draws && awarded == granted,
        Kind::Opening => !draws,
        Kind::Redeem => draws && !grants && (entry.coupons.is_empty() || entry.reward.is_some()),
        Kind::Expire => draws && !grants,
        Kind::Hold => !draws && !grants && entry.reservation.is_some(),
        Kind::Capture => draws && !grants && entry.corrects.is_some(),
        Kind::Release => !draws && !grants && entry.corrects.is_some(),
        Kind::Reverse => entry.reversal.as_ref().is_some_and(|reversal| adds_up(entry, reversal)),
        Kind::Repay => draws && !grants && entry.points == 0,
        Kind::Adjust => grants != draws && entry.adjustment.is_some(),
        // Of a request or, when it names none, of an earn under review.
        Kind::Approve => {
            let moves_none = entry.dates.is_empty()
                && entry.activations.is_empty()
                && entry.qualifying.is_none();
            !draws
                && !grants
                && entry.corrects.is_some()
                && (entry.adjustment.is_none() || moves_none)
        }
        Kind::Request | Kind::Reject | Kind::Withdraw | Kind::Lapse => {
            !draws && !grants && entry.adjustment.is_some()
        }
        Kind::Transfer => {
            draws != grants && grants == entry.cause.is_some() && entry.counterparty.is_some()
        }
        Kind::Exchange => {
            let is_fair = entry
                .exchange
                .as_ref()
                .is_some_and(|exchange| exchange.points > 0 && comes_to(entry, exchange));
            draws != grants && grants == entry.cause.is_some() && is_fair
        }
        // All is handed over on one side and taken over on the other, whose entry names that of the
        // first.
        Kind::Merge => {
            let takes = entry.carried.is_some();
            takes == entry.cause.is_some()
                && entry.counterparty.is_some()
                && !(if takes { draws } else { grants })
        }
        Kind::Pool => {
            !draws
                && !grants
                && entry.pool.is_some() != entry.invitation.is_some()
                && entry.counterparty.is_some()
        }
        Kind::Erase => !grants,
        Kind::CouponRedeem | Kind::CouponCancel | Kind::CouponExpire => {
            !draws && !grants && !entry.coupons.is_empty()
        }
        Kind::Freeze | Kind::Restore => !draws && !grants && entry.frozen.is_some(),
        Kind::TierChange => {
            !draws && entry.tier.is_some() && (entry.awards.is_empty() || awarded == granted)
        }
        Kind::Activate => !draws && !grants && !entry.activations.is_empty(),
        Kind::Remind => !draws && !grants && entry.reminder.is_some(),
        Kind::Profile => !draws && !grants,
    }
}

const WITH_COUPONS: [Kind; 9] = [
    Kind::Merge,
    Kind::Erase,
    Kind::Earn,
    Kind::Redeem,
    Kind::TierChange,
    Kind::Reverse,
    Kind::CouponRedeem,
    Kind::CouponCancel,
    Kind::CouponExpire,
];
const CORRECTING: [Kind; 4] = [Kind::Capture, Kind::Release, Kind::Reverse, Kind::Approve];
/// What may give lots other dates.
const DATING: [Kind; 6] =
    [Kind::Activate, Kind::Approve, Kind::Earn, Kind::Redeem, Kind::Hold, Kind::Capture];
const ADJUSTING: [Kind; 6] =
    [Kind::Request, Kind::Approve, Kind::Reject, Kind::Withdraw, Kind::Lapse, Kind::Adjust];

/// A reversal takes no more than it wants, or gives back what it wants less what had expired (which
/// a grace lot may stand for).
fn adds_up(entry: &Entry, reversal: &Reversal) -> bool {
    let living = reversal.desired.saturating_sub(reversal.expired);
    let within = |points: i64| points >= 0 && points <= living;
    let grace: i64 = entry.grants.iter().map(|lot| lot.points).fold(0, i64::saturating_add);
    let returned: i64 = entry.returns.iter().map(|back| back.points).fold(0, i64::saturating_add);
    let takes = grace == 0 && returned == 0 && within(entry.points.saturating_neg());
    // Points of an account that became part of this one come back in lots of their own.
    let is_whole = match entry.counterparty {
        Some(_) => returned == 0 && (grace == living || grace == reversal.desired),
        None => returned == living && (grace == 0 || grace == reversal.expired),
    };
    let gives = entry.draws.is_empty() && entry.debt == 0 && is_whole;
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
