//! Limits and caps: how much of what a rule wants a member may still get in a period of the local calendar.
//!
//! Only what the rulebook limits is counted. A period is the one the event *happened* in, so an event reported after midnight still
//! counts on its own day; counters are kept for as long as late events are accepted.

use chrono::NaiveDate;
use ledger::{Count, Member, Period, Refusal, Timestamp, day_number, local_date};

use crate::document::{Limit, Per};
use crate::rulebook::{DAY_MS, Rulebook};

impl Per {
    fn first_day(self, date: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => date,
            Self::Month => Period::Month.first_day(date),
            Self::Year => Period::Year.first_day(date),
            Self::Lifetime => NaiveDate::default(),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
            Self::Lifetime => "lifetime",
        }
    }
}

/// The limits of one event, and the counts they will leave behind.
pub(crate) struct Limits<'a> {
    member: &'a Member,
    occurred_on: NaiveDate,
    /// Counters of periods before the one this day lies in are not needed any more.
    oldest: NaiveDate,
    counts: Vec<Count>,
}

impl<'a> Limits<'a> {
    pub(crate) fn new(book: &Rulebook, member: &'a Member, occurred_at: Timestamp, now: Timestamp) -> Self {
        let zone = book.zone();
        Self {
            member,
            occurred_on: local_date(occurred_at, zone),
            // A day more than events may be late, as the server's clock may be set back.
            oldest: local_date(book.earliest(now).plus_ms(-DAY_MS), zone),
            counts: Vec::new(),
        }
    }

    /// Refuses the event when the member did it as often as allowed; otherwise counts it.
    pub(crate) fn allow(&mut self, event: &str, limit: Limit) -> Result<(), Refusal> {
        // The period is in the name: changed from lifetime to day and back again, a limit still knows who had it.
        let count = self.count(format!("event:{event}:{}", limit.per.as_str()), limit.per);
        let (times, _) = self.member.counted(&count.counter, count.period);
        if times >= limit.times {
            return Err(Refusal::LimitReached { times: limit.times, per: limit.per.as_str().to_owned() });
        }
        self.counts.push(Count { times: 1, ..count });
        Ok(())
    }

    /// Cuts `points` to what is left under a daily cap, and counts what is granted when all caps have been asked.
    pub(crate) fn cap(&mut self, counter: &str, points_per_day: Option<i64>, points: i64) -> i64 {
        let Some(most) = points_per_day else { return points };
        let count = self.count(counter.to_owned(), Per::Day);
        let (_, granted) = self.member.counted(&count.counter, count.period);
        self.counts.push(Count { times: 1, ..count });
        points.min(most.saturating_sub(granted)).max(0)
    }

    /// The counts, with the points that were granted in the end.
    pub(crate) fn into_counts(self, granted: i64) -> Vec<Count> {
        let counts = self.counts.into_iter();
        counts.map(|count| Count { points: granted, ..count }).collect()
    }

    fn count(&self, counter: String, per: Per) -> Count {
        Count {
            counter,
            period: day_number(per.first_day(self.occurred_on)),
            keep_from: day_number(per.first_day(self.oldest)),
            times: 0,
            points: 0,
        }
    }
}
