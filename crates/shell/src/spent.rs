//! How holds are resolved, and earns and redemptions undone: bodies that name an earlier entry
//! become submissions.

use std::collections::HashSet;
use std::rc::Rc;

use ledger::{EntryId, MemberId, Money, Refusal};
use rules::Operation;
use rules::operations::{Capture, Refuse, Release, ReturnScope, Reverse, ToReverse};
use store::{Submission, source};

use crate::api::{CaptureBody, MoneyBody, ReleaseBody, ReturnedLineBody, ReverseBody};
use crate::check::{Check, MAX_AMOUNT};
use crate::earning::{MAX_LINES, fingerprint};
use crate::problem::Problem;
use crate::spending::money;

impl CaptureBody {
    /// Checks the values and makes a submission of it, for the hold that this entry placed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        hold: &ledger::Entry,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        if let Some(points) = self.points {
            check.points(points);
        }
        // The document that the hold was for is what is paid now.
        let reference = hold.origin.reference.clone();
        let source = reference.as_ref().map(|reference| source("redeem", reference.as_str()));
        // The document is of the store that it was held in.
        let (channel, store) =
            (self.channel.as_ref(), self.store_id.as_ref().or(hold.origin.store.as_ref()));
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let submission = Submission::new(
            hold.member.clone(),
            Capture { hold: hold.id, points: self.points },
            origin,
        )
        .under_key("capture", key, fingerprint(&(hold.id.to_string(), self)))
        .with_source(source);
        check.done(Some(submission))
    }
}

impl ReleaseBody {
    /// Checks the values and makes a submission of it, for the hold that this entry placed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        hold: &ledger::Entry,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, None, self.reason.as_ref(), channel, store);
        let submission = Submission::new(hold.member.clone(), Release { hold: hold.id }, origin)
            .under_key("release", key, fingerprint(&(hold.id.to_string(), self)));
        check.done(Some(submission))
    }
}

/// What a reversal names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whatever bears one of these sources.
    Sources(Vec<String>),
    /// An earn, a redemption or a capture.
    Entry(EntryId),
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
                    check.wrong("/entry_id", "must be the entry_id of an earn or a redemption");
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
        let is_redemption = self.entry_id.is_some() || self.event.as_deref() == Some("redeem");
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
        let is_earn = entry.kind == ledger::Kind::Earn;
        let is_refund =
            self.refund.is_some() || self.lines.iter().flatten().any(|line| line.refund.is_some());
        if is_refund && entry.event.as_deref() != Some("purchase") {
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
