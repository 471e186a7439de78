//! The loop of every submission: load, decide, commit; what somebody else was faster with is loaded
//! and decided again.
//!
//! Serves single requests, bulk earns and the jobs alike. Several submissions of one member in one
//! call are decided one on top of the other and written in one statement.

use std::collections::{HashMap, HashSet};

use ledger::{
    Context, Decision, Fault, Fresh, Member, MemberId, ProgrammeId, Refusal, Stop, Timestamp,
};
use rules::{Activity, Case, Decided, Lots, PriorRecords, Rulebook, decide};

use crate::Error;
use crate::commit::{UniqueKeys, commit};
use crate::history::span;
use crate::in_flight::InFlight;
use crate::load::{LoadRequest, LoadedMember, ReplayedCommand, Scope, load};
use crate::presence;
use crate::programmes::ProgrammeRef;
use crate::refusals;
use crate::sql::Sql;
use crate::submission::{Answer, Outcome, Submission, fingerprint_now, is_fingerprint, most_lots};

/// How often a skipped submission is decided anew before the caller is told to come back.
const ATTEMPTS: u32 = 64;

/// What submissions are carried out with.
pub struct Executor<'a, S, I> {
    /// The database.
    pub sql: &'a S,
    /// The programme.
    pub programme: &'a ProgrammeRef,
    /// Its published rulebook.
    pub book: &'a Rulebook,
    /// The instant of the request.
    pub now: Timestamp,
    /// Gives each decision its first id (UUID, version 7) and what its salts are made of.
    pub fresh: I,
    /// The other programme of an exchange.
    pub abroad: Option<&'a ProgrammeRef>,
    /// Where the instance keeps states whose writes are under way; jobs and tests do without.
    pub in_flight: Option<&'a InFlight>,
}

/// Executes submissions; outcomes come in the same order. `loaded` is what [`load`] found for them.
///
/// # Errors
/// [`Error::Busy`] when others were always first, other [`Error`]s when the database fails. Orders
/// that were written stay written: a retry with their keys finds them.
pub async fn execute<S: Sql, I: FnMut() -> Fresh>(
    executor: &mut Executor<'_, S, I>,
    submissions: &[Submission],
    loaded: Vec<LoadedMember>,
) -> Result<Vec<Outcome>, Error> {
    if submissions.iter().all(|submission| submission.lots() == Lots::All) {
        must_add_up(Lots::All, &loaded)?;
    }
    let mut outcomes: Vec<Option<Outcome>> = submissions.iter().map(|_| None).collect();
    let mut found: Vec<(usize, LoadedMember)> = loaded.into_iter().enumerate().collect();
    for attempt in 1..=ATTEMPTS {
        let mut round = Round::default();
        for (place, (index, loaded)) in found.into_iter().enumerate() {
            let (Some(submission), Some(outcome)) =
                (submissions.get(index), outcomes.get_mut(index))
            else {
                continue;
            };
            if place > 0 {
                // A call of many submissions must not hold up the others of its instance until all
                // are decided.
                executor.sql.give_way().await;
            }
            *outcome = round.execute_one(executor, index, submission, loaded).await?;
        }
        round.write(executor, &mut outcomes).await?;
        let open: Vec<usize> = outcomes
            .iter()
            .enumerate()
            .filter(|(_, o)| o.is_none())
            .map(|(index, _)| index)
            .collect();
        if open.is_empty() {
            return Ok(outcomes.into_iter().flatten().collect());
        }
        // Before the load: what is loaded grows old during a pause.
        executor.sql.pause(attempt).await;
        found = reload(executor, submissions, open, round.needs_all_lots).await?;
    }
    Err(Error::Busy)
}

/// One pass over the open submissions.
#[derive(Default)]
struct Round {
    members: HashMap<MemberId, Member>,
    claimed: HashSet<String>,
    decided: Vec<(usize, Decision, UniqueKeys)>,
    refused: Vec<Refused>,
    needs_all_lots: bool,
}

/// A refusal that is yet to be kept under its key.
struct Refused {
    index: usize,
    idem: String,
    fingerprint: String,
    refusal: Refusal,
    id: String,
}

/// What a try at a submission comes to.
pub(crate) enum Attempt {
    Decided(Box<Decided>),
    Refused(Refusal),
    NeedsAllLots,
}

/// The state that a submission is decided on.
struct BaseState {
    member: Member,
    /// The member's stored state, where `member` comes from writes of other requests that are
    /// under way.
    stored: Option<Member>,
    /// Whether `member` comes from a submission of this call that is not written yet.
    is_ahead: bool,
}

impl BaseState {
    /// The state to decide on. A stored one, which nobody asks for again, is given away.
    fn given(&mut self) -> Member {
        if self.is_ahead || self.stored.is_some() {
            return self.member.clone();
        }
        let id = self.member.id.clone();
        std::mem::replace(&mut self.member, Member::new(id))
    }
}

impl Round {
    /// Decides one submission, or answers it from what is stored. `None` leaves it open.
    async fn execute_one<S: Sql, I: FnMut() -> Fresh>(
        &mut self,
        executor: &mut Executor<'_, S, I>,
        index: usize,
        submission: &Submission,
        mut loaded: LoadedMember,
    ) -> Result<Option<Outcome>, Error> {
        if let Some(outcome) = settled_before(executor.sql, submission, &loaded).await? {
            return Ok(Some(outcome));
        }
        let mut claims = submission.claims(&loaded.recorded);
        let keys = claimed_once(&claims);
        // The second of two submissions with one key or source waits for the outcome of the first.
        if keys.iter().any(|key| self.claimed.contains(key)) {
            return Ok(None);
        }
        if let Some(source) = loaded.source.take() {
            claims.source = Some(source);
        }
        let programme_no = executor.programme.no;
        presence::look(
            executor.sql,
            programme_no,
            executor.book,
            (submission, executor.now),
            &mut loaded,
        )
        .await?;
        let (recorded, opened_as) = (std::mem::take(&mut loaded.recorded), loaded.opened_as.take());
        let Some(mut base) =
            self.state_to_decide_on(executor, submission, loaded.member, &recorded)
        else {
            return Ok(None);
        };
        if !base.member.exists() && claims.aliases.is_none() {
            claims.aliases = opened_as.map(|name| vec![name]);
        }
        let fresh = (executor.fresh)();
        match attempt(executor, submission, base.given(), &recorded, fresh)? {
            Attempt::NeedsAllLots => {
                self.needs_all_lots = true;
                self.put_back(base);
                Ok(None)
            }
            Attempt::Refused(refusal) => {
                let refusal = match self.refusal_as_stored(
                    executor,
                    submission,
                    base,
                    (refusal, &recorded, fresh),
                )? {
                    Some(refusal) => refusal,
                    None => return Ok(None),
                };
                let id = fresh.id.to_string();
                let idem = submission.idem.clone();
                let idem = idem.filter(|_| submission.keeps_refusals && refusal.is_kept());
                let Some((idem, fingerprint)) = idem else {
                    return Ok(Some(Outcome::Refused { refusal, id, replayed: false }));
                };
                self.claimed.extend(keys);
                self.refused.push(Refused { index, idem, fingerprint, refusal, id });
                Ok(None)
            }
            Attempt::Decided(decided) if decided.decision.postings.is_empty() => {
                Ok(Some(Outcome::Nothing(Box::new(decided.member))))
            }
            Attempt::Decided(decided) => {
                let by = (executor.book, &recorded);
                presence::claim(&mut claims, submission, by, &decided.decision);
                self.claimed.extend(keys);
                self.record(index, *decided, claims);
                Ok(None)
            }
        }
    }

    /// The newest state of the member that is good enough: after submissions of this call, after
    /// writes of other requests that are under way, or as stored. `None` when it must be stored
    /// and is not yet.
    fn state_to_decide_on<S, I>(
        &mut self,
        executor: &Executor<'_, S, I>,
        submission: &Submission,
        stored: Member,
        recorded: &PriorRecords,
    ) -> Option<BaseState> {
        let needs_stored = submission.needs().is_more_than_state();
        let is_ahead = |member: &Member| self.members.contains_key(&member.id);
        if needs_stored && (is_ahead(&stored) || recorded.others.iter().any(is_ahead)) {
            return None;
        }
        if let Some(member) = self.members.remove(&stored.id) {
            return Some(BaseState { member, stored: None, is_ahead: true });
        }
        let in_flight = executor.in_flight.filter(|_| !needs_stored);
        let under_way = in_flight
            .and_then(|in_flight| in_flight.ahead_of(executor.programme.no, &stored))
            .filter(|member| is_enough(executor, submission, member));
        Some(match under_way {
            Some(member) => BaseState { member, stored: Some(stored), is_ahead: false },
            None => BaseState { member: stored, stored: None, is_ahead: false },
        })
    }

    /// The refusal, where what is stored leads to it as well. Another state may have led to it only
    /// because of a submission of this call that is not written yet, or of what other requests have
    /// under way; on a busy member there always is something, so what is stored decides.
    fn refusal_as_stored<S, I>(
        &mut self,
        executor: &Executor<'_, S, I>,
        submission: &Submission,
        base: BaseState,
        (refusal, recorded, fresh): (Refusal, &PriorRecords, Fresh),
    ) -> Result<Option<Refusal>, Error> {
        if base.is_ahead {
            self.put_back(base);
            return Ok(None);
        }
        let Some(stored) = base.stored else { return Ok(Some(refusal)) };
        Ok(match attempt(executor, submission, stored, recorded, fresh)? {
            Attempt::Refused(refusal) => Some(refusal),
            Attempt::NeedsAllLots => {
                self.needs_all_lots = true;
                None
            }
            Attempt::Decided(_) => None,
        })
    }

    /// Later submissions of this call are decided on this state, too.
    fn put_back(&mut self, base: BaseState) {
        if base.is_ahead {
            self.members.insert(base.member.id.clone(), base.member);
        }
    }

    /// Notes what is to be written.
    fn record(&mut self, index: usize, decided: Decided, claims: UniqueKeys) {
        let Decided { decision, member, others } = decided;
        let changed = std::iter::once(member).chain(others);
        self.members.extend(changed.map(|member| (member.id.clone(), member)));
        self.decided.push((index, decision, claims));
    }

    async fn write<S: Sql, I>(
        &mut self,
        executor: &Executor<'_, S, I>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Error> {
        let programme_no = executor.programme.no;
        let batch: Vec<(&Decision, &UniqueKeys)> =
            self.decided.iter().map(|(_, decision, claims)| (decision, claims)).collect();
        let states = |(at, (decision, _)): (usize, &(&Decision, &UniqueKeys))| {
            let members = decision.members().into_iter().filter_map(|id| self.members.get(id));
            members.map(|member| (at, member)).collect::<Vec<_>>()
        };
        let sent: Vec<(usize, &Member)> = batch.iter().enumerate().flat_map(states).collect();
        if let Some(in_flight) = executor.in_flight {
            sent.iter().for_each(|(_, member)| in_flight.send(programme_no, member));
        }
        let written = commit(executor.sql, programme_no, executor.abroad, &batch).await;
        if let Some(in_flight) = executor.in_flight {
            let outcomes = written.as_ref().map_or(&[][..], Vec::as_slice);
            let is_written = |at: usize| outcomes.get(at).copied().unwrap_or(false);
            sent.iter()
                .for_each(|(at, member)| in_flight.land(programme_no, member, is_written(*at)));
        }
        for ((index, decision, _), written) in self.decided.drain(..).zip(written?) {
            if let Some(outcome) = outcomes.get_mut(index).filter(|_| written) {
                let (entries, primary) = decision.entries_for_caller();
                *outcome = Some(Outcome::Done(Answer { entries, primary, replayed: false }));
            }
        }
        self.keep(executor, outcomes).await
    }

    /// Keeps all refusals in one statement. Where the key was taken in the meantime, the submission
    /// stays open.
    async fn keep<S: Sql, I>(
        &mut self,
        executor: &Executor<'_, S, I>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Error> {
        if self.refused.is_empty() {
            return Ok(());
        }
        let ids = refusals::keep(executor.sql, executor.programme.no, executor.now, &self.rows()?)
            .await?;
        for Refused { index, refusal, id, .. } in self.refused.drain(..) {
            if let Some(outcome) = outcomes.get_mut(index).filter(|_| ids.contains(&id)) {
                *outcome = Some(Outcome::Refused { refusal, id, replayed: false });
            }
        }
        Ok(())
    }

    fn rows(&self) -> Result<Vec<[String; 4]>, Error> {
        let row = |r: &Refused| {
            Ok([
                r.idem.clone(),
                fingerprint_now(&r.fingerprint).to_owned(),
                r.id.clone(),
                refusals::write(&r.refusal)?,
            ])
        };
        self.refused.iter().map(row).collect()
    }
}

/// What may be claimed by one submission only: its key and its source.
fn claimed_once(claims: &UniqueKeys) -> Vec<String> {
    let key = claims.idem.as_ref().map(|key| format!("k{key}"));
    let source = claims.source.as_ref().map(|source| format!("s{source}"));
    key.into_iter().chain(source).collect()
}

/// Whether a state in flight, whose lots may not be at hand, is enough to decide on.
fn is_enough<S, I>(
    executor: &Executor<'_, S, I>,
    submission: &Submission,
    member: &Member,
) -> bool {
    let needs_none = || submission.lots() == Lots::None && !extends(executor, submission);
    member.lots_complete || (needs_none() && !member.is_due(executor.now) && member.debt == 0)
}

/// Whether the submission may move the end of any open lot.
fn extends<S, I>(executor: &Executor<'_, S, I>, submission: &Submission) -> bool {
    submission.operation.guards().activity == Activity::Extends && executor.book.slides()
}

/// Decides an submission on this state of its member.
pub(crate) fn attempt<S, I>(
    executor: &Executor<'_, S, I>,
    submission: &Submission,
    member: Member,
    recorded: &PriorRecords,
    fresh: Fresh,
) -> Result<Attempt, Error> {
    let partly = !member.lots_complete;
    let needs_all = match submission.lots() {
        // What is spent first need not be among the first that end.
        Lots::First(_) => executor.book.first_in_first_out() || extends(executor, submission),
        Lots::All => true,
        Lots::None => extends(executor, submission),
    };
    if partly && (member.is_due(executor.now) || member.debt > 0 || needs_all) {
        return Ok(Attempt::NeedsAllLots);
    }
    let programme = ProgrammeId::new(executor.programme.id.clone())
        .map_err(|_| Error::Corrupt("programme id"))?;
    let context = Context {
        programme,
        spread: executor.programme.spread,
        rulebook_version: executor.book.version(),
        now: executor.now,
        first_id: fresh.id,
        seed: fresh.seed,
    };
    let case = Case { book: executor.book, origin: &submission.origin, recorded, context };
    match decide(&*submission.operation, &case, member) {
        Ok(decided) => Ok(Attempt::Decided(Box::new(decided))),
        // Either may be otherwise once all of them are at hand.
        Err(Stop::Refused(Refusal::InsufficientPoints { .. } | Refusal::TooManyLots { .. }))
            if partly =>
        {
            Ok(Attempt::NeedsAllLots)
        }
        Err(Stop::Refused(refusal)) => Ok(Attempt::Refused(refusal)),
        // The members of a pool have changed since the request was read: it must be asked for anew.
        Err(Stop::Fault(Fault::Moved)) => Err(Error::Busy),
        Err(Stop::Fault(fault)) => Err(fault.into()),
    }
}

/// The answer that an earlier request with the same key got.
pub(crate) async fn settled_before(
    sql: &impl Sql,
    submission: &Submission,
    loaded: &LoadedMember,
) -> Result<Option<Outcome>, Error> {
    let Some((_, fingerprint)) = &submission.idem else { return Ok(None) };
    if let Some(kept) = &loaded.refusal {
        let heard = || Outcome::Refused {
            refusal: kept.refusal.clone(),
            id: kept.id.clone(),
            replayed: true,
        };
        return Ok(Some(if is_fingerprint(&kept.fingerprint, fingerprint) {
            heard()
        } else {
            Outcome::KeyReused
        }));
    }
    let Some(ReplayedCommand { fingerprint: stored, member_no, first, primary, last }) =
        &loaded.hit
    else {
        return Ok(None);
    };
    if !is_fingerprint(stored, fingerprint) {
        return Ok(Some(Outcome::KeyReused));
    }
    let entries = span(sql, *member_no, *first, *last).await?;
    let primary =
        usize::try_from(primary - first).map_err(|_| Error::Corrupt("idempotency key"))?;
    Ok(Some(Outcome::Done(Answer { entries, primary, replayed: true })))
}

/// Loads what is open once more.
pub(crate) async fn reload<S: Sql, I>(
    executor: &Executor<'_, S, I>,
    submissions: &[Submission],
    open: Vec<usize>,
    all_lots: bool,
) -> Result<Vec<(usize, LoadedMember)>, Error> {
    let again: Vec<&Submission> = open.iter().filter_map(|index| submissions.get(*index)).collect();
    let lots = if all_lots { Lots::All } else { most_lots(again.iter().copied()) };
    let wanted: Vec<LoadRequest> = again.iter().map(|submission| submission.wanted()).collect();
    let found = load(executor.sql, Scope::Programme(executor.programme.no), &wanted, lots).await?;
    let (_, _, loaded) = found.ok_or(Error::Corrupt("programme"))?;
    must_add_up(lots, &loaded)?;
    Ok(open.into_iter().zip(loaded).collect())
}

/// Where all lots were loaded and are not the balance, loading again would not help.
fn must_add_up(lots: Lots, loaded: &[LoadedMember]) -> Result<(), Error> {
    let is_short = |member: &Member| member.exists() && !member.lots_complete;
    let mut members =
        loaded.iter().flat_map(|loaded| loaded.recorded.others.iter().chain([&loaded.member]));
    if lots == Lots::All && members.any(is_short) {
        Err(Error::Fault(Fault::Unbalanced))
    } else {
        Ok(())
    }
}
