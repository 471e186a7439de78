//! The part of the document that tells how members are named.

use serde::{Deserialize, Serialize};

/// How members are named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// What ids of new members look like: `#` is a digit, `&` a letter, `?` any character, `*` any
    /// number of them; any id when empty.
    #[serde(default)]
    pub id_patterns: Vec<String>,
    /// The code of the country that telephone numbers are from which do not tell, without a plus:
    /// `86`.
    #[serde(default)]
    pub country_code: Option<String>,
}
