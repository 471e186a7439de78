//! What the checks of all parts of a document share: the problems found so far, the policies and
//! conditions that were read, and the bounds of numbers and names.

use std::collections::BTreeMap;

use ledger::{ExpiryPolicy, Rate};

use super::Document;
use crate::condition::{Condition, Conditions, Scope};

/// Something in a document that cannot be a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as an RFC 6901 JSON pointer.
    pub pointer: String,
    /// What is wrong, for people.
    pub detail: String,
}

/// The most points one rule, gift or cap may name: far above any real programme, far below what
/// sums can count.
pub(crate) const MAX_POINTS: i64 = 1_000_000_000;
/// The most days or months a policy may name (about a hundred years).
pub(crate) const MAX_DAYS: u32 = 36_600;
/// How the text of a condition becomes one.
pub(crate) type Read<'a> = &'a dyn Fn(&str, Scope) -> Result<Condition, String>;

/// A document that is being checked.
pub(crate) struct Check<'a> {
    /// Whether it was not published yet. What was published before a bound was there goes on.
    pub(crate) is_new: bool,
    pub(crate) problems: Vec<Problem>,
    pub(crate) policies: BTreeMap<String, ExpiryPolicy>,
    pub(crate) read: Read<'a>,
    pub(crate) conditions: Conditions,
}

impl Check<'_> {
    pub(crate) fn problem(&mut self, pointer: &str, detail: &str) {
        self.problems.push(Problem { pointer: pointer.to_owned(), detail: detail.to_owned() });
    }

    pub(crate) fn rate(&mut self, pointer: &str, text: &str) -> Rate {
        Rate::parse(text).unwrap_or_else(|error| {
            self.problem(pointer, &error.to_string());
            Rate::ONE
        })
    }

    pub(crate) fn points(&mut self, pointer: &str, points: i64) {
        if !(0..=MAX_POINTS).contains(&points) {
            self.problem(pointer, "must be 0 to 1000000000");
        }
    }

    pub(crate) fn cap(&mut self, pointer: &str, cap: Option<i64>) -> Option<i64> {
        if let Some(points) = cap {
            self.points(pointer, points);
        }
        cap
    }

    pub(crate) fn days(&mut self, pointer: &str, days: u32) {
        if days > MAX_DAYS {
            self.problem(pointer, "must be at most 36600");
        }
    }

    pub(crate) fn name(&mut self, pointer: &str, name: &str) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(allowed) {
            self.problem(pointer, "a name must have 1 to 40 of a–z, 0–9 and _");
        }
    }

    pub(crate) fn policy(&mut self, pointer: &str, name: &str) -> ExpiryPolicy {
        self.policies.get(name).cloned().unwrap_or_else(|| {
            self.problem(pointer, "names no policy of /expiry");
            ExpiryPolicy::Never
        })
    }

    /// The condition with that text.
    pub(crate) fn condition(
        &mut self,
        pointer: &str,
        scope: Scope,
        text: Option<&String>,
    ) -> Option<Condition> {
        let text = text?;
        match (self.read)(text, scope) {
            Ok(condition) => {
                self.conditions.insert(scope, text, condition.clone());
                Some(condition)
            }
            Err(detail) => {
                self.problem(pointer, &detail);
                None
            }
        }
    }

    pub(crate) fn coupon_name(&mut self, pointer: &str, name: &str, document: &Document) {
        if !document.coupons.contains_key(name) {
            self.problem(pointer, "names no kind of /coupons");
        }
    }
}

/// RFC 6901: `~` and `/` inside a pointer's step.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
