//! A hold is given up.

use ledger::{Entry, EntryId, Journal, Member, MemberId, Refusal, release};

use super::capture::is_open;
use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::replay::{ReplayIndex, ReplayStep};

/// Give a hold up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The entry that placed it.
    pub hold: EntryId,
}

impl Operation for Release {
    fn name(&self) -> &'static str {
        "release"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING
    }

    fn allows(&self, _: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        is_open(member, self.hold)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| release(journal, self.hold, case.origin.clone()))
    }
}

/// The hold is given up again; one that timed out does so by itself.
pub(crate) fn replay(entry: &Entry, told: &ReplayIndex, member: &Member) -> ReplayStep {
    let Some(hold) = told.counterpart(entry.corrects()) else { return ReplayStep::Lost };
    let is_before_end = |open: &ledger::Hold| entry.recorded_at < open.until;
    if member.hold(hold.id).is_some_and(is_before_end) {
        ReplayStep::ask(Release { hold: hold.id })
    } else {
        ReplayStep::Follows
    }
}
