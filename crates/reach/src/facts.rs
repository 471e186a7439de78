//! What is kept of a member, and the figures that are read from it.
//!
//! Sums are kept by local day. So a window such as "the last 30 days" is worked out when it is
//! read: a row only changes when its member does something.

use std::collections::BTreeMap;

use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::today::Today;

/// Sums by day are kept for so many local days, counted back from the member's last day with any.
pub const KEPT_DAYS: i32 = 366;
/// Spend is kept for so many categories of a member; that of further ones stands together under
/// [`OTHER_CATEGORIES`].
pub const MAX_CATEGORIES: usize = 64;
/// The name under which the spend of further categories stands. A merchant's category is never
/// empty.
pub const OTHER_CATEGORIES: &str = "";
/// Ends of points are kept for so many days, the next ones; later ends are only in the balance.
pub const MAX_ENDS: usize = 400;

/// What is kept of a member. The instants that are searched by, and those that reported behaviour
/// moves, stand in columns of their own and not in the text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Orders ever, less those that came back whole.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub orders_ever: i64,
    /// What they came to, in minor units, less what came back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spend_ever_minor: i64,
    /// The first order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_order_at: Option<Timestamp>,
    /// The last order. It stays when the goods come back.
    #[serde(skip)]
    pub last_order_at: Option<Timestamp>,
    /// When points were last spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_redeem_at: Option<Timestamp>,
    /// The last login that was reported.
    #[serde(skip)]
    pub last_login_at: Option<Timestamp>,
    /// The last behaviour of any kind that was reported.
    #[serde(skip)]
    pub last_seen_at: Option<Timestamp>,
    /// Sums of the days on which there were any, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// Spend by the category of order lines: days and minor units, ascending.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, Vec<(i32, i64)>>,
    /// Points, less debt, as the ledger had them. See [`Facts::balance`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: i64,
    /// The last local day on which points can be spent, and how many end then, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<(i32, i64)>,
    /// When the next points end.
    #[serde(skip)]
    pub next_expiry_at: Option<Timestamp>,
    /// The level; `None` below the first, or where the programme has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// When it ends.
    #[serde(skip)]
    pub tier_until: Option<Timestamp>,
    /// What is missing for the next level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_tier: Option<NextTier>,
}

/// What a member did on one local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "(i32, i64, i64, i64)", into = "(i32, i64, i64, i64)")]
pub struct Day {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Orders, less those of the day that came back whole.
    pub orders: i64,
    /// What they came to, in minor units, less what came back of them.
    pub spend_minor: i64,
    /// Points spent, less those of the day that were given back.
    pub redeemed: i64,
}

impl From<(i32, i64, i64, i64)> for Day {
    fn from((day, orders, spend_minor, redeemed): (i32, i64, i64, i64)) -> Self {
        Self { day, orders, spend_minor, redeemed }
    }
}

impl From<Day> for (i32, i64, i64, i64) {
    fn from(day: Day) -> Self {
        (day.day, day.orders, day.spend_minor, day.redeemed)
    }
}

/// The level above the member's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextTier {
    /// Its id.
    pub id: String,
    /// What it counts: `spend`, `growth` or `orders`.
    pub basis: String,
    /// How much of that is missing; of spend, in minor units.
    pub missing: i64,
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")
)]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Figures. A window of `days` is today and the local days before it, `days` in all.
impl Facts {
    /// Orders of the last so many days.
    #[must_use]
    pub fn orders(&self, days: i32, today: Today) -> i64 {
        self.sum(days, today, |day| day.orders)
    }

    /// Spend of the last so many days, in minor units.
    #[must_use]
    pub fn spend_minor(&self, days: i32, today: Today) -> i64 {
        self.sum(days, today, |day| day.spend_minor)
    }

    /// Points spent in the last so many days.
    #[must_use]
    pub fn redeemed(&self, days: i32, today: Today) -> i64 {
        self.sum(days, today, |day| day.redeemed)
    }

    /// What an order of the last so many days came to on average, in whole minor units; `None`
    /// without an order.
    #[must_use]
    pub fn average_order_minor(&self, days: i32, today: Today) -> Option<i64> {
        let orders = self.orders(days, today);
        if orders > 0 { self.spend_minor(days, today).checked_div(orders) } else { None }
    }

    /// Spend of the last so many days on lines of a category, in minor units.
    #[must_use]
    pub fn category_spend_minor(&self, category: &str, days: i32, today: Today) -> i64 {
        let spend = self.categories.get(category).map_or(&[][..], Vec::as_slice);
        within(spend, today.day.saturating_sub(days), today.day)
    }

    /// Which share of the spend of the last so many days is of a category, in whole percent,
    /// rounded down; 0 without spend.
    #[must_use]
    pub fn category_percent(&self, category: &str, days: i32, today: Today) -> i64 {
        let (own, all) =
            (self.category_spend_minor(category, days, today), self.spend_minor(days, today));
        if own <= 0 || all <= 0 {
            return 0;
        }
        i64::try_from(i128::from(own) * 100 / i128::from(all)).unwrap_or(i64::MAX)
    }

    /// The categories with spend in the last so many days, most spend first: at most `most`.
    #[must_use]
    pub fn top_categories(&self, days: i32, most: usize, today: Today) -> Vec<(&str, i64)> {
        let mut all: Vec<(&str, i64)> = self
            .categories
            .keys()
            .filter(|name| *name != OTHER_CATEGORIES)
            .map(|name| (name.as_str(), self.category_spend_minor(name, days, today)))
            .filter(|(_, spend)| *spend > 0)
            .collect();
        all.sort_by_key(|(name, spend)| (std::cmp::Reverse(*spend), *name));
        all.truncate(most);
        all
    }

    /// Points that the member has today, less debt: without those whose last day is over.
    #[must_use]
    pub fn balance(&self, today: Today) -> i64 {
        let over = within(&self.ends, i32::MIN, today.day.saturating_sub(1));
        self.points.saturating_sub(over)
    }

    /// Points whose last day is today or one of the `days` days after it.
    #[must_use]
    pub fn expiring(&self, days: i32, today: Today) -> i64 {
        within(&self.ends, today.day.saturating_sub(1), today.day.saturating_add(days))
    }

    /// The next day on which points can be spent for the last time, and how many; `None` where no
    /// points end.
    #[must_use]
    pub fn next_expiry(&self, today: Today) -> Option<(i32, i64)> {
        self.ends.iter().find(|(day, _)| *day >= today.day).copied()
    }

    /// The level, unless its time is over.
    #[must_use]
    pub fn tier_at(&self, now: Timestamp) -> Option<&str> {
        self.tier.as_deref().filter(|_| self.tier_until.is_none_or(|until| until > now))
    }

    /// Local days since the last order.
    #[must_use]
    pub fn days_since_order(&self, today: Today) -> Option<i64> {
        self.last_order_at.map(|at| today.days_since(at))
    }

    /// Local days since points were last spent.
    #[must_use]
    pub fn days_since_redeem(&self, today: Today) -> Option<i64> {
        self.last_redeem_at.map(|at| today.days_since(at))
    }

    /// Local days since the last login.
    #[must_use]
    pub fn days_since_login(&self, today: Today) -> Option<i64> {
        self.last_login_at.map(|at| today.days_since(at))
    }

    /// Local days since the last behaviour of any kind.
    #[must_use]
    pub fn days_since_seen(&self, today: Today) -> Option<i64> {
        self.last_seen_at.map(|at| today.days_since(at))
    }

    fn sum(&self, days: i32, today: Today, of: impl Fn(&Day) -> i64) -> i64 {
        let first = today.day.saturating_sub(days);
        self.days
            .iter()
            .rev()
            .skip_while(|day| day.day > today.day)
            .take_while(|day| day.day > first)
            .fold(0, |sum, day| sum.saturating_add(of(day)))
    }
}

/// The sum of the days after `after`, up to `until`.
fn within(days: &[(i32, i64)], after: i32, until: i32) -> i64 {
    days.iter()
        .filter(|(day, _)| *day > after && *day <= until)
        .fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Zone;

    fn today(day: i32) -> Today {
        Today { day, zone: "Asia/Shanghai".parse::<Zone>().unwrap() }
    }

    fn sample() -> Facts {
        Facts {
            orders_ever: 9,
            last_order_at: Timestamp::parse("2026-03-31T23:30:00+08:00"),
            last_login_at: Timestamp::parse("2026-04-01T00:30:00+08:00"),
            days: vec![
                Day { day: 70, orders: 5, spend_minor: 5_000, redeemed: 1 },
                Day { day: 71, orders: 1, spend_minor: 900, redeemed: 2 },
                Day { day: 100, orders: 2, spend_minor: 101, redeemed: 0 },
                Day { day: 101, orders: 1, spend_minor: 7, redeemed: 4 },
            ],
            categories: BTreeMap::from([
                ("digital".into(), vec![(71, 303), (100, 1)]),
                ("food".into(), vec![(70, 5_000)]),
                (OTHER_CATEGORIES.into(), vec![(100, 9_999)]),
            ]),
            points: 1_000,
            ends: vec![(99, 10), (100, 20), (130, 30), (131, 40)],
            ..Facts::default()
        }
    }

    #[test]
    fn a_window_is_today_and_the_days_before_it() {
        let facts = sample();
        for (day, days, orders, spend, redeemed) in [
            (100, 1, 2, 101, 0),
            (100, 29, 2, 101, 0),
            (100, 30, 3, 1_001, 2),
            (100, 31, 8, 6_001, 3),
            (101, 30, 3, 108, 4),
            (101, 31, 4, 1_008, 6),
            (69, 30, 0, 0, 0),
            (500, 30, 0, 0, 0),
        ] {
            let today = today(day);
            let found = (
                facts.orders(days, today),
                facts.spend_minor(days, today),
                facts.redeemed(days, today),
            );
            assert_eq!(found, (orders, spend, redeemed), "{days} days up to {day}");
        }
        assert_eq!(facts.average_order_minor(30, today(100)), Some(333));
        assert_eq!(facts.average_order_minor(30, today(69)), None);
    }

    #[test]
    fn a_share_is_of_all_spend_of_the_window() {
        let facts = sample();
        // 304 of 1,001; 303 of 900.
        assert_eq!(facts.category_percent("digital", 30, today(100)), 30);
        assert_eq!(facts.category_percent("digital", 1, today(71)), 33);
        assert_eq!(facts.category_percent("digital", 30, today(300)), 0);
        assert_eq!(facts.category_percent("toys", 30, today(100)), 0);
        assert_eq!(facts.top_categories(365, 5, today(100)), [("food", 5_000), ("digital", 304)]);
        assert_eq!(facts.top_categories(30, 1, today(100)), [("digital", 304)]);
    }

    #[test]
    fn points_end_with_their_last_day() {
        let facts = sample();
        for (day, balance, expiring, next) in [
            (99, 1_000, 30, Some((99, 10))),
            (100, 990, 50, Some((100, 20))),
            (101, 970, 70, Some((130, 30))),
            (131, 940, 40, Some((131, 40))),
            (132, 900, 0, None),
        ] {
            let today = today(day);
            let found = (facts.balance(today), facts.expiring(30, today), facts.next_expiry(today));
            assert_eq!(found, (balance, expiring, next), "{day}");
        }
    }

    #[test]
    fn days_since_are_local_days() {
        let facts = sample();
        let at = |text| Today::at(Timestamp::parse(text).unwrap(), today(0).zone);
        for (now, since_order, since_login) in [
            ("2026-04-01T00:10:00+08:00", 1, 0),
            ("2026-03-31T23:59:00+08:00", 0, 0),
            ("2026-04-30T00:00:00+08:00", 30, 29),
        ] {
            let found = (facts.days_since_order(at(now)), facts.days_since_login(at(now)));
            assert_eq!(found, (Some(since_order), Some(since_login)), "{now}");
        }
        assert_eq!(facts.days_since_redeem(today(1)), None);
    }

    #[test]
    fn the_text_has_no_columns_and_nothing_empty() {
        assert_eq!(serde_json::to_string(&Facts::default()).unwrap(), "{}");
        let facts = sample();
        let text = serde_json::to_string(&facts).unwrap();
        assert!(text.contains(r#""days":[[70,5,5000,1],"#), "{text}");
        let read: Facts = serde_json::from_str(&text).unwrap();
        let columns = Facts {
            last_order_at: facts.last_order_at,
            last_login_at: facts.last_login_at,
            ..read
        };
        assert_eq!(columns, facts);
    }
}
