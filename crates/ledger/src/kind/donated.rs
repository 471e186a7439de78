//! `donate`: points given to a charity.

use serde::{Deserialize, Serialize};

use super::payload::Payload;
use crate::id::{EntryId, MemberId};

/// What a `donate` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Donated {
    /// The charity, by its name in the rulebook.
    pub charity: String,
}

impl Payload for Donated {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, None)
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("charity", &self.charity))
    }
}
