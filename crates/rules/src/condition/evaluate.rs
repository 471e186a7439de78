//! What a condition is worth for an event.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use ledger::{Member, Origin, Timestamp, Zone, local_date, local_hour};

use super::cost::{
    MAX_SPENT, comparing, counting, joining, searching, searching_list, searching_literals,
    written_out,
};
use super::{Comparison, Condition, Field, Node, Operation, Search};
use crate::event::{EarnEvent, Line};

/// What conditions are asked about: one event of one member.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    event: &'a EarnEvent,
    origin: &'a Origin,
    member: &'a Member,
    tier: &'a str,
    attributes: &'a BTreeMap<String, String>,
    /// The local day it happened on.
    pub(crate) date: NaiveDate,
    hour: i64,
    member_days: i64,
    tier_days_left: i64,
    order_minor: i64,
    quantity: i64,
    /// On how many days in a row the member did this.
    pub(crate) streak_days: i64,
    categories: List<'a>,
    skus: List<'a>,
    tags: List<'a>,
    /// How many steps were taken so far.
    steps: Cell<u64>,
}

/// A list that is made when it is asked for, and once: conditions of lines may ask for it line by
/// line.
#[derive(Debug, Default)]
struct List<'a>(OnceCell<Vec<Cow<'a, str>>>);

impl<'a> List<'a> {
    fn of(&self, make: impl FnOnce() -> Vec<&'a str>) -> Value<'_> {
        let made = || make().into_iter().map(Cow::Borrowed).collect();
        Value::Texts(Cow::Borrowed(self.0.get_or_init(made)))
    }
}

/// The days left of what has no end: more than a policy may count.
const WITHOUT_END: i64 = 36_600;

/// A value could not be told: a sum left its range, something was divided by 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

#[derive(Debug, PartialEq)]
enum Value<'a> {
    Bool(bool),
    Int(i64),
    Text(Cow<'a, str>),
    Texts(Cow<'a, [Cow<'a, str>]>),
    Ints(Vec<i64>),
}

impl<'a> Facts<'a> {
    /// Of an event that happened at `occurred_at`; sums of the order that leave 64 bits count as
    /// the largest number.
    pub(crate) fn new(
        event: &'a EarnEvent,
        origin: &'a Origin,
        member: &'a Member,
        tier: &'a str,
        attributes: &'a BTreeMap<String, String>,
        occurred_at: Timestamp,
        zone: Zone,
    ) -> Self {
        let date = local_date(occurred_at, zone);
        let joined = member.joined_at.map_or(date, |at| local_date(at, zone));
        let until = member.tier.as_ref().and_then(|tier| tier.until);
        let until = until.map(|until| local_date(until.plus_ms(-1), zone));
        let sum = |of: fn(&Line) -> i64| event.lines.iter().map(of).fold(0, i64::saturating_add);
        Self {
            event,
            origin,
            member,
            tier,
            attributes,
            date,
            hour: local_hour(occurred_at, zone),
            member_days: (date - joined).num_days().max(0),
            tier_days_left: until.map_or(WITHOUT_END, |last| (last - date).num_days()),
            order_minor: sum(|line| line.amount.amount_minor),
            quantity: sum(|line| line.quantity),
            streak_days: 0,
            categories: List::default(),
            skus: List::default(),
            tags: List::default(),
            steps: Cell::new(0),
        }
    }

    /// The event's name.
    pub(crate) fn event(&self) -> &'a str {
        &self.event.event
    }

    /// Whether the condition holds for the event.
    pub(crate) fn holds(&self, condition: &Condition) -> Result<bool, Failed> {
        self.bool(&condition.0, None)
    }

    /// Whether a line of the order is among those that the condition names, which are all where
    /// there is none. A line that it cannot be told of is not.
    pub(crate) fn counts(&self, among: Option<&Condition>, line: &Line) -> bool {
        among.is_none_or(|condition| self.bool(&condition.0, Some(line)) == Ok(true))
    }

    /// How many steps the conditions have taken so far.
    #[cfg(test)]
    pub(crate) fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Whether the conditions took more steps than an event has: what they said after that is worth
    /// nothing.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.steps.get() > MAX_SPENT
    }

    fn step(&self, steps: u64) -> Result<(), Failed> {
        let sum = self.steps.get().saturating_add(steps);
        self.steps.set(sum);
        if sum > MAX_SPENT { Err(Failed) } else { Ok(()) }
    }

    fn bool(&self, node: &Node, line: Option<&Line>) -> Result<bool, Failed> {
        self.step(1)?;
        match node {
            Node::Bool(value) => Ok(*value),
            Node::HasAttribute(name) => Ok(self.attributes.contains_key(name)),
            Node::Not(node) => self.bool(node, line).map(|value| !value),
            // As in CEL, a side that settles it makes up for the other one's failure.
            Node::All(a, b) => settled(false, [a, b].into_iter().map(|side| self.bool(side, line))),
            Node::Any(a, b) => settled(true, [a, b].into_iter().map(|side| self.bool(side, line))),
            Node::Compare(how, a, b) => {
                let (a, b) = (self.value(a, line)?, self.value(b, line)?);
                self.step(comparing(size(&a), size(&b)))?;
                compare(*how, &a, &b)
            }
            Node::In(item, list) => self.is_in(item, list, line),
            Node::Find(search, text, part) => {
                match (self.value(text, line)?, self.value(part, line)?) {
                    (Value::Text(text), Value::Text(part)) => {
                        self.step(searching(*search, text.len() as u64, part.len() as u64))?;
                        Ok(match search {
                            Search::Start => text.starts_with(&*part),
                            Search::End => text.ends_with(&*part),
                            Search::Anywhere => text.contains(&*part),
                        })
                    }
                    _ => Err(Failed),
                }
            }
            Node::SomeLine(node) => {
                settled(true, self.event.lines.iter().map(|line| self.bool(node, Some(line))))
            }
            Node::EveryLine(node) => {
                settled(false, self.event.lines.iter().map(|line| self.bool(node, Some(line))))
            }
            Node::Field(Field::MemberIsNew) => Ok(!self.member.exists()),
            Node::If(is, then, otherwise) => {
                self.bool(if self.bool(is, line)? { then } else { otherwise }, line)
            }
            _ => Err(Failed),
        }
    }

    fn is_in(&self, item: &Node, list: &Node, line: Option<&Line>) -> Result<bool, Failed> {
        let item = self.value(item, line)?;
        // A list that is written out is compared as it stands there.
        if let Some(list) = written_out(list) {
            self.step(searching_literals(list, size(&item)))?;
            return Ok(match &item {
                Value::Text(item) => {
                    list.iter().any(|one| matches!(one, Node::Text(one) if *one == **item))
                }
                Value::Int(item) => {
                    list.iter().any(|one| matches!(one, Node::Int(one) if one == item))
                }
                _ => return Err(Failed),
            });
        }
        let list = self.value(list, line)?;
        self.step(searching_list(items(&list), size(&item)))?;
        match (item, list) {
            (Value::Text(item), Value::Texts(list)) => Ok(list.contains(&item)),
            (Value::Int(item), Value::Ints(list)) => Ok(list.contains(&item)),
            _ => Err(Failed),
        }
    }

    fn value<'v>(&'v self, node: &'v Node, line: Option<&'v Line>) -> Result<Value<'v>, Failed> {
        self.step(1)?;
        match node {
            Node::Int(value) => Ok(Value::Int(*value)),
            Node::Text(value) => Ok(Value::Text(Cow::Borrowed(value))),
            Node::Texts(items) => {
                let text = |item| match self.value(item, line)? {
                    Value::Text(text) => Ok(text),
                    _ => Err(Failed),
                };
                items
                    .iter()
                    .map(text)
                    .collect::<Result<_, _>>()
                    .map(|texts| Value::Texts(Cow::Owned(texts)))
            }
            Node::Ints(items) => {
                let int = |item| match self.value(item, line)? {
                    Value::Int(value) => Ok(value),
                    _ => Err(Failed),
                };
                items.iter().map(int).collect::<Result<_, _>>().map(Value::Ints)
            }
            Node::Attribute(name) => Ok(text(self.attributes.get(name).map(String::as_str))),
            Node::Field(field) => self.field(*field, line),
            Node::If(is, then, otherwise) => {
                self.value(if self.bool(is, line)? { then } else { otherwise }, line)
            }
            Node::Calculate(how, a, b) => match (self.value(a, line)?, self.value(b, line)?) {
                (Value::Int(a), Value::Int(b)) => {
                    calculate(*how, a, b).map(Value::Int).ok_or(Failed)
                }
                _ => Err(Failed),
            },
            Node::Join(a, b) => match (self.value(a, line)?, self.value(b, line)?) {
                (Value::Text(a), Value::Text(b)) => {
                    self.step(joining(a.len() as u64, b.len() as u64))?;
                    Ok(Value::Text(a + b))
                }
                _ => Err(Failed),
            },
            Node::Size(of) => {
                let size = match self.value(of, line)? {
                    Value::Text(text) => {
                        self.step(counting(text.len() as u64))?;
                        text.chars().count()
                    }
                    Value::Texts(list) => list.len(),
                    Value::Ints(list) => list.len(),
                    _ => return Err(Failed),
                };
                i64::try_from(size).map(Value::Int).map_err(|_| Failed)
            }
            other => self.bool(other, line).map(Value::Bool),
        }
    }

    fn field<'v>(&'v self, field: Field, line: Option<&'v Line>) -> Result<Value<'v>, Failed> {
        let lifetime = self.member.standing.lifetime;
        let lines = &self.event.lines;
        Ok(match field {
            Field::Event => text(Some(&self.event.event)),
            Field::EventReference => {
                text(self.origin.reference.as_ref().map(|reference| reference.as_str()))
            }
            Field::EventChannel => text(self.origin.channel.as_deref()),
            Field::EventStore => text(self.origin.store.as_deref()),
            Field::EventDate => Value::Text(Cow::Owned(self.date.to_string())),
            Field::EventYear => Value::Int(self.date.year().into()),
            Field::EventMonth => Value::Int(self.date.month().into()),
            Field::EventDay => Value::Int(self.date.day().into()),
            Field::EventWeekday => Value::Int(self.date.weekday().number_from_monday().into()),
            Field::EventHour => Value::Int(self.hour),
            Field::EventStreakDays => Value::Int(self.streak_days),
            Field::OrderAmountMinor => Value::Int(self.order_minor),
            Field::OrderQuantity => Value::Int(self.quantity),
            Field::OrderCategories => self
                .categories
                .of(|| lines.iter().filter_map(|line| line.category.as_deref()).collect()),
            Field::OrderSkus => {
                self.skus.of(|| lines.iter().filter_map(|line| line.sku.as_deref()).collect())
            }
            Field::MemberId => text(Some(self.member.id.as_str())),
            Field::MemberTier => text(Some(self.tier)),
            Field::MemberTierDaysLeft => Value::Int(self.tier_days_left),
            Field::MemberBalance => Value::Int(self.member.balance),
            Field::MemberIsNew => Value::Bool(!self.member.exists()),
            Field::MemberDays => Value::Int(self.member_days),
            Field::MemberOrders => Value::Int(lifetime.orders),
            Field::MemberSpendMinor => Value::Int(lifetime.spend_minor),
            Field::MemberGrowth => Value::Int(lifetime.growth),
            Field::MemberTags => {
                let tags = self.attributes.get("tags").map_or("", String::as_str);
                self.tags
                    .of(|| tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect())
            }
            Field::MemberBirthMonth => Value::Int(self.birthday().0),
            Field::MemberBirthDay => Value::Int(self.birthday().1),
            Field::LineCategory => text(line.ok_or(Failed)?.category.as_deref()),
            Field::LineSku => text(line.ok_or(Failed)?.sku.as_deref()),
            Field::LineAmountMinor => Value::Int(line.ok_or(Failed)?.amount.amount_minor),
            Field::LineQuantity => Value::Int(line.ok_or(Failed)?.quantity),
        })
    }

    /// Month and day of the member's birthday; zeros when it is not told, or not in a form that is
    /// understood.
    fn birthday(&self) -> (i64, i64) {
        let told = self.attributes.get("birthday").map_or("", String::as_str);
        let mut parts = told.rsplit('-').map(|part| part.parse::<i64>().ok());
        match (parts.next().flatten(), parts.next().flatten()) {
            (Some(day @ 1..=31), Some(month @ 1..=12)) => (month, day),
            _ => (0, 0),
        }
    }
}

/// Whether one of the parts is `by`, which settles it whatever the others are; where none is, all
/// of them must be known.
fn settled(by: bool, parts: impl Iterator<Item = Result<bool, Failed>>) -> Result<bool, Failed> {
    let mut failed = false;
    for part in parts {
        match part {
            Ok(value) if value == by => return Ok(by),
            Ok(_) => {}
            Err(Failed) => failed = true,
        }
    }
    if failed { Err(Failed) } else { Ok(!by) }
}

/// Bytes of a text.
fn size(value: &Value<'_>) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64,
        _ => 0,
    }
}

/// Items of a list.
fn items(value: &Value<'_>) -> u64 {
    match value {
        Value::Texts(list) => list.len() as u64,
        Value::Ints(list) => list.len() as u64,
        _ => 0,
    }
}

fn text(value: Option<&str>) -> Value<'_> {
    Value::Text(Cow::Borrowed(value.unwrap_or_default()))
}

fn compare(how: Comparison, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Failed> {
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return Err(Failed),
    };
    Ok(match how {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    })
}

fn calculate(how: Operation, a: i64, b: i64) -> Option<i64> {
    match how {
        Operation::Add => a.checked_add(b),
        Operation::Subtract => a.checked_sub(b),
        Operation::Multiply => a.checked_mul(b),
        Operation::Divide => a.checked_div(b),
        Operation::Remainder => a.checked_rem(b),
    }
}
