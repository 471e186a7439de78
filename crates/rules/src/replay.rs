//! A member's history told once more, under another rulebook: what it would have come to.
//!
//! What a member or a till asked for is asked again, at the same instants: events, redemptions,
//! holds, returns, early activations, reviews that were approved. What somebody decided by hand is
//! repeated: adjustments, gifts, mergers, freezes. What followed by itself is left to follow:
//! tiers, expiries, debts. What was refused then left no entry and cannot be asked again.
//!
//! A member is told alone, so what all members or devices share is not applied: budgets, caps of
//! devices and of the programme.

mod ask;
mod index;

use std::collections::BTreeMap;

use ledger::{
    Context, Entry, EntryId, Fault, Journal, Kind, Member, MemberId, Origin, ProgrammeId, Tier,
    Timestamp, UndoneAs, repeat,
};

use crate::operation::Operation;
use crate::operations::{self, Settle, Upgrade, reverse};
use crate::rulebook::Rulebook;
use crate::settle::{expire_and_repay, settle};
use crate::tiers;

pub(crate) use index::ReplayIndex;
pub use index::Sums;

/// One member on the way through its history.
#[derive(Debug)]
pub struct Replay<'a> {
    book: &'a Rulebook,
    programme: ProgrammeId,
    attributes: BTreeMap<String, String>,
    member: Member,
    next_id: u128,
    heard: ReplayIndex,
    /// Entries that may belong to a command whose own entry is yet to come: the other side of an
    /// order that was undone, holds of an account that was erased.
    waiting: Vec<Entry>,
    sums: Sums,
    /// How much was looked at so far.
    effort: u64,
}

/// What becomes of a recorded entry.
pub(crate) enum ReplayStep {
    /// It is asked for again.
    Ask(Box<dyn Operation>),
    /// It is repeated as it was.
    Repeat,
    /// The member has what another one had reached that became part of it.
    Rank(Tier),
    /// It follows from others, or says nothing about points.
    Follows,
    /// What it speaks of is not there.
    Lost,
}

impl ReplayStep {
    pub(crate) fn ask(operation: impl Operation + 'static) -> Self {
        Self::Ask(Box::new(operation))
    }
}

/// The lines that a redemption or a hold pays: name, units, points.
pub(crate) fn paid_lines(entry: &Entry) -> Vec<(String, i64, i64)> {
    let line = |line: &ledger::LineAward| {
        (line.line.clone(), line.quantity, line.granted.saturating_neg())
    };
    entry.lines().iter().map(line).collect()
}

impl<'a> Replay<'a> {
    /// Before the first entry; `attributes` is what is told about the member.
    #[must_use]
    pub fn new(
        book: &'a Rulebook,
        programme: ProgrammeId,
        member: MemberId,
        attributes: BTreeMap<String, String>,
    ) -> Self {
        let member = Member::new(member);
        let (heard, sums) = (ReplayIndex::default(), Sums::default());
        Self {
            book,
            programme,
            attributes,
            member,
            next_id: 1,
            heard,
            waiting: Vec::new(),
            sums,
            effort: 0,
        }
    }

    /// Takes over the next entry of the books as it was recorded, with its stored body; counts it
    /// where `counts` says so.
    ///
    /// # Errors
    /// A [`Fault`] when it does not follow.
    pub fn as_recorded(&mut self, entry: &Entry, body: &str, counts: bool) -> Result<(), Fault> {
        self.as_booked(entry, body, counts)?;
        self.remember(entry);
        self.heard.hear(entry);
        self.heard.stands_for(entry, entry);
        Ok(())
    }

    /// As [`Replay::as_recorded`] where nothing will be told again: nothing is kept of what later
    /// entries may speak of.
    ///
    /// # Errors
    /// A [`Fault`] when it does not follow.
    pub(crate) fn as_booked(
        &mut self,
        entry: &Entry,
        body: &str,
        counts: bool,
    ) -> Result<(), Fault> {
        self.member.apply_stored(entry, body)?;
        if counts {
            self.sums.count(entry);
        }
        Ok(())
    }

    /// How much was looked at so far, in lots: what a history costs grows with its entries and with
    /// the open lots between them.
    pub(crate) fn effort(&self) -> u64 {
        self.effort
    }

    /// How many parts of entries are kept at hand.
    pub(crate) fn kept(&self) -> usize {
        self.heard.kept
    }

    /// The rulebook takes effect: the member moves up where it says so.
    ///
    /// # Errors
    /// A [`Fault`] when the state is inconsistent.
    pub fn begin(&mut self, now: Timestamp) -> Result<(), Fault> {
        if self.member.exists() { self.ask_job(&Upgrade, now) } else { Ok(()) }
    }

    /// Tells the next entry of the books again.
    ///
    /// # Errors
    /// A [`Fault`] when the state is inconsistent.
    pub fn again(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.remember(entry);
        let waiting = std::mem::take(&mut self.waiting);
        match (entry.kind(), waiting.as_slice()) {
            // What an erasure ends, the erasure told again ends by itself.
            (Kind::Erase, [.., last])
                if last.kind() != Kind::Reverse && last.recorded_at == entry.recorded_at => {}
            (Kind::Reverse, [spent])
                if reverse::is_of_one_operation(spent, entry)
                    && self.undone_earn(entry).is_some() =>
            {
                let both = reverse::replay(entry, Some(spent), &self.heard, self.book);
                return self.do_again(entry, both);
            }
            (Kind::Release | Kind::Lapse, [.., last])
                if last.kind() != Kind::Reverse && last.recorded_at == entry.recorded_at =>
            {
                self.waiting = waiting;
            }
            _ => self.without_more(&waiting)?,
        }
        // A gift that is taken back follows from the return.
        let is_gift =
            entry.corrects().and_then(|id| self.heard.others.get(&id)) == Some(&Kind::TierChange);
        let is_given_back =
            entry.kind() == Kind::Reverse && !is_gift && self.undone_earn(entry).is_none();
        if is_given_back || matches!(entry.kind(), Kind::Release | Kind::Lapse) {
            self.waiting.push(entry.clone());
            return Ok(());
        }
        let step = self.step(entry);
        self.do_again(entry, step)
    }

    /// Tells entries again that turned out to be commands of their own.
    fn without_more(&mut self, waiting: &[Entry]) -> Result<(), Fault> {
        waiting.iter().try_for_each(|entry| {
            let step = self.step(entry);
            self.do_again(entry, step)
        })
    }

    fn do_again(&mut self, entry: &Entry, step: ReplayStep) -> Result<(), Fault> {
        match step {
            ReplayStep::Ask(operation) => {
                if let Some(counterpart) = self.ask(&*operation, entry)? {
                    self.heard.stands_for(entry, &counterpart);
                }
                Ok(())
            }
            ReplayStep::Repeat => {
                let first_in_first_out = self.book.first_in_first_out();
                self.post(entry, |journal, _| repeat(journal, entry, first_in_first_out).map(drop))
            }
            ReplayStep::Rank(tier) => self.post(entry, |journal, book| {
                let cause = EntryId(0);
                tiers::keep_rank(journal, book, Some(tier), &Origin::default(), cause)?;
                tiers::upgrade(journal, book, journal.now(), &Origin::default(), Some(cause))
            }),
            // What the clock had decided by then was written down with it.
            ReplayStep::Follows => self.ask_job(&Settle, entry.recorded_at),
            ReplayStep::Lost => {
                self.sums.refuse("nothing-to-undo");
                Ok(())
            }
        }
    }

    /// What the clock has decided until then is written down; gives what all came to, and the
    /// member.
    ///
    /// # Errors
    /// A [`Fault`] when the state is inconsistent.
    pub fn end(mut self, now: Timestamp) -> Result<(Sums, Member), Fault> {
        let waiting = std::mem::take(&mut self.waiting);
        self.without_more(&waiting)?;
        self.ask_job(&Settle, now)?;
        Ok((self.sums, self.member))
    }

    fn remember(&mut self, entry: &Entry) {
        match entry.kind().row().undone_as {
            UndoneAs::Earned => {
                self.heard.earned.extend(entry.lots.grants.iter().map(|lot| (lot.number, entry.id)))
            }
            UndoneAs::Recorded => {
                self.heard.others.insert(entry.id, entry.kind());
            }
            UndoneAs::Spent | UndoneAs::Held | UndoneAs::Nothing => {}
        }
    }

    fn step(&self, entry: &Entry) -> ReplayStep {
        operations::replay(entry, &self.heard, &self.member, self.book)
    }

    /// What stands for the earn that an entry undoes.
    fn undone_earn(&self, entry: &Entry) -> Option<&Entry> {
        let is_undone = |_: &&Entry| entry.kind() == Kind::Reverse;
        self.heard
            .counterpart(entry.corrects())
            .filter(is_undone)
            .filter(|undone| reverse::is_earned(undone))
    }

    /// Posts what was done by hand, after what the clock had decided by then.
    fn post(
        &mut self,
        entry: &Entry,
        post: impl FnOnce(&mut Journal, &Rulebook) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.member.closed.is_some() {
            return Ok(());
        }
        self.effort += 1 + self.member.lots.len() as u64;
        let mut journal = Journal::new(self.member.clone(), self.context(entry.recorded_at));
        settle(&mut journal, self.book, &entry.origin.actor)?;
        post(&mut journal, self.book)?;
        expire_and_repay(&mut journal, self.book, &Origin::default())?;
        self.take_over(journal.entries());
        self.member = journal.finish(0).1;
        Ok(())
    }

    fn take_over<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>) {
        for entry in entries {
            self.next_id += 1;
            self.heard.hear(entry);
            self.sums.count(entry);
        }
    }

    fn context(&self, now: Timestamp) -> Context {
        Context {
            programme: self.programme.clone(),
            spread: 1,
            rulebook_version: self.book.version(),
            now,
            first_id: EntryId(self.next_id),
            seed: ledger::Seed::default(),
        }
    }
}
