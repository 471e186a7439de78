//! What is known of a customer beyond points, and what follows from it.
//!
//! Owns: the facts of a member ([`Facts`]), and how entries make them ([`Happened`], [`Batch`]);
//! whether a member may be reached ([`may_reach`]). Scores by fifths ([`Cuts`]), and which
//! tags and segments follow ([`changes`]). Rows and JSON are the business of `store`.
//!
//! Architecture invariant: pure like `ledger` and `rules`: no clock, database or environment. What
//! the clock changes is worked out when facts are read ([`Today`]), so that no time writes a row.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod batch;
mod contact;
mod customer;
mod facts;
mod happened;
pub mod playbook;
mod rfm;
mod sets;
mod today;

pub use batch::{Batch, Departed, State};
pub use contact::{Channel, ContactState, Decision, Purpose, Unreachable, may_reach};
pub use customer::Customer;
pub use facts::{Day, Facts, KEPT_DAYS, MAX_CATEGORIES, MAX_ENDS, NextTier, OTHER_CATEGORIES};
pub use happened::{Happened, Spend, Undone};
pub use rfm::{Cuts, Group, Histogram, MAX_DAYS, Measures, Scores, WINDOW_DAYS};
pub use sets::{Change, Family, Held, MemberSet, Refresh, changes};
pub use today::Today;
