//! What a text may say: variables of the closed list, four filters, `if` and `for`. All else that
//! the engine knows is refused before it runs.
//!
//! Owns: two passes over a text. The first reads the engine's tokens one by one and bounds them, so
//! that no tree is too deep for the stack. The second walks the engine's tree and finds the kind of
//! each expression, so that a misspelt name is found in a branch that no sample takes, too.

use std::fmt;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::{Span, Token, parse, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};

use crate::variables::{LIST, MAX_REWARDS};

/// Tags of a text, at most.
const MAX_TAGS: usize = 300;
/// Tokens of one tag, at most.
const MAX_TOKENS: usize = 40;
/// `if`, `elif` and `for` within each other, at most.
const MAX_DEPTH: usize = 12;

/// What an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Day,
    Link,
    Unsubscribe,
    Flag,
    Coupon,
    Rewards,
    Reward,
    Loop,
    Nothing,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Day => "a day",
            Self::Link | Self::Unsubscribe => "a link",
            Self::Flag => "true or false",
            Self::Coupon => "the coupon",
            Self::Rewards => "the list of rewards",
            Self::Reward => "a reward",
            Self::Loop => "the loop",
            Self::Nothing => "nothing",
        })
    }
}

/// A piece of a text, in the order of writing, whatever branch it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// What stands there.
    Raw(&'a str),
    /// What a variable puts there.
    Shown(Kind),
    /// A block begins, and with it its first branch.
    Block,
    /// A branch ends and the next one begins. The last may be empty.
    Branch,
    /// The last branch ends, and the block with it.
    End,
}

/// What is wrong with a text, with its line.
pub(crate) type Wrong = String;

/// Reads a text; its pieces.
pub(crate) fn read(source: &str) -> Result<Vec<Piece<'_>>, Wrong> {
    bound(source)?;
    let tree = parse(source, "text", SyntaxConfig::default()).map_err(|error| {
        let what = error.detail().unwrap_or("cannot be read").to_owned();
        error.line().map_or(what.clone(), |line| format!("line {line}: {what}"))
    })?;
    let Stmt::Template(template) = &tree else { return Err("cannot be read".to_owned()) };
    let mut reader = Reader { names: Vec::new(), pieces: Vec::new() };
    reader.statements(&template.children)?;
    Ok(reader.pieces)
}

fn at(span: Span, what: impl fmt::Display) -> Wrong {
    format!("line {}: {what}", span.start_line)
}

/// Bounds the tags of a text, and how deep they stand within each other.
fn bound(source: &str) -> Result<(), Wrong> {
    let (mut tags, mut tokens) = (0, 0);
    let mut is_first = false;
    // How many branches each open block has.
    let mut open: Vec<usize> = Vec::new();
    for token in tokenize(source, false, SyntaxConfig::default()) {
        let (token, span) = token.map_err(|error| {
            let what = error.detail().unwrap_or("cannot be read").to_owned();
            error.line().map_or(what.clone(), |line| format!("line {line}: {what}"))
        })?;
        tokens += 1;
        match token {
            Token::TemplateData(_) => continue,
            Token::VariableStart | Token::BlockStart => {
                (tags, tokens) = (tags + 1, 0);
                is_first = matches!(token, Token::BlockStart);
                if tags > MAX_TAGS {
                    return Err(at(span, format!("more than {MAX_TAGS} tags")));
                }
                continue;
            }
            Token::Ident(name) if is_first => match name {
                "if" | "for" => open.push(1),
                "elif" => {
                    if let Some(branches) = open.last_mut() {
                        *branches += 1;
                    }
                }
                "endif" | "endfor" => {
                    open.pop();
                }
                "else" => {}
                _ => return Err(at(span, format!("`{name}` is not offered; if and for are"))),
            },
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Tilde
            | Token::Assign
            | Token::Colon
            | Token::BraceOpen
            | Token::BraceClose
            | Token::Int128(_)
            | Token::Float(_) => return Err(at(span, format!("{token} is not offered"))),
            _ => {}
        }
        is_first = false;
        if tokens > MAX_TOKENS {
            return Err(at(span, format!("a tag of more than {MAX_TOKENS} words and signs")));
        }
        if open.iter().sum::<usize>() > MAX_DEPTH {
            return Err(at(span, format!("more than {MAX_DEPTH} branches within each other")));
        }
    }
    Ok(())
}

struct Reader<'a> {
    /// The names that loops give, the innermost last.
    names: Vec<&'a str>,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Reader<'a> {
    fn statements(&mut self, statements: &[Stmt<'a>]) -> Result<(), Wrong> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt<'a>) -> Result<(), Wrong> {
        match statement {
            Stmt::EmitRaw(raw) => {
                self.pieces.push(Piece::Raw(raw.raw));
                Ok(())
            }
            Stmt::EmitExpr(shown) => {
                let kind = self.kind(&shown.expr)?;
                if !matches!(
                    kind,
                    Kind::Text | Kind::Number | Kind::Day | Kind::Link | Kind::Unsubscribe
                ) {
                    return Err(at(shown.span(), format!("{kind} cannot be shown")));
                }
                self.pieces.push(Piece::Shown(kind));
                Ok(())
            }
            Stmt::IfCond(branch) => {
                self.kind(&branch.expr)?;
                self.pieces.push(Piece::Block);
                self.statements(&branch.true_body)?;
                self.pieces.push(Piece::Branch);
                self.statements(&branch.false_body)?;
                self.pieces.push(Piece::End);
                Ok(())
            }
            Stmt::ForLoop(each) => {
                let Expr::Var(target) = &each.target else {
                    return Err(at(each.span(), "a loop names one variable"));
                };
                if each.recursive || each.filter_expr.is_some() {
                    return Err(at(each.span(), "a loop is `for reward in rewards` and no more"));
                }
                if target.id == "loop" || LIST.iter().any(|(name, _)| *name == target.id) {
                    return Err(at(each.span(), format!("`{}` has a meaning already", target.id)));
                }
                let kind = self.kind(&each.iter)?;
                if kind != Kind::Rewards {
                    return Err(at(each.span(), format!("a loop goes over rewards, not {kind}")));
                }
                self.names.push(target.id);
                self.pieces.push(Piece::Block);
                self.statements(&each.body)?;
                self.names.pop();
                self.pieces.push(Piece::Branch);
                self.statements(&each.else_body)?;
                self.pieces.push(Piece::End);
                Ok(())
            }
            _ => Err("a tag that is not offered; if and for are".to_owned()),
        }
    }

    fn kind(&self, expression: &Expr<'a>) -> Result<Kind, Wrong> {
        let span = expression.span();
        match expression {
            Expr::Var(name) => self.of_name(name.id).map_err(|wrong| at(span, wrong)),
            Expr::Const(constant) => Ok(of_constant(&constant.value)),
            Expr::GetAttr(part) => {
                let kind = self.kind(&part.expr)?;
                of_part(kind, part.name)
                    .ok_or_else(|| at(span, format!("{kind} has no `{}`", part.name)))
            }
            Expr::GetItem(item) => {
                let kind = self.kind(&item.expr)?;
                let index = constant(&item.subscript_expr).and_then(Value::as_usize);
                match (kind, index) {
                    (Kind::Rewards, Some(index)) if index < MAX_REWARDS => Ok(Kind::Reward),
                    _ => Err(at(span, format!("only rewards[0] to rewards[{}]", MAX_REWARDS - 1))),
                }
            }
            Expr::UnaryOp(operation) => {
                let kind = self.kind(&operation.expr)?;
                match operation.op {
                    UnaryOpKind::Not => Ok(Kind::Flag),
                    UnaryOpKind::Neg => Err(at(span, format!("{kind} cannot be negated"))),
                }
            }
            Expr::BinOp(operation) => {
                let (left, right) = (self.kind(&operation.left)?, self.kind(&operation.right)?);
                match operation.op {
                    BinOpKind::ScOr if left == right => Ok(left),
                    BinOpKind::ScOr | BinOpKind::ScAnd => Ok(Kind::Flag),
                    BinOpKind::In => Err(at(span, "`in` is not offered")),
                    _ => compared(left, right).map_err(|wrong| at(span, wrong)),
                }
            }
            Expr::Compare(comparison) => {
                let mut left = self.kind(&comparison.expr)?;
                for step in &comparison.ops {
                    if matches!(step.op, CompareOpKind::In | CompareOpKind::NotIn) {
                        return Err(at(span, "`in` is not offered"));
                    }
                    let right = self.kind(&step.expr)?;
                    compared(left, right).map_err(|wrong| at(span, wrong))?;
                    left = right;
                }
                Ok(Kind::Flag)
            }
            Expr::Filter(filter) => {
                let Some(of) = &filter.expr else { return Err(at(span, "a filter of nothing")) };
                let kind = self.kind(of)?;
                of_filter(filter.name, kind, &filter.args).map_err(|wrong| at(span, wrong))
            }
            _ => Err(at(span, format!("a {} is not offered", expression.description()))),
        }
    }

    fn of_name(&self, name: &str) -> Result<Kind, Wrong> {
        if self.names.contains(&name) {
            return Ok(Kind::Reward);
        }
        if name == "loop" && !self.names.is_empty() {
            return Ok(Kind::Loop);
        }
        let known = LIST.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        known.ok_or_else(|| {
            let names = LIST.map(|(name, _)| name).join(", ");
            format!("there is no variable `{name}`; there are {names}")
        })
    }
}

fn of_constant(value: &Value) -> Kind {
    match value.kind() {
        ValueKind::String => Kind::Text,
        ValueKind::Number => Kind::Number,
        ValueKind::Bool => Kind::Flag,
        _ => Kind::Nothing,
    }
}

fn of_part(kind: Kind, name: &str) -> Option<Kind> {
    match (kind, name) {
        (Kind::Reward, "name") | (Kind::Coupon, "code") => Some(Kind::Text),
        (Kind::Reward, "points" | "cash_minor") | (Kind::Loop, "index") => Some(Kind::Number),
        (Kind::Loop, "first" | "last") => Some(Kind::Flag),
        _ => None,
    }
}

/// What is compared is of one kind.
fn compared(left: Kind, right: Kind) -> Result<Kind, Wrong> {
    let may_be = matches!(left, Kind::Number | Kind::Text) && left == right;
    if may_be { Ok(Kind::Flag) } else { Err(format!("{left} and {right} cannot be compared")) }
}

fn of_filter(name: &str, kind: Kind, arguments: &[CallArg<'_>]) -> Result<Kind, Wrong> {
    let takes = |wanted: Kind| {
        if kind == wanted {
            Ok(Kind::Text)
        } else {
            Err(format!("`{name}` is of {wanted}, not of {kind}"))
        }
    };
    let argument = match arguments {
        [] => None,
        [CallArg::Pos(only)] => constant(only),
        _ => return Err(format!("`{name}` has too many arguments")),
    };
    let number = |most: usize| argument.and_then(Value::as_usize).filter(|n| *n <= most);
    match name {
        "date" => {
            let style = argument.and_then(Value::as_str);
            if !arguments.is_empty() && !style.is_some_and(|style| STYLES.contains(&style)) {
                return Err(format!("the style of `date` is one of {}", STYLES.join(", ")));
            }
            takes(Kind::Day)
        }
        "number" => {
            if !arguments.is_empty() && number(4).is_none() {
                return Err("the places of `number` are 0 to 4".to_owned());
            }
            takes(Kind::Number)
        }
        "mask" => {
            if !arguments.is_empty() {
                return Err("`mask` has no arguments".to_owned());
            }
            takes(Kind::Text)
        }
        "truncate" => {
            if number(1_000).is_none_or(|n| n == 0) {
                return Err("the length of `truncate` is 1 to 1000".to_owned());
            }
            takes(Kind::Text)
        }
        _ => Err(format!("there is no filter `{name}`; there are date, number, mask, truncate")),
    }
}

/// The styles of `date`.
pub(crate) const STYLES: [&str; 3] = ["long", "short", "iso"];

fn constant<'t>(expression: &'t Expr<'_>) -> Option<&'t Value> {
    match expression {
        Expr::Const(constant) => Some(&constant.value),
        _ => None,
    }
}
