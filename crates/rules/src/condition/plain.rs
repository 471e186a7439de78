//! The plain form of a condition: rows of field, operator and values that a page can edit. They
//! become CEL, and all of them must hold.

use serde::{Deserialize, Serialize};

use super::{Field, Known, MemberField, Type};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlainCondition {
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

/// The rows in CEL. Problems are told by the number of the row, the field in it and what is wrong.
///
/// # Errors
/// Every problem found.
pub fn to_cel(rows: &[PlainCondition]) -> Result<String, Vec<(usize, &'static str, String)>> {
    rows_to_cel(rows, &|name| Field::named(name).map(|(_, kind)| (name.to_owned(), kind)))
}

/// Rows about a member outside an event, in CEL. `member.category_share.` and a category name the
/// share of that category.
///
/// # Errors
/// Every problem found.
pub fn member_to_cel(
    rows: &[PlainCondition],
) -> Result<String, Vec<(usize, &'static str, String)>> {
    rows_to_cel(rows, &|name| {
        let keyed = name.strip_prefix("member.category_share.");
        let keyed = keyed.map(|key| (format!("member.category_share[{}]", quoted(key)), Type::Int));
        keyed.or_else(|| MemberField::named(name).map(|(_, kind)| (name.to_owned(), kind)))
    })
}

/// How a field is written in CEL, and its type, by its name.
type Named<'a> = &'a dyn Fn(&str) -> Option<(String, Type)>;

fn rows_to_cel(
    rows: &[PlainCondition],
    named: Named<'_>,
) -> Result<String, Vec<(usize, &'static str, String)>> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        match row_to_cel(row, named) {
            Ok(text) => texts.push(text),
            Err((field, detail)) => problems.push((index, field, detail)),
        }
    }
    if problems.is_empty() { Ok(texts.join(" && ")) } else { Err(problems) }
}

fn row_to_cel(row: &PlainCondition, named: Named<'_>) -> Result<String, (&'static str, String)> {
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
    let value = values.first().map_or("", String::as_str);
    let all = values.join(", ");
    let fits = |kinds: &[Type], text: String| {
        if kinds.contains(&kind) {
            Ok(text)
        } else {
            Err(("operator", format!("does not go with {}", kind.as_str())))
        }
    };
    let single = [Type::Int, Type::Text, Type::Bool];
    let ordered = [Type::Int, Type::Text];
    match row.operator {
        Operator::Is => fits(&single, format!("{field} == {value}")),
        Operator::IsNot => fits(&single, format!("{field} != {value}")),
        Operator::AtLeast => fits(&ordered, format!("{field} >= {value}")),
        Operator::AtMost => fits(&ordered, format!("{field} <= {value}")),
        Operator::Above => fits(&ordered, format!("{field} > {value}")),
        Operator::Below => fits(&ordered, format!("{field} < {value}")),
        Operator::OneOf => fits(&ordered, format!("{field} in [{all}]")),
        Operator::NoneOf => fits(&ordered, format!("!({field} in [{all}])")),
        Operator::Contains if kind == Type::Texts => Ok(format!("{value} in {field}")),
        Operator::Contains => fits(&[Type::Text], format!("{field}.contains({value})")),
        Operator::StartsWith => fits(&[Type::Text], format!("{field}.startsWith({value})")),
    }
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
