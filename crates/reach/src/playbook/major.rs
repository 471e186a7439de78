//! Which changes of a playbook another person approves of: what bounds the messages that a member
//! gets, what may be spent, and channels that nobody used before.

use std::collections::BTreeSet;

use super::{Playbook, Strategy};
use crate::contact::Channel;

/// What is held out of a strategy that does not tell.
const HOLDOUT_PERCENT: u32 = 10;

impl Playbook {
    /// The major changes that `next` makes, as JSON pointers; strategies are named by their ids.
    ///
    /// A strategy's budget is what it may use up. It changes with the bound itself, and when a
    /// strategy begins to grant. A new strategy that neither grants nor tells a bound changes no
    /// budget.
    #[must_use]
    pub fn major_changes(&self, next: &Self) -> Vec<String> {
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
        let used: BTreeSet<Channel> = self.strategies.iter().flat_map(Strategy::channels).collect();
        for strategy in &next.strategies {
            let before = self.strategies.iter().find(|one| one.id == strategy.id);
            let parts = [
                ("budget", has_another_budget(before, strategy)),
                ("channels", strategy.channels().any(|channel| !used.contains(&channel))),
                ("holdout_percent", has_another_holdout(before, strategy)),
            ];
            for (name, _) in parts.into_iter().filter(|(_, is_changed)| *is_changed) {
                found.push(format!("/strategies/{}/{name}", super::check::escape(&strategy.id)));
            }
        }
        found
    }
}

fn has_another_budget(before: Option<&Strategy>, next: &Strategy) -> bool {
    let granted = before.is_some_and(Strategy::grants);
    before.and_then(|before| before.budget) != next.budget || (next.grants() && !granted)
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

    /// Whether it gives points or coupons.
    fn grants(&self) -> bool {
        let of_nodes = self.sequence.iter().flat_map(|sequence| &sequence.nodes);
        self.action.grant.is_some()
            || of_nodes.filter_map(|node| node.action.as_ref()).any(|act| act.grant.is_some())
    }
}
