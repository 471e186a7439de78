//! Whose the account is is forgotten; what is left is forfeited.

use ledger::{EntryId, Journal, MemberId, Origin, Stop, end_requests, release};

use crate::case::Case;
use crate::operation::{Account, Guards, Lots, Needs, Operation, Outcome};
use crate::settle::origin_of;

/// Forget whose the account is: what is left is forfeited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erase;

impl Operation for Erase {
    fn name(&self) -> &'static str {
        "erase"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::STAFF.on(Account::Member)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| erase(journal, case.origin))
    }
}

/// Ends all that is open, then forfeits what is left. Tells which posting is the one that was asked
/// for.
fn erase(journal: &mut Journal, origin: &Origin) -> Result<usize, Stop> {
    let along = origin_of(&origin.actor);
    let holds: Vec<EntryId> = journal.member().holds.iter().map(|hold| hold.id).collect();
    for hold in holds {
        release(journal, hold, along.clone())?;
    }
    end_requests(journal, &along)?;
    let primary = journal.posted();
    ledger::erase(journal, origin.clone())?;
    Ok(primary)
}
