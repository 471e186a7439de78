//! Coupons: promises of money off an order, each by a code of its own, used once.
//!
//! Open coupons are part of the member's state, so a code is used once however many tills try.
//! Which orders a coupon is good for is the business of `rules`; its terms are those of the day it
//! was issued.

use crate::calendar::Timestamp;
use crate::entry::{Effects, Entry, Origin};
use crate::fault::Fault;
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{
    Coupon, CouponRedeemed, CouponTerms, Discount, Reversal, Reversed, What, coupon_code,
};
use crate::refusal::Refusal;
use crate::stop::Stop;

/// The most open coupons of a member.
pub const MAX_COUPONS: usize = 100;

/// The draft with as many coupons of that kind as the member may have; a kind may come several
/// times.
#[must_use]
pub fn with_coupons(
    journal: &Journal,
    draft: Entry,
    kinds: &[(String, CouponTerms, Option<Timestamp>)],
) -> Entry {
    let room = MAX_COUPONS.saturating_sub(journal.member().coupons.len());
    let issue =
        |(index, (name, terms, expires_at)): (usize, &(String, CouponTerms, Option<Timestamp>))| {
            Coupon {
                code: coupon_code(&draft.programme, draft.id, index),
                name: name.clone(),
                terms: terms.clone(),
                expires_at: *expires_at,
            }
        };
    let coupons = kinds.iter().take(room).enumerate().map(issue).collect();
    Entry { effects: Effects { coupons, ..draft.effects }, ..draft }
}

/// Uses a coupon.
///
/// # Errors
/// [`Refusal::CouponResolved`] when it is not open; a [`Fault`] when the member's state is
/// inconsistent.
pub fn redeem_coupon(
    journal: &mut Journal,
    code: &str,
    discount: Discount,
    origin: Origin,
) -> Result<EntryId, Stop> {
    let Some(coupon) = journal.member().coupon(code).cloned() else {
        return Err(Refusal::CouponResolved.into());
    };
    let redeemed = What::CouponRedeem(CouponRedeemed { discount });
    let effects = Effects { coupons: vec![coupon], ..Effects::default() };
    Ok(journal.post(Entry { effects, ..journal.draft(redeemed, origin) })?)
}

/// Takes a coupon away.
///
/// # Errors
/// [`Refusal::CouponResolved`] when it is not open; a [`Fault`] when the member's state is
/// inconsistent.
pub fn cancel_coupon(journal: &mut Journal, code: &str, origin: Origin) -> Result<EntryId, Stop> {
    let Some(coupon) = journal.member().coupon(code).cloned() else {
        return Err(Refusal::CouponResolved.into());
    };
    let effects = Effects { coupons: vec![coupon], ..Effects::default() };
    Ok(journal.post(Entry { effects, ..journal.draft(What::CouponCancel, origin) })?)
}

/// Undoes the use of a coupon, which was not undone before: it can be used again while it lasts.
///
/// # Errors
/// [`Refusal::CouponResolved`] when its time is over, [`Refusal::TooManyOpen`]; a [`Fault`] when
/// the member's state is inconsistent.
pub fn restore_coupon(
    journal: &mut Journal,
    used: &Entry,
    origin: Origin,
) -> Result<EntryId, Stop> {
    let now = journal.now();
    if used.effects.coupons.iter().any(|coupon| coupon.has_expired(now)) {
        return Err(Refusal::CouponResolved.into());
    }
    if journal.member().coupons.len() >= MAX_COUPONS {
        return Err(Refusal::TooManyOpen { most: MAX_COUPONS as i64 }.into());
    }
    let effects = Effects { coupons: used.effects.coupons.clone(), ..Effects::default() };
    let reversed =
        Reversed { corrects: used.id, reversal: Reversal::default(), review: None, merged: None };
    Ok(journal.post(Entry { effects, ..journal.draft(What::Reverse(reversed), origin) })?)
}

/// Records which coupons reached their end by the instant `at`. Posts nothing when none did.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn expire_coupons(journal: &mut Journal, at: Timestamp, origin: &Origin) -> Result<(), Fault> {
    let over = journal.member().coupons.iter().filter(|coupon| coupon.has_expired(at));
    let coupons: Vec<Coupon> = over.cloned().collect();
    if !coupons.is_empty() {
        let effects = Effects { coupons, ..Effects::default() };
        journal.post(Entry { effects, ..journal.due(What::CouponExpire, at, origin.clone()) })?;
    }
    Ok(())
}
