//! The naive reference's tiers: every value is summed anew over all events ever accepted.

use chrono::{Datelike, Duration, NaiveDate};
use rules::{Document, Downgrade, GiftPolicy, QualifyingPeriod, TierBasis, TierLevel, Tiers};

use crate::calendar::{add_months, date_of, first_instant, month_index};
use crate::reference::{NaiveGround, NaiveTier, Reference, Said};
use crate::returns::first_of;
use crate::spending::NaiveCoupon;

/// What a move on the ladder gave.
#[derive(Debug, Clone)]
pub struct NaiveGift {
    pub sequence: i64,
    pub at: i64,
    /// Levels, each with what it gave.
    pub levels: Vec<(String, i64)>,
    pub points: i64,
    pub lot: Option<i64>,
    pub coupons: Vec<NaiveCoupon>,
    /// Points that were taken back.
    pub taken: i64,
    /// Points of its lot that expired and were set against that.
    pub expired_used: i64,
}

/// What a member view tells: tier, value, missing for the next, missing to keep.
pub type NaiveProjection = (String, i128, Option<i128>, Option<i128>);

/// The last day of the period of a tier that was kept through that day. Years end in December
/// whatever grace there was.
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
    fn value(&self, tiers: &Tiers, days: (NaiveDate, NaiveDate)) -> i128 {
        if tiers.basis != TierBasis::AverageOrder {
            return self.sum_of(tiers.basis, tiers, days);
        }
        match self.sum_of(TierBasis::Orders, tiers, days) {
            0 => 0,
            orders => self.sum_of(TierBasis::Spend, tiers, days) / orders,
        }
    }

    fn sum_of(
        &self,
        basis: TierBasis,
        tiers: &Tiers,
        (day, through): (NaiveDate, NaiveDate),
    ) -> i128 {
        let last = month_index(through);
        let (first, last) = match tiers.period {
            QualifyingPeriod::Lifetime {} => (i32::MIN, i32::MAX),
            QualifyingPeriod::CalendarYear {} => (day.year() * 12, last),
            QualifyingPeriod::RollingMonths { months } => {
                (month_index(day) - months as i32 + 1, last)
            }
        };
        let mut value = 0;
        for past in &self.log {
            if (first..=last).contains(&month_index(past.date)) {
                value += i128::from(match basis {
                    TierBasis::Spend => past.spend,
                    TierBasis::Growth => past.growth,
                    TierBasis::Orders => past.orders,
                    TierBasis::AverageOrder => unreachable!("no sum"),
                });
            }
        }
        value
    }

    /// The highest level that is reached in the period of that day, one way or the other.
    fn qualified(&self, tiers: &Tiers, days: (NaiveDate, NaiveDate)) -> usize {
        let (value, growth) =
            (self.value(tiers, days), self.sum_of(TierBasis::Growth, tiers, days));
        let enough = tiers.minimum_orders.is_none_or(|minimum| {
            i128::from(minimum) <= self.sum_of(TierBasis::Orders, tiers, days)
        });
        let is_reached = |level: &TierLevel| {
            (enough && i128::from(level.from) <= value)
                || level.or_growth.is_some_and(|from| i128::from(from) <= growth)
        };
        (0..tiers.levels.len()).filter(|rank| is_reached(&tiers.levels[*rank])).max().unwrap_or(0)
    }

    /// Until when a level that is reached or kept on that day lasts.
    fn lasts(&self, tiers: &Tiers, rank: usize, day: NaiveDate) -> Option<i64> {
        let last_day = match tiers.period {
            _ if rank == 0 => None,
            QualifyingPeriod::Lifetime {} => None,
            QualifyingPeriod::CalendarYear {} => NaiveDate::from_ymd_opt(day.year() + 1, 12, 31),
            QualifyingPeriod::RollingMonths { months } => Some(add_months(day, months)),
        };
        let kept = Duration::days(i64::from(tiers.grace_days) + 1);
        last_day.map(|day| first_instant(day + kept, self.zone))
    }

    /// The period that a level reached on that day is reached for: the whole year, or the months up
    /// to the day's.
    fn reached_for(&self, tiers: &Tiers, day: NaiveDate) -> (NaiveDate, NaiveDate) {
        match tiers.period {
            QualifyingPeriod::CalendarYear {} => {
                (day, NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap())
            }
            _ => (day, day),
        }
    }

    fn ground(
        &self,
        tiers: &Tiers,
        rank: usize,
        (at, day): (i64, NaiveDate),
        period: Option<(NaiveDate, NaiveDate)>,
    ) -> Option<NaiveGround> {
        let level = tiers.levels.get(rank).filter(|_| rank > 0)?;
        Some(NaiveGround { id: level.id.clone(), at, until: self.lasts(tiers, rank, day), period })
    }

    fn rank_of(&self, tiers: &Tiers, id: &str) -> usize {
        tiers.levels.iter().position(|level| level.id == id).unwrap_or(0)
    }

    /// The member is on that level from `at` on, by these grounds, the first of which is its own.
    fn move_to(&mut self, tiers: &Tiers, rank: usize, grounds: Vec<NaiveGround>, at: i64) -> Said {
        let until = grounds.first().filter(|_| rank > 0).and_then(|ground| ground.until);
        let id = tiers.levels[rank].id.clone();
        let since = self.tier.as_ref().filter(|tier| tier.id == id).map_or(at, |tier| tier.since);
        let before = self.tier.replace(NaiveTier { id: id.clone(), since, until, grounds });
        Said {
            kind: "tier_change",
            occurred_at: at,
            tier: Some((before.map(|tier| tier.id), id, until)),
            ..Said::default()
        }
    }

    /// `sequence` is that of the entry it becomes.
    pub fn upgrade(&mut self, book: &Document, now: i64, sequence: i64) -> Option<Said> {
        self.upgrade_by(book, now, now, sequence)
    }

    /// An event may be ahead of the clock by minutes, and then it counts on its own day.
    pub fn upgrade_by(
        &mut self,
        book: &Document,
        occurred_at: i64,
        now: i64,
        sequence: i64,
    ) -> Option<Said> {
        let tiers = book.tiers.as_ref()?;
        let mut today = date_of(now, self.zone);
        let ahead = date_of(occurred_at.max(now), self.zone);
        let (rank, mut reached) = (self.rank(tiers), self.qualified(tiers, (today, today)));
        if self.qualified(tiers, (ahead, ahead)) > reached {
            (reached, today) = (self.qualified(tiers, (ahead, ahead)), ahead);
        }
        // A level that is reached gives what was taken back of it, whether the member was still on
        // it or not.
        let is_due = |level: &TierLevel| self.gifts_due.contains(&level.id);
        let mut given: Vec<TierLevel> =
            (1..=reached.min(rank)).map(|at| tiers.levels[at].clone()).filter(is_due).collect();
        if reached <= rank && given.is_empty() {
            return None;
        }
        let mut grounds = vec![
            self.ground(tiers, reached, (now, today), Some(self.reached_for(tiers, today)))
                .unwrap(),
        ];
        let under = self.tier.iter().flat_map(|tier| &tier.grounds).filter(|ground| {
            ground.until.is_none_or(|until| now < until)
                && self.rank_of(tiers, &ground.id) < reached
        });
        grounds.extend(under.cloned());
        let mut said = if reached > rank {
            self.move_to(tiers, reached, grounds, now)
        } else {
            let tier = self.tier.clone().unwrap();
            let stays = Some((Some(tier.id.clone()), tier.id, tier.until));
            Said { kind: "tier_change", occurred_at: now, tier: stays, ..Said::default() }
        };
        let (mut gift, mut coupons) = (0, Vec::new());
        for level in tiers.levels.iter().take(reached + 1).skip(rank + 1) {
            // Given before and kept when the level was lost after a return.
            match self.gifts_kept.iter().position(|id| *id == level.id) {
                Some(at) => drop(self.gifts_kept.remove(at)),
                None => given.push(level.clone()),
            }
        }
        for level in &given {
            gift += level.gift_points;
            coupons.extend(level.gift_coupon.clone());
            self.gifts_due.retain(|id| *id != level.id);
        }
        let first_coupon = self.coupons.len();
        if gift > 0 {
            said.grants.push(self.grant(
                (gift, "tier_gift"),
                now,
                now,
                &book.expiry[&tiers.gift_expiry],
                now,
            ));
            said.points = gift;
        }
        for name in coupons {
            said.coupons.extend(crate::spending::told(&self.issue(book, &name, 1, now)));
        }
        let gifts: Vec<(String, i64)> = given
            .into_iter()
            .filter(|level| level.gift_points > 0 || level.gift_coupon.is_some())
            .map(|level| (level.id, level.gift_points))
            .collect();
        said.desired = i128::from(gift) * 10i128.pow(16);
        if gift > 0 || !said.coupons.is_empty() {
            self.gifts.push(NaiveGift {
                sequence,
                at: now,
                levels: gifts,
                points: gift,
                lot: (gift > 0).then_some(self.lots.len() as i64),
                coupons: self.coupons[first_coupon..].to_vec(),
                taken: 0,
                expired_used: 0,
            });
        }
        Some(said)
    }

    /// Gifts of levels that were reached before a return and are not any more are taken back, the
    /// last ones first. A level is reached by what counts in the period of the day of the gift, and
    /// by what came since. Old gifts are not looked at: those of the year before last, or of more
    /// months ago than a period has, and one.
    pub fn take_gifts(
        &mut self,
        book: &Document,
        before: &Self,
        recorded_at: i64,
        now: i64,
    ) -> Vec<Said> {
        let mut said = Vec::new();
        let Some(tiers) =
            book.tiers.as_ref().filter(|_| book.returns.gifts == GiftPolicy::TakeBack)
        else {
            return said;
        };
        for at in (0..self.gifts.len()).rev() {
            let gift = self.gifts[at].clone();
            let (day, today) = (date_of(gift.at, self.zone), date_of(now, self.zone));
            let counted_on = today - Duration::days(tiers.grace_days.into());
            let is_old = match tiers.period {
                QualifyingPeriod::Lifetime {} => false,
                QualifyingPeriod::CalendarYear {} => day.year() < counted_on.year() - 1,
                QualifyingPeriod::RollingMonths { months } => {
                    month_index(day) < month_index(counted_on) - months as i32 - 1
                }
            };
            if is_old {
                continue;
            }
            let days = (day, today.max(day));
            let (reached, mut was_reached) =
                (self.qualified(tiers, days), before.qualified(tiers, days));
            // An order from before the gift that makes the average less when it comes back.
            if tiers.basis == TierBasis::AverageOrder
                && recorded_at <= gift.at
                && self.value(tiers, days) < before.value(tiers, days)
            {
                was_reached = tiers.levels.len();
            }
            let place = |id: &String| tiers.levels.iter().position(|level| level.id == *id);
            let mut lost: Vec<(usize, i64)> = Vec::new();
            for (id, points) in &gift.levels {
                // A level that the ladder no longer has keeps its gift.
                let Some(at) = place(id) else { continue };
                if at > reached && at <= was_reached && !self.gifts_due.contains(id) {
                    lost.push((at, *points));
                }
            }
            if lost.is_empty() {
                continue;
            }
            let all = lost.len() == gift.levels.len();
            let desired =
                lost.iter().map(|(_, points)| points).sum::<i64>().min(gift.points - gift.taken);
            let gone = gift.lot.map_or(0, |lot| self.lots[lot as usize - 1].expired);
            let excused = first_of(gone, (gift.taken + desired).into(), gift.points.into())
                - gift.expired_used;
            let expired = excused.clamp(0, desired);
            let mut coupons = gift.coupons.clone();
            let is_lost = |name: &String| {
                all || lost
                    .iter()
                    .any(|(at, _)| tiers.levels[*at].gift_coupon.as_ref() == Some(name))
            };
            coupons.retain(|coupon| self.coupons.contains(coupon) && is_lost(&coupon.name));
            self.coupons.retain(|open| !coupons.contains(open));
            let (draws, debt) = self.take_back(book, gift.lot, desired - expired, now);
            self.gifts[at].taken += desired;
            self.gifts[at].expired_used += expired;
            self.gifts_due.extend(lost.iter().map(|(at, _)| tiers.levels[*at].id.clone()));
            said.push(Said {
                kind: "reverse",
                points: -draws.iter().map(|(_, points)| points).sum::<i64>() - debt,
                occurred_at: now,
                draws,
                corrects: Some(gift.sequence),
                reversal: Some((vec![], desired, expired)),
                coupons: crate::spending::told(&coupons),
                debt,
                ..Said::default()
            });
        }
        said
    }

    /// Something of an order that was recorded then, in that month, no longer counts. The member
    /// keeps the highest level that it still has a ground for, or that it qualifies for at present.
    /// An order from after a level was reached matters to it if the period gave the level until
    /// now.
    pub fn lower(
        &mut self,
        book: &Document,
        before: &Self,
        (recorded_at, month): (i64, NaiveDate),
        now: i64,
    ) -> Option<Said> {
        let tiers = book.tiers.as_ref()?;
        let tier = self.tier.clone()?;
        let today = date_of(now, self.zone);
        let rank = self.rank(tiers);
        let mut left = Vec::new();
        let lasting =
            tier.grounds.into_iter().filter(|ground| ground.until.is_none_or(|until| now < until));
        for (place, ground) in lasting.enumerate() {
            let own = self.rank_of(tiers, &ground.id);
            let kept = match ground.period {
                Some(days)
                    // A level that another one hides is measured by what is left of its own period.
                    if place > 0
                        || (self.is_in(tiers, days, month)
                            && (before.qualified(tiers, days) >= own
                                || ground.at >= recorded_at
                                    && self.value(tiers, days) <= before.value(tiers, days))) =>
                {
                    own.min(self.qualified(tiers, days))
                }
                _ => own,
            };
            left.push((kept, NaiveGround { id: tiers.levels[kept].id.clone(), ..ground }));
        }
        let days = self.reached_for(tiers, today);
        let present = self.qualified(tiers, days);
        left.extend(
            self.ground(tiers, present, (now, today), Some(days)).map(|ground| (present, ground)),
        );
        left.retain(|(kept, _)| *kept > 0);
        left.sort_by_key(|(kept, ground)| {
            (std::cmp::Reverse(*kept), std::cmp::Reverse(ground.until.unwrap_or(i64::MAX)))
        });
        let next = left.first().map_or(0, |(kept, _)| *kept);
        if next >= rank {
            return None;
        }
        for level in &tiers.levels[next + 1..=rank] {
            let is_gone = self.gifts_kept.contains(&level.id) || self.gifts_due.contains(&level.id);
            if (level.gift_points > 0 || level.gift_coupon.is_some()) && !is_gone {
                self.gifts_kept.push(level.id.clone());
            }
        }
        let grounds = left.into_iter().map(|(_, ground)| ground).collect();
        Some(self.move_to(tiers, next, grounds, now))
    }

    fn is_in(
        &self,
        tiers: &Tiers,
        (day, through): (NaiveDate, NaiveDate),
        date: NaiveDate,
    ) -> bool {
        let (month, last) = (month_index(date), month_index(through));
        match tiers.period {
            QualifyingPeriod::Lifetime {} => true,
            QualifyingPeriod::CalendarYear {} => (day.year() * 12..=last).contains(&month),
            QualifyingPeriod::RollingMonths { months } => {
                (month_index(day) - months as i32 + 1..=last).contains(&month)
            }
        }
    }

    /// The tier that ends at that instant is renewed or lowered.
    pub fn close_tiers(&mut self, book: &Document, at: i64) -> Vec<Said> {
        let mut said = Vec::new();
        let Some(tiers) = &book.tiers else { return said };
        while let Some(end) =
            self.tier.as_ref().and_then(|tier| tier.until).filter(|end| *end <= at)
        {
            let last_day = date_of(end - 1, self.zone);
            let period = ended(tiers, last_day);
            let days = Some((period, last_day));
            let (rank, reached) = (self.rank(tiers), self.qualified(tiers, (period, last_day)));
            let step = rank.max(1) - 1;
            let ground = |rank: usize, days| self.ground(tiers, rank, (end, period), days);
            // A level that was not qualified for is a courtesy, which no return takes away.
            let (kept, grounds) = match tiers.downgrade {
                Downgrade::Never => (rank, vec![ground(rank, None)]),
                Downgrade::OneStep if reached < rank => (step, vec![ground(step, None)]),
                Downgrade::OneStep => (rank, vec![ground(rank, days), ground(step, None)]),
                Downgrade::ToQualified if reached < rank => (reached, vec![ground(reached, days)]),
                Downgrade::ToQualified => (rank, vec![ground(rank, days)]),
            };
            // docs/reference/rulebook.md: never below a level that is still held otherwise.
            let lasting = |ground: &NaiveGround| ground.until.is_none_or(|until| end < until);
            let grounds_of_tier =
                self.tier.iter().flat_map(|tier| tier.grounds.clone()).filter(lasting);
            let measured = grounds_of_tier.map(|ground| {
                let own = self.rank_of(tiers, &ground.id);
                // Orders may have come back while a higher level hid this one.
                let rank = match ground.period.filter(|_| book.returns.lower_tier) {
                    Some(days) => own.min(self.qualified(tiers, days)),
                    None => own,
                };
                (rank, NaiveGround { id: tiers.levels[rank].id.clone(), ..ground })
            });
            let longest =
                |rank: usize, ground: &NaiveGround| (rank, ground.until.unwrap_or(i64::MAX));
            let mut held: Vec<(usize, NaiveGround)> =
                measured.filter(|(rank, _)| *rank > 0).collect();
            held.sort_by_key(|(rank, ground)| std::cmp::Reverse(longest(*rank, ground)));
            let highest = held.first().map(|(rank, ground)| longest(*rank, ground));
            let held = held.into_iter().map(|(_, ground)| ground);
            let policy: Vec<NaiveGround> = grounds.into_iter().flatten().collect();
            let first = policy.first().map_or((kept, end), |ground| longest(kept, ground));
            let (kept, grounds) = match highest.filter(|highest| *highest > first) {
                Some((rank, _)) => (rank, held.chain(policy).collect()),
                None => (kept, policy),
            };
            said.push(self.move_to(tiers, kept, grounds, end));
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
