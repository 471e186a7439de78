//! Open requests for adjustments of a member.

use super::Member;
use crate::array::as_array;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::id::EntryId;
use crate::kind::{Adjustment, AdjustmentTerms, Approval, Person, RequestDecided, What};

/// An open request of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentRequest {
    /// The entry that made it.
    pub id: EntryId,
    /// What is asked for.
    pub terms: AdjustmentTerms,
    /// What proves it.
    pub evidence: Option<String>,
    /// The person who asked.
    pub by: Person,
    /// Approvals so far.
    pub approvals: Vec<Approval>,
}
as_array!(AdjustmentRequest [id, terms, by, approvals] then [evidence]);

impl Member {
    /// The open request of that id.
    #[must_use]
    pub fn request(&self, id: EntryId) -> Option<&AdjustmentRequest> {
        self.requests.iter().find(|request| request.id == id)
    }

    /// Keeps the list of open requests. An adjustment ends one, and must be what was asked for; so
    /// does the last approval of anything else.
    pub(super) fn adjust(&mut self, entry: &Entry) -> Result<(), Fault> {
        let decided = match &entry.what {
            What::AdjustmentRequest(asked) => {
                let Adjustment { terms, evidence, by, approvals } = asked.adjustment.clone();
                let id = entry.id;
                self.requests.push(AdjustmentRequest { id, terms, evidence, by, approvals });
                return Ok(());
            }
            What::Approve(decided)
            | What::Reject(decided)
            | What::Withdraw(decided)
            | What::Lapse(decided)
            | What::Adjust(decided) => decided,
            _ if entry.adjustment().is_none() => return Ok(()),
            _ => return Err(Fault::Request),
        };
        let RequestDecided { request, adjustment } = decided;
        let Adjustment { terms, evidence, by, approvals } = adjustment;
        let at = self.requests.iter().position(|open| open.id == *request).ok_or(Fault::Request)?;
        let open = self
            .requests
            .get_mut(at)
            .filter(|open| open.terms == *terms && open.evidence == *evidence && open.by == *by)
            .ok_or(Fault::Request)?;
        if matches!(entry.what, What::Approve(_)) {
            let is_one_more =
                approvals.strip_prefix(open.approvals.as_slice()).is_some_and(|new| new.len() == 1);
            open.approvals.clone_from(approvals);
            self.requests.retain(|open| {
                open.terms.concern.is_none() || open.approvals.len() < open.terms.steps.len()
            });
            return if is_one_more { Ok(()) } else { Err(Fault::Request) };
        }
        let is_through = open.approvals == *approvals && approvals.len() == terms.steps.len();
        if matches!(entry.what, What::Adjust(_))
            && !(is_through && entry.points == terms.points && terms.concern.is_none())
        {
            return Err(Fault::Request);
        }
        self.requests.remove(at);
        Ok(())
    }
}
