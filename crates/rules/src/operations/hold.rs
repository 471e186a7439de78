//! Points are set aside.

use ledger::{Entry, Journal, MemberId, hold};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::operations::PayLines;
use crate::replay::{ReplayStep, paid_lines};

/// Set points aside, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// How many.
    pub points: i64,
    /// For how long.
    pub minutes: u32,
}

impl Operation for Hold {
    fn name(&self) -> &'static str {
        "hold"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::First(64))
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            let until = journal.now().plus_ms(i64::from(self.minutes) * 60_000);
            let draw = case.book.spend(journal, self.points)?;
            hold(journal, draw, until, case.origin.clone())
        })
    }
}

/// Points are set aside again, for as long as they were.
pub(crate) fn replay(entry: &Entry) -> ReplayStep {
    let Some(reservation) = entry.reservation() else { return ReplayStep::Lost };
    let points = reservation.lots.iter().map(|lot| lot.points).sum();
    let minutes = (reservation.until.0 - entry.recorded_at.0) / 60_000;
    let minutes = u32::try_from(minutes).unwrap_or(0);
    if entry.lines().is_empty() {
        ReplayStep::ask(Hold { points, minutes })
    } else {
        ReplayStep::ask(PayLines { lines: paid_lines(entry), minutes: Some(minutes) })
    }
}
