//! Points are spent.

use ledger::{Entry, Journal, MemberId};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::operations::PayLines;
use crate::replay::{ReplayStep, paid_lines};

/// Spend points, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeem {
    /// How many.
    pub points: i64,
}

impl Operation for Redeem {
    fn name(&self) -> &'static str {
        "redeem"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::First(64))
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            let draw = case.book.spend(journal, self.points)?;
            ledger::redeem(journal, draw, case.origin.clone())
        })
    }
}

/// Points are spent again, on the same lines where they paid lines. What was taken from the
/// catalogue is told as points alone.
pub(crate) fn replay(entry: &Entry) -> ReplayStep {
    if entry.lines().is_empty() {
        ReplayStep::ask(Redeem { points: entry.points.saturating_neg() })
    } else {
        ReplayStep::ask(PayLines { lines: paid_lines(entry), minutes: None })
    }
}
