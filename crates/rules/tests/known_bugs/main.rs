//! Bugs that users of other systems met, each as a table that this core must not repeat; last
//! column the outcome.
//!
//! Those that need HTTP or a database stand with the parts that bring them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

mod holds;
mod late;
mod limits;
mod points;
mod refunds;
mod returns;
#[path = "../support/mod.rs"]
mod support;
mod tiers;
mod time;
mod twice;

use rules::{Document, Expiry};

/// Points that live through the day `days` after they were earned.
pub fn living(days: u32) -> impl Fn(&mut Document) {
    move |document| {
        document.expiry.insert("shopping".into(), Expiry::Days { days, round_up_to: None });
    }
}
