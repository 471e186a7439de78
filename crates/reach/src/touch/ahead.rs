//! What a member looks forward to: points, a tier and coupons that end, and dates of the year.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{Datelike, NaiveDate};
use ledger::{Timestamp, day_number, from_day_number, start_of_day};
use rules::AskedMember;

use super::LOOK_BACK_DAYS;
use super::cycle::Cycle;
use super::holdout::number_of;
use super::plan::Subject;
use super::recipient::{Recipient, Terms};
use crate::facts::Facts;
use crate::playbook::{Strategy, Timing, Trigger};
use crate::today::Today;

/// What a member looks forward to, worked out once for all strategies that ask for it.
pub(crate) struct Around<'a> {
    terms: &'a Terms<'a>,
    recipient: &'a Recipient<'a>,
    lists: RefCell<BTreeMap<Listed<'a>, Rc<Vec<Ahead<'a>>>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Listed<'a> {
    Points,
    Tier,
    Coupons,
    Date(&'a str),
}

/// An end, or a date.
struct Ahead<'a> {
    cycle: Cycle,
    day: i32,
    ends_at: Timestamp,
    /// Of a coupon its kind.
    kind: &'a str,
    /// What the day of the member's messages is made with, where those of many fall together.
    number: OnceCell<u64>,
}

impl<'a> Around<'a> {
    pub(crate) fn new(terms: &'a Terms<'a>, recipient: &'a Recipient<'a>) -> Self {
        Self { terms, recipient, lists: RefCell::default() }
    }

    /// What a strategy asks for, as far as a node may be due by today, in order of time.
    pub(crate) fn due(&self, strategy: &'a Strategy, timing: &Timing) -> Vec<Subject> {
        let today = self.recipient.customer.today.day;
        let most = i32::try_from(strategy.spread_days).unwrap_or(i32::MAX);
        let first = timing.offsets.first().copied().unwrap_or(0).saturating_sub(most);
        let list = self.list(&strategy.trigger);
        let near = list.iter().filter(|one| one.day.saturating_add(first) <= today);
        let asked = near.filter(|one| is_asked(&strategy.trigger, one));
        let subjects = asked.map(|one| self.subject(strategy, one));
        subjects.filter(|subject| subject.may_be_due(&timing.offsets, today)).collect()
    }

    /// The one of a cycle, if the strategy asks for it.
    pub(crate) fn of_cycle(&self, strategy: &'a Strategy, cycle: &Cycle) -> Option<Subject> {
        let list = self.list(&strategy.trigger);
        let one = list.iter().find(|one| one.cycle == *cycle)?;
        is_asked(&strategy.trigger, one).then(|| self.subject(strategy, one))
    }

    fn subject(&self, strategy: &Strategy, one: &Ahead<'_>) -> Subject {
        let mut subject = Subject::ahead(one.cycle.clone(), one.day, one.ends_at);
        // Of dates there are as many on each day.
        let is_date = matches!(one.cycle, Cycle::Date { .. });
        if strategy.spread_days > 1 && !is_date && self.terms.shared_days.contains(&one.day) {
            let id = self.recipient.customer.id;
            let number = one.number.get_or_init(|| number_of(&format!("{id}\n{}", one.cycle)));
            subject.spread = i32::try_from(number % u64::from(strategy.spread_days)).unwrap_or(0);
        }
        subject
    }

    fn list(&self, trigger: &'a Trigger) -> Rc<Vec<Ahead<'a>>> {
        let listed = match trigger {
            Trigger::PointsExpiring { .. } => Listed::Points,
            Trigger::TierEnding { .. } => Listed::Tier,
            Trigger::CouponExpiring { .. } => Listed::Coupons,
            Trigger::Date { attribute, .. } => Listed::Date(attribute),
            _ => return Rc::default(),
        };
        let mut lists = self.lists.borrow_mut();
        lists.entry(listed).or_insert_with(|| Rc::new(ahead(self.recipient, listed))).clone()
    }
}

fn is_asked(trigger: &Trigger, one: &Ahead<'_>) -> bool {
    match trigger {
        Trigger::CouponExpiring { coupon: Some(kind), .. } => kind == one.kind,
        _ => true,
    }
}

/// What is ahead of the member, in order of time.
fn ahead<'a>(recipient: &'a Recipient<'a>, listed: Listed<'_>) -> Vec<Ahead<'a>> {
    let customer = &recipient.customer;
    let (facts, today, now) = (customer.facts, customer.today, customer.now);
    let one = |cycle: Cycle, day: i32, ends_at: Timestamp| Ahead {
        cycle,
        day,
        ends_at,
        kind: "",
        number: OnceCell::new(),
    };
    let mut found: Vec<Ahead<'_>> = match listed {
        Listed::Points => facts
            .ends
            .iter()
            .filter(|(day, points)| *day >= today.day && *points > 0)
            .map(|(day, _)| {
                let ends_at = start_of_day(from_day_number(day.saturating_add(1)), today.zone);
                one(Cycle::End(ends_at), *day, ends_at)
            })
            .collect(),
        Listed::Tier => {
            let until = facts.tier_at(now).and(facts.tier_until);
            let until = until.map(|at| one(Cycle::Tier(at), last_day(recipient, at), at));
            until.into_iter().collect()
        }
        Listed::Coupons => recipient
            .coupons
            .iter()
            .filter_map(|coupon| Some((coupon, coupon.ends_at.filter(|at| *at > now)?)))
            .map(|(coupon, at)| Ahead {
                kind: &coupon.kind,
                ..one(Cycle::Coupon(coupon.id.clone()), last_day(recipient, at), at)
            })
            .collect(),
        Listed::Date(attribute) => {
            let dates = dates(recipient, attribute).into_iter();
            dates.map(|(cycle, day, ends_at)| one(cycle, day, ends_at)).collect()
        }
    };
    found.sort_by(|one, other| (one.day, &one.cycle).cmp(&(other.day, &other.cycle)));
    found
}

/// Whom a day may bring something, by facts alone. A job that decides about many members reads the
/// rest of what is known only of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// A strategy waits for a date, a coupon or a day of the calendar, of which facts tell nothing.
    everybody: bool,
    /// Days on which points, or the tier, end of whom something may be due.
    points: Vec<(i32, i32)>,
    tiers: Vec<(i32, i32)>,
    today: Today,
}

impl Concern {
    /// That of a day. What happened does not count: who learns of it knows whom it concerns.
    #[must_use]
    pub fn on(terms: &Terms<'_>, today: Today) -> Self {
        let last_run = terms.decided_through.max(today.day.saturating_sub(LOOK_BACK_DAYS));
        let (mut everybody, mut points, mut tiers) = (false, Vec::new(), Vec::new());
        for (strategy, timing) in terms.playbook.strategies.iter().zip(&terms.compiled.timings) {
            let spread = i32::try_from(strategy.spread_days).unwrap_or(i32::MAX);
            let is_once = strategy.trigger.within_days().is_some();
            // A node is due from its first day on, which is up to `spread_days - 1` before its own,
            // and until earlier runs came to it.
            let days = timing.offsets.iter().map(|offset| {
                let first = if is_once { i32::MIN } else { last_run.saturating_add(1) };
                let last = today.day.saturating_add(spread.saturating_sub(1));
                (first.saturating_sub(*offset), last.saturating_sub(*offset))
            });
            match &strategy.trigger {
                Trigger::PointsExpiring { .. } => points.extend(days),
                Trigger::TierEnding { .. } => tiers.extend(days),
                trigger => everybody |= !trigger.is_about_what_happened(),
            }
        }
        Self { everybody, points: merged(points), tiers: merged(tiers), today }
    }

    /// Whether the day may bring something to a member with these facts.
    #[must_use]
    pub fn may(&self, facts: &Facts) -> bool {
        let of_points = || {
            let mut ends = facts.ends.iter().filter(|(day, _)| *day >= self.today.day);
            ends.any(|(day, points)| *points > 0 && is_within(&self.points, *day))
        };
        let of_tier = || {
            let until = facts.tier_until.filter(|_| facts.tier.is_some());
            until.is_some_and(|at| is_within(&self.tiers, self.today.day_of(at.plus_ms(-1))))
        };
        self.everybody || of_points() || of_tier()
    }
}

/// The same days, in order and apart.
fn merged(mut spans: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    spans.sort_unstable();
    let mut apart: Vec<(i32, i32)> = Vec::new();
    for (first, last) in spans {
        match apart.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => apart.push((first, last)),
        }
    }
    apart
}

fn is_within(spans: &[(i32, i32)], day: i32) -> bool {
    let after = spans.partition_point(|(first, _)| *first <= day);
    after.checked_sub(1).and_then(|place| spans.get(place)).is_some_and(|(_, last)| day <= *last)
}

/// Whether what a touch is about is gone before its time. What is over is not gone: for that it is
/// too late.
pub(crate) fn is_gone(recipient: &Recipient<'_>, cycle: &Cycle) -> bool {
    let (facts, now) = (recipient.customer.facts, recipient.customer.now);
    match cycle {
        Cycle::End(at) | Cycle::Tier(at) if *at <= now => false,
        Cycle::End(at) => {
            let day = last_day(recipient, *at);
            !facts.ends.iter().any(|(end, points)| *end == day && *points > 0)
        }
        Cycle::Tier(at) => facts.tier.is_none() || facts.tier_until != Some(*at),
        Cycle::Coupon(id) => !recipient.coupons.iter().any(|coupon| coupon.id == *id),
        Cycle::Entry(_) | Cycle::Date { .. } | Cycle::Set(_) | Cycle::Day(_) => false,
    }
}

/// The local day of what an occasion is about: the last day of points, a tier or a coupon, or the
/// date. `None` of what happened.
#[must_use]
pub fn day_of_occasion(recipient: &Recipient<'_>, cycle: &Cycle) -> Option<i32> {
    match cycle {
        Cycle::End(at) | Cycle::Tier(at) => Some(last_day(recipient, *at)),
        Cycle::Coupon(id) => {
            let coupon = recipient.coupons.iter().find(|coupon| coupon.id == *id);
            coupon.and_then(|coupon| coupon.ends_at).map(|at| last_day(recipient, at))
        }
        Cycle::Date { attribute, year } => {
            let (_, month, day) = rules::birthday(recipient.customer.attribute(attribute));
            in_year(*year, month, day)
        }
        Cycle::Entry(_) | Cycle::Set(_) | Cycle::Day(_) => None,
    }
}

fn last_day(recipient: &Recipient<'_>, ends_at: Timestamp) -> i32 {
    recipient.customer.today.day_of(ends_at.plus_ms(-1))
}

/// The date of an attribute in the years around today, unless it is long over.
fn dates(recipient: &Recipient<'_>, attribute: &str) -> Vec<(Cycle, i32, Timestamp)> {
    let customer = &recipient.customer;
    let (_, month, day) = rules::birthday(customer.attribute(attribute));
    let today = customer.today;
    let this_year = from_day_number(today.day).year();
    (this_year.saturating_sub(1)..=this_year.saturating_add(1))
        .filter_map(|year| Some((year, in_year(year, month, day)?)))
        .filter(|(_, day)| *day >= today.day.saturating_sub(LOOK_BACK_DAYS))
        .map(|(year, day)| {
            let ends_at = start_of_day(from_day_number(day.saturating_add(1)), today.zone);
            let cycle = Cycle::Date { attribute: attribute.to_owned(), year };
            (cycle, day, ends_at)
        })
        .collect()
}

/// That day in a year; 29 February is 28 February where there is none.
fn in_year(year: i32, month: u8, day: u8) -> Option<i32> {
    let date = |day: u8| NaiveDate::from_ymd_opt(year, month.into(), day.into());
    let found = date(day).or_else(|| if (month, day) == (2, 29) { date(28) } else { None });
    found.map(day_number)
}
