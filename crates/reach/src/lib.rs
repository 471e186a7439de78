//! What is known of a customer beyond points, and what follows from it.
//!
//! Owns: the facts of a member ([`Facts`]), and how entries make them ([`Happened`], [`Batch`]);
//! whether a member may be reached ([`may_reach`]). Scores by fifths ([`Cuts`]), and which tags and
//! segments follow ([`changes`]). Links of messages ([`LinkKey`], [`Hosts`]), whether a person
//! clicked ([`judge`]), and which message is credited with what members did ([`Credits`]). Rows and
//! JSON are the business of `store`.
//!
//! Architecture invariant: pure like `ledger` and `rules`: no clock, database or environment. What
//! the clock changes is worked out when facts are read ([`Today`]), so that no time writes a row.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod batch;
mod click;
mod contact;
mod credit;
mod customer;
mod facts;
mod happened;
mod link;
pub mod playbook;
mod rfm;
mod sets;
mod today;
pub mod touch;

pub use batch::{Batch, Departed, State};
pub use click::{
    BURST_LINKS, BURST_MS, Doubt, Judged, NETWORK_CLICKS, TOO_SOON_MS, Visit, bursts, judge,
    network,
};
pub use contact::{Channel, ContactState, Decision, Purpose, Unreachable, may_reach};
pub use credit::{By, Converted, Credit, Credits, Outcomes, Seen, Sides, TakenBack, Touched};
pub use customer::Customer;
pub use facts::{Day, Facts, KEPT_DAYS, MAX_CATEGORIES, MAX_ENDS, NextTier, OTHER_CATEGORIES};
pub use happened::{Happened, Spend, Undone};
pub use link::{Door, Hosts, LinkKey, Refused};
pub use rfm::{Cuts, Group, Histogram, MAX_DAYS, Measures, Scores, WINDOW_DAYS};
pub use sets::{Change, Family, Held, MemberSet, Refresh, changes};
pub use today::Today;
