//! What points are spent on: something from the catalogue, or money off an order at checkout.
//!
//! What it costs and who may have it is the business of `rules`.

use crate::calendar::Timestamp;
use crate::commands::{drawn_for, lasting};
use crate::coupons::{CouponTerms, MAX_COUPONS, with_coupons};
use crate::entry::{Count, Entry, LotDates, Origin};
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::stop::Stop;
use crate::tally::Tally;

/// What was taken from the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The reward's id.
    pub reward: String,
    /// Its version in the catalogue.
    pub version: i64,
    /// How many.
    pub quantity: i64,
    /// What the member pays in money for all of them, in minor units. Told, not charged.
    pub cash_minor: i64,
}

/// What points took off an order at checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deduction {
    /// What the order came to, in minor units.
    pub order_minor: i64,
    /// The most points that the member wanted to spend; `None` is as many as possible.
    pub wished: Option<i64>,
    /// What the points are worth, in minor units.
    pub money_minor: i64,
}

/// A wish for something from the catalogue that the rules allow.
#[derive(Debug, Clone)]
pub struct Take {
    /// What.
    pub taken: Taken,
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

/// Spends points on something from the catalogue. All or nothing.
///
/// # Errors
/// As [`crate::redeem`]; [`Refusal::TooManyOpen`] when the member has no room for its coupons.
pub fn take(journal: &mut Journal, wish: Take, origin: Origin) -> Result<EntryId, Stop> {
    if let Some(open) = journal.member().hold_for(&origin) {
        return Err(Refusal::ReferenceAlreadyUsed { entry: Some(open.id) }.into());
    }
    if journal.member().coupons.len() + wish.coupons.len() > MAX_COUPONS {
        return Err(Refusal::TooManyOpen { most: MAX_COUPONS as i64 }.into());
    }
    let draws = drawn_for(journal, wish.points, wish.first_in_first_out)?;
    let draft = Entry {
        dates: lasting(journal.member(), wish.extends, &draws, None),
        draws,
        reward: Some(wish.taken),
        counts: wish.counts,
        tallies: wish.tallies,
        ..journal.draft(Kind::Redeem, origin)
    };
    let draft = with_coupons(journal, draft, &wish.coupons);
    Ok(journal.post(draft)?)
}
