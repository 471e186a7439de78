//! Conditions as rows and groups of rows: what they are in CEL, and rows of CEL.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken test stops the test")]

use proptest::prelude::*;
use rules::{
    FIELDS, Known, MEMBER_FIELDS, Operator, PlainCondition, PlainRow, Scope, Type, compile,
    compile_member, member_to_cel, read_condition, to_cel, to_rows,
};
use serde_json::{Value as Json, json};

fn rows(json: &Json) -> Vec<PlainCondition> {
    serde_json::from_value(json.clone()).unwrap()
}

fn row(field: &str, operator: &str, values: &[&str]) -> Json {
    json!({"field": field, "operator": operator, "values": values})
}

fn rows_of(cel: &str) -> Option<Json> {
    let condition = compile(cel, Scope::Event).unwrap();
    to_rows(&condition).map(|rows| serde_json::to_value(rows).unwrap())
}

#[test]
fn groups_are_written_in_cel() {
    let gold = row("member.tier", "is", &["gold"]);
    let app = row("event.channel", "one_of", &["app", "web"]);
    let big = row("order.amount_minor", "at_least", &["10000"]);
    for (conditions, cel) in [
        (json!([gold, app]), r#"member.tier == "gold" && event.channel in ["app", "web"]"#),
        (
            json!([big, {"any": [gold, app]}]),
            r#"order.amount_minor >= 10000 && (member.tier == "gold" || event.channel in ["app", "web"])"#,
        ),
        (
            json!([{"any": [gold, {"all": [big, {"none": [app]}]}]}]),
            r#"member.tier == "gold" || (order.amount_minor >= 10000 && !(event.channel in ["app", "web"]))"#,
        ),
        (
            json!([{"none": [gold, big]}]),
            r#"!(member.tier == "gold" || order.amount_minor >= 10000)"#,
        ),
        (json!([]), ""),
    ] {
        assert_eq!(to_cel(&rows(&conditions)), Ok(cel.to_owned()));
    }
}

#[test]
fn cel_becomes_rows_where_rows_can_say_it() {
    let five = |operator: &str| json!([row("member.orders", operator, &["5"])]);
    for (cel, expected) in [
        ("member.orders > 5", Some(five("above"))),
        ("5 > member.orders", Some(five("below"))),
        ("5 <= member.orders", Some(five("at_least"))),
        ("member.is_new", Some(json!([row("member.is_new", "is", &["true"])]))),
        ("!member.is_new", Some(json!([row("member.is_new", "is", &["false"])]))),
        (r#""vip" in member.tags"#, Some(json!([row("member.tags", "contains", &["vip"])]))),
        ("!(event.hour in [1, 2])", Some(json!([row("event.hour", "none_of", &["1", "2"])]))),
        (
            r#"attributes.city.startsWith("上") && (event.day == 1 || event.day == 15)"#,
            Some(json!([row("attributes.city", "starts_with", &["上"]),
                {"any": [row("event.day", "is", &["1"]), row("event.day", "is", &["15"])]}])),
        ),
        // Four groups within each other are one too many.
        (
            "event.day == 1 || (event.day == 2 && (event.day == 3 || (event.day == 4 && event.day == 5)))",
            None,
        ),
        ("member.orders + 1 > 5", None),
        ("member.orders > event.day", None),
        ("event.day == 1 ? member.is_new : true", None),
        ("has(attributes.city)", None),
        ("size(member.tags) > 1", None),
        (r#"event.channel.endsWith("x")"#, None),
        ("order.lines.exists(l, l.quantity > 1)", None),
        ("true", None),
    ] {
        assert_eq!(rows_of(cel), expected, "{cel}");
    }
    let line = compile(r#"line.category == "food""#, Scope::Line).unwrap();
    assert_eq!(
        serde_json::to_value(to_rows(&line)).unwrap(),
        json!([row("line.category", "is", &["food"])])
    );
}

#[test]
fn faults_of_rows_are_told_at_their_place() {
    let good = row("member.tier", "is", &["gold"]);
    let deep = json!({"any": [good, {"all": [good, {"any": [good, {"all": [good]}]}]}]});
    for (conditions, place) in [
        (json!([good, row("member.x", "is", &["1"])]), "/1/field"),
        (json!([{"any": [good, row("event.hour", "is", &["x"])]}]), "/0/any/1/values"),
        (
            json!([good, {"all": [{"none": [row("member.tags", "is", &["x"])]}]}]),
            "/1/all/0/none/0/operator",
        ),
        (json!([{"any": []}]), "/0/any"),
        (json!([good, {"none": []}]), "/1/none"),
        (json!([deep]), "/0/any/1/all/1/any/1/all"),
        (json!([good, deep]), "/1/any/1/all/1/any/1/all"),
    ] {
        let problems = to_cel(&rows(&conditions)).unwrap_err();
        assert_eq!(problems.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), [place]);
    }
    for wrong in [
        json!({"field": "member.tier", "operator": "is"}),
        json!({"all": [], "any": []}),
        json!({"all": [], "field": "member.tier", "operator": "is", "values": ["x"]}),
        json!({"each": []}),
        json!({}),
    ] {
        assert!(serde_json::from_value::<PlainCondition>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn faults_of_cel_are_told_at_their_place() {
    for (cel, place) in [
        ("member.tier ==", Some((1, 15))),
        ("member.tier == \"gold\" &&\n  member.xp > 3", Some((2, 3))),
        ("member.tiers == member.tier", Some((1, 1))),
        ("1 == member.ti || member.tie > 0", Some((1, 6))),
        ("member.tier == gold", Some((1, 16))),
        ("member.tier == 3", None),
    ] {
        assert_eq!(read_condition(cel, Scope::Event).unwrap_err().place, place, "{cel}");
    }
}

#[test]
fn every_field_has_names_and_takes_every_operator_that_it_offers() {
    for (name, field, kind, _) in FIELDS {
        let (chinese, english) = field.names();
        assert!(chinese.chars().any(|c| c > '\u{2e80}') && english.is_ascii(), "{name}");
        let value = match kind {
            Type::Bool => "true",
            Type::Int => "1",
            _ => "x",
        };
        assert!(!Operator::of(kind).is_empty(), "{name}");
        let scope = if field.is_of_line() { Scope::Line } else { Scope::Event };
        for operator in Operator::of(kind) {
            let (field, values) = (name.to_owned(), vec![value.to_owned()]);
            let rows = [PlainCondition::Row(PlainRow { field, operator: *operator, values })];
            compile(&to_cel(&rows).unwrap(), scope).unwrap();
        }
    }
}

/// The same of members, whose names come back from the tree.
#[test]
fn every_field_of_members_comes_back_as_a_row() {
    for (_, field, kind, _) in MEMBER_FIELDS.clone() {
        let (chinese, english) = field.names();
        let mut name = field.row_name().unwrap();
        assert!(!chinese.is_ascii() && english.is_ascii(), "{name}");
        if name.ends_with('.') {
            name.push_str("say \"tea\"");
        }
        let value = if kind == Type::Int { "1" } else { "x" };
        for operator in Operator::of(kind) {
            let (field, values) = (name.clone(), vec![value.to_owned()]);
            let rows = vec![PlainCondition::Row(PlainRow { field, operator: *operator, values })];
            let read = compile_member(&member_to_cel(&rows).unwrap()).unwrap();
            assert_eq!(to_rows(&read), Some(rows));
        }
    }
}

/// Any row that is sound on an event.
fn a_row() -> impl Strategy<Value = PlainCondition> {
    let of_event: Vec<(String, Type)> = FIELDS
        .iter()
        .filter(|(_, field, ..)| !field.is_of_line())
        .map(|(name, _, kind, _)| ((*name).to_owned(), *kind))
        .collect();
    let named = "[a-z城\"\\\\ ]{1,4}".prop_map(|name| (format!("attributes.{name}"), Type::Text));
    prop_oneof![4 => proptest::sample::select(of_event), 1 => named].prop_flat_map(
        |(field, kind)| {
            let value = match kind {
                Type::Bool => any::<bool>().prop_map(|value| value.to_string()).boxed(),
                Type::Int => any::<i64>().prop_map(|value| value.to_string()).boxed(),
                _ => any::<String>().boxed(),
            };
            let operator = proptest::sample::select(Operator::of(kind).to_vec());
            (operator, proptest::collection::vec(value, 1..3)).prop_map(
                move |(operator, mut values)| {
                    if !matches!(operator, Operator::OneOf | Operator::NoneOf) {
                        values.truncate(1);
                    }
                    PlainCondition::Row(PlainRow { field: field.clone(), operator, values })
                },
            )
        },
    )
}

fn some_rows() -> impl Strategy<Value = Vec<PlainCondition>> {
    let one = a_row().prop_recursive(3, 12, 3, |inner| {
        let items = proptest::collection::vec(inner, 1..4);
        prop_oneof![
            items.clone().prop_map(|all| PlainCondition::All { all }),
            items.clone().prop_map(|any| PlainCondition::Any { any }),
            items.prop_map(|none| PlainCondition::None { none }),
        ]
    });
    proptest::collection::vec(one, 1..4)
}

/// The same without groups that change nothing: a group of one, and one within its like.
fn tidied(conditions: Vec<PlainCondition>, in_any: bool) -> Vec<PlainCondition> {
    let one_or = |mut items: Vec<PlainCondition>,
                  group: fn(Vec<PlainCondition>) -> PlainCondition| {
        if items.len() == 1 { items.remove(0) } else { group(items) }
    };
    let mut found = Vec::new();
    for condition in conditions {
        match condition {
            PlainCondition::Row(_) => found.push(condition),
            PlainCondition::All { all } => {
                match one_or(tidied(all, false), |all| PlainCondition::All { all }) {
                    PlainCondition::All { all } if !in_any => found.extend(all),
                    PlainCondition::Any { any } if in_any => found.extend(any),
                    other => found.push(other),
                }
            }
            PlainCondition::Any { any } => {
                match one_or(tidied(any, true), |any| PlainCondition::Any { any }) {
                    PlainCondition::Any { any } if in_any => found.extend(any),
                    PlainCondition::All { all } if !in_any => found.extend(all),
                    other => found.push(other),
                }
            }
            PlainCondition::None { none } => {
                let mut none = tidied(none, true);
                match none.first_mut() {
                    Some(PlainCondition::Row(row)) if row.operator == Operator::OneOf => {
                        row.operator = Operator::NoneOf;
                        if none.len() == 1 {
                            found.append(&mut none);
                            continue;
                        }
                        if let Some(PlainCondition::Row(row)) = none.first_mut() {
                            row.operator = Operator::OneOf;
                        }
                    }
                    _ => {}
                }
                found.push(PlainCondition::None { none });
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn rows_become_a_tree_and_the_tree_the_same_rows(conditions in some_rows()) {
        let text = to_cel(&conditions).unwrap();
        // Random texts are long; the bound of bytes is not what this is about.
        prop_assume!(text.len() <= 2_000);
        let tree = compile(&text, Scope::Event).map_err(|detail| TestCaseError::fail(format!("{detail}: {text}")))?;
        let back = to_rows(&tree).unwrap();
        prop_assert_eq!(&back, &tidied(conditions, false));
        // The rows that came back are the same tree as well, and the same text from then on.
        let again = to_cel(&back).unwrap();
        let same = to_rows(&compile(&again, Scope::Event).unwrap()).unwrap();
        prop_assert_eq!(to_cel(&same).unwrap(), again);
        prop_assert_eq!(same, back);
    }

    #[test]
    fn rows_outlive_json(conditions in some_rows()) {
        let json = serde_json::to_string(&conditions).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<PlainCondition>>(&json).unwrap(), conditions);
    }
}
