//! A member's past: what facts were at an instant, and what else decisions asked of the ledger.
//!
//! The books and reported behaviour are the truth about the past. Entries are applied one by one:
//! to an account as the ledger has it, and to facts as a fold makes them. So one pass over a
//! member's entries tells of all days.

use std::collections::BTreeMap;

use ledger::{Entry, EntryId, Kind, LotMoves, Member, MemberId, Timestamp, What, Zone};
use reach::touch::{Coupon, Occasion};
use reach::{Decision, Facts, Happened, State, Today, Undone};
use rules::Rulebook;
use store::{
    Consent, Error, HeardEntry, RareState, Reachability, Sql, list_consents, whole_history,
};

use super::hear::occasion;
use crate::customers::Databases;
use crate::fold::next_tier;

/// Entries that are read at a time.
const PAGE: i64 = 500;
/// A member with more entries, or larger ones, is left out: no call may take long.
const MAX_ENTRIES: usize = 5_000;
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Statements of a member about being reached, the last ones.
const SAID: i64 = 1_000;
/// Who writes entries of strategies.
const OF_STRATEGIES: &str = "job:deliver";

/// Why nobody can tell a member's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untold {
    /// It took another account over, whose touches went along.
    Merged,
    /// It has too many entries.
    Long,
    /// Its entries cannot be read.
    Unreadable,
}

/// A member as of an instant that goes on.
pub(super) struct Past<'a> {
    member_no: i64,
    book: &'a Rulebook,
    zone: Zone,
    entries: std::vec::IntoIter<(Entry, String)>,
    next: Option<(Entry, String)>,
    account: Member,
    /// On which local days points end: when the first of them do, and how many.
    ends: BTreeMap<i32, (Timestamp, i64)>,
    facts: Facts,
    /// Orders and redemptions so far, with what came back of them.
    done: BTreeMap<EntryId, Undone>,
    logins: Vec<Timestamp>,
    /// The last login that is known now: where it was before an instant, it was the last one then.
    last_login_at: Option<Timestamp>,
    said: Vec<Consent>,
    ways: Reachability,
    /// How many of the statements were known when ways were worked out last, and these.
    known_ways: Option<(usize, Reachability)>,
}

impl<'a> Past<'a> {
    /// The whole past of a member, before its first entry.
    pub(super) async fn load<L: Sql, R: Sql>(
        databases: &Databases<'_, '_, L, R>,
        (member_no, id): (i64, &str),
        (book, last_login_at): (&'a Rulebook, Option<Timestamp>),
        (logins, ways): (Vec<Timestamp>, Reachability),
    ) -> Result<Result<Self, Untold>, Error> {
        let Databases { ledger, reach, programme_no } = *databases;
        let Ok(id) = MemberId::new(id) else { return Ok(Err(Untold::Unreadable)) };
        let account = Member::new(id);
        let (mut entries, mut bytes): (Vec<(Entry, String)>, usize) = (Vec::new(), 0);
        loop {
            let after = entries.last().map_or((account.sequence.0, account.head), |(last, _)| {
                (last.sequence.0, last.hash)
            });
            let page = async || whole_history(ledger.sql, member_no, after, PAGE).await;
            let page = match ledger.with_retries(page).await {
                Ok(page) => page,
                Err(Error::Corrupt(_)) => return Ok(Err(Untold::Unreadable)),
                Err(error) => return Err(error),
            };
            let is_last = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
            bytes = page.iter().fold(bytes, |sum, (_, body)| sum.saturating_add(body.len()));
            entries.extend(page);
            if entries.len() > MAX_ENTRIES || bytes > MAX_BYTES {
                return Ok(Err(Untold::Long));
            }
            if is_last {
                break;
            }
        }
        let is_merged = |(entry, _): &(Entry, String)| matches!(entry.what, What::Absorb(_));
        if entries.iter().any(is_merged) {
            return Ok(Err(Untold::Merged));
        }
        let said = reach
            .with_retries(async || {
                list_consents(reach.sql, (programme_no, member_no), i64::MAX, SAID).await
            })
            .await?;
        let mut entries = entries.into_iter();
        let next = entries.next();
        Ok(Ok(Self {
            member_no,
            book,
            zone: book.zone(),
            entries,
            next,
            account,
            ends: BTreeMap::new(),
            facts: Facts::default(),
            done: BTreeMap::new(),
            logins,
            last_login_at,
            // What is said of another address than the one that is kept now counts for nothing.
            said: said.into_iter().filter(|(_, is_own)| *is_own).map(|(said, _)| said).collect(),
            ways,
            known_ways: None,
        }))
    }

    /// When the next entry was recorded.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.next.as_ref().map(|(entry, _)| entry.recorded_at)
    }

    /// Applies the next entry. Tells what it is to strategies; the error where the books break.
    pub(super) fn step(&mut self) -> Result<Option<Occasion>, Untold> {
        let Some((entry, body)) = std::mem::replace(&mut self.next, self.entries.next()) else {
            return Ok(None);
        };
        let lots = self.account.lots.len();
        self.account.apply_stored(&entry, &body).map_err(|_| Untold::Unreadable)?;
        self.count_ends(&entry, lots);
        let at = entry.recorded_at;
        let today = Today::at(at, self.zone);
        if Happened::is_told_by(entry.kind()) {
            let undone = Happened::undone_by(&entry).and_then(|id| self.done.get_mut(&id));
            if let Some(happened) = Happened::of(&entry, undone, today) {
                self.facts.apply(&happened);
            }
        }
        let state = State {
            points: self.account.balance,
            ends: self.ends.values().copied().collect(),
            tier: self.account.tier.as_ref().map(|tier| (tier.id.clone(), tier.until)),
            next_tier: next_tier(self.book, &self.account, at),
        };
        self.facts.set_state(state, today);
        let heard = self.heard(&entry);
        if matches!(entry.kind(), Kind::Earn | Kind::Redeem | Kind::Capture) {
            self.done.insert(entry.id, Undone { entry, units: BTreeMap::new() });
        }
        Ok(occasion(heard, Some(self.book.levels())))
    }

    fn heard(&self, entry: &Entry) -> HeardEntry {
        let kind = entry.kind();
        let tier = match &entry.what {
            What::TierChange(changed) => Some((changed.tier.from.clone(), changed.tier.to.clone())),
            _ => None,
        };
        HeardEntry {
            no: 0,
            programme_no: 0,
            member_no: self.member_no,
            id: entry.id.to_string(),
            kind: kind.as_str().to_owned(),
            points: entry.points,
            at: entry.recorded_at,
            tier,
            is_of_strategy: !matches!(kind, Kind::Earn | Kind::Redeem)
                && entry.origin.actor == OF_STRATEGIES,
        }
    }

    /// Facts as of an instant.
    pub(super) fn facts(&mut self, at: Timestamp) -> &Facts {
        let known = self.logins.iter().copied().chain(self.last_login_at);
        let last = known.filter(|login| *login <= at).max();
        (self.facts.last_login_at, self.facts.last_seen_at) = (last, last);
        &self.facts
    }

    /// By which ways the member was reached, by what it had said.
    pub(super) fn ways(&mut self, at: Timestamp) -> Reachability {
        let count = self.said.iter().filter(|said| said.recorded_at <= at.0).count();
        match &self.known_ways {
            Some((known, ways)) if *known == count => ways.clone(),
            _ => {
                let ways = self.ways_at(at);
                self.known_ways = Some((count, ways.clone()));
                ways
            }
        }
    }

    fn ways_at(&self, at: Timestamp) -> Reachability {
        let mut last = BTreeMap::new();
        for said in self.said.iter().filter(|said| said.recorded_at <= at.0) {
            let is_no = said.decision == Decision::Withdrawn;
            let own = last.entry((said.purpose, said.channel)).or_insert((said.at, is_no));
            *own = (*own).max((said.at, is_no));
        }
        let decision = |is_no: bool| if is_no { Decision::Withdrawn } else { Decision::Given };
        let consents = last.into_iter().map(|(of, (_, is_no))| (of, decision(is_no))).collect();
        Reachability { consents, ..self.ways.clone() }
    }

    /// What else the ledger had of it.
    pub(super) fn rare(&self) -> RareState {
        let coupon = |coupon: &ledger::Coupon| Coupon {
            id: coupon.code.clone(),
            kind: coupon.name.clone(),
            ends_at: coupon.expires_at,
        };
        RareState {
            is_frozen: self.account.frozen.any(),
            is_erased: false,
            is_merged: false,
            coupons: self.account.coupons.iter().map(coupon).collect(),
        }
    }

    /// Counts on which days points end after an entry, with so many lots before it. An entry that
    /// brings lots alone, as most do, leaves all others as they were.
    fn count_ends(&mut self, entry: &Entry, before: usize) {
        let LotMoves { grants, draws, activations, returns, dates, .. } = &entry.lots;
        let lots = &self.account.lots;
        let brings_alone = matches!(entry.kind(), Kind::Earn | Kind::Grant)
            && draws.is_empty()
            && activations.is_empty()
            && returns.is_empty()
            && dates.is_empty()
            && lots.len() == before + grants.len();
        let new = if brings_alone { lots.get(before..).unwrap_or_default() } else { lots };
        if !brings_alone {
            self.ends.clear();
        }
        for lot in new.iter().filter(|lot| lot.remaining > 0) {
            let Some(at) = lot.expires_at else { continue };
            let day = Today::at(at.plus_ms(-1), self.zone).day;
            let (first, points) = self.ends.entry(day).or_insert((at, 0));
            (*first, *points) = ((*first).min(at), points.saturating_add(lot.remaining));
        }
    }

    /// Whether there is an account yet.
    pub(super) fn exists(&self) -> bool {
        self.account.exists()
    }
}
