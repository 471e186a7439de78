//! What is sent, by which channels, and in how many steps.

use serde::{Deserialize, Serialize};

use super::action::Action;
use crate::contact::Channel;

/// A message. It must name a template; a node of a sequence may name another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// By which channels, in this order. A sequence may leave that to its nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// By all of them, or by the first that is possible.
    #[serde(default)]
    pub mode: Mode,
    /// The id of the template. It says what the message is for: service or marketing.
    pub template: String,
    /// With `first_possible`: for how many hours a channel has time before it is the next one's
    /// turn, 1–168.
    #[serde(default = "a_day")]
    pub wait_hours: u32,
    /// For how many hours a message about what happened makes sense, 1–720. One about what ends
    /// makes sense until the next node, or the end.
    #[serde(default = "three_days")]
    pub within_hours: u32,
}

/// By which of the channels a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By every channel that reaches the member.
    #[default]
    All,
    /// By the first that does; by the next one where it fails.
    FirstPossible,
}

impl Mode {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::FirstPossible => "first_possible",
        }
    }

    /// That of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::All, Self::FirstPossible].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// Messages about one occasion, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The steps in order of time, 1–10, each on a day of its own.
    pub nodes: Vec<Node>,
    /// A step is left out when the member responded to an earlier one within so many hours, 1–720.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_after_response_hours: Option<u32>,
    /// Whether the report tells how each occasion ended: messages, points spent, points expired.
    #[serde(default)]
    pub settle: bool,
}

/// A step of a sequence. What it does not tell is that of the strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// So many days before what ends, or before the date, 0–365.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_before: Option<u32>,
    /// So many days after what happened, 0–365. On day 0 the message is due at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_after: Option<u32>,
    /// By which channels; those of the strategy when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// By all of them, or by the first that is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What is done beside the message, instead of the strategy's action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

impl Node {
    /// Days from the day of the occasion to that of the node: negative before it.
    #[must_use]
    pub fn offset_days(&self) -> i32 {
        let days = |days: Option<u32>| days.and_then(|days| i32::try_from(days).ok()).unwrap_or(0);
        days(self.days_after).saturating_sub(days(self.days_before))
    }
}

pub(crate) fn a_day() -> u32 {
    24
}

pub(crate) fn three_days() -> u32 {
    72
}
