//! Reviews: an earn that looks odd keeps its points back, and does not count towards tiers, until
//! somebody has looked at it.
//!
//! An open review is part of the member's state. It ends with an `approve` entry, or with the
//! `reverse` entry that undoes all that was earned.

use crate::entry::{Effects, Entry, LotDates, LotDraw, LotMoves, Origin};
use crate::id::{EntryId, LotNumber};
use crate::journal::Journal;
use crate::kind::{ReviewApproved, What};
use crate::member::{Member, OpenReview};
use crate::refusal::Refusal;
use crate::stop::Stop;

/// The most open reviews of a member. The list travels with every entry of the member.
pub const MAX_REVIEWS: usize = 100;

/// Approves of an earn under review: its lots get the dates they would have had, from now on at the
/// earliest.
///
/// # Errors
/// [`Refusal::RequestResolved`] when it is not under review, [`Refusal::OwnRequest`] to the caller
/// that reported it; a [`Fault`](crate::Fault) when the member's state is inconsistent.
pub fn approve_review(
    journal: &mut Journal,
    earn: EntryId,
    dates: impl Fn(LotNumber) -> LotDates,
    origin: Origin,
) -> Result<EntryId, Stop> {
    let (member, now) = (journal.member(), journal.now());
    let open = may_decide(member, earn, &origin)?;
    let waiting = member.lots.iter().filter(|lot| lot.pending && open.lots.contains(&lot.number));
    let (mut all, mut activations) = (Vec::new(), Vec::new());
    for lot in waiting {
        let dates = dates(lot.number);
        if dates.available_at <= now {
            activations.push(LotDraw { number: lot.number, points: lot.remaining });
        }
        all.push(dates);
    }
    let qualifying = open.review.qualifying;
    let draft = Entry {
        lots: LotMoves { dates: all, activations, ..LotMoves::default() },
        effects: Effects { qualifying, ..Effects::default() },
        ..journal.draft(What::ApproveReview(ReviewApproved { earn }), origin)
    };
    Ok(journal.post(draft)?)
}

/// The open review of that earn, when it may be decided by whom `origin` names.
///
/// # Errors
/// [`Refusal::RequestResolved`], [`Refusal::OwnRequest`].
pub fn may_decide<'a>(
    member: &'a Member,
    earn: EntryId,
    origin: &Origin,
) -> Result<&'a OpenReview, Refusal> {
    let open = member.review(earn).ok_or(Refusal::RequestResolved)?;
    if open.actor == origin.actor { Err(Refusal::OwnRequest) } else { Ok(open) }
}
