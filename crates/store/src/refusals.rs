//! Refusals as they are kept under their idempotency key, so that a retry hears the same words.

use std::collections::HashSet;

use ledger::{Refusal, Timestamp};

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// A kept refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefusal {
    /// Fingerprint of the request that was refused.
    pub fingerprint: String,
    /// Names the occurrence; a UUID.
    pub id: String,
    /// What was answered.
    pub refusal: Refusal,
}

/// Keeps refusals (key, fingerprint, id, body) unless their keys are taken; returns the ids of
/// those that were kept.
pub(crate) async fn keep(
    sql: &impl Sql,
    programme_no: i64,
    now: Timestamp,
    rows: &[[String; 4]],
) -> Result<HashSet<String>, Error> {
    let text = serde_json::to_string(rows).map_err(|_| Error::Corrupt("refusals to be written"))?;
    let values = vec![programme_no.into(), text.into(), now.0.into()];
    let kept = sql.query(statement!("queries/keep_refusals"), values).await?;
    kept.into_iter().map(|mut row| row.text(0)).collect()
}

/// The text that is stored.
pub(crate) fn write(refusal: &Refusal) -> Result<String, Error> {
    serde_json::to_string(refusal).map_err(|_| Error::Corrupt("refusal to be written"))
}

#[cfg(test)]
mod tests {
    use ledger::EntryId;

    use super::*;

    #[test]
    fn a_refusal_is_read_as_it_was_written() {
        let (entry, text) = (EntryId(7), || "x".to_owned());
        let mut refusals = vec![
            Refusal::MemberNotFound,
            Refusal::ConditionsTooCostly,
            Refusal::MemberMerged { into: text() },
            Refusal::ReferenceAlreadyUsed { entry: Some(entry) },
            Refusal::ReferenceAlreadyUsed { entry: None },
            Refusal::ReferenceOfAnother { entry: Some(entry) },
            Refusal::ReferenceAmbiguous {
                candidates: vec![(entry, None), (EntryId(8), Some(text()))],
            },
            Refusal::AliasTaken { kind: text() },
            Refusal::OutsideLimits { least: 1, most: 2 },
            Refusal::TierRequired { tiers: vec![text()] },
            Refusal::OutOfStock { left: 3 },
            Refusal::CouponNotStackable { entry },
            Refusal::UnknownEvent { event: text() },
            Refusal::OccurredTooLongAgo { earliest: Timestamp(4) },
            Refusal::CurrencyMismatch { expected: text() },
            Refusal::BelowMinimum { points: 5, minimum: 6 },
            Refusal::LimitReached { times: 7, per: text() },
            Refusal::DeviceLimitReached { times: 8, per: text() },
            Refusal::BudgetSpent { of: "grant", per: text() },
            Refusal::TooManyOpen { most: 9 },
            Refusal::TooManyReviews { most: 10 },
            Refusal::TooManyLots { most: 11 },
            Refusal::not_offered("what no version knew before"),
            Refusal::UnknownLine { line: text() },
            Refusal::WrongApprover { role: text() },
            Refusal::UnknownTier { tier: text() },
            Refusal::TierEarned { tier: text() },
            Refusal::UnknownReason { reason: text() },
            Refusal::UnknownPolicy { policy: text() },
            Refusal::MoreThanLeft { line: Some(text()), left: 12 },
            Refusal::MoreThanLeft { line: None, left: 13 },
            Refusal::PointsNeeded { left: 14 },
            Refusal::InsufficientPoints { balance: 15, missing: 16 },
        ];
        refusals.extend(["earning", "spending"].map(|side| Refusal::MemberFrozen { side }));
        let conditions = ["minimum", "category", "channel", "store"];
        refusals.extend(conditions.map(|condition| Refusal::CouponConditions { condition }));
        for (of, per) in
            [("member", "day"), ("member", "month"), ("approver", "day"), ("request", "")]
        {
            refusals.push(Refusal::ApprovalsExceeded { of, per, most: 17 });
        }
        for refusal in refusals {
            let body = write(&refusal).unwrap();
            assert!(body.trim_matches(['{', '"']).starts_with(refusal.slug()), "{body}");
            let read: Refusal = serde_json::from_str(&body).unwrap();
            assert_eq!(read, refusal, "{body}");
        }
    }
}
