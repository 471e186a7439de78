//! Which nodes of a strategy there are for an occasion, when each is due, and until when it makes
//! sense. All of it follows from the occasion and the playbook.

use chrono::Datelike;
use ledger::{Timestamp, at_local_minute, from_day_number};

use super::LOOK_BACK_DAYS;
use super::ahead;
use super::cycle::Cycle;
use super::recipient::{Recipient, Terms};
use crate::playbook::{Strategy, TimeOfDay, Trigger};
use crate::today::Today;

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
    /// It happened, and the first message is due at an instant.
    Happened(Timestamp),
    /// A day of the calendar; the next one that is not after today, if there is one.
    Scheduled(Option<i32>),
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
    /// When the next node is due, or it makes no sense any more.
    pub(crate) ends_at: Timestamp,
    /// It is for today or an earlier day.
    pub(crate) is_due: bool,
    /// Earlier runs have come to it, or it lies on a day on which the strategy does not run.
    pub(crate) is_over: bool,
    /// A later one is due as well, or its time is over.
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

/// The occasions of a member that a strategy asks for, in order of time.
pub(crate) fn subjects(
    terms: &Terms<'_>,
    strategy: &Strategy,
    recipient: &Recipient<'_>,
) -> Vec<Subject> {
    let today = recipient.customer.today;
    let mut found = match &strategy.trigger {
        trigger if trigger.is_ahead() => ahead::subjects(terms, strategy, recipient),
        Trigger::Schedule { .. } => scheduled(strategy, today),
        trigger => {
            let all = &recipient.occasions;
            let answered = all.iter().filter_map(|occasion| {
                let (cycle, due_at) = occasion.answers(trigger, all, today)?;
                let day = today.day_of(occasion.at);
                Some(Subject { cycle, day, spread: 0, kind: Kind::Happened(due_at) })
            });
            answered.collect()
        }
    };
    found.sort_by(|one, other| (one.day, &one.cycle).cmp(&(other.day, &other.cycle)));
    found
}

/// The days of the calendar on which a strategy runs, as far back as its nodes may still be due.
fn scheduled(strategy: &Strategy, today: Today) -> Vec<Subject> {
    let back = strategy.offsets().last().copied().unwrap_or(0).saturating_add(LOOK_BACK_DAYS);
    let is_one = |day: &i32| strategy.runs_on(*day) && is_scheduled(&strategy.trigger, *day);
    let days: Vec<i32> = (today.day.saturating_sub(back)..=today.day).filter(is_one).collect();
    let next = days.iter().skip(1).map(|day| Some(*day)).chain([None]);
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

fn is_scheduled(trigger: &Trigger, day: i32) -> bool {
    let Trigger::Schedule { weekdays, month_days, months, .. } = trigger else { return false };
    let date = from_day_number(day);
    let fits = |all: &[u8], one: u32| all.is_empty() || all.iter().any(|of| u32::from(*of) == one);
    fits(weekdays, date.weekday().number_from_monday())
        && fits(month_days, date.day())
        && fits(months, date.month())
}

/// The nodes for an occasion, in order of time. `offsets` are those of the strategy.
pub(crate) fn plan(
    terms: &Terms<'_>,
    strategy: &Strategy,
    subject: &Subject,
    offsets: &[i32],
    recipient: &Recipient<'_>,
) -> Vec<Planned> {
    let customer = &recipient.customer;
    let (today, now) = (customer.today, customer.now);
    let due: Vec<(i32, Timestamp)> =
        offsets.iter().map(|offset| due(terms, strategy, subject, *offset, today)).collect();
    let last_run = terms.decided_through.max(today.day.saturating_sub(LOOK_BACK_DAYS));
    let mut planned = Vec::with_capacity(due.len());
    for (place, (offset, (due_day, due_at))) in offsets.iter().zip(&due).enumerate() {
        let later = due.get(place + 1);
        let end = match subject.kind {
            Kind::Ahead(ends_at) => ends_at,
            Kind::Happened(_) | Kind::Scheduled(_) => {
                due_at.plus_ms(i64::from(strategy.within_hours()) * HOUR_MS)
            }
        };
        let ends_at = later.map_or(end, |(_, at)| end.min(*at));
        let (is_happening, is_begun) = match subject.kind {
            Kind::Happened(first) => (true, first <= now),
            Kind::Ahead(_) | Kind::Scheduled(_) => (false, true),
        };
        let goes_again = match subject.kind {
            Kind::Scheduled(Some(next)) => next.saturating_add(*offset) <= today.day,
            _ => false,
        };
        let is_once = strategy.trigger.within_days().is_some();
        planned.push(Planned {
            place,
            offset: *offset,
            due_day: *due_day,
            due_at: *due_at,
            ends_at,
            is_due: is_begun && *due_day <= today.day,
            is_over: (*due_day <= last_run && !is_happening && !is_once)
                || !strategy.runs_on(*due_day),
            is_missed: goes_again
                || later.is_some_and(|(day, _)| *day <= today.day)
                || ends_at <= now,
        });
    }
    planned
}

/// The local day and the instant at which a node is due.
fn due(
    terms: &Terms<'_>,
    strategy: &Strategy,
    subject: &Subject,
    offset: i32,
    today: Today,
) -> (i32, Timestamp) {
    let on = |day: i32, time: TimeOfDay| {
        (day, at_local_minute(from_day_number(day), time.minutes().into(), today.zone))
    };
    let send_at = terms.playbook.send_at;
    let day = subject.day.saturating_add(offset);
    match (&subject.kind, &strategy.trigger) {
        (Kind::Happened(at), _) if offset == 0 => (today.day_of(*at), *at),
        (Kind::Scheduled(_), Trigger::Schedule { at: Some(time), .. }) => on(day, *time),
        (Kind::Ahead(_), trigger) if trigger.within_days().is_some() => {
            // The window opens later for some, so that not all are told on one day.
            let opens = day.saturating_add(subject.spread).min(subject.day);
            on(opens.max(today.day), send_at)
        }
        (Kind::Ahead(_), _) => on(day.saturating_sub(subject.spread), send_at),
        _ => on(day, send_at),
    }
}
