//! Limits and caps: how much of what a rule wants a member may still get in a period of the local
//! calendar.
//!
//! Only what the rulebook limits is counted. A period is the one the event *happened* in, so an
//! event reported after midnight still counts on its own day; counters are kept for as long as late
//! events are accepted.

use chrono::NaiveDate;
use ledger::{Count, Counted, Member, Period, Refusal, Tally, Timestamp, day_number, local_date};

use crate::counters::{first_kept, forgotten, starts};
use crate::document::{Budget, CapOf, Limit, Per, RuleCap, Velocity};
use crate::rulebook::{DAY_MS, Rulebook};

pub(crate) const HOUR_MS: i64 = 3_600_000;

impl Per {
    /// The number of the period that an instant lies in, which is on that local day.
    pub(crate) fn period(self, at: Timestamp, date: NaiveDate) -> i32 {
        let first_day = match self {
            Self::Hour => return i32::try_from(at.0.div_euclid(HOUR_MS)).unwrap_or(i32::MAX),
            Self::Day => date,
            Self::Month => Period::Month.first_day(date),
            Self::Year => Period::Year.first_day(date),
            Self::Lifetime => NaiveDate::default(),
        };
        day_number(first_day)
    }

    /// Its name in the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
            Self::Lifetime => "lifetime",
        }
    }
}

/// What counters of days in a row begin with.
pub(crate) const STREAK: &str = "streak:";

/// What counters of the points of a rule begin with.
pub(crate) const CAP: &str = "cap:";

/// What counters and lots of grants begin with, before the name of the grant.
pub(crate) const GRANT: &str = "grant:";

/// What counters of velocity begin with.
pub(crate) const VELOCITY: &str = "velocity:";

/// Whether a counter counts what a member did, however it ended: how fast, or on how many days in a
/// row.
pub(crate) fn is_of_conduct(counter: &str) -> bool {
    counter.starts_with(VELOCITY) || counter.starts_with(STREAK)
}

/// Whether a counter counts what one rule awarded.
pub(crate) fn is_of_rule(counter: &str) -> bool {
    counter.starts_with(CAP)
}

/// The limits of one event, and the counts they will leave behind.
pub(crate) struct Limits<'a> {
    book: &'a Rulebook,
    member: &'a Member,
    occurred: (Timestamp, NaiveDate),
    /// Counters of periods before the one this instant lies in are not needed any more.
    oldest: (Timestamp, NaiveDate),
    /// Each with the share of the award (by its place) whose points it counts; all points where
    /// there is none.
    counts: Vec<(Count, Option<usize>)>,
    tallies: Vec<(Tally, Counts)>,
}

/// What a counter of the programme counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// What it says already.
    Times,
    /// Points of a share of the award, by its place, or all points.
    Points(Option<usize>),
}

/// What the name of a counter of the programme that counts by the month ends with.
pub(crate) const BY_MONTH: &str = ":month";

/// Whose counters of the programme a budget is.
pub(crate) const BUDGET: &str = "budget";

/// The counters of the programme that a rule's budgets are.
pub(crate) fn subject_of(rule: &str) -> String {
    format!("rule:{rule}")
}

/// The counters of the programme that the budgets of a grant are.
pub(crate) fn subject_of_grant(grant: &str) -> String {
    format!("{GRANT}{grant}")
}

/// The counter of how often something was given.
pub(crate) fn times_counter(per: Per) -> String {
    format!("times:{}", per.as_str())
}

/// The counter of a rule's cap.
pub(crate) fn cap_counter(rule: &str, per: Per) -> String {
    format!("{CAP}{rule}:{}", per.as_str())
}

/// The counter of the programme's budget.
pub(crate) fn budget_counter(per: Per) -> String {
    format!("points:{}", per.as_str())
}

impl<'a> Limits<'a> {
    pub(crate) fn new(
        book: &'a Rulebook,
        member: &'a Member,
        occurred_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let with_date = |at: Timestamp| (at, local_date(at, book.zone()));
        Self {
            book,
            member,
            occurred: with_date(occurred_at),
            // A day more than events may be late, as the server's clock may be set back.
            oldest: with_date(book.earliest(now).plus_ms(-DAY_MS)),
            counts: Vec::new(),
            tallies: Vec::new(),
        }
    }

    /// Refuses the event when the member did it as often as allowed; otherwise counts it.
    pub(crate) fn allow(&mut self, event: &str, limit: Limit) -> Result<(), Refusal> {
        // The period is in the name: changed from lifetime to day and back again, a limit still
        // knows which members reached it.
        let count = self.count(format!("event:{event}:{}", limit.per.as_str()), limit.per);
        let (times, _) = self.member.counted(&count.counter, count.period);
        if times >= limit.times {
            return Err(Refusal::LimitReached {
                times: limit.times,
                per: limit.per.as_str().to_owned(),
            });
        }
        self.counts.push((Count { times: 1, ..count }, None));
        Ok(())
    }

    /// Refuses several of something when the member would have more than allowed; otherwise counts
    /// them.
    pub(crate) fn allow_several(
        &mut self,
        what: &str,
        limit: Limit,
        several: i64,
    ) -> Result<(), Refusal> {
        let count = self.count(format!("{what}:{}", limit.per.as_str()), limit.per);
        let (times, _) = self.member.counted(&count.counter, count.period);
        if times.saturating_add(several) > limit.times {
            return Err(Refusal::LimitReached {
                times: limit.times,
                per: limit.per.as_str().to_owned(),
            });
        }
        self.counts.push((Count { times: several, ..count }, None));
        Ok(())
    }

    /// Refuses the event when it was done on the device as often as allowed, whichever members did
    /// it; otherwise counts it.
    pub(crate) fn allow_on(
        &mut self,
        device: &str,
        event: &str,
        limit: Limit,
        counted: &[Counted],
    ) -> Result<(), Refusal> {
        let (subject, name) =
            (format!("device:{device}"), format!("event:{event}:{}", limit.per.as_str()));
        let (period, keep_from) = self.periods(limit.per);
        let same = |c: &&Counted| c.subject == subject && c.name == name && c.period == period;
        if counted.iter().find(same).map_or(0, |counted| counted.amount) >= limit.times {
            return Err(Refusal::DeviceLimitReached {
                times: limit.times,
                per: limit.per.as_str().to_owned(),
            });
        }
        let tally = Tally { subject, name, period, keep_from, amount: 1, most: Some(limit.times) };
        self.tallies.push((tally, Counts::Times));
        Ok(())
    }

    /// Counts one time more of something that has an owner other than the member; `None` when the
    /// owner's budget has no room for it.
    pub(crate) fn once_of(
        &mut self,
        subject: String,
        (most, per): (i64, Per),
        counted: &[Counted],
    ) -> Option<()> {
        let (name, (period, keep_from)) = (times_counter(per), self.periods(per));
        let same = |c: &&Counted| c.subject == subject && c.name == name && c.period == period;
        if counted.iter().find(same).map_or(0, |counted| counted.amount) >= most {
            return None;
        }
        let tally = Tally { subject, name, period, keep_from, amount: 1, most: Some(most) };
        self.tallies.push((tally, Counts::Times));
        Some(())
    }

    /// Counts the event, and tells whether that is more often than it may be.
    pub(crate) fn is_fast(&mut self, velocity: &Velocity) -> bool {
        let count = self
            .count(format!("{VELOCITY}{}:{}", velocity.event, velocity.per.as_str()), velocity.per);
        let (times, _) = self.member.counted(&count.counter, count.period);
        self.counts.push((Count { times: 1, ..count }, None));
        times >= velocity.times
    }

    /// Cuts `points` to what is left under a daily cap, and counts what is granted when all caps
    /// have been asked.
    pub(crate) fn cap(&mut self, counter: &str, points_per_day: Option<i64>, points: i64) -> i64 {
        let Some(most) = points_per_day else { return points };
        let count = self.count(counter.to_owned(), Per::Day);
        let (_, granted) = self.member.counted(&count.counter, count.period);
        self.counts.push((Count { times: 1, ..count }, None));
        points.min(most.saturating_sub(granted)).max(0)
    }

    /// Whether the member may get a rule's award once more.
    pub(crate) fn has_room(&self, rule: &str, limit: Limit) -> bool {
        let count = self.rule_count(rule, limit);
        self.member.counted(&count.counter, count.period).0 < limit.times
    }

    /// Counts a rule's award.
    pub(crate) fn count_award(&mut self, rule: &str, limit: Limit) {
        let count = self.rule_count(rule, limit);
        self.counts.push((Count { times: 1, ..count }, None));
    }

    fn rule_count(&self, rule: &str, limit: Limit) -> Count {
        self.count(format!("rule:{rule}:{}", limit.per.as_str()), limit.per)
    }

    /// What is left under a rule's cap for a share of the award; counts what is granted of it.
    pub(crate) fn cap_share(
        &mut self,
        share: usize,
        rule: &str,
        cap: &RuleCap,
        device: Option<&str>,
        counted: &[Counted],
    ) -> i64 {
        let subject = match (cap.of, device) {
            (CapOf::Member, _) => {
                let count = self.count(cap_counter(rule, cap.per), cap.per);
                let (_, granted) = self.member.counted(&count.counter, count.period);
                self.counts.push((Count { times: 1, ..count }, Some(share)));
                return cap.points.saturating_sub(granted).max(0);
            }
            // A caller that does not tell the device is not held to its cap, as with limits of
            // devices.
            (CapOf::Device, None) => return i64::MAX,
            (CapOf::Device, Some(device)) => format!("device:{device}"),
            (CapOf::Programme, _) => subject_of(rule),
        };
        let tally = self.tally(subject, cap_counter(rule, cap.per), cap.per);
        self.cap_tally(Some(share), tally, cap.points, i64::MAX, counted)
    }

    /// Cuts `points` to what is left of the programme's budget, and counts what is granted.
    pub(crate) fn budget(
        &mut self,
        budget: Option<Budget>,
        points: i64,
        counted: &[Counted],
    ) -> i64 {
        let Some(Budget { points: most, per, .. }) = budget else { return points };
        let tally = self.tally(BUDGET.to_owned(), budget_counter(per), per);
        self.cap_tally(None, tally, most, points, counted)
    }

    fn tally(&self, subject: String, name: String, per: Per) -> Tally {
        let (period, keep_from) = self.periods(per);
        Tally { subject, name, period, keep_from, amount: 0, most: None }
    }

    fn cap_tally(
        &mut self,
        share: Option<usize>,
        tally: Tally,
        most: i64,
        points: i64,
        counted: &[Counted],
    ) -> i64 {
        let same = |c: &&Counted| {
            c.subject == tally.subject && c.name == tally.name && c.period == tally.period
        };
        let granted = counted.iter().find(same).map_or(0, |counted| counted.amount);
        self.tallies.push((Tally { most: Some(most), ..tally }, Counts::Points(share)));
        points.min(most.saturating_sub(granted)).max(0)
    }

    /// On how many local days in a row the member does this, with the day of the event, and counts
    /// it.
    pub(crate) fn streak(&mut self, event: &str) -> i64 {
        let count = self.count(format!("{STREAK}{event}"), Per::Day);
        let (today, _) = self.member.counted(&count.counter, count.period);
        if today > 0 {
            return today;
        }
        let (before, _) = self.member.counted(&count.counter, count.period.saturating_sub(1));
        let days = before.saturating_add(1);
        let count = Count { times: days, keep_from: count.keep_from.saturating_sub(1), ..count };
        // Days that were counted as the first ones of a row go on from this one, which was reported
        // late.
        let later = (1..).map(|after| count.period.saturating_add(after));
        let later = later
            .take_while(|day| *day < i32::MAX && self.member.counted(&count.counter, *day).0 > 0);
        let later: Vec<i32> = later.collect();
        self.counts
            .extend(later.into_iter().map(|period| (Count { period, ..count.clone() }, None)));
        self.counts.push((count, None));
        days
    }

    /// The counts, with the points that were granted in the end, and what is counted for the whole
    /// programme.
    pub(crate) fn into_counts(self, granted: i64, shares: &[i64]) -> (Vec<Count>, Vec<Tally>) {
        let points =
            |share: Option<usize>| share.map_or(granted, |at| shares.get(at).copied().unwrap_or(0));
        let counts =
            self.counts.into_iter().map(|(count, share)| Count { points: points(share), ..count });
        let tallies = self.tallies.into_iter().map(|(tally, counts)| match counts {
            Counts::Times => tally,
            Counts::Points(share) => Tally { amount: points(share), ..tally },
        });
        let forgotten = forgotten(self.book, self.member, self.oldest);
        (
            forgotten.into_iter().chain(counts).collect(),
            tallies.filter(|tally| tally.amount != 0).collect(),
        )
    }

    fn count(&self, counter: String, per: Per) -> Count {
        let (period, keep_from) = self.periods(per);
        let keep_from = keep_from.max(first_kept(self.member, &counter, period));
        Count { counter, period, keep_from, times: 0, points: 0 }
    }

    /// Refuses an event of a period so old that its counters have made room for newer ones: its
    /// limits could not be held.
    ///
    /// # Errors
    /// [`Refusal::OccurredTooLongAgo`].
    pub(crate) fn may_count(&self) -> Result<(), Refusal> {
        let gone =
            |count: &&Count| count.period < count.keep_from && !count.counter.starts_with(STREAK);
        let gone = self.counts.iter().map(|(count, _)| count).find(gone);
        gone.map_or(Ok(()), |count| {
            let earliest = starts(&count.counter, count.keep_from, self.book.zone());
            Err(Refusal::OccurredTooLongAgo { earliest })
        })
    }

    /// The period that the event counts in, and the oldest that is still needed.
    fn periods(&self, per: Per) -> (i32, i32) {
        let number = |(at, date): (Timestamp, NaiveDate)| per.period(at, date);
        (number(self.occurred), number(self.oldest))
    }
}
