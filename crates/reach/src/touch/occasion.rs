//! What happened to a member, and which triggers it answers.

use std::collections::BTreeSet;

use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use super::cycle::Cycle;
use crate::playbook::{Direction, Playbook, Strategy, Trigger};
use crate::sets::Family;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// What purchases are called among entries that may follow.
pub const ORDER: &str = "order";
/// So late a job may be.
const LATE_MS: i64 = 7 * DAY_MS;

/// Something happened to a member. What was imported never is an occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What happened. While it may be answered it is kept as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Happening {
    /// The ledger wrote an entry.
    Entry {
        /// Its id.
        id: String,
        /// Its kind.
        #[serde(rename = "entry")]
        kind: String,
        /// By how much the balance changed.
        points: i64,
        /// How the tier changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<TierMove>,
    },
    /// A tag or segment of the programme changed.
    Set {
        /// The number of the change.
        change_no: i64,
        /// Tag or segment.
        family: Family,
        /// Its path or id.
        name: String,
        /// The member came in, or stayed with another number.
        is_in: bool,
        /// The number that came with the tag, before and now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score: Option<(Option<i64>, i64)>,
    },
    /// Behaviour was reported.
    Behaviour {
        /// Its kind.
        #[serde(rename = "behaviour")]
        kind: String,
    },
    /// The ledger wrote an entry that may follow behaviour. It is no occasion of its own.
    Followed {
        /// Its kind, or [`ORDER`].
        by: String,
    },
}

/// A change of the tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierMove {
    /// The tier after it; empty below the first.
    pub to: String,
    /// Whether it is a higher one.
    pub is_up: bool,
}

/// When what happened is to be asked for; `None` where no strategy asks for it. An instant that has
/// passed is at once.
#[must_use]
pub fn asked_at(playbook: &Playbook, occasion: &Occasion) -> Option<Timestamp> {
    // On which day it was does not matter.
    let answers = |trigger: &Trigger| occasion.answers(trigger, &Followers::default(), &|_| 0);
    let at_once = !matches!(occasion.what, Happening::Behaviour { .. });
    let due = playbook.strategies.iter().filter_map(|strategy| answers(&strategy.trigger));
    due.map(|(_, due_at)| if at_once { Timestamp(0) } else { due_at }).min()
}

/// When a first message about behaviour of a member is due next, after an instant.
#[must_use]
pub fn next_due(playbook: &Playbook, all: &[Occasion], after: Timestamp) -> Option<Timestamp> {
    let is_behaviour = |one: &&Occasion| matches!(one.what, Happening::Behaviour { .. });
    let due = all.iter().filter(is_behaviour).flat_map(|occasion| {
        let none = Followers::default();
        let answers = move |of: &Strategy| occasion.answers(&of.trigger, &none, &|_| 0);
        playbook.strategies.iter().filter_map(answers)
    });
    due.map(|(_, due_at)| due_at).filter(|due_at| *due_at > after).min()
}

/// The kinds of behaviour that strategies ask for, or that may follow what they ask for.
#[must_use]
pub fn behaviours_asked(playbook: &Playbook) -> BTreeSet<&str> {
    let kinds = playbook.strategies.iter().filter_map(|strategy| match &strategy.trigger {
        Trigger::Behaviour { behaviour, unless, .. } => Some([Some(behaviour), unless.as_ref()]),
        _ => None,
    });
    kinds.flatten().flatten().map(String::as_str).collect()
}

/// The kinds of entries, or [`ORDER`], that may follow what strategies ask for.
#[must_use]
pub fn entries_asked(playbook: &Playbook) -> BTreeSet<&str> {
    let kinds = playbook.strategies.iter().filter_map(|strategy| match &strategy.trigger {
        Trigger::Behaviour { unless_entry, .. } => unless_entry.as_deref(),
        _ => None,
    });
    kinds.collect()
}

/// For how many milliseconds what happened may be answered: until the last node of any strategy
/// makes no sense any more, and a job that runs late has come to it.
#[must_use]
pub fn answered_for_ms(playbook: &Playbook) -> i64 {
    let of_strategies = playbook.strategies.iter().map(|strategy| {
        let days = strategy.offsets().last().copied().unwrap_or(0).max(0);
        let minutes = match &strategy.trigger {
            Trigger::Behaviour { after_minutes, .. } => *after_minutes,
            _ => 0,
        };
        i64::from(days) * DAY_MS
            + i64::from(minutes) * MINUTE_MS
            + i64::from(strategy.within_hours()) * HOUR_MS
    });
    of_strategies.max().unwrap_or(0) + LATE_MS
}

/// When there was what must not follow the behaviour that a strategy asks for, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    instants: Vec<Timestamp>,
    /// Those of the same kind: nothing follows itself.
    of_kind: Vec<Timestamp>,
}

impl Followers {
    /// That of a trigger, among what happened to a member.
    pub(crate) fn of(trigger: &Trigger, all: &[Occasion]) -> Self {
        let Trigger::Behaviour { behaviour, unless, unless_entry, .. } = trigger else {
            return Self::default();
        };
        if unless.is_none() && unless_entry.is_none() {
            return Self::default();
        }
        let mut followers = Self::default();
        for one in all {
            match &one.what {
                Happening::Behaviour { kind } if unless.as_ref() != Some(kind) => {}
                Happening::Behaviour { kind } if kind == behaviour => {
                    followers.of_kind.push(one.at);
                }
                Happening::Behaviour { .. } => followers.instants.push(one.at),
                Happening::Followed { by } if unless_entry.as_ref() == Some(by) => {
                    followers.instants.push(one.at);
                }
                _ => {}
            }
        }
        followers.instants.sort_unstable();
        followers.of_kind.sort_unstable();
        followers
    }

    /// The first one that follows behaviour of an instant.
    pub(crate) fn first(&self, at: Timestamp) -> Option<Timestamp> {
        let from = self.instants.partition_point(|one| *one < at);
        let after = self.of_kind.partition_point(|one| *one <= at);
        self.instants.get(from).into_iter().chain(self.of_kind.get(after)).min().copied()
    }
}

impl Occasion {
    /// The cycle that it opens for a trigger, and when its first message is due; `None` where the
    /// trigger does not ask for it. `followers` is what may follow it, `day_of` tells local days.
    pub(crate) fn answers(
        &self,
        trigger: &Trigger,
        followers: &Followers,
        day_of: &dyn Fn(Timestamp) -> i32,
    ) -> Option<(Cycle, Timestamp)> {
        let now = |is_asked: bool, cycle: Cycle| is_asked.then_some((cycle, self.at));
        match (trigger, &self.what) {
            (Trigger::Entry { entry }, Happening::Entry { id, kind, .. }) => {
                now(kind == entry, Cycle::Entry(id.clone()))
            }
            (Trigger::BalanceChanged { points_at_least }, Happening::Entry { id, points, .. }) => {
                let least = u64::try_from(*points_at_least).unwrap_or(0);
                now(*points != 0 && points.unsigned_abs() >= least, Cycle::Entry(id.clone()))
            }
            (Trigger::TierChanged { direction, to }, Happening::Entry { id, tier, .. }) => {
                let moved = tier.as_ref()?;
                let is_way = match direction {
                    None => true,
                    Some(Direction::Up) => moved.is_up,
                    Some(Direction::Down) => !moved.is_up,
                };
                let is_one = to.is_empty() || to.contains(&moved.to);
                now(is_way && is_one, Cycle::Entry(id.clone()))
            }
            (Trigger::EnteredSegment { segment }, Happening::Set { change_no, .. }) => {
                now(self.is_set(Family::Segment, segment, true), Cycle::Set(*change_no))
            }
            (Trigger::LeftSegment { segment }, Happening::Set { change_no, .. }) => {
                now(self.is_set(Family::Segment, segment, false), Cycle::Set(*change_no))
            }
            (Trigger::TagAdded { tag }, Happening::Set { change_no, .. }) => {
                now(self.is_set(Family::Tag, tag, true), Cycle::Set(*change_no))
            }
            (Trigger::Score { tag, at_least }, Happening::Set { change_no, score, .. }) => {
                let (before, after) = (*score)?;
                let crosses = after >= *at_least && before.is_none_or(|before| before < *at_least);
                let is_one = crosses && self.is_set(Family::Tag, tag, true);
                now(is_one, Cycle::Set(*change_no))
            }
            (
                Trigger::Behaviour { behaviour, after_minutes, .. },
                Happening::Behaviour { kind },
            ) if kind == behaviour => {
                let due_at = self.at.plus_ms(i64::from(*after_minutes) * MINUTE_MS);
                let is_cancelled = followers.first(self.at).is_some_and(|first| first <= due_at);
                (!is_cancelled).then(|| (Cycle::Day(day_of(self.at)), due_at))
            }
            _ => None,
        }
    }

    fn is_set(&self, of: Family, named: &str, comes_in: bool) -> bool {
        matches!(
            &self.what,
            Happening::Set { family, name, is_in, .. }
                if *family == of && name == named && *is_in == comes_in
        )
    }
}
