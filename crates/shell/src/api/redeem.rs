//! Spending points.

use std::collections::HashSet;
use std::rc::Rc;

use ledger::MemberId;
use rules::Operation;
use rules::operations::{Hold, PayLines, PayWithPoints, Redeem, RedeemReward};
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::{MAX_LINES, MoneyBody, command_body, fingerprint, money, one};
use super::roles::STOREFRONT;
use crate::check::{Check, MAX_AMOUNT};
use crate::json::{optional_object, optional_objects};
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/redeem",
    "Spend points or set them aside, all or nothing",
    STOREFRONT,
    "RedeemBody",
)];

/// Thirty days.
const MAX_MINUTES: u32 = 43_200;

command_body! {
    /// A wish to spend points.
    pub struct RedeemBody {
        /// The member.
        pub member_id: String,
        /// How many points, at least 1. Either this, or `lines`, or `reward_id`, or `order`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub points: Option<i64>,
        /// The order lines that the points pay, each with its points. When one comes back, these
        /// points do.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "optional_objects"
        )]
        pub lines: Option<Vec<PaidLineBody>>,
        /// Something from the catalogue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reward_id: Option<String>,
        /// How many of it; 1 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quantity: Option<i64>,
        /// What an order comes to that is paid with points, as many as the rulebook takes.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "optional_object"
        )]
        pub order: Option<MoneyBody>,
        /// The most points that the member wants to spend on the order; as many as possible when
        /// absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub max_points: Option<i64>,
        /// Sets the points aside instead of spending them, to be captured or released later.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "optional_object"
        )]
        pub hold: Option<HoldBody>,
    }
}

/// An order line that is paid with points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaidLineBody {
    /// The merchant's name of the line within the order.
    pub line_id: String,
    /// Units; 1 when absent.
    #[serde(default = "one")]
    pub quantity: i64,
    /// Points for all of them, at least 1.
    pub points: i64,
}

/// How long points are set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldBody {
    /// Minutes until the hold times out, at most 43,200 (thirty days).
    pub minutes: u32,
}

impl RedeemBody {
    /// Checks the values and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        if self.hold.as_ref().is_some_and(|hold| !(1..=MAX_MINUTES).contains(&hold.minutes)) {
            check.wrong("/hold/minutes", "must be 1 to 43200");
        }
        let (origin, source) = self.origin(&mut check, "redeem", actor);
        let operation = self.operation(&mut check);
        let submission = member.zip(operation).map(|(member, operation)| {
            Submission::of(member, operation, origin)
                .under_key("redeem", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }

    fn operation(&self, check: &mut Check) -> Option<Rc<dyn Operation>> {
        let minutes = self.hold.as_ref().map(|hold| hold.minutes);
        if self.quantity.is_some() && self.reward_id.is_none() {
            check.wrong("/quantity", "goes with reward_id");
        }
        if self.max_points.is_some() && self.order.is_none() {
            check.wrong("/max_points", "goes with order");
        }
        if let (Some(lines), None, None) = (&self.lines, &self.reward_id, &self.order) {
            let lines = paid_lines(lines, self.points, check);
            return Some(Rc::new(PayLines { lines, minutes }));
        }
        if self.lines.is_some() {
            check.wrong("/lines", "goes with points");
        }
        match (self.points, &self.reward_id, &self.order) {
            (Some(points), None, None) => {
                check.points(points);
                Some(match minutes {
                    None => Rc::new(Redeem { points }),
                    Some(minutes) => Rc::new(Hold { points, minutes }),
                })
            }
            (None, Some(reward), None) => {
                if minutes.is_some() {
                    check.wrong("/hold", "a reward is taken at once");
                }
                check.text("/reward_id", Some(reward), 64);
                let quantity = self.quantity.unwrap_or(1);
                if !(1..=1_000_000).contains(&quantity) {
                    check.wrong("/quantity", "must be 1 to 1000000");
                }
                Some(Rc::new(RedeemReward { reward: reward.clone(), quantity }))
            }
            (None, None, Some(order)) => {
                if self.max_points.is_some_and(|most| !(1..=MAX_AMOUNT).contains(&most)) {
                    check.wrong("/max_points", "must be 1 to 1000000000000000");
                }
                let order = money("/order", order, check)?;
                Some(Rc::new(PayWithPoints { order, most: self.max_points, minutes }))
            }
            _ => {
                check.wrong(
                    "/points",
                    "exactly one of points (or lines), reward_id and order must be given",
                );
                None
            }
        }
    }
}

/// Lines that are paid with points: line, units, points.
fn paid_lines(
    bodies: &[PaidLineBody],
    points: Option<i64>,
    check: &mut Check,
) -> Vec<(String, i64, i64)> {
    if bodies.is_empty() || bodies.len() > MAX_LINES {
        check.wrong("/lines", "must be 1 to 500 lines");
    }
    let (mut names, mut lines, mut sum) = (HashSet::new(), Vec::new(), 0i64);
    for (index, line) in bodies.iter().take(MAX_LINES).enumerate() {
        let at = format!("/lines/{index}");
        check.text(&format!("{at}/line_id"), Some(&line.line_id), 64);
        if !(1..=1_000_000).contains(&line.quantity) {
            check.wrong(format!("{at}/quantity"), "must be 1 to 1000000");
        }
        if !(1..=MAX_AMOUNT).contains(&line.points) {
            check.wrong(format!("{at}/points"), "must be 1 to 1000000000000000");
        }
        if !names.insert(line.line_id.as_str()) {
            check.wrong(format!("{at}/line_id"), "is named before");
        }
        sum = sum.saturating_add(line.points);
        lines.push((line.line_id.clone(), line.quantity, line.points));
    }
    if points.is_some_and(|points| points != sum) {
        check.wrong("/points", "must be the sum of what the lines cost, or absent");
    }
    lines
}
