//! What conditions of tags and segments may ask of a member, outside any event. The table is the
//! documentation: docs/reference/conditions.md shows the same names.

use super::cost::{NAME, TAGS};
use super::{Known, Type};

/// Tags that a programme may define.
const OWN_TAGS: u64 = 500;

/// In rows, the share of a category has this and the category as its name.
pub(super) const CATEGORY_SHARE: &str = "member.category_share.";

/// Something that a condition about a member may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberField {
    /// The member's id.
    Id,
    /// Orders within so many days.
    Orders(u16),
    /// Money spent within so many days.
    Spend(u16),
    /// Money an order, over 365 days.
    AverageOrder,
    /// Orders ever.
    OrdersEver,
    /// Days since the last order.
    DaysSinceOrder,
    /// Days since the last login.
    DaysSinceLogin,
    /// Days since anything was heard of the member.
    DaysSinceSeen,
    /// Days since the last redemption.
    DaysSinceRedeem,
    /// Days of membership.
    Days,
    /// The balance.
    Balance,
    /// Points that end within so many days.
    Expiring(u16),
    /// Days until the next points end.
    DaysToExpiry,
    /// Points redeemed within so many days.
    Redeemed(u16),
    /// The tier.
    Tier,
    /// Days until it ends.
    TierDaysLeft,
    /// What is missing to the next tier.
    TierMissing,
    /// Years of age.
    Age,
    /// Month of the birthday.
    BirthMonth,
    /// Day of the birthday.
    BirthDay,
    /// The home store.
    HomeStore,
    /// Tags, from here and of the attribute.
    Tags,
    /// Percent of the spend of 365 days in a category.
    CategoryShare(String),
    /// The score of recency.
    Recency,
    /// The score of frequency.
    Frequency,
    /// The score of money.
    Money,
    /// The group of customers by the three.
    Group,
}

/// Every field: its name in CEL, the field, its type, what it is.
pub static MEMBER_FIELDS: [(&str, MemberField, Type, &str); 34] = [
    ("member.id", MemberField::Id, Type::Text, "the member"),
    (
        "member.orders_30",
        MemberField::Orders(30),
        Type::Int,
        "orders of the last 30 local days, today among them, that were not returned",
    ),
    ("member.orders_90", MemberField::Orders(90), Type::Int, "the same of 90 days"),
    ("member.orders_365", MemberField::Orders(365), Type::Int, "the same of 365 days"),
    ("member.orders", MemberField::OrdersEver, Type::Int, "the same since the member joined"),
    (
        "member.spend_90",
        MemberField::Spend(90),
        Type::Int,
        "what the orders of 90 days came to, less returns, in minor units",
    ),
    ("member.spend_365", MemberField::Spend(365), Type::Int, "the same of 365 days"),
    (
        "member.average_order_365",
        MemberField::AverageOrder,
        Type::Int,
        "spend of 365 days for each order of these days, in minor units; 0 without an order",
    ),
    (
        "member.days_since_order",
        MemberField::DaysSinceOrder,
        Type::Int,
        "local days since the last order; 0 today, 36600 when there was none",
    ),
    (
        "member.days_since_login",
        MemberField::DaysSinceLogin,
        Type::Int,
        "local days since the last login that was reported; 36600 when there was none",
    ),
    (
        "member.days_since_seen",
        MemberField::DaysSinceSeen,
        Type::Int,
        "local days since the last behaviour of any kind that was reported; 36600 when there was none",
    ),
    (
        "member.days_since_redeem",
        MemberField::DaysSinceRedeem,
        Type::Int,
        "local days since the last redemption; 36600 when there was none",
    ),
    (
        "member.days",
        MemberField::Days,
        Type::Int,
        "local days since the member was registered; 0 on the first",
    ),
    ("member.balance", MemberField::Balance, Type::Int, "points that can be spent"),
    (
        "member.expiring_7",
        MemberField::Expiring(7),
        Type::Int,
        "points whose last day is today or one of the 7 local days after it",
    ),
    ("member.expiring_15", MemberField::Expiring(15), Type::Int, "the same with 15 days"),
    ("member.expiring_30", MemberField::Expiring(30), Type::Int, "the same with 30 days"),
    ("member.expiring_60", MemberField::Expiring(60), Type::Int, "the same with 60 days"),
    ("member.expiring_90", MemberField::Expiring(90), Type::Int, "the same with 90 days"),
    (
        "member.days_to_expiry",
        MemberField::DaysToExpiry,
        Type::Int,
        "local days until the next points end; 36600 when none do",
    ),
    (
        "member.redeemed_90",
        MemberField::Redeemed(90),
        Type::Int,
        "points redeemed in the last 90 local days",
    ),
    ("member.tier", MemberField::Tier, Type::Text, "the tier; empty without a ladder"),
    (
        "member.tier_days_left",
        MemberField::TierDaysLeft,
        Type::Int,
        "local days until the tier ends; 36600 when it has no end",
    ),
    (
        "member.tier_missing",
        MemberField::TierMissing,
        Type::Int,
        "what is missing to the next tier, in the unit of the ladder; 0 on the highest",
    ),
    (
        "member.age",
        MemberField::Age,
        Type::Int,
        "years, of the attribute `birthday`. Where no year is told, no comparison with it holds, nor its opposite",
    ),
    (
        "member.birth_month",
        MemberField::BirthMonth,
        Type::Int,
        "of the attribute `birthday` (`1990-05-17` or `05-17`); 0 when not told",
    ),
    ("member.birth_day", MemberField::BirthDay, Type::Int, "of the same; 0 when not told"),
    (
        "member.home_store",
        MemberField::HomeStore,
        Type::Text,
        "the home store of the preferences; empty when not told",
    ),
    (
        "member.tags",
        MemberField::Tags,
        Type::Texts,
        "paths of the member's tags, and the attribute `tags`, split at its commas",
    ),
    (
        "member.category_share[\"…\"]",
        MemberField::CategoryShare(String::new()),
        Type::Int,
        "percent of the spend of 365 days that went to the category, rounded down; 0 without spend",
    ),
    (
        "rfm.r",
        MemberField::Recency,
        Type::Int,
        "score of the last order, 1–5; 5 is the most recent fifth",
    ),
    ("rfm.f", MemberField::Frequency, Type::Int, "score of the orders of 365 days, 1–5"),
    ("rfm.m", MemberField::Money, Type::Int, "score of the spend of 365 days, 1–5"),
    (
        "rfm.group",
        MemberField::Group,
        Type::Text,
        "one of the eight groups, such as `important_value`; empty without an order",
    ),
];

impl Known for MemberField {
    const HAS_LINES: bool = false;

    fn named(name: &str) -> Option<(Self, Type)> {
        MEMBER_FIELDS
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, field, kind, _)| (field.clone(), *kind))
    }

    fn keyed(name: &str, key: &str) -> Option<(Self, Type)> {
        (name == "member.category_share").then(|| (Self::CategoryShare(key.to_owned()), Type::Int))
    }

    fn is_of_line(&self) -> bool {
        false
    }

    fn size(&self) -> u64 {
        match self {
            Self::Tags => TAGS + OWN_TAGS,
            Self::Id | Self::Tier | Self::HomeStore | Self::Group => NAME,
            _ => 0,
        }
    }

    fn row_name(&self) -> Option<String> {
        if let Self::CategoryShare(category) = self {
            return Some(format!("{CATEGORY_SHARE}{category}"));
        }
        let known = MEMBER_FIELDS.iter().find(|(_, field, ..)| field == self);
        known.map(|(name, ..)| (*name).to_owned())
    }
}
