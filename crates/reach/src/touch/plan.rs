//! Which nodes of a strategy there are for an occasion, when each is due, and until when it makes
//! sense. All of it follows from the occasion and the playbook.

use chrono::Datelike;
use ledger::{Timestamp, at_local_minute, from_day_number, start_of_day};

use super::LOOK_BACK_DAYS;
use super::cycle::Cycle;
use super::occasion::Followers;
use super::recipient::{Recipient, Terms};
use crate::playbook::{Strategy, TimeOfDay, Timing, Trigger};
use crate::today::Today;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// An occasion of a member, for a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) cycle: Cycle,
    /// The local day that nodes count from: the last one of what ends, the date, the day on which
    /// it happened, or the one of the calendar.
    pub(crate) day: i32,
    /// The member's messages are due so many days before those of others.
    pub(crate) spread: i32,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// It ends at an instant.
    Ahead(Timestamp),
    /// It happened, and the first message is due at an instant. With the day and the instant of
    /// the next time that it happened, if it did.
    Happened(Timestamp, Option<(i32, Timestamp)>),
    /// A day of the calendar; the next one, if there is one soon.
    Scheduled(Option<i32>),
}

/// When a node is due.
#[derive(Debug, Clone, Copy)]
struct Due {
    day: i32,
    at: Timestamp,
    /// Its day for members whose messages are not due earlier than others'.
    last_day: i32,
}

/// A node of a strategy for an occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Its place in the sequence.
    pub(crate) place: usize,
    /// Its days from the day of the occasion, as in the key of the touch.
    pub(crate) offset: i32,
    pub(crate) due_day: i32,
    pub(crate) due_at: Timestamp,
    /// When the next node or the next day of a schedule is due, the strategy ends, or it makes no
    /// sense any more.
    pub(crate) ends_at: Timestamp,
    /// It is for today or an earlier day.
    pub(crate) is_due: bool,
    /// Earlier runs have come to it, or it lies on a day on which the strategy does not run, or
    /// before the one on which it came into force.
    pub(crate) is_over: bool,
    /// A later one is due as well, or its time is over, or comes after its end.
    pub(crate) is_missed: bool,
}

impl Subject {
    pub(crate) fn ahead(cycle: Cycle, day: i32, ends_at: Timestamp) -> Self {
        Self { cycle, day, spread: 0, kind: Kind::Ahead(ends_at) }
    }

    /// Whether a node may be due by a local day: most of what ends lies far ahead.
    pub(crate) fn may_be_due(&self, offsets: &[i32], day: i32) -> bool {
        let first = offsets.first().copied().unwrap_or(0);
        self.day.saturating_add(first).saturating_sub(self.spread) <= day
    }
}

/// The occasions of a member that a strategy asks for, of which a node may be due, in order of
/// time. For a trigger that looks ahead they are those of [`Around`](super::ahead::Around).
pub(crate) fn subjects(
    terms: &Terms<'_>,
    (strategy, timing): (&Strategy, &Timing),
    recipient: &Recipient<'_>,
) -> Vec<Subject> {
    match &strategy.trigger {
        Trigger::Schedule { .. } => scheduled(terms, (strategy, timing), recipient.customer.today),
        trigger => happened(terms, strategy, trigger, recipient),
    }
}

/// What happened to a member since the strategy was first published. Nodes count from the day on
/// which the first one is due.
fn happened(
    terms: &Terms<'_>,
    strategy: &Strategy,
    trigger: &Trigger,
    recipient: &Recipient<'_>,
) -> Vec<Subject> {
    let (today, all) = (recipient.customer.today, &recipient.occasions);
    let since = terms.since.get(&strategy.id);
    let followers = Followers::of(trigger, all);
    let mut found: Vec<(Timestamp, Cycle)> = all
        .iter()
        .filter(|occasion| since.is_none_or(|since| occasion.at >= *since))
        .filter_map(|occasion| occasion.answers(trigger, &followers, &|at| today.day_of(at)))
        .map(|(cycle, due_at)| (due_at, cycle))
        .collect();
    found.sort();
    // Behaviour of one day is one occasion, with what comes after midnight before the message is
    // due.
    let waits_ms = match trigger {
        Trigger::Behaviour { after_minutes, .. } => Some(i64::from(*after_minutes) * MINUTE_MS),
        _ => None,
    };
    found.dedup_by(|next, one| {
        next.1 == one.1 || waits_ms.is_some_and(|waits| next.0.plus_ms(-waits) <= one.0)
    });
    let day_of = |at: &Timestamp| today.day_of(*at);
    let next = found.iter().skip(1).map(|(at, _)| Some((day_of(at), *at))).chain([None]);
    let next: Vec<_> = next.collect();
    found
        .into_iter()
        .zip(next)
        .map(|((at, cycle), next)| Subject {
            cycle,
            day: day_of(&at),
            spread: 0,
            kind: Kind::Happened(at, next),
        })
        .collect()
}

/// The days of the calendar on which a strategy runs, of which earlier runs have not come to all
/// nodes, up to today.
fn scheduled(
    terms: &Terms<'_>,
    (strategy, timing): (&Strategy, &Timing),
    today: Today,
) -> Vec<Subject> {
    let last_offset = timing.offsets.last().copied().unwrap_or(0);
    let is_one = |day: &i32| timing.runs_on(*day) && is_scheduled(&strategy.trigger, *day);
    let first = last_run(terms, today).saturating_add(1).saturating_sub(last_offset);
    let last = today.day.saturating_add(LOOK_BACK_DAYS);
    let days: Vec<i32> = (first..=today.day).filter(is_one).collect();
    let after = days.last().and_then(|day| (day.saturating_add(1)..=last).find(is_one));
    let next = days.iter().skip(1).map(|day| Some(*day)).chain([after]);
    days.iter()
        .zip(next)
        .map(|(day, next)| Subject {
            cycle: Cycle::Day(*day),
            day: *day,
            spread: 0,
            kind: Kind::Scheduled(next),
        })
        .collect()
}

/// The last day that earlier runs came to, as far as anybody looks back.
fn last_run(terms: &Terms<'_>, today: Today) -> i32 {
    terms.decided_through.max(today.day.saturating_sub(LOOK_BACK_DAYS))
}

fn is_scheduled(trigger: &Trigger, day: i32) -> bool {
    let Trigger::Schedule { weekdays, month_days, months, .. } = trigger else { return false };
    let date = from_day_number(day);
    let fits = |all: &[u8], one: u32| all.is_empty() || all.iter().any(|of| u32::from(*of) == one);
    fits(weekdays, date.weekday().number_from_monday())
        && fits(month_days, date.day())
        && fits(months, date.month())
}

/// The nodes for an occasion, in order of time.
pub(crate) fn plan(
    terms: &Terms<'_>,
    (strategy, timing): (&Strategy, &Timing),
    subject: &Subject,
    recipient: &Recipient<'_>,
) -> Vec<Planned> {
    let customer = &recipient.customer;
    let (today, now) = (customer.today, customer.now);
    let offsets = &timing.offsets;
    let of_strategy = (strategy, timing);
    let due: Vec<Due> =
        offsets.iter().map(|offset| due(terms, of_strategy, subject, *offset, today)).collect();
    let last_run = last_run(terms, today);
    let since = terms.since.get(&strategy.id).map(|since| today.day_of(*since));
    let last_end = last_end(timing, today);
    let is_once = strategy.trigger.within_days().is_some();
    let mut planned = Vec::with_capacity(due.len());
    for (place, (offset, own)) in offsets.iter().zip(&due).enumerate() {
        let later = due.get(place + 1);
        let end = match subject.kind {
            Kind::Ahead(ends_at) => ends_at,
            Kind::Happened(..) | Kind::Scheduled(_) => {
                own.at.plus_ms(i64::from(strategy.within_hours()) * HOUR_MS)
            }
        };
        let again = match subject.kind {
            Kind::Scheduled(Some(next)) => {
                Some(scheduled_at(terms, strategy, next.saturating_add(*offset), today))
            }
            _ => None,
        };
        let ends_at = [later.map(|due| due.at), again, last_end];
        let ends_at = ends_at.into_iter().flatten().fold(end, Timestamp::min);
        let (is_happening, is_begun) = match subject.kind {
            Kind::Happened(first, _) => (true, first <= now),
            Kind::Ahead(_) | Kind::Scheduled(_) => (false, true),
        };
        let goes_again = match subject.kind {
            Kind::Scheduled(Some(next)) => next.saturating_add(*offset) <= today.day,
            // Of several that nobody came to on their days, the last one is told.
            Kind::Happened(_, Some((day, at))) if own.day < today.day => match offset {
                0 => at <= now,
                offset => day.saturating_add(*offset) <= today.day,
            },
            _ => false,
        };
        planned.push(Planned {
            place,
            offset: *offset,
            due_day: own.day,
            due_at: own.at,
            ends_at,
            is_due: is_begun && own.day <= today.day,
            is_over: (!is_happening
                && !is_once
                && (own.last_day <= last_run || since.is_some_and(|since| own.last_day < since)))
                || !timing.runs_on(own.last_day),
            is_missed: goes_again
                || later.is_some_and(|later| later.day <= today.day)
                || ends_at <= now
                || own.at >= ends_at,
        });
    }
    planned
}

/// When the last day is over on which a strategy runs.
pub(super) fn last_end(timing: &Timing, today: Today) -> Option<Timestamp> {
    let next = timing.last?.saturating_add(1);
    Some(start_of_day(from_day_number(next), today.zone))
}

fn at_time(day: i32, time: TimeOfDay, today: Today) -> Timestamp {
    at_local_minute(from_day_number(day), time.minutes().into(), today.zone)
}

fn scheduled_at(terms: &Terms<'_>, strategy: &Strategy, day: i32, today: Today) -> Timestamp {
    let time = match &strategy.trigger {
        Trigger::Schedule { at: Some(time), .. } => *time,
        _ => terms.playbook.send_at,
    };
    at_time(day, time, today)
}

/// When a node is due.
fn due(
    terms: &Terms<'_>,
    (strategy, timing): (&Strategy, &Timing),
    subject: &Subject,
    offset: i32,
    today: Today,
) -> Due {
    let send_at = terms.playbook.send_at;
    let on = |day: i32| Due { day, at: at_time(day, send_at, today), last_day: day };
    let day = subject.day.saturating_add(offset);
    match subject.kind {
        Kind::Happened(at, _) if offset == 0 => Due { day, at, last_day: day },
        Kind::Happened(..) => on(day),
        Kind::Scheduled(_) => {
            Due { day, at: scheduled_at(terms, strategy, day, today), last_day: day }
        }
        Kind::Ahead(_) if strategy.trigger.within_days().is_some() => {
            // The window opens later for some, so that not all are told on one day.
            let last = timing.last.unwrap_or(i32::MAX).min(subject.day);
            let opens = day.saturating_add(subject.spread).min(last).max(day);
            on(opens.max(today.day))
        }
        Kind::Ahead(_) => {
            // Nobody is told before the strategy begins.
            let first = timing.first.unwrap_or(i32::MIN).min(day);
            Due { last_day: day, ..on(day.saturating_sub(subject.spread).max(first)) }
        }
    }
}
