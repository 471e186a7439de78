//! From a text in CEL to a condition: parsed by the crate `cel`, checked and typed here, bounded in
//! size and depth.
//!
//! What of CEL there is: literals, `&& || !`, comparisons, `in`, `+ - * / %`, `? :`, `size`,
//! `startsWith`, `endsWith`, `contains`, `has`, and `exists` and `all` over `order.lines`. There
//! are no fractions: amounts are minor units.

use std::marker::PhantomData;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr, operators};
use cel::parser::PrattParser;

use super::{
    Comparison, Condition, Known, MAX_MEMBER_STEPS, MemberCondition, Node, Operation, Scope,
    Search, Type,
};

/// The longest text of a condition, in bytes.
const MAX_BYTES: usize = 2_000;
/// The most nodes of a condition; each is looked at once for an event, or once a line.
const MAX_NODES: usize = 200;
/// How deep a text may be nested: reading it recurs.
const MAX_DEPTH: u16 = 24;
/// How deep the tree may be, which is deeper where `a + b + c` are two levels. Each is two levels
/// of JSON at most, of which readers follow 128.
const MAX_LEVELS: u16 = 48;

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionFault {
    /// For people.
    pub detail: String,
    /// Line and column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
}

/// Reads and checks a condition.
///
/// # Errors
/// What is wrong, for people.
pub fn compile(text: &str, scope: Scope) -> Result<Condition, String> {
    read_condition(text, scope).map_err(|fault| fault.detail)
}

/// The same, with the place of what is wrong.
///
/// # Errors
/// What is wrong, and where.
pub fn read_condition(text: &str, scope: Scope) -> Result<Condition, ConditionFault> {
    read(text, scope)
}

/// Reads and checks a condition about a member outside an event.
///
/// # Errors
/// What is wrong, for people.
pub fn compile_member(text: &str) -> Result<MemberCondition, String> {
    read_member_condition(text).map_err(|fault| fault.detail)
}

/// The same, with the place of what is wrong.
///
/// # Errors
/// What is wrong, and where.
pub fn read_member_condition(text: &str) -> Result<MemberCondition, ConditionFault> {
    let condition: MemberCondition = read(text, Scope::Event)?;
    let steps = condition.most_steps();
    if steps > MAX_MEMBER_STEPS {
        return Err(nowhere(format!(
            "takes {steps} steps for a member, and may take {MAX_MEMBER_STEPS}"
        )));
    }
    Ok(condition)
}

fn nowhere(detail: String) -> ConditionFault {
    ConditionFault { detail, place: None }
}

fn read<F: Known>(text: &str, scope: Scope) -> Result<Condition<F>, ConditionFault> {
    if text.len() > MAX_BYTES {
        return Err(nowhere(format!("must have at most {MAX_BYTES} bytes")));
    }
    let parsed = PrattParser::new()
        .max_recursion_depth(MAX_DEPTH)
        .max_expression_node_count(MAX_NODES)
        .error_recovery_limit(1)
        .parse(text)
        .map_err(|errors| {
            let fault = errors.errors.first().map(|error| ConditionFault {
                detail: format!("at {}:{}: {}", error.pos.0, error.pos.1, error.msg),
                place: usize::try_from(error.pos.0).ok().zip(usize::try_from(error.pos.1).ok()),
            });
            fault.unwrap_or_else(|| nowhere("cannot be read".to_owned()))
        })?;
    let mut checker = Checker {
        line: (scope == Scope::Line).then(|| "line".to_owned()),
        nodes: 0,
        depth: 0,
        unknown: None,
        fields: PhantomData,
    };
    let (node, kind) = checker.node(&parsed).map_err(|detail| {
        // The parser gives no places; a name that is unknown is found in the text.
        let place = checker.unknown.as_deref().and_then(|name| place_of(text, name));
        ConditionFault { detail, place }
    })?;
    if kind == Type::Bool {
        Ok(Condition(node))
    } else {
        Err(nowhere(format!("must be true or false, and is {}", kind.as_str())))
    }
}

/// Line and column, in bytes as the parser counts them, of a name that stands there by itself.
fn place_of(text: &str, name: &str) -> Option<(usize, usize)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let (at, _) = text.match_indices(name).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_of_name) && !after.is_some_and(is_of_name)
    })?;
    let before = text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    Some((line, at - before.rfind('\n').map_or(0, |end| end + 1) + 1))
}

struct Checker<F> {
    /// The name that a line goes by, where there is one.
    line: Option<String>,
    nodes: usize,
    depth: u16,
    /// The name that nothing has.
    unknown: Option<String>,
    fields: PhantomData<F>,
}

type Typed<F> = Result<(Node<F>, Type), String>;
/// Makes a node that holds for some line, or for each, of one that is asked about a line.
type Wrap<F> = fn(Box<Node<F>>) -> Node<F>;

impl<F: Known> Checker<F> {
    fn node(&mut self, expression: &IdedExpr) -> Typed<F> {
        self.nodes += 1;
        self.depth += 1;
        if self.nodes > MAX_NODES || self.depth > MAX_LEVELS {
            return Err(format!(
                "must have at most {MAX_NODES} parts, in at most {MAX_LEVELS} levels"
            ));
        }
        let typed = match &expression.expr {
            Expr::Literal(literal) => literal_of(literal),
            Expr::List(list) => self.list(&list.elements),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(over) => self.lines(over),
            Expr::Ident(name) => {
                self.unknown = Some(name.clone());
                Err(format!(
                    "{name} is nothing that conditions know by itself: write for example member.tier"
                ))
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err("has something in it that conditions do not know".to_owned())
            }
        };
        self.depth -= 1;
        typed
    }

    fn boxed(&mut self, expression: &IdedExpr, kind: Type) -> Result<Box<Node<F>>, String> {
        let (node, found) = self.node(expression)?;
        if found == kind {
            Ok(Box::new(node))
        } else {
            Err(format!("needs {} where it has {}", kind.as_str(), found.as_str()))
        }
    }

    fn list(&mut self, elements: &[IdedExpr]) -> Typed<F> {
        let mut nodes = Vec::new();
        let mut kind = None;
        for element in elements {
            let (node, found) = self.node(element)?;
            if !matches!(found, Type::Int | Type::Text) || kind.is_some_and(|kind| kind != found) {
                return Err("a list has either texts or whole numbers in it".to_owned());
            }
            kind = Some(found);
            nodes.push(node);
        }
        Ok(if kind == Some(Type::Int) {
            (Node::Ints(nodes), Type::Ints)
        } else {
            (Node::Texts(nodes), Type::Texts)
        })
    }

    fn select(&mut self, select: &SelectExpr) -> Typed<F> {
        let Expr::Ident(of) = &select.operand.expr else {
            return Err(format!("has no field {}", select.field));
        };
        if of == "attributes" {
            return Ok(if select.test {
                (Node::HasAttribute(select.field.clone()), Type::Bool)
            } else {
                (Node::Attribute(select.field.clone()), Type::Text)
            });
        }
        if select.test {
            return Err("has() is for attributes; every other field is always there".to_owned());
        }
        let is_line = self.line.as_ref() == Some(of);
        let name = format!("{}.{}", if is_line { "line" } else { of.as_str() }, select.field);
        F::named(&name)
            .filter(|(field, _)| is_line || !field.is_of_line())
            .map(|(field, kind)| (Node::Field(field), kind))
            .ok_or_else(|| {
                let name = format!("{of}.{}", select.field);
                let detail = format!("{name} is no field that is known here");
                self.unknown = Some(name);
                detail
            })
    }

    fn index(&mut self, of: &IdedExpr, key: &IdedExpr) -> Typed<F> {
        if let Expr::Literal(LiteralValue::String(key)) = &key.expr {
            match &of.expr {
                Expr::Ident(name) if name == "attributes" => {
                    return Ok((Node::Attribute(key.inner().to_owned()), Type::Text));
                }
                Expr::Select(select) if !select.test => {
                    if let Expr::Ident(of) = &select.operand.expr
                        && let Some((field, kind)) =
                            F::keyed(&format!("{of}.{}", select.field), key.inner())
                    {
                        return Ok((Node::Field(field), kind));
                    }
                }
                _ => {}
            }
        }
        Err("only attributes have an index, which is a text: attributes[\"city\"]".to_owned())
    }

    fn call(&mut self, call: &CallExpr) -> Typed<F> {
        let bool = |node| Ok((node, Type::Bool));
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::LOGICAL_NOT, None, [a]) => bool(Node::Not(self.boxed(a, Type::Bool)?)),
            (operators::LOGICAL_AND, None, [a, b]) => {
                bool(Node::All(self.boxed(a, Type::Bool)?, self.boxed(b, Type::Bool)?))
            }
            (operators::LOGICAL_OR, None, [a, b]) => {
                bool(Node::Any(self.boxed(a, Type::Bool)?, self.boxed(b, Type::Bool)?))
            }
            (operators::CONDITIONAL, None, [is, then, otherwise]) => {
                let is = self.boxed(is, Type::Bool)?;
                let (then, kind) = self.node(then)?;
                let otherwise = self.boxed(otherwise, kind)?;
                Ok((Node::If(is, Box::new(then), otherwise), kind))
            }
            (operators::NEGATE, None, [a]) => Ok((
                Node::Calculate(
                    Operation::Subtract,
                    Box::new(Node::Int(0)),
                    self.boxed(a, Type::Int)?,
                ),
                Type::Int,
            )),
            (operators::INDEX, None, [of, key]) => self.index(of, key),
            (operators::IN, None, [item, list]) => {
                let (item, kind) = self.node(item)?;
                let (list, of) = self.node(list)?;
                let is_empty = matches!(&list, Node::Texts(items) if items.is_empty());
                match (kind, of) {
                    (Type::Text, Type::Texts) | (Type::Int, Type::Ints) => {
                        bool(Node::In(Box::new(item), Box::new(list)))
                    }
                    (Type::Int, Type::Texts) if is_empty => bool(Node::Bool(false)),
                    _ => Err(format!("{} is never in {}", kind.as_str(), of.as_str())),
                }
            }
            ("size", None, [of]) => self.size(of),
            ("size", Some(of), []) => self.size(of),
            (name @ ("startsWith" | "endsWith" | "contains"), Some(text), [part]) => {
                let search = match name {
                    "startsWith" => Search::Start,
                    "endsWith" => Search::End,
                    _ => Search::Anywhere,
                };
                bool(Node::Find(
                    search,
                    self.boxed(text, Type::Text)?,
                    self.boxed(part, Type::Text)?,
                ))
            }
            (name, None, [a, b]) => match (comparison(name), operation(name)) {
                (Some(comparison), _) => {
                    let (a, kind) = self.node(a)?;
                    let is_ordered =
                        !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                    if matches!(kind, Type::Texts | Type::Ints)
                        || (kind == Type::Bool && is_ordered)
                    {
                        return Err(format!("{} cannot be compared", kind.as_str()));
                    }
                    bool(Node::Compare(comparison, Box::new(a), self.boxed(b, kind)?))
                }
                (None, Some(operation)) => {
                    let (a, kind) = self.node(a)?;
                    let b = self.boxed(b, kind)?;
                    match (operation, kind) {
                        (_, Type::Int) => {
                            Ok((Node::Calculate(operation, Box::new(a), b), Type::Int))
                        }
                        (Operation::Add, Type::Text) => {
                            Ok((Node::Join(Box::new(a), b), Type::Text))
                        }
                        _ => Err(format!("needs a whole number where it has {}", kind.as_str())),
                    }
                }
                (None, None) => Err(format!("{name}() is nothing that conditions know")),
            },
            (name, ..) => Err(format!("{name}() is nothing that conditions know")),
        }
    }

    fn size(&mut self, of: &IdedExpr) -> Typed<F> {
        let (node, kind) = self.node(of)?;
        match kind {
            Type::Text | Type::Texts | Type::Ints => Ok((Node::Size(Box::new(node)), Type::Int)),
            other => Err(format!("{} has no size", other.as_str())),
        }
    }

    /// `order.lines.exists(l, …)` and `order.lines.all(l, …)`, as the parser has written them out.
    fn lines(&mut self, over: &ComprehensionExpr) -> Typed<F> {
        let unknown = || {
            Err("goes over something else than order.lines, or not with exists() or all()"
                .to_owned())
        };
        if !F::HAS_LINES {
            return Err("goes over a list, which only conditions about an event do".to_owned());
        }
        let Expr::Select(range) = &over.iter_range.expr else { return unknown() };
        if !matches!(&range.operand.expr, Expr::Ident(name) if name == "order")
            || range.field != "lines"
            || over.iter_var2.is_some()
        {
            return unknown();
        }
        if self.line.is_some() {
            return Err("goes over order.lines within a line".to_owned());
        }
        let Expr::Call(step) = &over.loop_step.expr else { return unknown() };
        let is_accumulator =
            |part: &IdedExpr| matches!(&part.expr, Expr::Ident(name) if *name == over.accu_var);
        let is_result = is_accumulator(&over.result);
        let (wrap, asked): (Wrap<F>, _) = match (step.func_name.as_str(), step.args.as_slice()) {
            (operators::LOGICAL_OR, [before, asked]) if is_accumulator(before) && is_result => {
                (Node::SomeLine, asked)
            }
            (operators::LOGICAL_AND, [before, asked]) if is_accumulator(before) && is_result => {
                (Node::EveryLine, asked)
            }
            _ => return unknown(),
        };
        self.line = Some(over.iter_var.clone());
        let node = self.boxed(asked, Type::Bool);
        self.line = None;
        Ok((wrap(node?), Type::Bool))
    }
}

fn literal_of<F>(literal: &LiteralValue) -> Typed<F> {
    match literal {
        LiteralValue::Boolean(value) => Ok((Node::Bool(*value.inner()), Type::Bool)),
        LiteralValue::Int(value) => Ok((Node::Int(*value.inner()), Type::Int)),
        LiteralValue::String(value) => Ok((Node::Text(value.inner().to_owned()), Type::Text)),
        LiteralValue::Double(_) => {
            Err("has a fraction in it: amounts are whole minor units".to_owned())
        }
        _ => {
            Err("has a literal in it that is neither a text, nor a whole number, nor true or false"
                .to_owned())
        }
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    match name {
        operators::EQUALS => Some(Comparison::Equal),
        operators::NOT_EQUALS => Some(Comparison::NotEqual),
        operators::LESS => Some(Comparison::Less),
        operators::LESS_EQUALS => Some(Comparison::AtMost),
        operators::GREATER => Some(Comparison::Greater),
        operators::GREATER_EQUALS => Some(Comparison::AtLeast),
        _ => None,
    }
}

fn operation(name: &str) -> Option<Operation> {
    match name {
        operators::ADD => Some(Operation::Add),
        operators::SUBSTRACT => Some(Operation::Subtract),
        operators::MULTIPLY => Some(Operation::Multiply),
        operators::DIVIDE => Some(Operation::Divide),
        operators::MODULO => Some(Operation::Remainder),
        _ => None,
    }
}
