//! Coupons are used, taken away and put back.

use ledger::{
    CouponTerms, Discount, Entry, EntryId, Journal, Member, MemberId, Origin, Refusal, Stop,
    cancel_coupon, redeem_coupon, restore_coupon,
};

use crate::case::Case;
use crate::event::Line;
use crate::operation::{
    Activity, Guards, Lots, Needs, Operation, Outcome, ReferenceUse, ReversalTargets, Stores,
};

/// Use a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeemCoupon {
    /// Its code.
    pub code: String,
    /// The order.
    pub lines: Vec<Line>,
    /// Whose it must be; anybody's when `None`.
    pub of: Option<MemberId>,
}

impl Operation for RedeemCoupon {
    fn name(&self) -> &'static str {
        "redeem_coupon"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        // The instant at which something falls due moves on with a coupon that is gone.
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards {
            // Several coupons may be for one order.
            reference: ReferenceUse::Several,
            activity: Activity::Leaves,
            ..Guards::SPENDING
        }
    }

    fn allows(&self, _: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        let is_theirs = self.of.as_ref().is_none_or(|of| *of == member.id);
        if is_theirs { Ok(()) } else { Err(Refusal::CouponNotFound) }
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| redeem(journal, case, &self.code, &self.lines))
    }
}

/// Take a coupon away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelCoupon {
    /// Its code.
    pub code: String,
}

impl Operation for CancelCoupon {
    fn name(&self) -> &'static str {
        "cancel_coupon"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| cancel_coupon(journal, &self.code, case.origin.clone()))
    }
}

/// Undo the use of a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreCoupon {
    /// The entry that used it.
    pub used: Box<Entry>,
}

impl Operation for RestoreCoupon {
    fn name(&self) -> &'static str {
        "restore_coupon"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let undoes = ReversalTargets { entries: vec![self.used.id], lots: Vec::new() };
        Needs { undoes: Some(undoes), ..Needs::lots(Lots::All) }
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            if case.recorded.reversals.iter().any(|(id, _)| *id == self.used.id) {
                return Err(Refusal::NothingToReverse.into());
            }
            restore_coupon(journal, &self.used, case.origin.clone())
        })
    }
}

/// Uses a coupon for an order, which is known by its reference: all that coupons take off it is at
/// most what it comes to.
fn redeem(
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
