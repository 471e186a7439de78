//! What looks odd, and what an earn that was looked at is worth then.

use ledger::{
    Earn, EntryId, ExpiryPolicy, Journal, LotDates, LotNumber, Origin, Refusal, Review, Stop,
    Timestamp, approve_review,
};

use crate::case::Case;
use crate::document::Suspicion;
use crate::limits::Limits;
use crate::rulebook::{Availability, Rulebook};
use crate::tiers;

/// The life that a rulebook promises the points of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    expiry: ExpiryPolicy,
    availability: Availability,
}

impl Rulebook {
    /// What it promises for points from this source (an event, or `rule:` and a rule's name);
    /// `None` when it does not know the source.
    #[must_use]
    pub fn promise(&self, source: &str) -> Option<Promise> {
        let (expiry, availability) = self.life(source)?;
        Some(Promise { expiry: expiry.clone(), availability: availability.clone() })
    }
}

/// The first rule that finds the event too fast; it is counted as often as the rulebook asks for.
///
/// # Errors
/// [`Refusal::LimitReached`] where the rulebook lets nothing odd pass.
pub(crate) fn too_fast(
    book: &Rulebook,
    event: &str,
    limits: &mut Limits<'_>,
) -> Result<Option<String>, Refusal> {
    let mut because = None;
    for velocity in book.risk.velocity.iter().filter(|velocity| velocity.event == event) {
        let is_odd = limits.is_fast(velocity);
        if is_odd && velocity.then == Suspicion::Refuse {
            return Err(Refusal::LimitReached {
                times: velocity.times,
                per: velocity.per.as_str().to_owned(),
            });
        }
        because = because
            .or_else(|| is_odd.then(|| format!("velocity:{event}:{}", velocity.per.as_str())));
    }
    Ok(because)
}

/// The first rule that finds the event too large.
pub(crate) fn too_much(book: &Rulebook, spend_minor: i64, points: i64) -> Option<String> {
    let above = |most: Option<i64>, value: i64| most.is_some_and(|most| value > most);
    let amount = above(book.risk.review_above_minor, spend_minor).then(|| "amount".to_owned());
    amount.or_else(|| above(book.risk.review_above_points, points).then(|| "points".to_owned()))
}

/// The same earn, kept back until somebody has looked at it.
pub(crate) fn kept_back(earn: Earn, because: String) -> Earn {
    let mut earn = earn;
    for lot in &mut earn.grants {
        (lot.available_at, lot.expires_at) = (Timestamp::LAST, None);
    }
    // A coupon could be used before anybody has looked.
    earn.coupons.clear();
    earn.review = Some(Review { because, qualifying: earn.qualifying.take() });
    earn
}

/// Approves of an earn: its points get the life that was promised, and what it counts towards tiers
/// counts now.
pub(crate) fn approve(
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
