//! `earn`: points for a purchase or an action, with the rules that gave them.

use serde::{Deserialize, Serialize};

use super::payload::Payload;
use crate::array::as_array;
use crate::exact::Exact;
use crate::id::{EntryId, MemberId};
use crate::qualification::Qualifying;

/// What an `earn` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Earned {
    /// The event: `purchase` or an action.
    pub event: String,
    /// Rules that fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awards: Vec<Award>,
    /// Rules that were there for the event and did not fire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedRules>,
    /// What each order line earned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineAward>,
    /// Lines, by their names, that do not count towards tiers: what comes back of them changes
    /// nothing there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncounted: Vec<String>,
    /// Why its points wait for somebody to look at them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

impl Payload for Earned {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, None)
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("event", &self.event))
    }
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// Name of the rule in the rulebook.
    pub rule: String,
    /// Points it asked for, unrounded.
    pub desired: Exact,
    /// Points it got, after rounding and caps.
    pub granted: i64,
    /// The tags that its conditions look for and the member had.
    pub tags: Vec<String>,
}
as_array!(Award [rule, desired, granted] then [tags]);

/// Rules that did not fire for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedRules {
    /// The name of the reason.
    pub reason: String,
    /// The rules, by their names.
    pub rules: Vec<String>,
}
as_array!(SkippedRules [reason, rules]);

/// What one order line earned: later returns claw back from this, never from today's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineAward {
    /// The merchant's name of the line.
    pub line: String,
    /// Units bought.
    pub quantity: i64,
    /// What the line cost, in minor units of the programme's currency.
    pub amount_minor: i64,
    /// Its share of the points granted. Shares add up to the purchase's points. Of a redemption:
    /// the points that pay it, as a negative number.
    pub granted: i64,
    /// The merchant's article, where the caller named it.
    pub sku: Option<String>,
    /// The merchant's category, where the caller named it.
    pub category: Option<String>,
}
as_array!(LineAward [line, quantity, amount_minor, granted] then [sku, category]);

/// Why an earn waits, and what it will add to the tier qualification when it is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The rule that found it suspicious.
    pub reason: String,
    /// What is kept back of the qualification.
    pub qualifying: Option<Qualifying>,
}
as_array!(Review [reason, qualifying]);
