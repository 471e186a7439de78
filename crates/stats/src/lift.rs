//! What a strategy brought: members whom it might touch against members who were left alone.

use crate::rate::{Interval, Needed, Rate, difference, needed, number};

/// The smallest lift worth seeing, as a part of the rate without the strategy: from 12 percent to
/// 13.5 percent.
pub const WORTH_SEEING: f64 = 0.125;

/// What is counted of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// Members.
    pub members: u64,
    /// How many of them converted at least once.
    pub converted: u64,
    /// Orders of all of them.
    pub orders: u64,
    /// Points that they redeemed.
    pub points: u64,
}

/// A figure with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The likeliest value.
    pub value: f64,
    /// Where the true one is, at 95 percent.
    pub interval: Interval,
}

impl Estimate {
    fn times(self, factor: f64) -> Self {
        let Interval { low, high } = self.interval;
        let interval = Interval { low: low * factor, high: high * factor };
        Self { value: self.value * factor, interval }
    }

    /// The same of 1,000 members, where this is of one.
    #[must_use]
    pub fn per_thousand(self) -> Self {
        self.times(1_000.0)
    }
}

/// A row of the report. Signs are those of the treated: positive is more than without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lift {
    /// The share of the treated members who converted.
    pub treated: f64,
    /// The share of the held-out members who did.
    pub held_out: f64,
    /// The difference of the two shares.
    pub difference: Estimate,
    /// Members who converted because of the strategy.
    pub conversions: Estimate,
    /// Orders that there would not be otherwise. No interval: members order more than once.
    pub orders: f64,
    /// Points that were redeemed and would have expired or lain. No interval, for the same reason.
    pub points: f64,
    /// What each such order cost, in minor units; `None` where there is none.
    pub cost_per_order_minor: Option<f64>,
    /// What it cost for each 1,000 treated members, in minor units.
    pub cost_per_thousand_minor: f64,
    /// The members it takes to see a lift of [`WORTH_SEEING`], split as they were here; `None`
    /// where nobody of the held out converted, or more than 8 of 9: no rate is above 1, and so none
    /// is an eighth above theirs.
    pub needed: Option<Needed>,
    /// Whether there were so many.
    pub is_large_enough: bool,
}

impl Lift {
    /// The row of two sides and of what the strategy cost, in minor units; `None` where a side has
    /// no members, or counts that cannot be.
    #[must_use]
    pub fn of(treated: Side, held_out: Side, cost_minor: u64) -> Option<Self> {
        let rate = |side: Side| Rate::new(side.converted, side.members);
        let (with, without) = (rate(treated)?, rate(held_out)?);
        let (members, others) = (number(treated.members), number(held_out.members));
        let value = with.share() - without.share();
        let difference = Estimate { value, interval: difference(with, without) };
        // What the treated did beyond what as many of the held out did.
        let beyond = |count: u64, other: u64| number(count) - number(other) * members / others;
        let orders = beyond(treated.orders, held_out.orders);
        let cost = number(cost_minor);
        let base = without.share();
        let needed = needed(base, base * WORTH_SEEING, others / (members + others));
        Some(Self {
            treated: with.share(),
            held_out: base,
            difference,
            conversions: difference.times(members),
            orders,
            points: beyond(treated.points, held_out.points),
            cost_per_order_minor: (orders > 0.0).then(|| cost / orders),
            cost_per_thousand_minor: cost * 1_000.0 / members,
            needed,
            is_large_enough: needed
                .is_some_and(|of| members >= of.treated && others >= of.held_out),
        })
    }
}
