//! The rulebook: a programme's rules as one versioned document, and what they make of an event.
//!
//! Owns: the document's shape ([`Document`]), its validation into a [`Rulebook`], and the decisions that need rules: what an event
//! earns, which tier follows, what a reminder tells. A decision is a [`ledger::Decision`]; nothing here moves points by itself.
//!
//! Architecture invariant: pure. No clock, database or environment, and no JSON text: documents arrive as values.
#![deny(missing_docs)]

mod award;
mod command;
mod document;
mod earn;
mod limits;
mod remind;
mod rulebook;
mod tiers;
mod validate;

pub use command::{Activation, Command, Decided, EarnEvent, Line, decide, settle};
pub use document::{
    ActionRule, Caps, Consumption, Document, Downgrade, Enrolment, Expiry, Limit, Pending, Per, PurchaseRule,
    QualifyingPeriod, Reminders, RoundUpTo, RoundingMode, TierBasis, TierLevel, Tiers,
};
pub use remind::reminder;
pub use rulebook::{Level, Rulebook};
pub use tiers::{Goal, Projection, projection};
pub use validate::Problem;

/// The document of the programme that is seeded into an empty database.
#[must_use]
pub fn default_document() -> Document {
    document::default()
}
