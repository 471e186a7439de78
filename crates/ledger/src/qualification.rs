//! What counts towards tiers: sums for life, and by month for as long as they matter.

use crate::array::as_array;

/// What counts towards tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Money spent, in minor units.
    pub spend_minor: i64,
    /// Growth.
    pub growth: i64,
    /// Orders.
    pub orders: i64,
}
as_array!(Totals [spend_minor, growth, orders]);

impl Totals {
    /// The sum, or `None` when it leaves `i64`.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            spend_minor: self.spend_minor.checked_add(other.spend_minor)?,
            growth: self.growth.checked_add(other.growth)?,
            orders: self.orders.checked_add(other.orders)?,
        })
    }
}

/// What an entry adds to the tier qualification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualifying {
    /// First day of the local calendar month it counts in, as a day number.
    pub month: i32,
    /// Months before this day number are no longer needed and are dropped.
    pub keep_from: i32,
    /// Money spent, in minor units.
    pub spend_minor: i64,
    /// Growth (成长值).
    pub growth: i64,
    /// Orders.
    pub orders: i64,
}
as_array!(Qualifying [month, keep_from, spend_minor, growth, orders]);

/// A member's totals for life and by local calendar month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qualification {
    /// Since the member joined.
    pub lifetime: Totals,
    /// By the first day of the month (day number), ascending; only as far back as the rulebook
    /// looks.
    pub months: Vec<(i32, Totals)>,
}
as_array!(Qualification [lifetime, months]);

impl Qualification {
    /// The sum of all kept months from the given first day (day number) on. Saturates, as every
    /// addend was checked against the lifetime sum.
    #[must_use]
    pub fn since(&self, first_day: i32) -> Totals {
        let recent = self.months.iter().filter(|(month, _)| *month >= first_day);
        recent.fold(Totals::default(), |sum, (_, month)| sum.checked_add(*month).unwrap_or(sum))
    }

    /// Adds all of another member's, month by month.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        self.lifetime = self.lifetime.checked_add(other.lifetime)?;
        for (month, totals) in &other.months {
            match self.months.binary_search_by_key(month, |(month, _)| *month) {
                Ok(at) => {
                    let (_, sum) = self.months.get_mut(at)?;
                    *sum = sum.checked_add(*totals)?;
                }
                Err(at) => self.months.insert(at, (*month, *totals)),
            }
        }
        Some(())
    }

    pub(crate) fn add(&mut self, q: &Qualifying) -> Option<()> {
        let totals = Totals { spend_minor: q.spend_minor, growth: q.growth, orders: q.orders };
        self.lifetime = self.lifetime.checked_add(totals)?;
        self.months.retain(|(month, _)| *month >= q.keep_from);
        if q.month >= q.keep_from {
            match self.months.binary_search_by_key(&q.month, |(month, _)| *month) {
                Ok(at) => {
                    let (_, month) = self.months.get_mut(at)?;
                    *month = month.checked_add(totals)?;
                }
                // What is taken back from a month that is no longer kept leaves no trace in it.
                Err(_) if q.orders < 0 || q.spend_minor < 0 || q.growth < 0 => {}
                Err(at) => self.months.insert(at, (q.month, totals)),
            }
        }
        Some(())
    }
}
