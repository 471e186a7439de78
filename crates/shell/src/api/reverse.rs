//! Undoing.

use std::collections::HashSet;
use std::rc::Rc;

use ledger::{EntryId, Kind, MemberId, Money, Refusal, UndoneAs};
use rules::Operation;
use rules::operations::{Refuse, ReturnScope, Reverse, ToReverse};
use serde::{Deserialize, Serialize};
use store::{Submission, source};

use super::common::{MAX_LINES, MoneyBody, fingerprint, money, one};
use super::roles::STAFF;
use crate::check::{Check, MAX_AMOUNT};
use crate::json::{optional_object, optional_objects};
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/reverse",
    "Undo an order, an action or a redemption, wholly or in part",
    STAFF,
    "ReverseBody",
)];

/// What a reversal names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whatever bears one of these sources.
    Sources(Vec<String>),
    /// An earn, a redemption or a capture.
    Entry(EntryId),
}

/// Goods that came back, an action that did not count after all, or a redemption that is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReverseBody {
    /// The member.
    pub member_id: String,
    /// The order or document to be undone. What it earned is taken back, and what was spent on it
    /// given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The store that the order is from, where stores number their orders by themselves. `store_id`
    /// is where it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_store_id: Option<String>,
    /// One side alone: `purchase` or an action for what it earned, `redeem` for what was spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The earn, redemption or capture to be undone, by its entry: that one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// The order lines that came back, at least one; all that is left of the order when absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_objects"
    )]
    pub lines: Option<Vec<ReturnedLineBody>>,
    /// How many points of a redemption are given back, at least 1; all that are left when absent.
    /// With `lines`: how many of the points spent on the order come back with them, 0 or more; as
    /// many as the lines were paid with when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// How many pieces of a reward come back, at least 1; all that are left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// Money of the order that is paid back while the goods stay, shared out to its lines by what
    /// is left of their prices.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub refund: Option<MoneyBody>,
    /// The merchant's document of the return. Reverses once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_reference: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Units of an order line that came back, or money of it that was paid back while the goods stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnedLineBody {
    /// The merchant's name of the line within the order.
    pub line_id: String,
    /// Units; 1 when absent.
    #[serde(default = "one")]
    pub quantity: i64,
    /// Money that is paid back without goods, instead of units.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub refund: Option<MoneyBody>,
}

impl ReverseBody {
    /// What is to be undone, and how much of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn target(&self) -> Result<(Target, ReturnScope), Problem> {
        let mut check = Check::default();
        check.text("/event", self.event.as_deref(), 40);
        check.text("/order_store_id", self.order_store_id.as_deref(), 64);
        let reference = check.reference(self.reference.as_deref());
        let target = match (&reference, &self.entry_id) {
            (Some(reference), None) => Some(Target::Sources(self.sources(reference.as_str()))),
            (None, Some(id)) if self.reference.is_none() => {
                let id = EntryId::parse(id);
                if id.is_none() {
                    check.wrong(
                        "/entry_id",
                        "must be the entry_id of an earn, a grant or a redemption",
                    );
                }
                id.map(Target::Entry)
            }
            (_, Some(_)) => {
                check.wrong("/entry_id", "either this or reference, not both");
                None
            }
            (None, None) if self.reference.is_some() => None,
            (None, None) => {
                check.wrong("/reference", "must name the order or document to be undone");
                None
            }
        };
        let is_spent = |event: &str| {
            Kind::parse(event).is_some_and(|kind| kind.row().undone_as == UndoneAs::Spent)
        };
        let is_redemption = self.entry_id.is_some() || self.event.as_deref().is_some_and(is_spent);
        if self.entry_id.is_some() && self.event.is_some() {
            check.wrong("/event", "goes with reference");
        }
        if self.entry_id.is_some() && self.order_store_id.is_some() {
            check.wrong("/order_store_id", "goes with reference");
        }
        if self.lines.is_some()
            && !matches!(self.event.as_deref(), None | Some("purchase" | "redeem"))
        {
            check.wrong("/lines", "only purchases and redemptions have lines");
        }
        let is_order = matches!(self.event.as_deref(), None | Some("purchase"));
        let part = self.part((is_order, is_redemption), &mut check);
        check.done(target.map(|target| (target, part)))
    }

    /// Whether what it says goes with the entry that it names by its id.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that does not.
    pub fn fits(&self, entry: &ledger::Entry) -> Result<(), Problem> {
        let mut check = Check::default();
        let is_earn = entry.kind().row().undone_as == UndoneAs::Earned;
        let is_refund =
            self.refund.is_some() || self.lines.iter().flatten().any(|line| line.refund.is_some());
        if is_refund && entry.event() != Some("purchase") {
            check.wrong("/refund", "goes with a purchase");
        }
        if is_earn && self.points.is_some() {
            check.wrong("/points", "goes with a redemption");
        }
        if is_earn && self.quantity.is_some() {
            check.wrong("/quantity", "goes with a redemption");
        }
        check.done(Some(()))
    }

    fn part(&self, (is_order, is_redemption): (bool, bool), check: &mut Check) -> ReturnScope {
        let is_refund = self.lines.iter().flatten().any(|line| line.refund.is_some());
        if (is_refund || self.refund.is_some()) && !is_order {
            check.wrong("/refund", "goes with the reference of a purchase");
        }
        match (&self.lines, self.points, self.quantity, &self.refund) {
            (None, None, None, None) => ReturnScope::Rest,
            (None, None, None, Some(refund)) => {
                ReturnScope::Money(refund_of("/refund", None, refund, check))
            }
            (None, None, Some(quantity), None) => {
                if !is_redemption {
                    check.wrong("/quantity", "goes with event redeem, or entry_id");
                }
                if !(1..=1_000_000).contains(&quantity) {
                    check.wrong("/quantity", "must be 1 to 1000000");
                }
                ReturnScope::Pieces(quantity)
            }
            (None, Some(points), None, None) => {
                if !is_redemption {
                    check.wrong("/points", "goes with lines, event redeem, or entry_id");
                }
                check.points(points);
                ReturnScope::Points(points)
            }
            (Some(lines), None, None, None) if is_refund => refunds_of(lines, check),
            (Some(lines), None, None, None) => ReturnScope::Lines(part_of(lines, check)),
            (Some(lines), Some(points), None, None) => {
                if is_refund || !(0..=MAX_AMOUNT).contains(&points) {
                    check.wrong(
                        "/points",
                        "must be 0 to 1000000000000000, and goes with units of lines",
                    );
                }
                ReturnScope::LinesFor(part_of(lines, check), points)
            }
            (_, _, Some(_), _) => {
                check.wrong("/quantity", "goes with no lines, points or refund");
                ReturnScope::Rest
            }
            (_, _, _, Some(_)) => {
                check.wrong("/refund", "goes with no lines or points");
                ReturnScope::Rest
            }
        }
    }

    fn sources(&self, reference: &str) -> Vec<String> {
        match self.event.as_deref() {
            None => vec![source("purchase", reference), source("redeem", reference)],
            Some(event) => vec![source(event, reference)],
        }
    }

    /// Checks the values and makes a submission of it; `wish` is what was found of what it names,
    /// or why that cannot be told.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        key: &str,
        actor: &str,
        wish: Result<Option<ToReverse>, Refusal>,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let reference = self.return_reference.as_deref();
        let reference =
            reference.and_then(|text| check.id("/return_reference", ledger::Reference::new(text)));
        let source = reference.as_ref().map(|reference| source("reverse", reference.as_str()));
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let operation: Rc<dyn Operation> = match wish {
            Ok(wish) => Rc::new(Reverse(wish.map(Box::new))),
            Err(refusal) => Rc::new(Refuse(refusal)),
        };
        let submission = member.map(|member| {
            Submission::of(member, operation, origin)
                .under_key("reverse", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}

fn part_of(bodies: &[ReturnedLineBody], check: &mut Check) -> Vec<(String, i64)> {
    let mut lines = Vec::new();
    for (at, line) in named_once(bodies, check) {
        if !(1..=1_000_000).contains(&line.quantity) {
            check.wrong(format!("{at}/quantity"), "must be 1 to 1000000");
        }
        lines.push((line.line_id.clone(), line.quantity));
    }
    lines
}

/// Money of lines whose goods stay.
fn refunds_of(bodies: &[ReturnedLineBody], check: &mut Check) -> ReturnScope {
    let mut refunds = Vec::new();
    for (at, line) in named_once(bodies, check) {
        match &line.refund {
            Some(refund) if line.quantity == 1 => {
                refunds.extend(refund_of(
                    &format!("{at}/refund"),
                    Some(&line.line_id),
                    refund,
                    check,
                ));
            }
            _ => check.wrong(at, "all lines have a refund and no quantity, or none has"),
        }
    }
    ReturnScope::Money(refunds)
}

fn refund_of(
    at: &str,
    line: Option<&String>,
    refund: &MoneyBody,
    check: &mut Check,
) -> Vec<(Option<String>, Money)> {
    if refund.amount_minor < 1 {
        check.wrong(format!("{at}/amount_minor"), "must be 1 to 1000000000000000");
        return Vec::new();
    }
    money(at, refund, check).map(|money| (line.cloned(), money)).into_iter().collect()
}

/// The lines, each with its place.
fn named_once<'a>(
    bodies: &'a [ReturnedLineBody],
    check: &mut Check,
) -> Vec<(String, &'a ReturnedLineBody)> {
    // Nothing came back is not the same as everything.
    if bodies.is_empty() || bodies.len() > MAX_LINES {
        check.wrong("/lines", "must be 1 to 500 lines, or absent for all that is left");
    }
    let mut names = HashSet::new();
    let mut lines = Vec::new();
    for (index, line) in bodies.iter().take(MAX_LINES).enumerate() {
        let at = format!("/lines/{index}");
        check.text(&format!("{at}/line_id"), Some(&line.line_id), 64);
        if !names.insert(line.line_id.as_str()) {
            check.wrong(format!("{at}/line_id"), "is named before: give its quantity once");
        }
        lines.push((at, line));
    }
    lines
}
