//! Who has to approve of adjustments: steps that leave no size out.

use super::Check;
use crate::document::{ApprovalTotals, Approvals};

/// The roles that approve of adjustments.
pub(super) const APPROVERS: [&str; 3] = ["approver", "department_head", "vice_president"];

impl Check<'_> {
    pub(super) fn approvals(&mut self, approvals: &Approvals) {
        if !(1..=365).contains(&approvals.days) {
            self.problem("/approvals/days", "must be 1 to 365");
        }
        if approvals.steps.is_empty() || approvals.steps.len() > 10 {
            self.problem("/approvals/steps", "must have 1 to 10 steps");
        }
        let mut below = Some(0);
        for (index, step) in approvals.steps.iter().enumerate() {
            let at = format!("/approvals/steps/{index}");
            let is_last = index + 1 == approvals.steps.len();
            match (step.up_to, below) {
                (None, _) if !is_last => {
                    self.problem(&format!("{at}/up_to"), "only the last step has no limit")
                }
                (Some(_), _) if is_last => {
                    self.problem(&format!("{at}/up_to"), "the last step must have no limit")
                }
                (Some(most), Some(below)) if most <= below => {
                    self.problem(
                        &format!("{at}/up_to"),
                        "must be more than that of the step before",
                    );
                }
                _ => {}
            }
            below = step.up_to;
            if step.roles.is_empty() || step.roles.len() > 5 {
                self.problem(&format!("{at}/roles"), "must be 1 to 5 roles");
            }
            for (place, role) in step.roles.iter().enumerate() {
                if !APPROVERS.contains(&role.as_str()) {
                    let at = format!("{at}/roles/{place}");
                    self.problem(&at, "must be approver, department_head or vice_president");
                }
            }
        }
        let ApprovalTotals { member, requester, approver } = approvals.totals;
        for (of, totals) in [("member", member), ("requester", requester), ("approver", approver)] {
            for (per, multiple) in [("day", totals.day), ("month", totals.month)] {
                if multiple.is_some_and(|multiple| !(0..=1_000_000).contains(&multiple)) {
                    self.problem(
                        &format!("/approvals/totals/{of}/{per}"),
                        "must be 0 to 1000000, or null",
                    );
                }
            }
        }
        for (index, reason) in approvals.reasons.iter().enumerate() {
            self.name(&format!("/approvals/reasons/{index}"), reason);
        }
    }
}
