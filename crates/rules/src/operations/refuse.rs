//! Something is refused before it can be told what it was about.

use ledger::{Fault, Journal, Member, MemberId, Refusal};

use crate::case::Case;
use crate::operation::{Account, Guards, Lots, Needs, Operation, Outcome, Stores};

/// Something that names what cannot be told; refused, and the refusal kept, as other refusals are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuse(pub Refusal);

impl Operation for Refuse {
    fn name(&self) -> &'static str {
        "refuse"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        // A member registered under somebody else's name need not be there.
        let account = match self.0 {
            Refusal::AliasTaken { .. } => Account::New,
            _ => Account::MemberOrPool,
        };
        Guards::FOLLOWING.on(account).in_stores(Stores::Optional)
    }

    fn allows(&self, _: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        Err(self.0.clone())
    }

    fn post(&self, _: &Case<'_>, _: Journal) -> Outcome {
        Err(Fault::Draft.into())
    }
}
