//! Bodies of what stops thieves and mends what they did.

use serde::{Deserialize, Serialize};

/// Freezing an account, or restoring it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// Which side of it; both when absent.
    #[serde(default)]
    pub side: SideBody,
    /// Why, for people.
    pub reason: String,
}

/// A side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SideBody {
    /// Points for what it does.
    Earning,
    /// Redemptions, holds and gifts.
    Spending,
    /// Either.
    #[default]
    Both,
}

/// Redemptions that somebody else made in a member's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// Their entries, 1 to 50, each once.
    pub entry_ids: Vec<String>,
    /// Why, for people.
    pub reason: String,
}
