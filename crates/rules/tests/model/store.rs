//! A store in memory that keeps what the real one keeps: the member's row, the open lots, the
//! entries, the references.
//!
//! It loads as the real one may (all lots in any order, or only as many as a command needs) and
//! commits only on the state that was decided on.

use std::collections::BTreeMap;

use crate::steps::Command;
use ledger::{Counted, Decision, Entry, EntryId, Fault, Kind, LotGrant, Member, MemberId};
use rules::operations::Redemption;
use rules::{Consumption, Document, Past, PriorRecords};

use crate::random::Random;

pub struct Store {
    /// The member's row, as the last posting left it. Holds no lots.
    pub row: Member,
    /// The member as the entries alone give it, with all open lots.
    pub replayed: Member,
    pub entries: Vec<Entry>,
    /// Kind and reference → the entries that bear it.
    pub used: BTreeMap<(&'static str, String), Vec<EntryId>>,
    /// Counters of the programme: subject, name and period.
    pub tallies: BTreeMap<(String, String, i32), i64>,
}

/// Why a commit wrote nothing.
#[derive(Debug, PartialEq)]
pub enum Skipped {
    /// The member has moved on since the decision was made.
    Stale,
    /// The entries do not fit: must never happen.
    Fault(Fault),
}

impl Store {
    pub fn new() -> Self {
        let member = Member::new(MemberId::new("m-1").unwrap());
        Self {
            row: member.clone(),
            replayed: member,
            entries: Vec::new(),
            used: BTreeMap::new(),
            tallies: BTreeMap::new(),
        }
    }

    /// The member with all its lots, in no particular order.
    pub fn load_all(&self, random: &mut Random) -> Member {
        let mut lots = self.replayed.lots.clone();
        random.shuffle(&mut lots);
        Member { lots, lots_complete: true, ..self.row.clone() }
    }

    /// The member with as few lots as the command can do with, which is all of them when something
    /// is due.
    pub fn load_for(
        &self,
        command: &Command,
        book: &Document,
        now: ledger::Timestamp,
        random: &mut Random,
    ) -> Member {
        let slides =
            book.expiry.values().any(|policy| matches!(policy, rules::Expiry::Sliding { .. }));
        let wanted = match command {
            // Activity moves the end of what there is.
            Command::Earn(_)
            | Command::Redeem { .. }
            | Command::Donate { .. }
            | Command::Hold { .. }
            | Command::PayLines { .. }
            | Command::RedeemReward { .. }
                if slides =>
            {
                i64::MAX
            }
            Command::Earn(_)
            | Command::Enrol
            | Command::Upgrade
            | Command::Settle
            | Command::Freeze(_)
            | Command::RedeemCoupon { .. }
            | Command::CancelCoupon { .. }
            | Command::RestoreCoupon { .. }
            | Command::Restore(_) => 0,
            Command::Redeem { points } | Command::Hold { points, .. }
                if book.consumption == Consumption::ExpiringFirst =>
            {
                *points
            }
            _ => i64::MAX,
        };
        if self.row.is_due(now) || self.row.debt > 0 || wanted == i64::MAX || random.chance(50) {
            return self.load_all(random);
        }
        let mut lots = self.replayed.lots.clone();
        lots.sort_by_key(|lot| {
            (lot.expires_at.is_none(), lot.expires_at, lot.earned_at, lot.number)
        });
        let (all, mut sum) = (lots.len(), 0i64);
        lots.retain(|lot| {
            let needed = sum < wanted;
            // Lots that cannot be spent yet do not count towards what is wanted.
            sum = sum.saturating_add(if needed && lot.available_at <= now {
                lot.remaining
            } else {
                0
            });
            needed
        });
        let lots_complete = lots.len() == all;
        Member { lots, lots_complete, ..self.row.clone() }
    }

    /// What is recorded under a reference, with what corrects it.
    pub fn pasts(&self, kind: &'static str, reference: Option<&str>) -> Vec<Past> {
        let ids = reference
            .and_then(|text| self.used.get(&(kind, text.to_owned())))
            .into_iter()
            .flatten();
        let past = |id: &EntryId| {
            let entry = self.entries.iter().find(|entry| entry.id == *id).unwrap().clone();
            let corrections = self
                .entries
                .iter()
                .filter(|other| other.corrects() == Some(*id))
                .cloned()
                .collect();
            Past { entry, corrections }
        };
        ids.map(past).collect()
    }

    /// Which entry uses a reference up: one that was undone does so for grants alone.
    pub fn used(command: &Command, pasts: &[Past]) -> Option<EntryId> {
        let is_once_ever = matches!(command, Command::Grant { .. });
        let find = if is_once_ever { rules::ever } else { rules::living };
        find(pasts, None).map(|past| past.entry.id)
    }

    /// What the member kept of the same document: of a purchase that of purchases, of an action
    /// that of this action.
    pub fn kept(&self, command: &Command, pasts: &[Past]) -> rules::Kept {
        let event =
            if let Command::Earn(event) = command { Some(event.event.as_str()) } else { None };
        let same = pasts.iter().filter(|past| past.entry.event() == event);
        rules::kept(&same.cloned().collect::<Vec<_>>(), &self.row.id, None)
    }

    /// What the entries say of what a command is to undo.
    pub fn recorded(&self, used: Option<EntryId>) -> PriorRecords {
        let tallies = self.tallies.iter().map(|((subject, name, period), amount)| Counted {
            subject: subject.clone(),
            name: name.clone(),
            period: *period,
            amount: *amount,
        });
        let tallies = tallies.collect();
        let reversals = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry.corrects()?, entry.reversal().cloned()?)));
        let mut expired: BTreeMap<ledger::LotNumber, i64> = BTreeMap::new();
        for draw in self
            .entries
            .iter()
            .filter(|entry| entry.kind() == Kind::Expire)
            .flat_map(|entry| &entry.lots.draws)
        {
            *expired.entry(draw.number).or_default() += draw.points;
        }
        PriorRecords {
            used,
            reversals: reversals.collect(),
            expired,
            tallies,
            ..PriorRecords::default()
        }
    }

    /// Moves on the ladder with gifts.
    pub fn gifts(&self) -> Vec<Entry> {
        let is_gift = |entry: &&Entry| {
            let gives = !(entry.lots.grants.is_empty() && entry.effects.coupons.is_empty());
            entry.kind() == Kind::TierChange && gives
        };
        self.entries.iter().filter(is_gift).cloned().collect()
    }

    /// A redemption with the lots that it drew from, as they were granted and dated since.
    pub fn redemption(&self, entry: &Entry) -> Redemption {
        let mut lots: Vec<LotGrant> = Vec::new();
        for other in &self.entries {
            let is_drawn =
                |lot: &&LotGrant| entry.lots.draws.iter().any(|draw| draw.number == lot.number);
            lots.extend(other.lots.grants.iter().filter(is_drawn).cloned());
            for dates in &other.lots.dates {
                for lot in lots.iter_mut().filter(|lot| lot.number == dates.number) {
                    (lot.available_at, lot.expires_at) = (dates.available_at, dates.expires_at);
                }
            }
        }
        Redemption::new(entry.clone(), lots)
    }

    /// The sequence number of an entry that is written.
    pub fn sequence_of(&self, id: EntryId) -> i64 {
        self.entries.iter().find(|entry| entry.id == id).map_or(0, |entry| entry.sequence.0)
    }

    /// Writes the whole decision, or nothing when the member is no longer the one that was decided
    /// on.
    pub fn commit(
        &mut self,
        decided_on: &Member,
        decision: &Decision,
        reference: Option<&str>,
    ) -> Result<(), Skipped> {
        if decided_on.sequence != self.row.sequence || decided_on.head != self.row.head {
            return Err(Skipped::Stale);
        }
        let mut replayed = self.replayed.clone();
        for posting in &decision.postings {
            replayed.apply(&posting.entry).map_err(Skipped::Fault)?;
        }
        self.replayed = replayed;
        if let Some(last) = decision.postings.last() {
            self.row = last.after.clone();
        }
        for tally in decision.postings.iter().flat_map(|posting| &posting.entry.effects.tallies) {
            let amount = self
                .tallies
                .entry((tally.subject.clone(), tally.name.clone(), tally.period))
                .or_default();
            *amount += tally.amount;
            assert!(
                tally.most.is_none_or(|most| *amount <= most),
                "counted beyond what is allowed: {tally:?}"
            );
        }
        self.entries.extend(decision.postings.iter().map(|posting| posting.entry.clone()));
        if let (Some(reference), Some(entry)) = (reference, decision.primary()) {
            let kind = match entry.kind() {
                // It may be tried again once it was given up.
                Kind::Hold => return Ok(()),
                Kind::Capture => Kind::Redeem,
                kind => kind,
            };
            self.used.entry((kind.as_str(), reference.to_owned())).or_default().push(entry.id);
        }
        Ok(())
    }
}
