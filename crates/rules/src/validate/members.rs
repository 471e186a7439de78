//! What a document may say about the names of members.

use super::Check;
use crate::document::Members;

impl Check<'_> {
    pub(super) fn members(&mut self, rule: &Members) {
        let is_pattern = |text: &String| {
            (1..=64).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:@+=-#&?*".contains(c))
        };
        if rule.id_patterns.len() > 20 || !rule.id_patterns.iter().all(is_pattern) {
            let detail =
                "must be at most 20 patterns of 1 to 64 of A–Z a–z 0–9 . _ : @ + = - and # & ? *";
            self.problem("/members/id_patterns", detail);
        }
        let is_code = |code: &String| {
            (1..=3).contains(&code.len())
                && !code.starts_with('0')
                && code.bytes().all(|b| b.is_ascii_digit())
        };
        if rule.country_code.as_ref().is_some_and(|code| !is_code(code)) {
            self.problem("/members/country_code", "must be 1 to 3 digits, such as 86");
        }
    }
}
