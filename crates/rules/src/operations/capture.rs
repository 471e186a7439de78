//! Points of a hold are spent.

use ledger::{Entry, EntryId, Journal, Member, MemberId, Refusal, capture};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome, StepUpUse};
use crate::replay::{ReplayIndex, ReplayStep};

/// Spend points of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture {
    /// The entry that placed it.
    pub hold: EntryId,
    /// How many, at least 1; all of them when `None`.
    pub points: Option<i64>,
}

impl Operation for Capture {
    fn name(&self) -> &'static str {
        "capture"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        // The member was asked when the points were set aside.
        Guards { step_up: StepUpUse::Never, ..Guards::SPENDING }
    }

    fn allows(&self, _: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        is_open(member, self.hold)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            let extends = case.book.extended(journal.member(), journal.now(), journal.now())?;
            capture(journal, self.hold, self.points, extends, case.origin.clone())
        })
    }
}

/// A hold that is resolved is resolved once.
pub(super) fn is_open(member: &Member, hold: EntryId) -> Result<(), Refusal> {
    member.hold(hold).map(drop).ok_or(Refusal::HoldResolved)
}

/// As many points of the hold are spent again.
pub(crate) fn replay(entry: &Entry, told: &ReplayIndex) -> ReplayStep {
    let Some(hold) = told.counterpart(entry.corrects()) else { return ReplayStep::Lost };
    ReplayStep::ask(Capture { hold: hold.id, points: Some(entry.points.saturating_neg()) })
}
