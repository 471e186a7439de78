//! What looks odd, and what is promised to an earn that somebody has to look at.

use ledger::{Earn, ExpiryPolicy, Refusal, Review, Timestamp};

use crate::document::Suspicion;
use crate::limits::Limits;
use crate::rulebook::{Availability, Rulebook};

/// The life that a rulebook promises the points of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    pub(crate) expiry: ExpiryPolicy,
    pub(crate) availability: Availability,
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
    for velocity in book.document.risk.velocity.iter().filter(|velocity| velocity.event == event) {
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
    let amount =
        above(book.document.risk.review_above_minor, spend_minor).then(|| "amount".to_owned());
    amount.or_else(|| {
        above(book.document.risk.review_above_points, points).then(|| "points".to_owned())
    })
}

/// The same earn, kept back until somebody has looked at it.
pub(crate) fn kept_back(earn: Earn, because: String) -> Earn {
    let mut earn = earn;
    for lot in &mut earn.grants {
        (lot.available_at, lot.expires_at) = (Timestamp::LAST, None);
    }
    // A coupon could be used before anybody has looked.
    earn.coupons.clear();
    earn.review = Some(Review { reason: because, qualifying: earn.qualifying.take() });
    earn
}
