//! Counts what the histories met, so that a model test that no longer meets something fails instead
//! of passing idly.

use std::collections::BTreeMap;

use ledger::{Entry, Kind};

#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub fn refused(&mut self, slug: &str) {
        self.add(format!("refused {slug}"));
    }

    pub fn posted(&mut self, entry: &Entry, after_reversal: bool) {
        let kind = entry.kind().as_str();
        self.add(kind.to_owned());
        let reverses = entry.kind() == Kind::Reverse;
        let counts =
            |of: &str| entry.effects.tallies.iter().any(|tally| tally.subject.starts_with(of));
        let issues = !entry.effects.coupons.is_empty();
        let frees =
            |of: &str| entry.effects.counts.iter().any(|count| count.counter.starts_with(of));
        for (what, is_so) in [
            ("reward", entry.reward().is_some()),
            ("reward given back", reverses && counts("reward:")),
            ("donation given back", reverses && counts("donations")),
            ("grant of a coupon", entry.kind() == Kind::Grant && issues),
            ("grant taken back", reverses && frees("grant:")),
            ("deduction", entry.payment().is_some() && entry.kind() == Kind::Redeem),
            ("order held", entry.payment().is_some() && entry.kind() == Kind::Hold),
            ("several coupons", entry.effects.coupons.len() > 1 && !reverses),
            (
                "coupons taken back",
                reverses && !entry.effects.coupons.is_empty() && entry.points != 0,
            ),
            (
                "coupon restored",
                reverses
                    && entry.reversal().is_some_and(|r| r.desired == 0)
                    && !entry.effects.coupons.is_empty(),
            ),
        ] {
            if is_so {
                self.add(what.to_owned());
            }
        }
        match entry.kind() {
            Kind::Redeem if entry.lots.draws.len() > 1 => {
                self.add("redeem from several lots".to_owned())
            }
            Kind::Capture if entry.lots.draws.len() > 1 => {
                self.add("capture from several lots".to_owned())
            }
            Kind::Reverse => self.reversed(entry),
            Kind::Adjust if entry.points < 0 => self.add("adjust down".to_owned()),
            Kind::Approve if entry.adjustment().is_some_and(|a| a.approvals.len() == 2) => {
                self.add("second approval".to_owned());
            }
            Kind::Activate if !entry.lots.dates.is_empty() => {
                self.add("activated early".to_owned())
            }
            Kind::Expire if entry.lots.draws.len() > 1 => {
                self.add("expire several lots".to_owned())
            }
            Kind::TierChange
                if entry.cause.is_some() && entry.lots.grants.is_empty() && after_reversal =>
            {
                self.add("tier lowered at once".to_owned());
            }
            Kind::TierChange if !entry.lots.grants.is_empty() => self.add("gift".to_owned()),
            Kind::TierChange if entry.tier().is_some_and(|t| t.from.as_ref() == Some(&t.to)) => {
                self.add("tier renewed".to_owned());
            }
            Kind::Approve if entry.adjustment().is_none() => self.add("review approved".to_owned()),
            Kind::Earn if entry.review().is_some() => self.add("review".to_owned()),
            Kind::Earn if entry.occurred_at < entry.recorded_at => {
                self.add("late event".to_owned())
            }
            Kind::Earn if entry.occurred_at > entry.recorded_at => {
                self.add("early event".to_owned())
            }
            Kind::Remind if entry.reminder().is_some_and(|r| r.lots.len() > 1) => {
                self.add("reminder of several lots".to_owned());
            }
            _ => {}
        }
    }

    fn reversed(&mut self, entry: &Entry) {
        let Some(reversal) = entry.reversal() else { return };
        let desired = reversal.desired - reversal.expired;
        for (what, is_so) in [
            ("debt", entry.lots.debt > 0),
            ("claw-back from several lots", entry.lots.draws.len() > 1),
            (
                "claw-back in part",
                entry.lots.returns.is_empty() && entry.lots.debt == 0 && -entry.points < desired,
            ),
            ("claw-back of what expired", reversal.expired > 0 && entry.points < 0),
            ("return of some lines", !reversal.lines.is_empty()),
            ("money back without goods", reversal.lines.iter().any(|line| line.quantity == 0)),
            (
                "points of lines given back",
                reversal.lines.iter().any(|line| line.points > 0) && entry.points > 0,
            ),
            ("points back to several lots", entry.lots.returns.len() > 1),
            ("grace lot", !entry.lots.grants.is_empty()),
            ("qualification taken back", entry.effects.qualifying.is_some()),
            ("cap freed", !entry.effects.counts.is_empty()),
        ] {
            if is_so {
                self.add(what.to_owned());
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (what, times) in other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// What should have been met and was not.
    pub fn never_met(&self) -> Vec<&'static str> {
        const EXPECTED: [&str; 102] = [
            "activate",
            "activated early",
            "adjust",
            "adjust down",
            "approve",
            "cap freed",
            "capture",
            "capture from several lots",
            "claw-back from several lots",
            "claw-back in part",
            "claw-back of what expired",
            "coupon restored",
            "coupon_cancel",
            "coupon_expire",
            "coupon_redeem",
            "coupons taken back",
            "debt",
            "deduction",
            "donate",
            "donation given back",
            "early event",
            "earn",
            "erase",
            "expire",
            "expire several lots",
            "freeze",
            "gift",
            "grace lot",
            "grant",
            "grant of a coupon",
            "grant taken back",
            "hold",
            "lapse",
            "late event",
            "money back without goods",
            "order held",
            "points back to several lots",
            "points of lines given back",
            "profile",
            "qualification taken back",
            "redeem",
            "redeem from several lots",
            "refused already-approved",
            "refused amount-out-of-range",
            "refused below-minimum",
            "refused coupon-conditions",
            "refused coupon-resolved",
            "refused currency-mismatch",
            "refused device-limit-reached",
            "refused hold-resolved",
            "refused insufficient-points",
            "refused limit-reached",
            "refused member-erased",
            "refused member-frozen",
            "refused member-not-found",
            "refused more-than-left",
            "refused not-offered",
            "refused not-yours",
            "refused nothing-pending",
            "refused nothing-to-change",
            "refused nothing-to-reverse",
            "refused occurred-in-future",
            "refused occurred-too-long-ago",
            "refused out-of-stock",
            "refused outside-limits",
            "refused own-request",
            "refused points-needed",
            "refused reference-already-used",
            "refused reference-not-found",
            "refused reference-required",
            "refused request-resolved",
            "refused reward-not-found",
            "refused reward-unavailable",
            "refused stale",
            "refused tier-required",
            "refused under-review",
            "refused unknown-event",
            "refused unknown-line",
            "refused unknown-policy",
            "refused unknown-reason",
            "refused verification-needed",
            "refused whole-only",
            "refused wrong-approver",
            "reject",
            "release",
            "remind",
            "reminder of several lots",
            "repay",
            "request",
            "restore",
            "return of some lines",
            "reverse",
            "review",
            "review approved",
            "reward",
            "reward given back",
            "second approval",
            "several coupons",
            "tier lowered at once",
            "tier renewed",
            "tier_change",
            "withdraw",
        ];
        EXPECTED.into_iter().filter(|what| !self.0.contains_key(*what)).collect()
    }

    fn add(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }
}
