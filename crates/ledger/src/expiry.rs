//! When a lot stops being spendable.
//!
//! Every policy names a *last valid day*; the lot expires at the first instant of the local day
//! after it.

use chrono::{Datelike, NaiveDate};

use crate::calendar::{Period, Timestamp, local_date, plus_days, plus_months, start_of_day};
use crate::zone::Zone;

/// How long a lot lives, counted from the local day it becomes available on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpiryPolicy {
    /// Never expires.
    Never,
    /// Valid through the day `days` after the first. Zero means through that very day.
    Days {
        /// Days after the day of earning.
        days: u32,
        /// When given, the last valid day moves on to the end of this period.
        round_up_to: Option<Period>,
    },
    /// Valid through the day `days` after the member's last activity: what is earned moves the end
    /// of earlier points on.
    Sliding {
        /// Days after the day of the last activity.
        days: u32,
    },
    /// Valid through the same day `months` later (clamped to the end of that month).
    Months {
        /// Months after the day of earning.
        months: u32,
        /// When given, the last valid day moves on to the end of this period.
        round_up_to: Option<Period>,
    },
    /// Valid through the next of some yearly dates that is at least `min_days` away.
    FixedDates {
        /// Month and day, 1-based; 29 February means the last of February.
        dates: Vec<(u32, u32)>,
        /// The least number of days a lot lives.
        min_days: u32,
    },
}

impl ExpiryPolicy {
    /// The instant from which a lot that becomes available at `available_at` can no longer be
    /// spent.
    #[must_use]
    pub fn expires_at(&self, available_at: Timestamp, zone: Zone) -> Option<Timestamp> {
        let last_valid_day = self.last_valid_day(local_date(available_at, zone))?;
        Some(start_of_day(plus_days(last_valid_day, 1), zone).min(Timestamp::LAST))
    }

    /// Whether a day is the last valid one of lots whatever the day on which they began: a fixed
    /// date, or the end of a period that days are moved on to.
    #[must_use]
    pub fn ends_for_all(&self, day: NaiveDate) -> bool {
        match self {
            Self::Never | Self::Sliding { .. } => false,
            Self::Days { round_up_to, .. } | Self::Months { round_up_to, .. } => {
                round_up_to.is_some_and(|period| period.last_day(day) == day)
            }
            Self::FixedDates { dates, .. } => {
                dates.iter().any(|(month, of)| clamped(day.year(), *month, *of) == Some(day))
            }
        }
    }

    fn last_valid_day(&self, first: NaiveDate) -> Option<NaiveDate> {
        let rounded =
            |day: NaiveDate, period: &Option<Period>| period.map_or(day, |p| p.last_day(day));
        match self {
            Self::Never => None,
            Self::Sliding { days } => Some(plus_days(first, i64::from(*days))),
            Self::Days { days, round_up_to } => {
                Some(rounded(plus_days(first, i64::from(*days)), round_up_to))
            }
            Self::Months { months, round_up_to } => {
                Some(rounded(plus_months(first, *months), round_up_to))
            }
            Self::FixedDates { dates, min_days } => {
                let earliest = plus_days(first, i64::from(*min_days));
                let year = earliest.year();
                let days =
                    |year| dates.iter().filter_map(move |(month, day)| clamped(year, *month, *day));
                days(year).chain(days(year + 1)).filter(|day| *day >= earliest).min()
            }
        }
    }
}

/// The given day of a year, or the last of its month when the month is shorter.
fn clamped(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some(first.with_day(day).unwrap_or_else(|| Period::Month.last_day(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_valid_days() {
        let days = |days, round_up_to| ExpiryPolicy::Days { days, round_up_to };
        let months = |months, round_up_to| ExpiryPolicy::Months { months, round_up_to };
        let fixed = |dates: &[(u32, u32)], min_days| ExpiryPolicy::FixedDates {
            dates: dates.to_vec(),
            min_days,
        };
        for (policy, earned, last) in [
            (ExpiryPolicy::Never, "2026-01-01", None),
            // 365 days promised: day 365 after earning is still good, day 366 is not.
            (days(365, None), "2026-01-01", Some("2027-01-01")),
            (days(0, None), "2026-01-01", Some("2026-01-01")),
            (days(90, Some(Period::Month)), "2026-01-01", Some("2026-04-30")),
            (months(12, None), "2028-02-29", Some("2029-02-28")),
            (months(1, None), "2027-01-31", Some("2027-02-28")),
            (months(12, Some(Period::Month)), "2026-01-15", Some("2027-01-31")),
            (months(12, Some(Period::Quarter)), "2026-01-15", Some("2027-03-31")),
            (months(12, Some(Period::Half)), "2026-01-15", Some("2027-06-30")),
            (months(12, Some(Period::Year)), "2026-01-15", Some("2027-12-31")),
            (months(1, Some(Period::Month)), "2027-01-31", Some("2027-02-28")),
            (fixed(&[(12, 31)], 0), "2026-12-31", Some("2026-12-31")),
            (fixed(&[(12, 31)], 1), "2026-12-31", Some("2027-12-31")),
            (fixed(&[(12, 31), (6, 30)], 0), "2026-03-01", Some("2026-06-30")),
            (fixed(&[(2, 29)], 0), "2026-03-01", Some("2027-02-28")),
            (fixed(&[(2, 29)], 0), "2027-03-01", Some("2028-02-29")),
        ] {
            let found = policy.last_valid_day(earned.parse().unwrap());
            assert_eq!(found, last.map(|d| d.parse().unwrap()), "{policy:?} {earned}");
        }
    }

    #[test]
    fn days_that_end_for_all_follow_from_the_policy_alone() {
        let fixed =
            |month, day| ExpiryPolicy::FixedDates { dates: vec![(month, day)], min_days: 9 };
        let rounded = |round_up_to| ExpiryPolicy::Days { days: 90, round_up_to };
        for (policy, day, ends) in [
            (fixed(12, 31), "2027-12-31", true),
            (fixed(12, 31), "2027-12-30", false),
            (fixed(2, 29), "2027-02-28", true),
            (fixed(2, 29), "2028-02-28", false),
            (rounded(Some(Period::Quarter)), "2027-06-30", true),
            (rounded(Some(Period::Quarter)), "2027-07-31", false),
            (rounded(None), "2027-12-31", false),
            (
                ExpiryPolicy::Months { months: 1, round_up_to: Some(Period::Year) },
                "2027-12-31",
                true,
            ),
            (ExpiryPolicy::Sliding { days: 30 }, "2027-12-31", false),
            (ExpiryPolicy::Never, "2027-12-31", false),
        ] {
            assert_eq!(policy.ends_for_all(day.parse().unwrap()), ends, "{policy:?} {day}");
        }
    }

    #[test]
    fn the_end_is_the_programmes_midnight() {
        let through_year = ExpiryPolicy::FixedDates { dates: vec![(12, 31)], min_days: 0 };
        for (zone, earned, expires) in [
            ("Asia/Shanghai", "2026-05-01T00:00:00Z", "2026-12-31T16:00:00Z"),
            ("America/New_York", "2026-05-01T00:00:00Z", "2027-01-01T05:00:00Z"),
            // 23:30 local on 31 December is already next year in UTC, and still this year for the
            // programme.
            ("America/New_York", "2027-01-01T04:30:00Z", "2027-01-01T05:00:00Z"),
        ] {
            let at =
                through_year.expires_at(Timestamp::parse(earned).unwrap(), zone.parse().unwrap());
            assert_eq!(at.map(|t| t.to_string()).as_deref(), Some(expires), "{zone}");
        }
        let far = ExpiryPolicy::Months { months: u32::MAX, round_up_to: Some(Period::Year) };
        assert!(far.expires_at(Timestamp(0), "UTC".parse().unwrap()).unwrap() <= Timestamp::LAST);
    }
}
