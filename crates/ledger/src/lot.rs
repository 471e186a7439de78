//! A lot: one grant of points with its own life.
//!
//! State is derived from the clock, whether or not a job has written anything down.

use crate::calendar::Timestamp;
use crate::entry::LotGrant;
use crate::id::LotNumber;

/// An open lot of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Its number within the member.
    pub number: LotNumber,
    /// What granted it: an event (`purchase`, `check_in`) or `tier_gift`.
    pub source: String,
    /// Points it was granted with.
    pub granted: i64,
    /// Points left in it.
    pub remaining: i64,
    /// When the event that earned it happened.
    pub earned_at: Timestamp,
    /// The first instant it can be spent at.
    pub available_at: Timestamp,
    /// The first instant it can no longer be spent at; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// Granted before it was available, and no entry has recorded its activation yet.
    pub pending: bool,
}

/// What a lot is at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LotState {
    /// Not available yet.
    Pending,
    /// Spendable.
    Active,
    /// Nothing left.
    Spent,
    /// Past its end with points left.
    Expired,
}

impl Lot {
    /// The lot as it was granted, with `remaining` points in it.
    pub(crate) fn of(grant: &LotGrant, remaining: i64) -> Self {
        Self {
            number: grant.number,
            source: grant.source.clone(),
            granted: grant.points,
            remaining,
            earned_at: grant.earned_at,
            available_at: grant.available_at,
            expires_at: grant.expires_at,
            pending: false,
        }
    }

    /// Its state by the clock.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LotState {
        match () {
            () if self.remaining == 0 => LotState::Spent,
            () if self.has_expired(now) => LotState::Expired,
            () if now < self.available_at => LotState::Pending,
            () => LotState::Active,
        }
    }

    /// True from `expires_at` on.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// The first instant at which the night run has something to write for this lot.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let activation = self.pending.then_some(self.available_at);
        activation.into_iter().chain(self.expires_at).min()
    }

    /// Sorts lots into consumption order: those that expire first, then those earned first, then by
    /// number.
    #[must_use]
    pub fn expiring_first(&self) -> (Timestamp, Timestamp, LotNumber) {
        (self.expires_at.unwrap_or(Timestamp(i64::MAX)), self.earned_at, self.number)
    }

    /// Sorts lots into plain first-in-first-out order.
    #[must_use]
    pub fn first_in_first_out(&self) -> (Timestamp, LotNumber) {
        (self.earned_at, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_follows_the_clock() {
        let lot = |remaining| Lot {
            number: LotNumber(1),
            source: "purchase".into(),
            granted: 10,
            remaining,
            earned_at: Timestamp(0),
            available_at: Timestamp(100),
            expires_at: Some(Timestamp(200)),
            pending: true,
        };
        for (now, remaining, state) in [
            (99, 10, LotState::Pending),
            (100, 10, LotState::Active),
            (199, 10, LotState::Active),
            (200, 10, LotState::Expired),
            (201, 1, LotState::Expired),
            (150, 0, LotState::Spent),
            (250, 0, LotState::Spent),
        ] {
            assert_eq!(lot(remaining).state(Timestamp(now)), state, "{now} {remaining}");
        }
        assert_eq!(lot(1).due_at(), Some(Timestamp(100)));
    }
}
