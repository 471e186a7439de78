//! Touches that were decided about members, as they are written down.
//!
//! Most members who are told by a node are told the same at the same time. So a statement has what
//! many touches have in common once, with the members that it is about.

use reach::touch::{Planned, Reason, Touch, Uses};
use serde::Serialize;
use serde_json::json;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// A touch that was decided about a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedTouch {
    /// The member's number.
    pub member_no: i64,
    /// The touch.
    pub touch: Touch,
    /// The period of the strategy's budget that it counts in; `None` without a budget.
    pub period: Option<String>,
    /// What results need of it.
    pub planned: Planned,
    /// The local day on which the member was to see it.
    pub planned_day: i32,
    /// The local day on which its occasion is over, where the strategy settles.
    pub settles_day: Option<i32>,
}

/// What a strategy has used up of its budget in a period, as a decision knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedBudget {
    /// The strategy's id.
    pub strategy: String,
    /// The period.
    pub period: String,
    /// What is used up.
    pub uses: Uses,
}

/// A touch is looked for in so many groups, the last ones: members who follow each other are told
/// the same.
const GROUPS: usize = 32;

/// Touches that differ in their members alone.
struct Group<'a> {
    first: &'a DecidedTouch,
    members: Vec<i64>,
}

impl<'a> Group<'a> {
    /// All of some touches. The touches of a member are in groups that follow each other as the
    /// touches do, as their numbers tell which one was decided first.
    fn all(decided: &'a [DecidedTouch]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        let (mut member_no, mut from) = (None, 0);
        for one in decided {
            if member_no != Some(one.member_no) {
                (member_no, from) = (Some(one.member_no), 0);
            }
            let first = groups.len().saturating_sub(GROUPS).max(from);
            let near = groups.iter_mut().enumerate().skip(first).rev();
            let mut like = near.filter(|(_, group)| group.is_of(one));
            if let Some((place, group)) = like.next() {
                group.members.push(one.member_no);
                from = place + 1;
            } else {
                groups.push(Self { first: one, members: vec![one.member_no] });
                from = groups.len();
            }
        }
        groups
    }

    fn is_of(&self, one: &DecidedTouch) -> bool {
        moment(self.first) == moment(one) && shape(self.first) == shape(one)
    }
}

/// What touches of one [`Group`] have in common besides their [`Shape`].
fn moment(decided: &DecidedTouch) -> impl PartialEq {
    let DecidedTouch { touch, planned, planned_day, settles_day, .. } = decided;
    let times = (touch.due_at, touch.deadline_at, touch.from_at, planned.at);
    (&touch.key.cycle, times, planned_day, settles_day)
}

/// What groups have in common: most of a row. The names are those that the statement reads.
#[derive(Serialize)]
struct Shape<'a> {
    strategy: &'a str,
    node: i32,
    version: i64,
    purpose: &'static str,
    priority: i64,
    state: &'static str,
    reason: Option<&'static str>,
    mode: &'static str,
    channels: String,
    wait_hours: u32,
    template: Option<&'a str>,
    action: Option<String>,
    messages: i64,
    cost_minor: i64,
    points: i64,
    period: Option<&'a str>,
    decided_at: i64,
    is_compared: bool,
    groups: Vec<Moment<'a>>,
}

/// The number of the first touch of a group, counted from the first of the statement; its cycle,
/// `due_at`, `deadline_at`, `from_at`, `planned_at`, `planned_day` and `settles_day`; its members.
type Moment<'a> = (usize, String, i64, i64, i64, i64, i32, Option<i32>, &'a [i64]);

impl<'a> Shape<'a> {
    /// Those of some groups.
    fn all(groups: &'a [Group<'a>]) -> Vec<Self> {
        let (mut shapes, mut firsts): (Vec<Self>, Vec<&DecidedTouch>) = Default::default();
        let mut number = 0;
        for Group { first, members } in groups {
            let near = firsts.len().saturating_sub(GROUPS);
            let like = firsts.iter().skip(near).rposition(|of| shape(of) == shape(first));
            let place = like.map_or(shapes.len(), |place| near + place);
            if like.is_none() {
                shapes.push(Self::of(first));
                firsts.push(first);
            }
            let DecidedTouch { touch, planned, planned_day, settles_day, .. } = first;
            let cycle = touch.key.cycle.to_string();
            let (due_at, deadline_at, from_at) = (touch.due_at, touch.deadline_at, touch.from_at);
            let times = (due_at.0, deadline_at.0, from_at.0, planned.at.0);
            let days = (*planned_day, *settles_day);
            if let Some(of) = shapes.get_mut(place) {
                of.groups.push((
                    number, cycle, times.0, times.1, times.2, times.3, days.0, days.1, members,
                ));
            }
            number += members.len();
        }
        shapes
    }

    fn of(decided: &'a DecidedTouch) -> Self {
        let DecidedTouch { touch, period, planned, .. } = decided;
        let channels: Vec<&str> = touch.channels.iter().map(|of| of.as_str()).collect();
        Self {
            strategy: &touch.key.strategy,
            node: touch.key.node,
            version: touch.playbook_version,
            purpose: touch.purpose.as_str(),
            priority: touch.priority,
            state: touch.state.as_str(),
            reason: touch.reason().map(Reason::as_str),
            mode: touch.mode.as_str(),
            channels: json!(channels).to_string(),
            wait_hours: touch.wait_hours,
            template: touch.template.as_deref(),
            action: (!touch.action.is_none()).then(|| json!(touch.action).to_string()),
            messages: touch.uses.messages,
            cost_minor: touch.uses.cost_minor,
            points: touch.uses.points,
            period: period.as_deref(),
            decided_at: touch.decided_at.0,
            is_compared: planned.is_compared,
            groups: Vec::new(),
        }
    }
}

/// What two touches of one [`Shape`] have in common.
fn shape(decided: &DecidedTouch) -> impl PartialEq {
    let DecidedTouch { touch, period, planned, .. } = decided;
    let what = (&touch.key.strategy, touch.key.node, touch.playbook_version, touch.purpose);
    let how = (touch.mode, &touch.channels, touch.wait_hours, &touch.template, &touch.action);
    let room = (touch.priority, touch.uses, period);
    (what, how, room, touch.state, touch.decided_at, planned.is_compared)
}

/// Keeps touches that were decided, with the messages that wait for channels and what is used of
/// budgets. Those whose keys are there stay as they are, and nothing is kept of an account that is
/// closed. False where another run has used up of these budgets since they were read: then nothing
/// is kept, and it is to be decided again.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_touches(
    reach: &impl Sql,
    programme_no: i64,
    decided: &[DecidedTouch],
    budgets: &[UsedBudget],
) -> Result<bool, Error> {
    if decided.is_empty() {
        return Ok(true);
    }
    let groups = Group::all(decided);
    let text = serde_json::to_string(&Shape::all(&groups));
    let text = text.map_err(|_| Error::Corrupt("touch to be written"))?;
    let budget = |of: &UsedBudget| {
        let Uses { messages, cost_minor, points } = of.uses;
        json!([of.strategy, of.period, messages, cost_minor, points])
    };
    let budgets: Vec<_> = budgets.iter().map(budget).collect();
    let values = vec![programme_no.into(), text.into(), json!(budgets).to_string().into()];
    Ok(!reach.query(statement!("queries/reach/touch_put"), values).await?.is_empty())
}
