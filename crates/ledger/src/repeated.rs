//! Repeating in one history what was done by hand in another: gifts, adjustments, freezes.

use crate::commands::{spendable, taken};
use crate::entry::{Entry, LotGrant, Origin};
use crate::fault::Fault;
use crate::id::EntryId;
use crate::journal::{Journal, drawn};
use crate::kind::Kind;

/// Does once more what an entry of another history did: grants what it granted or put back, freezes what it froze, and takes as many points as it
/// took from whatever can be spent here, though not more than there are.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn repeat(journal: &mut Journal, of: &Entry, first_in_first_out: bool) -> Result<EntryId, Fault> {
    let returned = of.returns.iter().map(|back| LotGrant { points: back.points, ..back.lot.clone() });
    let draft = Entry {
        occurred_at: of.occurred_at,
        grants: of.grants.iter().cloned().chain(returned).collect(),
        draws: taken(&spendable(journal, first_in_first_out), drawn(&of.draws)?),
        // Nobody pays off more than is owed here.
        debt: of.debt.max(-journal.member().debt),
        counts: of.counts.clone(),
        frozen: of.frozen,
        carried: of.carried.clone(),
        // An account that was closed has nothing more to tell; it need not be closed here.
        ..journal.draft(if of.kind == Kind::Merge { Kind::Transfer } else { of.kind }, along(of))
    };
    journal.post(draft)
}

fn along(of: &Entry) -> Origin {
    Origin { reference: None, ..of.origin.clone() }
}
