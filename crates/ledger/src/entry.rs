//! An entry: one immutable record of something that happened to a member, with all its reasons.
//!
//! An entry holds everything [`crate::Member::apply`] needs, so a member's state is nothing but its
//! entries, replayed.

use crate::adjustments::Adjustment;
use crate::calendar::Timestamp;
use crate::coupons::{Coupon, Discount};
use crate::exact::Exact;
use crate::exchanges::Exchange;
use crate::freezes::Frozen;
use crate::id::{EntryId, Hash, LotNumber, MemberId, ProgrammeId, Reference, Sequence};
use crate::joint::PoolChange;
use crate::kind::Kind;
use crate::reviews::Review;
use crate::rewards::{Deduction, Taken};
use crate::standing::Standing;
use crate::tally::Tally;

/// Who and what an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The key or job that asked for it.
    pub actor: String,
    /// Sales channel, as the merchant names it.
    pub channel: Option<String>,
    /// Store, as the merchant names it.
    pub store: Option<String>,
    /// The merchant's document (order, redemption) that this is the record of.
    pub reference: Option<Reference>,
    /// Free text for people.
    pub reason: Option<String>,
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// Name of the rule in the rulebook.
    pub rule: String,
    /// Points it asked for, unrounded.
    pub desired: Exact,
    /// Points it got, after rounding and caps.
    pub granted: i64,
}

/// Rules that did not fire for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Why, by the name of the reason.
    pub because: String,
    /// The rules, by their names.
    pub rules: Vec<String>,
}

/// What one order line earned: later returns claw back from this, never from today's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineAward {
    /// The merchant's name of the line.
    pub line: String,
    /// The merchant's article, when told.
    pub sku: Option<String>,
    /// The merchant's category, when told.
    pub category: Option<String>,
    /// Units bought.
    pub quantity: i64,
    /// What the line cost, in minor units of the programme's currency.
    pub amount_minor: i64,
    /// Its share of the points granted. Shares add up to the purchase's points.
    pub granted: i64,
}

/// A lot that an entry opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotGrant {
    /// Its number within the member.
    pub number: LotNumber,
    /// Points granted, at least 1.
    pub points: i64,
    /// What granted it.
    pub source: String,
    /// When it was earned.
    pub earned_at: Timestamp,
    /// From when it can be spent.
    pub available_at: Timestamp,
    /// From when it no longer can; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// Points of a lot that an entry moves or speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotDraw {
    /// The lot's number within the member.
    pub number: LotNumber,
    /// How many points, at least 1.
    pub points: i64,
}

/// The new life of a lot that became active before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotDates {
    /// The lot's number within the member.
    pub number: LotNumber,
    /// From when it can be spent.
    pub available_at: Timestamp,
    /// From when it no longer can; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// Points set aside until they are captured or released, or until their time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// From when on it counts no longer.
    pub until: Timestamp,
    /// The lots, in the order they are spent.
    pub lots: Vec<LotDraw>,
}

/// Points put back into a lot. Tells the lot whole, as it may have been spent and gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotReturn {
    /// The lot as it was granted; `points` are those of the grant.
    pub lot: LotGrant,
    /// How many points come back, at least 1.
    pub points: i64,
}

/// Units of an order line that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReturn {
    /// The merchant's name of the line.
    pub line: String,
    /// Units, at least 1.
    pub quantity: i64,
    /// What they had cost, in minor units.
    pub amount_minor: i64,
    /// What they had earned.
    pub points: i64,
}

/// How much of an earlier entry is undone, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// Units that came back, of a purchase.
    pub lines: Vec<LineReturn>,
    /// Points that are to be taken back from an earn, or given back of a redemption.
    pub desired: i64,
    /// How many of those had expired before.
    pub expired: i64,
}

/// What an entry adds to the tier qualification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualifying {
    /// First day of the local calendar month it counts in, as a day number.
    pub month: i32,
    /// Months before this day number are no longer needed and are dropped.
    pub keep_from: i32,
    /// Money spent, in minor units.
    pub spend_minor: i64,
    /// Growth (成长值).
    pub growth: i64,
    /// Orders.
    pub orders: i64,
}

/// What an entry adds to a counter for limits and caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Name of the counter.
    pub counter: String,
    /// The period it counts in: its first day as a day number, or hours since 1970.
    pub period: i32,
    /// Periods of this counter before this one are dropped.
    pub keep_from: i32,
    /// How often.
    pub times: i64,
    /// How many points.
    pub points: i64,
}

impl Count {
    /// Takes a counter out of the member's row, with all its periods: nothing will ask for it any
    /// more.
    #[must_use]
    pub fn forget(counter: String) -> Self {
        Self { counter, period: i32::MIN, keep_from: i32::MAX, times: 0, points: 0 }
    }

    /// Whether it takes a counter out.
    pub(crate) fn forgets(&self) -> bool {
        self.period == i32::MIN && self.keep_from == i32::MAX
    }
}

/// A move on the tier ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierMove {
    /// The tier before; `None` when the member had none.
    pub from: Option<String>,
    /// The tier after.
    pub to: String,
    /// Until when it is kept; `None` is for life.
    pub until: Option<Timestamp>,
    /// What the tier after and the levels under it are held by, the highest first.
    pub claims: Vec<Claim>,
}

/// What a level is held by: a return from the period that it was reached or kept for may take it
/// away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The level.
    pub tier: String,
    /// When it was reached or kept.
    pub at: Timestamp,
    /// Until when it is kept; `None` is for life.
    pub until: Option<Timestamp>,
    /// The period whose totals it was reached or kept by; `None` where no totals decided, as after
    /// a step down.
    pub period: Option<ClaimPeriod>,
}

/// The period that a level was reached or kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimPeriod {
    /// All that counted for life.
    Lifetime,
    /// What counted from the first of these days through the month of the second (day numbers).
    Days(i32, i32),
}

/// What a reminder tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// All the points in it.
    pub points: i64,
    /// The lots, first to expire first.
    pub lots: Vec<LotDraw>,
    /// When the first of them expires.
    pub first_expires_at: Timestamp,
}

/// One immutable ledger record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// The programme.
    pub programme: ProgrammeId,
    /// The member.
    pub member: MemberId,
    /// Its place in the member's history.
    pub sequence: Sequence,
    /// What happened.
    pub kind: Kind,
    /// Points gained (positive) or lost (negative).
    pub points: i64,
    /// The member's points after it.
    pub balance_after: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the server recorded it.
    pub recorded_at: Timestamp,
    /// Who and what it comes from.
    pub origin: Origin,
    /// The rulebook that decided it.
    pub rulebook_version: i64,
    /// The event earned for, or `None` for other kinds.
    pub event: Option<String>,
    /// The entry whose command brought this one along.
    pub cause: Option<EntryId>,
    /// Rules that fired.
    pub awards: Vec<Award>,
    /// Rules that were there for the event and did not fire.
    pub silent: Vec<Silent>,
    /// What each order line earned.
    pub lines: Vec<LineAward>,
    /// Lines, by their names, that do not count towards tiers: what comes back of them changes
    /// nothing there.
    pub uncounted: Vec<String>,
    /// Lots opened.
    pub grants: Vec<LotGrant>,
    /// Lots drawn from.
    pub draws: Vec<LotDraw>,
    /// Lots whose points became spendable.
    pub activations: Vec<LotDraw>,
    /// New dates of activated lots whose time had not come.
    pub dates: Vec<LotDates>,
    /// Counters it adds to.
    pub counts: Vec<Count>,
    /// What it adds to the tier qualification.
    pub qualifying: Option<Qualifying>,
    /// The move on the tier ladder.
    pub tier: Option<TierMove>,
    /// The warning it records.
    pub reminder: Option<Reminder>,
    /// The earlier entry that it resolves or undoes.
    pub corrects: Option<EntryId>,
    /// Points set aside.
    pub reservation: Option<Reservation>,
    /// Lots that points come back to.
    pub returns: Vec<LotReturn>,
    /// How much of the earlier entry it undoes.
    pub reversal: Option<Reversal>,
    /// What it adds to the member's debt; negative when it pays some off.
    pub debt: i64,
    /// The adjustment that it asks for, decides on or executes.
    pub adjustment: Option<Adjustment>,
    /// What is frozen after it.
    pub frozen: Option<Frozen>,
    /// Why its points wait for somebody to look at them; in a reversal, what is left of that.
    pub review: Option<Review>,
    /// Counters of the programme it adds to.
    pub tallies: Vec<Tally>,
    /// Coupons that it issues, uses, takes away or puts back.
    pub coupons: Vec<Coupon>,
    /// What a coupon took off an order.
    pub discount: Option<Discount>,
    /// What was taken from the catalogue.
    pub reward: Option<Taken>,
    /// What points took off an order.
    pub deduction: Option<Deduction>,
    /// The other member that it concerns.
    pub counterparty: Option<MemberId>,
    /// A change of who shares what with the other member.
    pub pool: Option<PoolChange>,
    /// Until when the other member may join the pool, whose head invited it.
    pub invitation: Option<Timestamp>,
    /// What counts towards tiers of a member that becomes part of this one.
    pub carried: Option<Standing>,
    /// What was exchanged for points of another programme.
    pub exchange: Option<Exchange>,
    /// Whether its free texts were taken out when its member was erased. Its hash is still the one
    /// that it was sealed with.
    pub redacted: bool,
    /// Hash of the member's entry before.
    pub previous_hash: Hash,
    /// Hash of this entry.
    pub hash: Hash,
}

impl Entry {
    /// Whether both are entries of one account: of one member in one programme.
    #[must_use]
    pub fn shares_account(&self, other: &Self) -> bool {
        self.member == other.member && self.programme == other.programme
    }
}
