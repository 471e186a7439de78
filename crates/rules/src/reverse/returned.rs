//! What comes back of an order: units, their amounts and points, and what of everything else that the order had counted falls to them.
//!
//! Parts are shared out by running sums, see [`super`].

use std::collections::BTreeMap;

use ledger::{Count, Entry, Journal, LineAward, LineReturn, Qualifying, Refusal, Reversal, Review, Totals};

use super::Part;
use crate::command::Recorded;
use crate::limits::{is_of_conduct, is_of_rule};
use crate::rulebook::Rulebook;
use crate::tiers;

/// `part` of `of`, of a whole of `total`; nothing of nothing.
pub(super) fn share(of: i64, part: i128, total: i128) -> i64 {
    let share = i128::from(of).saturating_mul(part).checked_div(total).unwrap_or(0);
    i64::try_from(share).unwrap_or(0)
}

/// What of `whole` falls to the `part` that follows on `before`, of a whole of `total`.
fn running(whole: i64, total: i64, before: i64, part: i64) -> i64 {
    let upto = |points: i64| share(whole, i128::from(points), i128::from(total));
    upto(before.saturating_add(part)) - upto(before)
}

/// What comes back of an order, or an action that is undone.
pub(super) struct Return {
    lines: Vec<LineReturn>,
    /// Points that these had earned.
    points: i64,
    /// What had come back before and comes back by now, of what the whole order cost.
    pub(super) amounts: (i128, i128, i128),
    /// The same of those lines alone that count towards tiers.
    counted: (i128, i128, i128),
    /// Nothing is left after it.
    pub(super) is_all: bool,
    /// Nothing was left before it.
    pub(super) is_empty: bool,
    /// What expired of the earn and was set against earlier reversals.
    expired_before: i64,
    /// Points that had come back before.
    points_before: i64,
}

impl Return {
    pub(super) fn of(earn: &Entry, recorded: &Recorded, part: &Part) -> Result<Self, Refusal> {
        let earlier: Vec<&Reversal> = recorded.of(earn).collect();
        let mut before: BTreeMap<&str, i64> = BTreeMap::new();
        for line in earlier.iter().flat_map(|reversal| &reversal.lines) {
            *before.entry(&line.line).or_default() += line.quantity;
        }
        let left = |line: &LineAward| line.quantity - before.get(line.line.as_str()).copied().unwrap_or(0);
        let units = |line: &LineAward, units: i64| line_return(line, line.quantity - left(line), units);
        let is_known = |(name, _): &&(String, i64)| earn.lines.iter().any(|line| line.line == *name);
        let lines: Vec<LineReturn> = match part {
            Part::Lines(wishes) => {
                if let Some((line, _)) = wishes.iter().find(|wish| !is_known(wish)) {
                    return Err(Refusal::UnknownLine { line: line.clone() });
                }
                if earn.lines.iter().all(|line| left(line) == 0) {
                    return Err(Refusal::NothingToReverse);
                }
                let one = |(name, wished): &(String, i64)| {
                    let line = earn.lines.iter().find(|line| line.line == *name);
                    let line = line.ok_or_else(|| Refusal::UnknownLine { line: name.clone() })?;
                    match left(line) {
                        left if *wished > left => Err(Refusal::MoreThanLeft { line: Some(name.clone()), left }),
                        _ => Ok(units(line, *wished)),
                    }
                };
                wishes.iter().map(one).collect::<Result<_, _>>()?
            }
            Part::Rest | Part::Points(_) => {
                let open = earn.lines.iter().filter(|line| left(line) > 0);
                open.map(|line| units(line, left(line))).collect()
            }
        };
        let returned = |name: &str| lines.iter().find(|line| line.line == name).map_or(0, |line| line.quantity);
        let amounts = |counts: &dyn Fn(&str) -> bool| {
            let sum = |lines: &mut dyn Iterator<Item = &LineReturn>| -> i128 {
                lines.filter(|line| counts(&line.line)).map(|line| i128::from(line.amount_minor)).sum()
            };
            let before = sum(&mut earlier.iter().flat_map(|reversal| &reversal.lines));
            let all =
                earn.lines.iter().filter(|line| counts(&line.line)).map(|line| i128::from(line.amount_minor)).sum();
            (before, before + sum(&mut lines.iter()), all)
        };
        let counted = amounts(&|line| earn.uncounted.iter().all(|uncounted| uncounted != line));
        let amounts = amounts(&|_| true);
        let (is_all, is_empty, points) = if earn.lines.is_empty() {
            (true, !earlier.is_empty(), earn.points)
        } else {
            let is_all = earn.lines.iter().all(|line| left(line) == returned(&line.line));
            (is_all, lines.is_empty(), lines.iter().map(|line| line.points).sum())
        };
        let expired_before = earlier.iter().map(|reversal| reversal.expired).sum();
        let points_before = earlier.iter().map(|reversal| reversal.desired).sum();
        Ok(Self { lines, points, amounts, counted, is_all, is_empty, expired_before, points_before })
    }

    /// What of `whole`, which the lines that count have counted, falls to this return.
    fn share(&self, whole: i64) -> i64 {
        let (before, after, total) = self.counted;
        let before = share(whole, before, total);
        if self.is_all { whole - before } else { share(whole, after, total) - before }
    }

    /// What came back, and how much of it is gone already, as `expired` points of the earn are.
    pub(super) fn reversal(self, earn: &Entry, expired: i64) -> Reversal {
        // As nobody knows whose points they were, each return is excused its part of them.
        let part = share(expired, i128::from(self.points_before) + i128::from(self.points), i128::from(earn.points));
        let part = if self.is_all { expired } else { part };
        let expired = (part - self.expired_before).clamp(0, self.points.max(0));
        Reversal { lines: self.lines, desired: self.points, expired }
    }

    pub(super) fn qualifying(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Option<Qualifying> {
        // What is still under review has not counted yet.
        if book.returns.keep_qualification || journal.member().review(earn.id).is_some() {
            return None;
        }
        let counted = earn.qualifying.or_else(|| earn.review.as_ref().and_then(|review| review.qualifying))?;
        let part = self.counted(&counted);
        let totals = Totals { spend_minor: -part.spend_minor, growth: -part.growth, orders: -part.orders };
        tiers::counted(book, counted.month, journal.now(), totals)
    }

    /// What of the earn's qualification falls to this return.
    fn counted(&self, whole: &Qualifying) -> Totals {
        Totals {
            spend_minor: self.share(whole.spend_minor),
            growth: self.share(whole.growth),
            orders: if self.is_all { whole.orders } else { 0 },
        }
    }

    /// What is left of the earn's review, when it has one and something is left.
    pub(super) fn review(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Option<Review> {
        let open = journal.member().review(earn.id).filter(|_| !self.is_all)?;
        // Shares are those of what was kept back first, so that several returns add up.
        let whole = earn.review.as_ref().and_then(|review| review.qualifying);
        let part = whole.filter(|_| !book.returns.keep_qualification).map(|whole| self.counted(&whole));
        let qualifying = open.review.qualifying.map(|left| {
            let part = part.unwrap_or_default();
            let (spend_minor, growth) = (left.spend_minor - part.spend_minor, left.growth - part.growth);
            Qualifying { spend_minor, growth, orders: left.orders - part.orders, ..left }
        });
        Some(Review { qualifying, ..open.review.clone() })
    }

    /// Counters that are still kept.
    pub(super) fn counts(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Vec<Count> {
        let counters = &journal.member().counters;
        let is_kept = |count: &&Count| counters.iter().any(|c| c.name == count.counter && c.period == count.period);
        // Which lines a rule had awarded its points for is not recorded: they are freed when nothing is left of the order.
        let points = |count: &Count| match is_of_rule(&count.counter) {
            true if self.is_all => count.points,
            true => 0,
            false => running(count.points, earn.points, self.points_before, self.points),
        };
        let freed = |count: &Count| Count {
            times: if self.is_all { -count.times } else { 0 },
            points: -points(count),
            ..count.clone()
        };
        // What somebody did does not change when goods come back.
        let counts = earn.counts.iter().filter(|count| book.returns.free_caps && !is_of_conduct(&count.counter));
        let freed = counts.filter(is_kept).map(freed);
        freed.filter(|count| count.times != 0 || count.points != 0).collect()
    }
}

fn line_return(line: &LineAward, before: i64, units: i64) -> LineReturn {
    let of = |whole: i64| running(whole, line.quantity, before, units);
    LineReturn {
        line: line.line.clone(),
        quantity: units,
        amount_minor: of(line.amount_minor),
        points: of(line.granted),
    }
}
