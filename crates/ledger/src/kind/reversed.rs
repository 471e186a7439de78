//! `reverse`: an earn, a redemption or the use of a coupon undone, in full or in part.

use serde::{Deserialize, Serialize};

use super::earned::Review;
use super::payload::Payload;
use crate::array::as_array;
use crate::id::{EntryId, MemberId};

/// What a `reverse` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversed {
    /// The entry that it undoes.
    pub corrects: EntryId,
    /// How much of it is undone.
    pub reversal: Reversal,
    /// What is left of the earn's open review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// The account of the undone entry, where that account was merged into this one.
    #[serde(default, rename = "counterparty", skip_serializing_if = "Option::is_none")]
    pub merged: Option<MemberId>,
}

impl Payload for Reversed {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (Some(self.corrects), self.merged.as_ref())
    }
}

/// How much of an earlier entry is undone, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reversal {
    /// Units that came back, of a purchase.
    pub lines: Vec<LineReturn>,
    /// Points that are to be taken back from an earn, or given back of a redemption.
    pub desired: i64,
    /// How many of those had expired before.
    pub expired: i64,
}
as_array!(Reversal [lines, desired, expired]);

/// Units of an order line that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReturn {
    /// The merchant's name of the line.
    pub line: String,
    /// Units; 0 is money that was refunded without goods.
    pub quantity: i64,
    /// What they had cost, in minor units.
    pub amount_minor: i64,
    /// What they had earned.
    pub points: i64,
}
as_array!(LineReturn [line, quantity, amount_minor, points]);
