//! Instants and the local calendar of a programme.
//!
//! Days are those of the programme's IANA zone, never of the server. A local midnight that daylight
//! saving skips or doubles resolves to the first instant of that local day.

use std::fmt;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::zone::Zone;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Between the years 1970 and 9999 for
/// everything the API lets in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The last instant that can be told: 9999-12-31T23:59:59.999Z.
    pub const LAST: Self = Self(253_402_300_799_999);

    /// Reads RFC 3339, which always has an offset. `None` for anything else and for years outside
    /// 1970–9999.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
        (0..=Self::LAST.0).contains(&at).then_some(Self(at))
    }

    /// This instant `milliseconds` later (or earlier, when negative).
    #[must_use]
    pub fn plus_ms(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with milliseconds only when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = if self.0 % 1000 == 0 {
            chrono::SecondsFormat::Secs
        } else {
            chrono::SecondsFormat::Millis
        };
        f.write_str(&self.utc().to_rfc3339_opts(style, true))
    }
}

const DAY_SECONDS: i64 = 24 * 3600;

/// The local calendar day of an instant.
#[must_use]
pub fn local_date(at: Timestamp, zone: Zone) -> NaiveDate {
    let second = at.0.div_euclid(1000);
    let day = (second + zone.offset_at(second)).div_euclid(DAY_SECONDS);
    from_day_number(i32::try_from(day).unwrap_or(i32::MAX))
}

/// The last local day on which what ends at that instant can be used.
#[must_use]
pub fn last_valid_day(expires_at: Timestamp, zone: Zone) -> NaiveDate {
    local_date(expires_at.plus_ms(-1), zone)
}

/// The hour (0–23) that the wall clock shows at an instant: on a day of 23 or 25 hours it is not
/// the number of hours since midnight.
#[must_use]
pub fn local_hour(at: Timestamp, zone: Zone) -> i64 {
    local_minute(at, zone) / 60
}

/// The minute of the day (0–1439) that the wall clock shows at an instant.
#[must_use]
pub fn local_minute(at: Timestamp, zone: Zone) -> i64 {
    let second = at.0.div_euclid(1000);
    (second + zone.offset_at(second)).rem_euclid(DAY_SECONDS) / 60
}

/// The first instant of a local day at which the wall clock shows that minute (0–1439) or a later
/// one: the first of two where the clock is set back, the end of the gap where it is set forward.
#[must_use]
pub fn at_local_minute(date: NaiveDate, minute: i64, zone: Zone) -> Timestamp {
    let second = i64::from(day_number(date)) * DAY_SECONDS + minute * 60;
    Timestamp(zone.first_at_or_after(second).saturating_mul(1000))
}

/// The first instant of a local day. For a day that a zone left out altogether, the first instant
/// after it.
#[must_use]
pub fn start_of_day(date: NaiveDate, zone: Zone) -> Timestamp {
    at_local_minute(date, 0, zone)
}

/// Days since 1970-01-01: how days are kept in counters.
#[must_use]
pub fn day_number(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// The day that a text of the form `YYYY-MM-DD` names, and no text of another form: chrono alone
/// also takes signs, blanks and fewer digits.
#[must_use]
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let is_digit = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let has_form = text.len() == 10 && text.bytes().enumerate().all(is_digit);
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| has_form)
}

/// The day with that number; days outside the calendar become its last day.
#[must_use]
pub fn from_day_number(number: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(number).unwrap_or(NaiveDate::MAX)
}

/// `date` plus `days` (which may be negative), or the last day there is.
#[must_use]
pub(crate) fn plus_days(date: NaiveDate, days: i64) -> NaiveDate {
    let moved = if days < 0 {
        date.checked_sub_days(Days::new(days.unsigned_abs()))
    } else {
        date.checked_add_days(Days::new(days.unsigned_abs()))
    };
    moved.unwrap_or(NaiveDate::MAX)
}

/// `date` plus `months`, clamped to the end of the month (31 January + 1 month = 28 or 29
/// February).
#[must_use]
pub(crate) fn plus_months(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// A stretch of the local calendar that starts on the first of some month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A calendar month.
    Month,
    /// January–March, April–June, July–September, October–December.
    Quarter,
    /// January–June, July–December.
    Half,
    /// A calendar year.
    Year,
}

impl Period {
    fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Half => 6,
            Self::Year => 12,
        }
    }

    /// The first day of the period that `date` lies in.
    #[must_use]
    pub fn first_day(self, date: NaiveDate) -> NaiveDate {
        let month = date.month0() - date.month0() % self.months();
        NaiveDate::from_ymd_opt(date.year(), month + 1, 1).unwrap_or(date)
    }

    /// The last day of the period that `date` lies in.
    #[must_use]
    pub fn last_day(self, date: NaiveDate) -> NaiveDate {
        plus_days(plus_months(self.first_day(date), self.months()), -1)
    }

    /// The first day of the period `count` periods before the one that `date` lies in.
    #[must_use]
    pub fn first_day_back(self, date: NaiveDate, count: u32) -> NaiveDate {
        let back = Months::new(self.months().saturating_mul(count));
        self.first_day(date).checked_sub_months(back).unwrap_or(NaiveDate::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_has_one_form() {
        assert_eq!(parse_day("2028-02-29"), Some(day("2028-02-29")));
        for text in [
            "2026-02-29",
            "2026-5-1",
            " 2026-05-1",
            "+2026-05-1",
            "2026-05-01 ",
            "2026/05/01",
            "２026-05-01",
            "",
        ] {
            assert_eq!(parse_day(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_day_starts_at_its_first_instant() {
        for (date, zone, start) in [
            ("2027-01-01", "Asia/Shanghai", "2026-12-31T16:00:00Z"),
            ("2027-01-01", "America/New_York", "2027-01-01T05:00:00Z"),
            ("2026-07-01", "America/New_York", "2026-07-01T04:00:00Z"),
            // Spring forward at midnight: 2018-11-04 in São Paulo starts at 01:00 local (-02:00).
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            // Fall back at midnight to 23:00: the next day starts once, an hour later.
            ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00:00Z"),
            // Havana falls back at 01:00 to 00:00: midnight happens twice, the first one counts
            // (-04:00).
            ("2026-11-01", "America/Havana", "2026-11-01T04:00:00Z"),
            // Beirut and Cairo skip midnight in spring.
            ("2026-03-29", "Asia/Beirut", "2026-03-28T22:00:00Z"),
            // Samoa left out 2011-12-30 when it crossed the date line: what comes after it is the
            // 31st.
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("2028-02-29", "Asia/Kathmandu", "2028-02-28T18:15:00Z"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            assert_eq!(start_of_day(day(date), zone).to_string(), start, "{date} {zone}");
        }
    }

    #[test]
    fn a_minute_of_a_day_is_its_first_instant() {
        for (date, minute, zone, at, shown) in [
            ("2027-01-01", 600, "Asia/Shanghai", "2027-01-01T02:00:00Z", 600),
            // New York skips 02:00–03:00 on 2026-03-08, and has 01:00–02:00 twice on 2026-11-01.
            ("2026-03-08", 150, "America/New_York", "2026-03-08T07:00:00Z", 180),
            ("2026-11-01", 90, "America/New_York", "2026-11-01T05:30:00Z", 90),
            ("2026-11-01", 120, "America/New_York", "2026-11-01T07:00:00Z", 120),
            ("2028-02-29", 1_439, "Asia/Kathmandu", "2028-02-29T18:14:00Z", 1_439),
        ] {
            let zone: Zone = zone.parse().unwrap();
            let found = at_local_minute(day(date), minute, zone);
            assert_eq!(found.to_string(), at, "{date} {minute} {zone}");
            assert_eq!(local_minute(found, zone), shown, "{date} {minute} {zone}");
        }
    }

    #[test]
    fn months_clamp() {
        for (date, months, result) in [
            ("2027-01-31", 1, "2027-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2026-11-30", 3, "2027-02-28"),
        ] {
            assert_eq!(plus_months(day(date), months), day(result), "{date} + {months}");
        }
    }

    #[test]
    fn periods_have_first_and_last_days() {
        for (date, period, first, last) in [
            ("2026-11-21", Period::Month, "2026-11-01", "2026-11-30"),
            ("2026-11-21", Period::Quarter, "2026-10-01", "2026-12-31"),
            ("2026-06-30", Period::Half, "2026-01-01", "2026-06-30"),
            ("2028-02-29", Period::Year, "2028-01-01", "2028-12-31"),
        ] {
            assert_eq!(
                (period.first_day(day(date)), period.last_day(day(date))),
                (day(first), day(last))
            );
        }
        assert_eq!(Period::Month.first_day_back(day("2026-02-15"), 3), day("2025-11-01"));
    }

    #[test]
    fn instants_are_read_with_an_offset() {
        assert_eq!(
            Timestamp::parse("2026-01-01T08:00:00+08:00").map(|t| t.to_string()).as_deref(),
            Some("2026-01-01T00:00:00Z")
        );
        assert_eq!(
            Timestamp::parse("2026-01-01T00:00:00.250Z").map(|t| t.to_string()).as_deref(),
            Some("2026-01-01T00:00:00.250Z")
        );
        for bad in [
            "2026-01-01",
            "2026-01-01T00:00:00",
            "1969-12-31T23:59:59Z",
            "2026-02-30T00:00:00Z",
            "",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_instant_lies_in_its_local_day(at in 0i64..4_102_444_800_000, zone in 0usize..chrono_tz::TZ_VARIANTS.len()) {
            let zone: Zone = chrono_tz::TZ_VARIANTS[zone].name().parse().unwrap();
            let at = Timestamp(at);
            let date = local_date(at, zone);
            let start = start_of_day(date, zone);
            // The start is never after an instant of that day, but for a clock set back over
            // midnight, which repeats part of the day before.
            let repeated = at < start && start.0 - at.0 <= 24 * 3_600_000;
            proptest::prop_assert!(start <= at || repeated);
            proptest::prop_assert!(local_date(start, zone) >= date);
            proptest::prop_assert!(local_date(start.plus_ms(-1), zone) <= date);
        }
    }
}
