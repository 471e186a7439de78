//! Where a member stands on the ladder: what counts now, and what is missing for the next tier or
//! to keep this one.

use ledger::{Member, Period, Timestamp, Totals, local_date, start_of_day};

use crate::document::{QualifyingPeriod, TierBasis};
use crate::rulebook::{Ladder, Level, Rulebook};

/// What is missing for a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// The tier.
    pub tier: String,
    /// The value of the basis that it starts at.
    pub from: i64,
    /// What is missing, 0 when nothing is.
    pub missing: i64,
    /// The growth that is missing to reach it so; `None` where growth is no other way.
    pub or_missing_growth: Option<i64>,
    /// The orders that are missing before an average counts; `None` with any other basis.
    pub missing_orders: Option<i64>,
    /// The last instant (exclusive) that still counts; `None` when there is no end.
    pub by: Option<Timestamp>,
}

/// Where a member stands on the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The tier the member is in.
    pub tier: String,
    /// What qualifies.
    pub basis: TierBasis,
    /// The value of the basis in the current period.
    pub value: i64,
    /// The next tier; `None` at the top.
    pub next: Option<Goal>,
    /// What keeping this tier takes; `None` for the first level and for life-long tiers.
    pub keep: Option<Goal>,
}

fn goal(ladder: &Ladder, level: &Level, totals: Totals, by: Option<Timestamp>) -> Goal {
    let missing = |from: i64, value: i64| from.saturating_sub(value).max(0);
    Goal {
        tier: level.id.clone(),
        from: level.from,
        missing: missing(level.from, ladder.value(totals)),
        or_missing_growth: level.or_growth.map(|growth| missing(growth, totals.growth)),
        missing_orders: ladder.missing_orders(totals),
        by,
    }
}

/// Where the member stands by the clock. `None` without a ladder.
#[must_use]
pub fn projection(book: &Rulebook, member: &Member, now: Timestamp) -> Option<Projection> {
    let ladder = book.ladder.as_ref()?;
    let today = local_date(now, book.zone());
    let current = ladder.index_of(member.tier.as_ref().map(|tier| tier.id.as_str()));
    let totals = ladder.totals_on(member, today);
    let level = ladder.levels.get(current)?;
    let period_end = match ladder.period {
        QualifyingPeriod::CalendarYear {} => {
            Period::Year.last_day(today).succ_opt().map(|day| start_of_day(day, book.zone()))
        }
        QualifyingPeriod::Lifetime {} | QualifyingPeriod::RollingMonths { .. } => None,
    };
    let next = ladder.levels.get(current + 1).map(|next| goal(ladder, next, totals, period_end));
    let until = member.tier.as_ref().and_then(|tier| tier.until);
    let keep = until.map(|until| {
        let last_day = local_date(until.plus_ms(-1), book.zone());
        goal(ladder, level, ladder.totals_to_keep(member, last_day), Some(until))
    });
    let value = ladder.value(totals);
    Some(Projection { tier: level.id.clone(), basis: ladder.basis, value, next, keep })
}
