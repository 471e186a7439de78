//! The rulebook that is seeded into an empty database.

use std::collections::BTreeMap;

use crate::document::{
    ActionRule, Approvals, Caps, Consumption, Document, Downgrade, Enrolment, Exchanges, Expiry,
    Limit, Members, Per, Publication, PurchaseRule, QualifyingPeriod, Redemption, Reminders,
    Retention, Returns, Risk, RoundUpTo, RoundingMode, TierBasis, TierLevel, Tiers, Transfers,
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
    };
    Document {
        format: 1,
        currency: "CNY".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        rounding: RoundingMode::Down,
        enrolment: Enrolment::Automatic,
        members: Members { id_patterns: Vec::new(), country_code: Some("86".to_owned()) },
        consumption: Consumption::ExpiringFirst,
        accept_late_days: 7,
        purchase: PurchaseRule {
            points_per_unit: "1".to_owned(),
            growth_per_unit: "0.1".to_owned(),
            lines: None,
            points_per_day: None,
            expiry: "shopping".to_owned(),
            pending: None,
            coupon: None,
        },
        actions: actions.into_iter().map(|(name, rule)| (name.to_owned(), rule)).collect(),
        rules: Vec::new(),
        groups: BTreeMap::new(),
        caps: Caps { points_per_day: Some(100_000), budget: None },
        expiry: expiry.into_iter().map(|(name, policy)| (name.to_owned(), policy)).collect(),
        tiers: Some(Tiers {
            basis: TierBasis::Spend,
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
        reminders: Reminders::default(),
        returns: Returns::default(),
        approvals: Approvals::default(),
        publication: Publication::default(),
        retention: Retention::default(),
        risk: Risk::default(),
        coupons: BTreeMap::new(),
        redemption: Some(Redemption {
            points_per_unit: 100,
            max_percent: 50,
            multiple_of: 1,
            min_points: 100,
            max_points: None,
        }),
        transfers: Some(Transfers {
            min_points: 1,
            max_points: Some(10_000),
            points_per_day: Some(20_000),
            limit: Some(Limit { times: 10, per: Per::Day }),
        }),
        exchanges: Exchanges::default(),
    }
}
