//! Requests about more than points of their member: mergers, and what is given back after a theft.
//! The last approval does it in the same commit.

use ledger::{Fault, Member, Refusal, Verdict};

use crate::adjust::{self, Vote};
use crate::case::Case;
use crate::command::Concerned;
use crate::decide::Outcome;
use crate::joint::{joined, merged_into, recovered};

/// Decides on such a request.
pub(crate) fn decide_concern(
    case: &Case<'_>,
    member: Member,
    vote: &Vote<'_>,
    concerned: &Concerned,
) -> Outcome {
    let terms =
        member.request(vote.request).map(|open| open.terms.clone()).ok_or(Fault::Request)?;
    let mut own = case.journal(0, member)?;
    let primary = own.posted();
    adjust::decide(&mut own, case, vote)?;
    if vote.verdict != Verdict::Approve || own.member().request(vote.request).is_some() {
        case.wind_up(&mut own)?;
        return joined(vec![own], 0, primary);
    }
    // The last approval executes what was asked for, and that is the answer.
    let primary = own.posted();
    match concerned {
        Concerned::Recover(stolen) => recovered(case, own, stolen, primary),
        Concerned::Merge(_) => {
            let source = case.other()?.clone();
            if source.id == own.member().id {
                return Err(Refusal::SameMember.into());
            }
            let giver = case.journal(1, source)?;
            let points =
                giver.member().lots.iter().fold(0i64, |sum, lot| sum.saturating_add(lot.remaining));
            if let Some(refusal) = adjust::goes_too_far(case.book, &terms, points) {
                return Err(refusal.into());
            }
            merged_into(case, own, giver, primary)
        }
    }
}
