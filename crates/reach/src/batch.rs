//! What happened to several accounts, in the order of the books.

use std::collections::BTreeMap;

use ledger::Timestamp;

use crate::facts::{Facts, MAX_ENDS, NextTier};
use crate::happened::Happened;
use crate::today::Today;

/// An account that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departed {
    /// Its number.
    pub member_no: i64,
    /// The account that it became part of; `None` for a person who was erased.
    pub into_no: Option<i64>,
}

/// The facts of accounts, by their numbers in the ledger, and those that were closed meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The accounts that are open.
    pub members: BTreeMap<i64, Facts>,
    /// Those that were closed.
    pub departed: Vec<Departed>,
}

impl Batch {
    /// Takes over what happened to an account. `other_no` is the number of the account that
    /// [`Happened::other`] names; where nobody knows it, nothing is taken over.
    pub fn apply(&mut self, member_no: i64, happened: &Happened, other_no: Option<i64>) {
        match happened {
            Happened::Absorbed(_) => {
                let Some(from) = other_no else { return };
                let other = self.members.remove(&from).unwrap_or_default();
                self.members.entry(member_no).or_default().absorb(other);
                self.leave(Departed { member_no: from, into_no: Some(member_no) });
            }
            Happened::Erased => {
                self.members.remove(&member_no);
                self.leave(Departed { member_no, into_no: None });
            }
            _ => self.members.entry(member_no).or_default().apply(happened),
        }
    }

    /// What became part of an account goes where that one goes.
    fn leave(&mut self, departed: Departed) {
        for before in &mut self.departed {
            if before.into_no == Some(departed.member_no) {
                before.into_no = departed.into_no;
            }
        }
        self.departed.push(departed);
    }
}

/// What the ledger has of an account besides its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// Points, less debt.
    pub points: i64,
    /// When points end, and how many: ascending.
    pub ends: Vec<(Timestamp, i64)>,
    /// The level and its end.
    pub tier: Option<(String, Option<Timestamp>)>,
    /// The level above it.
    pub next_tier: Option<NextTier>,
}

impl Facts {
    /// Takes over the state of the account as the ledger has it.
    pub fn set_state(&mut self, state: State, today: Today) {
        self.points = state.points;
        self.next_expiry_at = state.ends.first().map(|(at, _)| *at);
        self.ends.clear();
        for (at, points) in state.ends {
            // What ends at midnight can be used for the last time on the day before.
            let day = today.day_of(at.plus_ms(-1));
            let count = self.ends.len();
            match self.ends.last_mut() {
                Some((last, sum)) if *last == day => *sum = sum.saturating_add(points),
                _ if count == MAX_ENDS => break,
                _ => self.ends.push((day, points)),
            }
        }
        let (tier, until) = state.tier.map_or((None, None), |(tier, until)| (Some(tier), until));
        (self.tier, self.tier_until, self.next_tier) = (tier, until, state.next_tier);
    }
}
