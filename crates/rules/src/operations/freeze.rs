//! Sides of an account are frozen and restored.

use ledger::{Frozen, Journal, MemberId, freeze, restore};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};

/// Freeze sides of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze(pub Frozen);

impl Operation for Freeze {
    fn name(&self) -> &'static str {
        "freeze"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::None)
    }

    fn guards(&self) -> Guards {
        Guards::STAFF
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| freeze(journal, self.0, case.origin.clone()))
    }
}

/// Restore sides of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restore(pub Frozen);

impl Operation for Restore {
    fn name(&self) -> &'static str {
        "restore"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::None)
    }

    fn guards(&self) -> Guards {
        Guards::STAFF
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| restore(journal, self.0, case.origin.clone()))
    }
}
