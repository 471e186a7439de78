//! Pending points become spendable before their time.

use ledger::{
    Entry, ExpiryPolicy, Journal, Lot, LotDates, LotGrant, LotNumber, Member, MemberId, Refusal,
    Timestamp, Zone, activate_early,
};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::replay::{ReplayIndex, ReplayStep};
use crate::rulebook::Rulebook;

/// Pending points that something has settled before their time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The lots of the earn, each with how long it lives from now on by the rulebook that it was
    /// earned under.
    pub lots: Vec<(LotNumber, ExpiryPolicy)>,
}

/// Make the pending points of an earlier earn spendable now; `None` when the member has no such
/// earn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activate(pub Option<Activation>);

impl Operation for Activate {
    fn name(&self) -> &'static str {
        "activate"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING
    }

    fn allows(&self, _: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        self.0.as_ref().map(drop).ok_or(Refusal::ReferenceNotFound)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| {
            let activation = self.0.as_ref().ok_or(Refusal::ReferenceNotFound)?;
            let dates = dates(journal.member(), activation, journal.now(), case.book.zone());
            if dates.is_empty() {
                let mut lots = activation.lots.iter();
                let waits = lots.any(|(lot, _)| journal.member().is_under_review(*lot));
                let refusal = if waits { Refusal::UnderReview } else { Refusal::NothingPending };
                return Err(refusal.into());
            }
            Ok(activate_early(journal, dates, case.origin.clone())?)
        })
    }
}

/// The new dates of those lots that are still pending.
fn dates(member: &Member, activation: &Activation, now: Timestamp, zone: Zone) -> Vec<LotDates> {
    let pending =
        member.lots.iter().filter(|lot| lot.pending && !member.is_under_review(lot.number));
    let dates = |lot: &Lot| {
        let (_, expiry) = activation.lots.iter().find(|(number, _)| *number == lot.number)?;
        Some(LotDates {
            number: lot.number,
            available_at: now,
            expires_at: expiry.expires_at(now, zone),
        })
    };
    pending.filter_map(dates).collect()
}

/// An activation before its time is asked for again; those by the clock follow.
pub(crate) fn replay(entry: &Entry, told: &ReplayIndex, book: &Rulebook) -> ReplayStep {
    if entry.lots.dates.is_empty() {
        return ReplayStep::Follows;
    }
    let earn = entry.lots.activations.iter().find_map(|lot| told.earned.get(&lot.number));
    let Some(earn) = told.counterpart(earn.copied()) else { return ReplayStep::Lost };
    let life = |lot: &LotGrant| Some((lot.number, book.expiry(&lot.source)?.clone()));
    let lots = earn.lots.grants.iter().filter_map(life).collect();
    ReplayStep::ask(Activate(Some(Activation { lots })))
}
