//! Dates in cells, in the forms that systems export. A date with two readings is ambiguous until
//! the file shows its order.

use chrono::{Datelike, Days, NaiveDate};

/// A calendar day; the year may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// The year, 1900 to 9999.
    pub year: Option<u16>,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month.
    pub day: u8,
}

/// Which of two numbers with a slash between them comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `17/05/1985`.
    DayFirst,
    /// `05/17/1985`.
    MonthFirst,
}

/// Some dates of a file have the day first, others the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixedOrders;

/// A cell as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Date {
    /// A date with one reading.
    Day(Day),
    /// One of two days, as `2/8/2019`.
    Ambiguous,
    /// No date.
    None,
}

/// Reads a date: `2025-03-31`, `2025/3/31`, `2025.3.31`, `20250331`, `2025年3月31日`, `31.12.2025`,
/// `31/12/2025` in the order of the file, the serial number of a spreadsheet, or month and day
/// alone (`05-17`).
#[must_use]
pub fn date(cell: &str, order: Option<DateOrder>) -> Date {
    let text = cell.trim();
    // Midnight after the date adds nothing; any other time may be a day of another zone.
    let (text, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    if !matches!(time.trim(), "" | "0:00" | "00:00" | "0:00:00" | "00:00:00" | "00:00:00.000") {
        return Date::None;
    }
    if let Some(serial) = digits(text) {
        return match text.len() {
            8 => whole(Some(serial / 10_000), serial / 100 % 100, serial % 100),
            // Four digits may be a year, or month and day; six a year and a month.
            5 => from_serial(serial),
            _ => Date::None,
        };
    }
    let text = text.replace(['年', '月'], "-").replace('日', "");
    let Some(separator) = text.chars().find(|c| matches!(c, '-' | '/' | '.')) else {
        return Date::None;
    };
    let parts: Option<Vec<i64>> = text.split(separator).map(digits).collect();
    let lengths: Vec<usize> = text.split(separator).map(str::len).collect();
    match (parts.as_deref(), lengths.as_slice()) {
        (Some([year, month, day]), [4, 1..=2, 1..=2]) => whole(Some(*year), *month, *day),
        (Some([day, month, year]), [1..=2, 1..=2, 4]) if separator == '.' => {
            whole(Some(*year), *month, *day)
        }
        (Some([one, other, year]), [1..=2, 1..=2, 4]) => by_order((*one, *other), *year, order),
        (Some([month, day]), [2, 2]) if separator == '-' => whole(None, *month, *day),
        _ => Date::None,
    }
}

/// The order that the dates of a file show. Each date must be possible in it, and at least one in
/// no other order.
///
/// # Errors
/// [`MixedOrders`].
pub fn order<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Option<DateOrder>, MixedOrders> {
    let mut shown = None;
    for cell in cells {
        let only = |order| matches!(date(cell, Some(order)), Date::Day(_));
        let found = match (only(DateOrder::DayFirst), only(DateOrder::MonthFirst)) {
            (true, false) => DateOrder::DayFirst,
            (false, true) => DateOrder::MonthFirst,
            _ => continue,
        };
        if shown.is_some_and(|shown| shown != found) {
            return Err(MixedOrders);
        }
        shown = Some(found);
    }
    Ok(shown)
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        None
    } else {
        text.parse().ok()
    }
}

fn by_order((one, other): (i64, i64), year: i64, order: Option<DateOrder>) -> Date {
    let (day_first, month_first) = (whole(Some(year), other, one), whole(Some(year), one, other));
    match (order, day_first, month_first) {
        (Some(DateOrder::DayFirst), found, _) | (Some(DateOrder::MonthFirst), _, found) => found,
        (None, Date::None, found) | (None, found, Date::None) => found,
        (None, one, other) if one == other => one,
        (None, ..) => Date::Ambiguous,
    }
}

fn whole(year: Option<i64>, month: i64, day: i64) -> Date {
    let number = |number: i64| u32::try_from(number).unwrap_or(0);
    // A birthday without a year may be 29 February.
    let in_year = i32::try_from(year.unwrap_or(2000)).unwrap_or(0);
    let found = NaiveDate::from_ymd_opt(in_year, number(month), number(day));
    found
        .filter(|_| (1900..=9999).contains(&in_year))
        .map_or(Date::None, |found| of(found, year.is_some()))
}

/// Days since 30 December 1899, as spreadsheets count them (ECMA-376, 18.17.4.1).
fn from_serial(serial: i64) -> Date {
    let days = u64::try_from(serial).ok();
    let found = days
        .and_then(|days| NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days)));
    found.map_or(Date::None, |found| of(found, true))
}

fn of(found: NaiveDate, has_year: bool) -> Date {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(found.year()).ok().filter(|_| has_year);
    Date::Day(Day { year, month: part(found.month()), day: part(found.day()) })
}

impl std::fmt::Display for Day {
    /// `2025-03-31`, or `03-31` without a year.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.year {
            Some(year) => write!(f, "{year:04}-{:02}-{:02}", self.month, self.day),
            None => write!(f, "{:02}-{:02}", self.month, self.day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cell: &str, order: Option<DateOrder>) -> String {
        match date(cell, order) {
            Date::Day(day) => day.to_string(),
            Date::Ambiguous => "ambiguous".to_owned(),
            Date::None => "none".to_owned(),
        }
    }

    #[test]
    fn dates_are_read_in_the_forms_that_systems_export() {
        for (cell, is) in [
            ("2025-03-01", "2025-03-01"),
            ("2025/11/5", "2025-11-05"),
            ("2025.3.1", "2025-03-01"),
            ("20250331", "2025-03-31"),
            ("2025年3月31日", "2025-03-31"),
            ("2025-03-01 00:00:00", "2025-03-01"),
            ("2025-03-01T00:00:00", "2025-03-01"),
            ("2025-03-01T10:00:00+08:00", "none"),
            ("2026-03-31T16:00:00Z", "none"),
            ("31.12.2025", "2025-12-31"),
            ("31/12/2026", "2026-12-31"),
            ("12/31/2026", "2026-12-31"),
            ("5/5/2026", "2026-05-05"),
            ("2/8/2019", "ambiguous"),
            ("05-17", "05-17"),
            ("02-29", "02-29"),
            // As spreadsheets count: 1 January 2000, a leap day, 1 March 2026.
            ("36526", "2000-01-01"),
            ("45351", "2024-02-29"),
            ("45658", "2025-01-01"),
            ("46082", "2026-03-01"),
            ("1985", "none"),
            ("0517", "none"),
            ("202612", "none"),
            ("2025-02-29", "none"),
            ("2024-02-29", "2024-02-29"),
            ("2025-13-01", "none"),
            ("31/31/2025", "none"),
            ("1899-12-31", "none"),
            ("1/2/25", "none"),
            ("5-17", "none"),
            ("soon", "none"),
            ("", "none"),
            ("-", "none"),
            ("--", "none"),
            ("4.6E+4", "none"),
        ] {
            assert_eq!(shown(cell, None), is, "{cell}");
        }
        assert_eq!(shown("2/8/2019", Some(DateOrder::DayFirst)), "2019-08-02");
        assert_eq!(shown("2/8/2019", Some(DateOrder::MonthFirst)), "2019-02-08");
        assert_eq!(shown("31/12/2026", Some(DateOrder::MonthFirst)), "none");
    }

    #[test]
    fn dates_of_a_file_show_its_order() {
        let of = |cells: &[&str]| order(cells.iter().copied());
        assert_eq!(of(&["2025-03-01", "2/8/2019", "17/05/1985"]), Ok(Some(DateOrder::DayFirst)));
        assert_eq!(of(&["5/17/1985", "2/8/2019"]), Ok(Some(DateOrder::MonthFirst)));
        assert_eq!(of(&["2/8/2019", "5/5/2026"]), Ok(None));
        assert_eq!(of(&["17/05/1985", "5/17/1985"]), Err(MixedOrders));
    }
}
