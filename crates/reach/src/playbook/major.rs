//! Which changes of a playbook another person approves of: what bounds the messages that a member
//! gets, what may be spent and on whom, and channels that nobody used before.

use std::collections::BTreeSet;

use super::{Grant, Known, Playbook, Segment, Strategy};
use crate::contact::{Channel, Purpose};

/// What is held out of a strategy that does not tell.
const HOLDOUT_PERCENT: u32 = 10;

impl Playbook {
    /// The major changes that `next` makes, as JSON pointers; strategies are named by their ids.
    ///
    /// A strategy's budget is what it may use up. It changes with the bound itself, when a strategy
    /// begins to grant, and with each new strategy that sends, grants or tells a bound: one under
    /// another name has no bound of the old one. Of a strategy that grants, it is also major who
    /// gets it and when. `known` tells what messages of a template are for: one for service goes
    /// to everybody, so that it is major to make one of marketing.
    #[must_use]
    pub fn major_changes(&self, next: &Self, known: &Known) -> Vec<String> {
        let settings = [
            ("/caps", self.caps != next.caps),
            ("/holdout_percent", self.holdout_percent != next.holdout_percent),
            ("/quiet_hours", self.quiet_hours != next.quiet_hours),
        ];
        let mut found: Vec<String> = settings
            .into_iter()
            .filter(|(_, is_changed)| *is_changed)
            .map(|(place, _)| place.to_owned())
            .collect();
        for (id, segment) in &next.segments {
            let grants = |one: &Strategy| one.grants() && one.segment.as_ref() == Some(id);
            let is_same = |before: &Segment| {
                before.when == segment.when && before.conditions == segment.conditions
            };
            let before = self.segments.get(id);
            if before.is_some_and(|before| !is_same(before)) && next.strategies.iter().any(grants) {
                found.push(format!("/segments/{}", super::check::escape(id)));
            }
        }
        let used: BTreeSet<Channel> = self.strategies.iter().flat_map(Strategy::channels).collect();
        for strategy in &next.strategies {
            let before = self.strategies.iter().find(|one| one.id == strategy.id);
            let parts = [
                ("budget", has_another_budget(before, strategy)),
                ("channels", strategy.channels().any(|channel| !used.contains(&channel))),
                ("grant", before.is_some_and(|before| grants_anew(before, strategy))),
                ("holdout_percent", has_another_holdout(before, strategy)),
                ("template", before.is_some_and(|of| becomes_service(of, strategy, known))),
            ];
            let granted = before.filter(|before| before.grants() && strategy.grants());
            let parts = parts.into_iter().chain(granted.into_iter().flat_map(|before| {
                [
                    ("conditions", before.conditions != strategy.conditions),
                    ("segment", before.segment != strategy.segment),
                    ("sequence", before.offsets() != strategy.offsets()),
                    ("trigger", before.trigger != strategy.trigger),
                    ("when", before.when != strategy.when),
                ]
            }));
            for (name, _) in parts.filter(|(_, is_changed)| *is_changed) {
                found.push(format!("/strategies/{}/{name}", super::check::escape(&strategy.id)));
            }
        }
        found
    }
}

fn has_another_budget(before: Option<&Strategy>, next: &Strategy) -> bool {
    match before {
        Some(before) => before.budget != next.budget || (next.grants() && !before.grants()),
        None => next.budget.is_some() || next.grants() || next.templates().next().is_some(),
    }
}

/// It granted before, and grants something else now.
fn grants_anew(before: &Strategy, next: &Strategy) -> bool {
    let granted: Vec<&Grant> = before.all_grants().collect();
    !granted.is_empty() && next.all_grants().any(|grant| !granted.contains(&grant))
}

/// It sent marketing before, and sends another template now, which is for service.
fn becomes_service(before: &Strategy, next: &Strategy, known: &Known) -> bool {
    let is_service = |id: &str| {
        known.templates.get(id).is_some_and(|template| template.purpose == Purpose::Service)
    };
    let sent: Vec<&str> = before.templates().collect();
    sent.iter().any(|id| !is_service(id))
        && next.templates().any(|id| !sent.contains(&id) && is_service(id))
}

/// A new strategy is held against what it would have if it told nothing.
fn has_another_holdout(before: Option<&Strategy>, next: &Strategy) -> bool {
    before.map_or(HOLDOUT_PERCENT, |before| before.holdout_percent) != next.holdout_percent
}

impl Strategy {
    /// Every channel that it sends by, once for each place that names it.
    fn channels(&self) -> impl Iterator<Item = Channel> + '_ {
        let of_nodes = self.sequence.iter().flat_map(|sequence| &sequence.nodes);
        let of_send = self.send.iter().flat_map(|send| &send.channels);
        of_send.chain(of_nodes.flat_map(|node| &node.channels)).copied()
    }

    /// The templates that it sends.
    fn templates(&self) -> impl Iterator<Item = &str> + '_ {
        let of_nodes = self.sequence.iter().flat_map(|sequence| &sequence.nodes);
        let of_send = self.send.iter().map(|send| send.template.as_str());
        of_send.chain(of_nodes.filter_map(|node| node.template.as_deref()))
    }

    /// What it gives: points or coupons.
    fn all_grants(&self) -> impl Iterator<Item = &Grant> + '_ {
        let of_nodes = self.sequence.iter().flat_map(|sequence| &sequence.nodes);
        let actions = of_nodes.filter_map(|node| node.action.as_ref());
        actions.chain([&self.action]).filter_map(|action| action.grant.as_ref())
    }

    fn grants(&self) -> bool {
        self.all_grants().next().is_some()
    }
}
