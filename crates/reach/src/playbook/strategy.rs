//! One strategy: for whom, when, what, how often and within which budget.

use rules::{Per, PlainCondition};
use serde::{Deserialize, Serialize};

use super::send::{a_day, three_days};
use super::{Action, Mode, Names, Node, Send, Sequence, Trigger};
use crate::contact::Channel;

/// The most strategies of a playbook.
pub const MAX_STRATEGIES: usize = 200;

/// What to do for which members, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// Its name in records: 1–40 of a–z, 0–9 and `_`. Touches are counted by it, so another one is
    /// another strategy.
    pub id: String,
    /// Its name on pages.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub name: Names,
    /// The first local day on which something may be due, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The segment that it is for, of the playbook or of the programme; everybody when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// When it asks for a member.
    pub trigger: Trigger,
    /// A condition about the member, in CEL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The same in the plain form, up to 20 rows; with `when`, both must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<PlainCondition>,
    /// What is done beside the message.
    #[serde(default, skip_serializing_if = "Action::is_none")]
    pub action: Action,
    /// The message; a strategy without one only acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Send>,
    /// Several messages about one occasion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// After which of these no further message about the occasion goes out. It is asked again when
    /// a message is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_when: Vec<Stop>,
    /// The highest goes first where there is not room for all, −1000 to 1000.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i64,
    /// Whether it shares an occasion with other strategies.
    #[serde(rename = "match", default)]
    pub matches: Match,
    /// Points, coupons and tiers that end on a fixed date of the year end for everybody at once.
    /// Then the messages of a node go out on so many days: each member's is the node's day, or one
    /// before it. 1–10.
    #[serde(default = "three")]
    pub spread_days: u32,
    /// What it may use up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Percent of members that get no marketing of this strategy, so that it can be told what it
    /// brings, 0–50.
    #[serde(default = "ten")]
    pub holdout_percent: u32,
    /// The department that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// What stops further messages about an occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The member spent points since the first message about it was decided.
    Redeemed,
    /// What the message is about is gone: no points of that day, no such coupon, another end of
    /// the tier. This stops every strategy, whether it is told or not.
    CycleEmpty,
    /// The member placed an order since the first message about it was decided.
    Ordered,
}

/// Whether a strategy shares an occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// It goes out beside others.
    #[default]
    All,
    /// Of all strategies with `first`, one goes out for an occasion: the one that has begun, else
    /// the first by priority that is for the member.
    First,
}

/// What a strategy may use up in a period. Nothing told is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StrategyBudget"))]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Messages; each channel of a touch is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<i64>,
    /// What messages cost, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_minor: Option<i64>,
    /// Points that are granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// In which period of the local calendar.
    pub per: Per,
}

/// What a node does: the parts that it tells itself, else those of its strategy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) channels: &'a [Channel],
    pub(crate) mode: Mode,
    pub(crate) template: Option<&'a str>,
    pub(crate) wait_hours: u32,
    pub(crate) action: &'a Action,
}

impl Strategy {
    /// The days of its nodes, from the day of the occasion: negative before it.
    pub(crate) fn offsets(&self) -> Vec<i32> {
        if let Some(sequence) = &self.sequence {
            return sequence.nodes.iter().map(Node::offset_days).collect();
        }
        let days = self.trigger.within_days().or(self.trigger.days_before()).unwrap_or(0);
        vec![0i32.saturating_sub_unsigned(days)]
    }

    /// What its node of that place does.
    pub(crate) fn step(&self, place: usize) -> Step<'_> {
        let node = self.sequence.as_ref().and_then(|sequence| sequence.nodes.get(place));
        let send = self.send.as_ref();
        let own = node.map_or(&[][..], |node| &node.channels);
        let template = node.and_then(|node| node.template.as_deref());
        let template = template.or(send.map(|send| send.template.as_str()));
        let channels = if own.is_empty() { send.map_or(own, |send| &send.channels) } else { own };
        Step {
            channels: if template.is_some() { channels } else { &[] },
            mode: node
                .and_then(|node| node.mode)
                .or(send.map(|send| send.mode))
                .unwrap_or_default(),
            template,
            wait_hours: send.map_or(a_day(), |send| send.wait_hours),
            action: node.and_then(|node| node.action.as_ref()).unwrap_or(&self.action),
        }
    }

    /// For how many hours a message about what happened makes sense.
    pub(crate) fn within_hours(&self) -> u32 {
        self.send.as_ref().map_or(three_days(), |send| send.within_hours)
    }
}

fn three() -> u32 {
    3
}

fn ten() -> u32 {
    10
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
