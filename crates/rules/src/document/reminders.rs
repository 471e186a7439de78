//! The part of the document that tells when members are warned.

use serde::{Deserialize, Serialize};

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
