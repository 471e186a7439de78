//! Counts what the histories met, so that a model test that no longer meets something fails instead of passing idly.

use std::collections::BTreeMap;

use ledger::{Entry, Kind};

#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub fn refused(&mut self, slug: &str) {
        self.add(format!("refused {slug}"));
    }

    pub fn posted(&mut self, entry: &Entry) {
        let kind = entry.kind.as_str();
        self.add(kind.to_owned());
        match entry.kind {
            Kind::Redeem if entry.draws.len() > 1 => self.add("redeem from several lots".to_owned()),
            Kind::Activate if !entry.dates.is_empty() => self.add("activated early".to_owned()),
            Kind::Expire if entry.draws.len() > 1 => self.add("expire several lots".to_owned()),
            Kind::TierChange if !entry.grants.is_empty() => self.add("gift".to_owned()),
            Kind::TierChange if entry.tier.as_ref().is_some_and(|t| t.from.as_ref() == Some(&t.to)) => {
                self.add("tier renewed".to_owned());
            }
            Kind::Earn if entry.occurred_at < entry.recorded_at => self.add("late event".to_owned()),
            Kind::Earn if entry.occurred_at > entry.recorded_at => self.add("early event".to_owned()),
            Kind::Remind if entry.reminder.as_ref().is_some_and(|r| r.lots.len() > 1) => {
                self.add("reminder of several lots".to_owned());
            }
            _ => {}
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (what, times) in other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// What should have been met and was not.
    pub fn never_met(&self) -> Vec<&'static str> {
        const EXPECTED: [&str; 28] = [
            "activate",
            "activated early",
            "earn",
            "early event",
            "expire",
            "expire several lots",
            "gift",
            "late event",
            "profile",
            "redeem",
            "redeem from several lots",
            "refused amount-out-of-range",
            "refused currency-mismatch",
            "refused insufficient-points",
            "refused limit-reached",
            "refused member-not-found",
            "refused nothing-pending",
            "refused occurred-in-future",
            "refused occurred-too-long-ago",
            "refused reference-already-used",
            "refused reference-not-found",
            "refused reference-required",
            "refused stale",
            "refused unknown-event",
            "remind",
            "reminder of several lots",
            "tier renewed",
            "tier_change",
        ];
        EXPECTED.into_iter().filter(|what| !self.0.contains_key(*what)).collect()
    }

    fn add(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }
}
