//! What makes a strategy ask for a member: something that is about to end, a date, or something
//! that happened.

use serde::{Deserialize, Serialize};

use super::{Fault, Playbook, Strategy, TimeOfDay};

/// When a strategy asks for a member. Days are local days of the programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// Points of the member end. All that end on one day are one occasion.
    PointsExpiring {
        /// So many days before the last day on which they can be spent, 0–365. A sequence has its
        /// own days, of which this is the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days_before: Option<u32>,
        /// Or on the first of the last so many days on which the strategy is for the member.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
    /// The member's tier ends.
    TierEnding {
        /// So many days before its last day, 0–365. As of points with a sequence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days_before: Option<u32>,
    },
    /// The member's tier changed.
    TierChanged {
        /// Up or down; either way when not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        direction: Option<Direction>,
        /// To one of these tiers; to any when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<String>,
    },
    /// A coupon of the member ends.
    CouponExpiring {
        /// So many days before its last day, 0–365. As of points with a sequence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days_before: Option<u32>,
        /// Only of this kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupon: Option<String>,
    },
    /// The member's balance changed.
    BalanceChanged {
        /// By so many points at least, up or down; 1 when not told.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        points_at_least: i64,
    },
    /// The member came into a segment that the programme keeps up to date.
    EnteredSegment {
        /// Its id.
        segment: String,
    },
    /// The member left it.
    LeftSegment {
        /// Its id.
        segment: String,
    },
    /// The member got a tag.
    TagAdded {
        /// Its path.
        tag: String,
    },
    /// The member did something that was reported.
    Behaviour {
        /// What, such as `add_to_cart`.
        behaviour: String,
        /// So many minutes ago, 0–43200 (30 days).
        #[serde(default, skip_serializing_if = "is_zero")]
        after_minutes: u32,
        /// And nothing of this kind since. With the same kind the last time counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unless: Option<String>,
        /// And no entry of this kind since; `order` is a purchase.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unless_entry: Option<String>,
    },
    /// The ledger wrote an entry about the member.
    Entry {
        /// Its kind, such as `earn`.
        entry: String,
    },
    /// A yearly date of the member, such as the birthday.
    Date {
        /// The attribute that has it: `1990-05-17` or `05-17`. A member born on 29 February has the
        /// day on 28 February in other years.
        attribute: String,
        /// So many days before, 0–365. As of points with a sequence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days_before: Option<u32>,
    },
    /// Days of the calendar, for all members of the segment.
    Schedule {
        /// Days of the week, 1 (Monday) to 7; all when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weekdays: Vec<u8>,
        /// Days of the month, 1–31; all when empty. With `weekdays`, both must fit.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        month_days: Vec<u8>,
        /// Months, 1–12; all when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        months: Vec<u8>,
        /// The local time; that of the playbook when not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<TimeOfDay>,
    },
    /// A number that other software gives with a tag came to a bound.
    Score {
        /// The path of the tag.
        tag: String,
        /// It was lower before, and is so high now or higher, 1–1000.
        at_least: i64,
    },
}

/// Which way a tier changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To a higher one.
    Up,
    /// To a lower one.
    Down,
}

impl Trigger {
    /// Its name in documents.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PointsExpiring { .. } => "points_expiring",
            Self::TierEnding { .. } => "tier_ending",
            Self::TierChanged { .. } => "tier_changed",
            Self::CouponExpiring { .. } => "coupon_expiring",
            Self::BalanceChanged { .. } => "balance_changed",
            Self::EnteredSegment { .. } => "entered_segment",
            Self::LeftSegment { .. } => "left_segment",
            Self::TagAdded { .. } => "tag_added",
            Self::Behaviour { .. } => "behaviour",
            Self::Entry { .. } => "entry",
            Self::Date { .. } => "date",
            Self::Schedule { .. } => "schedule",
            Self::Score { .. } => "score",
        }
    }

    /// Whether it looks forward to a day: then nodes have `days_before`, else `days_after`.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        matches!(
            self,
            Self::PointsExpiring { .. }
                | Self::TierEnding { .. }
                | Self::CouponExpiring { .. }
                | Self::Date { .. }
        )
    }

    /// Whether it answers what happened, which comes by itself and on no day that is known before.
    #[must_use]
    pub fn is_about_what_happened(&self) -> bool {
        !self.is_ahead() && !matches!(self, Self::Schedule { .. })
    }

    /// Whether a component hears what it asks for. Changes of the number of a tag leave no trace,
    /// so nobody hears of these yet.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        !matches!(self, Self::Score { .. })
    }

    /// The days before the day that it looks forward to, as told.
    #[must_use]
    pub fn days_before(&self) -> Option<u32> {
        match self {
            Self::PointsExpiring { days_before, .. }
            | Self::TierEnding { days_before }
            | Self::CouponExpiring { days_before, .. }
            | Self::Date { days_before, .. } => *days_before,
            _ => None,
        }
    }

    /// The window at the end of which points end, where the first day within it counts.
    #[must_use]
    pub fn within_days(&self) -> Option<u32> {
        match self {
            Self::PointsExpiring { within_days, .. } => *within_days,
            _ => None,
        }
    }
}

impl Playbook {
    /// Strategies that ask for what no component hears: nobody would ever be told anything.
    #[must_use]
    pub fn unheard(&self) -> Vec<Fault> {
        let strategies = self.strategies.iter().enumerate();
        let unheard = strategies.filter(|(_, strategy)| !strategy.trigger.is_heard());
        let fault = |(place, strategy): (usize, &Strategy)| {
            let kind = strategy.trigger.kind();
            let path = format!("/strategies/{place}/trigger/kind");
            Fault::new(path, format!("nobody hears of {kind} in this version"))
        };
        unheard.map(fault).collect()
    }
}

fn one() -> i64 {
    1
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")
)]
fn is_one(number: &i64) -> bool {
    *number == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
