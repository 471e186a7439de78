//! What a condition is worth: one evaluator for every set of fields.
//!
//! Owns the walk over the tree and the count of its steps. An event (`of_event`) or a member
//! (`of_member`) tells what a field is worth.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use super::cost::{
    MAX_SPENT, comparing, counting, joining, searching, searching_list, searching_literals,
    written_out,
};
use super::{Comparison, Known, Node, Operation, Search};
use crate::event::Line;

/// A list that is made when it is asked for, and once: conditions of lines may ask for it line by
/// line.
#[derive(Debug, Default)]
pub(super) struct List<'a>(OnceCell<Vec<Cow<'a, str>>>);

impl<'a> List<'a> {
    pub(super) fn of(&self, make: impl FnOnce() -> Vec<&'a str>) -> Value<'_> {
        Value::Texts(Cow::Borrowed(self.get(make)))
    }

    /// The texts, which are made once.
    pub(super) fn get(&self, make: impl FnOnce() -> Vec<&'a str>) -> &[Cow<'a, str>] {
        self.0.get_or_init(|| make().into_iter().map(Cow::Borrowed).collect())
    }
}

/// A value could not be told: a sum left its range, something was divided by 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Bool(bool),
    Int(i64),
    Text(Cow<'a, str>),
    Texts(Cow<'a, [Cow<'a, str>]>),
    Ints(Vec<i64>),
}

/// What conditions are asked about.
pub(crate) trait Asked {
    /// What it can be asked for.
    type Field: Known;

    /// How many steps the conditions have taken so far.
    fn steps(&self) -> &Cell<u64>;

    /// What the merchant told about the member under that name.
    fn attribute(&self, name: &str) -> Option<&str>;

    /// The lines of the order; none where there is no order.
    fn lines(&self) -> &[Line];

    /// What a field is worth.
    fn field<'v>(
        &'v self,
        field: &'v Self::Field,
        line: Option<&'v Line>,
    ) -> Result<Value<'v>, Failed>;

    fn step(&self, steps: u64) -> Result<(), Failed> {
        let sum = self.steps().get().saturating_add(steps);
        self.steps().set(sum);
        if sum > MAX_SPENT { Err(Failed) } else { Ok(()) }
    }

    fn bool(&self, node: &Node<Self::Field>, line: Option<&Line>) -> Result<bool, Failed> {
        self.step(1)?;
        match node {
            Node::Bool(value) => Ok(*value),
            Node::HasAttribute(name) => Ok(self.attribute(name).is_some()),
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
                settled(true, self.lines().iter().map(|line| self.bool(node, Some(line))))
            }
            Node::EveryLine(node) => {
                settled(false, self.lines().iter().map(|line| self.bool(node, Some(line))))
            }
            Node::Field(field) => match self.field(field, line)? {
                Value::Bool(value) => Ok(value),
                _ => Err(Failed),
            },
            Node::If(is, then, otherwise) => {
                self.bool(if self.bool(is, line)? { then } else { otherwise }, line)
            }
            _ => Err(Failed),
        }
    }

    fn is_in(
        &self,
        item: &Node<Self::Field>,
        list: &Node<Self::Field>,
        line: Option<&Line>,
    ) -> Result<bool, Failed> {
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

    fn value<'v>(
        &'v self,
        node: &'v Node<Self::Field>,
        line: Option<&'v Line>,
    ) -> Result<Value<'v>, Failed> {
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
            Node::Attribute(name) => Ok(text(self.attribute(name))),
            Node::Field(field) => self.field(field, line),
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

pub(super) fn text(value: Option<&str>) -> Value<'_> {
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

/// Year, month and day of a birthday (`1990-05-17` or `05-17`). Zeros stand for what is not told,
/// or not in a form that is understood.
#[must_use]
pub fn birthday(told: Option<&str>) -> (i32, u8, u8) {
    let mut parts = told.unwrap_or_default().rsplit('-');
    let mut part = || parts.next().and_then(|part| part.parse::<i32>().ok());
    match (part(), part(), part()) {
        (Some(day @ 1..=31), Some(month @ 1..=12), year) => {
            let small = |number: i32| u8::try_from(number).unwrap_or_default();
            (year.unwrap_or_default(), small(month), small(day))
        }
        _ => (0, 0, 0),
    }
}

/// The attribute `tags`, split at its commas.
pub(super) fn tags_of(attribute: Option<&str>) -> impl Iterator<Item = &str> {
    attribute.unwrap_or_default().split(',').map(str::trim).filter(|tag| !tag.is_empty())
}
