//! What comes back of an order: units, their amounts and points, and what of everything else that
//! the order had counted falls to them.
//!
//! Parts are shared out by running sums, see [`super`].

use ledger::{
    Count, Currency, Entry, Journal, LineAward, LineReturn, Money, Qualifying, Refusal, Reversal,
    Review, Totals,
};

use super::ReturnScope;
use crate::limits::{is_of_conduct, is_of_rule};
use crate::prior_records::PriorRecords;
use crate::rulebook::Rulebook;
use crate::tiers;

/// `part` of `of`, of a whole of `total`; nothing of nothing.
pub(super) fn share(of: i64, part: i128, total: i128) -> i64 {
    let share = i128::from(of).saturating_mul(part).checked_div(total).unwrap_or(0);
    i64::try_from(share).unwrap_or(0)
}

/// What of `whole` falls to the `part` that follows on `before`, of a whole of `total`.
pub(super) fn running(whole: i64, total: i64, before: i64, part: i64) -> i64 {
    let upto = |points: i64| share(whole, i128::from(points), i128::from(total));
    upto(before.saturating_add(part)) - upto(before)
}

/// An order line with what has come back of it.
pub(super) struct OpenLine<'a> {
    line: &'a LineAward,
    /// Units that had come back before.
    units: i64,
    /// Money that had gone back before, in minor units: for units, and without goods.
    amount_minor: i64,
    /// The part of it that went back without goods.
    refunded_minor: i64,
    /// Points that had been undone before.
    points: i64,
}

impl<'a> OpenLine<'a> {
    fn of(line: &'a LineAward, earlier: &[&Reversal]) -> Self {
        let mut open = Self { line, units: 0, amount_minor: 0, refunded_minor: 0, points: 0 };
        for back in earlier
            .iter()
            .flat_map(|reversal| &reversal.lines)
            .filter(|back| back.line == line.line)
        {
            open.units = open.units.saturating_add(back.quantity);
            open.amount_minor = open.amount_minor.saturating_add(back.amount_minor);
            open.points = open.points.saturating_add(back.points);
            if back.quantity == 0 {
                open.refunded_minor = open.refunded_minor.saturating_add(back.amount_minor);
            }
        }
        open
    }

    fn units_left(&self) -> i64 {
        self.line.quantity - self.units
    }

    fn minor_left(&self) -> i64 {
        self.line.amount_minor - self.amount_minor
    }

    /// Units that come back. The last ones take all that is left; the others bear their part of
    /// what went back without goods.
    fn back(&self, units: i64) -> LineReturn {
        let left = self.units_left();
        let part = |whole: i64, back: i64| {
            let without_goods = back - share(whole, self.units.into(), self.line.quantity.into());
            let part = running(whole, self.line.quantity, self.units, units);
            let part = part - share(without_goods, units.into(), left.into());
            if units == left { whole - back } else { part.clamp(0, whole - back) }
        };
        LineReturn {
            line: self.line.line.clone(),
            quantity: units,
            amount_minor: part(self.line.amount_minor, self.amount_minor),
            points: part(self.line.granted, self.points),
        }
    }

    /// Money that goes back while the goods stay. The last of a line's money takes all its points.
    fn refund(&self, amount_minor: i64) -> LineReturn {
        let left = self.line.granted - self.points;
        let part =
            running(self.line.granted, self.line.amount_minor, self.refunded_minor, amount_minor);
        let points = if amount_minor == self.minor_left() { left } else { part.clamp(0, left) };
        LineReturn { line: self.line.line.clone(), quantity: 0, amount_minor, points }
    }
}

/// What comes back of an order, or an action that is undone.
pub(crate) struct Return<'a> {
    lines: Vec<LineReturn>,
    /// The order's lines as they were before it.
    open: Vec<OpenLine<'a>>,
    /// Points that these had earned.
    points: i64,
    /// What the goods had cost that had come back before and that have come back by now, and the
    /// whole order.
    pub(super) goods: (i128, i128, i128),
    /// What went back of the price of those lines alone that count towards tiers: before, by now,
    /// and their whole.
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

impl<'a> Return<'a> {
    pub(super) fn of(
        earn: &'a Entry,
        recorded: &PriorRecords,
        part: &ReturnScope,
        currency: Currency,
    ) -> Result<Self, Refusal> {
        let earlier: Vec<&Reversal> = recorded.of(earn).collect();
        let open: Vec<OpenLine> =
            earn.lines().iter().map(|line| OpenLine::of(line, &earlier)).collect();
        let lines = match part {
            ReturnScope::Lines(wishes) | ReturnScope::LinesFor(wishes, _) => units(&open, wishes)?,
            ReturnScope::Money(wishes) => refunds(&open, wishes, currency)?,
            ReturnScope::Rest | ReturnScope::Points(_) | ReturnScope::Pieces(_) => {
                let left = open.iter().filter(|line| line.units_left() > 0);
                left.map(|line| line.back(line.units_left())).collect()
            }
        };
        let returned = |name: &str| {
            lines.iter().find(|line| line.line == name).map_or(0, |line| line.quantity)
        };
        let sum =
            |amounts: &mut dyn Iterator<Item = i64>| -> i128 { amounts.map(i128::from).sum() };
        let is_counted = |name: &str| earn.uncounted().iter().all(|uncounted| uncounted != name);
        let counting = || open.iter().filter(|line| is_counted(&line.line.line));
        let before = sum(&mut counting().map(|line| line.amount_minor));
        let back = lines.iter().filter(|line| is_counted(&line.line)).map(|line| line.amount_minor);
        let counted = (
            before,
            before + sum(&mut { back }),
            sum(&mut counting().map(|line| line.line.amount_minor)),
        );
        let cost = |line: &OpenLine, units: i64| {
            share(line.line.amount_minor, units.into(), line.line.quantity.into())
        };
        let goods = (
            sum(&mut open.iter().map(|line| cost(line, line.units))),
            sum(&mut open.iter().map(|line| cost(line, line.units + returned(&line.line.line)))),
            sum(&mut open.iter().map(|line| line.line.amount_minor)),
        );
        let (is_all, is_empty, points) = if earn.lines().is_empty() {
            (true, !earlier.is_empty(), earn.points)
        } else {
            let is_all = open.iter().all(|line| line.units_left() == returned(&line.line.line));
            (is_all, lines.is_empty(), lines.iter().map(|line| line.points).sum())
        };
        let expired_before = earlier.iter().map(|reversal| reversal.expired).sum();
        let points_before = earlier.iter().map(|reversal| reversal.desired).sum();
        Ok(Self {
            lines,
            open,
            points,
            goods,
            counted,
            is_all,
            is_empty,
            expired_before,
            points_before,
        })
    }

    /// Units of a line that had come back before, that come back now, and all; `None` when the
    /// order has no such line.
    pub(super) fn units_of(&self, name: &str) -> Option<(i64, i64, i64)> {
        let open = self.open.iter().find(|open| open.line.line == name)?;
        let now = self.lines.iter().find(|line| line.line == name).map_or(0, |line| line.quantity);
        Some((open.units, now, open.line.quantity))
    }

    /// The lines that cost nothing.
    pub(super) fn unpriced(&self) -> Vec<&'a str> {
        let unpriced = self.open.iter().map(|open| open.line).filter(|line| line.amount_minor == 0);
        unpriced.map(|line| line.line.as_str()).collect()
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
        let part = share(
            expired,
            i128::from(self.points_before) + i128::from(self.points),
            i128::from(earn.points),
        );
        let part = if self.is_all { expired } else { part };
        let expired = (part - self.expired_before).clamp(0, self.points.max(0));
        Reversal { lines: self.lines, desired: self.points, expired }
    }

    pub(super) fn qualifying(
        &self,
        book: &Rulebook,
        journal: &Journal,
        earn: &Entry,
    ) -> Option<Qualifying> {
        // What is still under review has not counted yet.
        if book.document.returns.keep_qualification || journal.member().review(earn.id).is_some() {
            return None;
        }
        let counted = earn
            .effects
            .qualifying
            .or_else(|| earn.review().and_then(|review| review.qualifying))?;
        let part = self.counted(&counted);
        let totals =
            Totals { spend_minor: -part.spend_minor, growth: -part.growth, orders: -part.orders };
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
    pub(super) fn review(
        &self,
        book: &Rulebook,
        journal: &Journal,
        earn: &Entry,
    ) -> Option<Review> {
        let open = journal.member().review(earn.id).filter(|_| !self.is_all)?;
        // Shares are those of what was kept back first, so that several returns add up.
        let whole = earn.review().and_then(|review| review.qualifying);
        let part = whole
            .filter(|_| !book.document.returns.keep_qualification)
            .map(|whole| self.counted(&whole));
        let qualifying = open.review.qualifying.map(|left| {
            let part = part.unwrap_or_default();
            let (spend_minor, growth) =
                (left.spend_minor - part.spend_minor, left.growth - part.growth);
            Qualifying { spend_minor, growth, orders: left.orders - part.orders, ..left }
        });
        Some(Review { qualifying, ..open.review.clone() })
    }

    /// Counters that are still kept.
    pub(super) fn counts(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Vec<Count> {
        let counters = &journal.member().counters;
        let is_kept = |count: &&Count| {
            counters.iter().any(|c| c.name == count.counter && c.period == count.period)
        };
        // Which lines a rule had awarded its points for is not recorded: they are freed when
        // nothing is left of the order.
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
        let counts = earn
            .effects
            .counts
            .iter()
            .filter(|count| book.document.returns.free_caps && !is_of_conduct(&count.counter));
        let freed = counts.filter(is_kept).map(freed);
        freed.filter(|count| count.times != 0 || count.points != 0).collect()
    }
}

/// Units of order lines, each named once.
fn units(open: &[OpenLine<'_>], wishes: &[(String, i64)]) -> Result<Vec<LineReturn>, Refusal> {
    let of = |name: &String| open.iter().find(|open| open.line.line == *name);
    if let Some((line, _)) = wishes.iter().find(|(name, _)| of(name).is_none()) {
        return Err(Refusal::UnknownLine { line: line.clone() });
    }
    if !wishes.is_empty() && open.iter().all(|line| line.units_left() == 0) {
        return Err(Refusal::NothingToReverse);
    }
    let one = |(name, wished): &(String, i64)| {
        let line = of(name).ok_or_else(|| Refusal::UnknownLine { line: name.clone() })?;
        match line.units_left() {
            left if *wished > left => Err(Refusal::MoreThanLeft { line: Some(name.clone()), left }),
            _ => Ok(line.back(*wished)),
        }
    };
    wishes.iter().map(one).collect()
}

/// Money of order lines, or of the whole order, which is shared out by what is left of each line's
/// price.
fn refunds(
    open: &[OpenLine<'_>],
    wishes: &[(Option<String>, Money)],
    currency: Currency,
) -> Result<Vec<LineReturn>, Refusal> {
    if wishes.iter().any(|(_, money)| money.currency != currency) {
        return Err(Refusal::CurrencyMismatch { expected: currency.to_string() });
    }
    if open.iter().all(|line| line.units_left() == 0) {
        return Err(Refusal::NothingToReverse);
    }
    let mut lines = Vec::new();
    for (name, money) in wishes {
        let of_line = |line: &&OpenLine| name.as_ref().is_none_or(|name| line.line.line == *name);
        let meant: Vec<&OpenLine> = open.iter().filter(of_line).collect();
        if let (Some(line), true) = (name, meant.is_empty()) {
            return Err(Refusal::UnknownLine { line: line.clone() });
        }
        let total: i64 = meant.iter().map(|line| line.minor_left()).fold(0, i64::saturating_add);
        if money.amount_minor > total {
            return Err(Refusal::MoreThanLeft { line: name.clone(), left: total });
        }
        let mut upto = 0;
        for line in meant {
            let part = running(money.amount_minor, total, upto, line.minor_left());
            upto += line.minor_left();
            lines.extend((part > 0).then(|| line.refund(part)));
        }
    }
    Ok(lines)
}
