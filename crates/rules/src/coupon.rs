//! Coupons: what a kind of them promises, and what one takes off an order.

use ledger::{
    CouponTerms, Discount, EntryId, Journal, Origin, Refusal, Stop, Timestamp, redeem_coupon,
};

use crate::case::Case;
use crate::command::Line;
use crate::document::CouponRule;
use crate::rulebook::Rulebook;

/// A coupon to be issued: kind, terms, end.
pub(crate) type Issue = (String, CouponTerms, Option<Timestamp>);

impl Rulebook {
    /// A coupon of that kind, issued now; `None` when the rulebook does not know the kind.
    pub(crate) fn coupon(&self, name: &str, now: Timestamp) -> Option<Issue> {
        let rule = self.coupons.get(name)?;
        let expires_at = self.policies.get(&rule.expiry)?.expires_at(now, self.zone());
        Some((name.to_owned(), terms(rule), expires_at))
    }
}

fn terms(rule: &CouponRule) -> CouponTerms {
    CouponTerms {
        off_minor: rule.off_minor.unwrap_or(0),
        off_percent: rule.off_percent.unwrap_or(0),
        max_off_minor: rule.max_off_minor,
        min_minor: rule.min_minor,
        categories: rule.categories.clone(),
        channels: rule.channels.clone(),
        stores: rule.stores.clone(),
        stacks: rule.stacks,
    }
}

/// Uses a coupon for an order, which is known by its reference: all that coupons take off it is at
/// most what it comes to.
pub(crate) fn redeem(
    journal: &mut Journal,
    case: &Case<'_>,
    code: &str,
    lines: &[Line],
) -> Result<EntryId, Stop> {
    let Some(coupon) = journal.member().coupon(code) else {
        return Err(Refusal::CouponResolved.into());
    };
    if lines.iter().any(|line| line.amount.currency != case.book.currency) {
        return Err(Refusal::CurrencyMismatch { expected: case.book.currency.to_string() }.into());
    }
    if let Some(entry) = case.recorded.used.filter(|_| !coupon.terms.stacks) {
        return Err(Refusal::CouponNotStackable { entry }.into());
    }
    let discount = discount(&coupon.terms, lines, case.recorded.off_minor, case.origin)?;
    redeem_coupon(journal, code, discount, case.origin.clone())
}

/// What the coupon takes off these lines, of which others have taken off so much before.
fn discount(
    terms: &CouponTerms,
    lines: &[Line],
    before: i64,
    origin: &Origin,
) -> Result<Discount, Refusal> {
    let among = |names: &[String], name: Option<&str>| {
        names.is_empty() || name.is_some_and(|name| names.iter().any(|known| known == name))
    };
    let lacks = |condition| Err(Refusal::CouponConditions { condition });
    if !among(&terms.channels, origin.channel.as_deref()) {
        return lacks("channel");
    }
    if !among(&terms.stores, origin.store.as_deref()) {
        return lacks("store");
    }
    let sum = |lines: &mut dyn Iterator<Item = &Line>| {
        let amounts = lines.map(|line| line.amount.amount_minor).filter(|amount| *amount >= 0);
        amounts.into_iter().try_fold(0i64, i64::checked_add).ok_or(Refusal::AmountOutOfRange)
    };
    let counts = |line: &&Line| among(&terms.categories, line.category.as_deref());
    if !lines.iter().any(|line| counts(&line)) {
        return lacks("category");
    }
    let order_minor = sum(&mut lines.iter())?;
    let counted = sum(&mut lines.iter().filter(counts))?;
    if counted < terms.min_minor {
        return lacks("minimum");
    }
    let share = i128::from(counted) * i128::from(terms.off_percent) / 100;
    let share = i64::try_from(share).map_err(|_| Refusal::AmountOutOfRange)?;
    let off = terms.off_minor.max(share.min(terms.max_off_minor.unwrap_or(i64::MAX)));
    match off.min(counted).min(order_minor.saturating_sub(before)).max(0) {
        0 => lacks("minimum"),
        off_minor => Ok(Discount { order_minor, off_minor }),
    }
}
