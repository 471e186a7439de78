//! Requests about more than points of their member: mergers, and what is given back after a theft. The last approval does it in the same commit.

use ledger::{Context, EntryId, Fault, Member, Origin, Person, Refusal, Verdict};

use crate::adjust;
use crate::command::{Concerned, Recorded};
use crate::decide::Outcome;
use crate::joint::{along, joined, merged_into, opened, other, recovered};
use crate::rulebook::Rulebook;
use crate::settle::wind_up;

/// Decides on such a request.
pub(crate) fn decide_concern(
    book: &Rulebook,
    member: Member,
    decision: (EntryId, Verdict, &Person, &str),
    concerned: &Concerned,
    (origin, recorded, context): (&Origin, &Recorded, Context),
) -> Outcome {
    let request = decision.0;
    let terms = member.request(request).map(|open| open.terms.clone()).ok_or(Fault::Request)?;
    let verdict = decision.1;
    let mut own = opened(0, member, &context, book, origin)?;
    let primary = own.posted();
    adjust::decide(&mut own, book, decision, recorded, origin.clone())?;
    if verdict != Verdict::Approve || own.member().request(request).is_some() {
        wind_up(&mut own, book, &along(origin))?;
        return joined(vec![own], 0, primary);
    }
    // The last approval executes what was asked for, and that is the answer.
    let primary = own.posted();
    match concerned {
        Concerned::Recover(stolen) => recovered(book, own, stolen, primary, (origin, recorded, context)),
        Concerned::Merge(_) => {
            let source = other(recorded)?.clone();
            if source.id == own.member().id {
                return Err(Refusal::SameMember.into());
            }
            let giver = opened(1, source, &context, book, origin)?;
            let points = giver.member().lots.iter().fold(0i64, |sum, lot| sum.saturating_add(lot.remaining));
            if let Some(refusal) = adjust::goes_too_far(book, &terms, points) {
                return Err(refusal.into());
            }
            merged_into(book, own, giver, primary, origin)
        }
    }
}
