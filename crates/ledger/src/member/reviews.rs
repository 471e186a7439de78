//! Earns of a member that wait for somebody to look at them.

use super::Member;
use crate::array::as_array;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::id::{EntryId, LotNumber};
use crate::kind::Kind;
use crate::kind::{Review, What};

/// An earn of a member that nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReview {
    /// The earn.
    pub earn: EntryId,
    /// The caller that reported it.
    pub actor: String,
    /// The lots that wait.
    pub lots: Vec<LotNumber>,
    /// Why, and what is kept back.
    pub review: Review,
}
as_array!(OpenReview [earn, actor, lots, review]);

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
    pub(super) fn keep_reviews(&mut self, entry: &Entry) -> Result<(), Fault> {
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
