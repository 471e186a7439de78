//! What entries tell about a customer, and what it does to the facts.

use std::collections::BTreeMap;

use ledger::{Entry, EntryId, Kind, LineAward, MemberId, Reversal, Timestamp, What};

use crate::facts::{Day, Facts, KEPT_DAYS, MAX_CATEGORIES, OTHER_CATEGORIES};
use crate::today::Today;

/// The event of an earn that is an order. Actions are none.
const PURCHASE: &str = "purchase";

/// One thing that changes the facts of a member. Amounts are in minor units and not negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An order: when, on which local day, and what its lines came to, by category.
    Ordered {
        /// When it happened.
        at: Timestamp,
        /// Its local day.
        day: i32,
        /// What it came to.
        spend: Spend,
    },
    /// Goods or money of an order came back, or the order was turned down.
    Returned {
        /// The local day of the order.
        day: i32,
        /// What came back.
        spend: Spend,
        /// Nothing is left of the order.
        is_whole: bool,
    },
    /// Points were spent.
    Redeemed {
        /// When it happened.
        at: Timestamp,
        /// Its local day.
        day: i32,
        /// How many.
        points: i64,
    },
    /// Points that were spent were given back.
    GivenBack {
        /// The local day on which they were spent.
        day: i32,
        /// How many.
        points: i64,
    },
    /// Another account became part of this one.
    Absorbed(MemberId),
    /// The person was erased.
    Erased,
}

/// Money of order lines: in all, and by category where the merchant named one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spend {
    /// All of it, in minor units.
    pub minor: i64,
    /// That of lines with a category.
    pub categories: Vec<(String, i64)>,
}

impl Spend {
    fn add(&mut self, category: Option<&String>, minor: i64) {
        self.minor = self.minor.saturating_add(minor);
        if let Some(category) = category.filter(|name| !name.is_empty()) {
            match self.categories.iter_mut().find(|(name, _)| name == category) {
                Some((_, sum)) => *sum = sum.saturating_add(minor),
                None => self.categories.push((category.clone(), minor)),
            }
        }
    }

    fn of(lines: &[LineAward]) -> Self {
        let mut spend = Self::default();
        lines.iter().for_each(|line| spend.add(line.category.as_ref(), line.amount_minor));
        spend
    }

    /// What came back, by the categories that the order's lines had.
    fn returned(lines: &[LineAward], back: &Reversal) -> Self {
        let mut spend = Self::default();
        for line in &back.lines {
            let ordered = lines.iter().find(|ordered| ordered.line == line.line);
            spend.add(ordered.and_then(|ordered| ordered.category.as_ref()), line.amount_minor);
        }
        spend
    }
}

/// The entry that reversals undo, and what of it came back before the one that is told next.
#[derive(Debug, Clone)]
pub struct Undone {
    /// The order or the redemption.
    pub entry: Entry,
    /// Units that came back, by the names of the order's lines.
    pub units: BTreeMap<String, i64>,
}

impl Undone {
    /// Takes what came back with one more reversal. Whether all units of all lines did by then.
    fn take(&mut self, back: &Reversal) -> bool {
        for line in &back.lines {
            let units = self.units.entry(line.line.clone()).or_default();
            *units = units.saturating_add(line.quantity);
        }
        let units = |line: &LineAward| self.units.get(&line.line).copied().unwrap_or_default();
        self.entry.lines().iter().all(|line| units(line) >= line.quantity)
    }
}

impl Happened {
    /// What an entry tells; `undone` is what it undoes, where it is a reversal, and takes what
    /// comes back with it. So reversals of one entry are told in their order. `None` for entries
    /// that change no more than the state of the account.
    #[must_use]
    pub fn of(entry: &Entry, undone: Option<&mut Undone>, today: Today) -> Option<Self> {
        let (at, day) = (entry.occurred_at, today.day_of(entry.occurred_at));
        match &entry.what {
            What::Earn(earned) if earned.event == PURCHASE => {
                Some(Self::Ordered { at, day, spend: Spend::of(&earned.lines) })
            }
            What::Redeem(_) | What::Capture(_) => {
                Some(Self::Redeemed { at, day, points: entry.points.saturating_neg() })
            }
            What::Reverse(reversed) => Self::undoes(&reversed.reversal, undone?, today),
            _ => Self::of_account(entry),
        }
    }

    /// What an entry tells of a whole account, which no calendar changes.
    #[must_use]
    pub fn of_account(entry: &Entry) -> Option<Self> {
        match &entry.what {
            What::Absorb(absorbed) => Some(Self::Absorbed(absorbed.from.clone())),
            What::Erase => Some(Self::Erased),
            _ => None,
        }
    }

    fn undoes(reversal: &Reversal, undone: &mut Undone, today: Today) -> Option<Self> {
        let is_whole = undone.take(reversal);
        let day = today.day_of(undone.entry.occurred_at);
        match &undone.entry.what {
            What::Earn(earned) if earned.event == PURCHASE => Some(Self::Returned {
                day,
                spend: Spend::returned(&earned.lines, reversal),
                is_whole,
            }),
            What::Redeem(_) | What::Capture(_) => {
                Some(Self::GivenBack { day, points: reversal.desired })
            }
            _ => None,
        }
    }

    /// Whether entries of that kind may tell something.
    #[must_use]
    pub fn is_told_by(kind: Kind) -> bool {
        use Kind::{Capture, Earn, Erase, Merge, Redeem, Reverse};
        matches!(kind, Earn | Redeem | Capture | Reverse | Merge | Erase)
    }

    /// The account that it is about besides the entry's own.
    #[must_use]
    pub fn other(&self) -> Option<&MemberId> {
        if let Self::Absorbed(from) = self { Some(from) } else { None }
    }

    /// The entry that a reversal undoes, which [`Happened::of`] needs as well.
    #[must_use]
    pub fn undone_by(entry: &Entry) -> Option<EntryId> {
        match &entry.what {
            What::Reverse(reversed) => Some(reversed.corrects),
            _ => None,
        }
    }
}

impl Facts {
    /// Takes over what happened. What concerns several accounts is the business of
    /// [`crate::Batch`].
    pub fn apply(&mut self, happened: &Happened) {
        match happened {
            Happened::Ordered { at, day, spend } => {
                self.orders_ever = self.orders_ever.saturating_add(1);
                self.spend_ever_minor = self.spend_ever_minor.saturating_add(spend.minor);
                self.first_order_at = earlier(self.first_order_at, Some(*at));
                self.last_order_at = self.last_order_at.max(Some(*at));
                self.count(Day { day: *day, orders: 1, spend_minor: spend.minor, redeemed: 0 });
                for (category, minor) in &spend.categories {
                    self.spent_on(category, *day, *minor);
                }
            }
            Happened::Returned { day, spend, is_whole } => {
                let orders = i64::from(*is_whole);
                self.orders_ever = self.orders_ever.saturating_sub(orders);
                self.spend_ever_minor = self.spend_ever_minor.saturating_sub(spend.minor);
                if let Some(of) = self.day_mut(*day) {
                    of.orders = of.orders.saturating_sub(orders);
                    of.spend_minor = of.spend_minor.saturating_sub(spend.minor);
                }
                for (category, minor) in &spend.categories {
                    self.came_back(category, *day, *minor);
                }
            }
            Happened::Redeemed { at, day, points } => {
                self.last_redeem_at = self.last_redeem_at.max(Some(*at));
                self.count(Day { day: *day, orders: 0, spend_minor: 0, redeemed: *points });
            }
            Happened::GivenBack { day, points } => {
                if let Some(of) = self.day_mut(*day) {
                    of.redeemed = of.redeemed.saturating_sub(*points);
                }
            }
            Happened::Absorbed(_) | Happened::Erased => {}
        }
    }

    /// Takes over what another account, which became part of this one, had done. Its state went the
    /// ledger's way.
    pub fn absorb(&mut self, other: Self) {
        self.orders_ever = self.orders_ever.saturating_add(other.orders_ever);
        self.spend_ever_minor = self.spend_ever_minor.saturating_add(other.spend_ever_minor);
        self.first_order_at = earlier(self.first_order_at, other.first_order_at);
        self.last_order_at = self.last_order_at.max(other.last_order_at);
        self.last_redeem_at = self.last_redeem_at.max(other.last_redeem_at);
        self.last_login_at = self.last_login_at.max(other.last_login_at);
        self.last_seen_at = self.last_seen_at.max(other.last_seen_at);
        for day in other.days {
            self.count(day);
        }
        for (category, days) in other.categories {
            for (day, minor) in days {
                self.spent_on(&category, day, minor);
            }
        }
    }

    /// The first day that is kept.
    fn keep_from(&self) -> i32 {
        self.days.last().map_or(i32::MIN, |last| last.day.saturating_sub(KEPT_DAYS - 1))
    }

    /// Adds to a day, and drops days that are too old by then.
    fn count(&mut self, of: Day) {
        if of.day < self.keep_from() {
            return;
        }
        match self.days.binary_search_by_key(&of.day, |day| day.day) {
            Ok(at) => {
                if let Some(day) = self.days.get_mut(at) {
                    day.orders = day.orders.saturating_add(of.orders);
                    day.spend_minor = day.spend_minor.saturating_add(of.spend_minor);
                    day.redeemed = day.redeemed.saturating_add(of.redeemed);
                }
            }
            Err(at) => self.days.insert(at, of),
        }
        let first = self.keep_from();
        self.days.retain(|day| day.day >= first);
        if self.categories.values().any(|days| days.first().is_some_and(|(day, _)| *day < first)) {
            self.categories.retain(|_, days| {
                days.retain(|(day, _)| *day >= first);
                !days.is_empty()
            });
        }
    }

    fn day_mut(&mut self, day: i32) -> Option<&mut Day> {
        let at = self.days.binary_search_by_key(&day, |day| day.day).ok()?;
        self.days.get_mut(at)
    }

    /// Adds spend of a day that is kept.
    fn spent_on(&mut self, category: &str, day: i32, minor: i64) {
        if day < self.keep_from() || minor == 0 {
            return;
        }
        let named =
            self.categories.len() - usize::from(self.categories.contains_key(OTHER_CATEGORIES));
        let has_room = named < MAX_CATEGORIES || self.categories.contains_key(category);
        let name = if has_room { category } else { OTHER_CATEGORIES };
        let days = self.categories.entry(name.to_owned()).or_default();
        match days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(at) => {
                if let Some((_, sum)) = days.get_mut(at) {
                    *sum = sum.saturating_add(minor);
                }
            }
            Err(at) => days.insert(at, (day, minor)),
        }
    }

    /// Takes spend off the day of its order: off its category, and off those that stand together as
    /// far as it was counted there.
    fn came_back(&mut self, category: &str, day: i32, minor: i64) {
        let mut left = minor;
        for name in [category, OTHER_CATEGORIES] {
            let Some(days) = self.categories.get_mut(name) else { continue };
            let Ok(at) = days.binary_search_by_key(&day, |(day, _)| *day) else { continue };
            let Some((_, sum)) = days.get_mut(at) else { continue };
            let part = left.min(*sum);
            *sum -= part;
            left -= part;
            if *sum == 0 {
                days.remove(at);
            }
            if days.is_empty() {
                self.categories.remove(name);
            }
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
