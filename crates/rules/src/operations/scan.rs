//! A receipt that a member scanned.

use std::rc::Rc;

use ledger::{Journal, Member, MemberId, Refusal, Timestamp};

use crate::case::Case;
use crate::operation::{Guards, Needs, Operation, Outcome, ReferenceUse};

/// The earn of an order by its receipt. A cashier may record an order again that came back in full,
/// as for another card; the paper in a member's hand may not.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The earn of the order.
    pub earn: Rc<dyn Operation>,
    /// The earliest instant that counts, where the receipt is older.
    pub too_old: Option<Timestamp>,
}

impl Operation for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn needs(&self, member: &MemberId) -> Needs {
        self.earn.needs(member)
    }

    fn guards(&self) -> Guards {
        Guards { reference: ReferenceUse::OnceEver, ..self.earn.guards() }
    }

    fn allows(&self, case: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        self.earn.allows(case, member)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        match self.too_old {
            Some(earliest) => Err(Refusal::OccurredTooLongAgo { earliest }.into()),
            None => self.earn.post(case, own),
        }
    }

    fn on_device(&self, device: &str) -> Option<Rc<dyn Operation>> {
        let earn = self.earn.on_device(device)?;
        Some(Rc::new(Self { earn, too_old: self.too_old }))
    }
}
