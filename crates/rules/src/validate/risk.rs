//! What looks odd must be something that the rulebook knows.

use super::Check;
use crate::document::{Document, Limit, Risk, Velocity};

impl Check<'_> {
    pub(super) fn risk(&mut self, risk: &Risk, document: &Document) {
        for (name, most) in [
            ("review_above_minor", risk.review_above_minor),
            ("review_above_points", risk.review_above_points),
        ] {
            if most.is_some_and(|most| most < 0) {
                self.problem(&format!("/risk/{name}"), "must not be negative");
            }
        }
        if risk.velocity.len() > 20 {
            self.problem("/risk/velocity", "must be at most 20");
        }
        for (index, velocity) in risk.velocity.iter().enumerate() {
            let at = format!("/risk/velocity/{index}");
            self.limit(&at, Some(Limit { times: velocity.times, per: velocity.per }));
            if velocity.event != "purchase" && !document.actions.contains_key(&velocity.event) {
                self.problem(&format!("{at}/event"), "must be purchase or the name of an action");
            }
            let same =
                |other: &&Velocity| other.event == velocity.event && other.per == velocity.per;
            if risk.velocity.iter().take(index).any(|other| same(&other)) {
                self.problem(&at, "is the second for this event and period");
            }
        }
    }
}
