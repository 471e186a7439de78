//! Deciding: drafts become sealed entries of one member, one after another.
//!
//! A journal works on its own copy of the member. What it posted is a [`Decision`]: data that the
//! store writes wholly or not at all.

use crate::calendar::Timestamp;
use crate::entry::{Effects, Entry, LotMoves, Origin, Seed};
use crate::fault::Fault;
use crate::home::home;
use crate::id::{EntryId, Hash, MemberId, ProgrammeId, Sequence};
use crate::kind::Kind;
use crate::kind::What;
use crate::member::Member;

/// The most points that a member has, or owes: a thousand of the largest amounts would still add
/// up.
pub const MAX_MEMBER_POINTS: i64 = 1_000_000_000_000_000;

/// The most lots of a member that are open. An operation that spends or ends them needs all of them
/// at once.
pub const MAX_LOTS: i64 = 100_000;

/// The most lots that one entry opens: as many as a merger carries over. More would not fit into
/// one statement of the store.
pub const MAX_NEW_LOTS: i64 = 20_000;

/// What a command is decided under.
#[derive(Debug, Clone)]
pub struct Context {
    /// The programme.
    pub programme: ProgrammeId,
    /// How many homes its members are spread over.
    pub spread: u32,
    /// The version of its published rulebook.
    pub rulebook_version: i64,
    /// The instant of the decision.
    pub now: Timestamp,
    /// The id of the first entry, made in home 0; further ones count on from it. A journal moves it
    /// to the home of its member.
    pub first_id: EntryId,
    /// What the salts of their texts are made of.
    pub seed: Seed,
}

/// A sealed entry and the member after it (without its lots, which the entry tells).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The entry.
    pub entry: Entry,
    /// Its body: the text that its hash covers, to be stored as it is.
    pub body: String,
    /// The member's state after it; `lots` is empty.
    pub after: Member,
}

/// Everything one command does, to one member or to several: written wholly or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The entries in order, those of each member one after another. Empty when there is nothing to
    /// do.
    pub postings: Vec<Posting>,
    /// Which of them the command asked for; the others came along.
    pub primary: usize,
}

impl Decision {
    /// The members that it concerns, in order. One that has accounts in several programmes is told
    /// once.
    #[must_use]
    pub fn members(&self) -> Vec<&MemberId> {
        let mut members: Vec<&MemberId> = Vec::new();
        for posting in &self.postings {
            if !members.contains(&&posting.entry.member) {
                members.push(&posting.entry.member);
            }
        }
        members
    }

    /// The entries of the account that the command was for, and which of them it asked for. Entries
    /// of other accounts are not for the caller.
    #[must_use]
    pub fn entries_for_caller(self) -> (Vec<Entry>, usize) {
        let Self { postings, primary } = self;
        // A job may have asked for nothing but what was due.
        let Some(asked) = postings.get(primary).or(postings.first()) else {
            return (Vec::new(), 0);
        };
        let is_own: Vec<bool> =
            postings.iter().map(|posting| posting.entry.shares_account(&asked.entry)).collect();
        let before = is_own.iter().take(primary).filter(|is_own| **is_own).count();
        let own = postings.into_iter().zip(is_own).filter(|(_, is_own)| *is_own);
        (own.map(|(posting, _)| posting.entry).collect(), before)
    }

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
        let next_id = match context.spread {
            0 | 1 => context.first_id,
            spread => context.first_id.in_home(home(&member.id, spread)),
        };
        Self { next_id, context, member, postings: Vec::new() }
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

    /// The entries posted so far.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.postings.iter().map(|posting| &posting.entry)
    }

    /// The member's next entry, of this moment, before it moves anything. Posting it sums up what
    /// it moves.
    #[must_use]
    pub fn draft(&self, what: What, origin: Origin) -> Entry {
        Entry {
            id: self.next_id,
            programme: self.context.programme.clone(),
            member: self.member.id.clone(),
            sequence: Sequence(self.member.sequence.0 + 1),
            points: 0,
            balance_after: 0,
            occurred_at: self.context.now,
            recorded_at: self.context.now,
            origin,
            rulebook_version: self.context.rulebook_version,
            cause: None,
            lots: LotMoves::default(),
            effects: Effects::default(),
            what,
            texts: None,
            previous_hash: self.member.head,
            hash: Hash::default(),
        }
    }

    /// A draft of something that fell due at the instant `at` and is recorded now. It has the
    /// effect that it would have had then.
    #[must_use]
    pub fn due(&self, what: What, at: Timestamp, origin: Origin) -> Entry {
        Entry { occurred_at: at, ..self.draft(what, origin) }
    }

    /// Numbers the lots that the draft opens, sums up what it moves, seals it as the member's next
    /// entry, and returns its id.
    ///
    /// # Errors
    /// A [`Fault`] when the draft does not fit the member; the journal must then be thrown away.
    pub fn post(&mut self, draft: Entry) -> Result<EntryId, Fault> {
        let mut entry = draft;
        let mut number = self.member.next_lot();
        for grant in &mut entry.lots.grants {
            grant.number = number;
            number.0 += 1;
        }
        entry.points = entry.lots.points()?;
        entry.balance_after =
            self.member.balance.checked_add(entry.points).ok_or(Fault::Overflow)?;
        self.within_range(&entry)?;
        self.has_room(&entry)?;
        entry.seal_texts(&self.context.seed)?;
        let body = entry.body()?;
        entry.hash = entry.hash_over(&body);
        let id = entry.id;
        self.member.apply_sealed(&entry)?;
        self.next_id = id.next();
        let lots = std::mem::take(&mut self.member.lots);
        let after = self.member.clone();
        self.member.lots = lots;
        self.postings.push(Posting { entry, body, after });
        Ok(id)
    }

    /// Points and debts grow up to [`MAX_MEMBER_POINTS`]. What lies beyond it from earlier may
    /// always become less.
    fn within_range(&self, entry: &Entry) -> Result<(), Fault> {
        let Member { balance, debt, .. } = self.member;
        let owed = debt.checked_add(entry.lots.debt).ok_or(Fault::Overflow)?;
        let grows = |before: i64, after: i64| {
            after.unsigned_abs() > MAX_MEMBER_POINTS.unsigned_abs()
                && after.unsigned_abs() > before.unsigned_abs()
        };
        if grows(balance, entry.balance_after) || grows(debt, owed) {
            Err(Fault::Overflow)
        } else {
            Ok(())
        }
    }

    /// New lots may be opened up to [`MAX_LOTS`]. What a return gives back was there before, and
    /// always has room.
    fn has_room(&self, entry: &Entry) -> Result<(), Fault> {
        let new = i64::try_from(entry.lots.grants.len()).map_err(|_| Fault::Overflow)?;
        if new > MAX_NEW_LOTS {
            return Err(Fault::TooManyLots(MAX_NEW_LOTS));
        }
        // Mostly not that many were ever opened, and nobody has to count.
        if new == 0
            || entry.kind() == Kind::Reverse
            || self.member.lots_granted.saturating_add(new) <= MAX_LOTS
        {
            return Ok(());
        }
        let is_within = |open: i64| open.saturating_add(new) <= MAX_LOTS;
        if self.member.open_lots().is_some_and(is_within) {
            Ok(())
        } else {
            Err(Fault::TooManyLots(MAX_LOTS))
        }
    }

    /// Ends the journal: what it decided, and the member after it.
    #[must_use]
    pub fn finish(self, primary: usize) -> (Decision, Member) {
        (Decision { postings: self.postings, primary }, self.member)
    }
}
