//! The local day on which facts are read.

use ledger::{Timestamp, Zone, day_number, from_day_number, local_date, start_of_day};

/// A local day of a programme: windows end with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Today {
    /// Days since 1970-01-01.
    pub day: i32,
    /// The programme's zone.
    pub zone: Zone,
}

impl Today {
    /// The day of an instant.
    #[must_use]
    pub fn at(now: Timestamp, zone: Zone) -> Self {
        Self { day: day_number(local_date(now, zone)), zone }
    }

    /// The local day of an instant, as a number.
    #[must_use]
    pub fn day_of(self, at: Timestamp) -> i32 {
        day_number(local_date(at, self.zone))
    }

    /// When a window of so many days began, of which today is the last.
    #[must_use]
    pub fn start_of(self, days: i32) -> Timestamp {
        let first = self.day.saturating_sub(days.saturating_sub(1));
        start_of_day(from_day_number(first), self.zone)
    }

    /// Local days from an instant to today: 0 is today. Never less, also where a till's clock is
    /// ahead.
    #[must_use]
    pub fn days_since(self, at: Timestamp) -> i64 {
        i64::from(self.day).saturating_sub(self.day_of(at).into()).max(0)
    }
}
