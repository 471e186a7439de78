//! An entry: one immutable record of something that happened to a member, with all its reasons.
//!
//! An entry holds everything [`crate::Member::apply`] needs, so a member's state is nothing but its
//! entries, replayed. What every entry has stands in [`Entry`] itself. [`LotMoves`] moves points,
//! [`Effects`] is what several kinds do beside that, and the payload of [`What`] is what only
//! entries of one kind say.

mod body;
mod effects;
mod lots;
mod texts;

use serde::{Deserialize, Serialize};

pub use body::Unreadable;
pub(crate) use body::{Fields, Writer};
pub use effects::{Count, Effects};
pub use lots::{LotDates, LotDraw, LotGrant, LotMoves, LotReturn};
pub(crate) use lots::{drawn, sum};
pub use texts::{Fresh, Seed, Texts};

use crate::calendar::Timestamp;
use crate::id::{EntryId, Hash, MemberId, ProgrammeId, Reference, Sequence};
use crate::kind::{
    Adjustment, Award, Discount, Earned, Exchange, Frozen, Kind, LineAward, PointsPayment,
    PoolChange, Reminder, Reservation, Reversal, Review, RewardTaken, SkippedRules, TierMove, What,
};
use crate::qualification::Qualification;

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
    /// Whole points gained (positive) or lost (negative).
    pub points: i64,
    /// The member's points after it.
    pub balance_after: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the server recorded it.
    pub recorded_at: Timestamp,
    /// The caller and the place that it comes from.
    pub origin: Origin,
    /// The rulebook that decided it.
    pub rulebook_version: i64,
    /// The entry whose command brought this one along.
    pub cause: Option<EntryId>,
    /// What it does to lots and to the debt.
    pub lots: LotMoves,
    /// What it does beside that.
    pub effects: Effects,
    /// What happened.
    pub what: What,
    /// Its free texts as they are stored; `None` when it has none, and before it is sealed.
    pub texts: Option<Texts>,
    /// Hash of the member's entry before.
    pub previous_hash: Hash,
    /// Hash of this entry.
    pub hash: Hash,
}

/// The caller and the place that an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The key or job that asked for it.
    pub actor: String,
    /// Sales channel, as the merchant names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store, as the merchant names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The merchant's document (order, redemption) that this is the record of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Free text for people. It stands in [`Entry::texts`] and not in the body.
    #[serde(skip)]
    pub reason: Option<String>,
}

/// What is stored of an entry in columns of their own, beside its body.
#[derive(Debug, Clone)]
pub struct Columns {
    /// [`Entry::programme`].
    pub programme: ProgrammeId,
    /// [`Entry::member`].
    pub member: MemberId,
    /// [`Entry::sequence`].
    pub sequence: Sequence,
    /// [`Entry::id`].
    pub id: EntryId,
    /// [`Entry::kind`].
    pub kind: Kind,
    /// [`Entry::points`].
    pub points: i64,
    /// [`Entry::balance_after`].
    pub balance_after: i64,
    /// [`Entry::occurred_at`].
    pub occurred_at: Timestamp,
    /// [`Entry::recorded_at`].
    pub recorded_at: Timestamp,
    /// [`Entry::previous_hash`].
    pub previous_hash: Hash,
    /// [`Entry::hash`].
    pub hash: Hash,
}

/// What an entry says, for readers of several kinds.
impl Entry {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.what.kind()
    }

    /// Whether both are entries of one account: of one member in one programme.
    #[must_use]
    pub fn shares_account(&self, other: &Self) -> bool {
        self.member == other.member && self.programme == other.programme
    }

    /// The earlier entry that it resolves or undoes.
    #[must_use]
    pub fn corrects(&self) -> Option<EntryId> {
        self.what.corrects()
    }

    /// The other account that it concerns.
    #[must_use]
    pub fn counterparty(&self) -> Option<&MemberId> {
        self.what.counterparty()
    }

    /// What an earn was for.
    #[must_use]
    pub fn earned(&self) -> Option<&Earned> {
        if let What::Earn(earned) = &self.what { Some(earned) } else { None }
    }

    /// The event of an earn.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.earned().map(|earned| earned.event.as_str())
    }

    /// Rules that fired, or levels that gave gifts.
    #[must_use]
    pub fn awards(&self) -> &[Award] {
        match &self.what {
            What::Earn(earned) => &earned.awards,
            What::TierChange(changed) => &changed.awards,
            _ => &[],
        }
    }

    /// Rules of an earn that did not fire.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedRules] {
        self.earned().map_or(&[], |earned| &earned.skipped)
    }

    /// Lines of an earn, by their names, that do not count towards tiers.
    #[must_use]
    pub fn uncounted(&self) -> &[String] {
        self.earned().map_or(&[], |earned| &earned.uncounted)
    }

    /// Order lines: what each earned, or the points that pay it.
    #[must_use]
    pub fn lines(&self) -> &[LineAward] {
        match &self.what {
            What::Earn(earned) => &earned.lines,
            What::Redeem(redeemed) => &redeemed.lines,
            What::Hold(held) => &held.lines,
            _ => &[],
        }
    }

    /// The strategy that a grant was given for.
    #[must_use]
    pub fn strategy(&self) -> Option<&str> {
        if let What::Grant(granted) = &self.what { granted.strategy.as_deref() } else { None }
    }

    /// Why an earn waits for a review; in a reversal, what is left of that.
    #[must_use]
    pub fn review(&self) -> Option<&Review> {
        match &self.what {
            What::Earn(earned) => earned.review.as_ref(),
            What::Reverse(reversed) => reversed.review.as_ref(),
            _ => None,
        }
    }

    /// Points that a hold sets aside.
    #[must_use]
    pub fn reservation(&self) -> Option<&Reservation> {
        if let What::Hold(held) = &self.what { Some(&held.reservation) } else { None }
    }

    /// How much of the earlier entry a reversal undoes.
    #[must_use]
    pub fn reversal(&self) -> Option<&Reversal> {
        if let What::Reverse(reversed) = &self.what { Some(&reversed.reversal) } else { None }
    }

    /// The adjustment that it asks for, decides on or executes.
    #[must_use]
    pub fn adjustment(&self) -> Option<&Adjustment> {
        match &self.what {
            What::AdjustmentRequest(requested) => Some(&requested.adjustment),
            What::Approve(decided)
            | What::Reject(decided)
            | What::Withdraw(decided)
            | What::Lapse(decided)
            | What::Adjust(decided) => Some(&decided.adjustment),
            _ => None,
        }
    }

    /// What is frozen after it, where that changes.
    #[must_use]
    pub fn frozen(&self) -> Option<Frozen> {
        match &self.what {
            What::Freeze(changed) | What::Restore(changed) => Some(changed.frozen),
            What::Absorb(absorbed) => absorbed.frozen,
            What::Repeated(repeated) => repeated.frozen,
            _ => None,
        }
    }

    /// What a coupon took off an order.
    #[must_use]
    pub fn discount(&self) -> Option<Discount> {
        if let What::CouponRedeem(redeemed) = &self.what { Some(redeemed.discount) } else { None }
    }

    /// The reward that was redeemed.
    #[must_use]
    pub fn reward(&self) -> Option<&RewardTaken> {
        if let What::Redeem(redeemed) = &self.what { redeemed.reward.as_ref() } else { None }
    }

    /// What points took off an order, or are to take.
    #[must_use]
    pub fn payment(&self) -> Option<PointsPayment> {
        match &self.what {
            What::Redeem(redeemed) => redeemed.payment,
            What::Hold(held) => held.payment,
            _ => None,
        }
    }

    /// The change of the members of a pool, if the entry makes one.
    #[must_use]
    pub fn pool(&self) -> Option<PoolChange> {
        if let What::Pool(changed) = &self.what { Some(changed.pool) } else { None }
    }

    /// Until when the other member may join the pool, whose head invited it.
    #[must_use]
    pub fn invitation(&self) -> Option<Timestamp> {
        if let What::Invite(invited) = &self.what { Some(invited.until) } else { None }
    }

    /// What was exchanged for points of another programme.
    #[must_use]
    pub fn exchange(&self) -> Option<&Exchange> {
        if let What::Exchange(exchanged) = &self.what { Some(&exchanged.exchange) } else { None }
    }

    /// What counts towards tiers of a member that becomes part of this one.
    #[must_use]
    pub fn carried(&self) -> Option<&Qualification> {
        match &self.what {
            What::Absorb(absorbed) => Some(&absorbed.carried),
            What::Repeated(repeated) => repeated.carried.as_ref(),
            _ => None,
        }
    }

    /// The move on the tier ladder.
    #[must_use]
    pub fn tier(&self) -> Option<&TierMove> {
        match &self.what {
            What::Opening(opened) => opened.tier.as_ref(),
            What::TierChange(changed) => Some(&changed.tier),
            What::Repeated(repeated) => repeated.tier.as_ref(),
            _ => None,
        }
    }

    /// The warning that a reminder records.
    #[must_use]
    pub fn reminder(&self) -> Option<&Reminder> {
        if let What::Remind(reminded) = &self.what { Some(&reminded.reminder) } else { None }
    }
}
