//! `grant`: points or a coupon given to a member who did nothing for them.

use serde::{Deserialize, Serialize};

use super::payload::Payload;
use crate::id::{EntryId, MemberId};

/// What a `grant` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// What was granted, by its name in the rulebook.
    pub grant: String,
    /// The strategy that it was granted for; `None` where a person or another system granted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
}

impl Payload for Granted {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, None)
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("grant", &self.grant))
    }
}
