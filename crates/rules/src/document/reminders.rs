//! The part of the document that tells when members are warned.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// When members are warned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// Days before points expire.
    pub days_before: Vec<u32>,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { days_before: vec![7, 3, 1] }
    }
}

impl Reminders {
    /// The days, ascending and without repeats.
    pub(crate) fn check(&self, check: &mut Check<'_>) -> Vec<u32> {
        let mut days = self.days_before.clone();
        if days.len() > 10 || days.iter().any(|days| !(1..=90).contains(days)) {
            check.problem("/reminders/days_before", "must be at most 10 numbers from 1 to 90");
        }
        days.sort_unstable();
        days.dedup();
        days
    }
}
