//! The rulebook that is seeded into an empty database, for tests and figures. The store ships it as
//! a text that a test compares, so that no component holds the code that writes documents.

use crate::document::{
    ActionRule, Caps, Document, Downgrade, Expiry, Limit, Members, Per, PurchaseRule,
    QualifyingPeriod, Redemption, RoundUpTo, TierBasis, TierLevel, Tiers, Transfers,
};

/// The default programme's document: one yuan, one point; a year to spend them; three tiers by the
/// spending of twelve months.
#[must_use]
pub fn default_document() -> Document {
    let expiry = [
        ("shopping", Expiry::Months { months: 12, round_up_to: Some(RoundUpTo::Month) }),
        ("campaign", Expiry::Days { days: 90, round_up_to: None }),
    ];
    let action = |points, growth, times, per| ActionRule {
        points,
        growth,
        limit: Some(Limit { times, per }),
        device_limit: None,
        expiry: "campaign".to_owned(),
        pending: None,
        coupon: None,
    };
    let actions = [
        ("sign_up", action(100, 0, 1, Per::Lifetime)),
        ("complete_profile", action(50, 0, 1, Per::Lifetime)),
        ("check_in", action(5, 1, 1, Per::Day)),
        ("review", action(20, 5, 3, Per::Day)),
        ("share", action(10, 2, 3, Per::Day)),
    ];
    let level = |id: &str, from, multiplier: &str, gift_points| TierLevel {
        id: id.to_owned(),
        from,
        or_growth: None,
        multiplier: multiplier.to_owned(),
        gift_points,
        gift_coupon: None,
        benefits: Vec::new(),
    };
    let purchase = PurchaseRule {
        points_per_unit: "1".to_owned(),
        growth_per_unit: "0.1".to_owned(),
        lines: None,
        points_per_day: None,
        expiry: "shopping".to_owned(),
        pending: None,
        coupon: None,
    };
    let expiry = expiry.into_iter().map(|(name, policy)| (name.to_owned(), policy)).collect();
    Document {
        members: Members { id_patterns: Vec::new(), country_code: Some("86".to_owned()) },
        actions: actions.into_iter().map(|(name, rule)| (name.to_owned(), rule)).collect(),
        caps: Caps { points_per_day: Some(100_000), budget: None },
        tiers: Some(Tiers {
            basis: TierBasis::Spend,
            minimum_orders: None,
            period: QualifyingPeriod::RollingMonths { months: 12 },
            lines: None,
            downgrade: Downgrade::OneStep,
            grace_days: 0,
            gift_expiry: "campaign".to_owned(),
            levels: vec![
                level("member", 0, "1", 0),
                level("silver", 200_000, "1.1", 500),
                level("gold", 1_000_000, "1.5", 2_000),
            ],
        }),
        redemption: Some(Redemption {
            points_per_unit: 100,
            max_percent: 50,
            multiple_of: 1,
            min_points: 100,
            max_points: None,
            prices: Vec::new(),
        }),
        transfers: Some(Transfers {
            min_points: 1,
            max_points: Some(10_000),
            points_per_day: Some(20_000),
            limit: Some(Limit { times: 10, per: Per::Day }),
        }),
        ..Document::new(("CNY", "Asia/Shanghai"), purchase, expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`Document::new`] fills in is what the reader of a document does.
    #[test]
    fn what_a_document_does_not_say_is_as_in_a_new_one() {
        let Document { purchase, expiry, .. } = default_document();
        let said = serde_json::json!({
            "format": 1,
            "currency": "CNY",
            "time_zone": "Asia/Shanghai",
            "purchase": purchase,
            "expiry": expiry,
        });
        let read: Document = serde_json::from_value(said).unwrap();
        assert_eq!(read, Document::new(("CNY", "Asia/Shanghai"), purchase, expiry));
    }
}
