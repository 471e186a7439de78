//! What somebody who was not the member has spent or given away comes back.

use std::collections::BTreeSet;

use ledger::{
    ClawBack, Closed, Entry, EntryId, Fault, Journal, LotDraw, MemberId, Refusal, Reversal,
    Shortfall, Stop, claw_back, give_back,
};

use super::reverse::{GivenBack, Redemption, ReturnScope, back_of};
use crate::case::Case;
use crate::joint::joined;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome, ReversalTargets};

/// What somebody who was not the member has spent or given away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stolen {
    /// The redemption, capture or gift, with the lots it drew from.
    pub redemption: Redemption,
    /// Of a gift: the entry of the member who got it.
    pub received: Option<Entry>,
}

/// Give back what was spent by somebody who was not the member, one correction for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recover(pub Vec<Stolen>);

impl Operation for Recover {
    fn name(&self) -> &'static str {
        "recover"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let undoes = Some(targets(&self.0));
        Needs { undoes, ..Needs::others(Lots::All, receivers(&self.0)) }
    }

    fn guards(&self) -> Guards {
        Guards::STAFF
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        let primary = own.posted();
        recover(case, own, &self.0, primary)
    }
}

/// The members who got what was given away.
pub(super) fn receivers(stolen: &[Stolen]) -> Vec<MemberId> {
    let mut receivers: Vec<MemberId> = Vec::new();
    for received in stolen.iter().filter_map(|stolen| stolen.received.as_ref()) {
        if !receivers.contains(&received.member) {
            receivers.push(received.member.clone());
        }
    }
    receivers
}

/// The entries that are undone.
pub(super) fn targets(stolen: &[Stolen]) -> ReversalTargets {
    let entries = stolen.iter().map(|stolen| stolen.redemption.entry.id).collect();
    ReversalTargets { entries, lots: Vec::new() }
}

/// Gives back what a thief has spent or given away, and takes what it gave away from the members
/// who have it: what is not there any more is owed. `own` may have other postings before.
pub(super) fn recover(
    case: &Case<'_>,
    mut own: Journal,
    stolen: &[Stolen],
    primary: usize,
) -> Outcome {
    let given = give_back_all(&mut own, case, stolen)?;
    case.expire_and_repay(&mut own)?;
    let cause = given.first().map(|(id, _)| *id);
    let mut takers: Vec<Journal> = Vec::new();
    for (stolen, (_, points)) in stolen.iter().zip(&given) {
        let Some(received) = stolen.received.as_ref().filter(|_| *points > 0) else { continue };
        let found = case
            .recorded
            .others
            .iter()
            .find(|member| member.id == received.member)
            .ok_or(Fault::Moved)?;
        match &found.closed {
            None => {}
            // Nobody is left to take it from.
            Some(Closed::Erased) => continue,
            Some(Closed::Merged(into)) => {
                return Err(Refusal::MemberMerged { into: into.to_string() }.into());
            }
        }
        let at = match takers.iter().position(|journal| journal.member().id == found.id) {
            Some(at) => at,
            None => {
                let place = takers.len() as u64 + 1;
                takers.push(case.journal(place, found.clone())?);
                takers.len() - 1
            }
        };
        let Some(taker) = takers.get_mut(at) else { continue };
        let wish = ClawBack {
            earn: received,
            reversal: Reversal { lines: Vec::new(), desired: *points, expired: 0 },
            shortfall: Shortfall::Debt,
            first_in_first_out: case.book.first_in_first_out(),
            counts: Vec::new(),
            qualifying: None,
            coupons: Vec::new(),
            review: None,
            of: None,
        };
        claw_back(taker, wish, cause, case.without_reference())?;
    }
    for taker in &mut takers {
        case.expire_and_repay(taker)?;
    }
    takers.insert(0, own);
    joined(takers, 0, primary)
}

/// Gives back all that is left of each redemption, in entries that name the first of them as their
/// cause; tells of each its correction and how many points came back to lots that still live.
fn give_back_all(
    journal: &mut Journal,
    case: &Case<'_>,
    stolen: &[Stolen],
) -> Result<Vec<(EntryId, i64)>, Stop> {
    let (mut first, mut seen) = (None, BTreeSet::new());
    let (mut given, now) = (Vec::new(), journal.now());
    for Stolen { redemption, .. } in stolen {
        let is_new = seen.insert(redemption.entry.id);
        let back = GivenBack::of(redemption, case.recorded, &ReturnScope::Rest, None)?;
        if back.points == 0 || !is_new {
            given.push((redemption.entry.id, 0));
            continue;
        }
        let points = back.points;
        let wish = back_of(journal, case.book, redemption, back)?;
        let id = give_back(journal, wish, first, case.origin.clone())?;
        first = first.or(Some(id));
        let lives = |draw: &&LotDraw| {
            let lot = redemption.lots.iter().find(|lot| lot.number == draw.number);
            lot.is_some_and(|lot| lot.expires_at.is_none_or(|end| now < end))
        };
        let living: i64 =
            redemption.entry.lots.draws.iter().filter(lives).map(|draw| draw.points).sum();
        given.push((id, living.min(points)));
    }
    if first.is_some() { Ok(given) } else { Err(Refusal::NothingToReverse.into()) }
}
