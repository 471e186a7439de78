//! The part of the document that says how long points live.

use ledger::{ExpiryPolicy, Period};
use serde::{Deserialize, Serialize};

use super::check::{Check, MAX_DAYS, escape};

/// How long points live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Expiry {
    /// For ever.
    Never {},
    /// Valid through the day this many days after the day of earning.
    Days {
        /// Days.
        days: u32,
        /// Moves the last valid day on to the end of this period.
        #[serde(default)]
        round_up_to: Option<RoundUpTo>,
    },
    /// Valid through the day this many days after the member last earned something: each earn moves
    /// the end of these points on.
    Sliding {
        /// Days.
        days: u32,
    },
    /// Valid through the same day this many months later.
    Months {
        /// Months.
        months: u32,
        /// Moves the last valid day on to the end of this period.
        #[serde(default)]
        round_up_to: Option<RoundUpTo>,
    },
    /// Valid through the next of these yearly dates.
    FixedDates {
        /// `MM-DD`; `02-29` means the last of February.
        dates: Vec<String>,
        /// The least number of days points live.
        #[serde(default)]
        min_days: u32,
    },
}

/// The end of which period a last valid day moves on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundUpTo {
    /// Calendar month.
    Month,
    /// Quarter of the calendar year.
    Quarter,
    /// Half of the calendar year.
    Half,
    /// Calendar year.
    Year,
}

impl Expiry {
    pub(crate) fn check(&self, name: &str, check: &mut Check<'_>) -> ExpiryPolicy {
        let at = format!("/expiry/{}", escape(name));
        let mut problem =
            |field: &str, detail: &str| check.problem(&format!("{at}{field}"), detail);
        match self {
            Self::Never {} => ExpiryPolicy::Never,
            Self::Sliding { days } => {
                if *days > MAX_DAYS {
                    problem("/days", "must be at most 36600");
                }
                ExpiryPolicy::Sliding { days: *days }
            }
            Self::Days { days, round_up_to } => {
                if *days > MAX_DAYS {
                    problem("/days", "must be at most 36600");
                }
                ExpiryPolicy::Days { days: *days, round_up_to: round_up_to.map(RoundUpTo::period) }
            }
            Self::Months { months, round_up_to } => {
                if *months > 1200 {
                    problem("/months", "must be at most 1200");
                }
                ExpiryPolicy::Months {
                    months: *months,
                    round_up_to: round_up_to.map(RoundUpTo::period),
                }
            }
            Self::FixedDates { dates, min_days } => {
                if *min_days > MAX_DAYS {
                    problem("/min_days", "must be at most 36600");
                }
                if dates.is_empty() || dates.len() > 12 {
                    problem("/dates", "must have 1 to 12 dates");
                }
                let mut read = Vec::new();
                for (index, date) in dates.iter().enumerate() {
                    match month_and_day(date) {
                        Some(date) => read.push(date),
                        None => {
                            problem(&format!("/dates/{index}"), "must be a date of the year, MM-DD")
                        }
                    }
                }
                ExpiryPolicy::FixedDates { dates: read, min_days: *min_days }
            }
        }
    }
}

fn month_and_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let number = |part: &str| {
        if part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) {
            part.parse::<u32>().ok()
        } else {
            None
        }
    };
    let (month, day) = (number(month)?, number(day)?);
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => return None,
    };
    (1..=longest).contains(&day).then_some((month, day))
}

impl RoundUpTo {
    fn period(self) -> Period {
        match self {
            Self::Month => Period::Month,
            Self::Quarter => Period::Quarter,
            Self::Half => Period::Half,
            Self::Year => Period::Year,
        }
    }
}
