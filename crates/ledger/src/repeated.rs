//! Repeating in one history what was done by hand in another: gifts, adjustments, freezes.

use crate::commands::{spendable, taken};
use crate::entry::{Effects, Entry, LotDraw, LotGrant, LotMoves, Origin};
use crate::entry::{drawn, sum};
use crate::fault::Fault;
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::Kind;
use crate::kind::{Repeated, What};

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
    let closed = if let What::CloseInto(closed) = &of.what { Some(closed) } else { None };
    let mut lots = spendable(journal, journal.now(), first_in_first_out);
    if closed.is_some() {
        let member = journal.member();
        let pending =
            member.lots.iter().filter(|lot| lot.pending && !member.is_under_review(lot.number));
        lots.extend(pending.map(|lot| LotDraw { number: lot.number, points: member.free(lot) }));
    }
    let draws = taken(&lots, drawn(&of.lots.draws)?);
    // Nobody pays off more than is owed here.
    let debt = of.lots.debt.max(-journal.member().debt);
    let is_empty = {
        let member = journal.member();
        let left = sum(member.lots.iter().map(|lot| lot.remaining))?;
        let waits =
            !(member.holds.is_empty() && member.requests.is_empty() && member.reviews.is_empty());
        left == drawn(&draws)? && debt == -member.debt && !waits
    };
    let (what, coupons) = match closed.filter(|_| is_empty) {
        Some(closed) => (What::CloseInto(closed.clone()), journal.member().coupons.clone()),
        None => {
            let kind = Some(of.kind()).filter(|kind| *kind != Kind::Merge);
            let repeated = Repeated {
                of: kind.unwrap_or(Kind::Transfer),
                frozen: of.frozen(),
                carried: of.carried().cloned(),
                tier: of.tier().cloned(),
            };
            (What::Repeated(repeated), Vec::new())
        }
    };
    let returned =
        of.lots.returns.iter().map(|back| LotGrant { points: back.points, ..back.lot.clone() });
    let grants = of.lots.grants.iter().cloned().chain(returned).collect();
    let (counts, qualifying) = (of.effects.counts.clone(), of.effects.qualifying);
    let draft = Entry {
        occurred_at: of.occurred_at,
        lots: LotMoves { grants, draws, debt, ..LotMoves::default() },
        effects: Effects { counts, qualifying, coupons, ..Effects::default() },
        ..journal.draft(what, along(of))
    };
    journal.post(draft)
}

fn along(of: &Entry) -> Origin {
    Origin { reference: None, ..of.origin.clone() }
}
