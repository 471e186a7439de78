//! Undoing: what an earn granted is taken back, what a redemption took is given back, and a debt is
//! paid off.
//!
//! How much is undone is worked out by the rules from what the earlier entry says; here is where
//! the points come from and go to.

use std::collections::BTreeSet;

use crate::calendar::Timestamp;
use crate::commands::{in_order, spendable, taken};
use crate::entry::{Count, Effects, Entry, LotDraw, LotGrant, LotMoves, LotReturn, Origin};
use crate::entry::{drawn, sum};
use crate::fault::Fault;
use crate::id::{EntryId, LotNumber, MemberId};
use crate::journal::Journal;
use crate::kind::{Coupon, LineReturn, Reversal, Reversed, Review, What};
use crate::lot::{Lot, LotState};
use crate::qualification::Qualifying;
use crate::tally::Tally;

/// What becomes of points that an earn granted and the member no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// Only points of the earn that are still pending are taken.
    PendingOnly,
    /// Whatever the member can spend is taken, and what holds keep is owed; the rest is let go.
    WithinBalance,
    /// Whatever the member can spend is taken; the rest is owed, and the next points pay it off.
    Debt,
}

/// Points of an earn to be taken back.
#[derive(Debug, Clone)]
pub struct ClawBack<'a> {
    /// The earn.
    pub earn: &'a Entry,
    /// How much of it, and how much of that is gone already.
    pub reversal: Reversal,
    /// What becomes of what the member no longer has.
    pub shortfall: Shortfall,
    /// Plain first-in-first-out instead of expiring first, for points of other lots.
    pub first_in_first_out: bool,
    /// Counters to take back from.
    pub counts: Vec<Count>,
    /// What to take back from the tier qualification.
    pub qualifying: Option<Qualifying>,
    /// Coupons that it issued and that are taken away.
    pub coupons: Vec<Coupon>,
    /// What is left of the earn's open review, when it has one and not all comes back.
    pub review: Option<Review>,
    /// The account that it was earned by, where that became part of this one.
    pub of: Option<MemberId>,
}

/// Takes points back: from the lots of the earn first, then as the shortfall policy says. What
/// expired of them is gone already and is not taken a second time from other lots. `cause` is the
/// correction that this one belongs to.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn claw_back(
    journal: &mut Journal,
    wish: ClawBack<'_>,
    cause: Option<EntryId>,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let now = journal.now();
    let own: BTreeSet<LotNumber> = wish.earn.lots.grants.iter().map(|lot| lot.number).collect();
    let desired = wish.reversal.desired;
    let expired = wish.reversal.expired.min(desired);
    let can_be_taken = |lot: &&Lot| match lot.state(now) {
        LotState::Pending => true,
        LotState::Active => wish.shortfall != Shortfall::PendingOnly,
        LotState::Spent | LotState::Expired => false,
    };
    let member = journal.member();
    let mut lots: Vec<&Lot> =
        member.lots.iter().filter(|lot| own.contains(&lot.number)).filter(can_be_taken).collect();
    in_order(&mut lots, wish.first_in_first_out);
    let free = lots.into_iter().map(|lot| LotDraw { number: lot.number, points: member.free(lot) });
    let mut lots: Vec<LotDraw> = free.filter(|lot| lot.points > 0).collect();
    if wish.shortfall != Shortfall::PendingOnly {
        let others = spendable(journal, now, wish.first_in_first_out);
        lots.extend(others.into_iter().filter(|lot| !own.contains(&lot.number)));
    }
    let draws = taken(&lots, desired - expired);
    let missing = desired - expired - drawn(&draws)?;
    let held =
        sum(journal.member().holds.iter().flat_map(|hold| &hold.lots).map(|lot| lot.points))?;
    let debt = match wish.shortfall {
        Shortfall::PendingOnly => 0,
        // What a hold keeps is in the balance, though nobody can take it yet.
        Shortfall::WithinBalance => missing.min(held),
        Shortfall::Debt => missing,
    };
    let reversed = Reversed {
        corrects: wish.earn.id,
        reversal: Reversal { expired, ..wish.reversal },
        review: wish.review,
        merged: wish.of,
    };
    let draft = Entry {
        cause,
        lots: LotMoves { draws, debt, ..LotMoves::default() },
        effects: Effects {
            counts: wish.counts,
            qualifying: wish.qualifying,
            tallies: Vec::new(),
            coupons: wish.coupons,
        },
        ..journal.draft(What::Reverse(reversed), origin)
    };
    journal.post(draft)
}

/// Points of a redemption to be given back.
#[derive(Debug, Clone)]
pub struct GiveBack<'a> {
    /// The redemption, or the capture of a hold.
    pub redemption: &'a Entry,
    /// The lots that it drew from.
    pub lots: &'a [LotGrant],
    /// Points of it that were given back before.
    pub before: i64,
    /// How many more are to be given back.
    pub points: i64,
    /// The lines that they had paid, as far as these were named.
    pub lines: Vec<LineReturn>,
    /// Coupons that it issued and that are taken away.
    pub coupons: Vec<Coupon>,
    /// Counters to take back from.
    pub counts: Vec<Count>,
    /// Counters of the programme to take back from.
    pub tallies: Vec<Tally>,
    /// The account that spent them, where that became part of this one: they come back in lots of
    /// their own.
    pub of: Option<MemberId>,
    /// The lot that takes the place of lots which have expired meanwhile (its points are ignored);
    /// without it their points expire again.
    pub grace: Option<LotGrant>,
}

/// Gives points back to the lots that they came from, the last drawn first; `cause` is the
/// correction that this one belongs to.
///
/// # Errors
/// A [`Fault`] when the redemption did not draw as many, or the member's state is inconsistent.
pub fn give_back(
    journal: &mut Journal,
    wish: GiveBack<'_>,
    cause: Option<EntryId>,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let now = journal.now();
    let (mut before, mut missing) = (wish.before, wish.points);
    let (mut returns, mut grants, mut expired) = (Vec::new(), Vec::new(), 0i64);
    for draw in wish.redemption.lots.draws.iter().rev() {
        let skipped = before.min(draw.points);
        before -= skipped;
        let points = missing.min(draw.points - skipped);
        missing -= points;
        if points == 0 {
            continue;
        }
        let lot = wish.lots.iter().find(|lot| lot.number == draw.number).ok_or(Fault::Lot)?;
        // Without a grace lot they go back all the same, and expire in an entry that says so.
        if wish.grace.is_some() && lot.expires_at.is_some_and(|end| end <= now) {
            expired += points;
        } else if wish.of.is_some() {
            grants.push(LotGrant { points, ..lot.clone() });
        } else {
            returns.push(LotReturn { lot: lot.clone(), points });
        }
    }
    if missing != 0 || before != 0 || wish.points < 1 {
        return Err(Fault::Draft);
    }
    let grace = wish.grace.filter(|_| expired > 0).map(|lot| LotGrant { points: expired, ..lot });
    let reversed = Reversed {
        corrects: wish.redemption.id,
        reversal: Reversal { lines: wish.lines, desired: wish.points, expired },
        review: None,
        merged: wish.of,
    };
    let grants = grants.into_iter().chain(grace).collect();
    let draft = Entry {
        cause,
        lots: LotMoves { grants, returns, ..LotMoves::default() },
        effects: Effects {
            counts: wish.counts,
            qualifying: None,
            tallies: wish.tallies,
            coupons: wish.coupons,
        },
        ..journal.draft(What::Reverse(reversed), origin)
    };
    journal.post(draft)
}

/// Pays off the member's debt with what can be spent at the instant `at`. Posts nothing when there
/// is no debt, or nothing to pay with.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn repay(
    journal: &mut Journal,
    at: Timestamp,
    first_in_first_out: bool,
    origin: &Origin,
) -> Result<(), Fault> {
    let debt = journal.member().debt;
    let draws = if debt > 0 {
        taken(&spendable(journal, at, first_in_first_out), debt)
    } else {
        Vec::new()
    };
    if !draws.is_empty() {
        let debt = -drawn(&draws)?;
        let lots = LotMoves { draws, debt, ..LotMoves::default() };
        journal.post(Entry { lots, ..journal.due(What::Repay, at, origin.clone()) })?;
    }
    Ok(())
}
