//! What members do that earns points.

use ledger::{Money, Timestamp};

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The merchant's name of the line within the order.
    pub line: String,
    /// The merchant's article.
    pub sku: Option<String>,
    /// The merchant's category.
    pub category: Option<String>,
    /// Units bought, at least 1.
    pub quantity: i64,
    /// What the line cost, not negative.
    pub amount: Money,
}

/// Something a member did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnEvent {
    /// `purchase`, or an action of the rulebook.
    pub event: String,
    /// When; `None` is now.
    pub occurred_at: Option<Timestamp>,
    /// The lines of a purchase; empty for actions.
    pub lines: Vec<Line>,
    /// The device it was done on, in a form that tells nobody which one it is.
    pub device: Option<String>,
}
