//! How texts show days, numbers, names and long words.

use chrono::{Datelike, NaiveDate};

use crate::template::Language;

/// Characters that `mask` leaves at the beginning and the end of a number.
const SHOWN: (usize, usize) = (3, 4);

/// A day: `long` 2026年12月31日 or 31 December 2026, `short` 12月31日 or 31 Dec, `iso` 2026-12-31.
pub(crate) fn date(day: NaiveDate, style: &str, language: Language) -> String {
    let (year, month, number) = (day.year(), day.month(), day.day());
    match (style, language) {
        ("iso", _) => day.to_string(),
        ("short", Language::Chinese) => format!("{month}月{number}日"),
        ("short", Language::English) => {
            format!("{number} {}", name_of(day).get(..3).unwrap_or_default())
        }
        (_, Language::Chinese) => format!("{year}年{month}月{number}日"),
        (_, Language::English) => format!("{number} {} {year}", name_of(day)),
    }
}

fn name_of(day: NaiveDate) -> &'static str {
    MONTHS.get(day.month0() as usize).copied().unwrap_or_default()
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number with separators of thousands: 5,200. With places it is of minor units: 990 and 2 are
/// 9.90.
pub(crate) fn number(value: i64, places: usize) -> String {
    let digits = value.unsigned_abs().to_string();
    // At least one digit stands before the point.
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let mut shown = String::new();
    if value < 0 {
        shown.push('-');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if places > 0 {
        shown.push('.');
        shown.push_str(part);
    }
    shown
}

/// A text whose middle is hidden: 张三丰 is 张**, 13812345678 is 138****5678.
pub(crate) fn mask(text: &str) -> String {
    let count = text.chars().count();
    let (first, last) = if count > SHOWN.0 + SHOWN.1 { SHOWN } else { (1, 0) };
    let hidden = if count == 1 { 0..1 } else { first..count.saturating_sub(last) };
    text.chars().enumerate().map(|(at, c)| if hidden.contains(&at) { '*' } else { c }).collect()
}

/// At most so many characters; the last one is … where some are missing.
pub(crate) fn truncate(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{Chinese, English};

    #[test]
    fn days_are_written_as_in_the_language() {
        let day = |text: &str| text.parse().unwrap();
        for (of, style, language, shown) in [
            ("2026-12-31", "long", Chinese, "2026年12月31日"),
            ("2026-12-31", "short", Chinese, "12月31日"),
            ("2026-12-31", "iso", Chinese, "2026-12-31"),
            ("2027-01-05", "long", English, "5 January 2027"),
            ("2027-05-05", "short", English, "5 May"),
            ("2027-09-05", "short", English, "5 Sep"),
            ("2027-01-05", "iso", English, "2027-01-05"),
        ] {
            assert_eq!(date(day(of), style, language), shown);
        }
    }

    #[test]
    fn numbers_have_separators_and_places() {
        for (value, places, shown) in [
            (0, 0, "0"),
            (999, 0, "999"),
            (1_000, 0, "1,000"),
            (9_999_999, 0, "9,999,999"),
            (-1_234, 0, "-1,234"),
            (990, 2, "9.90"),
            (5, 2, "0.05"),
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (123_456_789, 2, "1,234,567.89"),
            (i64::MIN, 4, "-922,337,203,685,477.5808"),
            (i64::MAX, 0, "9,223,372,036,854,775,807"),
        ] {
            assert_eq!(number(value, places), shown);
        }
    }

    #[test]
    fn a_mask_shows_the_ends() {
        for (text, shown) in [
            ("", ""),
            ("张", "*"),
            ("张三", "张*"),
            ("张三丰", "张**"),
            ("1234567", "1******"),
            ("13812345678", "138****5678"),
            ("12345678", "123*5678"),
        ] {
            assert_eq!(mask(text), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        for (text, most, shown) in
            [("咖啡杯", 3, "咖啡杯"), ("咖啡杯", 2, "咖…"), ("咖啡杯", 1, "…"), ("", 1, "")]
        {
            assert_eq!(truncate(text, most), shown);
        }
    }
}
