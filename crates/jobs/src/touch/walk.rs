//! A member's way through the days of a back-test: its entries one by one, and each morning.
//!
//! A decision is told what may change something alone: occasions of which a node may be due and is
//! not decided, with those after them, and touches about these or that take room of caps. So a
//! member costs what its entries cost together, and not their square.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use ledger::{Timestamp, Zone, from_day_number, start_of_day};
use reach::Today;
use reach::playbook::Trigger;
use reach::touch::{
    Concern, Cycle, Happening, Occasion, Reason, State, Touch, answered_for_ms, asked_at,
    takes_room_of_caps,
};
use store::{OpenOccasions, Sql};

use super::back_test::EXAMPLES;
use super::day::Day;
use super::past::{Past, Untold};
use super::rehearse::{Example, Found};
use super::rest::Rest;
use super::{Messaging, starts_at};
use crate::customers::Piece;

/// A member for whom more is looked at is left out. It is some seconds.
pub(super) const MAX_LOOKED_AT: u64 = 4_000_000;
/// After so much others get their turn.
const PAUSE_AFTER: u64 = 50_000;
/// So many touches are not looked through for those that do not count any more.
const FEW: usize = 32;

/// What all members are asked by.
pub(super) struct Walk<'a, 'd> {
    day: &'a Day<'d>,
    messaging: &'a Messaging,
    from: i32,
    to: i32,
    zone: Zone,
    /// Whom each day may concern.
    concerns: Vec<Concern>,
    /// Places of strategies by their ids.
    places: HashMap<&'a str, usize>,
    /// For how long what happened may be answered.
    answered_for_ms: i64,
    /// Days of nodes after the day on which something happened.
    later_days: Vec<i32>,
    /// The last day of a node after a day of a schedule.
    last_scheduled: i32,
}

/// What would have been decided about a member.
#[derive(Default)]
pub(super) struct Counted {
    /// By day, by the place of the strategy, and by node.
    pub(super) days: BTreeMap<i32, BTreeMap<(usize, i32), Found>>,
    /// What the member would have been told, some of it, by the place of the strategy.
    pub(super) examples: BTreeMap<usize, Vec<Example>>,
}

/// A member on its way.
pub(super) struct Walked<'a, 'p> {
    piece: &'a Piece,
    member_no: i64,
    id: &'a str,
    past: Past<'p>,
    /// What may be answered, in order of time.
    open: VecDeque<Open>,
    /// The first of these that was not for the member when it was asked last.
    open_from: usize,
    touches: Vec<Touch>,
    /// How many were left when they were looked through last.
    left: usize,
    /// Touches about occasions that are not asked for, by the entry.
    asleep: HashMap<String, Vec<Touch>>,
    /// The last day that is decided.
    decided_through: i32,
    /// The local day of the last decision.
    asked_on: i32,
    looked_at: u64,
    pause_at: u64,
    counted: Counted,
}

/// What happened and may be answered.
struct Open {
    occasion: Occasion,
    entry: String,
    day: i32,
    /// The last day on which it was asked for.
    asked_on: Option<i32>,
}

impl Open {
    fn new(occasion: Occasion, today: Today) -> Self {
        let entry = match &occasion.what {
            Happening::Entry { id, .. } => id.clone(),
            _ => String::new(),
        };
        Self { day: today.day_of(occasion.at), occasion, entry, asked_on: None }
    }

    /// Whether a node is due by a day that was not when it was asked for last.
    fn is_asked(&self, later_days: &[i32], day: i32) -> bool {
        let Some(asked_on) = self.asked_on else { return true };
        let is_due = |days: &i32| {
            let due = self.day.saturating_add(*days);
            due > asked_on && due <= day
        };
        later_days.iter().any(is_due)
    }
}

impl<'a, 'p> Walked<'a, 'p> {
    pub(super) fn new(
        (piece, (member_no, id)): (&'a Piece, (i64, &'a str)),
        past: Past<'p>,
    ) -> Self {
        Self {
            piece,
            member_no,
            id,
            past,
            open: VecDeque::new(),
            open_from: 0,
            touches: Vec::new(),
            left: 0,
            asleep: HashMap::new(),
            decided_through: 0,
            asked_on: i32::MIN,
            looked_at: 0,
            pause_at: PAUSE_AFTER,
            counted: Counted::default(),
        }
    }
}

impl<'a, 'd> Walk<'a, 'd> {
    /// Days from the one to the other, with whom each of them concerns.
    pub(super) fn new(
        (day, messaging): (&'a Day<'d>, &'a Messaging),
        (from, to, zone): (i32, i32, Zone),
        concerns: Vec<Concern>,
    ) -> Self {
        let playbook = &messaging.playbook;
        let days = |is_one: fn(&Trigger) -> bool| {
            let own = playbook.strategies.iter().filter(move |of| is_one(&of.trigger));
            let nodes = own.flat_map(|of| of.sequence.iter().flat_map(|all| &all.nodes));
            nodes.map(|node| node.offset_days()).filter(|days| *days > 0)
        };
        let ids = playbook.strategies.iter().enumerate();
        Self {
            day,
            messaging,
            from,
            to,
            zone,
            concerns,
            places: ids.map(|(place, of)| (of.id.as_str(), place)).collect(),
            answered_for_ms: answered_for_ms(playbook),
            later_days: days(Trigger::is_about_what_happened).collect(),
            last_scheduled: days(|of| matches!(of, Trigger::Schedule { .. })).max().unwrap_or(0),
        }
    }

    /// When the last day ends.
    pub(super) fn end(&self) -> Timestamp {
        start_of_day(from_day_number(self.to.saturating_add(1)), self.zone)
    }

    /// All that is decided about a member.
    pub(super) async fn through(
        &self,
        mut walked: Walked<'_, '_>,
        sql: &impl Sql,
    ) -> Result<Counted, Untold> {
        walked.decided_through = self.from.saturating_sub(1);
        let begins = starts_at(Today { day: self.from, zone: self.zone });
        for (day, concern) in (self.from..=self.to).zip(&self.concerns) {
            let at = starts_at(Today { day, zone: self.zone });
            self.go_on(&mut walked, (begins, at), sql).await?;
            let hears = self.day.has_later_nodes() && !walked.open.is_empty();
            if walked.past.exists() && (hears || concern.may(walked.past.facts(at))) {
                self.decide(&mut walked, at, sql).await?;
            }
            walked.decided_through = day;
        }
        self.go_on(&mut walked, (begins, self.end().plus_ms(-1)), sql).await?;
        Ok(walked.counted)
    }

    /// Applies entries up to an instant; those that strategies ask for are answered at once.
    async fn go_on(
        &self,
        walked: &mut Walked<'_, '_>,
        (begins, at): (Timestamp, Timestamp),
        sql: &impl Sql,
    ) -> Result<(), Untold> {
        let playbook = &self.messaging.playbook;
        while let Some(recorded) = walked.past.next_at().filter(|next| *next <= at) {
            let Some(occasion) = walked.past.step()? else { continue };
            if recorded < begins || asked_at(playbook, &occasion).is_none() {
                continue;
            }
            walked.open.push_back(Open::new(occasion, Today::at(recorded, self.zone)));
            self.decide(walked, recorded, sql).await?;
        }
        Ok(())
    }

    async fn decide(
        &self,
        walked: &mut Walked<'_, '_>,
        at: Timestamp,
        sql: &impl Sql,
    ) -> Result<(), Untold> {
        let today = Today::at(at, self.zone);
        let first = self.asked(walked, at, today.day);
        for touch in &mut walked.touches {
            if touch.state == State::Due && touch.due_at <= at {
                touch.state = State::Sent;
                touch.sent_at = Some(touch.due_at);
                touch.channel = touch.channels.first().copied();
            }
        }
        let no = walked.member_no;
        let all = walked.open.range(first..).map(|one| one.occasion.clone()).collect();
        let mut known = Rest {
            occasions: [(no, OpenOccasions { all, has_new: false })].into(),
            ways: [(no, walked.past.ways(at))].into(),
            rare: [(no, walked.past.rare())].into(),
            touches: [(no, std::mem::take(&mut walked.touches))].into(),
        };
        let facts = walked.past.facts(at);
        let both = (walked.piece, &known);
        let new = self.day.decide_one(both, (no, facts), at, walked.decided_through);
        walked.touches = known.touches.remove(&no).unwrap_or_default();
        self.count(walked, &new.touches, today.day);
        let (again, new_ones): (Vec<Touch>, Vec<Touch>) = new
            .touches
            .into_iter()
            .partition(|touch| touch.reason().is_some_and(Reason::is_not_for_the_member));
        walked.touches.extend(new_ones);
        self.put_away(walked, first, &again, (at, today));
        walked.looked_at = walked.looked_at.saturating_add(new.looked_at);
        if walked.looked_at > MAX_LOOKED_AT {
            return Err(Untold::Long);
        }
        if walked.looked_at >= walked.pause_at {
            walked.pause_at = walked.looked_at.saturating_add(PAUSE_AFTER);
            sql.give_way().await;
        }
        Ok(())
    }

    /// The first occasion of which something may be decided at an instant; all after it tell which
    /// one comes next. Their touches are there, too.
    fn asked(&self, walked: &mut Walked<'_, '_>, at: Timestamp, day: i32) -> usize {
        let is_over = |one: &Open| one.occasion.at.plus_ms(self.answered_for_ms) <= at;
        while let Some(gone) = walked.open.pop_front_if(|one| is_over(one)) {
            walked.asleep.remove(&gone.entry);
            walked.open_from = walked.open_from.saturating_sub(1);
        }
        let is_asked = |one: &Open| one.is_asked(&self.later_days, day);
        let mut first = walked.open_from.min(walked.open.len());
        if walked.asked_on != day {
            first = walked.open.iter().take(first).position(is_asked).unwrap_or(first);
        }
        // Of an earlier day it is asked which one comes next; of those of one instant the ids tell.
        let at = walked.open.get(first).filter(|one| one.day < day).map(|one| one.occasion.at);
        while at.is_some()
            && let Some(before) = first.checked_sub(1)
            && walked.open.get(before).map(|one| one.occasion.at) == at
        {
            first = before;
        }
        if !walked.asleep.is_empty() {
            for one in walked.open.range(first..) {
                walked.touches.extend(walked.asleep.remove(&one.entry).unwrap_or_default());
            }
        }
        walked.asked_on = day;
        first
    }

    /// Remembers which occasions were asked for, and puts touches away that the next decision does
    /// not ask about.
    fn put_away(
        &self,
        walked: &mut Walked<'_, '_>,
        first: usize,
        again: &[Touch],
        (at, today): (Timestamp, Today),
    ) {
        for one in walked.open.range_mut(first..) {
            one.asked_on = Some(today.day);
        }
        let entries = again.iter().filter_map(|touch| entry_of(&touch.key.cycle));
        let again: HashSet<&str> = entries.collect();
        let is_again = |one: &Open| again.contains(one.entry.as_str());
        let place = walked.open.range(first..).position(is_again);
        walked.open_from = place.map_or(walked.open.len(), |place| first + place);
        if walked.touches.len() <= FEW + 2 * walked.left {
            return;
        }
        let asked = walked.open.range(walked.open_from..).map(|one| one.entry.as_str());
        let asked: HashSet<&str> = asked.collect();
        let playbook = &self.messaging.playbook;
        let mut left = Vec::new();
        for touch in std::mem::take(&mut walked.touches) {
            let is_asked = match &touch.key.cycle {
                Cycle::Entry(entry) => asked.contains(entry.as_str()),
                Cycle::End(ends_at) | Cycle::Tier(ends_at) => *ends_at > at,
                Cycle::Day(day) => day.saturating_add(self.last_scheduled) >= today.day,
                _ => true,
            };
            if is_asked || takes_room_of_caps(playbook, &touch, (at, today)) {
                left.push(touch);
            } else if let Some(entry) = entry_of(&touch.key.cycle) {
                walked.asleep.entry(entry.to_owned()).or_default().push(touch);
            }
        }
        walked.left = left.len();
        walked.touches = left;
    }

    fn count(&self, walked: &mut Walked<'_, '_>, touches: &[Touch], day: i32) {
        for touch in touches {
            let Some(place) = self.places.get(touch.key.strategy.as_str()).copied() else {
                continue;
            };
            let nodes = walked.counted.days.entry(day).or_default();
            nodes.entry((place, touch.key.node)).or_default().count(touch);
            if touch.reason().is_some() {
                continue;
            }
            let examples = walked.counted.examples.entry(place).or_default();
            if examples.len() < EXAMPLES {
                examples.push(Example::of(touch, (walked.member_no, walked.id.to_owned())));
            }
        }
    }
}

fn entry_of(cycle: &Cycle) -> Option<&str> {
    match cycle {
        Cycle::Entry(id) => Some(id),
        _ => None,
    }
}
