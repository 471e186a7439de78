//! The playbook: when which members are told what, as one versioned document of a programme.
//!
//! Owns: the document's shape ([`Playbook`]), what makes it one that can be published
//! ([`Playbook::check`]), and its conditions, read once for all members ([`Compiled`]). What it
//! makes of a member is decided by [`crate::touch`].

mod action;
mod check;
mod check_action;
mod compiled;
mod given;
mod known;
mod major;
mod send;
mod strategy;
mod time_of_day;
mod trigger;

use std::collections::BTreeMap;

use rules::PlainCondition;
use serde::{Deserialize, Serialize};

pub use action::{Action, Grant, Recommend, SetAttribute, TASK_ROLES, Task, TaskTo};
pub use check::Fault;
pub use compiled::Compiled;
pub(crate) use compiled::Timing;
pub use known::{Known, KnownGrant, KnownTemplate};
pub use send::{Mode, Node, Send, Sequence};
pub(crate) use strategy::Step;
pub use strategy::{Budget, MAX_STRATEGIES, Match, Stop, Strategy};
pub use time_of_day::TimeOfDay;
pub use trigger::{Direction, Trigger};

use crate::contact::{Channel, Purpose};

/// The playbook that ships as an example: the four rows, the ladder of reminders before points
/// end, and ready-made strategies for birthdays, tiers and coupons.
pub const EXAMPLE: &str = include_str!("example.json");

/// When which members are told what. The default has no strategy: nobody is told anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Playbook {
    /// The local time at which messages go out that are due on a day, in the programme's zone.
    pub send_at: TimeOfDay,
    /// How many messages a member gets at most. Each of them must have room.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// When members get no message, unless they chose hours of their own. `null` is never.
    pub quiet_hours: Option<QuietHours>,
    /// Percent of members that get no marketing at all, so that it can be told what marketing
    /// brings. Others each quarter.
    pub holdout_percent: u32,
    /// What counts as brought by a message.
    pub attribution: Attribution,
    /// Segments that strategies name, by their ids, beside those of the programme.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub segments: BTreeMap<String, Segment>,
    /// What to do when. Of equal priority, the earlier one goes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strategies: Vec<Strategy>,
}

impl Default for Playbook {
    fn default() -> Self {
        Self {
            send_at: TimeOfDay::at(10, 0),
            caps: Vec::new(),
            quiet_hours: Some(QuietHours {
                from: TimeOfDay::at(21, 0),
                until: TimeOfDay::at(9, 0),
            }),
            holdout_percent: 5,
            attribution: Attribution::default(),
            segments: BTreeMap::new(),
            strategies: Vec::new(),
        }
    }
}

impl Playbook {
    /// The same with nobody held out: what it would tell those who are.
    #[must_use]
    pub fn without_holdouts(&self) -> Self {
        let open = |strategy: &Strategy| Strategy { holdout_percent: 0, ..strategy.clone() };
        let strategies = self.strategies.iter().map(open).collect();
        Self { holdout_percent: 0, strategies, ..self.clone() }
    }
}

impl Attribution {
    /// For how many days what a member does may be brought by a message.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.click_days.max(self.delivery_days)
    }
}

/// The name of a thing, in one or both languages. Pages show the other one where one is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// In Chinese, up to 40 characters.
    #[serde(rename = "zh-CN", default, skip_serializing_if = "Option::is_none")]
    pub zh: Option<String>,
    /// In English, up to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl Names {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zh.is_none() && self.en.is_none()
    }
}

/// How many messages a member gets in a period, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Only of this channel; of all when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Only for this purpose; for both when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// How many, 1–100.
    pub times: u32,
    /// In which period of the local calendar.
    pub per: CapPer,
}

/// A period that messages to a member are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapPer {
    /// A local day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A calendar month.
    Month,
}

/// Hours of the local day in which no message goes out; over midnight where they end earlier than
/// they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first minute without messages.
    pub from: TimeOfDay,
    /// The first minute with messages again.
    pub until: TimeOfDay,
}

/// What counts as brought by a message: by the last click of a human, else by the last delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Attribution {
    /// For how many days after a click, 0–30.
    pub click_days: u32,
    /// For how many days after a delivery without a click, 0–30.
    pub delivery_days: u32,
    /// What is counted.
    pub conversions: Vec<Conversion>,
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            click_days: 7,
            delivery_days: 3,
            conversions: vec![Conversion::Redeem, Conversion::Order, Conversion::Login],
        }
    }
}

/// What a member may do after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Spends points.
    Redeem,
    /// Places an order.
    Order,
    /// Logs in.
    Login,
}

/// Members that a condition holds for, on the day on which it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its name.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub name: Names,
    /// The condition for members in it, in CEL about a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The same in the plain form, up to 20 rows; with `when`, both must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<PlainCondition>,
}
