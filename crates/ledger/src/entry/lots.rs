//! What an entry does to lots and to the debt: all that moves points.

use serde::{Deserialize, Serialize};

use crate::array::{as_array, is_default};
use crate::calendar::Timestamp;
use crate::fault::Fault;
use crate::id::LotNumber;

/// What an entry does to lots and to the debt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LotMoves {
    /// Lots opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<LotGrant>,
    /// Lots drawn from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<LotDraw>,
    /// Lots whose points became spendable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activations: Vec<LotDraw>,
    /// New dates of lots: activated early, released by a review, or extended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<LotDates>,
    /// Lots that points come back to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<LotReturn>,
    /// Points added to the member's debt; negative when it pays some off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub debt: i64,
}

impl LotMoves {
    /// The points that these moves come to: what lots gain, less what they lose, less what the debt
    /// gains.
    ///
    /// # Errors
    /// [`Fault::Overflow`].
    pub(crate) fn points(&self) -> Result<i64, Fault> {
        let gained = sum(self
            .grants
            .iter()
            .map(|lot| lot.points)
            .chain(self.returns.iter().map(|lot| lot.points)))?;
        let moved =
            gained.checked_sub(drawn(&self.draws)?).and_then(|moved| moved.checked_sub(self.debt));
        moved.ok_or(Fault::Overflow)
    }
}

/// A lot that an entry opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotGrant {
    /// Its number within the member.
    pub number: LotNumber,
    /// Points granted, at least 1.
    pub points: i64,
    /// What granted it.
    pub source: String,
    /// When it was earned.
    pub earned_at: Timestamp,
    /// From when it can be spent.
    pub available_at: Timestamp,
    /// From when it no longer can; `None` is never.
    pub expires_at: Option<Timestamp>,
}
as_array!(LotGrant [number, points, source, earned_at, available_at, expires_at]);

/// Points of a lot that an entry moves or speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotDraw {
    /// The lot's number within the member.
    pub number: LotNumber,
    /// How many points, at least 1.
    pub points: i64,
}
as_array!(LotDraw [number, points]);

/// The new life of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotDates {
    /// The lot's number within the member.
    pub number: LotNumber,
    /// From when it can be spent.
    pub available_at: Timestamp,
    /// From when it no longer can; `None` is never.
    pub expires_at: Option<Timestamp>,
}
as_array!(LotDates [number, available_at, expires_at]);

/// Points put back into a lot. It holds the whole lot, as the lot may have been spent and gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotReturn {
    /// The lot as it was granted; `points` are those of the grant.
    pub lot: LotGrant,
    /// How many points come back, at least 1.
    pub points: i64,
}
as_array!(LotReturn [lot, points]);

pub(crate) fn sum(points: impl Iterator<Item = i64>) -> Result<i64, Fault> {
    points.into_iter().try_fold(0i64, i64::checked_add).ok_or(Fault::Overflow)
}

/// The points of all the lots that are drawn from.
pub(crate) fn drawn(draws: &[LotDraw]) -> Result<i64, Fault> {
    sum(draws.iter().map(|draw| draw.points))
}
