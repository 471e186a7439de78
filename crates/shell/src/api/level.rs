//! A level that is set by hand.

use serde::{Deserialize, Serialize};

/// A level set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierBody {
    /// The level, by its name in the rulebook.
    pub tier: String,
    /// The last local day on which it is kept; without it as long as if it were reached now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// Why, for people.
    pub reason: String,
}
