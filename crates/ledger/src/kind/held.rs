//! `hold`, `capture` and `release`: points set aside at checkout, and what became of them.

use serde::{Deserialize, Serialize};

use super::earned::LineAward;
use super::payload::{Payload, names_nothing};
use super::redeemed::PointsPayment;
use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::entry::LotDraw;
use crate::id::{EntryId, MemberId};

/// What a `hold` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Points set aside.
    pub reservation: Reservation,
    /// The order lines that the points are to pay, where the till names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineAward>,
    /// What the points are to take off an order.
    #[serde(default, rename = "deduction", skip_serializing_if = "Option::is_none")]
    pub payment: Option<PointsPayment>,
}
names_nothing!(Held);

/// What a `capture` or a `release` entry says: the hold that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldEnded {
    /// The hold.
    #[serde(rename = "corrects")]
    pub hold: EntryId,
}

impl Payload for HoldEnded {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (Some(self.hold), None)
    }
}

/// Points set aside until they are captured or released, or until their time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// From when on it counts no longer.
    pub until: Timestamp,
    /// The lots, in the order they are spent.
    pub lots: Vec<LotDraw>,
}
as_array!(Reservation [until, lots]);
