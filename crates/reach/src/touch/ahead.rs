//! What a member looks forward to: points, a tier and coupons that end, and dates of the year.

use chrono::{Datelike, NaiveDate};
use ledger::{Timestamp, day_number, from_day_number, start_of_day};
use rules::AskedMember;

use super::LOOK_BACK_DAYS;
use super::cycle::Cycle;
use super::holdout::number_of;
use super::plan::Subject;
use super::recipient::{Recipient, Terms};
use crate::facts::Facts;
use crate::playbook::{Strategy, Trigger};
use crate::today::Today;

/// What ends for the member, by a trigger that looks ahead.
pub(crate) fn subjects(
    terms: &Terms<'_>,
    strategy: &Strategy,
    recipient: &Recipient<'_>,
) -> Vec<Subject> {
    let customer = &recipient.customer;
    let (facts, today, now) = (customer.facts, customer.today, customer.now);
    let mut found: Vec<Subject> = match &strategy.trigger {
        Trigger::PointsExpiring { .. } => facts
            .ends
            .iter()
            .filter(|(day, points)| *day >= today.day && *points > 0)
            .map(|(day, _)| {
                let ends_at = start_of_day(from_day_number(day.saturating_add(1)), today.zone);
                Subject::ahead(Cycle::End(ends_at), *day, ends_at)
            })
            .collect(),
        Trigger::TierEnding { .. } => {
            let until = facts.tier_at(now).and(facts.tier_until);
            let subject =
                until.map(|at| Subject::ahead(Cycle::Tier(at), last_day(recipient, at), at));
            subject.into_iter().collect()
        }
        Trigger::CouponExpiring { coupon: kind, .. } => recipient
            .coupons
            .iter()
            .filter(|coupon| kind.as_ref().is_none_or(|kind| *kind == coupon.kind))
            .filter_map(|coupon| Some((coupon, coupon.ends_at.filter(|at| *at > now)?)))
            .map(|(coupon, at)| {
                Subject::ahead(Cycle::Coupon(coupon.id.clone()), last_day(recipient, at), at)
            })
            .collect(),
        Trigger::Date { attribute, .. } => return dates(recipient, attribute),
        _ => Vec::new(),
    };
    for subject in &mut found {
        subject.spread = spread(terms, strategy, customer.id, subject);
    }
    found
}

/// Whether a day may bring something to a member with these facts: what ends, or a strategy that
/// waits for a date, a coupon or a day of the calendar, of which facts tell nothing. What happened
/// does not count: who learns of it knows whom it concerns. A job that decides about many members
/// reads the rest of what is known only of these.
#[must_use]
pub fn may_concern(terms: &Terms<'_>, facts: &Facts, today: Today) -> bool {
    let last_run = terms.decided_through.max(today.day.saturating_sub(LOOK_BACK_DAYS));
    terms.playbook.strategies.iter().any(|strategy| {
        let offsets = strategy.offsets();
        let is_once = strategy.trigger.within_days().is_some();
        let spread = i32::try_from(strategy.spread_days).unwrap_or(i32::MAX);
        let is_due = |last: i32| {
            offsets.iter().any(|offset| {
                let latest = last.saturating_add(*offset);
                let earliest = latest.saturating_sub(spread);
                earliest <= today.day && (is_once || latest > last_run)
            })
        };
        match &strategy.trigger {
            Trigger::PointsExpiring { .. } => {
                let mut ends = facts.ends.iter().filter(|(day, _)| *day >= today.day);
                ends.any(|(day, points)| *points > 0 && is_due(*day))
            }
            Trigger::TierEnding { .. } => {
                let until = facts.tier_until.filter(|_| facts.tier.is_some());
                until.is_some_and(|at| is_due(today.day_of(at.plus_ms(-1))))
            }
            Trigger::CouponExpiring { .. } | Trigger::Date { .. } | Trigger::Schedule { .. } => {
                true
            }
            _ => false,
        }
    })
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

/// How many days before the others' the member's messages about it are due.
fn spread(terms: &Terms<'_>, strategy: &Strategy, member: &str, subject: &Subject) -> i32 {
    if strategy.spread_days <= 1 || !terms.shared_days.contains(&subject.day) {
        return 0;
    }
    let number = number_of(&format!("{member}\n{}", subject.cycle));
    i32::try_from(number % u64::from(strategy.spread_days)).unwrap_or(0)
}

/// The date of an attribute in the years around today, unless it is long over.
fn dates(recipient: &Recipient<'_>, attribute: &str) -> Vec<Subject> {
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
            Subject::ahead(cycle, day, ends_at)
        })
        .collect()
}

/// That day in a year; 29 February is 28 February where there is none.
fn in_year(year: i32, month: u8, day: u8) -> Option<i32> {
    let date = |day: u8| NaiveDate::from_ymd_opt(year, month.into(), day.into());
    let found = date(day).or_else(|| if (month, day) == (2, 29) { date(28) } else { None });
    found.map(day_number)
}
