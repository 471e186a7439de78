//! What an entry does beside moving points, where several kinds may do it: counters, tier
//! qualification, coupons.

use serde::{Deserialize, Serialize};

use crate::array::as_array;
use crate::kind::Coupon;
use crate::qualification::Qualifying;
use crate::tally::Tally;

/// What an entry does beside moving points.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Effects {
    /// Counters of the member that it adds to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Count>,
    /// What it adds to the tier qualification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifying: Option<Qualifying>,
    /// Counters of the programme that it adds to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tallies: Vec<Tally>,
    /// Coupons that it issues, uses, takes away or puts back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<Coupon>,
}

/// What an entry adds to a counter for limits and caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Name of the counter.
    pub counter: String,
    /// The period it counts in: its first day as a day number, or hours since 1970.
    pub period: i32,
    /// Periods of this counter before this one are dropped.
    pub keep_from: i32,
    /// How often.
    pub times: i64,
    /// How many points.
    pub points: i64,
}
as_array!(Count [counter, period, keep_from, times, points]);

impl Count {
    /// Takes a counter out of the member's row, with all its periods: nothing will ask for it any
    /// more.
    #[must_use]
    pub fn forget(counter: String) -> Self {
        Self { counter, period: i32::MIN, keep_from: i32::MAX, times: 0, points: 0 }
    }

    /// Whether it takes a counter out.
    pub(crate) fn forgets(&self) -> bool {
        self.period == i32::MIN && self.keep_from == i32::MAX
    }
}
