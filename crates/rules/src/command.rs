//! What can be asked of a member, and what the books say about what a command names.

use std::collections::BTreeMap;

use ledger::{
    Concern, Counted, Decision, Entry, EntryId, ExpiryPolicy, Frozen, LotNumber, Member, MemberId,
    Money, Person, Refusal, Reversal, Timestamp, Verdict,
};

use crate::adjust::AdjustmentWish;
use crate::again::Kept;
use crate::exchange::Partner;
use crate::opening::Opening;
use crate::profile::ProfileChange;
use crate::reverse::{Redemption, Reverse};
use crate::review::Promise;
use crate::reward::Reward;

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The merchant's name of the line within the order.
    pub line: String,
    /// The merchant's article.
    pub sku: Option<String>,
    /// The merchant's category.
    pub category: Option<String>,
    /// Units bought, at least 1.
    pub quantity: i64,
    /// What the line cost, not negative.
    pub amount: Money,
}

/// Something a member did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnEvent {
    /// `purchase`, or an action of the rulebook.
    pub event: String,
    /// When; `None` is now.
    pub occurred_at: Option<Timestamp>,
    /// The lines of a purchase; empty for actions.
    pub lines: Vec<Line>,
    /// The device it was done on, in a form that tells nobody which one it is.
    pub device: Option<String>,
}

/// Pending points that something has settled before their time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The lots of the earn, each with how long it lives from now on by the rulebook that it was
    /// earned under.
    pub lots: Vec<(LotNumber, ExpiryPolicy)>,
}

/// What can be asked of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Earn for an event.
    Earn(EarnEvent),
    /// Spend points, at least 1.
    Redeem {
        /// How many.
        points: i64,
    },
    /// Set points aside, at least 1.
    Hold {
        /// How many.
        points: i64,
        /// For how long.
        minutes: u32,
    },
    /// Spend points on lines of an order, at least 1 on each.
    PayLines {
        /// Line, units, points.
        lines: Vec<(String, i64, i64)>,
        /// Sets them aside for so long instead.
        minutes: Option<u32>,
    },
    /// Spend points on something from the catalogue.
    Take {
        /// The reward.
        reward: String,
        /// How many, at least 1.
        quantity: i64,
    },
    /// Spend points on an order, as many as the rulebook takes.
    Deduct {
        /// What the order comes to, in the programme's currency.
        order: Money,
        /// The most points that the member wants to spend, at least 1.
        most: Option<i64>,
        /// Sets them aside for so long instead.
        minutes: Option<u32>,
    },
    /// Use a coupon.
    RedeemCoupon {
        /// Its code.
        code: String,
        /// The order.
        lines: Vec<Line>,
        /// Whose it must be; anybody's when `None`.
        of: Option<MemberId>,
    },
    /// Take a coupon away.
    CancelCoupon {
        /// Its code.
        code: String,
    },
    /// Undo the use of a coupon.
    RestoreCoupon {
        /// The entry that used it.
        used: Box<Entry>,
    },
    /// Spend points of a hold.
    Capture {
        /// The entry that placed it.
        hold: EntryId,
        /// How many, at least 1; all of them when `None`.
        points: Option<i64>,
    },
    /// Give a hold up.
    Release {
        /// The entry that placed it.
        hold: EntryId,
    },
    /// Undo an earn, a redemption, or both sides of an order; `None` when the member has none by
    /// that name.
    Reverse(Option<Box<Reverse>>),
    /// Ask for an adjustment by hand.
    Request(AdjustmentWish),
    /// Ask for something else that moves points by hand; the wish tells how many.
    RequestFor(AdjustmentWish, Concern),
    /// Decide on a request of that.
    DecideFor {
        /// The entry that made it.
        request: EntryId,
        /// What is decided.
        verdict: Verdict,
        /// Who decides.
        by: Person,
        /// As what.
        role: String,
        /// What was found of what it is about.
        concerned: Concerned,
    },
    /// Decide on a request.
    Decide {
        /// The entry that made it.
        request: EntryId,
        /// What is decided.
        verdict: Verdict,
        /// Who decides.
        by: Person,
        /// As what.
        role: String,
    },
    /// Make the pending points of an earlier earn spendable now; `None` when the member has no such
    /// earn.
    Activate(Option<Activation>),
    /// Freeze sides of the account.
    Freeze(Frozen),
    /// Restore sides of the account.
    Restore(Frozen),
    /// Approve of an earn under review.
    ApproveReview {
        /// The earn.
        earn: EntryId,
        /// When it happened.
        occurred_at: Timestamp,
        /// The life that the points of each of its lots were promised.
        promises: Vec<(LotNumber, Promise)>,
    },
    /// Turn an earn under review down: all that is left of it is undone.
    RejectReview(Box<Reverse>),
    /// Give back what was spent by somebody who was not the member, one correction for each.
    Recover(Vec<Stolen>),
    /// Give points to another member.
    Transfer {
        /// Who gets them.
        to: MemberId,
        /// How many, at least 1.
        points: i64,
    },
    /// Exchange points for those of another programme, where the member has an account too.
    Exchange {
        /// The other programme; `None` when the two do not belong together.
        with: Option<Partner>,
        /// How many to give up, at least 1.
        points: i64,
    },
    /// Let another member become part of this one.
    Merge {
        /// The other member, whose account is closed.
        from: MemberId,
    },
    /// Join a pool, or leave it.
    Pool {
        /// The pool's account.
        pool: MemberId,
        /// Which of the two.
        joins: bool,
    },
    /// Let a member join the pool that the command is for.
    Invite {
        /// Who invites: the pool's head.
        head: MemberId,
        /// Who may join.
        guest: MemberId,
    },
    /// Spend points of a pool, which the command is for.
    RedeemPooled {
        /// Its members.
        members: Vec<MemberId>,
        /// How many, at least 1.
        points: i64,
        /// On whose behalf, who must belong to it.
        of: MemberId,
    },
    /// Forget whose the account is: what is left is forfeited.
    Erase,
    /// Something that names what cannot be told; refused, and the refusal kept, as other commands
    /// are.
    Refuse(Refusal),
    /// Book what the member brings along from another system, and take over what is told about it.
    Open(Opening),
    /// Put the member on a level of the ladder by hand.
    SetLevel {
        /// The level.
        tier: String,
        /// From when on it is not kept; `None` is as long as if it were reached now.
        until: Option<Timestamp>,
    },
    /// Change what is told about the member, who is there.
    Change(ProfileChange),
    /// Register the member, or note a change of its profile.
    Enrol,
    /// Write down what the clock has decided: activations, ends of tiers, expiries.
    Settle,
    /// Move up the ladder when the published rulebook would have it so, after settling.
    Upgrade,
    /// Warn about points that expire soon, after settling. Needs every open lot.
    Remind,
}

/// What a request is about that is more than points of its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concerned {
    /// What is given back.
    Recover(Vec<Stolen>),
    /// Who becomes part of the member.
    Merge(MemberId),
}

/// What somebody who was not the member has spent or given away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stolen {
    /// The redemption, capture or gift, with the lots it drew from.
    pub redemption: Redemption,
    /// Of a gift: the entry of who got it.
    pub received: Option<Entry>,
}

/// A decision and the member's state after it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What to write. Empty when there is nothing to do (jobs only).
    pub decision: Decision,
    /// The member after it.
    pub member: Member,
    /// The other members that it concerns, after it.
    pub others: Vec<Member>,
}

/// What the books already say about the documents that a command names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriorRecords {
    /// The entry that bears the command's own reference, where that keeps the command from being
    /// recorded.
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
    /// What counters of the programme stand at, of the subjects that the command counts for.
    pub tallies: Vec<Counted>,
    /// What the merchant told about the member; only where the rulebook asks for it.
    pub attributes: BTreeMap<String, String>,
    /// The other names of the member; only where the command asks for them.
    pub aliases: Vec<String>,
    /// What tells apart what is told about the member; only where the command asks for it.
    pub tag: String,
    /// The reward that it wants, and its version in the catalogue.
    pub reward: Option<(i64, Reward)>,
    /// The other members that it names, in the order named.
    pub others: Vec<Member>,
    /// The first of the names it gives the member that is another member's.
    pub taken_alias: Option<String>,
}

impl PriorRecords {
    /// The other member that the command names, as it was loaded. A pool is none.
    pub(crate) fn other(&self) -> Result<&Member, Refusal> {
        let is_there =
            |member: &&Member| member.exists() && member.closed.is_none() && !member.id.is_pool();
        let found = self.others.first().filter(is_there);
        found.ok_or(Refusal::CounterpartyNotFound)
    }

    /// Why the command cannot be recorded under its reference. What another member has under it is
    /// no repetition: whoever takes it for one leaves a customer without points.
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
