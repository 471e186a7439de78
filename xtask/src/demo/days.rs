//! The demo's calendar: local days of the baskets, and local times in the format of the API.

use super::baskets::Basket;
use anyhow::{Context, Result};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

/// Where the shops of a demo are.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The offset of the rulebook's zone, the same all year: the file has baskets in hours that
    /// daylight saving skips.
    pub offset: &'static str,
    /// The currency of the rulebook.
    pub currency: &'static str,
}

impl Place {
    /// RFC 3339 of a local time.
    pub fn local(self, at: NaiveDateTime) -> String {
        format!("{}{}", at.format("%Y-%m-%dT%H:%M:%S"), self.offset)
    }

    /// The start of the demo's clock: the midnight before the first basket.
    pub fn opening(self, baskets: &[Basket]) -> Result<String> {
        let first = baskets.first().context("no baskets")?;
        Ok(self.local(midnight(first.occurred_at.date())))
    }

    /// The time from before the first basket to the midnight after the last one.
    pub fn span(self, baskets: &[Basket]) -> Result<(String, String)> {
        let last = baskets.last().context("no baskets")?.occurred_at.date();
        Ok((self.opening(baskets)?, self.local(midnight(day_after(last)?))))
    }
}

pub fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

/// The baskets of the first `days` days that have any.
pub fn first(baskets: Vec<Basket>, days: Option<usize>) -> Vec<Basket> {
    let Some(days) = days else { return baskets };
    let end = by_day(&baskets).iter().take(days.max(1)).map(|(_, baskets)| baskets.len()).sum();
    let mut baskets = baskets;
    baskets.truncate(end);
    baskets
}

/// Groups baskets by local day; the baskets are sorted by time.
pub fn by_day(baskets: &[Basket]) -> Vec<(NaiveDate, &[Basket])> {
    baskets
        .chunk_by(|a, b| a.occurred_at.date() == b.occurred_at.date())
        .filter_map(|day| Some((day.first()?.occurred_at.date(), day)))
        .collect()
}

/// The midnights after `from` up to `to`.
pub fn midnights(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().skip(1).take_while(move |day| *day <= to)
}

pub fn day_after(day: NaiveDate) -> Result<NaiveDate> {
    day.checked_add_days(Days::new(1)).context("the calendar ends")
}
