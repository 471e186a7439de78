//! The decision: what a member is to be told, and what not.

use std::cell::OnceCell;
use std::collections::HashMap;

use ledger::Timestamp;

use super::ahead::Around;
use super::asked::{is_for, is_stopped, own_touches, reachable};
use super::budget::{Left, Uses};
use super::caps::{Asking, Counts, full_until};
use super::holdout::{is_held_out, programme_bucket, strategy_bucket};
use super::hours::{Quiet, open_from, windows};
use super::plan::{Planned, Subject, plan, subjects};
use super::recipient::{Recipient, Terms};
use super::told::Told;
use super::{Cycle, Key, Reason, State, Touch};
use crate::contact::{Channel, Purpose};
use crate::playbook::{Match, Mode, Step, Strategy, Timing};

/// Nothing is sent twice about one occasion within so many milliseconds.
const TWICE_MS: i64 = 24 * 3_600_000;
const HOUR_MS: i64 = 3_600_000;
/// Caps and quiet hours move a message at most so often: each time a day, or to an end of a window.
const MAX_MOVES: usize = 1_000;

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedPart {
    /// The new touches.
    pub touches: Vec<Touch>,
    /// Whether all was decided. If not, the rest comes with another decision that knows these.
    pub is_whole: bool,
    /// How much was looked at: touches, occasions and nodes. The time of a decision grows with it.
    pub looked_at: u64,
}

/// What is to be told to a member of all that is due by the end of its local day, and what is not
/// told and why. The key of each touch is new, or that of one that was not for the member. What is
/// decided takes from `left`.
///
/// Due are nodes of the days after [`Terms::decided_through`] up to today, and what happened.
/// Strategies are asked by their priority, so that the highest gets the room that caps leave. Of a
/// strategy that waits for the first day within a window, nothing is told while it is not for the
/// member.
#[must_use]
pub fn decide(terms: &Terms<'_>, recipient: &Recipient<'_>, left: &mut Left) -> Vec<Touch> {
    decide_some(terms, recipient, left, usize::MAX).touches
}

/// The same up to so many touches that are to be kept. A caller that asks again, with these among
/// the recipient's touches, gets the others as if all had been decided at once; those that are not
/// for the member come again.
#[must_use]
pub fn decide_some(
    terms: &Terms<'_>,
    recipient: &Recipient<'_>,
    left: &mut Left,
    most: usize,
) -> DecidedPart {
    let around = Around::new(terms, recipient);
    let compiled = terms.compiled;
    let asked = |place: &usize| {
        let strategy = terms.playbook.strategies.get(*place)?;
        let timing = compiled.timings.get(*place)?;
        let place = compiled.places.get(&strategy.id).copied();
        Some(Asked { strategy, timing, place, own: OnceCell::new(), is_for: OnceCell::new() })
    };
    let strategies: Vec<Asked<'_>> = compiled.order.iter().filter_map(asked).collect();
    let mut deciding = Deciding {
        terms,
        recipient,
        left,
        around: &around,
        strategies: &strategies,
        told: Told::of(terms, recipient),
        begun: HashMap::new(),
        open: HashMap::new(),
    };
    recipient.touches.iter().for_each(|touch| deciding.note(touch));
    let mut is_whole = true;
    'all: for (rank, asked) in strategies.iter().enumerate() {
        let of = (asked.strategy, asked.timing);
        let ahead = asked.strategy.trigger.is_ahead().then(|| around.due(of.0, of.1));
        for subject in ahead.as_deref().unwrap_or_else(|| deciding.own(asked)) {
            let nodes = plan(terms, of, subject, recipient);
            deciding.told.look(nodes.len());
            for node in nodes {
                if node.is_due && !node.is_over {
                    if deciding.told.kept() >= most {
                        is_whole = false;
                        break 'all;
                    }
                    deciding.node((rank, asked), subject, &node);
                }
            }
        }
    }
    let (touches, looked_at) = deciding.told.into_new();
    DecidedPart { touches, is_whole, looked_at }
}

/// A strategy as it is asked for the member.
struct Asked<'a> {
    strategy: &'a Strategy,
    timing: &'a Timing,
    place: Option<usize>,
    /// Its occasions, where its trigger does not look ahead; worked out once.
    own: OnceCell<Vec<Subject>>,
    /// Whether it is for the member; asked once.
    is_for: OnceCell<Result<(), Reason>>,
}

struct Deciding<'a> {
    terms: &'a Terms<'a>,
    recipient: &'a Recipient<'a>,
    left: &'a mut Left,
    around: &'a Around<'a>,
    /// In the order in which they are decided.
    strategies: &'a [Asked<'a>],
    told: Told<'a>,
    /// Of strategies that share an occasion, those that came to it, by their places, and whether it
    /// was marketing for which the member is left alone.
    begun: HashMap<Cycle, Vec<(usize, bool)>>,
    /// Of those that share an occasion, how many in their order were asked whether they may still
    /// come to it, and whether one may; for marketing, and for service. Decisions about those that
    /// come later do not change it.
    open: HashMap<(Cycle, bool), (usize, bool)>,
}

/// A message that can go out: when, by which channels, and what it uses up.
struct Wanted {
    due_at: Timestamp,
    channels: Vec<Channel>,
    uses: Uses,
}

impl<'a> Deciding<'a> {
    /// Remembers who has begun with an occasion.
    fn note(&mut self, touch: &Touch) {
        if touch.reason().is_some_and(Reason::is_not_for_the_member) {
            return;
        }
        let is_compared = touch.purpose == Purpose::Marketing
            && touch.reason().is_some_and(Reason::is_for_comparison);
        let place = self.terms.compiled.places.get(&touch.key.strategy);
        let strategies = &self.terms.playbook.strategies;
        let shares = |place: &usize| {
            strategies.get(*place).is_some_and(|strategy| strategy.matches == Match::First)
        };
        if let Some(place) = place.copied().filter(shares) {
            self.begun.entry(touch.key.cycle.clone()).or_default().push((place, is_compared));
        }
    }

    fn is_for(&self, asked: &Asked<'_>) -> Result<(), Reason> {
        let ask = || is_for(self.terms, self.recipient, asked.strategy);
        *asked.is_for.get_or_init(ask)
    }

    /// The occasions of a strategy whose trigger does not look ahead.
    fn own<'s>(&self, asked: &'s Asked<'_>) -> &'s [Subject] {
        let of = (asked.strategy, asked.timing);
        asked.own.get_or_init(|| {
            self.told.look(self.recipient.occasions.len());
            subjects(self.terms, of, self.recipient)
        })
    }

    /// Its occasion of a cycle.
    fn of_cycle(&self, asked: &Asked<'a>, cycle: &Cycle) -> Option<Subject> {
        if asked.strategy.trigger.is_ahead() {
            return self.around.of_cycle(asked.strategy, cycle);
        }
        self.own(asked).iter().find(|subject| subject.cycle == *cycle).cloned()
    }

    fn node(&mut self, (rank, asked): (usize, &Asked<'a>), subject: &Subject, node: &Planned) {
        let strategy = asked.strategy;
        if self.told.is_decided((asked.place, node.offset), &subject.cycle) {
            return;
        }
        let key =
            Key { strategy: strategy.id.clone(), node: node.offset, cycle: subject.cycle.clone() };
        let step = strategy.step(node.place);
        let purpose = self.terms.purpose(step.template);
        let found = self.ask((rank, asked), &key, node, &step, purpose);
        let waits = strategy.trigger.within_days().is_some();
        if waits && found.as_ref().is_err_and(|reason| reason.is_not_for_the_member()) {
            return;
        }
        let from_at = node.due_at.max(self.recipient.customer.now);
        let (due_at, channels, uses, state) = match found {
            Ok(wanted) => {
                self.left.take(strategy, wanted.uses);
                (wanted.due_at, wanted.channels, wanted.uses, State::Due)
            }
            Err(reason) => {
                let channels = step.channels.to_vec();
                (node.due_at, channels, Uses::default(), State::Suppressed(reason))
            }
        };
        let touch = Touch {
            key,
            playbook_version: self.terms.version,
            purpose,
            priority: strategy.priority,
            from_at,
            due_at,
            deadline_at: node.ends_at,
            mode: step.mode,
            wait_hours: wait_hours(&step, &channels, due_at, node.ends_at),
            channels,
            template: step.template.map(str::to_owned),
            action: step.action.clone(),
            uses,
            decided_at: self.recipient.customer.now,
            state,
            sent_at: None,
            channel: None,
            last_at: None,
            responded_at: None,
        };
        self.note(&touch);
        self.told.push(touch);
    }

    /// Asks in the order of the reasons: the first that holds is told. Nobody is left alone for a
    /// comparison that the strategy is not for.
    fn ask(
        &mut self,
        (rank, asked): (usize, &Asked<'a>),
        key: &Key,
        node: &Planned,
        step: &Step<'_>,
        purpose: Purpose,
    ) -> Result<Wanted, Reason> {
        let (recipient, strategy) = (self.recipient, asked.strategy);
        let start = node.due_at.max(recipient.customer.now);
        self.is_for(asked)?;
        if strategy.matches == Match::First && self.goes_to_another(rank, key, purpose) {
            return Err(Reason::Condition);
        }
        self.is_compared(strategy, node.due_day, purpose)?;
        let own = own_touches(self.told.about(&key.cycle, asked.place), key);
        if is_stopped(strategy, recipient, key, own, (node.due_at, start)) {
            return Err(Reason::Stopped);
        }
        let is_message = step.template.is_some();
        let channels = match is_message {
            true => reachable(recipient, purpose, step.channels)?,
            false => Vec::new(),
        };
        if node.is_missed {
            // Whether there would have been room for it at its time nobody asks any more.
            return Err(Reason::Missed);
        }
        let wanted = match is_message {
            true => self.room(strategy, key, node, (step, purpose, &channels), start)?,
            false => {
                let uses = self.uses(step, &[]);
                if !self.left.has_room(strategy, uses) {
                    return Err(Reason::Budget);
                }
                Wanted { due_at: start, channels, uses }
            }
        };
        if recipient.is_frozen {
            return Err(Reason::Frozen);
        }
        if recipient.is_erased {
            return Err(Reason::Erased);
        }
        // It may go out in another quarter than that of its day.
        self.is_compared(strategy, recipient.customer.today.day_of(wanted.due_at), purpose)?;
        Ok(wanted)
    }

    /// Whether the member is left alone so that others can be compared with it.
    fn is_compared(&self, strategy: &Strategy, day: i32, purpose: Purpose) -> Result<(), Reason> {
        let (terms, member) = (self.terms, self.recipient.customer.id);
        if purpose == Purpose::Marketing {
            let bucket = || programme_bucket(terms.salt, day, member);
            if is_held_out(bucket, terms.playbook.holdout_percent) {
                return Err(Reason::HoldoutProgramme);
            }
            let bucket = || strategy_bucket(terms.salt, &strategy.id, member);
            if is_held_out(bucket, strategy.holdout_percent) {
                return Err(Reason::HoldoutStrategy);
            }
        }
        let is_control = self.recipient.controls.contains(strategy.id.as_str());
        if is_control { Err(Reason::ArmControl) } else { Ok(()) }
    }

    /// Of strategies that share an occasion, whether another one has begun with it, or goes first.
    /// A message for service does not give way to marketing for which the member is left alone.
    fn goes_to_another(&mut self, rank: usize, key: &Key, purpose: Purpose) -> bool {
        let is_service = purpose == Purpose::Service;
        let own = self.terms.compiled.places.get(&key.strategy).copied();
        let has_begun = self.begun.get(&key.cycle).is_some_and(|begun| {
            let others = begun.iter().filter(|(place, _)| Some(*place) != own);
            others.into_iter().any(|(_, is_compared)| !(is_service && *is_compared))
        });
        if has_begun {
            return true;
        }
        let (mut asked, mut is_open) =
            self.open.get(&(key.cycle.clone(), is_service)).copied().unwrap_or_default();
        let strategies = self.strategies;
        for one in strategies.get(asked..rank).unwrap_or_default() {
            is_open = is_open
                || one.strategy.matches == Match::First
                    && self.is_for(one).is_ok()
                    && self.is_open(one, &key.cycle, is_service);
        }
        asked = asked.max(rank);
        self.open.insert((key.cycle.clone(), is_service), (asked, is_open));
        is_open
    }

    /// Whether a strategy may still come to an occasion: for a message for service, so that it goes
    /// out or is one for service as well.
    fn is_open(&self, asked: &Asked<'a>, cycle: &Cycle, is_service: bool) -> bool {
        let strategy = asked.strategy;
        let Some(subject) = self.of_cycle(asked, cycle) else { return false };
        let nodes = plan(self.terms, (strategy, asked.timing), &subject, self.recipient);
        self.told.look(nodes.len());
        nodes.iter().any(|node| {
            let of_node = self.terms.purpose(strategy.step(node.place).template);
            let is_left_alone = || {
                is_service
                    && of_node == Purpose::Marketing
                    && self.is_compared(strategy, node.due_day, of_node).is_err()
            };
            let is_decided = || self.told.is_decided((asked.place, node.offset), cycle);
            !node.is_over && !node.is_missed && !is_decided() && !is_left_alone()
        })
    }

    fn uses(&self, step: &Step<'_>, channels: &[Channel]) -> Uses {
        let cost = |channel: &Channel| self.terms.cost_minor.get(channel).copied().unwrap_or(0);
        let costs = channels.iter().map(cost);
        let grants = &self.terms.known.grants;
        let grant = step.action.grant.as_ref().and_then(|grant| grant.of(grants));
        Uses {
            messages: match step.mode {
                Mode::All => i64::try_from(channels.len()).unwrap_or(i64::MAX),
                Mode::FirstPossible => i64::from(!channels.is_empty()),
            },
            cost_minor: match step.mode {
                Mode::All => costs.fold(0, i64::saturating_add),
                Mode::FirstPossible => costs.max().unwrap_or(0),
            },
            points: grant.and_then(|name| grants.get(name)).map_or(0, |grant| grant.points),
        }
    }

    /// When the message goes out: not before it is due, in no quiet hours, and where all caps have
    /// room; by those of the channels that can take it then.
    fn room(
        &self,
        strategy: &Strategy,
        key: &Key,
        node: &Planned,
        (step, purpose, channels): (&Step<'_>, Purpose, &[Channel]),
        start: Timestamp,
    ) -> Result<Wanted, Reason> {
        let asking = Route {
            terms: self.terms,
            recipient: self.recipient,
            purpose,
            mode: step.mode,
            others: (self.told.counts(), strategy.priority),
            span: (start, node.ends_at),
        };
        let has_budget = |channels: &[Channel]| {
            let uses = self.uses(step, channels);
            if self.left.has_room(strategy, uses) { Ok(uses) } else { Err(Reason::Budget) }
        };
        let (_, by_caps) = asking.of(channels, false).ok_or(Reason::Frequency)?;
        has_budget(&by_caps)?;
        let (due_at, channels) = asking.of(channels, true).ok_or(Reason::QuietTooLate)?;
        let uses = has_budget(&channels)?;
        let now = self.recipient.customer.now;
        let repeats = |touch: &Touch| {
            touch.key.strategy != key.strategy
                && touch.key.cycle == key.cycle
                && touch.template.as_deref() == step.template
                && touch.action == *step.action
                && due_at.0.abs_diff(touch.seen_at(now).0) < TWICE_MS.unsigned_abs()
        };
        let mut about = self.told.about(&key.cycle, None);
        if about.any(|touch| touch.takes_room(|_| true) && repeats(touch)) {
            return Err(Reason::DuplicateContent);
        }
        Ok(Wanted { due_at, channels, uses })
    }
}

/// Asks when a message goes out and by which channels. Caps and quiet hours are asked for each
/// channel alone.
struct Route<'a> {
    terms: &'a Terms<'a>,
    recipient: &'a Recipient<'a>,
    purpose: Purpose,
    mode: Mode,
    /// Messages that take room, and the priority from which on those that wait do.
    others: (&'a Counts, i64),
    /// From when on, and until when.
    span: (Timestamp, Timestamp),
}

impl Route<'_> {
    /// A channel whose caps are full is left out where another one has room. Where none has, the
    /// message waits for the first that has.
    fn of(&self, channels: &[Channel], asks_hours: bool) -> Option<(Timestamp, Vec<Channel>)> {
        let (start, end) = self.span;
        let today = self.recipient.customer.today;
        let hours = |channel: Channel| match asks_hours {
            true => windows(self.terms, self.recipient, self.purpose, &[channel]),
            false => Vec::new(),
        };
        let with_hours: Vec<(Channel, Vec<Quiet>)> =
            channels.iter().map(|channel| (*channel, hours(*channel))).collect();
        let free = |from: Timestamp, (channel, windows): &(Channel, Vec<Quiet>)| {
            let asking = Asking { purpose: self.purpose, channel: *channel };
            let full = |at| full_until(self.terms.playbook, asking, self.others, at, today);
            first_free(from, end, &|at| open_from(at, windows, today.zone), &full)
        };
        let first = with_hours.iter().filter_map(|one| free(start, one)).min()?;
        let at_once = |from: Timestamp| -> Vec<(Channel, Timestamp)> {
            let is_free = |one: &(Channel, Vec<Quiet>)| {
                let at = free(from, one)?;
                (open_from(from, &one.1, today.zone) == Some(at)).then_some((one.0, at))
            };
            with_hours.iter().filter_map(is_free).collect()
        };
        let mut found = at_once(start);
        if found.is_empty() {
            found = at_once(first);
        }
        let due_at = match self.mode {
            Mode::All => found.iter().map(|(_, at)| *at).min()?,
            Mode::FirstPossible => found.first()?.1,
        };
        Some((due_at, found.into_iter().map(|(channel, _)| channel).collect()))
    }
}

/// For how many hours each of several channels has time, so that the last one has some before it is
/// too late.
fn wait_hours(step: &Step<'_>, channels: &[Channel], due_at: Timestamp, end: Timestamp) -> u32 {
    let count = match step.mode {
        Mode::FirstPossible => i64::try_from(channels.len()).unwrap_or(1).max(1),
        Mode::All => 1,
    };
    let most = end.0.saturating_sub(due_at.0) / HOUR_MS / count;
    if count == 1 {
        step.wait_hours
    } else {
        step.wait_hours.min(u32::try_from(most).unwrap_or(1).max(1))
    }
}

/// The first instant from `at` on, before the end, that `open` leaves as it is and that is not
/// `full`. Where it is full, the message waits for the time that `full` tells, until there is room,
/// and for what is open from there.
pub(super) fn first_free(
    at: Timestamp,
    end: Timestamp,
    open: &dyn Fn(Timestamp) -> Option<Timestamp>,
    full: &dyn Fn(Timestamp) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let mut at = at;
    for _ in 0..MAX_MOVES {
        at = open(at)?;
        if at >= end {
            return None;
        }
        let Some(mut next) = full(at) else { return Some(at) };
        while next < end
            && let Some(further) = full(next)
        {
            next = further;
        }
        at = next;
    }
    None
}
