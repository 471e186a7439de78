//! The part of the document that tells how long what is no entry is kept. Entries are kept for
//! ever.

use serde::{Deserialize, Serialize};

use super::check::{Check, MAX_DAYS};

/// How long what is no entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days that refusals and other answers without an entry are kept under their idempotency keys,
    /// and that revoked keys, dead events and publications that came to nothing are listed.
    #[serde(default = "more_than_a_year")]
    pub answers_days: u32,
    /// Days that it is kept from which device and address a command came.
    #[serde(default = "more_than_a_year")]
    pub traces_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { answers_days: more_than_a_year(), traces_days: more_than_a_year() }
    }
}

impl Retention {
    /// Documents that say nothing of it stay as they were written.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn more_than_a_year() -> u32 {
    400
}

impl Retention {
    /// A year and a day at least: a request that is sent again a year later must hear what it
    /// heard.
    pub(crate) fn check(self, check: &mut Check<'_>) {
        if !(366..=MAX_DAYS).contains(&self.answers_days) {
            check.problem("/retention/answers_days", "must be 366 to 36600");
        }
        if !(1..=MAX_DAYS).contains(&self.traces_days) {
            check.problem("/retention/traces_days", "must be 1 to 36600");
        }
    }
}
