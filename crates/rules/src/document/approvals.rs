//! The part of the document that tells which roles have to approve of adjustments by hand.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// The roles that have to approve of adjustments by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// By the size of the adjustment, ascending; the last has no limit.
    #[serde(default = "one_each")]
    pub steps: Vec<ApprovalStep>,
    /// After how many times 24 hours a request that nobody decided lapses.
    #[serde(default = "two_weeks")]
    pub days: u32,
    /// The reasons that may be given; any when empty.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// How much the steps are good for in a day and a month.
    #[serde(default)]
    pub totals: ApprovalTotals,
}

/// Which multiple of its `up_to` a step is good for in all, by the local day and month: of one
/// member, of what one person asks for, and of what one person approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApprovalTotals {
    /// Approved for one member.
    #[serde(default = "of_one_member")]
    pub member: Multiples,
    /// Asked for by one person.
    #[serde(default = "of_one_person")]
    pub requester: Multiples,
    /// Approved by one person.
    #[serde(default = "of_one_person")]
    pub approver: Multiples,
}

/// Multiples for a day and a month; not counted where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Multiples {
    /// For a local day.
    #[serde(default)]
    pub day: Option<i64>,
    /// For a local month.
    #[serde(default)]
    pub month: Option<i64>,
}

impl Default for ApprovalTotals {
    fn default() -> Self {
        Self { member: of_one_member(), requester: of_one_person(), approver: of_one_person() }
    }
}

fn of_one_member() -> Multiples {
    Multiples { day: Some(1), month: Some(2) }
}

fn of_one_person() -> Multiples {
    Multiples { day: Some(10), month: Some(100) }
}

/// The roles that have to approve of adjustments up to a size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApprovalStep {
    /// The most points, granted or taken; without it, any number.
    #[serde(default)]
    pub up_to: Option<i64>,
    /// The roles that have to approve, each a person of its own, in this order: `approver`,
    /// `department_head`, `vice_president`.
    pub roles: Vec<String>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            steps: one_each(),
            days: two_weeks(),
            reasons: Vec::new(),
            totals: ApprovalTotals::default(),
        }
    }
}

fn one_each() -> Vec<ApprovalStep> {
    let step = |up_to, role: &str| ApprovalStep { up_to, roles: vec![role.to_owned()] };
    vec![
        step(Some(500), "approver"),
        step(Some(5_000), "department_head"),
        step(None, "vice_president"),
    ]
}

fn two_weeks() -> u32 {
    14
}

/// The roles that approve of adjustments.
pub(super) const APPROVERS: [&str; 3] = ["approver", "department_head", "vice_president"];

impl Approvals {
    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if !(1..=365).contains(&self.days) {
            check.problem("/approvals/days", "must be 1 to 365");
        }
        if self.steps.is_empty() || self.steps.len() > 10 {
            check.problem("/approvals/steps", "must have 1 to 10 steps");
        }
        let mut below = Some(0);
        for (index, step) in self.steps.iter().enumerate() {
            let at = format!("/approvals/steps/{index}");
            let is_last = index + 1 == self.steps.len();
            match (step.up_to, below) {
                (None, _) if !is_last => {
                    check.problem(&format!("{at}/up_to"), "only the last step has no limit")
                }
                (Some(_), _) if is_last => {
                    check.problem(&format!("{at}/up_to"), "the last step must have no limit")
                }
                (Some(most), Some(below)) if most <= below => {
                    check.problem(
                        &format!("{at}/up_to"),
                        "must be more than that of the step before",
                    );
                }
                _ => {}
            }
            below = step.up_to;
            if step.roles.is_empty() || step.roles.len() > 5 {
                check.problem(&format!("{at}/roles"), "must be 1 to 5 roles");
            }
            for (place, role) in step.roles.iter().enumerate() {
                if !APPROVERS.contains(&role.as_str()) {
                    let at = format!("{at}/roles/{place}");
                    check.problem(&at, "must be approver, department_head or vice_president");
                }
            }
        }
        let ApprovalTotals { member, requester, approver } = self.totals;
        for (of, totals) in [("member", member), ("requester", requester), ("approver", approver)] {
            for (per, multiple) in [("day", totals.day), ("month", totals.month)] {
                if multiple.is_some_and(|multiple| !(0..=1_000_000).contains(&multiple)) {
                    check.problem(
                        &format!("/approvals/totals/{of}/{per}"),
                        "must be 0 to 1000000, or null",
                    );
                }
            }
        }
        for (index, reason) in self.reasons.iter().enumerate() {
            check.name(&format!("/approvals/reasons/{index}"), reason);
        }
    }
}
