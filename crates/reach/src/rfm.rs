//! Recency, frequency, money: scores from 1 to 5 by fifths of the members, and the eight groups of
//! customers.
//!
//! Owns: the histograms of a programme, the cuts that follow from them, and the scores that follow
//! from facts and cuts. Equal values have equal scores, in whatever order members are counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::today::Today;

/// Days since the last order count up to this; longer ago is the same.
pub const MAX_DAYS: i64 = 730;
/// The window of frequency and money, in days.
pub const WINDOW_DAYS: i32 = 365;
/// Values below this have a bucket each; from there on an octave has so many.
const BUCKETS: i64 = 8;

/// What is scored of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measures {
    /// Local days since the last order, at most [`MAX_DAYS`].
    pub days: i64,
    /// Orders of 365 days.
    pub orders: i64,
    /// Spend of 365 days, in minor units.
    pub spend_minor: i64,
}

impl Measures {
    /// Those of a member; `None` without an order.
    #[must_use]
    pub fn of(facts: &Facts, today: Today) -> Option<Self> {
        if facts.orders_ever <= 0 {
            return None;
        }
        Some(Self {
            days: facts.days_since_order(today)?.min(MAX_DAYS),
            orders: facts.orders(WINDOW_DAYS, today).max(0),
            spend_minor: facts.spend_minor(WINDOW_DAYS, today).max(0),
        })
    }
}

/// How many members have which value. Members without an order are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Histogram {
    days: BTreeMap<i64, u64>,
    orders: BTreeMap<i64, u64>,
    /// By bucket.
    spend: BTreeMap<i64, u64>,
}

impl Histogram {
    /// Counts a member.
    pub fn add(&mut self, measures: Measures) {
        let count = |of: &mut BTreeMap<i64, u64>, value| *of.entry(value).or_default() += 1;
        count(&mut self.days, measures.days);
        count(&mut self.orders, measures.orders);
        count(&mut self.spend, bucket(measures.spend_minor));
    }

    /// The cuts; `None` when nobody is counted.
    #[must_use]
    pub fn cuts(&self) -> Option<Cuts> {
        let spend: BTreeMap<i64, u64> =
            self.spend.iter().map(|(bucket, count)| (last_of(*bucket), *count)).collect();
        let mut cuts = Cuts {
            days: fifths(&self.days)?,
            orders: fifths(&self.orders)?,
            spend_minor: fifths(&spend)?,
            members: self.days.values().sum(),
            sums: [0; 3],
        };
        let sum = |of: &BTreeMap<i64, u64>, score: &dyn Fn(i64) -> u8| {
            of.iter().map(|(value, count)| count.saturating_mul(score(*value).into())).sum()
        };
        cuts.sums = [
            sum(&self.days, &|days| cuts.recency(days)),
            sum(&self.orders, &|orders| above(&cuts.orders, orders)),
            sum(&spend, &|spend| above(&cuts.spend_minor, spend)),
        ];
        Some(cuts)
    }
}

/// The smallest values with 20, 40, 60 and 80 percent of all members at them or below.
fn fifths(counts: &BTreeMap<i64, u64>) -> Option<[i64; 4]> {
    let all: u64 = counts.values().sum();
    let cut = |fifth: u64| {
        let mut sum: u64 = 0;
        counts.iter().find_map(|(value, count)| {
            sum = sum.saturating_add(*count);
            (sum.saturating_mul(5) >= all.saturating_mul(fifth)).then_some(*value)
        })
    };
    Some([cut(1)?, cut(2)?, cut(3)?, cut(4)?])
}

/// 1, and one more for each cut that the value is above.
fn above(cuts: &[i64; 4], value: i64) -> u8 {
    cuts.iter().fold(1, |score, cut| score + u8::from(value > *cut))
}

/// The bucket of an amount: eight an octave, so that none is wider than an eighth of its amounts.
fn bucket(amount: i64) -> i64 {
    if amount < BUCKETS {
        return amount.max(0);
    }
    // The place of the highest bit: 3 for 8 to 15.
    let octave = 63 - i64::from(amount.leading_zeros());
    BUCKETS * (octave - 2) + ((amount >> (octave - 3)) & (BUCKETS - 1))
}

/// The largest amount of a bucket.
fn last_of(bucket: i64) -> i64 {
    if bucket < BUCKETS {
        return bucket;
    }
    let octave = bucket / BUCKETS + 2;
    let next = (i128::from(bucket % BUCKETS) + i128::from(BUCKETS) + 1) << (octave - 3);
    i64::try_from(next - 1).unwrap_or(i64::MAX)
}

/// Where scores begin: the last values of the fifths, ascending. Kept with their day, so that the
/// same facts have the same scores again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// Of the days since the last order.
    pub days: [i64; 4],
    /// Of the orders of 365 days.
    pub orders: [i64; 4],
    /// Of the spend of 365 days, in minor units.
    pub spend_minor: [i64; 4],
    /// How many members were counted.
    pub members: u64,
    /// The sums of their scores: recency, frequency, money.
    pub sums: [u64; 3],
}

/// The scores of a member, 1–5. Without an order all are 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scores {
    /// Recency: 5 is the most recent fifth.
    pub r: u8,
    /// Frequency.
    pub f: u8,
    /// Money.
    pub m: u8,
}

impl Cuts {
    /// The scores of a member; without an order all are 1.
    #[must_use]
    pub fn scores(&self, measures: Option<Measures>) -> Scores {
        measures.map_or(Scores { r: 1, f: 1, m: 1 }, |of| Scores {
            r: self.recency(of.days),
            f: above(&self.orders, of.orders),
            m: above(&self.spend_minor, of.spend_minor),
        })
    }

    fn recency(&self, days: i64) -> u8 {
        6 - above(&self.days, days)
    }

    /// The group of a member with an order: which scores are above the average of all that were
    /// counted.
    #[must_use]
    pub fn group(&self, scores: Scores) -> Group {
        let [r, f, m] = self.sums;
        let is_above = |score: u8, sum: u64| u64::from(score).saturating_mul(self.members) > sum;
        match (is_above(scores.r, r), is_above(scores.f, f), is_above(scores.m, m)) {
            (true, true, true) => Group::ImportantValue,
            (true, false, true) => Group::ImportantDevelop,
            (false, true, true) => Group::ImportantKeep,
            (false, false, true) => Group::ImportantWinBack,
            (true, true, false) => Group::GeneralValue,
            (true, false, false) => Group::GeneralDevelop,
            (false, true, false) => Group::GeneralKeep,
            (false, false, false) => Group::GeneralWinBack,
        }
    }
}

/// The eight groups of customers: by recency, frequency and money above the average or not.
/// "Important" are those with much money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// 重要价值: recent, often.
    ImportantValue,
    /// 重要发展: recent, seldom.
    ImportantDevelop,
    /// 重要保持: long ago, often.
    ImportantKeep,
    /// 重要挽留: long ago, seldom.
    ImportantWinBack,
    /// 一般价值: recent, often.
    GeneralValue,
    /// 一般发展: recent, seldom.
    GeneralDevelop,
    /// 一般保持: long ago, often.
    GeneralKeep,
    /// 一般挽留: long ago, seldom.
    GeneralWinBack,
}

impl Group {
    /// All of them, in the order of documents.
    pub const ALL: [Self; 8] = [
        Self::ImportantValue,
        Self::ImportantDevelop,
        Self::ImportantKeep,
        Self::ImportantWinBack,
        Self::GeneralValue,
        Self::GeneralDevelop,
        Self::GeneralKeep,
        Self::GeneralWinBack,
    ];

    /// Its name in conditions and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImportantValue => "important_value",
            Self::ImportantDevelop => "important_develop",
            Self::ImportantKeep => "important_keep",
            Self::ImportantWinBack => "important_win_back",
            Self::GeneralValue => "general_value",
            Self::GeneralDevelop => "general_develop",
            Self::GeneralKeep => "general_keep",
            Self::GeneralWinBack => "general_win_back",
        }
    }
}

#[cfg(test)]
#[path = "rfm_tests.rs"]
mod tests;
