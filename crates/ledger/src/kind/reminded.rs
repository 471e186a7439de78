//! `remind`: a warning that points expire soon.

use serde::{Deserialize, Serialize};

use super::payload::names_nothing;
use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::entry::LotDraw;

/// What a `remind` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// The warning.
    pub reminder: Reminder,
}
names_nothing!(Reminded);

/// Points that expire soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// All the points in it.
    pub points: i64,
    /// The lots, first to expire first.
    pub lots: Vec<LotDraw>,
    /// When the first of them expires.
    pub first_expires_at: Timestamp,
}
as_array!(Reminder [points, lots, first_expires_at]);
