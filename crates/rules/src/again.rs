//! Whether a document may be recorded once more, and which record a later command means.
//!
//! A document (an order, a receipt) is recorded once. Shops number their orders by themselves, so a
//! store that is told keeps documents of the same number apart; where no store is told, it may be
//! any of them. What was undone wholly is as if it had not been: the document may be recorded
//! again, for whomever. How records get names that are unique in the database is the business of
//! `store`.

use std::collections::BTreeMap;

use ledger::{Entry, EntryId, Kind, MemberId, Refusal, UndoneAs};

/// How often one document may be recorded, what was undone included.
pub const MAX_RECORDS: usize = 100;

/// A record of a document, and the entries that correct it, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The entry that recorded it.
    pub entry: Entry,
    /// What undid it, or approved of it.
    pub corrections: Vec<Entry>,
}

/// What a member kept of a document that was undone: recorded again, the document does not bring
/// that a second time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Points that were let go of, as the member did not have them any more.
    pub points: i64,
    /// Kinds of coupons that were not taken away again.
    pub coupons: Vec<String>,
}

impl Past {
    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_undone(&self) -> bool {
        let Self { entry, corrections } = self;
        let reversals = || corrections.iter().filter_map(|correction| correction.reversal());
        match entry.kind().row().undone_as {
            // What somebody found odd and did not approve of is not tried again under the same
            // name.
            UndoneAs::Earned
                if entry.review().is_some()
                    && corrections.iter().all(|one| one.kind() != Kind::Approve) =>
            {
                false
            }
            UndoneAs::Earned if entry.lines().is_empty() => reversals().next().is_some(),
            UndoneAs::Earned => {
                let mut returned: BTreeMap<&str, i64> = BTreeMap::new();
                for line in reversals().flat_map(|reversal| &reversal.lines) {
                    *returned.entry(&line.line).or_default() += line.quantity;
                }
                entry.lines().iter().all(|line| {
                    returned.get(line.line.as_str()).copied().unwrap_or(0) >= line.quantity
                })
            }
            UndoneAs::Spent => {
                reversals().map(|reversal| reversal.desired).sum::<i64>()
                    >= entry.points.saturating_neg()
            }
            UndoneAs::Recorded => {
                entry.kind() == Kind::CouponRedeem && reversals().next().is_some()
            }
            UndoneAs::Held | UndoneAs::Nothing => false,
        }
    }

    /// Whether both may be of one document, as far as their stores tell.
    fn may_be_of(&self, store: Option<&str>) -> bool {
        let own = self.entry.origin.store.as_deref();
        own.is_none() || store.is_none() || own == store
    }

    fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        let mut coupons: Vec<_> = self.entry.effects.coupons.iter().collect();
        for one in &self.corrections {
            let taken =
                one.lots.draws.iter().fold(0i64, |sum, draw| sum.saturating_add(draw.points));
            if let Some(reversal) = one.reversal().filter(|_| self.entry.kind() == Kind::Earn) {
                let gone = reversal.expired.saturating_add(taken).saturating_add(one.lots.debt);
                kept.points =
                    kept.points.saturating_add(reversal.desired.saturating_sub(gone).max(0));
            }
            coupons.retain(|coupon| !one.effects.coupons.contains(coupon));
        }
        kept.coupons = coupons.into_iter().map(|coupon| coupon.name.clone()).collect();
        kept
    }
}

/// The record that keeps a document of that store from being recorded again; all there are were
/// found.
#[must_use]
pub fn living<'a>(pasts: &'a [Past], store: Option<&str>) -> Option<&'a Past> {
    pasts.iter().find(|past| past.may_be_of(store) && !past.is_undone())
}

/// The record that keeps a document of that store from being recorded, though it was undone: for
/// what counts once ever. What lives is told rather than what was undone.
#[must_use]
pub fn ever<'a>(pasts: &'a [Past], store: Option<&str>) -> Option<&'a Past> {
    living(pasts, store).or_else(|| pasts.iter().rev().find(|past| past.may_be_of(store)))
}

/// What the member kept of the same document when it was undone before.
#[must_use]
pub fn kept(pasts: &[Past], member: &MemberId, store: Option<&str>) -> Kept {
    let own = pasts
        .iter()
        .filter(|past| past.entry.member == *member && past.may_be_of(store) && past.is_undone());
    own.map(Past::kept).fold(Kept::default(), |mut all, one| {
        all.points = all.points.saturating_add(one.points);
        all.coupons.extend(one.coupons);
        all
    })
}

/// A record that a command may mean.
pub type Candidate = (EntryId, Option<String>);

/// Which of a member's records under one name a command means, of each kind one: what lives, else
/// what was undone last. `store` is where the document is from, when the command tells.
///
/// # Errors
/// [`Refusal::ReferenceAmbiguous`] where several are meant by it.
pub fn meant(pasts: Vec<Past>, store: Option<&str>) -> Result<Vec<Entry>, Refusal> {
    let of_store: Vec<Past> = pasts.into_iter().filter(|past| past.may_be_of(store)).collect();
    let is_any_living = of_store.iter().any(|past| !past.is_undone());
    let mut meant: Vec<Entry> = Vec::new();
    for Past { entry, .. } in
        of_store.into_iter().filter(|past| !is_any_living || !past.is_undone())
    {
        let same = |other: &Entry| (other.kind() == Kind::Earn) == (entry.kind() == Kind::Earn);
        match meant.iter_mut().find(|other| same(other)) {
            Some(earlier) if !is_any_living => *earlier = entry,
            _ => meant.push(entry),
        }
    }
    let stores = |one: &Entry| one.origin.store.clone();
    let earns = meant.iter().filter(|entry| entry.kind() == Kind::Earn).count();
    let is_of_several = meant.iter().any(|one| {
        meant
            .iter()
            .any(|other| stores(one).zip(stores(other)).is_some_and(|(one, other)| one != other))
    });
    if earns > 1 || meant.len() - earns > 1 || is_of_several {
        return Err(Refusal::ReferenceAmbiguous {
            candidates: meant.iter().map(|one| (one.id, stores(one))).collect(),
        });
    }
    Ok(meant)
}
