//! Requests about more than points of their member: mergers, and what is given back after a theft.
//! The last approval does it in the same commit.

use ledger::{ApprovalVerdict, EntryId, Fault, Journal, Member, MemberId, Person, Refusal};

use super::adjust::{self, Vote, person_subject};
use super::merge::merge_into;
use super::recover::{Stolen, receivers, recover, targets};
use crate::case::Case;
use crate::joint::joined;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};

/// What a request is about that is more than points of its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concerned {
    /// What is given back.
    Recover(Vec<Stolen>),
    /// The account that becomes part of the member.
    Merge(MemberId),
}

/// Decide on a request of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideConcern {
    /// The entry that made it.
    pub request: EntryId,
    /// What is decided.
    pub verdict: ApprovalVerdict,
    /// The person who decides.
    pub by: Person,
    /// As what.
    pub role: String,
    /// What was found of what it is about.
    pub concerned: Concerned,
}

impl Operation for DecideConcern {
    fn name(&self) -> &'static str {
        "decide_concern"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let (others, undoes) = match &self.concerned {
            Concerned::Recover(stolen) => (receivers(stolen), Some(targets(stolen))),
            Concerned::Merge(from) => (vec![from.clone()], None),
        };
        let subjects = vec![person_subject(&self.by)];
        Needs { subjects, others, undoes, ..Needs::lots(Lots::All) }
    }

    fn guards(&self) -> Guards {
        Guards::STAFF
    }

    fn allows(&self, _: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        adjust::is_open(member, self.request)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        decide(self, case, own)
    }
}

fn decide(operation: &DecideConcern, case: &Case<'_>, mut own: Journal) -> Outcome {
    let DecideConcern { request, verdict, by, role, concerned } = operation;
    let (request, verdict) = (*request, *verdict);
    let vote = Vote { request, verdict, by, role };
    let terms = own.member().request(request).map(|open| open.terms.clone());
    let terms = terms.ok_or(Fault::Request)?;
    let primary = own.posted();
    adjust::decide(&mut own, case, &vote)?;
    if verdict != ApprovalVerdict::Approve || own.member().request(request).is_some() {
        case.expire_and_repay(&mut own)?;
        return joined(vec![own], 0, primary);
    }
    // The last approval executes what was asked for, and that is the answer.
    let primary = own.posted();
    match concerned {
        Concerned::Recover(stolen) => recover(case, own, stolen, primary),
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
            merge_into(case, own, giver, primary)
        }
    }
}
