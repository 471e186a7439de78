//! Which changes are major: places that a document can have, and a role that approves.

use super::Check;
use super::approvals::APPROVERS;
use crate::document::Publication;

/// The parts of a document.
const PARTS: [&str; 25] = [
    "format",
    "currency",
    "time_zone",
    "rounding",
    "enrolment",
    "members",
    "consumption",
    "accept_late_days",
    "purchase",
    "actions",
    "rules",
    "groups",
    "caps",
    "expiry",
    "tiers",
    "reminders",
    "returns",
    "approvals",
    "publication",
    "risk",
    "coupons",
    "redemption",
    "transfers",
    "exchanges",
    "retention",
];
/// What is kept beside the rulebook and may need an approval, too.
const CATALOGUE: &str = "/rewards";
const MAX_PLACES: usize = 50;
const MAX_LENGTH: usize = 200;

impl Check<'_> {
    pub(super) fn publication(&mut self, publication: &Publication) {
        if publication.major.len() > MAX_PLACES {
            self.problem("/publication/major", "must be 50 places at most");
        }
        for (index, place) in publication.major.iter().enumerate() {
            let part = place.strip_prefix('/').and_then(|path| path.split('/').next());
            // A place that no document has would never change.
            if place.len() > MAX_LENGTH
                || !part.is_some_and(|part| PARTS.contains(&part) || place == CATALOGUE)
            {
                let detail = "must be a JSON pointer to a part of the rulebook, such as /tiers or /purchase/points_per_unit";
                self.problem(&format!("/publication/major/{index}"), detail);
            }
        }
        if !APPROVERS.contains(&publication.role.as_str()) {
            self.problem(
                "/publication/role",
                "must be approver, department_head or vice_president",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PARTS;

    #[test]
    fn every_part_is_known() {
        let mut document = crate::default_document();
        // What is as it is by default is not written.
        document.retention.traces_days = 1;
        let document = serde_json::to_value(document).unwrap();
        let mut parts: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = PARTS.to_vec();
        parts.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, parts);
    }
}
