//! The reference's own calendar: offsets looked up through chrono, everything else counted by hand.
//!
//! Deliberately shares no code with `ledger::calendar` and `ledger::expiry`.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use rules::{Expiry, RoundUpTo};

pub const DAY_MS: i64 = 86_400_000;

thread_local! {
    static FIRST_INSTANTS: RefCell<HashMap<(Tz, NaiveDate), i64>> = RefCell::new(HashMap::new());
}

fn utc(at: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(at).unwrap().naive_utc()
}

fn offset_ms(at: i64, zone: Tz) -> i64 {
    i64::from(zone.offset_from_utc_datetime(&utc(at)).fix().local_minus_utc()) * 1000
}

/// What the calendar on the programme's wall shows.
pub fn date_of(at: i64, zone: Tz) -> NaiveDate {
    utc(at + offset_ms(at, zone)).date()
}

/// The first instant at which the wall calendar shows `date`, or a later day when the zone left
/// that one out.
pub fn first_instant(date: NaiveDate, zone: Tz) -> i64 {
    FIRST_INSTANTS.with_borrow_mut(|known| {
        *known.entry((zone, date)).or_insert_with(|| search_first_instant(date, zone))
    })
}

fn search_first_instant(date: NaiveDate, zone: Tz) -> i64 {
    const HOUR: i64 = 3_600_000;
    let midnight = date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis();
    let (from, to) = (midnight - 27 * HOUR, midnight + 27 * HOUR);
    let offset = offset_ms(from, zone);
    if (0..54).all(|hour| offset_ms(from + hour * HOUR, zone) == offset) {
        return midnight - offset;
    }
    // The clocks change nearby: look at every minute, then at every second of the minute before.
    let reached = |at: &i64| date_of(*at, zone) >= date;
    let minute = (0..54 * 60).map(|n| from + n * 60_000).find(reached).unwrap_or(to);
    (0..60).map(|n| minute - 60_000 + n * 1000).find(reached).unwrap_or(minute)
}

pub fn days_in_month(year: i32, month: u32) -> u32 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// Months since year 0.
pub fn month_index(date: NaiveDate) -> i32 {
    date.year() * 12 + date.month0() as i32
}

pub fn add_months(date: NaiveDate, months: u32) -> NaiveDate {
    let index = month_index(date) + months as i32;
    let (year, month) = (index / 12, (index % 12) as u32 + 1);
    NaiveDate::from_ymd_opt(year, month, date.day().min(days_in_month(year, month))).unwrap()
}

fn end_of(period: RoundUpTo, date: NaiveDate) -> NaiveDate {
    let size = match period {
        RoundUpTo::Month => 1,
        RoundUpTo::Quarter => 3,
        RoundUpTo::Half => 6,
        RoundUpTo::Year => 12,
    };
    let month = (date.month0() / size + 1) * size;
    NaiveDate::from_ymd_opt(date.year(), month, days_in_month(date.year(), month)).unwrap()
}

/// When points that become available at `from` end.
pub fn expires_at(policy: &Expiry, from: i64, zone: Tz) -> Option<i64> {
    let first = date_of(from, zone);
    let (day, round_up_to) = match policy {
        Expiry::Never {} => return None,
        Expiry::Sliding { days } => (first + Duration::days(i64::from(*days)), None),
        Expiry::Days { days, round_up_to } => {
            (first + Duration::days(i64::from(*days)), *round_up_to)
        }
        Expiry::Months { months, round_up_to } => (add_months(first, *months), *round_up_to),
        Expiry::FixedDates { dates, min_days } => {
            let mut day = first + Duration::days(i64::from(*min_days));
            while !dates.iter().any(|date| is_yearly(date, day)) {
                day += Duration::days(1);
            }
            (day, None)
        }
    };
    let last_valid_day = round_up_to.map_or(day, |period| end_of(period, day));
    Some(first_instant(last_valid_day + Duration::days(1), zone))
}

fn is_yearly(date: &str, day: NaiveDate) -> bool {
    let last_of_february =
        date == "02-29" && day.month() == 2 && day.day() == days_in_month(day.year(), 2);
    date == format!("{:02}-{:02}", day.month(), day.day()) || last_of_february
}

/// An instant for people, in failure messages.
pub fn show(at: i64, zone: Tz) -> String {
    format!("{at} = {}", zone.from_utc_datetime(&utc(at)).to_rfc3339())
}
