//! Conditions of rules: a small typed tree that a text in CEL becomes when a rulebook is published.
//!
//! Owns the tree, what it may ask of an event ([`Field`]) or, outside an event, of a member
//! ([`MemberField`]), and its evaluation. Reading CEL is the business of `compile`, which only
//! components that publish or define link in. Evaluation never fails loudly, never loops but over
//! the lines of the order and the items of a list, and counts its steps ([`cost`]).

mod compile;
mod cost;
mod evaluate;
mod field;
mod member_field;
mod names;
mod of_event;
mod of_member;
mod plain;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use compile::{ConditionFault, compile, compile_member, read_condition, read_member_condition};
pub use cost::MAX_PUBLISHED as MAX_CONDITION_STEPS;
pub(crate) use cost::{LISTS, MAX_PUBLISHED};
pub use evaluate::birthday;
pub use field::{COPIED_TAGS, FIELDS, Field, Known, MAX_NAMED_TAGS, Type};
pub use member_field::{MEMBER_FIELDS, MemberField};
pub(crate) use of_event::Facts;
pub use of_member::{AskedMember, MAX_MEMBER_STEPS, MemberCondition};
pub use plain::{Operator, PlainCondition, PlainRow, member_to_cel, to_cel, to_rows};

/// A condition that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition<F = Field>(pub(crate) Node<F>);

/// What a condition is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// An event.
    Event,
    /// A line of a purchase.
    Line,
}

/// The conditions of a rulebook by their text, read when it was published: nobody who decides has
/// to read CEL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conditions {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    event: BTreeMap<String, Condition>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    line: BTreeMap<String, Condition>,
}

impl Conditions {
    /// The condition with that text, if it was read.
    pub(crate) fn get(&self, scope: Scope, text: &str) -> Option<&Condition> {
        match scope {
            Scope::Event => self.event.get(text),
            Scope::Line => self.line.get(text),
        }
    }

    pub(crate) fn insert(&mut self, scope: Scope, text: &str, condition: Condition) {
        let all = match scope {
            Scope::Event => &mut self.event,
            Scope::Line => &mut self.line,
        };
        all.insert(text.to_owned(), condition);
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.event.is_empty() && self.line.is_empty()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.event.values().chain(self.line.values())
    }
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// How two numbers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// What a text is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Search {
    Start,
    End,
    Anywhere,
}

/// One node of the tree. `compile` only makes trees whose types fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Node<F = Field> {
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<Node<F>>),
    Ints(Vec<Node<F>>),
    Field(F),
    /// What the merchant told about the member; empty when nothing.
    Attribute(String),
    /// Whether the merchant told it.
    HasAttribute(String),
    Not(Box<Node<F>>),
    All(Box<Node<F>>, Box<Node<F>>),
    Any(Box<Node<F>>, Box<Node<F>>),
    If(Box<Node<F>>, Box<Node<F>>, Box<Node<F>>),
    Compare(Comparison, Box<Node<F>>, Box<Node<F>>),
    In(Box<Node<F>>, Box<Node<F>>),
    Calculate(Operation, Box<Node<F>>, Box<Node<F>>),
    /// One text after the other.
    Join(Box<Node<F>>, Box<Node<F>>),
    Find(Search, Box<Node<F>>, Box<Node<F>>),
    /// Items of a list, characters of a text.
    Size(Box<Node<F>>),
    /// Whether it holds for a line of the order.
    SomeLine(Box<Node<F>>),
    /// Whether it holds for every line of the order.
    EveryLine(Box<Node<F>>),
}

impl<F> Node<F> {
    /// Whether some node of the tree is such a one.
    fn any(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        is(self)
            || match self {
                Self::Texts(items) | Self::Ints(items) => items.iter().any(|item| item.any(is)),
                Self::Not(a) | Self::Size(a) | Self::SomeLine(a) | Self::EveryLine(a) => a.any(is),
                Self::All(a, b) | Self::Any(a, b) | Self::Compare(_, a, b) | Self::In(a, b) => {
                    a.any(is) || b.any(is)
                }
                Self::Calculate(_, a, b) | Self::Join(a, b) | Self::Find(_, a, b) => {
                    a.any(is) || b.any(is)
                }
                Self::If(a, b, c) => a.any(is) || b.any(is) || c.any(is),
                _ => false,
            }
    }
}

impl<F> Node<F> {
    /// The texts that it may be worth, as far as they are written out.
    fn texts(&self, all: &mut BTreeSet<String>) {
        match self {
            Self::Text(text) => drop(all.insert(text.clone())),
            Self::If(_, a, b) => [a, b].into_iter().for_each(|side| side.texts(all)),
            _ => {}
        }
    }
}

impl<F> Condition<F> {
    /// How many nodes it has.
    pub(crate) fn size(&self) -> usize {
        let count = Cell::new(0);
        self.0.any(&|_| {
            count.set(count.get() + 1);
            false
        });
        count.get()
    }
}

impl Condition {
    /// Whether it asks for this.
    pub(crate) fn asks_for(&self, field: Field) -> bool {
        self.0.any(&|node| *node == Node::Field(field))
    }

    /// The tags that it looks for by their names.
    pub(crate) fn tags(&self) -> BTreeSet<String> {
        let named = RefCell::new(BTreeSet::new());
        self.0.any(&|node| {
            if let Node::In(item, list) = node
                && list.any(&|node| *node == Node::Field(Field::MemberTags))
            {
                item.texts(&mut named.borrow_mut());
            }
            false
        });
        named.into_inner()
    }

    /// Whether it asks for what the member has spent or grown.
    pub(crate) fn asks_for_qualification(&self) -> bool {
        [Field::MemberOrders, Field::MemberSpendMinor, Field::MemberGrowth]
            .iter()
            .any(|field| self.asks_for(*field))
    }

    /// Whether it asks for what the merchant told about the member.
    pub(crate) fn asks_for_profile(&self) -> bool {
        let is_of_profile = |node: &Node| match node {
            Node::Attribute(_) | Node::HasAttribute(_) => true,
            Node::Field(field) => field.is_of_profile(),
            _ => false,
        };
        self.0.any(&is_of_profile)
    }
}
