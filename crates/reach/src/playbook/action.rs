//! What a strategy does beside a message.

use serde::{Deserialize, Serialize};

use super::Names;
use super::send::three_days;

/// What is done for a member; nothing by default. All that is told is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Action {
    /// Rewards are chosen for the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommend: Option<Recommend>,
    /// Points or a coupon are granted, once for each message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// Somebody is asked to do something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The member gets this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_tag: Option<String>,
    /// The member gets this attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_attribute: Option<SetAttribute>,
}

impl Action {
    /// Whether nothing is done.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Which rewards a message shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recommend {
    /// Where they come from, in this order: `viewed`, `favourited`, `popular`, or `pool:` and the
    /// name of a pool. 1–5.
    pub from: Vec<String>,
    /// Only rewards for so many points or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_at_least: Option<i64>,
    /// Only rewards for so many points or fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_at_most: Option<i64>,
    /// Only rewards that cost money beside points.
    #[serde(default)]
    pub with_cash: bool,
    /// How many, 1–10.
    #[serde(default = "one")]
    pub count: u32,
}

/// What is granted: a grant of the rulebook, which says how many points or which coupon, how often,
/// and from which budget. Named by one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The name of the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Or the kind of coupon, which one grant alone must bring, without points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
}

/// A task for people: it is made once for each touch, and waits until somebody closes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The staff or software that is asked.
    pub to: TaskTo,
    /// Which role or person; not told of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What for, in one or both languages: up to 200 characters in Chinese, 300 in English.
    pub text: Names,
    /// Within how many hours, 1–720.
    #[serde(default = "three_days")]
    pub due_in_hours: u32,
}

/// The staff or software that is asked to do a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskTo {
    /// The staff of the member's home store.
    Store,
    /// The manager of the member's home store; its staff where the registry names none.
    Manager,
    /// People of a role.
    Role,
    /// A person.
    Person,
    /// Other software, such as a CRM, which reads the list of tasks.
    Software,
}

/// Roles whose people work on tasks.
pub const TASK_ROLES: [&str; 5] =
    ["service", "marketing", "approver", "department_head", "vice_president"];

impl TaskTo {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Manager => "manager",
            Self::Role => "role",
            Self::Person => "person",
            Self::Software => "software",
        }
    }
}

/// An attribute of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetAttribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

fn one() -> u32 {
    1
}
