//! Changes of what is told about a member: only what they name, and only while it is as the caller
//! has seen it.

use std::collections::BTreeMap;

use ledger::Refusal;

use crate::command::PriorRecords;

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
