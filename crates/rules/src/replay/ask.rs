//! Asking once more: what a command comes to under this rulebook, decided on as few of the lots as
//! it needs.

use ledger::{Entry, Fault, Member, Origin, Stop, Timestamp};

use super::Replay;
use crate::case::Case;
use crate::command::Command;
use crate::decide::{decide_event, decide_single};

impl Replay<'_> {
    /// Carries out a command; gives the entry that it asked for.
    pub(super) fn ask(
        &mut self,
        command: &Command,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<Entry>, Fault> {
        let decide = if matches!(command, Command::Earn(_)) { decide_event } else { decide_single };
        let recorded = self.recorded(command, origin);
        // Most commands need no lots while nothing is due, as in the store: to copy thousands of
        // them for each would take minutes.
        let lots = self.needs_no_lots(command, now).then(|| std::mem::take(&mut self.member.lots));
        let gifts = if matches!(command, Command::Reverse(_)) { self.heard.gifts.len() } else { 0 };
        self.effort += 1 + (self.member.lots.len() + gifts) as u64;
        let member = Member { lots_complete: lots.is_none(), ..self.member.clone() };
        let case =
            Case { book: self.book, origin, recorded: &recorded, context: self.context(now) };
        let decided = decide(&case, member, command);
        let primary = match decided {
            Ok(decided) => {
                let primary = decided.decision.primary().cloned();
                self.take_over(decided.decision.postings.iter().map(|posting| &posting.entry));
                self.member = decided.member;
                primary
            }
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Refused(refusal)) => {
                self.sums.refuse(refusal.slug());
                None
            }
        };
        if let Some(mut all) = lots {
            all.append(&mut self.member.lots);
            (self.member.lots, self.member.lots_complete) = (all, true);
        }
        Ok(primary)
    }

    /// Whether the command can be decided without a look at the lots.
    fn needs_no_lots(&self, command: &Command, now: Timestamp) -> bool {
        let asks_for_none = match command {
            Command::Earn(_) => !self.book.slides(),
            Command::Settle | Command::Upgrade => true,
            _ => false,
        };
        asks_for_none && !self.member.is_due(now) && self.member.debt == 0
    }
}
