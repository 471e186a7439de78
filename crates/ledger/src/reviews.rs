//! Reviews: an earn that looks odd keeps its points back, and does not count towards tiers, until
//! somebody has looked at it.
//!
//! An open review is part of the member's state. It ends with an `approve` entry, or with the
//! `reverse` entry that undoes all that was earned.

use crate::entry::array::as_array;
use crate::entry::{
    Effects, Entry, LotDates, LotDraw, LotMoves, Origin, Review, ReviewApproved, What,
};
use crate::fault::Fault;
use crate::id::{EntryId, LotNumber};
use crate::journal::Journal;
use crate::kind::Kind;
use crate::member::Member;
use crate::refusal::Refusal;
use crate::stop::Stop;

/// The most open reviews of a member. The list travels with every entry of the member.
pub const MAX_REVIEWS: usize = 100;

/// An earn of a member that nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReview {
    /// The earn.
    pub earn: EntryId,
    /// Who reported it.
    pub actor: String,
    /// The lots that wait.
    pub lots: Vec<LotNumber>,
    /// Why, and what is kept back.
    pub review: Review,
}
as_array!(OpenReview [earn, actor, lots, review]);

/// Approves of an earn under review: its lots get the dates they would have had, from now on at the
/// earliest.
///
/// # Errors
/// [`Refusal::RequestResolved`] when it is not under review, [`Refusal::OwnRequest`] to who
/// reported it; a [`Fault`] when the member's state is inconsistent.
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

impl Member {
    /// The open review of that earn.
    #[must_use]
    pub fn review(&self, earn: EntryId) -> Option<&OpenReview> {
        self.reviews.iter().find(|open| open.earn == earn)
    }

    /// True for a lot that waits for a review.
    #[must_use]
    pub fn is_under_review(&self, lot: LotNumber) -> bool {
        self.reviews.iter().any(|open| open.lots.contains(&lot))
    }

    /// Opens a review with an earn, and ends it, or what is left of it, with what corrects the
    /// earn.
    pub(crate) fn keep_reviews(&mut self, entry: &Entry) -> Result<(), Fault> {
        if let Some(review) = entry.earned().and_then(|earned| earned.review.clone()) {
            let (earn, actor) = (entry.id, entry.origin.actor.clone());
            let lots = entry.lots.grants.iter().map(|lot| lot.number).collect();
            self.reviews.push(OpenReview { earn, actor, lots, review });
            return Ok(());
        }
        let is_decision = matches!(entry.what, What::ApproveReview(_));
        let at = self.reviews.iter().position(|open| Some(open.earn) == entry.corrects());
        let Some(at) = at.filter(|_| is_decision || entry.kind() == Kind::Reverse) else {
            return if is_decision || entry.review().is_some() {
                Err(Fault::Request)
            } else {
                Ok(())
            };
        };
        match (entry.review(), self.reviews.get_mut(at)) {
            (Some(left), Some(open)) if !is_decision => open.review = left.clone(),
            (None, Some(open)) => {
                let as_kept = !is_decision || entry.effects.qualifying == open.review.qualifying;
                let own = entry.lots.dates.iter().all(|dates| open.lots.contains(&dates.number))
                    && entry.lots.activations.iter().all(|lot| open.lots.contains(&lot.number));
                self.reviews.remove(at);
                return if as_kept && own { Ok(()) } else { Err(Fault::Request) };
            }
            _ => return Err(Fault::Request),
        }
        Ok(())
    }
}
