//! Points pay lines of an order: what each line costs is the till's to say.

use ledger::{Fault, Journal, MemberId, Redeem};

use super::pay_with_points::spend;
use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};

/// Spend points on lines of an order, at least 1 on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayLines {
    /// Line, units, points.
    pub lines: Vec<(String, i64, i64)>,
    /// Sets them aside for so long instead.
    pub minutes: Option<u32>,
}

impl Operation for PayLines {
    fn name(&self) -> &'static str {
        "pay_lines"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::First(64))
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            let points = |sum: i64, line: &(String, i64, i64)| sum.checked_add(line.2);
            let sum = self.lines.iter().try_fold(0i64, points).ok_or(Fault::Overflow)?;
            let draw = Redeem { lines: self.lines.clone(), ..case.book.spend(journal, sum)? };
            spend(journal, draw, self.minutes, case.origin.clone())
        })
    }
}
