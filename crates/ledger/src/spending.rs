//! Points spent on something of which the rules say the price, such as a reward.

use crate::calendar::Timestamp;
use crate::commands::{drawn_for, lasting};
use crate::coupons::{MAX_COUPONS, with_coupons};
use crate::entry::{Count, Effects, Entry, LotDates, LotMoves, Origin};
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{CouponTerms, What};
use crate::refusal::Refusal;
use crate::stop::Stop;
use crate::tally::Tally;

/// A wish to spend points on something that the rules allow.
#[derive(Debug, Clone)]
pub struct Spend {
    /// What they are spent on.
    pub on: What,
    /// Points for all of it.
    pub points: i64,
    /// Plain first-in-first-out instead of expiring first.
    pub first_in_first_out: bool,
    /// Later ends of open lots, as of [`crate::Redeem`].
    pub extends: Vec<LotDates>,
    /// Counters of the member to add to.
    pub counts: Vec<Count>,
    /// Counters of the programme to add to: the stock.
    pub tallies: Vec<Tally>,
    /// Coupons to issue, one each.
    pub coupons: Vec<(String, CouponTerms, Option<Timestamp>)>,
}

/// Spends points on what the rules allow. All or nothing.
///
/// # Errors
/// As [`crate::redeem`]; [`Refusal::TooManyOpen`] when the member has no room for its coupons.
pub fn spend(journal: &mut Journal, wish: Spend, origin: Origin) -> Result<EntryId, Stop> {
    // A hold is for the document of a redemption; other kinds have documents of their own.
    let redeems = matches!(wish.on, What::Redeem(_));
    if let Some(open) = journal.member().hold_for(&origin).filter(|_| redeems) {
        return Err(Refusal::ReferenceAlreadyUsed { entry: Some(open.id) }.into());
    }
    if journal.member().coupons.len() + wish.coupons.len() > MAX_COUPONS {
        return Err(Refusal::TooManyOpen { most: MAX_COUPONS as i64 }.into());
    }
    let draws = drawn_for(journal, wish.points, wish.first_in_first_out)?;
    let dates = lasting(journal.member(), wish.extends, &draws, None);
    let draft = Entry {
        lots: LotMoves { draws, dates, ..LotMoves::default() },
        effects: Effects { counts: wish.counts, tallies: wish.tallies, ..Effects::default() },
        ..journal.draft(wish.on, origin)
    };
    let draft = with_coupons(journal, draft, &wish.coupons);
    Ok(journal.post(draft)?)
}
