//! Deciding: drafts become sealed entries of one member, one after another.
//!
//! A journal works on its own copy of the member. What it posted is a [`Decision`]: data that the store writes wholly or not at all.

use crate::calendar::Timestamp;
use crate::entry::{
    Award, Count, Entry, Kind, LineAward, LotDates, LotDraw, LotGrant, Origin, Qualifying, Reminder, TierMove,
};
use crate::id::{EntryId, ProgrammeId, Sequence};
use crate::member::Member;
use crate::refusal::Fault;

/// What a command is decided under.
#[derive(Debug, Clone)]
pub struct Context {
    /// The programme.
    pub programme: ProgrammeId,
    /// The version of its published rulebook.
    pub rulebook_version: i64,
    /// The instant of the decision.
    pub now: Timestamp,
    /// The id of the first entry; further ones count on from it.
    pub first_id: EntryId,
}

/// What an entry is to say. The journal fills in id, sequence, points, balance and hashes.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What happened.
    pub kind: Kind,
    /// When.
    pub occurred_at: Timestamp,
    /// From whom.
    pub origin: Origin,
    /// The event earned for.
    pub event: Option<String>,
    /// Rules that fired.
    pub awards: Vec<Award>,
    /// What each order line earned.
    pub lines: Vec<LineAward>,
    /// Lots to open; their numbers are given out by the journal.
    pub grants: Vec<LotGrant>,
    /// Lots to draw from.
    pub draws: Vec<LotDraw>,
    /// Lots that became spendable.
    pub activations: Vec<LotDraw>,
    /// New dates of activated lots whose time had not come.
    pub dates: Vec<LotDates>,
    /// Counters to add to.
    pub counts: Vec<Count>,
    /// What to add to the tier qualification.
    pub qualifying: Option<Qualifying>,
    /// The move on the tier ladder.
    pub tier: Option<TierMove>,
    /// The warning.
    pub reminder: Option<Reminder>,
}

impl Draft {
    /// A draft that moves nothing.
    #[must_use]
    pub fn new(kind: Kind, occurred_at: Timestamp, origin: Origin) -> Self {
        Self {
            kind,
            occurred_at,
            origin,
            event: None,
            awards: Vec::new(),
            lines: Vec::new(),
            grants: Vec::new(),
            draws: Vec::new(),
            activations: Vec::new(),
            dates: Vec::new(),
            counts: Vec::new(),
            qualifying: None,
            tier: None,
            reminder: None,
        }
    }
}

/// A sealed entry and the member after it (without its lots, which the entry tells).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The entry.
    pub entry: Entry,
    /// The member's state after it; `lots` is empty.
    pub after: Member,
}

/// Everything one command does to one member: written wholly or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The entries in order. Empty when there is nothing to do.
    pub postings: Vec<Posting>,
    /// Which of them the command asked for; the others came along.
    pub primary: usize,
}

impl Decision {
    /// The entry the command asked for, or `None` for an empty decision.
    #[must_use]
    pub fn primary(&self) -> Option<&Entry> {
        self.postings.get(self.primary).map(|posting| &posting.entry)
    }
}

/// Seals drafts into entries of one member.
#[derive(Debug, Clone)]
pub struct Journal {
    context: Context,
    member: Member,
    next_id: EntryId,
    postings: Vec<Posting>,
}

impl Journal {
    /// Starts on a copy of `member`.
    #[must_use]
    pub fn new(member: Member, context: Context) -> Self {
        Self { next_id: context.first_id, context, member, postings: Vec::new() }
    }

    /// The member as it is after what was posted so far.
    #[must_use]
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// The instant of the decision.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// How many entries were posted.
    #[must_use]
    pub fn posted(&self) -> usize {
        self.postings.len()
    }

    /// Seals the draft as the member's next entry, and returns its id.
    ///
    /// # Errors
    /// A [`Fault`] when the draft does not fit the member; the journal must then be thrown away.
    pub fn post(&mut self, draft: Draft, cause: Option<EntryId>) -> Result<EntryId, Fault> {
        let mut grants = draft.grants;
        let mut number = self.member.next_lot();
        for grant in &mut grants {
            grant.number = number;
            number.0 += 1;
        }
        let granted = sum(grants.iter().map(|grant| grant.points))?;
        let drawn = sum(draft.draws.iter().map(|draw| draw.points))?;
        let points = granted.checked_sub(drawn).ok_or(Fault::Overflow)?;
        let id = self.next_id;
        let mut entry = Entry {
            id,
            programme: self.context.programme.clone(),
            member: self.member.id.clone(),
            sequence: Sequence(self.member.sequence.0 + 1),
            kind: draft.kind,
            points,
            balance_after: self.member.balance.checked_add(points).ok_or(Fault::Overflow)?,
            occurred_at: draft.occurred_at,
            recorded_at: self.context.now,
            origin: draft.origin,
            rulebook_version: self.context.rulebook_version,
            event: draft.event,
            cause,
            awards: draft.awards,
            lines: draft.lines,
            grants,
            draws: draft.draws,
            activations: draft.activations,
            dates: draft.dates,
            counts: draft.counts,
            qualifying: draft.qualifying,
            tier: draft.tier,
            reminder: draft.reminder,
            previous_hash: self.member.head,
            hash: Default::default(),
        };
        entry.hash = entry.computed_hash();
        self.member.apply_sealed(&entry)?;
        self.next_id = id.next();
        let lots = std::mem::take(&mut self.member.lots);
        let after = self.member.clone();
        self.member.lots = lots;
        self.postings.push(Posting { entry, after });
        Ok(id)
    }

    /// Ends the journal: what it decided, and the member after it.
    #[must_use]
    pub fn finish(self, primary: usize) -> (Decision, Member) {
        (Decision { postings: self.postings, primary }, self.member)
    }
}

pub(crate) fn sum(points: impl Iterator<Item = i64>) -> Result<i64, Fault> {
    points.into_iter().try_fold(0i64, i64::checked_add).ok_or(Fault::Overflow)
}
