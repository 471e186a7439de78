//! Tallies: counters of the whole programme, which many members share.
//!
//! Unlike a member's own counters they are not guarded by the head of its chain. An entry says what
//! it adds and the most that may then be counted; a caller that writes it must refuse to go beyond
//! that.

use crate::array::as_array;

/// What an entry adds to a counter of the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// What is counted for: a device, a reward.
    pub subject: String,
    /// What is counted.
    pub name: String,
    /// The period it counts in: a day number, an hour number, or 0.
    pub period: i32,
    /// Periods of this counter before this one are dropped.
    pub keep_from: i32,
    /// How much; negative when it is given back.
    pub amount: i64,
    /// The most that may be counted after it; `None` is any number.
    pub most: Option<i64>,
}
as_array!(Tally [subject, name, period, keep_from, amount, most]);

/// What a counter of the programme stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// See [`Tally::subject`].
    pub subject: String,
    /// See [`Tally::name`].
    pub name: String,
    /// See [`Tally::period`].
    pub period: i32,
    /// How much was counted.
    pub amount: i64,
}
