//! Granting: points or coupons for members who did nothing for them.

use crate::calendar::Timestamp;
use crate::coupons::{MAX_COUPONS, with_coupons};
use crate::entry::{Count, Effects, Entry, LotGrant, LotMoves, Origin};
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{CouponTerms, Granted, What};
use crate::refusal::Refusal;
use crate::stop::Stop;
use crate::tally::Tally;

/// A grant that the rules have worked out.
#[derive(Debug, Clone)]
pub struct Grant {
    /// What is granted, and for what.
    pub on: Granted,
    /// The lot of its points (the number is ignored), when there are any.
    pub lot: Option<LotGrant>,
    /// Its coupon, when there is one: kind, terms, end.
    pub coupon: Option<(String, CouponTerms, Option<Timestamp>)>,
    /// Counters of the member to add to.
    pub counts: Vec<Count>,
    /// Counters of the programme to add to.
    pub tallies: Vec<Tally>,
}

/// Gives the member all of a grant, or nothing.
///
/// # Errors
/// [`Refusal::TooManyOpen`] when the member has no room for the coupon; a [`Fault`] when the
/// member's state is inconsistent.
///
/// [`Fault`]: crate::Fault
pub fn grant(journal: &mut Journal, wish: Grant, origin: Origin) -> Result<EntryId, Stop> {
    let coupons: Vec<_> = wish.coupon.into_iter().collect();
    if journal.member().coupons.len() + coupons.len() > MAX_COUPONS {
        return Err(Refusal::TooManyOpen { most: MAX_COUPONS as i64 }.into());
    }
    let grants = wish.lot.into_iter().collect();
    let draft = Entry {
        lots: LotMoves { grants, ..LotMoves::default() },
        effects: Effects { counts: wish.counts, tallies: wish.tallies, ..Effects::default() },
        ..journal.draft(What::Grant(wish.on), origin)
    };
    Ok(journal.post(with_coupons(journal, draft, &coupons))?)
}
