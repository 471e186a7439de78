//! Budgets: how much of what all members together may get is gone.

use ledger::{Counted, Timestamp, local_date};

use crate::document::{CapOf, GrantBudget, GrantBudgetOf, Per, RuleCap};
use crate::limits::{
    BUDGET, budget_counter, cap_counter, subject_of, subject_of_grant, times_counter,
};
use crate::rulebook::Rulebook;

/// Whose a budget is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetOwner {
    /// All of the programme: points.
    Programme,
    /// A rule: points.
    Rule(String),
    /// A grant: how often.
    Grant(String),
}

/// A budget in its current period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetState {
    /// Whose it is.
    pub of: BudgetOwner,
    /// The period it is for: `hour`, `day`, `month`, `year` or `lifetime`.
    pub per: &'static str,
    /// The most: points, or how often, for a grant.
    pub most: i64,
    /// How much of that was granted in the current period.
    pub granted: i64,
    /// From which share of it on it counts as nearly spent, in percent.
    pub red_line_percent: i64,
}

impl BudgetState {
    /// Whether as much is granted as counts as nearly spent.
    #[must_use]
    pub fn is_red(&self) -> bool {
        i128::from(self.granted) * 100 >= i128::from(self.most) * i128::from(self.red_line_percent)
    }
}

/// The share from which on the budget of a rule, which names none, counts as nearly spent.
const RED_LINE_PERCENT: i64 = 90;

impl Rulebook {
    /// Where each budget stands at that instant, given what its counters
    /// ([`Rulebook::reported_budgets`]) stand at.
    #[must_use]
    pub fn budget_states(&self, counted: &[Counted], now: Timestamp) -> Vec<BudgetState> {
        let date = local_date(now, self.zone);
        let granted = |subject: &str, name: &str, per: Per| {
            let period = per.period(now, date);
            let same = |c: &&Counted| c.subject == subject && c.name == name && c.period == period;
            counted.iter().find(same).map_or(0, |counted| counted.amount)
        };
        let of_programme = self.document.caps.budget.iter().map(|budget| BudgetState {
            of: BudgetOwner::Programme,
            per: budget.per.as_str(),
            most: budget.points,
            granted: granted(BUDGET, &budget_counter(budget.per), budget.per),
            red_line_percent: budget.red_line_percent,
        });
        let is_budget = |cap: &&RuleCap| cap.of == CapOf::Programme;
        let caps = self
            .rules
            .iter()
            .flat_map(|rule| rule.caps.iter().filter(is_budget).map(move |cap| (rule, cap)));
        let of_rules = caps.map(|(rule, cap)| BudgetState {
            of: BudgetOwner::Rule(rule.id.clone()),
            per: cap.per.as_str(),
            most: cap.points,
            granted: granted(&subject_of(&rule.id), &cap_counter(&rule.id, cap.per), cap.per),
            red_line_percent: RED_LINE_PERCENT,
        });
        let is_shared = |budget: &&GrantBudget| budget.of == GrantBudgetOf::Programme;
        let grants = self.document.grants.iter().flat_map(|(name, rule)| {
            rule.budgets.iter().filter(is_shared).map(move |budget| (name, budget))
        });
        let of_grants = grants.map(|(name, budget)| BudgetState {
            of: BudgetOwner::Grant(name.clone()),
            per: budget.per.as_str(),
            most: budget.times,
            granted: granted(&subject_of_grant(name), &times_counter(budget.per), budget.per),
            red_line_percent: RED_LINE_PERCENT,
        });
        of_programme.chain(of_rules).chain(of_grants).collect()
    }

    /// The counters of the programme that its budgets are, those of grants included.
    #[must_use]
    pub fn reported_budgets(&self) -> Vec<String> {
        let grants = self.document.grants.keys().map(|name| subject_of_grant(name));
        self.budgets().into_iter().chain(grants).collect()
    }
}
