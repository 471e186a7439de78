//! `redeem`: points spent on a reward, at checkout, or on behalf of a pool's member.

use serde::{Deserialize, Serialize};

use super::earned::LineAward;
use super::payload::Payload;
use crate::array::as_array;
use crate::id::{EntryId, MemberId};

/// What a `redeem` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Redeemed {
    /// The order lines that the points pay, where the till names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineAward>,
    /// The reward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<RewardTaken>,
    /// What the points took off an order.
    #[serde(default, rename = "deduction", skip_serializing_if = "Option::is_none")]
    pub payment: Option<PointsPayment>,
    /// The member for whom a pool pays.
    #[serde(default, rename = "counterparty", skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<MemberId>,
}

impl Payload for Redeemed {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, self.on_behalf_of.as_ref())
    }
}

/// A reward that was redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardTaken {
    /// The reward's id.
    pub reward: String,
    /// Its version in the catalogue.
    pub version: i64,
    /// How many.
    pub quantity: i64,
    /// What the member pays in money for all of them, in minor units. Recorded, not charged.
    pub cash_minor: i64,
}
as_array!(RewardTaken [reward, version, quantity, cash_minor]);

/// What points took off an order at checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointsPayment {
    /// What the order came to, in minor units.
    pub order_minor: i64,
    /// The most points that the member wanted to spend; `None` is as many as possible.
    pub wished: Option<i64>,
    /// What the points are worth, in minor units.
    pub money_minor: i64,
}
as_array!(PointsPayment [order_minor, wished, money_minor]);
