//! What there is in a programme that a playbook may name.

use std::collections::{BTreeMap, BTreeSet};

use rules::GrantRule;

use super::Grant;
use crate::contact::{Channel, Purpose};

/// What a playbook may name: all that there is in the programme. The default has nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Templates by their ids.
    pub templates: BTreeMap<String, KnownTemplate>,
    /// Grants of the rulebook by their names.
    pub grants: BTreeMap<String, KnownGrant>,
    /// Kinds of coupons of the rulebook.
    pub coupons: BTreeSet<String>,
    /// Tiers of the rulebook.
    pub tiers: BTreeSet<String>,
    /// Segments of the programme whose members are kept: static and active ones.
    pub segments: BTreeSet<String>,
    /// Tags of the programme, by their paths.
    pub tags: BTreeSet<String>,
}

/// A template, as far as a playbook asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTemplate {
    /// What its messages are for.
    pub purpose: Purpose,
    /// Of each channel that it has a text for, what that shows in any case: names of variables. The
    /// message needs to know these.
    pub needs: BTreeMap<Channel, BTreeSet<String>>,
}

/// A grant of the rulebook, as far as a playbook asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownGrant {
    /// How many points it brings.
    pub points: i64,
    /// The kind of coupon that it brings.
    pub coupon: Option<String>,
}

impl KnownGrant {
    /// Those of a rulebook, by their names.
    #[must_use]
    pub fn of_rulebook(grants: &BTreeMap<String, GrantRule>) -> BTreeMap<String, Self> {
        let known = |grant: &GrantRule| Self { points: grant.points, coupon: grant.coupon.clone() };
        grants.iter().map(|(name, grant)| (name.clone(), known(grant))).collect()
    }
}

impl Grant {
    /// The name of the rulebook's grant that is meant; `None` where none is, or where several bring
    /// that coupon.
    #[must_use]
    pub fn of<'a>(&'a self, grants: &'a BTreeMap<String, KnownGrant>) -> Option<&'a str> {
        match (&self.name, &self.coupon) {
            (Some(name), None) => grants.contains_key(name).then_some(name.as_str()),
            (None, Some(coupon)) => {
                let brings =
                    |grant: &KnownGrant| grant.points == 0 && grant.coupon.as_ref() == Some(coupon);
                let mut found = grants.iter().filter(|(_, grant)| brings(grant));
                let only = found.next().map(|(name, _)| name.as_str());
                if found.next().is_none() { only } else { None }
            }
            _ => None,
        }
    }
}
