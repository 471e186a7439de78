//! Adjustments by hand: asked for by one person, decided by others, executed in one entry that
//! names all of them.
//!
//! A request is part of the member's state, as a hold is: every decision on it is an entry, the
//! second of two at once finds it decided, and nobody can write points past it.

use crate::calendar::Timestamp;
use crate::commands::drawn_for;
use crate::entry::{Count, Entry, LotDraw, LotGrant, Origin};
use crate::fault::Fault;
use crate::holds::MAX_OPEN;
use crate::id::{EntryId, LotNumber, MemberId};
use crate::journal::Journal;
use crate::kind::Kind;
use crate::lot::LotState;
use crate::refusal::Refusal;
use crate::stop::Stop;
use crate::tally::Tally;

/// A person as the books name one: the key they used, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `key:` and the key's prefix.
    pub actor: String,
    /// The person's id, in the one spelling that the programme has for it. Entries from before keys
    /// had persons tell the key's label.
    pub label: String,
}

impl Person {
    /// All keys of one person are that person.
    fn is(&self, other: &Self) -> bool {
        self.actor == other.actor || self.label == other.label
    }
}

/// A grant by hand that an adjustment undoes: it takes from the lot of that grant, and from no
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// The adjustment that granted it.
    pub entry: EntryId,
    /// Its lot.
    pub lot: LotNumber,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentTerms {
    /// Points to be granted, or (negative) taken; not 0.
    pub points: i64,
    /// Why, as one of the merchant's codes.
    pub reason_code: String,
    /// What proves it: a ticket, a receipt, a link.
    pub evidence: Option<String>,
    /// From when on granted points can no longer be spent; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// The roles that have to approve, in this order; at least one.
    pub steps: Vec<String>,
    /// From when on it can no longer be decided.
    pub until: Timestamp,
    /// The grant that it undoes, when it does.
    pub undoes: Option<Undone>,
    /// What is done with the last approval, in place of an adjustment.
    pub concern: Option<Concern>,
}

/// What else moves points by hand and takes the same approvals; the terms tell how many points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// These redemptions and gifts are given back.
    Recover(Vec<EntryId>),
    /// This member becomes part of the one that is asked for.
    Merge(MemberId),
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: Person,
    /// As what.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

/// An open request of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentRequest {
    /// The entry that made it.
    pub id: EntryId,
    /// What is asked for.
    pub terms: AdjustmentTerms,
    /// Who asked.
    pub by: Person,
    /// Approvals so far.
    pub approvals: Vec<Approval>,
}

/// What a request entry, a decision or the adjustment itself says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// What is or was asked for.
    pub terms: AdjustmentTerms,
    /// Who asked.
    pub by: Person,
    /// Approvals so far, this one included.
    pub approvals: Vec<Approval>,
}

/// What is decided on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One of the steps is passed; with the last one the points move.
    Approve,
    /// It is turned down, by whoever could approve it next.
    Reject,
    /// Who asked takes it back.
    Withdraw,
}

/// A decision on a request.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// The request.
    pub request: EntryId,
    /// What is decided.
    pub verdict: Verdict,
    /// Who decides.
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
    let adjustment = Some(Adjustment { terms, by, approvals: Vec::new() });
    Ok(journal.post(Entry { adjustment, tallies, ..journal.draft(Kind::Request, origin) })?)
}

/// Decides on a request. The last approval of an adjustment executes it in the same commit; what
/// another request is about is done by who asks for this.
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
    let AdjustmentRequest { terms, by: asked_by, mut approvals, .. } = open;
    let kind = match verdict {
        Verdict::Approve => {
            approvals.push(Approval { by, role, at: journal.now() });
            Kind::Approve
        }
        Verdict::Reject => Kind::Reject,
        Verdict::Withdraw => Kind::Withdraw,
    };
    let is_through = verdict == Verdict::Approve && approvals.len() == terms.steps.len();
    let adjustment = Adjustment { terms, by: asked_by, approvals };
    let drafted = journal.draft(kind, origin.clone());
    let draft = Entry {
        corrects: Some(id),
        adjustment: Some(adjustment.clone()),
        counts,
        tallies,
        ..drafted
    };
    let decided = journal.post(draft)?;
    if is_through && adjustment.terms.concern.is_none() {
        execute(journal, id, adjustment, first_in_first_out, origin)?;
    }
    Ok(decided)
}

fn may(open: &AdjustmentRequest, verdict: Verdict, by: &Person, role: &str) -> Result<(), Refusal> {
    if verdict == Verdict::Withdraw {
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
    let adjustment = Some(adjustment);
    Ok(journal.post(Entry {
        corrects: Some(id),
        grants,
        draws,
        adjustment,
        ..journal.draft(Kind::Adjust, origin)
    })?)
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
    for AdjustmentRequest { id, terms, by, approvals } in over {
        let adjustment = Some(Adjustment { terms, by, approvals });
        journal.post(Entry {
            corrects: Some(id),
            adjustment,
            ..journal.due(Kind::Lapse, at, origin.clone())
        })?;
    }
    Ok(())
}
