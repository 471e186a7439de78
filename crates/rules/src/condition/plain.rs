//! The plain form of conditions: rows of field, operator and values that a page can edit, and
//! groups of rows. They become CEL, and CEL becomes rows where rows can say the same.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::member_field::CATEGORY_SHARE;
use super::{Comparison, Condition, Field, Known, MemberField, Node, Search, Type};

/// How deep groups stand within each other at most.
const MAX_GROUPS: usize = 3;

/// A row, or a group of conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, deny_unknown_fields)]
pub enum PlainCondition {
    /// The value of a field, compared.
    Row(PlainRow),
    /// Every one of them holds.
    All {
        /// One or more conditions.
        all: Vec<Self>,
    },
    /// One of them holds, or several do.
    Any {
        /// One or more conditions.
        any: Vec<Self>,
    },
    /// None of them holds.
    None {
        /// One or more conditions.
        none: Vec<Self>,
    },
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlainRow {
    /// A field such as `member.tier`, or `attributes.` and the name of an attribute.
    pub field: String,
    /// How its value is compared.
    pub operator: Operator,
    /// What with: one value, or several for `one_of` and `none_of`. Numbers are written as texts.
    pub values: Vec<String>,
}

/// How the value of a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equals the value.
    Is,
    /// Does not.
    IsNot,
    /// The value, or more.
    AtLeast,
    /// The value, or less.
    AtMost,
    /// More than the value.
    Above,
    /// Less than the value.
    Below,
    /// Equals one of the values.
    OneOf,
    /// Equals none of them.
    NoneOf,
    /// A list that has the value, or a text that has it in it.
    Contains,
    /// A text that begins with the value.
    StartsWith,
}

/// The members of both shapes. Serde's own untagged enums would keep each document twice, and name
/// no fault.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    field: Option<String>,
    operator: Option<Operator>,
    values: Option<Vec<String>>,
    all: Option<Vec<PlainCondition>>,
    any: Option<Vec<PlainCondition>>,
    none: Option<Vec<PlainCondition>>,
}

impl<'de> Deserialize<'de> for PlainCondition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Parts { field, operator, values, all, any, none } = Parts::deserialize(deserializer)?;
        match (field, operator, values, all, any, none) {
            (Some(field), Some(operator), Some(values), None, None, None) => {
                Ok(Self::Row(PlainRow { field, operator, values }))
            }
            (None, None, None, Some(all), None, None) => Ok(Self::All { all }),
            (None, None, None, None, Some(any), None) => Ok(Self::Any { any }),
            (None, None, None, None, None, Some(none)) => Ok(Self::None { none }),
            _ => Err(D::Error::custom(
                "a condition needs field, operator and values, or one of all, any and none",
            )),
        }
    }
}

impl Operator {
    /// Those that go with values of a type.
    #[must_use]
    pub fn of(kind: Type) -> &'static [Self] {
        use Operator::{
            Above, AtLeast, AtMost, Below, Contains, Is, IsNot, NoneOf, OneOf, StartsWith,
        };
        match kind {
            Type::Bool => &[Is, IsNot],
            Type::Int => &[Is, IsNot, AtLeast, AtMost, Above, Below, OneOf, NoneOf],
            Type::Text => {
                &[Is, IsNot, OneOf, NoneOf, StartsWith, Contains, AtLeast, AtMost, Above, Below]
            }
            Type::Texts => &[Contains],
            Type::Ints => &[],
        }
    }
}

/// The conditions in CEL; all of them must hold. Problems are told by the place, such as
/// `/0/any/1/values`, and what is wrong.
///
/// # Errors
/// Every problem found.
pub fn to_cel(conditions: &[PlainCondition]) -> Result<String, Vec<(String, String)>> {
    written(conditions, &|name| Field::named(name).map(|(_, kind)| (name.to_owned(), kind)))
}

/// Conditions about a member outside an event, in CEL. `member.category_share.` and a category name
/// the share of that category.
///
/// # Errors
/// Every problem found.
pub fn member_to_cel(conditions: &[PlainCondition]) -> Result<String, Vec<(String, String)>> {
    written(conditions, &|name| {
        let keyed = name.strip_prefix(CATEGORY_SHARE);
        let keyed = keyed.map(|key| (format!("member.category_share[{}]", quoted(key)), Type::Int));
        keyed.or_else(|| MemberField::named(name).map(|(_, kind)| (name.to_owned(), kind)))
    })
}

/// How a field is written in CEL, and its type, by its name.
type Named<'a> = &'a dyn Fn(&str) -> Option<(String, Type)>;

fn written(
    conditions: &[PlainCondition],
    named: Named<'_>,
) -> Result<String, Vec<(String, String)>> {
    let mut writer = Writer { named, problems: Vec::new() };
    let text = match conditions {
        // Alone it needs no parentheses.
        [PlainCondition::Any { any }] => writer.joined(any, " || ", "/0/any", 1),
        [PlainCondition::All { all }] => writer.joined(all, " && ", "/0/all", 1),
        [] => String::new(),
        conditions => writer.joined(conditions, " && ", "", 0),
    };
    if writer.problems.is_empty() { Ok(text) } else { Err(writer.problems) }
}

struct Writer<'a> {
    named: Named<'a>,
    problems: Vec<(String, String)>,
}

impl Writer<'_> {
    fn joined(
        &mut self,
        conditions: &[PlainCondition],
        with: &str,
        at: &str,
        depth: usize,
    ) -> String {
        if conditions.is_empty() {
            self.problems.push((at.to_owned(), "must have one condition or more".to_owned()));
        }
        if depth > MAX_GROUPS {
            self.problems.push((at.to_owned(), "groups may stand three deep at most".to_owned()));
            return String::new();
        }
        let mut texts = Vec::new();
        for (index, condition) in conditions.iter().enumerate() {
            let at = format!("{at}/{index}");
            let (before, items, with, name) = match condition {
                PlainCondition::Row(row) => {
                    match row_to_cel(row, self.named) {
                        Ok(text) => texts.push(text),
                        Err((field, detail)) => {
                            self.problems.push((format!("{at}/{field}"), detail));
                        }
                    }
                    continue;
                }
                PlainCondition::All { all } => ("(", all, " && ", "all"),
                PlainCondition::Any { any } => ("(", any, " || ", "any"),
                PlainCondition::None { none } => ("!(", none, " || ", "none"),
            };
            let text = self.joined(items, with, &format!("{at}/{name}"), depth + 1);
            texts.push(format!("{before}{text})"));
        }
        texts.join(with)
    }
}

fn row_to_cel(row: &PlainRow, named: Named<'_>) -> Result<String, (&'static str, String)> {
    let of_attribute = row
        .field
        .strip_prefix("attributes.")
        .map(|name| (format!("attributes[{}]", quoted(name)), Type::Text));
    let (field, kind) = of_attribute
        .or_else(|| named(&row.field))
        .ok_or(("field", "is no field that conditions know".to_owned()))?;
    let wants_many = matches!(row.operator, Operator::OneOf | Operator::NoneOf);
    if row.values.is_empty() || (row.values.len() > 1 && !wants_many) {
        return Err((
            "values",
            if wants_many { "must be one value or more" } else { "must be one value" }.to_owned(),
        ));
    }
    let mut values = Vec::new();
    for value in &row.values {
        values.push(match kind {
            Type::Int => value
                .parse::<i64>()
                .map(|value| value.to_string())
                .map_err(|_| "must be whole numbers"),
            Type::Bool => value
                .parse::<bool>()
                .map(|value| value.to_string())
                .map_err(|_| "must be true or false"),
            _ => Ok(quoted(value)),
        });
    }
    let values: Vec<String> = values
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|detail| ("values", detail.to_owned()))?;
    if !Operator::of(kind).contains(&row.operator) {
        return Err(("operator", format!("does not go with {}", kind.as_str())));
    }
    let value = values.first().map_or("", String::as_str);
    let all = values.join(", ");
    Ok(match row.operator {
        Operator::Is => format!("{field} == {value}"),
        Operator::IsNot => format!("{field} != {value}"),
        Operator::AtLeast => format!("{field} >= {value}"),
        Operator::AtMost => format!("{field} <= {value}"),
        Operator::Above => format!("{field} > {value}"),
        Operator::Below => format!("{field} < {value}"),
        Operator::OneOf => format!("{field} in [{all}]"),
        Operator::NoneOf => format!("!({field} in [{all}])"),
        Operator::Contains if kind == Type::Texts => format!("{value} in {field}"),
        Operator::Contains => format!("{field}.contains({value})"),
        Operator::StartsWith => format!("{field}.startsWith({value})"),
    })
}

/// A text literal of CEL.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The condition as rows, all of which must hold, where rows can say it. Groups that change
/// nothing, such as a group of one condition, are gone.
#[must_use]
pub fn to_rows<F: Known>(condition: &Condition<F>) -> Option<Vec<PlainCondition>> {
    let mut rows = Vec::new();
    for node in parts(&condition.0, Join::All) {
        rows.push(plain(node, 1)?);
    }
    Some(rows)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
}

/// What is joined by the same operator, in its order; a node that joins nothing is its own part.
fn parts<F>(node: &Node<F>, join: Join) -> Vec<&Node<F>> {
    match (node, join) {
        (Node::All(a, b), Join::All) | (Node::Any(a, b), Join::Any) => {
            let mut found = parts(a, join);
            found.append(&mut parts(b, join));
            found
        }
        _ => vec![node],
    }
}

/// A node as a row or a group that stands so deep.
fn plain<F: Known>(node: &Node<F>, depth: usize) -> Option<PlainCondition> {
    let group = |node: &Node<F>, join| -> Option<Vec<PlainCondition>> {
        if depth > MAX_GROUPS {
            return None;
        }
        parts(node, join).into_iter().map(|node| plain(node, depth + 1)).collect()
    };
    Some(match node {
        Node::All(..) => PlainCondition::All { all: group(node, Join::All)? },
        Node::Any(..) => PlainCondition::Any { any: group(node, Join::Any)? },
        Node::Not(inner) => match row(inner) {
            Some(row) if row.operator == Operator::OneOf => {
                PlainCondition::Row(PlainRow { operator: Operator::NoneOf, ..row })
            }
            Some(row) if matches!(**inner, Node::Field(_)) => {
                PlainCondition::Row(PlainRow { values: vec!["false".to_owned()], ..row })
            }
            _ => PlainCondition::None { none: group(inner, Join::Any)? },
        },
        other => PlainCondition::Row(row(other)?),
    })
}

fn row<F: Known>(node: &Node<F>) -> Option<PlainRow> {
    let (subject, operator, values) = match node {
        // A field that is true or false is a condition by itself.
        Node::Field(_) => (node, Operator::Is, vec!["true".to_owned()]),
        Node::Compare(comparison, a, b) => match (value(b), value(a)) {
            (Some(text), _) => (&**a, operator(*comparison), vec![text]),
            (None, Some(text)) => (&**b, operator(turned(*comparison)), vec![text]),
            (None, None) => return None,
        },
        Node::In(item, list) => match &**list {
            Node::Texts(items) | Node::Ints(items) if !items.is_empty() => {
                let values = items.iter().map(value).collect::<Option<_>>()?;
                (&**item, Operator::OneOf, values)
            }
            list => (list, Operator::Contains, vec![value(item)?]),
        },
        Node::Find(Search::Anywhere, text, part) => {
            (&**text, Operator::Contains, vec![value(part)?])
        }
        Node::Find(Search::Start, text, part) => {
            (&**text, Operator::StartsWith, vec![value(part)?])
        }
        _ => return None,
    };
    let field = match subject {
        Node::Field(field) => field.row_name()?,
        Node::Attribute(name) => format!("attributes.{name}"),
        _ => return None,
    };
    Some(PlainRow { field, operator, values })
}

/// A literal, as rows write it.
fn value<F>(node: &Node<F>) -> Option<String> {
    match node {
        Node::Bool(value) => Some(value.to_string()),
        Node::Int(value) => Some(value.to_string()),
        Node::Text(value) => Some(value.clone()),
        _ => None,
    }
}

fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Equal => Operator::Is,
        Comparison::NotEqual => Operator::IsNot,
        Comparison::Less => Operator::Below,
        Comparison::AtMost => Operator::AtMost,
        Comparison::Greater => Operator::Above,
        Comparison::AtLeast => Operator::AtLeast,
    }
}

/// The same with its sides exchanged.
fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::Greater => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same => same,
    }
}
