//! The loop of every command: load, decide, commit; what somebody else was faster with is loaded
//! and decided again.
//!
//! Serves single requests, bulk earns and the jobs alike. Several orders of one member in one call
//! are decided one on top of the other and written in one statement.

use std::collections::{HashMap, HashSet};

use ledger::{
    Context, Decision, EntryId, Fault, Member, MemberId, ProgrammeId, Refusal, Stop, Timestamp,
};
use rules::{Case, Command, Decided, PriorRecords, Rulebook};

use crate::Error;
use crate::commit::{UniqueKeys, commit};
use crate::history::span;
use crate::in_flight::InFlight;
use crate::load::{LoadRequest, LoadedMember, Lots, ReplayedCommand, Scope, load};
use crate::profile::merged;
use crate::programmes::ProgrammeRef;
use crate::refusals;
use crate::sql::Sql;
use crate::submission::{Answer, Outcome, Submission, fingerprint_now, is_fingerprint, most_lots};

/// How often a skipped order is decided anew before the caller is told to come back.
const ATTEMPTS: u32 = 64;

/// What orders are carried out with.
pub struct Executor<'a, S, I> {
    /// The database.
    pub sql: &'a S,
    /// The programme.
    pub programme: &'a ProgrammeRef,
    /// Its published rulebook.
    pub book: &'a Rulebook,
    /// The instant of the request.
    pub now: Timestamp,
    /// Gives fresh ids (UUID, version 7).
    pub ids: I,
    /// The other programme of an exchange.
    pub abroad: Option<&'a ProgrammeRef>,
    /// Where the instance keeps states whose writes are under way; jobs and tests do without.
    pub in_flight: Option<&'a InFlight>,
}

/// Carries out orders; outcomes come in the same order. `loaded` is what [`load`] found for them.
///
/// # Errors
/// [`Error::Busy`] when others were always first, other [`Error`]s when the database fails. Orders
/// that were written stay written: a retry with their keys finds them.
pub async fn execute<S: Sql, I: FnMut() -> EntryId>(
    desk: &mut Executor<'_, S, I>,
    orders: &[Submission],
    loaded: Vec<LoadedMember>,
) -> Result<Vec<Outcome>, Error> {
    if orders.iter().all(|order| order.lots() == Lots::All) {
        must_add_up(Lots::All, &loaded)?;
    }
    let mut outcomes: Vec<Option<Outcome>> = orders.iter().map(|_| None).collect();
    let mut found: Vec<(usize, LoadedMember)> = loaded.into_iter().enumerate().collect();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            desk.sql.pause(attempt).await;
        }
        let mut round = Round::default();
        for (place, (index, loaded)) in found.into_iter().enumerate() {
            let (Some(order), Some(outcome)) = (orders.get(index), outcomes.get_mut(index)) else {
                continue;
            };
            if place > 0 {
                // A call of many orders must not hold up the others of its instance until all are
                // decided.
                desk.sql.give_way().await;
            }
            *outcome = round.take(desk, index, order, loaded).await?;
        }
        round.write(desk, &mut outcomes).await?;
        let open: Vec<usize> = outcomes
            .iter()
            .enumerate()
            .filter(|(_, o)| o.is_none())
            .map(|(index, _)| index)
            .collect();
        if open.is_empty() {
            return Ok(outcomes.into_iter().flatten().collect());
        }
        found = reload(desk, orders, open, round.needs_all_lots).await?;
    }
    Err(Error::Busy)
}

/// One pass over the open orders.
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

/// What a try at an order comes to.
pub(crate) enum Attempt {
    Decided(Box<Decided>),
    Refused(Refusal),
    NeedsAllLots,
}

impl Round {
    /// Decides one order, or answers it from what is stored. `None` leaves it open.
    async fn take<S: Sql, I: FnMut() -> EntryId>(
        &mut self,
        desk: &mut Executor<'_, S, I>,
        index: usize,
        order: &Submission,
        loaded: LoadedMember,
    ) -> Result<Option<Outcome>, Error> {
        if let Some(outcome) = settled_before(desk.sql, order, &loaded).await? {
            return Ok(Some(outcome));
        }
        let mut claims = merged(order.claims(), &order.command, &loaded.recorded);
        // The second of two orders with one key or source waits for the outcome of the first.
        let taken: Vec<String> = [
            claims.idem.as_ref().map(|k| format!("k{k}")),
            claims.source.as_ref().map(|s| format!("s{s}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if taken.iter().any(|claim| self.claimed.contains(claim)) {
            return Ok(None);
        }
        if let Some(source) = loaded.source.clone() {
            claims.source = Some(source);
        }
        let stored_only = order.needs_what_is_stored();
        let is_ahead = |member: &Member| self.members.contains_key(&member.id);
        if stored_only && (is_ahead(&loaded.member) || loaded.recorded.others.iter().any(is_ahead))
        {
            return Ok(None);
        }
        let own = loaded.member.id.clone();
        let ahead = self.members.remove(&own);
        let in_flight = || {
            desk.in_flight?
                .ahead_of(desk.programme.no, &loaded.member)
                .filter(|member| is_enough(desk, order, member))
        };
        let is_ahead = ahead.is_some();
        let under_way = if is_ahead || stored_only { None } else { in_flight() };
        let stored = under_way.is_some().then(|| loaded.member.clone());
        let recorded = &loaded.recorded;
        let member = ahead.or(under_way).unwrap_or(loaded.member);
        if !member.exists() && claims.aliases.is_none() {
            claims.aliases = loaded.opened_as.clone().map(|name| vec![name]);
        }
        let id = (desk.ids)();
        match attempt(desk, order, member.clone(), recorded, id)? {
            Attempt::NeedsAllLots => {
                self.needs_all_lots = true;
                if is_ahead {
                    self.members.insert(own, member);
                }
                Ok(None)
            }
            Attempt::Refused(refusal) => {
                if is_ahead {
                    // It may be refused only because of an order of this call that is not written
                    // yet.
                    self.members.insert(own, member);
                    return Ok(None);
                }
                // Nor because of what other requests have under way; on a busy member there always
                // is something, so what is stored decides.
                let refusal = match stored {
                    None => refusal,
                    Some(stored) => match attempt(desk, order, stored, recorded, id)? {
                        Attempt::Refused(refusal) => refusal,
                        Attempt::NeedsAllLots => {
                            self.needs_all_lots = true;
                            return Ok(None);
                        }
                        Attempt::Decided(_) => return Ok(None),
                    },
                };
                let id = id.to_string();
                let Some((idem, fingerprint)) = order.idem.clone() else {
                    return Ok(Some(Outcome::Refused { refusal, id, replayed: false }));
                };
                self.claimed.extend(taken);
                self.refused.push(Refused { index, idem, fingerprint, refusal, id });
                Ok(None)
            }
            Attempt::Decided(decided) if decided.decision.postings.is_empty() => {
                Ok(Some(Outcome::Nothing(Box::new(decided.member))))
            }
            Attempt::Decided(decided) => {
                let Decided { decision, member, others, .. } = *decided;
                let changed = std::iter::once(member).chain(others);
                self.members.extend(changed.map(|member| (member.id.clone(), member)));
                self.claimed.extend(taken);
                self.decided.push((index, decision, claims));
                Ok(None)
            }
        }
    }

    async fn write<S: Sql, I>(
        &mut self,
        desk: &Executor<'_, S, I>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Error> {
        let programme_no = desk.programme.no;
        let batch: Vec<(&Decision, &UniqueKeys)> =
            self.decided.iter().map(|(_, decision, claims)| (decision, claims)).collect();
        let states = |(at, (decision, _)): (usize, &(&Decision, &UniqueKeys))| {
            let members = decision.members().into_iter().filter_map(|id| self.members.get(id));
            members.map(|member| (at, member)).collect::<Vec<_>>()
        };
        let sent: Vec<(usize, &Member)> = batch.iter().enumerate().flat_map(states).collect();
        if let Some(in_flight) = desk.in_flight {
            sent.iter().for_each(|(_, member)| in_flight.send(programme_no, member));
        }
        let written = commit(desk.sql, programme_no, desk.abroad, &batch).await;
        if let Some(in_flight) = desk.in_flight {
            let outcomes = written.as_ref().map_or(&[][..], Vec::as_slice);
            let is_written = |at: usize| outcomes.get(at).copied().unwrap_or(false);
            sent.iter()
                .for_each(|(at, member)| in_flight.land(programme_no, member, is_written(*at)));
        }
        for ((index, decision, _), written) in self.decided.drain(..).zip(written?) {
            if let Some(outcome) = outcomes.get_mut(index).filter(|_| written) {
                let (entries, primary) = decision.told();
                *outcome = Some(Outcome::Done(Answer { entries, primary, replayed: false }));
            }
        }
        self.keep(desk, outcomes).await
    }

    /// Keeps all refusals in one statement. Where the key was taken in the meantime, the order
    /// stays open.
    async fn keep<S: Sql, I>(
        &mut self,
        desk: &Executor<'_, S, I>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Error> {
        if self.refused.is_empty() {
            return Ok(());
        }
        let ids = refusals::keep(desk.sql, desk.programme.no, desk.now, &self.rows()?).await?;
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

/// Whether a state in flight, whose lots may not be at hand, is enough to decide on.
fn is_enough<S, I>(desk: &Executor<'_, S, I>, order: &Submission, member: &Member) -> bool {
    let needs_none = || order.lots() == Lots::None && !extends(desk, order);
    member.lots_complete || (needs_none() && !member.is_due(desk.now) && member.debt == 0)
}

/// Whether the order may move the end of any open lot.
fn extends<S, I>(desk: &Executor<'_, S, I>, order: &Submission) -> bool {
    let is_active = matches!(
        order.command,
        Command::Earn(_)
            | Command::Redeem { .. }
            | Command::Hold { .. }
            | Command::PayLines { .. }
            | Command::Take { .. }
    );
    is_active && desk.book.slides()
}

/// Decides an order on this state of its member.
pub(crate) fn attempt<S, I>(
    desk: &Executor<'_, S, I>,
    order: &Submission,
    member: Member,
    recorded: &PriorRecords,
    id: EntryId,
) -> Result<Attempt, Error> {
    let partly = !member.lots_complete;
    let needs_all = match order.lots() {
        // What is spent first need not be among the first that end.
        Lots::First(_) => desk.book.first_in_first_out() || extends(desk, order),
        Lots::All => true,
        Lots::None => extends(desk, order),
    };
    if partly && (member.is_due(desk.now) || member.debt > 0 || needs_all) {
        return Ok(Attempt::NeedsAllLots);
    }
    let programme =
        ProgrammeId::new(desk.programme.id.clone()).map_err(|_| Error::Corrupt("programme id"))?;
    let context =
        Context { programme, rulebook_version: desk.book.version(), now: desk.now, first_id: id };
    let case = Case { book: desk.book, origin: &order.origin, recorded, context };
    match (order.decide)(&case, member, &order.command) {
        Ok(decided) => Ok(Attempt::Decided(Box::new(decided))),
        // Either may be otherwise once all of them are at hand.
        Err(Stop::Refused(Refusal::InsufficientPoints { .. } | Refusal::TooManyLots { .. }))
            if partly =>
        {
            Ok(Attempt::NeedsAllLots)
        }
        Err(Stop::Refused(refusal)) => Ok(Attempt::Refused(refusal)),
        // Who shares a pool has changed since the request was read: it must be asked for anew.
        Err(Stop::Fault(Fault::Moved)) => Err(Error::Busy),
        Err(Stop::Fault(fault)) => Err(fault.into()),
    }
}

/// The answer that an earlier request with the same key got.
pub(crate) async fn settled_before(
    sql: &impl Sql,
    order: &Submission,
    loaded: &LoadedMember,
) -> Result<Option<Outcome>, Error> {
    let Some((_, fingerprint)) = &order.idem else { return Ok(None) };
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
    desk: &Executor<'_, S, I>,
    orders: &[Submission],
    open: Vec<usize>,
    all_lots: bool,
) -> Result<Vec<(usize, LoadedMember)>, Error> {
    let again: Vec<&Submission> = open.iter().filter_map(|index| orders.get(*index)).collect();
    let lots = if all_lots { Lots::All } else { most_lots(again.iter().copied()) };
    let wanted: Vec<LoadRequest> = again.iter().map(|order| order.wanted()).collect();
    let found = load(desk.sql, Scope::Programme(desk.programme.no), &wanted, lots).await?;
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
