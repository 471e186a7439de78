//! Rates: how many of how many, with intervals at 95 percent, and the size of groups that shows a
//! difference.

/// The 97.5th percentile of the standard normal distribution: 95 percent lie within it and its
/// negative.
const Z_BOTH_SIDES: f64 = 1.959_963_984_540_054;
/// Its 80th percentile: a difference of the planned size is found in 80 of 100 cases.
const Z_POWER: f64 = 0.841_621_233_572_914_3;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    hits: u64,
    of: u64,
}

/// From here to there, at 95 percent. Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the value may be the true one.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

impl Rate {
    /// `hits` of `of`; `None` of none, or where there are more hits than cases.
    #[must_use]
    pub fn new(hits: u64, of: u64) -> Option<Self> {
        (of > 0 && hits <= of).then_some(Self { hits, of })
    }

    /// The share, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        number(self.hits) / number(self.of)
    }

    /// Wilson's score interval (1927) of the share, without correction for continuity.
    #[must_use]
    pub fn interval(self) -> Interval {
        let (share, of) = (self.share(), number(self.of));
        let square = Z_BOTH_SIDES * Z_BOTH_SIDES;
        let scale = 1.0 + square / of;
        let middle = (share + square / (2.0 * of)) / scale;
        let spread = share * (1.0 - share) / of + square / (4.0 * of * of);
        let half = Z_BOTH_SIDES * spread.sqrt() / scale;
        Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
    }
}

/// How much larger the first share is than the second: Newcombe's hybrid score interval (1998,
/// method 10). It combines the ends of both Wilson intervals, so that it holds for small groups and
/// for rates near 0, and never leaves the range from −1 to 1.
#[must_use]
pub fn difference(first: Rate, second: Rate) -> Interval {
    let (a, b) = (first.share(), second.share());
    let (of_a, of_b) = (first.interval(), second.interval());
    let below = (a - of_a.low).hypot(of_b.high - b);
    let above = (of_a.high - a).hypot(b - of_b.low);
    Interval { low: a - b - below, high: a - b + above }
}

/// How many members a result needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needed {
    /// Treated ones, not rounded.
    pub treated: f64,
    /// Held out ones, not rounded.
    pub held_out: f64,
}

/// How many members show that a rate of `base` became `base + lift`: in 80 of 100 cases, where 5 of
/// 100 strategies without effect are taken for one that has one. `held_out` is the share of members
/// who are left alone, such as 0.1.
///
/// The normal approximation with the common rate under "no effect" and the two rates under "there
/// is one" (Fleiss, Levin and Paik, chapter 4, without correction for continuity). `None` where
/// there is no lift, or a rate or share that cannot be: `base + lift` is a rate, too.
#[must_use]
pub fn needed(base: f64, lift: f64, held_out: f64) -> Option<Needed> {
    let raised = base + lift;
    let is_rate = |rate: f64| (0.0..=1.0).contains(&rate);
    let is_share = held_out > 0.0 && held_out < 1.0;
    if !is_rate(base) || !is_rate(raised) || !is_share || lift == 0.0 {
        return None;
    }
    // Held out members for each treated one.
    let ratio = held_out / (1.0 - held_out);
    let variance = |rate: f64| rate * (1.0 - rate);
    let common = raised * (1.0 - held_out) + base * held_out;
    let without_effect = (variance(common) * (1.0 + 1.0 / ratio)).sqrt();
    let with_effect = (variance(raised) + variance(base) / ratio).sqrt();
    let treated = ((Z_BOTH_SIDES * without_effect + Z_POWER * with_effect) / lift).powi(2);
    Some(Needed { treated, held_out: treated * ratio })
}

/// Counts of members are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
