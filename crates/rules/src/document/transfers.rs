//! The parts of the document that tell what members may give away: to each other, and for points of
//! other programmes.

use std::collections::BTreeMap;

use ledger::ProgrammeId;
use serde::{Deserialize, Serialize};

use super::Limit;
use super::check::{Check, MAX_POINTS, escape};
use crate::rulebook::Acceptance;

/// Bounds of what a member gives away at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// The least points.
    #[serde(default = "one")]
    pub min_points: i64,
    /// The most points.
    #[serde(default)]
    pub max_points: Option<i64>,
    /// The most points that a member gives in a local day.
    #[serde(default)]
    pub points_per_day: Option<i64>,
    /// How often a member may give.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// The exchange of points with other programmes of the group. Both programmes have to agree to it,
/// each in its own rulebook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exchanges {
    /// How many points members may give up for those of another programme, by its id.
    #[serde(default)]
    pub offers: BTreeMap<String, Transfers>,
    /// What members get for points of another programme, by its id.
    #[serde(default)]
    pub accepts: BTreeMap<String, Accepted>,
}

/// What points of another programme are worth here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Points for one of theirs: a plain decimal above 0, with at most 6 decimals.
    pub rate: String,
    /// The name of the policy they live by from then on; without one they keep their dates.
    #[serde(default)]
    pub expiry: Option<String>,
}

fn one() -> i64 {
    1
}

/// The most programmes that a rulebook names for one direction of exchanges.
const MAX_PARTNERS: usize = 100;

impl Transfers {
    pub(crate) fn check(self, at: &str, check: &mut Check<'_>) {
        for (name, value) in [
            ("min_points", Some(self.min_points)),
            ("max_points", self.max_points),
            ("points_per_day", self.points_per_day),
        ] {
            if value.is_some_and(|value| !(1..=MAX_POINTS).contains(&value)) {
                check.problem(&format!("{at}/{name}"), "must be 1 to 1000000000");
            }
        }
        if self.max_points.is_some_and(|most| most < self.min_points) {
            check.problem(&format!("{at}/max_points"), "must not be less than min_points");
        }
        if check.is_new && self.points_per_day.is_some_and(|most| most < self.min_points) {
            check.problem(&format!("{at}/points_per_day"), "must not be less than min_points");
        }
        Limit::check(self.limit, &format!("{at}/limit"), check);
    }
}

impl Exchanges {
    pub(crate) fn check(&self, check: &mut Check<'_>) -> BTreeMap<String, Acceptance> {
        for (name, size) in [("offers", self.offers.len()), ("accepts", self.accepts.len())] {
            if size > MAX_PARTNERS {
                check.problem(&format!("/exchanges/{name}"), "must be at most 100 programmes");
            }
        }
        for (programme, rule) in &self.offers {
            let at = format!("/exchanges/offers/{}", escape(programme));
            check_programme(&at, programme, check);
            rule.check(&at, check);
        }
        let mut accepts = BTreeMap::new();
        for (programme, rule) in &self.accepts {
            let at = format!("/exchanges/accepts/{}", escape(programme));
            check_programme(&at, programme, check);
            let rate = check.rate(&format!("{at}/rate"), &rule.rate);
            if rate.millionths() == 0 {
                check.problem(&format!("{at}/rate"), "must be above 0");
            }
            let expiry =
                rule.expiry.as_ref().map(|name| check.policy(&format!("{at}/expiry"), name));
            accepts.insert(programme.clone(), Acceptance { rate, expiry });
        }
        accepts
    }
}

fn check_programme(at: &str, id: &str, check: &mut Check<'_>) {
    if ProgrammeId::new(id).is_err() {
        check.problem(at, "is not the id of a programme");
    }
}
