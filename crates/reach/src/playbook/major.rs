//! Which changes of a playbook another person approves of: what bounds the messages that a member
//! gets, what may be spent and on whom, and channels that nobody used before.

use std::collections::BTreeSet;

use super::{Grant, Known, Match, Playbook, Segment, Strategy};
use crate::contact::{Channel, Purpose};

/// What is held out of a strategy that does not tell.
const HOLDOUT_PERCENT: u32 = 10;

impl Playbook {
    /// The major changes that `next` makes, as JSON pointers; strategies are named by their ids.
    ///
    /// A strategy's budget is what it may use up. It changes with the bound itself, when a strategy
    /// begins to grant, and with each new strategy that sends, grants or tells a bound: one under
    /// another name has no bound of the old one. Of a strategy that grants, it is also major which
    /// members get it, when, and how often. `known` tells what messages of a template are for: one
    /// for service goes to everybody, so that it is major to make one of marketing.
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
                    ("from", before.from != strategy.from),
                    ("match", before.matches != strategy.matches),
                    ("priority", before.priority != strategy.priority),
                    ("segment", before.segment != strategy.segment),
                    ("sequence", has_other_days(before, strategy)),
                    ("stop_when", before.stop_when != strategy.stop_when),
                    ("trigger", before.trigger != strategy.trigger),
                    ("until", before.until != strategy.until),
                    ("when", before.when != strategy.when),
                ]
            }));
            for (name, _) in parts.filter(|(_, is_changed)| *is_changed) {
                found.push(format!("/strategies/{}/{name}", super::check::escape(&strategy.id)));
            }
        }
        if self.has_another_order(next) {
            found.push("/strategies".to_owned());
        }
        found
    }

    /// Strategies that share occasions come in another order, and one of them grants: of those with
    /// the same priority, the first one gets the occasion.
    fn has_another_order(&self, next: &Self) -> bool {
        fn shares(of: &&Strategy) -> bool {
            of.matches == Match::First
        }
        let order = |own: &Self, other: &Self| -> Vec<String> {
            let is_common =
                |one: &&Strategy| other.strategies.iter().filter(shares).any(|of| of.id == one.id);
            let common = own.strategies.iter().filter(shares).filter(is_common);
            common.map(|one| one.id.clone()).collect()
        };
        let grants = next.strategies.iter().filter(shares).any(Strategy::grants);
        grants && order(self, next) != order(next, self)
    }
}

fn has_another_budget(before: Option<&Strategy>, next: &Strategy) -> bool {
    match before {
        Some(before) => before.budget != next.budget || (next.grants() && !before.grants()),
        None => next.budget.is_some() || next.grants() || next.templates().next().is_some(),
    }
}

/// It granted before, and grants something else, more often, or one thing in place of another now.
fn grants_anew(before: &Strategy, next: &Strategy) -> bool {
    let named: Vec<&Grant> = before.all_grants().collect();
    let (granted, now) = (before.granted(), next.granted());
    let mut left = granted.clone();
    let has_more = now.iter().any(|(_, grant)| {
        let place = left.iter().position(|(_, of)| of == grant);
        place.map(|place| left.swap_remove(place)).is_none()
    });
    let is_exchanged = !has_other_days(before, next) && now != granted;
    !named.is_empty()
        && (has_more || is_exchanged || next.all_grants().any(|grant| !named.contains(&grant)))
}

/// Its nodes, or those that grant, are of other days.
fn has_other_days(before: &Strategy, next: &Strategy) -> bool {
    let days = |of: &Strategy| -> Vec<i32> { of.granted().iter().map(|(day, _)| *day).collect() };
    before.offsets() != next.offsets() || days(before) != days(next)
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

    /// What it gives, points or coupons, and at which nodes, by their days.
    fn granted(&self) -> Vec<(i32, &Grant)> {
        let nodes = self.offsets().into_iter().enumerate();
        nodes
            .filter_map(|(place, day)| Some((day, self.step(place).action.grant.as_ref()?)))
            .collect()
    }

    /// The same with what the strategy tells and each of its nodes tells otherwise.
    fn all_grants(&self) -> impl Iterator<Item = &Grant> + '_ {
        let of_nodes = self.sequence.iter().flat_map(|sequence| &sequence.nodes);
        let actions = of_nodes.filter_map(|node| node.action.as_ref());
        actions.chain([&self.action]).filter_map(|action| action.grant.as_ref())
    }

    fn grants(&self) -> bool {
        self.all_grants().next().is_some()
    }
}
