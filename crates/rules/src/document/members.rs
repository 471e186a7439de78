//! The part of the document that tells how members are named.

use serde::{Deserialize, Serialize};

use super::check::Check;

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

impl Members {
    pub(crate) fn check(&self, check: &mut Check<'_>) {
        let is_pattern = |text: &String| {
            (1..=64).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:@+=-#&?*".contains(c))
        };
        if self.id_patterns.len() > 20 || !self.id_patterns.iter().all(is_pattern) {
            let detail =
                "must be at most 20 patterns of 1 to 64 of A–Z a–z 0–9 . _ : @ + = - and # & ? *";
            check.problem("/members/id_patterns", detail);
        }
        let is_code = |code: &String| {
            (1..=3).contains(&code.len())
                && !code.starts_with('0')
                && code.bytes().all(|b| b.is_ascii_digit())
        };
        if self.country_code.as_ref().is_some_and(|code| !is_code(code)) {
            check.problem("/members/country_code", "must be 1 to 3 digits, such as 86");
        }
    }
}
