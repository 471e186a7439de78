//! The tier ladder: who is on which level, what comes next, and what happens when a tier's time is
//! over.
//!
//! Qualification counts what was spent or grown, never the balance: redeeming does not lower it.

use chrono::{Datelike, Days, NaiveDate};
use ledger::{
    Award, Claim, ClaimPeriod, Count, Entry, EntryId, Exact, Fault, Gift, Journal, LotGrant,
    LotNumber, Member, Origin, Period, Qualifying, Tier, TierMove, Timestamp, Totals, Zone,
    day_number, local_date, start_of_day, tier_change,
};

use crate::claims;
use crate::document::{Downgrade, QualifyingPeriod, TierBasis};
use crate::rulebook::{Ladder, Level, Rulebook};

/// The source of points that come with a tier.
pub(crate) const TIER_GIFT: &str = "tier_gift";

impl Ladder {
    pub(crate) fn index_of(&self, tier: Option<&str>) -> usize {
        tier.and_then(|id| self.levels.iter().position(|level| level.id == id)).unwrap_or(0)
    }

    pub(crate) fn value(&self, totals: Totals) -> i64 {
        match self.basis {
            TierBasis::Spend => totals.spend_minor,
            TierBasis::Growth => totals.growth,
            TierBasis::Orders => totals.orders,
            TierBasis::AverageOrder => totals.spend_minor.checked_div(totals.orders).unwrap_or(0),
        }
    }

    /// The orders that are missing before the value counts: an average of one order says little.
    pub(crate) fn missing_orders(&self, totals: Totals) -> Option<i64> {
        let is_average = self.basis == TierBasis::AverageOrder;
        is_average.then(|| i64::from(self.minimum_orders).saturating_sub(totals.orders).max(0))
    }

    /// The first day of the qualification period that `day` lies in.
    fn period_start(&self, day: NaiveDate) -> Option<NaiveDate> {
        match self.period {
            QualifyingPeriod::Lifetime {} => None,
            QualifyingPeriod::CalendarYear {} => Some(Period::Year.first_day(day)),
            QualifyingPeriod::RollingMonths { months } => {
                Some(Period::Month.first_day_back(day, months.saturating_sub(1)))
            }
        }
    }

    /// The last day of the qualification period that `day` lies in; `day` where the period moves on
    /// with every day.
    pub(crate) fn last_day(&self, day: NaiveDate) -> NaiveDate {
        match self.period {
            QualifyingPeriod::CalendarYear {} => Period::Year.last_day(day),
            QualifyingPeriod::Lifetime {} | QualifyingPeriod::RollingMonths { .. } => day,
        }
    }

    /// What counts in the period that `day` lies in, months after `day` left out.
    pub(crate) fn totals_on(&self, member: &Member, day: NaiveDate) -> Totals {
        self.totals_of(member, day, day)
    }

    /// What counts for keeping a tier through `last_day`, its grace included: the period that
    /// ended, and what came in the grace.
    pub(crate) fn totals_to_keep(&self, member: &Member, last_day: NaiveDate) -> Totals {
        self.totals_of(member, self.period_end(last_day), last_day)
    }

    /// The last day of the period of a tier that is kept through `last_day`, its grace included.
    fn period_end(&self, last_day: NaiveDate) -> NaiveDate {
        let end = before(last_day, self.grace_days);
        match self.period {
            // A grace, or a period, that the rulebook changed meanwhile neither adds a year nor
            // takes one away.
            QualifyingPeriod::CalendarYear {} if end != Period::Year.last_day(end) => {
                let is_end = last_day == Period::Year.last_day(last_day);
                if is_end { last_day } else { before(Period::Year.first_day(last_day), 1) }
            }
            _ => end,
        }
    }

    /// What counts from the beginning of the period that `day` lies in through the month of `last`.
    fn totals_of(&self, member: &Member, day: NaiveDate, last: NaiveDate) -> Totals {
        Self::totals_in(member, self.days(day, last))
    }

    /// The period that `day` lies in, through the month of `last`.
    pub(crate) fn days(&self, day: NaiveDate, last: NaiveDate) -> ClaimPeriod {
        match self.period_start(day) {
            None => ClaimPeriod::Lifetime,
            Some(first) => ClaimPeriod::Days(day_number(first), day_number(last)),
        }
    }

    /// What counts in that period.
    pub(crate) fn totals_in(member: &Member, period: ClaimPeriod) -> Totals {
        let ClaimPeriod::Days(first, last) = period else { return member.qualification.lifetime };
        let months =
            member.qualification.months.iter().filter(|(month, _)| (first..=last).contains(month));
        months.fold(Totals::default(), |sum, (_, month)| Totals {
            spend_minor: sum.spend_minor.saturating_add(month.spend_minor),
            growth: sum.growth.saturating_add(month.growth),
            orders: sum.orders.saturating_add(month.orders),
        })
    }

    pub(crate) fn qualified(&self, totals: Totals) -> usize {
        let counts = self.missing_orders(totals).is_none_or(|missing| missing == 0);
        let is_reached = |level: &Level| {
            (counts && level.from <= self.value(totals))
                || level.or_growth.is_some_and(|growth| growth <= totals.growth)
        };
        self.levels.iter().rposition(is_reached).unwrap_or(0)
    }

    /// Until when a tier reached on `day` is kept. The first level has no end.
    pub(crate) fn kept_until(
        &self,
        index: usize,
        day: NaiveDate,
        book: &Rulebook,
    ) -> Option<Timestamp> {
        let last_day = match self.period {
            _ if index == 0 => return None,
            QualifyingPeriod::Lifetime {} => return None,
            QualifyingPeriod::CalendarYear {} => NaiveDate::from_ymd_opt(day.year() + 1, 12, 31)?,
            QualifyingPeriod::RollingMonths { months } => {
                day.checked_add_months(chrono::Months::new(months))?
            }
        };
        let last_day = last_day.checked_add_days(Days::new(self.grace_days.into()))?;
        Some(start_of_day(last_day.succ_opt()?, book.zone()))
    }

    /// A level that was reached or kept at `at`, counted from `day`, by what counted in `period`.
    /// The first level needs no claim.
    pub(crate) fn claim(
        &self,
        to: usize,
        (at, day): (Timestamp, NaiveDate),
        period: Option<ClaimPeriod>,
        book: &Rulebook,
    ) -> Option<Claim> {
        let level = self.levels.get(to).filter(|_| to > 0)?;
        Some(Claim { tier: level.id.clone(), at, until: self.kept_until(to, day, book), period })
    }

    /// The first month that is kept when something counts at that instant: whatever a close of the
    /// period, even a late one, or a return may look at.
    pub(crate) fn keep_from(&self, now: Timestamp, zone: Zone) -> NaiveDate {
        let today = before(local_date(now, zone), self.grace_days);
        match self.period {
            QualifyingPeriod::Lifetime {} => NaiveDate::MAX,
            QualifyingPeriod::CalendarYear {} => Period::Year.first_day_back(today, 1),
            // A tier is kept for as long as its period is, and may be taken back until it ends.
            QualifyingPeriod::RollingMonths { months } => {
                Period::Month.first_day_back(today, months.saturating_mul(2))
            }
        }
    }
}

pub(crate) fn before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(day)
}

/// The level a member is on; `None` without a ladder.
pub(crate) fn level<'a>(book: &'a Rulebook, member: &Member) -> Option<&'a Level> {
    let ladder = book.ladder.as_ref()?;
    ladder.levels.get(ladder.index_of(member.tier.as_ref().map(|tier| tier.id.as_str())))
}

/// What an event adds to the qualification.
pub(crate) fn qualifying(
    book: &Rulebook,
    occurred_at: Timestamp,
    now: Timestamp,
    totals: Totals,
) -> Option<Qualifying> {
    let month = Period::Month.first_day(local_date(occurred_at, book.zone()));
    counted(book, day_number(month), now, totals)
}

/// What is added to the qualification of a month, given by its first day (day number); nothing for
/// nothing.
pub(crate) fn counted(
    book: &Rulebook,
    month: i32,
    now: Timestamp,
    totals: Totals,
) -> Option<Qualifying> {
    // Growth that the rulebook promises counts for life even without a ladder; what else counts is
    // only asked for by ladders and conditions.
    let is_asked_for = book.ladder.is_some() || book.asks_for_qualification;
    let totals =
        if is_asked_for { totals } else { Totals { growth: totals.growth, ..Totals::default() } };
    if totals == Totals::default() {
        return None;
    }
    // Without a ladder conditions ask for what there was for life.
    let keep_from =
        book.ladder.as_ref().map_or(NaiveDate::MAX, |ladder| ladder.keep_from(now, book.zone()));
    Some(Qualifying {
        month,
        keep_from: day_number(keep_from),
        spend_minor: totals.spend_minor,
        growth: totals.growth,
        orders: totals.orders,
    })
}

/// Moves the member up when what it has by now, or at the instant `at` of an event that is ahead of
/// now, qualifies it. Brings the gifts of every level passed. Posts nothing otherwise.
pub(crate) fn upgrade(
    journal: &mut Journal,
    book: &Rulebook,
    at: Timestamp,
    origin: &Origin,
    cause: Option<EntryId>,
) -> Result<(), Fault> {
    let Some(ladder) = &book.ladder else { return Ok(()) };
    let member = journal.member();
    let current = ladder.index_of(member.tier.as_ref().map(|tier| tier.id.as_str()));
    // An event a few minutes ahead of the server's clock may count in the next month already.
    let days = [journal.now(), at.max(journal.now())].map(|at| local_date(at, book.zone()));
    let on_day = |day: NaiveDate| (ladder.qualified(ladder.totals_on(member, day)), day);
    let [(reached, today), ahead] = days.map(on_day);
    let (reached, today) = if ahead.0 > reached { ahead } else { (reached, today) };
    // Gifts that were taken back after a return while the tier was kept are due again.
    let is_due = |level: &&Level| member.counted(&due_name(level), 0).0 > 0;
    let kept = ladder.levels.get(1..=reached.min(current)).unwrap_or_default();
    let again: Vec<&Level> = kept.iter().filter(is_due).collect();
    if reached <= current && again.is_empty() {
        return Ok(());
    }
    let now = journal.now();
    let claim =
        ladder.claim(reached, (now, today), Some(ladder.days(today, ladder.last_day(today))), book);
    let mut claims: Vec<Claim> = claim.into_iter().collect();
    claims.extend(
        claims::held(ladder, member, now, book)
            .into_iter()
            .filter(|under| ladder.index_of(Some(&under.tier)) < reached),
    );
    let stays = member.tier.as_ref().filter(|_| reached <= current).map(|tier| TierMove {
        from: Some(tier.id.clone()),
        to: tier.id.clone(),
        until: tier.until,
        claims: tier.claims.clone(),
    });
    let Some(tier) = stays.or_else(|| claims::moved(ladder, member, reached, claims)) else {
        return Ok(());
    };
    let passed = ladder.levels.get(current + 1..=reached).unwrap_or_default();
    // A member who was lowered after a return has had the gift, and does not get it again.
    let (had, new): (Vec<&Level>, Vec<&Level>) =
        passed.iter().partition(|level| member.counted(&gift_kept(level), 0).0 > 0);
    let due = new
        .iter()
        .copied()
        .filter(is_due)
        .chain(again.iter().copied())
        .map(|level| gift_due(level, -1));
    let counts = had.into_iter().map(|level| gift_count(level, -1)).chain(due).collect();
    let new: Vec<&Level> = again.iter().copied().chain(new).collect();
    let coupons = new
        .iter()
        .filter_map(|level| book.coupon(level.gift_coupon.as_deref()?, journal.now()))
        .collect();
    let points: i64 = new.iter().map(|level| level.gift_points).sum();
    let lot = (points > 0).then(|| LotGrant {
        number: LotNumber(0),
        points,
        source: TIER_GIFT.to_owned(),
        earned_at: now,
        available_at: now,
        expires_at: ladder.gift_expiry.expires_at(now, book.zone()),
    });
    let award = |level: &Level| Award {
        rule: format!("tier:{}", level.id),
        desired: Exact::whole(level.gift_points),
        granted: level.gift_points,
        tags: Vec::new(),
    };
    let awards = new.iter().filter(|level| has_gift(level)).map(|level| award(level)).collect();
    tier_change(
        journal,
        tier,
        Gift { lot, coupons, counts, awards, reached_at: None },
        origin.clone(),
        cause,
    )?;
    Ok(())
}

/// Gives the member the tier that another one had which becomes part of it, when that is higher, or
/// lasts longer. Brings no gift.
pub(crate) fn keep_rank(
    journal: &mut Journal,
    book: &Rulebook,
    theirs: Option<Tier>,
    origin: &Origin,
    cause: EntryId,
) -> Result<(), Fault> {
    let (Some(ladder), Some(theirs)) = (&book.ladder, &theirs) else { return Ok(()) };
    let own = journal.member().tier.clone();
    let rank = |tier: Option<&str>| ladder.index_of(tier);
    let (higher, now) = (rank(Some(&theirs.id)), rank(own.as_ref().map(|tier| tier.id.as_str())));
    let is_longer = |own: &Tier| match (own.until, theirs.until) {
        (Some(own), Some(theirs)) => theirs > own,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if higher > now || (higher == now && higher > 0 && own.as_ref().is_some_and(is_longer)) {
        let member = journal.member();
        let mut claims = claims::held_by(ladder, theirs, journal.now(), book);
        claims.extend(
            claims::held(ladder, member, journal.now(), book)
                .into_iter()
                .filter(|under| ladder.index_of(Some(&under.tier)) < higher),
        );
        let (from, to) = (own.map(|tier| tier.id), theirs.id.clone());
        let tier = TierMove { from, to, until: theirs.until, claims };
        let gift = Gift { reached_at: Some(theirs.since), ..Gift::default() };
        tier_change(journal, tier, gift, origin.clone(), Some(cause))?;
    }
    Ok(())
}

/// The counter of gifts that a member kept though the level was lost.
pub(crate) fn gift_kept(level: &Level) -> String {
    format!("gift:{}", level.id)
}

/// The counter of gifts that were taken back after a return, and that are given when the level is
/// reached again.
pub(crate) fn due_name(level: &Level) -> String {
    format!("gift_due:{}", level.id)
}

pub(crate) fn gift_due(level: &Level, times: i64) -> Count {
    Count { counter: due_name(level), period: 0, keep_from: 0, times, points: 0 }
}

/// The levels that this move on the ladder gave gifts for, each with its points, that were reached
/// `before` a return and are not any more: in the period in which it was made, with all that came
/// since. Nobody can tell once the months of that period are no longer kept.
///
/// Later orders may have pulled an average down before: a member who returns an order from before
/// the gift, and so lowers the average, cannot keep the gift by that.
pub(crate) fn lost_gifts<'a>(
    book: &'a Rulebook,
    before: &Member,
    journal: &Journal,
    earn: &Entry,
    gift: &Entry,
) -> Vec<(&'a Level, i64)> {
    let Some(ladder) = &book.ladder else { return Vec::new() };
    let (member, now) = (journal.member(), journal.now());
    let (day, today) = (local_date(gift.occurred_at, book.zone()), local_date(now, book.zone()));
    if ladder.period_start(day).is_some_and(|first| first < ladder.keep_from(now, book.zone())) {
        return Vec::new();
    }
    let totals = |member: &Member| ladder.totals_of(member, day, today.max(day));
    let (left, had) = (totals(member), totals(before));
    let is_pulled_down = ladder.basis == TierBasis::AverageOrder
        && ladder.value(left) < ladder.value(had)
        && earn.recorded_at <= gift.recorded_at;
    let (reached, was_reached) = match ladder.qualified(left) {
        reached if is_pulled_down => (reached, ladder.levels.len()),
        reached => (reached, ladder.qualified(had)),
    };
    let lost =
        ladder.levels.iter().enumerate().filter(|(at, _)| (reached + 1..=was_reached).contains(at));
    let lost =
        lost.map(|(_, level)| level).filter(|level| member.counted(&due_name(level), 0).0 == 0);
    let given = |level: &'a Level| {
        let award = gift
            .awards()
            .iter()
            .find(|award| award.rule.strip_prefix("tier:") == Some(&level.id))?;
        Some((level, award.granted))
    };
    lost.filter_map(given).collect()
}

pub(crate) fn has_gift(level: &Level) -> bool {
    level.gift_points > 0 || level.gift_coupon.is_some()
}

pub(crate) fn gift_count(level: &Level, times: i64) -> Count {
    Count { counter: gift_kept(level), period: 0, keep_from: 0, times, points: 0 }
}

/// Ends the tier whose time is over at the instant `at`: renewed when qualified for in the period
/// that ended, otherwise lowered as the rulebook says.
pub(crate) fn close(
    journal: &mut Journal,
    book: &Rulebook,
    at: Timestamp,
    origin: &Origin,
) -> Result<(), Fault> {
    let Some(ladder) = &book.ladder else { return Ok(()) };
    let member = journal.member();
    let Some(tier) = &member.tier else { return Ok(()) };
    let Some(end) = tier.until.filter(|until| *until <= at) else { return Ok(()) };
    let last_day = local_date(end.plus_ms(-1), book.zone());
    let current = ladder.index_of(Some(&tier.id));
    let qualified = ladder.qualified(ladder.totals_to_keep(member, last_day));
    // What follows is counted from the end without its grace, which would grow from one period to
    // the next otherwise.
    let from = (end, ladder.period_end(last_day));
    let earned = |to: usize| ladder.claim(to, from, Some(ladder.days(from.1, last_day)), book);
    // No return takes away what no totals gave.
    let given = |to: usize| ladder.claim(to, from, None, book);
    let below = current.saturating_sub(1);
    let (next, claims) = match ladder.downgrade {
        Downgrade::Never => (current, vec![given(current)]),
        Downgrade::OneStep if qualified >= current => {
            (current, vec![earned(current), given(below)])
        }
        Downgrade::OneStep => (below, vec![given(below)]),
        Downgrade::ToQualified => (qualified.min(current), vec![earned(qualified.min(current))]),
    };
    let policy: Vec<Claim> = claims.into_iter().flatten().collect();
    // A level that was set by hand, or that came with a merger, may end before one under it does.
    let lasting = claims::lasting(ladder, member, end, book);
    let until =
        |claim: Option<&Claim>| claim.map_or(end, |claim| claim.until.unwrap_or(Timestamp::LAST));
    let by_policy = (next, until(policy.first()));
    let (next, claims) = match lasting.first().map(|(level, claim)| (*level, until(Some(claim)))) {
        Some(held) if held > by_policy => {
            (held.0, lasting.into_iter().map(|(_, claim)| claim).chain(policy).collect())
        }
        _ => (next, policy),
    };
    let Some(moved) = claims::moved(ladder, member, next, claims) else { return Ok(()) };
    let fell_due = Gift { reached_at: Some(end), ..Gift::default() };
    tier_change(journal, moved, fell_due, origin.clone(), None)?;
    Ok(())
}

#[cfg(test)]
#[path = "tiers_tests.rs"]
mod tests;
