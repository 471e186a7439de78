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
mod requested;

use std::collections::BTreeMap;

use ledger::{
    Context, Entry, EntryId, Fault, Journal, Kind, LotDraw, LotGrant, Member, MemberId, Origin,
    ProgrammeId, Tier, Timestamp, repeat,
};

use crate::again::{self, Kept};
use crate::command::{Activation, Command, EarnEvent, Line, PriorRecords};
use crate::reverse::{Redemption, ReturnScope, Reverse};
use crate::rulebook::Rulebook;
use crate::settle::{settle, wind_up};
use crate::tiers;

use index::ReplayIndex;
pub use index::Sums;
use requested::{is_of_one_command, paid, part_of};

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
enum ReplayStep {
    /// It is asked for again.
    Ask(Box<Command>),
    /// It is repeated as it was.
    Repeat,
    /// The member has what another one had reached that became part of it.
    Rank(Tier),
    /// It follows from others, or says nothing about points.
    Follows,
    /// What it speaks of is not there.
    Lost,
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

    /// Takes over the next entry of the books as it was recorded; counts it where `counts` says so.
    ///
    /// # Errors
    /// A [`Fault`] when it does not follow.
    pub fn as_recorded(&mut self, entry: &Entry, counts: bool) -> Result<(), Fault> {
        self.as_booked(entry, counts)?;
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
    pub(crate) fn as_booked(&mut self, entry: &Entry, counts: bool) -> Result<(), Fault> {
        self.member.apply(entry)?;
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
        if self.member.exists() {
            self.ask(&Command::Upgrade, &Origin::default(), now).map(drop)
        } else {
            Ok(())
        }
    }

    /// Tells the next entry of the books again.
    ///
    /// # Errors
    /// A [`Fault`] when the state is inconsistent.
    pub fn again(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.remember(entry);
        let waiting = std::mem::take(&mut self.waiting);
        match (entry.kind, waiting.as_slice()) {
            // What an erasure ends, the erasure told again ends by itself.
            (Kind::Erase, [.., last])
                if last.kind != Kind::Reverse && last.recorded_at == entry.recorded_at => {}
            (Kind::Reverse, [spent])
                if is_of_one_command(spent, entry) && self.undone_earn(entry).is_some() =>
            {
                let both = self.undo(entry, Some(spent));
                return self.do_again(entry, both);
            }
            (Kind::Release | Kind::Lapse, [.., last])
                if last.kind != Kind::Reverse && last.recorded_at == entry.recorded_at =>
            {
                self.waiting = waiting;
            }
            _ => self.without_more(&waiting)?,
        }
        // A gift that is taken back follows from the return.
        let is_gift =
            entry.corrects.and_then(|id| self.heard.others.get(&id)) == Some(&Kind::TierChange);
        let is_given_back =
            entry.kind == Kind::Reverse && !is_gift && self.undone_earn(entry).is_none();
        if is_given_back || matches!(entry.kind, Kind::Release | Kind::Lapse) {
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
            ReplayStep::Ask(command) => {
                if let Some(counterpart) = self.ask(&command, &entry.origin, entry.recorded_at)? {
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
            ReplayStep::Follows => {
                self.ask(&Command::Settle, &Origin::default(), entry.recorded_at).map(drop)
            }
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
        self.ask(&Command::Settle, &Origin::default(), now)?;
        Ok((self.sums, self.member))
    }

    fn remember(&mut self, entry: &Entry) {
        match entry.kind {
            Kind::Earn => {
                self.heard.earned.extend(entry.grants.iter().map(|lot| (lot.number, entry.id)))
            }
            Kind::Transfer | Kind::CouponRedeem | Kind::Merge | Kind::TierChange => {
                self.heard.others.insert(entry.id, entry.kind);
            }
            _ => {}
        }
    }

    fn step(&self, entry: &Entry) -> ReplayStep {
        let ask = |command: Command| ReplayStep::Ask(Box::new(command));
        match entry.kind {
            Kind::Earn => ask(Command::Earn(self.event(entry))),
            Kind::Redeem if !entry.lines.is_empty() => {
                ask(Command::PayLines { lines: paid(entry), minutes: None })
            }
            Kind::Redeem => ask(Command::Redeem { points: -entry.points }),
            Kind::Hold => match &entry.reservation {
                Some(reservation) => {
                    let points = reservation.lots.iter().map(|lot| lot.points).sum();
                    let minutes = (reservation.until.0 - entry.recorded_at.0) / 60_000;
                    let minutes = u32::try_from(minutes).unwrap_or(0);
                    match entry.lines.is_empty() {
                        true => ask(Command::Hold { points, minutes }),
                        false => {
                            ask(Command::PayLines { lines: paid(entry), minutes: Some(minutes) })
                        }
                    }
                }
                None => ReplayStep::Lost,
            },
            Kind::Capture | Kind::Release => match self.heard.counterpart(entry.corrects) {
                Some(hold) if entry.kind == Kind::Capture => {
                    ask(Command::Capture { hold: hold.id, points: Some(-entry.points) })
                }
                // One that timed out does so by itself.
                Some(hold)
                    if self
                        .member
                        .hold(hold.id)
                        .is_some_and(|open| entry.recorded_at < open.until) =>
                {
                    ask(Command::Release { hold: hold.id })
                }
                Some(_) => ReplayStep::Follows,
                None => ReplayStep::Lost,
            },
            // Who sets a level by hand says why.
            Kind::TierChange if entry.cause.is_none() && entry.origin.reason.is_some() => {
                ReplayStep::Repeat
            }
            Kind::TierChange => self.rank(entry),
            Kind::Reverse => self.undo(entry, None),
            Kind::Activate if !entry.dates.is_empty() => self.activate(entry),
            Kind::Approve if entry.adjustment.is_none() => self.approve(entry),
            Kind::Erase => ask(Command::Erase),
            Kind::Adjust
            | Kind::Opening
            | Kind::Transfer
            | Kind::Exchange
            | Kind::Merge
            | Kind::Freeze
            | Kind::Restore
            | Kind::Profile => ReplayStep::Repeat,
            _ => ReplayStep::Follows,
        }
    }

    fn event(&self, entry: &Entry) -> EarnEvent {
        let currency = self.book.currency();
        let line = |line: &ledger::LineAward| Line {
            line: line.line.clone(),
            sku: line.sku.clone(),
            category: line.category.clone(),
            quantity: line.quantity,
            amount: ledger::Money { amount_minor: line.amount_minor, currency },
        };
        let lines = entry.lines.iter().map(line).collect();
        let event = entry.event.clone().unwrap_or_default();
        EarnEvent { event, occurred_at: Some(entry.occurred_at), lines, device: None }
    }

    /// Tiers follow, but for one that came with a merger: that is as old as it was. What both
    /// reached together is reached then.
    fn rank(&self, entry: &Entry) -> ReplayStep {
        let is_merged =
            entry.cause.is_some_and(|cause| self.heard.others.get(&cause) == Some(&Kind::Merge));
        match &entry.tier {
            Some(_) if is_merged && entry.occurred_at == entry.recorded_at => {
                ReplayStep::Ask(Box::new(Command::Upgrade))
            }
            Some(moved) if is_merged => ReplayStep::Rank(Tier {
                id: moved.to.clone(),
                since: entry.occurred_at,
                until: moved.until,
                claims: moved.claims.clone(),
            }),
            _ => ReplayStep::Follows,
        }
    }

    /// What stands for the earn that an entry undoes.
    fn undone_earn(&self, entry: &Entry) -> Option<&Entry> {
        let is_undone = |_: &&Entry| entry.kind == Kind::Reverse;
        self.heard
            .counterpart(entry.corrects)
            .filter(is_undone)
            .filter(|undone| undone.kind == Kind::Earn)
    }

    /// Undoes what the entry had undone, and a redemption with it.
    fn undo(&self, entry: &Entry, with: Option<&Entry>) -> ReplayStep {
        let Some(undone) = self.heard.counterpart(entry.corrects) else {
            return match entry.corrects.and_then(|id| self.heard.others.get(&id)) {
                Some(Kind::Transfer) => ReplayStep::Repeat,
                // Of an account that became part of this one, whose own entries are not here.
                None if entry.counterparty.is_some() => ReplayStep::Repeat,
                // The use of a coupon.
                Some(_) => ReplayStep::Follows,
                None => ReplayStep::Lost,
            };
        };
        let reversal = entry.reversal.as_ref();
        let spent = with.map_or_else(
            || Some(undone).filter(|undone| undone.kind != Kind::Earn),
            |with| self.heard.counterpart(with.corrects),
        );
        let lot = |draw: &LotDraw| self.heard.lots.get(&draw.number).cloned();
        let redemption = spent.map(|spent| {
            let held_for = self.heard.counterpart(spent.corrects).map(|hold| hold.lines.clone());
            let lines = held_for.unwrap_or_else(|| spent.lines.clone());
            let lots = spent.draws.iter().filter_map(lot).collect();
            Redemption { entry: Entry { lines, ..spent.clone() }, lots }
        });
        let earn = Some(undone).filter(|undone| undone.kind == Kind::Earn).cloned();
        let given = with.and_then(|with| with.reversal.as_ref());
        let names_lines =
            redemption.as_ref().is_some_and(|redemption| !redemption.entry.lines.is_empty());
        let part = match given {
            // What names its lines gives them back by name, but for all that is left.
            Some(given) if names_lines && given.lines.is_empty() => ReturnScope::Rest,
            _ => part_of(earn.is_some(), reversal, given, self.book.currency()),
        };
        let gifts = if earn.is_some() { self.heard.gifts.clone() } else { Vec::new() };
        ReplayStep::Ask(Box::new(Command::Reverse(Some(Box::new(Reverse {
            earn,
            redemption,
            part,
            gifts,
            merged: None,
        })))))
    }

    fn activate(&self, entry: &Entry) -> ReplayStep {
        let earn = entry.activations.iter().find_map(|lot| self.heard.earned.get(&lot.number));
        let Some(earn) = self.heard.counterpart(earn.copied()) else { return ReplayStep::Lost };
        let life = |lot: &LotGrant| Some((lot.number, self.book.expiry(&lot.source)?.clone()));
        let lots = earn.grants.iter().filter_map(life).collect();
        ReplayStep::Ask(Box::new(Command::Activate(Some(Activation { lots }))))
    }

    fn approve(&self, entry: &Entry) -> ReplayStep {
        let Some(earn) = self.heard.counterpart(entry.corrects) else { return ReplayStep::Lost };
        if self.member.review(earn.id).is_none() {
            // Under this rulebook nobody had to look at it.
            return ReplayStep::Follows;
        }
        let promise = |lot: &LotGrant| Some((lot.number, self.book.promise(&lot.source)?));
        let promises = earn.grants.iter().filter_map(promise).collect();
        ReplayStep::Ask(Box::new(Command::ApproveReview {
            earn: earn.id,
            occurred_at: earn.occurred_at,
            promises,
        }))
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
        wind_up(&mut journal, self.book, &Origin::default())?;
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
            rulebook_version: self.book.version(),
            now,
            first_id: EntryId(self.next_id),
        }
    }

    /// What the history so far says about the entries that a command speaks of.
    fn recorded(&self, command: &Command, origin: &Origin) -> PriorRecords {
        let attributes = if matches!(command, Command::Earn(_)) {
            self.attributes.clone()
        } else {
            BTreeMap::new()
        };
        let (earn, spent, gifts) = match command {
            Command::Reverse(Some(wish)) => (
                wish.earn.as_ref(),
                wish.redemption.as_ref().map(|spent| &spent.entry),
                wish.gifts.as_slice(),
            ),
            _ => (None, None, Default::default()),
        };
        let named = || earn.into_iter().chain(spent).chain(gifts);
        let reversals = named().flat_map(|entry| self.heard.reversals(entry.id)).collect();
        let expired =
            earn.into_iter().chain(gifts).flat_map(|entry| self.heard.expired(entry)).collect();
        let kept = match (command, &origin.reference) {
            (Command::Earn(event), Some(reference)) => {
                let pasts = self.heard.pasts(&event.event, reference);
                again::kept(&pasts, &self.member.id, origin.store.as_deref())
            }
            _ => Kept::default(),
        };
        PriorRecords { reversals, expired, attributes, kept, ..PriorRecords::default() }
    }
}
