//! How long points live.

use ledger::{ExpiryPolicy, Period};

use super::{MAX_DAYS, Problem, escape};
use crate::document::{Expiry, RoundUpTo};

/// The policy of that name; adds what is wrong with it to `problems`.
pub(super) fn policy(name: &str, policy: &Expiry, problems: &mut Vec<Problem>) -> ExpiryPolicy {
    let at = format!("/expiry/{}", escape(name));
    let mut problem = |field: &str, detail: &str| {
        problems.push(Problem { pointer: format!("{at}{field}"), detail: detail.to_owned() })
    };
    match policy {
        Expiry::Never {} => ExpiryPolicy::Never,
        Expiry::Sliding { days } => {
            if *days > MAX_DAYS {
                problem("/days", "must be at most 36600");
            }
            ExpiryPolicy::Sliding { days: *days }
        }
        Expiry::Days { days, round_up_to } => {
            if *days > MAX_DAYS {
                problem("/days", "must be at most 36600");
            }
            ExpiryPolicy::Days { days: *days, round_up_to: round_up_to.map(period) }
        }
        Expiry::Months { months, round_up_to } => {
            if *months > 1200 {
                problem("/months", "must be at most 1200");
            }
            ExpiryPolicy::Months { months: *months, round_up_to: round_up_to.map(period) }
        }
        Expiry::FixedDates { dates, min_days } => {
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

fn period(name: RoundUpTo) -> Period {
    match name {
        RoundUpTo::Month => Period::Month,
        RoundUpTo::Quarter => Period::Quarter,
        RoundUpTo::Half => Period::Half,
        RoundUpTo::Year => Period::Year,
    }
}
