//! The part of the document that tells what may be granted to members who did nothing for it.

use serde::{Deserialize, Serialize};

use super::check::{Check, escape};
use super::{Document, Limit, Per};

/// The most grants that a rulebook names.
const MAX_GRANTS: usize = 100;
/// The most budgets of one grant: one for each owner.
const MAX_BUDGETS: usize = 3;

/// Points, a coupon, or both, that a strategy or a person may give to a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrantRule {
    /// How many points.
    #[serde(default)]
    pub points: i64,
    /// Name of the expiry policy of the points. Required where there are points.
    #[serde(default)]
    pub expiry: Option<String>,
    /// The kind of coupon.
    #[serde(default)]
    pub coupon: Option<String>,
    /// How often a member may get it.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// How often it may be given to all members together, each by its owner once.
    #[serde(default)]
    pub budgets: Vec<GrantBudget>,
}

/// How often a grant may be given in a period, to whichever members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrantBudget {
    /// Whose budget it is.
    pub of: GrantBudgetOf,
    /// How often.
    pub times: i64,
    /// In which period.
    pub per: Per,
}

/// Whose a budget of a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GrantBudgetOf {
    /// All who grant share it.
    Programme,
    /// Each store has one of its own. A grant that names none is refused then.
    Store,
    /// Each person has one, and each line of keys that speaks for nobody.
    Person,
}

impl GrantRule {
    pub(crate) fn check_all(document: &Document, check: &mut Check<'_>) {
        if document.grants.len() > MAX_GRANTS {
            check.problem("/grants", "must be at most 100");
        }
        for (name, rule) in &document.grants {
            rule.check(name, document, check);
        }
    }

    fn check(&self, name: &str, document: &Document, check: &mut Check<'_>) {
        let at = format!("/grants/{}", escape(name));
        check.name(&at, name);
        check.points(&format!("{at}/points"), self.points);
        match &self.expiry {
            Some(policy) => drop(check.policy(&format!("{at}/expiry"), policy)),
            None if self.points > 0 => {
                check.problem(&format!("{at}/expiry"), "must be told where there are points");
            }
            None => {}
        }
        if let Some(coupon) = &self.coupon {
            check.coupon_name(&format!("{at}/coupon"), coupon, document);
        }
        if self.points == 0 && self.coupon.is_none() {
            check.problem(&at, "needs points or a coupon");
        }
        Limit::check(self.limit, &format!("{at}/limit"), check);
        if self.budgets.len() > MAX_BUDGETS {
            check.problem(&format!("{at}/budgets"), "must be at most 3");
        }
        // A caller that may grant may name any store, and persons come and go.
        let is_bounded = self.budgets.iter().any(|budget| budget.of == GrantBudgetOf::Programme);
        if !self.budgets.is_empty() && !is_bounded {
            check.problem(&format!("{at}/budgets"), "needs a budget of the programme beside them");
        }
        for (index, budget) in self.budgets.iter().enumerate() {
            let at = format!("{at}/budgets/{index}");
            if !(0..=1_000_000_000).contains(&budget.times) {
                check.problem(&format!("{at}/times"), "must be 0 to 1000000000");
            }
            if self.budgets.iter().take(index).any(|other| other.of == budget.of) {
                check.problem(&format!("{at}/of"), "has a budget already");
            }
        }
    }
}
