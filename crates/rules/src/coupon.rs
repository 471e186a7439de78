//! What a kind of coupon promises.

use ledger::{CouponTerms, Timestamp};

use crate::document::CouponRule;
use crate::rulebook::Rulebook;

/// A coupon to be issued: kind, terms, end.
pub(crate) type Issue = (String, CouponTerms, Option<Timestamp>);

impl Rulebook {
    /// A coupon of that kind, issued now; `None` when the rulebook does not know the kind.
    pub(crate) fn coupon(&self, name: &str, now: Timestamp) -> Option<Issue> {
        let rule = self.document.coupons.get(name)?;
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
