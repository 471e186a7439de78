//! The part of the document that tells what is suspicious.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{Document, Limit, Per};

/// What is suspicious.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// The points of a purchase above this amount, in minor units, wait until somebody has looked
    /// at it.
    #[serde(default)]
    pub review_above_minor: Option<i64>,
    /// The points of an event worth more than this wait until somebody has looked at it.
    #[serde(default)]
    pub review_above_points: Option<i64>,
    /// How fast a member may do things.
    #[serde(default)]
    pub velocity: Vec<Velocity>,
    /// What members must show a second proof for when they spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
}

/// For which spendings members must bring a proof that they ask for it. Points or devices are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// More points than this at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_points: Option<i64>,
    /// A device that the member has not used before.
    #[serde(default)]
    pub new_device: bool,
    /// Codes that all members of the programme get within an hour; 1,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes_per_hour: Option<i64>,
}

impl StepUp {
    /// Codes within an hour where the rulebook names no other number.
    pub const CODES_PER_HOUR: i64 = 1_000;
    const MAX_CODES_PER_HOUR: i64 = 100_000;
}

/// How often a member may do something before it is suspicious.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Velocity {
    /// `purchase` or an action.
    pub event: String,
    /// Times that are not suspicious.
    pub times: i64,
    /// In which period.
    pub per: Per,
    /// What becomes of one more.
    #[serde(default)]
    pub then: Suspicion,
}

/// What becomes of a suspicious event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// Its points wait until somebody has looked at it.
    #[default]
    Review,
    /// It earns nothing.
    Refuse,
}

impl Risk {
    /// What is suspicious must be something that the rulebook knows.
    pub(crate) fn check(&self, check: &mut Check<'_>, document: &Document) {
        for (name, most) in [
            ("review_above_minor", self.review_above_minor),
            ("review_above_points", self.review_above_points),
        ] {
            if most.is_some_and(|most| most < 0) {
                check.problem(&format!("/risk/{name}"), "must not be negative");
            }
        }
        if let Some(step_up) = self.step_up {
            if step_up.above_points.is_some_and(|most| most < 0) {
                check.problem("/risk/step_up/above_points", "must not be negative");
            }
            let most = StepUp::MAX_CODES_PER_HOUR;
            if step_up.codes_per_hour.is_some_and(|codes| !(1..=most).contains(&codes)) {
                check.problem("/risk/step_up/codes_per_hour", "must be 1 to 100000");
            }
            if step_up.above_points.is_none() && !step_up.new_device {
                check.problem("/risk/step_up", "must have above_points, or new_device as true");
            }
        }
        if self.velocity.len() > 20 {
            check.problem("/risk/velocity", "must be at most 20");
        }
        for (index, velocity) in self.velocity.iter().enumerate() {
            let at = format!("/risk/velocity/{index}");
            Limit::check(Some(Limit { times: velocity.times, per: velocity.per }), &at, check);
            if velocity.event != "purchase" && !document.actions.contains_key(&velocity.event) {
                check.problem(&format!("{at}/event"), "must be purchase or the name of an action");
            }
            let same =
                |other: &&Velocity| other.event == velocity.event && other.per == velocity.per;
            if self.velocity.iter().take(index).any(|other| same(&other)) {
                check.problem(&at, "is the second for this event and period");
            }
        }
    }
}
