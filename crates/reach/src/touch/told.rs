//! The touches of a member during a decision, those of before and the new ones, found by their
//! occasion. A member may have tens of thousands of them, and each question is about few.

use std::cell::Cell;
use std::collections::HashMap;

use super::caps::{Counted, Counts};
use super::recipient::{Recipient, Terms};
use super::{Cycle, Reason, State, Touch};

/// All touches of the member.
pub(super) struct Told<'a> {
    terms: &'a Terms<'a>,
    recipient: &'a Recipient<'a>,
    new: Vec<Touch>,
    by_cycle: HashMap<Cycle, Vec<Known>>,
    counts: Counts,
    kept: usize,
    looked_at: Cell<u64>,
}

/// A touch, by what it is looked for.
#[derive(Clone, Copy)]
struct Known {
    /// The place of its strategy; `None` where that is not in the playbook.
    place: Option<usize>,
    node: i32,
    /// Its place among those of before, or after these among the new ones.
    at: usize,
    is_decided: bool,
}

impl<'a> Told<'a> {
    /// Those of before.
    pub(super) fn of(terms: &'a Terms<'a>, recipient: &'a Recipient<'a>) -> Self {
        let mut told = Self {
            terms,
            recipient,
            new: Vec::new(),
            by_cycle: HashMap::new(),
            counts: Counts::default(),
            kept: 0,
            looked_at: Cell::new(0),
        };
        for (at, touch) in recipient.touches.iter().enumerate() {
            told.add(at, touch, !is_not_for_the_member(touch));
        }
        told
    }

    /// Adds a new one.
    pub(super) fn push(&mut self, touch: Touch) {
        self.add(self.recipient.touches.len() + self.new.len(), &touch, true);
        self.kept += usize::from(!is_not_for_the_member(&touch));
        self.new.push(touch);
    }

    fn add(&mut self, at: usize, touch: &Touch, is_decided: bool) {
        self.look(1);
        let place = self.terms.compiled.places.get(&touch.key.strategy).copied();
        let known = Known { place, node: touch.key.node, at, is_decided };
        match self.by_cycle.get_mut(&touch.key.cycle) {
            Some(all) => all.push(known),
            None => drop(self.by_cycle.insert(touch.key.cycle.clone(), vec![known])),
        }
        if !self.terms.playbook.caps.is_empty() && touch.takes_room(|_| true) {
            let customer = &self.recipient.customer;
            let waits = (touch.state == State::Due).then_some(touch.priority);
            self.counts.add(Counted::of(touch, customer.now, customer.today), waits);
        }
    }

    /// Whether a node of the strategy of a place was decided for an occasion.
    pub(super) fn is_decided(&self, (place, node): (Option<usize>, i32), cycle: &Cycle) -> bool {
        let is_one = |one: &Known| one.is_decided && one.place == place && one.node == node;
        self.known(cycle).iter().any(is_one)
    }

    /// Those about an occasion; of the strategy of a place, if one is told.
    pub(super) fn about(
        &self,
        cycle: &Cycle,
        place: Option<usize>,
    ) -> impl Iterator<Item = &Touch> + Clone {
        let all = self.known(cycle).iter();
        all.filter(move |one| place.is_none() || one.place == place).filter_map(move |one| {
            let before = self.recipient.touches;
            before.get(one.at).or_else(|| self.new.get(one.at.checked_sub(before.len())?))
        })
    }

    fn known(&self, cycle: &Cycle) -> &[Known] {
        let known = self.by_cycle.get(cycle).map_or(&[][..], Vec::as_slice);
        self.look(known.len());
        known
    }

    /// Messages that take room.
    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many of the new ones are to be kept.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Something else was looked at.
    pub(super) fn look(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.looked_at.set(self.looked_at.get().saturating_add(count));
    }

    /// The new ones, and how much was looked at.
    pub(super) fn into_new(self) -> (Vec<Touch>, u64) {
        (self.new, self.looked_at.get().saturating_add(self.counts.looked_at()))
    }
}

fn is_not_for_the_member(touch: &Touch) -> bool {
    touch.reason().is_some_and(Reason::is_not_for_the_member)
}
