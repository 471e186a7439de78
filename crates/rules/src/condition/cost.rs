//! What a condition costs at most, in steps: told when a rulebook is published, from its text
//! alone.
//!
//! A step is a node that is looked at, an item that is compared, or some bytes of text; `evaluate`
//! counts the same steps as it goes. What is told here is never less than what an order within the
//! bounds of the API takes, which a test holds the two to.

use super::{Condition, Known, Node, Scope, Search};

/// The most lines of an order.
pub(crate) const MAX_LINES: u64 = 500;
/// The steps that all conditions asked for one event may take together: some milliseconds. More is
/// not published.
pub const MAX_PUBLISHED: u64 = 2_000_000;
/// The steps after which an event is given up. Only rulebooks from before there was a bound get
/// there.
pub(crate) const MAX_SPENT: u64 = 4_000_000;
/// Making the lists of categories, articles and tags, once an event.
pub(crate) const LISTS: u64 = 2 * MAX_LINES + TAGS + NAMED_TAGS;

/// Bytes of a text of 64 characters.
pub(super) const NAME: u64 = 256;
/// Bytes of an attribute: 200 characters.
const ATTRIBUTE: u64 = 800;
/// Tags in an attribute.
pub(super) const TAGS: u64 = 400;
/// Tags that the rules name: see `MAX_NAMED_TAGS`.
pub(super) const NAMED_TAGS: u64 = 20;

/// Steps for comparing two texts.
pub(super) fn comparing(a: u64, b: u64) -> u64 {
    1 + a.min(b) / 32
}

/// Steps for looking for a text in a list.
pub(super) fn searching_list(items: u64, text: u64) -> u64 {
    items.saturating_add(items.saturating_mul(text) / 32)
}

/// Steps for looking for a text in a text.
pub(super) fn searching(how: Search, text: u64, part: u64) -> u64 {
    match how {
        Search::Anywhere => 1 + text.saturating_add(part) / 8,
        Search::Start | Search::End => comparing(text, part),
    }
}

/// Steps for putting two texts together.
pub(super) fn joining(a: u64, b: u64) -> u64 {
    1 + a.saturating_add(b) / 16
}

/// Steps for counting characters.
pub(super) fn counting(text: u64) -> u64 {
    1 + text / 8
}

/// Steps, and how large the value may be: bytes of a text, items of a list.
type Cost = (u64, u64);

impl<F: Known> Condition<F> {
    /// The most steps that it takes for one event or member; one of lines is asked for each line.
    pub(crate) fn steps(&self, scope: Scope) -> u64 {
        let (steps, _) = cost(&self.0);
        match scope {
            Scope::Event => steps,
            Scope::Line => steps.saturating_mul(MAX_LINES),
        }
    }
}

fn cost<F: Known>(node: &Node<F>) -> Cost {
    // A node may be looked at as a value first, then as true or false.
    let (steps, size) = inner(node);
    (steps.saturating_add(2), size)
}

fn inner<F: Known>(node: &Node<F>) -> Cost {
    let sum = |a: u64, b: u64, own: u64| a.saturating_add(b).saturating_add(own);
    match node {
        Node::Bool(_) | Node::Int(_) | Node::HasAttribute(_) => (0, 0),
        Node::Text(text) => (0, text.len() as u64),
        Node::Attribute(_) => (0, ATTRIBUTE),
        Node::Field(field) => (1, field.size()),
        Node::Texts(items) | Node::Ints(items) => {
            let steps = items.iter().map(|item| cost(item).0).fold(0, u64::saturating_add);
            (steps, items.len() as u64)
        }
        Node::Not(of) => cost(of),
        Node::All(a, b) | Node::Any(a, b) | Node::Calculate(_, a, b) => {
            (sum(cost(a).0, cost(b).0, 0), 0)
        }
        Node::If(is, a, b) => {
            let ((is, _), (a, size_a), (b, size_b)) = (cost(is), cost(a), cost(b));
            (is.saturating_add(a.max(b)), size_a.max(size_b))
        }
        Node::Compare(_, a, b) => with(a, b, comparing),
        Node::In(item, list) => match (written_out(list), cost(item)) {
            (Some(items), (steps, size)) => (sum(steps, searching_literals(items, size), 2), 0),
            (None, (steps, size)) => {
                let (of_list, items) = cost(list);
                (sum(steps, of_list, searching_list(items, size)), 0)
            }
        },
        Node::Find(how, a, b) => with(a, b, |a, b| searching(*how, a, b)),
        Node::Join(a, b) => {
            let ((a, size_a), (b, size_b)) = (cost(a), cost(b));
            (sum(a, b, joining(size_a, size_b)), size_a.saturating_add(size_b))
        }
        Node::Size(of) => {
            let (steps, size) = cost(of);
            (steps.saturating_add(counting(size)), 0)
        }
        Node::SomeLine(of) | Node::EveryLine(of) => (cost(of).0.saturating_mul(MAX_LINES), 0),
    }
}

fn with<F: Known>(a: &Node<F>, b: &Node<F>, own: impl Fn(u64, u64) -> u64) -> Cost {
    let ((a, size_a), (b, size_b)) = (cost(a), cost(b));
    (a.saturating_add(b).saturating_add(own(size_a, size_b)), 0)
}

/// The items of a list that is written out, so that nothing has to be made of it.
pub(super) fn written_out<F>(list: &Node<F>) -> Option<&[Node<F>]> {
    match list {
        Node::Texts(items) if items.iter().all(|item| matches!(item, Node::Text(_))) => Some(items),
        Node::Ints(items) if items.iter().all(|item| matches!(item, Node::Int(_))) => Some(items),
        _ => None,
    }
}

/// Steps for looking for a text, or a number, in a list that is written out: most items differ at
/// once.
pub(super) fn searching_literals<F>(items: &[Node<F>], text: u64) -> u64 {
    let one = |item: &Node<F>| match item {
        Node::Text(item) => comparing(item.len() as u64, text),
        _ => 1,
    };
    1 + items.iter().map(one).fold(0, u64::saturating_add) / 4
}

#[cfg(test)]
#[path = "cost_tests.rs"]
mod tests;
