//! Adjustments by hand: asked for by one person, decided by others, executed in one entry that
//! names all of them.
//!
//! A request is part of the member's state, as a hold is: every decision on it is an entry, the
//! second of two at once finds it decided, and nobody can write points past it.

use crate::calendar::Timestamp;
use crate::commands::drawn_for;
use crate::entry::{Count, Effects, Entry, LotDraw, LotGrant, LotMoves, Origin};
use crate::fault::Fault;
use crate::holds::MAX_OPEN;
use crate::id::{EntryId, LotNumber};
use crate::journal::Journal;
use crate::kind::{
    Adjustment, AdjustmentRequested, AdjustmentTerms, Approval, Person, RequestDecided, What,
};
use crate::lot::LotState;
use crate::member::AdjustmentRequest;
use crate::refusal::Refusal;
use crate::stop::Stop;
use crate::tally::Tally;

/// What is decided on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalVerdict {
    /// One of the steps is passed; with the last one the points move.
    Approve,
    /// It is turned down, by a person who could approve it next.
    Reject,
    /// The person who asked takes it back.
    Withdraw,
}

/// A decision on a request.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// The request.
    pub request: EntryId,
    /// What is decided.
    pub verdict: ApprovalVerdict,
    /// The person who decides.
    pub by: Person,
    /// As what.
    pub role: String,
    /// Why an approval goes too far, when nothing else speaks against it.
    pub exceeded: Option<Refusal>,
    /// What an approval counts for the member, and for the programme.
    pub counted: (Vec<Count>, Vec<Tally>),
}

/// Asks for an adjustment, and counts what is asked for. Moves no points.
///
/// # Errors
/// [`Refusal::TooManyOpen`]; a [`Fault`] for terms without points or steps, or when the member's
/// state is inconsistent.
pub fn request(
    journal: &mut Journal,
    terms: AdjustmentTerms,
    evidence: Option<String>,
    by: Person,
    tallies: Vec<Tally>,
    origin: Origin,
) -> Result<EntryId, Stop> {
    if terms.points == 0 || terms.steps.is_empty() {
        return Err(Fault::Draft.into());
    }
    if journal.member().requests.len() >= MAX_OPEN {
        return Err(Refusal::TooManyOpen { most: MAX_OPEN as i64 }.into());
    }
    let adjustment = Adjustment { terms, evidence, by, approvals: Vec::new() };
    let requested = What::AdjustmentRequest(AdjustmentRequested { adjustment });
    let effects = Effects { tallies, ..Effects::default() };
    Ok(journal.post(Entry { effects, ..journal.draft(requested, origin) })?)
}

/// Decides on a request. The last approval of an adjustment executes it in the same commit; what
/// another request is about is done by the caller of this function.
///
/// # Errors
/// [`Refusal::RequestResolved`], [`Refusal::NotYours`], [`Refusal::OwnRequest`],
/// [`Refusal::AlreadyApproved`], [`Refusal::WrongApprover`], what the ruling exceeds, or
/// [`Refusal::InsufficientPoints`] when points are to be taken that are not there; a [`Fault`] when
/// the member's state is inconsistent.
pub fn decide_request(
    journal: &mut Journal,
    ruling: Ruling,
    first_in_first_out: bool,
    origin: Origin,
) -> Result<EntryId, Stop> {
    let Ruling { request: id, verdict, by, role, exceeded, counted } = ruling;
    let Some(open) = journal.member().request(id).cloned() else {
        return Err(Refusal::RequestResolved.into());
    };
    may(&open, verdict, &by, &role)?;
    if let Some(refusal) = exceeded {
        return Err(refusal.into());
    }
    let (counts, tallies) = counted;
    let AdjustmentRequest { terms, evidence, by: asked_by, mut approvals, .. } = open;
    if verdict == ApprovalVerdict::Approve {
        approvals.push(Approval { by, role, at: journal.now() });
    }
    let is_through = verdict == ApprovalVerdict::Approve && approvals.len() == terms.steps.len();
    let adjustment = Adjustment { terms, evidence, by: asked_by, approvals };
    let decided = RequestDecided { request: id, adjustment: adjustment.clone() };
    let what = match verdict {
        ApprovalVerdict::Approve => What::Approve(decided),
        ApprovalVerdict::Reject => What::Reject(decided),
        ApprovalVerdict::Withdraw => What::Withdraw(decided),
    };
    let effects = Effects { counts, tallies, ..Effects::default() };
    let decided = journal.post(Entry { effects, ..journal.draft(what, origin.clone()) })?;
    if is_through && adjustment.terms.concern.is_none() {
        execute(journal, id, adjustment, first_in_first_out, origin)?;
    }
    Ok(decided)
}

fn may(
    open: &AdjustmentRequest,
    verdict: ApprovalVerdict,
    by: &Person,
    role: &str,
) -> Result<(), Refusal> {
    if verdict == ApprovalVerdict::Withdraw {
        return if open.by.is(by) { Ok(()) } else { Err(Refusal::NotYours) };
    }
    if open.by.is(by) {
        return Err(Refusal::OwnRequest);
    }
    if open.approvals.iter().any(|approval| approval.by.is(by)) {
        return Err(Refusal::AlreadyApproved);
    }
    match open.terms.steps.get(open.approvals.len()) {
        Some(needed) if needed == role => Ok(()),
        needed => Err(Refusal::WrongApprover { role: needed.cloned().unwrap_or_default() }),
    }
}

/// The one entry that moves the points.
fn execute(
    journal: &mut Journal,
    id: EntryId,
    adjustment: Adjustment,
    first_in_first_out: bool,
    origin: Origin,
) -> Result<EntryId, Stop> {
    let (points, now) = (adjustment.terms.points, journal.now());
    let (mut grants, mut draws) = (Vec::new(), Vec::new());
    if points > 0 {
        grants.push(LotGrant {
            number: LotNumber(0),
            points,
            source: "adjustment".to_owned(),
            earned_at: now,
            available_at: now,
            expires_at: adjustment.terms.expires_at,
        });
    } else {
        let points = points.checked_neg().ok_or(Fault::Overflow)?;
        draws = match adjustment.terms.undoes {
            Some(undone) => drawn_of(journal, undone.lot, points)?,
            None => drawn_for(journal, points, first_in_first_out)?,
        };
    }
    let lots = LotMoves { grants, draws, ..LotMoves::default() };
    let adjusted = What::Adjust(RequestDecided { request: id, adjustment });
    Ok(journal.post(Entry { lots, ..journal.draft(adjusted, origin) })?)
}

/// Points of this lot alone, as many as are asked for.
fn drawn_of(journal: &Journal, number: LotNumber, points: i64) -> Result<Vec<LotDraw>, Refusal> {
    let (member, now) = (journal.member(), journal.now());
    let lot =
        member.lots.iter().find(|lot| lot.number == number && lot.state(now) == LotState::Active);
    let balance = lot.map_or(0, |lot| member.free(lot));
    if balance < points {
        return Err(Refusal::InsufficientPoints { balance, missing: points - balance });
    }
    Ok(vec![LotDraw { number, points }])
}

/// Records which requests nobody had decided by the instant `at`.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn lapse(journal: &mut Journal, at: Timestamp, origin: &Origin) -> Result<(), Fault> {
    let over = journal.member().requests.iter().filter(|request| request.terms.until <= at);
    lapse_all(journal, over.cloned().collect(), at, origin)
}

/// Ends every open request, as the account is closed.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn end_requests(journal: &mut Journal, origin: &Origin) -> Result<(), Fault> {
    lapse_all(journal, journal.member().requests.clone(), journal.now(), origin)
}

fn lapse_all(
    journal: &mut Journal,
    over: Vec<AdjustmentRequest>,
    at: Timestamp,
    origin: &Origin,
) -> Result<(), Fault> {
    for AdjustmentRequest { id, terms, evidence, by, approvals } in over {
        let adjustment = Adjustment { terms, evidence, by, approvals };
        let lapsed = What::Lapse(RequestDecided { request: id, adjustment });
        journal.post(journal.due(lapsed, at, origin.clone()))?;
    }
    Ok(())
}
