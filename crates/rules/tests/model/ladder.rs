//! The naive reference's tiers: every value is summed anew over all events ever accepted.

use chrono::{Datelike, Duration, NaiveDate};
use rules::{Document, Downgrade, QualifyingPeriod, TierBasis, TierLevel, Tiers};

use crate::calendar::{add_months, date_of, first_instant, month_index};
use crate::reference::{NaiveTier, Reference, Said};

/// What a member view tells: tier, value, missing for the next, missing to keep.
pub type NaiveProjection = (String, i128, Option<i128>, Option<i128>);

/// The last day of the period of a tier that was kept through that day. Years end in December whatever grace there was.
fn ended(tiers: &Tiers, last_day: NaiveDate) -> NaiveDate {
    let mut day = last_day - Duration::days(tiers.grace_days.into());
    if let (QualifyingPeriod::CalendarYear {}, false) = (tiers.period, is_last_of_year(day)) {
        day = last_day;
        while !is_last_of_year(day) {
            day -= Duration::days(1);
        }
    }
    day
}

fn is_last_of_year(day: NaiveDate) -> bool {
    (day.month(), day.day()) == (12, 31)
}

impl Reference {
    pub fn level<'a>(&self, book: &'a Document) -> Option<&'a TierLevel> {
        let tiers = book.tiers.as_ref()?;
        Some(&tiers.levels[self.rank(tiers)])
    }

    /// A tier that the ladder no longer has counts as its lowest.
    fn rank(&self, tiers: &Tiers) -> usize {
        let id = self.tier.as_ref().map(|tier| tier.id.as_str());
        tiers.levels.iter().position(|level| Some(level.id.as_str()) == id).unwrap_or(0)
    }

    /// The value of the basis over the period that `day` lies in, up to the month of `through`.
    fn value(&self, tiers: &Tiers, (day, through): (NaiveDate, NaiveDate)) -> i128 {
        self.value_of(tiers.basis, tiers, (day, through))
    }

    fn value_of(&self, basis: TierBasis, tiers: &Tiers, (day, through): (NaiveDate, NaiveDate)) -> i128 {
        let last = month_index(through);
        let (first, last) = match tiers.period {
            QualifyingPeriod::Lifetime {} => (i32::MIN, i32::MAX),
            QualifyingPeriod::CalendarYear {} => (day.year() * 12, last),
            QualifyingPeriod::RollingMonths { months } => (month_index(day) - months as i32 + 1, last),
        };
        let mut value = 0;
        for past in &self.log {
            if (first..=last).contains(&month_index(past.date)) {
                value += i128::from(match basis {
                    TierBasis::Spend => past.spend,
                    TierBasis::Growth => past.growth,
                    TierBasis::Orders => past.orders,
                });
            }
        }
        value
    }

    /// The highest level that is reached in the period of that day, one way or the other.
    fn qualified(&self, tiers: &Tiers, days: (NaiveDate, NaiveDate)) -> usize {
        let (value, growth) = (self.value(tiers, days), self.value_of(TierBasis::Growth, tiers, days));
        let is_reached = |level: &TierLevel| {
            i128::from(level.from) <= value || level.or_growth.is_some_and(|from| i128::from(from) <= growth)
        };
        (0..tiers.levels.len()).filter(|rank| is_reached(&tiers.levels[*rank])).max().unwrap_or(0)
    }

    fn move_to(&mut self, tiers: &Tiers, rank: usize, day: NaiveDate, now: i64) -> Said {
        let last_day = match tiers.period {
            _ if rank == 0 => None,
            QualifyingPeriod::Lifetime {} => None,
            QualifyingPeriod::CalendarYear {} => NaiveDate::from_ymd_opt(day.year() + 1, 12, 31),
            QualifyingPeriod::RollingMonths { months } => Some(add_months(day, months)),
        };
        let kept = Duration::days(i64::from(tiers.grace_days) + 1);
        let until = last_day.map(|day| first_instant(day + kept, self.zone));
        let id = tiers.levels[rank].id.clone();
        let since = self.tier.as_ref().filter(|tier| tier.id == id).map_or(now, |tier| tier.since);
        let before = self.tier.replace(NaiveTier { id: id.clone(), since, until });
        Said {
            kind: "tier_change",
            occurred_at: now,
            tier: Some((before.map(|tier| tier.id), id, until)),
            ..Said::default()
        }
    }

    pub fn upgrade(&mut self, book: &Document, now: i64) -> Option<Said> {
        let tiers = book.tiers.as_ref()?;
        let today = date_of(now, self.zone);
        let (rank, reached) = (self.rank(tiers), self.qualified(tiers, (today, today)));
        if reached <= rank {
            return None;
        }
        let mut said = self.move_to(tiers, reached, today, now);
        let (mut gift, mut coupons) = (0, Vec::new());
        for level in &tiers.levels[rank + 1..=reached] {
            // Given before and kept when the level was lost after a return.
            match self.gifts_kept.iter().position(|id| *id == level.id) {
                Some(at) => drop(self.gifts_kept.remove(at)),
                None => {
                    gift += level.gift_points;
                    coupons.extend(level.gift_coupon.clone());
                }
            }
        }
        if gift > 0 {
            said.grants.push(self.grant((gift, "tier_gift"), now, now, &book.expiry[&tiers.gift_expiry], now));
            said.points = gift;
        }
        for name in coupons {
            said.coupons.extend(crate::spending::told(&self.issue(book, &name, 1, now)));
        }
        Some(said)
    }

    /// A tier reached since then falls to what is qualified for now.
    pub fn lower(&mut self, book: &Document, since: i64, now: i64) -> Option<Said> {
        let tiers = book.tiers.as_ref()?;
        self.tier.as_ref().filter(|tier| tier.since >= since)?;
        let today = date_of(now, self.zone);
        let (rank, qualified) = (self.rank(tiers), self.qualified(tiers, (today, today)));
        if qualified >= rank {
            return None;
        }
        for level in &tiers.levels[qualified + 1..=rank] {
            if (level.gift_points > 0 || level.gift_coupon.is_some()) && !self.gifts_kept.contains(&level.id) {
                self.gifts_kept.push(level.id.clone());
            }
        }
        Some(self.move_to(tiers, qualified, today, now))
    }

    pub fn close_tiers(&mut self, book: &Document, now: i64) -> Vec<Said> {
        let mut said = Vec::new();
        let Some(tiers) = &book.tiers else { return said };
        while let Some(end) = self.tier.as_ref().and_then(|tier| tier.until).filter(|end| *end <= now) {
            let last_day = date_of(end - 1, self.zone);
            let period = ended(tiers, last_day);
            let (rank, reached) = (self.rank(tiers), self.qualified(tiers, (period, last_day)));
            let lowered = match tiers.downgrade {
                Downgrade::Never => rank,
                Downgrade::OneStep if rank == 0 => 0,
                Downgrade::OneStep => rank - 1,
                Downgrade::ToQualified => 0,
            };
            let kept = if reached >= rank { rank } else { lowered.max(reached) };
            said.push(self.move_to(tiers, kept, period, now));
        }
        said
    }

    pub fn projection(&self, book: &Document, now: i64) -> Option<NaiveProjection> {
        let tiers = book.tiers.as_ref()?;
        let rank = self.rank(tiers);
        let today = date_of(now, self.zone);
        let value = self.value(tiers, (today, today));
        let missing = |level: &TierLevel, value: i128| (i128::from(level.from) - value).max(0);
        let next = tiers.levels.get(rank + 1).map(|level| missing(level, value));
        let until = self.tier.as_ref().and_then(|tier| tier.until);
        let keep = until.map(|end| {
            let last_day = date_of(end - 1, self.zone);
            missing(&tiers.levels[rank], self.value(tiers, (ended(tiers, last_day), last_day)))
        });
        Some((tiers.levels[rank].id.clone(), value, next, keep))
    }
}
