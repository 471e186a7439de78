//! What the clock has decided is written down, and members move up by themselves.

use ledger::{Journal, MemberId};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::tiers;

/// Write down what the clock has decided: activations, ends of tiers, expiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle;

impl Operation for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::JOB
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| Ok(journal.posted()))
    }
}

/// Move up the ladder when the published rulebook would have it so, after settling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upgrade;

impl Operation for Upgrade {
    fn name(&self) -> &'static str {
        "upgrade"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::JOB
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| {
            let primary = journal.posted();
            tiers::upgrade(journal, case.book, journal.now(), case.origin, None)?;
            Ok(primary)
        })
    }
}
