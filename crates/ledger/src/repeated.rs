//! Repeating in one history what was done by hand in another: gifts, adjustments, freezes.

use crate::commands::{spendable, taken};
use crate::entry::{Entry, LotDraw, LotGrant, Origin};
use crate::fault::Fault;
use crate::id::EntryId;
use crate::journal::{Journal, drawn, sum};
use crate::kind::Kind;

/// Does once more what an entry of another history did: grants what it granted or put back, freezes
/// what it froze, and takes as many points as it took from whatever can be spent here, though not
/// more than there are. An account that was closed for another one is closed when nothing is left
/// of it: under other rules there may be more than was handed over.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn repeat(
    journal: &mut Journal,
    of: &Entry,
    first_in_first_out: bool,
) -> Result<EntryId, Fault> {
    let closes = of.kind == Kind::Merge && of.carried.is_none();
    let mut lots = spendable(journal, journal.now(), first_in_first_out);
    if closes {
        let member = journal.member();
        let pending =
            member.lots.iter().filter(|lot| lot.pending && !member.is_under_review(lot.number));
        lots.extend(pending.map(|lot| LotDraw { number: lot.number, points: member.free(lot) }));
    }
    let draws = taken(&lots, drawn(&of.draws)?);
    // Nobody pays off more than is owed here.
    let debt = of.debt.max(-journal.member().debt);
    let is_empty = {
        let member = journal.member();
        let left = sum(member.lots.iter().map(|lot| lot.remaining))?;
        let waits =
            !(member.holds.is_empty() && member.requests.is_empty() && member.reviews.is_empty());
        left == drawn(&draws)? && debt == -member.debt && !waits
    };
    let (kind, counterparty, coupons) = match of.kind {
        Kind::Merge if closes && is_empty => {
            (Kind::Merge, of.counterparty.clone(), journal.member().coupons.clone())
        }
        Kind::Merge => (Kind::Transfer, None, Vec::new()),
        kind => (kind, None, Vec::new()),
    };
    let returned =
        of.returns.iter().map(|back| LotGrant { points: back.points, ..back.lot.clone() });
    let draft = Entry {
        occurred_at: of.occurred_at,
        grants: of.grants.iter().cloned().chain(returned).collect(),
        draws,
        debt,
        counterparty,
        coupons,
        counts: of.counts.clone(),
        frozen: of.frozen,
        carried: of.carried.clone(),
        tier: of.tier.clone(),
        qualifying: of.qualifying,
        ..journal.draft(kind, along(of))
    };
    journal.post(draft)
}

fn along(of: &Entry) -> Origin {
    Origin { reference: None, ..of.origin.clone() }
}
