//! What is told about a member: a member is registered, or changes of it are noted. A change holds
//! only for what it names, and only while the rest is as the caller has seen it.

use std::collections::BTreeMap;

use ledger::{Journal, Member, MemberId, Refusal, enrol};

use crate::case::Case;
use crate::names::may_open;
use crate::operation::{Account, ExtraColumns, Guards, Lots, Needs, Operation, Outcome, Stores};
use crate::prior_records::PriorRecords;

/// Register the member, or note a change of its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrol;

impl Operation for Enrol {
    fn name(&self) -> &'static str {
        "enrol"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::None)
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.on(Account::New).in_stores(Stores::Optional)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            may_open(case.book, journal.member())?;
            Ok(enrol(journal, case.origin.clone())?)
        })
    }
}

/// Change what is told about the member, who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change(pub ProfileChange);

impl Operation for Change {
    fn name(&self) -> &'static str {
        "change"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let names = self.0.aliases.values().flatten().cloned().collect();
        let columns = ExtraColumns::Profile;
        Needs { names: Some(names), columns, ..Needs::lots(Lots::None) }
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn allows(&self, case: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        self.0.may(case.recorded)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| Ok(enrol(journal, case.origin.clone())?))
    }

    fn profile(&self) -> Option<&ProfileChange> {
        Some(&self.0)
    }
}

/// The most attributes of a member.
pub const MAX_ATTRIBUTES: usize = 50;
/// The most other names of a member.
pub const MAX_ALIASES: usize = 20;

/// A change of what is told about a member who is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// Tags, one of which what is told must have now.
    pub if_match: Option<Vec<String>>,
    /// Attributes by name; `None` takes one away.
    pub attributes: BTreeMap<String, Option<String>>,
    /// Other names by their kind, each with the kind in front; all of a kind are replaced.
    pub aliases: BTreeMap<String, Vec<String>>,
}

impl ProfileChange {
    /// All attributes after it; `None` when it changes none.
    #[must_use]
    pub fn attributes_after(
        &self,
        before: &BTreeMap<String, String>,
    ) -> Option<BTreeMap<String, String>> {
        if self.attributes.is_empty() {
            return None;
        }
        let mut after = before.clone();
        for (name, value) in &self.attributes {
            match value {
                Some(value) => drop(after.insert(name.clone(), value.clone())),
                None => drop(after.remove(name)),
            }
        }
        Some(after)
    }

    /// All other names after it, but for the ids of accounts that became part of the member; `None`
    /// when it changes none.
    #[must_use]
    pub fn aliases_after(&self, before: &[String]) -> Option<Vec<String>> {
        if self.aliases.is_empty() {
            return None;
        }
        let kind = |name: &String| name.split(':').next().unwrap_or_default().to_owned();
        let stays = |name: &&String| kind(name) != "id" && !self.aliases.contains_key(&kind(name));
        Some(before.iter().filter(stays).chain(self.aliases.values().flatten()).cloned().collect())
    }

    /// Why it cannot be made.
    pub(crate) fn may(&self, recorded: &PriorRecords) -> Result<(), Refusal> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.contains(&recorded.tag)) {
            return Err(Refusal::ProfileChanged);
        }
        let too_many = |most: usize| {
            Err(Refusal::TooManyOpen { most: i64::try_from(most).unwrap_or(i64::MAX) })
        };
        if self.attributes_after(&recorded.attributes).is_some_and(|all| all.len() > MAX_ATTRIBUTES)
        {
            return too_many(MAX_ATTRIBUTES);
        }
        if self.aliases_after(&recorded.aliases).is_some_and(|all| all.len() > MAX_ALIASES) {
            return too_many(MAX_ALIASES);
        }
        Ok(())
    }
}
