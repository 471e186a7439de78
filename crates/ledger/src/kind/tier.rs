//! `tier_change` and `opening`: a member's place on the tier ladder.

use serde::{Deserialize, Serialize};

use super::earned::Award;
use super::payload::names_nothing;
use crate::array::as_array;
use crate::calendar::Timestamp;

/// What a `tier_change` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierChanged {
    /// The move.
    pub tier: TierMove,
    /// The levels that gave gifts, `tier:` and the level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awards: Vec<Award>,
}

/// What an `opening` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Opened {
    /// The member's move on the ladder, when it has reached a level there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierMove>,
}
names_nothing!(TierChanged, Opened);

/// A move on the tier ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierMove {
    /// The tier before; `None` when the member had none.
    pub from: Option<String>,
    /// The tier after.
    pub to: String,
    /// Until when it is kept; `None` is for life.
    pub until: Option<Timestamp>,
    /// What the tier after and the levels under it are held by, the highest first.
    pub claims: Vec<Claim>,
}
as_array!(TierMove [from, to, until] then [claims]);

/// What a level is held by: a return from the period that it was reached or kept for may take it
/// away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The level.
    pub tier: String,
    /// When it was reached or kept.
    pub at: Timestamp,
    /// Until when it is kept; `None` is for life.
    pub until: Option<Timestamp>,
    /// The period whose totals it was reached or kept by; `None` where no totals decided, as after
    /// a step down.
    pub period: Option<ClaimPeriod>,
}
as_array!(Claim [tier, at, until, period]);

/// The period that a level was reached or kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<i32>", try_from = "Vec<i32>")]
pub enum ClaimPeriod {
    /// All that counted for life.
    Lifetime,
    /// What counted from the first of these days through the month of the second (day numbers).
    Days(i32, i32),
}

/// Its days; none are all of life.
impl From<ClaimPeriod> for Vec<i32> {
    fn from(period: ClaimPeriod) -> Self {
        match period {
            ClaimPeriod::Lifetime => Self::new(),
            ClaimPeriod::Days(first, last) => vec![first, last],
        }
    }
}

impl TryFrom<Vec<i32>> for ClaimPeriod {
    type Error = &'static str;

    fn try_from(days: Vec<i32>) -> Result<Self, Self::Error> {
        match days.as_slice() {
            [] => Ok(Self::Lifetime),
            [first, last] => Ok(Self::Days(*first, *last)),
            _ => Err("a period has a first and a last day, or none"),
        }
    }
}
