//! The figures of a day: counts by strategy, node and channel, under names.
//!
//! Of touches: `decided`, then by what became of them `due`, `sending`, `sent`, `unknown`,
//! `failed`, `suppressed.{reason}`; `delivered`, `clicked`, `converted` (at least one conversion is
//! credited to it). Of messages: `messages` (a vendor took them), `visits` of links, doubtful ones
//! with them. Of conversions: `credited.{kind}`, `credited.by_click`, `credited_points`,
//! `credited_minor`. `cost_minor` and `granted_points` are sums. Of tasks: `tasks`, `tasks_done`.
//!
//! Of the two sides, for a strategy as a whole: `{side}.members`, `{side}.converted`,
//! `{side}.orders`, `{side}.points`, and `{side}.open`, members whose time is not over yet. The
//! sides are `treated` and `held_out`. Of all marketing together there are these, and `cost_minor`.
//!
//! Of occasions that ended on the day, for a strategy that settles them: `ended`, and of these
//! `ended.messages`, `ended.responded`, `ended.spent`, `ended.expired`.

use std::collections::BTreeMap;

use reach::touch::Settled;
use reach::{Channel, Outcomes};
use store::Figure;

/// What figures are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    strategy: String,
    node: String,
    channel: String,
}

/// The figures of a day, as far as it is counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures(BTreeMap<Place, BTreeMap<String, i64>>);

/// Where the figures of a touch are added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) strategy: &'a str,
    pub(super) node: i32,
}

impl Figures {
    pub(super) fn read(rows: Vec<Figure>) -> Self {
        let mut figures = Self::default();
        for (strategy, node, channel, name, value) in rows {
            figures.at(Place { strategy, node, channel }, &name, value);
        }
        figures
    }

    pub(super) fn rows(&self) -> Vec<Figure> {
        let rows = self.0.iter().flat_map(|(of, figures)| {
            figures.iter().map(move |(name, value)| {
                let Place { strategy, node, channel } = of.clone();
                (strategy, node, channel, name.clone(), *value)
            })
        });
        rows.collect()
    }

    fn at(&mut self, of: Place, name: &str, value: i64) {
        if value == 0 {
            return;
        }
        let figures = self.0.entry(of).or_default();
        match figures.get_mut(name) {
            Some(sum) => *sum = sum.saturating_add(value),
            None => drop(figures.insert(name.to_owned(), value)),
        }
    }

    fn whole(&mut self, strategy: &str, name: &str, value: i64) {
        let (node, channel) = (String::new(), String::new());
        self.at(Place { strategy: strategy.to_owned(), node, channel }, name, value);
    }

    /// Adds to a strategy and to its node.
    pub(super) fn add(&mut self, of: Of<'_>, name: &str, value: i64) {
        self.whole(of.strategy, name, value);
        let (strategy, node) = (of.strategy.to_owned(), of.node.to_string());
        self.at(Place { strategy, node, channel: String::new() }, name, value);
    }

    /// Adds to what all marketing cost.
    pub(super) fn add_cost_of_all(&mut self, value: i64) {
        self.whole("", "cost_minor", value);
    }

    /// Adds to a channel of a node.
    pub(super) fn add_by(&mut self, of: Of<'_>, channel: Channel, name: &str, value: i64) {
        let (strategy, node) = (of.strategy.to_owned(), of.node.to_string());
        self.at(Place { strategy, node, channel: channel.as_str().to_owned() }, name, value);
    }

    /// Adds to a side of a strategy; of all marketing where the strategy has no name.
    pub(super) fn add_side(&mut self, strategy: &str, side: &str, of: &Outcomes) {
        for (name, value) in [
            ("members", of.members),
            ("converted", of.converted),
            ("orders", of.orders),
            ("points", of.points),
        ] {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            self.whole(strategy, &format!("{side}.{name}"), value);
        }
    }

    /// Adds how an occasion ended.
    pub(super) fn add_settled(&mut self, of: &Settled) {
        for (name, value) in [
            ("ended", 1),
            ("ended.messages", i64::try_from(of.touched).unwrap_or(i64::MAX)),
            ("ended.responded", i64::from(of.has_responded)),
            ("ended.spent", of.ended.redeemed),
            ("ended.expired", of.ended.expired),
        ] {
            self.whole(&of.strategy, name, value);
        }
    }

    /// A member of a side whose time is not over yet.
    pub(super) fn add_open(&mut self, strategy: &str, side: &str) {
        self.whole(strategy, &format!("{side}.open"), 1);
    }
}
