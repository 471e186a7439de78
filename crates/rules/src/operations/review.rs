//! Somebody has looked at an earn under review: its points go their way, or it is undone.

use ledger::{
    Entry, EntryId, Journal, LotDates, LotGrant, LotNumber, Member, MemberId, Origin, Stop,
    Timestamp, approve_review, may_decide,
};

use super::reverse::{ToReverse, reverse};
use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome, Stores};
use crate::replay::{ReplayIndex, ReplayStep};
use crate::review::Promise;
use crate::rulebook::Rulebook;
use crate::tiers;

/// Approve of an earn under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveReview {
    /// The earn.
    pub earn: EntryId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The life that the points of each of its lots were promised.
    pub promises: Vec<(LotNumber, Promise)>,
}

impl Operation for ApproveReview {
    fn name(&self) -> &'static str {
        "approve_review"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        let Self { earn, occurred_at, promises } = self;
        case.alone(own, |journal| approve(journal, case, *earn, *occurred_at, promises))
    }
}

/// Turn an earn under review down: all that is left of it is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectReview(pub Box<ToReverse>);

impl Operation for RejectReview {
    fn name(&self) -> &'static str {
        "reject_review"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs { undoes: Some(self.0.targets()), ..Needs::lots(Lots::All) }
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| {
            if let Some(earn) = &self.0.earn {
                may_decide(journal.member(), earn.id, case.origin)?;
            }
            reverse(journal, None, case, &self.0)
        })
    }
}

/// Approves of an earn: its points get the life that was promised, and what it counts towards tiers
/// counts now.
fn approve(
    journal: &mut Journal,
    case: &Case<'_>,
    earn: EntryId,
    occurred_at: Timestamp,
    promises: &[(LotNumber, Promise)],
) -> Result<EntryId, Stop> {
    let (now, zone) = (journal.now(), case.book.zone());
    let dates = |number: LotNumber| {
        let promised = promises.iter().find(|(lot, _)| *lot == number).map(|(_, promise)| promise);
        // Every lot of the earn has one: it is at once, and for ever, where somebody left one out.
        let available_at = promised.map_or(now, |promise| {
            promise.availability.available_at(occurred_at, now, zone).max(now)
        });
        let is_known = available_at < Timestamp::LAST;
        let expires_at = promised
            .filter(|_| is_known)
            .and_then(|promise| promise.expiry.expires_at(available_at, zone));
        LotDates { number, available_at, expires_at }
    };
    let along = Origin { reference: None, reason: None, ..case.origin.clone() };
    let id = approve_review(journal, earn, dates, case.origin.clone())?;
    tiers::upgrade(journal, case.book, journal.now(), &along, Some(id))?;
    Ok(id)
}

/// The earn is approved of again, where this rulebook, too, keeps it back.
pub(crate) fn replay(
    entry: &Entry,
    told: &ReplayIndex,
    member: &Member,
    book: &Rulebook,
) -> ReplayStep {
    let Some(earn) = told.counterpart(entry.corrects()) else { return ReplayStep::Lost };
    if member.review(earn.id).is_none() {
        // Under this rulebook nobody had to look at it.
        return ReplayStep::Follows;
    }
    let promise = |lot: &LotGrant| Some((lot.number, book.promise(&lot.source)?));
    let promises = earn.lots.grants.iter().filter_map(promise).collect();
    ReplayStep::ask(ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises })
}
