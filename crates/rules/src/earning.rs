//! Rules with conditions: which of them fire for an event, and what each wants.

use std::cmp::Reverse;

use ledger::{Exact, ExpiryPolicy, Money, Rate, Refusal, SkippedRules, day_number};

use crate::condition::{Condition, Facts, Field};
use crate::document::{Limit, RuleCap, Stacking};
use crate::event::Line;
use crate::limits::Limits;
use crate::rulebook::{Availability, Rulebook};

/// A rule that is ready to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) event: String,
    /// First and last local day (day numbers).
    pub(crate) days: (i32, i32),
    /// All of them must hold.
    pub(crate) when: Vec<Condition>,
    /// Whether one of its conditions asks for days in a row.
    pub(crate) counts_streak: bool,
    pub(crate) lines: Option<Condition>,
    /// The tags that its conditions look for.
    pub(crate) tags: Vec<String>,
    pub(crate) award: Wants,
    pub(crate) growth: i64,
    pub(crate) coupon: Option<String>,
    pub(crate) limit: Option<Limit>,
    pub(crate) caps: Vec<RuleCap>,
    /// The life of its points, when it is not that of the event.
    pub(crate) life: Option<(ExpiryPolicy, Availability)>,
    pub(crate) group: Option<(String, Stacking)>,
    pub(crate) priority: i64,
}

impl Rule {
    /// Whether it gives something beside points.
    pub(crate) fn is_more_than_points(&self) -> bool {
        self.growth > 0 || self.coupon.is_some()
    }
}

/// What a rule wants.
#[derive(Debug, Clone)]
pub(crate) enum Wants {
    Rate(Rate),
    Fixed(i64),
    Each(i64),
    Multiplier(Rate),
    /// From which sum on (minor units) which rate holds.
    Brackets(Vec<(i64, Rate)>),
}

/// Why a rule did not fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It does not hold on that day.
    Dates,
    /// Its condition does not hold.
    Condition,
    /// Its condition could not be told: a sum left its range, or something was divided by 0.
    Failed,
    /// No line counts.
    Lines,
    /// The member had it as often as allowed.
    Limit,
    /// Another rule of its group was chosen.
    Group,
    /// It would award nothing.
    Nothing,
}

impl Silence {
    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dates => "outside_dates",
            Self::Condition => "condition",
            Self::Failed => "condition_failed",
            Self::Lines => "no_line_counts",
            Self::Limit => "limit_reached",
            Self::Group => "another_of_its_group",
            Self::Nothing => "worth_nothing",
        }
    }
}

/// A rule that fired: what it wants, and the lines (by their place) with the weights that its
/// points are shared out by.
#[derive(Debug)]
pub(crate) struct Fired<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) desired: Exact,
    pub(crate) weights: Vec<(usize, i64)>,
    /// The tags of the member that its conditions look for.
    pub(crate) tags: Vec<String>,
}

/// What rules are asked about, and what the event earns by itself.
pub(crate) struct Asked<'a> {
    pub(crate) facts: &'a Facts<'a>,
    /// The lines that earn at all, by their place in the order.
    pub(crate) lines: &'a [(usize, &'a Line)],
    /// What an action awards by itself.
    pub(crate) action_points: Option<i64>,
}

impl Rulebook {
    /// Rules of this event.
    pub(crate) fn rules_of<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| rule.event == event)
    }

    /// Whether something asks for how long the member has been doing this day by day.
    pub(crate) fn counts_streaks(&self, event: &str) -> bool {
        let of_lines = [
            self.purchase.lines.as_ref(),
            self.ladder.as_ref().and_then(|ladder| ladder.lines.as_ref()),
        ];
        let asks = |lines: &Condition| lines.asks_for(Field::EventStreakDays);
        (event == "purchase" && of_lines.into_iter().flatten().any(asks))
            || self.rules_of(event).any(|rule| rule.counts_streak)
    }
}

/// Asks every rule of the event; tells those that fire, in order, and why the others do not.
pub(crate) fn ask<'a>(
    book: &'a Rulebook,
    asked: &Asked<'a>,
    limits: &Limits<'_>,
) -> Result<(Vec<Fired<'a>>, Vec<SkippedRules>), Refusal> {
    let (mut fired, mut skipped) = (Vec::new(), Vec::new());
    for rule in book.rules_of(asked.facts.event()) {
        match one(book, rule, asked, limits)? {
            Ok(found) => fired.push(found),
            Err(why) => skip(&mut skipped, rule, why),
        }
    }
    let chosen: Vec<bool> =
        fired.iter().enumerate().map(|(at, one)| is_chosen(at, one, &fired)).collect();
    let mut kept = Vec::new();
    for (one, is_chosen) in fired.into_iter().zip(chosen) {
        if is_chosen { kept.push(one) } else { skip(&mut skipped, one.rule, Silence::Group) }
    }
    Ok((kept, skipped))
}

fn skip(skipped: &mut Vec<SkippedRules>, rule: &Rule, why: Silence) {
    let (reason, id) = (why.as_str(), rule.id.clone());
    match skipped.iter_mut().find(|skipped| skipped.reason == reason) {
        Some(skipped) => skipped.rules.push(id),
        None => skipped.push(SkippedRules { reason: reason.to_owned(), rules: vec![id] }),
    }
}

/// Whether the rule at this place is the one of its group, or one of them.
fn is_chosen(at: usize, one: &Fired<'_>, all: &[Fired<'_>]) -> bool {
    let Some((group, stacking)) = &one.rule.group else { return true };
    let others = all.iter().enumerate().filter(|(place, other)| {
        *place != at && other.rule.group.as_ref().is_some_and(|(name, _)| name == group)
    });
    // Of two that are alike in all the earlier one is chosen.
    let rank = |place: usize, fired: &Fired<'_>| {
        let desired = if *stacking == Stacking::BestOf { fired.desired } else { Exact::ZERO };
        (desired, fired.rule.priority, Reverse(place))
    };
    *stacking == Stacking::Sum
        || !others.into_iter().any(|(place, other)| rank(place, other) > rank(at, one))
}

fn one<'a>(
    book: &Rulebook,
    rule: &'a Rule,
    asked: &Asked<'a>,
    limits: &Limits<'_>,
) -> Result<Result<Fired<'a>, Silence>, Refusal> {
    let day = day_number(asked.facts.date);
    if day < rule.days.0 || day > rule.days.1 {
        return Ok(Err(Silence::Dates));
    }
    for when in &rule.when {
        match asked.facts.holds(when) {
            Ok(true) => {}
            Ok(false) => return Ok(Err(Silence::Condition)),
            Err(_) => return Ok(Err(Silence::Failed)),
        }
    }
    let counts = |line: &Line| asked.facts.counts(rule.lines.as_ref(), line);
    let lines: Vec<(usize, &Line)> =
        asked.lines.iter().filter(|(_, line)| counts(line)).copied().collect();
    let is_purchase = asked.action_points.is_none();
    if is_purchase && lines.is_empty() {
        return Ok(Err(Silence::Lines));
    }
    if rule.limit.is_some_and(|limit| !limits.has_room(&rule.id, limit)) {
        return Ok(Err(Silence::Limit));
    }
    let desired =
        wanted(book, rule, asked.action_points, &lines).ok_or(Refusal::AmountOutOfRange)?;
    if desired == Exact::ZERO && !rule.is_more_than_points() {
        return Ok(Err(Silence::Nothing));
    }
    let weight = |line: &Line| match rule.award {
        Wants::Each(_) => line.quantity,
        _ => line.amount.amount_minor,
    };
    let weights = lines.iter().map(|(place, line)| (*place, weight(line))).collect();
    Ok(Ok(Fired { rule, desired, weights, tags: asked.facts.tags_among(&rule.tags) }))
}

/// What a rule wants for these lines, or for an action that awards so many points by itself.
fn wanted(
    book: &Rulebook,
    rule: &Rule,
    action_points: Option<i64>,
    lines: &[(usize, &Line)],
) -> Option<Exact> {
    let decimals = book.currency().decimals();
    let amount =
        lines.iter().try_fold(0i64, |sum, (_, line)| sum.checked_add(line.amount.amount_minor))?;
    let of = |amount, rate, times| Exact::of_amount(amount, decimals, rate, times);
    match &rule.award {
        Wants::Rate(rate) => of(amount, *rate, Rate::ONE),
        Wants::Fixed(points) => Some(Exact::whole(*points)),
        Wants::Each(points) => {
            let units =
                lines.iter().try_fold(0i64, |sum, (_, line)| sum.checked_add(line.quantity))?;
            units.checked_mul(*points).map(Exact::whole)
        }
        Wants::Multiplier(times) => match action_points {
            Some(points) => {
                Exact::of_amount(points, 0, *times, Rate::ONE)?.checked_sub(Exact::whole(points))
            }
            None => {
                let base = book.purchase.points_per_unit;
                of(amount, base, *times)?.checked_sub(of(amount, base, Rate::ONE)?)
            }
        },
        Wants::Brackets(brackets) => {
            let ends = brackets.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX]);
            brackets.iter().zip(ends).try_fold(Exact::ZERO, |sum, ((from, rate), end)| {
                let within = amount.min(end).saturating_sub(*from).max(0);
                sum.checked_add(of(within, *rate, Rate::ONE)?)
            })
        }
    }
}

/// The sum of lines, when none is negative and it fits.
pub(crate) fn sum_of<'a>(amounts: impl Iterator<Item = &'a Money>) -> Result<i64, Refusal> {
    let add = |sum: i64, money: &Money| {
        sum.checked_add(money.amount_minor).filter(|_| money.amount_minor >= 0)
    };
    amounts.into_iter().try_fold(0, add).ok_or(Refusal::AmountOutOfRange)
}
