//! Sets of members: tags and segments, and what of them changes for a member.
//!
//! Owns the decision alone: which sets a member comes into or leaves at an instant. Sets are
//! decided in their order: tags first, by their paths, then segments.

use std::collections::BTreeSet;

use ledger::Timestamp;
use rules::MemberCondition;
use serde::{Deserialize, Serialize};

use crate::customer::Customer;

/// What a set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A tag: named by a path.
    Tag,
    /// A segment.
    Segment,
}

impl Family {
    /// Its name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Segment => "segment",
        }
    }
}

/// When the condition of a set is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// When a member's facts change, and daily, as the clock changes them, too.
    OnChange,
    /// Once a local day.
    Daily,
    /// Once a week, from Monday on.
    Weekly,
    /// When somebody asks.
    Manual,
}

impl Refresh {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OnChange, Self::Daily, Self::Weekly, Self::Manual];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnChange => "on_change",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Manual => "manual",
        }
    }

    /// That of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refresh| refresh.as_str() == name)
    }
}

/// A set as it decides about members.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberSet {
    /// Its number.
    pub no: i64,
    /// Tag or segment.
    pub family: Family,
    /// The path of a tag, the id of a segment.
    pub name: String,
    /// The condition for members in it; `None` where members come in by hand.
    pub condition: Option<MemberCondition>,
    /// When the condition is evaluated.
    pub refresh: Refresh,
    /// Of the tags of one parent that are exclusive, a member has one at most.
    pub is_exclusive: bool,
    /// The version of its definition.
    pub version: i64,
}

impl MemberSet {
    /// The path above a tag that excludes its siblings.
    fn excludes(&self) -> Option<&str> {
        let parent = self.name.rsplit_once('/').map_or("", |(parent, _)| parent);
        (self.is_exclusive && self.family == Family::Tag).then_some(parent)
    }
}

/// A member is in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The set's number.
    pub set_no: i64,
    /// Until when; `None` has no end.
    pub until: Option<Timestamp>,
    /// The version of the definition that it was decided by.
    pub version: i64,
}

impl Held {
    /// Whether it still counts.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// A member comes into a set, or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The set's number.
    pub set_no: i64,
    /// Comes in, or stays under a newer version; otherwise leaves.
    pub is_in: bool,
    /// The version of the definition.
    pub version: i64,
}

/// What changes for a member that is in `held`. `all` are the sets of the programme, tags by their
/// paths and then segments; the conditions of those that `asked` names are evaluated, the others
/// stay as they are. What has ended leaves in any case.
///
/// Conditions of tags see the tags that were given by hand and those that the merchant told, so
/// that no tag depends on the order in which others are evaluated. Conditions of segments see all
/// tags.
#[must_use]
pub fn changes<'a>(
    all: &'a [MemberSet],
    asked: &dyn Fn(&MemberSet) -> bool,
    mut customer: Customer<'a>,
    held: &[Held],
) -> Vec<Change> {
    let now = customer.now;
    let row = |set: &MemberSet| held.iter().find(|row| row.set_no == set.no);
    let has = |set: &MemberSet| row(set).is_some_and(|row| row.counts(now));
    let mut changes = Vec::new();
    let mut change = |set: &MemberSet, is_in: bool| match row(set) {
        Some(row) if is_in && row.version == set.version && row.counts(now) => {}
        None if !is_in => {}
        _ => changes.push(Change { set_no: set.no, is_in, version: set.version }),
    };
    let is_decided = |set: &MemberSet| set.condition.is_some() && asked(set);
    let tags = || all.iter().filter(|set| set.family == Family::Tag);
    let by_hand = tags().filter(|set| set.condition.is_none() && has(set));
    customer.tags = by_hand.map(|set| set.name.as_str()).collect();
    // Parents of which the member has a tag that excludes its siblings.
    let standing = tags().filter(|set| !is_decided(set) && has(set));
    let mut taken: BTreeSet<&str> = standing.filter_map(MemberSet::excludes).collect();
    let mut tags_now = Vec::new();
    for set in tags() {
        let is_in = match &set.condition {
            Some(condition) if asked(set) => {
                let parent = set.excludes();
                let is_free = parent.is_none_or(|parent| !taken.contains(parent));
                let is_in = is_free && condition.holds(&customer);
                taken.extend(parent.filter(|_| is_in));
                change(set, is_in);
                is_in
            }
            _ => {
                if row(set).is_some() && !has(set) {
                    change(set, false);
                }
                has(set)
            }
        };
        if is_in {
            tags_now.push(set.name.as_str());
        }
    }
    customer.tags = tags_now;
    for set in all.iter().filter(|set| set.family == Family::Segment) {
        match &set.condition {
            Some(condition) if asked(set) => change(set, condition.holds(&customer)),
            _ if row(set).is_some() && !has(set) => change(set, false),
            _ => {}
        }
    }
    changes
}

#[cfg(test)]
#[path = "sets_tests.rs"]
mod tests;
