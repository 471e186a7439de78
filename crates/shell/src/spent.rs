//! How holds are resolved, and earns and redemptions undone: bodies that name an earlier entry become orders.

use std::collections::HashSet;

use ledger::{EntryId, MemberId, Refusal};
use rules::{Command, Part, Reverse, decide_single};
use store::{Order, source};

use crate::api::{CaptureBody, ReleaseBody, ReturnedLineBody, ReverseBody};
use crate::check::Check;
use crate::orders::{MOST_LINES, fingerprint};
use crate::problem::Problem;

impl CaptureBody {
    /// Checks the values and makes an order of it, for the hold that this entry placed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, hold: &ledger::Entry, key: &str, actor: &str) -> Result<Order, Problem> {
        let mut check = Check::default();
        if let Some(points) = self.points {
            check.points(points);
        }
        // The document that the hold was for is what is paid now.
        let reference = hold.origin.reference.clone();
        let source = reference.as_ref().map(|reference| source("redeem", reference.as_str()));
        // The document is of the store that it was held in.
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref().or(hold.origin.store.as_ref()));
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let order = Order {
            decide: decide_single,
            member: hold.member.clone(),
            command: Command::Capture { hold: hold.id, points: self.points },
            origin,
            idem: Some((format!("capture:{key}"), fingerprint(&(hold.id.to_string(), self)))),
            source,
            attributes: None,
            trace: None,
            aliases: None,
        };
        check.done(Some(order))
    }
}

impl ReleaseBody {
    /// Checks the values and makes an order of it, for the hold that this entry placed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, hold: &ledger::Entry, key: &str, actor: &str) -> Result<Order, Problem> {
        let mut check = Check::default();
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, None, self.reason.as_ref(), channel, store);
        let order = Order {
            decide: decide_single,
            member: hold.member.clone(),
            command: Command::Release { hold: hold.id },
            origin,
            idem: Some((format!("release:{key}"), fingerprint(&(hold.id.to_string(), self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        };
        check.done(Some(order))
    }
}

/// What a reversal names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whatever bears one of these sources.
    Sources(Vec<String>),
    /// A redemption or a capture.
    Entry(EntryId),
}

impl ReverseBody {
    /// What is to be undone, and how much of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn target(&self) -> Result<(Target, Part), Problem> {
        let mut check = Check::default();
        check.text("/event", self.event.as_deref(), 40);
        check.text("/order_store_id", self.order_store_id.as_deref(), 64);
        let reference = check.reference(self.reference.as_deref());
        let target = match (&reference, &self.entry_id) {
            (Some(reference), None) => Some(Target::Sources(self.sources(reference.as_str()))),
            (None, Some(id)) if self.reference.is_none() => {
                let id = EntryId::parse(id);
                if id.is_none() {
                    check.wrong("/entry_id", "must be the entry_id of a redemption");
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
        if self.lines.is_some() && (is_redemption || !matches!(self.event.as_deref(), None | Some("purchase"))) {
            check.wrong("/lines", "only purchases have lines");
        }
        let part = match self.points {
            Some(points) => {
                if !is_redemption {
                    check.wrong("/points", "goes with event redeem, or entry_id");
                }
                check.points(points);
                Part::Points(points)
            }
            None => self.lines.as_ref().map_or(Part::Rest, |lines| part_of(lines, &mut check)),
        };
        check.done(target.map(|target| (target, part)))
    }

    fn sources(&self, reference: &str) -> Vec<String> {
        match self.event.as_deref() {
            None => vec![source("purchase", reference), source("redeem", reference)],
            Some(event) => vec![source(event, reference)],
        }
    }

    /// Checks the values and makes an order of it; `wish` is what was found of what it names, or why that cannot be told.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, key: &str, actor: &str, wish: Result<Option<Reverse>, Refusal>) -> Result<Order, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let reference = self.return_reference.as_deref();
        let reference = reference.and_then(|text| check.id("/return_reference", ledger::Reference::new(text)));
        let source = reference.as_ref().map(|reference| source("reverse", reference.as_str()));
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let order = member.map(|member| Order {
            decide: decide_single,
            member,
            command: wish.map_or_else(Command::Refuse, |wish| Command::Reverse(wish.map(Box::new))),
            origin,
            idem: Some((format!("reverse:{key}"), fingerprint(self))),
            source,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

fn part_of(bodies: &[ReturnedLineBody], check: &mut Check) -> Part {
    // Nothing came back is not the same as everything.
    if bodies.is_empty() || bodies.len() > MOST_LINES {
        check.wrong("/lines", "must be 1 to 500 lines, or absent for all that is left");
    }
    let mut names = HashSet::new();
    let mut lines = Vec::new();
    for (index, line) in bodies.iter().take(MOST_LINES).enumerate() {
        let at = format!("/lines/{index}");
        check.text(&format!("{at}/line_id"), Some(&line.line_id), 64);
        if !(1..=1_000_000).contains(&line.quantity) {
            check.wrong(format!("{at}/quantity"), "must be 1 to 1000000");
        }
        if !names.insert(line.line_id.as_str()) {
            check.wrong(format!("{at}/line_id"), "is named before: give its quantity once");
        }
        lines.push((line.line_id.clone(), line.quantity));
    }
    Part::Lines(lines)
}
