//! What strategies may use up, and what is left of it.

use std::collections::BTreeMap;

use chrono::Datelike;
use ledger::{Timestamp, from_day_number};
use rules::Per;

use crate::playbook::{Budget, Strategy};
use crate::today::Today;

const HOUR_MS: i64 = 3_600_000;

/// What is left of the budgets in the present period, by strategy. A strategy that is not here has
/// used nothing of its own yet. Decisions take from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Left(BTreeMap<String, Amounts>);

/// What a touch uses up, or what is left; `None` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Amounts {
    pub(crate) messages: Option<i64>,
    pub(crate) cost_minor: Option<i64>,
    pub(crate) points: Option<i64>,
}

/// What a touch uses up of its strategy's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uses {
    /// Messages: one for each channel, or one where the first that is possible takes it.
    pub messages: i64,
    /// What they cost at most, in minor units.
    pub cost_minor: i64,
    /// Points that are granted.
    pub points: i64,
}

impl Uses {
    /// Adds what another touch uses up.
    pub fn add(&mut self, other: Self) {
        self.messages = self.messages.saturating_add(other.messages);
        self.cost_minor = self.cost_minor.saturating_add(other.cost_minor);
        self.points = self.points.saturating_add(other.points);
    }
}

impl Left {
    fn of(&self, strategy: &Strategy) -> Amounts {
        let whole = strategy.budget.map_or(Amounts::default(), |budget| Amounts {
            messages: budget.messages,
            cost_minor: budget.cost_minor,
            points: budget.points,
        });
        self.0.get(&strategy.id).copied().unwrap_or(whole)
    }

    pub(crate) fn has_room(&self, strategy: &Strategy, uses: Uses) -> bool {
        let left = self.of(strategy);
        let fits = |left: Option<i64>, use_: i64| left.is_none_or(|left| left >= use_);
        fits(left.messages, uses.messages)
            && fits(left.cost_minor, uses.cost_minor)
            && fits(left.points, uses.points)
    }

    /// A strategy has used so much of its budget in the present period.
    pub fn take(&mut self, strategy: &Strategy, uses: Uses) {
        if strategy.budget.is_none() {
            return;
        }
        let left = self.of(strategy);
        let less = |left: Option<i64>, use_: i64| left.map(|left| left.saturating_sub(use_));
        let left = Amounts {
            messages: less(left.messages, uses.messages),
            cost_minor: less(left.cost_minor, uses.cost_minor),
            points: less(left.points, uses.points),
        };
        self.0.insert(strategy.id.clone(), left);
    }
}

/// The name of the period that an instant lies in, for a budget: what is used up is counted by it.
/// Hours are those of the clock (UTC), all else is of the local calendar.
#[must_use]
pub fn budget_period(budget: &Budget, now: Timestamp, today: Today) -> String {
    let date = from_day_number(today.day);
    match budget.per {
        Per::Hour => format!("hour:{}", now.0.div_euclid(HOUR_MS)),
        Per::Day => format!("day:{}", today.day),
        Per::Month => format!("month:{}-{:02}", date.year(), date.month()),
        Per::Year => format!("year:{}", date.year()),
        Per::Lifetime => "lifetime".to_owned(),
    }
}
