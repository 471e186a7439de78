//! Which message is credited with what a member did, and what members who were left alone did.
//!
//! Owns: what is seen of a member's messages ([`Credits`]), credited by the playbook's rule
//! ([`Attribution`]), and the sides of the report ([`Sides`]). A credit says that a message came
//! before; only the two sides say what it brought.
//!
//! Architecture invariant: what is seen is a set. So it may come in any order, twice, and in
//! pieces, and credits follow from it anew.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::playbook::{Attribution, Conversion};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Conversions that are kept of a member, at most: the latest.
const MAX_CONVERSIONS: usize = 2_000;
/// Deliveries or clicks that are kept of a member, at most: the latest.
const MAX_TOUCHES: usize = 2_000;

/// A delivery or a click of a person: when, and of which touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touched {
    /// When.
    pub at: Timestamp,
    /// The number of the touch.
    pub touch: i64,
}

/// Something that a member did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// What it was.
    pub kind: Conversion,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: i64,
}

/// Goods, money or points of a conversion came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// The conversion.
    pub of: i64,
    /// How much of it.
    pub amount: i64,
    /// Nothing of it is left.
    pub is_whole: bool,
}

/// One thing that is seen of a member. Numbers are those of rows: of an entry, a touch or a login,
/// each counted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A message was delivered.
    Delivered(Touched),
    /// A person clicked.
    Clicked(Touched),
    /// The member did something, under this number.
    Converted(i64, Converted),
    /// Something came back, under this number.
    TakenBack(i64, TakenBack),
}

/// What is credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A click.
    Click,
    /// A delivery.
    Delivery,
}

/// A conversion with the touch that it is credited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// The number of the conversion.
    pub conversion: i64,
    /// What it was.
    pub kind: Conversion,
    /// When it was.
    pub at: Timestamp,
    /// What is left of its amount.
    pub amount: i64,
    /// The touch.
    pub touch: i64,
    /// By what.
    pub by: By,
}

/// What is seen of one member.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credits {
    delivered: BTreeSet<Touched>,
    clicked: BTreeSet<Touched>,
    /// By kind and number: entries and logins are counted apart.
    #[serde(with = "pairs")]
    converted: BTreeMap<(Conversion, i64), Converted>,
    /// Credits of conversions whose messages are forgotten.
    #[serde(with = "pairs")]
    settled: BTreeMap<(Conversion, i64), Option<(i64, By)>>,
    /// Returns by their number.
    #[serde(with = "pairs")]
    taken_back: BTreeMap<i64, TakenBack>,
}

impl Credits {
    /// Adds what was seen. What is there already changes nothing.
    pub fn add(&mut self, seen: Seen) {
        match seen {
            Seen::Delivered(touched) => bounded(&mut self.delivered, touched),
            Seen::Clicked(touched) => bounded(&mut self.clicked, touched),
            Seen::Converted(number, converted) => {
                self.converted.insert((converted.kind, number), converted);
                if self.converted.len() > MAX_CONVERSIONS {
                    self.drop_oldest();
                }
            }
            Seen::TakenBack(number, back) => {
                self.taken_back.insert(number, back);
                if self.taken_back.len() > MAX_CONVERSIONS * 2 {
                    self.taken_back.pop_first();
                }
            }
        }
    }

    /// What two runs saw of the member, each a part of it.
    pub fn merge(&mut self, other: Self) {
        self.settled.extend(other.settled);
        let seen = other.delivered.into_iter().map(Seen::Delivered);
        let seen = seen.chain(other.clicked.into_iter().map(Seen::Clicked));
        let converted = other.converted.into_iter();
        let seen = seen.chain(converted.map(|((_, number), of)| Seen::Converted(number, of)));
        let back = other.taken_back.into_iter();
        for seen in seen.chain(back.map(|(number, of)| Seen::TakenBack(number, of))) {
            self.add(seen);
        }
    }

    /// The credits by one rule: see [`Credits::credits_by`].
    #[must_use]
    pub fn credits(&self, rule: &Attribution) -> Vec<Credit> {
        self.credits_by(|_| rule)
    }

    /// The credits, in the order of their conversions, each by the rule of its instant. Each
    /// conversion is credited to one touch: that of the last click within the days of the rule,
    /// else that of the last delivery within its own. A click or delivery at the same instant came
    /// before. Of two at the same instant the later touch is the last.
    #[must_use]
    pub fn credits_by<'a>(&self, rule_at: impl Fn(Timestamp) -> &'a Attribution) -> Vec<Credit> {
        let credits = self.living().filter_map(|(number, of, amount)| {
            let rule = rule_at(of.at);
            if !rule.conversions.contains(&of.kind) {
                return None;
            }
            let (touch, by) = match self.settled.get(&(of.kind, number)) {
                Some(settled) => (*settled)?,
                None => self.touch_of(of.at, rule)?,
            };
            Some(Credit { conversion: number, kind: of.kind, at: of.at, amount, touch, by })
        });
        let mut credits: Vec<Credit> = credits.collect();
        credits.sort_by_key(|credit| (credit.at, credit.kind, credit.conversion));
        credits
    }

    /// Fixes the credits of conversions before that instant and forgets their messages, so that a
    /// member who is written to for years does not grow. What comes back later is still taken from
    /// them.
    pub fn settle(&mut self, rule: &Attribution, before: Timestamp) {
        let due: Vec<_> = self.converted.iter().filter(|(_, of)| of.at < before).collect();
        let due = due.into_iter().filter(|(key, _)| !self.settled.contains_key(*key));
        let fixed: Vec<_> = due.map(|(key, of)| (*key, self.touch_of(of.at, rule))).collect();
        self.settled.extend(fixed);
        self.delivered.retain(|touched| before <= after(touched.at, rule.delivery_days));
        self.clicked.retain(|touched| before <= after(touched.at, rule.click_days));
    }

    /// Conversions of which something is left, with their numbers and what is left of their
    /// amounts.
    fn living(&self) -> impl Iterator<Item = (i64, Converted, i64)> {
        // Entries alone come back; logins are counted on their own.
        let mut back: BTreeMap<i64, (i64, bool)> = BTreeMap::new();
        for of in self.taken_back.values() {
            let sum = back.entry(of.of).or_default();
            *sum = (sum.0.saturating_add(of.amount.max(0)), sum.1 || of.is_whole);
        }
        self.converted.iter().filter_map(move |((kind, number), of)| {
            let (taken, is_whole) = match kind {
                Conversion::Login => (0, false),
                _ => back.get(number).copied().unwrap_or_default(),
            };
            let left = of.amount.saturating_sub(taken).max(0);
            let is_gone = is_whole || (taken > 0 && left == 0);
            (!is_gone).then_some((*number, *of, left))
        })
    }

    fn touch_of(&self, at: Timestamp, rule: &Attribution) -> Option<(i64, By)> {
        let last = |of: &BTreeSet<Touched>, days: u32| {
            let upto = Touched { at, touch: i64::MAX };
            let last = of.range(..=upto).next_back()?;
            (at <= after(last.at, days)).then_some(last.touch)
        };
        let click = last(&self.clicked, rule.click_days).map(|touch| (touch, By::Click));
        let delivery =
            || last(&self.delivered, rule.delivery_days).map(|touch| (touch, By::Delivery));
        click.or_else(delivery)
    }

    fn drop_oldest(&mut self) {
        let oldest = self.converted.iter().min_by_key(|(key, of)| (of.at, **key));
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.converted.remove(&key);
            self.settled.remove(&key);
            self.taken_back.retain(|_, back| back.of != key.1 || key.0 == Conversion::Login);
        }
    }
}

/// The last instant of so many days after another one.
fn after(at: Timestamp, days: u32) -> Timestamp {
    at.plus_ms(i64::from(days) * DAY_MS)
}

fn bounded(of: &mut BTreeSet<Touched>, touched: Touched) {
    of.insert(touched);
    if of.len() > MAX_TOUCHES {
        of.pop_first();
    }
}

/// What the members of one side did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Members.
    pub members: u64,
    /// How many of them converted at least once.
    pub converted: u64,
    /// Their orders.
    pub orders: u64,
    /// Points that they redeemed.
    pub points: u64,
}

/// The two sides of a strategy: members whom it might touch, and members whom it held out. A member
/// is on a side by its bucket, whether a message reached it or not: sides that are chosen by what
/// was delivered cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    /// Those whom the strategy might touch.
    pub treated: Outcomes,
    /// Those who were left alone.
    pub held_out: Outcomes,
}

impl Sides {
    /// Counts a member: what it did from the strategy's first decision about it on, for so many
    /// days. Whether a conversion is credited to a message does not matter.
    pub fn add(
        &mut self,
        is_held_out: bool,
        decided_at: Timestamp,
        days: u32,
        rule: &Attribution,
        member: &Credits,
    ) {
        let side = if is_held_out { &mut self.held_out } else { &mut self.treated };
        side.members += 1;
        let mut has_converted = false;
        for (_, of, left) in member.living() {
            let is_within = decided_at <= of.at && of.at <= after(decided_at, days);
            if !is_within || !rule.conversions.contains(&of.kind) {
                continue;
            }
            has_converted = true;
            match of.kind {
                Conversion::Order => side.orders += 1,
                Conversion::Redeem => {
                    side.points = side.points.saturating_add(left.unsigned_abs());
                }
                Conversion::Login => {}
            }
        }
        side.converted += u64::from(has_converted);
    }
}

/// Maps whose keys are no texts, as lists of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K, V, S>(of: &BTreeMap<K, V>, into: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        into.collect_seq(of)
    }

    pub fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
