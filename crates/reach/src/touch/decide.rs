//! The decision: what a member is to be told, and what not.

use ledger::Timestamp;

use super::asked::{is_for, is_stopped, reachable};
use super::budget::{Left, Uses};
use super::caps::{Asking, full_until};
use super::holdout::{is_held_out, programme_bucket, strategy_bucket};
use super::hours::{open_from, windows};
use super::plan::{Planned, Subject, plan, subjects};
use super::recipient::{Recipient, Terms};
use super::{Key, Reason, State, Touch};
use crate::contact::{Channel, Purpose};
use crate::playbook::{Match, Mode, Step, Strategy};

/// Nothing is sent twice about one occasion within so many milliseconds.
const TWICE_MS: i64 = 24 * 3_600_000;
/// Caps and quiet hours move a message at most so often: each time a day, or to an end of a window.
const MAX_MOVES: usize = 1_000;

/// What is to be told to a member of all that is due by the end of its local day, and what is not
/// told and why. The key of each touch is new. What is decided takes from `left`.
///
/// Due are nodes of the days after [`Terms::decided_through`] up to today, and what happened.
/// Strategies are asked by their priority, so that the highest gets the room that caps leave. Of a
/// strategy that waits for the first day within a window, nothing is told while it is not for the
/// member.
#[must_use]
pub fn decide(terms: &Terms<'_>, recipient: &Recipient<'_>, left: &mut Left) -> Vec<Touch> {
    let mut deciding = Deciding { terms, recipient, left, new: Vec::new() };
    for place in &terms.compiled.order {
        let Some(strategy) = terms.playbook.strategies.get(*place) else { continue };
        let offsets = strategy.offsets();
        for subject in subjects(terms, strategy, recipient) {
            if !subject.may_be_due(&offsets, recipient.customer.today.day) {
                continue;
            }
            for node in plan(terms, strategy, &subject, &offsets, recipient) {
                if node.is_due && !node.is_over {
                    deciding.node(strategy, &subject, &node);
                }
            }
        }
    }
    deciding.new
}

struct Deciding<'a> {
    terms: &'a Terms<'a>,
    recipient: &'a Recipient<'a>,
    left: &'a mut Left,
    new: Vec<Touch>,
}

/// A message that can go out: when, by which channels, and what it uses up.
struct Wanted {
    due_at: Timestamp,
    channels: Vec<Channel>,
    uses: Uses,
}

impl Deciding<'_> {
    fn all(&self) -> impl Iterator<Item = &Touch> + Clone {
        self.recipient.touches.iter().chain(&self.new)
    }

    /// Messages that count for caps and repeats.
    fn messages(&self) -> Vec<&Touch> {
        self.all().filter(|touch| touch.state.counts() && touch.template.is_some()).collect()
    }

    fn node(&mut self, strategy: &Strategy, subject: &Subject, node: &Planned) {
        let key =
            Key { strategy: strategy.id.clone(), node: node.offset, cycle: subject.cycle.clone() };
        if self.all().any(|touch| touch.key == key) {
            return;
        }
        let step = strategy.step(node.place);
        let purpose = self.terms.purpose(step.template);
        let found = self.ask(strategy, &key, node, &step, purpose);
        let waits = strategy.trigger.within_days().is_some();
        if waits && found.as_ref().is_err_and(|reason| reason.is_not_for_the_member()) {
            return;
        }
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
        self.new.push(Touch {
            key,
            playbook_version: self.terms.version,
            purpose,
            priority: strategy.priority,
            due_at,
            deadline_at: node.ends_at,
            mode: step.mode,
            channels,
            wait_hours: step.wait_hours,
            template: step.template.map(str::to_owned),
            action: step.action.clone(),
            uses,
            decided_at: self.recipient.customer.now,
            state,
            sent_at: None,
            channel: None,
            responded_at: None,
        });
    }

    /// Asks in the order of the reasons: the first that holds is told.
    fn ask(
        &self,
        strategy: &Strategy,
        key: &Key,
        node: &Planned,
        step: &Step<'_>,
        purpose: Purpose,
    ) -> Result<Wanted, Reason> {
        let recipient = self.recipient;
        let start = node.due_at.max(recipient.customer.now);
        self.is_compared(strategy, node, purpose)?;
        is_for(self.terms, recipient, strategy)?;
        if strategy.matches == Match::First && self.goes_to_another(strategy, key) {
            return Err(Reason::Condition);
        }
        let is_own = |touch: &&Touch| {
            let is_one = touch.key.strategy == key.strategy && touch.key.cycle == key.cycle;
            is_one && touch.reason().is_none()
        };
        if is_stopped(strategy, recipient, key, self.all().filter(is_own), start) {
            return Err(Reason::Stopped);
        }
        let is_message = step.template.is_some();
        let channels = match is_message {
            true => reachable(recipient, purpose, step.channels)?,
            false => Vec::new(),
        };
        let uses = self.uses(step, &channels);
        let mut due_at = start;
        if node.is_missed {
            // Whether there would have been room for it at its time nobody asks any more.
        } else if is_message {
            due_at = self.room(strategy, key, node, (step, purpose, &channels), (start, uses))?;
        } else if !self.left.has_room(strategy, uses) {
            return Err(Reason::Budget);
        }
        if node.is_missed {
            return Err(Reason::Missed);
        }
        if recipient.is_frozen {
            return Err(Reason::Frozen);
        }
        if recipient.is_erased {
            return Err(Reason::Erased);
        }
        Ok(Wanted { due_at, channels, uses })
    }

    /// Whether the member is left alone so that others can be compared with it.
    fn is_compared(
        &self,
        strategy: &Strategy,
        node: &Planned,
        purpose: Purpose,
    ) -> Result<(), Reason> {
        let (terms, member) = (self.terms, self.recipient.customer.id);
        if purpose == Purpose::Marketing {
            let bucket = programme_bucket(terms.salt, node.due_day, member);
            if is_held_out(bucket, terms.playbook.holdout_percent) {
                return Err(Reason::HoldoutProgramme);
            }
            let bucket = strategy_bucket(terms.salt, &strategy.id, member);
            if is_held_out(bucket, strategy.holdout_percent) {
                return Err(Reason::HoldoutStrategy);
            }
        }
        let is_control = self.recipient.controls.contains(strategy.id.as_str());
        if is_control { Err(Reason::ArmControl) } else { Ok(()) }
    }

    /// Of strategies that share an occasion, whether another one has begun with it, or goes first.
    fn goes_to_another(&self, strategy: &Strategy, key: &Key) -> bool {
        let mut is_before = true;
        for place in &self.terms.compiled.order {
            let Some(other) = self.terms.playbook.strategies.get(*place) else { continue };
            if other.id == strategy.id {
                is_before = false;
            } else if other.matches == Match::First {
                let own =
                    |touch: &&Touch| touch.key.strategy == other.id && touch.key.cycle == key.cycle;
                let matches_now = || is_for(self.terms, self.recipient, other).is_ok();
                let has_begun = self.all().filter(own).any(|touch| match touch.reason() {
                    None => true,
                    Some(reason) if reason.is_not_for_the_member() => false,
                    Some(reason) => !reason.is_for_comparison() || matches_now(),
                });
                if has_begun || (is_before && self.is_open(other, key) && matches_now()) {
                    return true;
                }
            }
        }
        false
    }

    /// Whether a strategy may still come to an occasion.
    fn is_open(&self, strategy: &Strategy, key: &Key) -> bool {
        let subjects = subjects(self.terms, strategy, self.recipient);
        let Some(subject) = subjects.iter().find(|subject| subject.cycle == key.cycle) else {
            return false;
        };
        let offsets = strategy.offsets();
        plan(self.terms, strategy, subject, &offsets, self.recipient).iter().any(|node| {
            let is_decided = self.all().any(|touch| {
                let key_of = &touch.key;
                key_of.strategy == strategy.id
                    && key_of.node == node.offset
                    && key_of.cycle == key.cycle
            });
            !node.is_over && !node.is_missed && !is_decided
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
    /// room.
    fn room(
        &self,
        strategy: &Strategy,
        key: &Key,
        node: &Planned,
        (step, purpose, channels): (&Step<'_>, Purpose, &[Channel]),
        (start, uses): (Timestamp, Uses),
    ) -> Result<Timestamp, Reason> {
        let (terms, today) = (self.terms, self.recipient.customer.today);
        let asking = Asking { purpose, mode: step.mode, channels };
        let others = self.messages();
        let full = |at| full_until(terms.playbook, &asking, &others, at, today);
        first_free(start, node.ends_at, &Some, &full).ok_or(Reason::Frequency)?;
        if !self.left.has_room(strategy, uses) {
            return Err(Reason::Budget);
        }
        let first = match step.mode {
            Mode::All => channels,
            Mode::FirstPossible => channels.get(..1).unwrap_or(channels),
        };
        let windows = windows(terms, self.recipient, purpose, first);
        let open = |at| open_from(at, &windows, today.zone);
        let due_at = first_free(start, node.ends_at, &open, &full).ok_or(Reason::QuietTooLate)?;
        let repeats = |touch: &&Touch| {
            touch.key.strategy != key.strategy
                && touch.key.cycle == key.cycle
                && touch.template.as_deref() == step.template
                && touch.action == *step.action
                && due_at.0.abs_diff(touch.seen_at().0) < TWICE_MS.unsigned_abs()
        };
        if others.into_iter().any(|touch| repeats(&touch)) {
            return Err(Reason::DuplicateContent);
        }
        Ok(due_at)
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
