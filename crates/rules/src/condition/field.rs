//! What conditions of rules may ask for. The table is the documentation:
//! docs/reference/conditions.md shows the same names.

use serde::{Deserialize, Serialize};

use super::cost::{MAX_LINES, NAME, NAMED_TAGS, TAGS};

/// The attribute under which the member's tags stand that the published rules name, with commas
/// between. Nobody can tell an attribute of that name.
pub const COPIED_TAGS: &str = "#tags";
/// The most tags that the rules of a programme may name: so many are copied for each member.
pub const MAX_NAMED_TAGS: usize = 20;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A 64-bit integer.
    Int,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A list of integers (only ever written out).
    Ints,
}

impl Type {
    /// Its name in problems.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Text => "a text",
            Self::Texts => "a list of texts",
            Self::Ints => "a list of whole numbers",
        }
    }
}

/// The days left of what has no end, and the days since what never was: more than a policy may
/// count.
pub(crate) const WITHOUT_END: i64 = 36_600;

/// A set of fields that conditions may ask for.
pub trait Known: Clone + PartialEq + 'static {
    /// Whether conditions may go over the lines of an order.
    const HAS_LINES: bool;

    /// The field of that name, and its type.
    fn named(name: &str) -> Option<(Self, Type)>;

    /// The field of that name and key, as in `member.category_share["digital"]`, and its type.
    fn keyed(name: &str, key: &str) -> Option<(Self, Type)>;

    /// Whether it belongs to a line of the order.
    fn is_of_line(&self) -> bool;

    /// Bytes of a text, items of a list, at most.
    fn size(&self) -> u64;

    /// Its name in rows, which for one with a key ends in that key.
    fn row_name(&self) -> Option<String>;
}

/// Something that a condition of a rule may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Event,
    EventReference,
    EventChannel,
    EventStore,
    EventDate,
    EventYear,
    EventMonth,
    EventDay,
    EventWeekday,
    EventHour,
    EventStreakDays,
    OrderAmountMinor,
    OrderQuantity,
    OrderCategories,
    OrderSkus,
    MemberId,
    MemberTier,
    MemberTierDaysLeft,
    MemberBalance,
    MemberIsNew,
    MemberDays,
    MemberOrders,
    MemberSpendMinor,
    MemberGrowth,
    MemberTags,
    MemberBirthMonth,
    MemberBirthDay,
    LineCategory,
    LineSku,
    LineAmountMinor,
    LineQuantity,
}

/// Every field: its name in CEL, the field, its type, what it is.
pub const FIELDS: [(&str, Field, Type, &str); 31] = [
    ("event.name", Field::Event, Type::Text, "`purchase`, or the action"),
    (
        "event.reference",
        Field::EventReference,
        Type::Text,
        "the order, or what the action is named by; empty when not told",
    ),
    ("event.channel", Field::EventChannel, Type::Text, "sales channel; empty when not told"),
    ("event.store", Field::EventStore, Type::Text, "store; empty when not told"),
    (
        "event.date",
        Field::EventDate,
        Type::Text,
        "local day it happened on, `2026-01-31`; compares in order",
    ),
    ("event.year", Field::EventYear, Type::Int, "local year it happened in"),
    ("event.month", Field::EventMonth, Type::Int, "local month it happened in, 1–12"),
    ("event.day", Field::EventDay, Type::Int, "local day of the month it happened on, 1–31"),
    (
        "event.weekday",
        Field::EventWeekday,
        Type::Int,
        "local day of the week it happened on: 1 is Monday, 7 Sunday",
    ),
    ("event.hour", Field::EventHour, Type::Int, "local hour it happened in, 0–23"),
    (
        "event.streak_days",
        Field::EventStreakDays,
        Type::Int,
        "on how many local days in a row, with this one, the member did it; counted from the day a published rule asks for it",
    ),
    ("order.amount_minor", Field::OrderAmountMinor, Type::Int, "sum of all lines, in minor units"),
    ("order.quantity", Field::OrderQuantity, Type::Int, "units of all lines"),
    ("order.categories", Field::OrderCategories, Type::Texts, "categories of its lines"),
    ("order.skus", Field::OrderSkus, Type::Texts, "articles of its lines"),
    ("member.id", Field::MemberId, Type::Text, "the member"),
    ("member.tier", Field::MemberTier, Type::Text, "tier before the event; empty without a ladder"),
    (
        "member.tier_days_left",
        Field::MemberTierDaysLeft,
        Type::Int,
        "local days until the tier ends, with its grace; 0 on its last, 36600 when it has no end",
    ),
    ("member.balance", Field::MemberBalance, Type::Int, "balance before the event"),
    (
        "member.is_new",
        Field::MemberIsNew,
        Type::Bool,
        "this is the first that is known of the member",
    ),
    (
        "member.days",
        Field::MemberDays,
        Type::Int,
        "local days since the member was registered; 0 on the first",
    ),
    (
        "member.orders",
        Field::MemberOrders,
        Type::Int,
        "purchases before this one that were not returned, and do not wait for review",
    ),
    (
        "member.spend_minor",
        Field::MemberSpendMinor,
        Type::Int,
        "what these came to, in minor units",
    ),
    ("member.growth", Field::MemberGrowth, Type::Int, "growth before the event"),
    (
        "member.tags",
        Field::MemberTags,
        Type::Texts,
        "the attribute `tags`, split at its commas, and those of the member's tags that the rules name",
    ),
    (
        "member.birth_month",
        Field::MemberBirthMonth,
        Type::Int,
        "of the attribute `birthday` (`1990-05-17` or `05-17`); 0 when not told",
    ),
    (
        "member.birth_day",
        Field::MemberBirthDay,
        Type::Int,
        "of the same; 0 when not told. A birthday on 29 February has that day in leap years alone",
    ),
    ("line.category", Field::LineCategory, Type::Text, "category of the line; empty when not told"),
    ("line.sku", Field::LineSku, Type::Text, "article of the line; empty when not told"),
    ("line.amount_minor", Field::LineAmountMinor, Type::Int, "what the line cost, in minor units"),
    ("line.quantity", Field::LineQuantity, Type::Int, "units of the line"),
];

impl Field {
    /// Whether it is read from what the merchant told about the member.
    #[must_use]
    pub fn is_of_profile(self) -> bool {
        matches!(self, Self::MemberTags | Self::MemberBirthMonth | Self::MemberBirthDay)
    }
}

impl Known for Field {
    const HAS_LINES: bool = true;

    fn named(name: &str) -> Option<(Self, Type)> {
        FIELDS.iter().find(|(known, ..)| *known == name).map(|(_, field, kind, _)| (*field, *kind))
    }

    fn keyed(_: &str, _: &str) -> Option<(Self, Type)> {
        None
    }

    fn is_of_line(&self) -> bool {
        matches!(
            self,
            Self::LineCategory | Self::LineSku | Self::LineAmountMinor | Self::LineQuantity
        )
    }

    fn size(&self) -> u64 {
        match self {
            Self::OrderCategories | Self::OrderSkus => MAX_LINES,
            Self::MemberTags => TAGS + NAMED_TAGS,
            Self::Event
            | Self::EventReference
            | Self::EventChannel
            | Self::EventStore
            | Self::EventDate
            | Self::MemberId
            | Self::MemberTier
            | Self::LineCategory
            | Self::LineSku => NAME,
            _ => 0,
        }
    }

    fn row_name(&self) -> Option<String> {
        FIELDS.iter().find(|(_, field, ..)| field == self).map(|(name, ..)| (*name).to_owned())
    }
}
