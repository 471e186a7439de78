//! Conditions about members: each field is asked for by its name, and no member takes more steps
//! than were told.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use ledger::day_number;

use super::super::{AskedMember, MEMBER_FIELDS, MemberField, Type, compile_member};

/// Answers that tell which field was asked for.
#[derive(Default)]
struct Sample {
    attributes: BTreeMap<String, String>,
    tags: Vec<String>,
}

impl AskedMember for Sample {
    fn today(&self) -> i32 {
        day_number(NaiveDate::from_ymd_opt(2026, 5, 16).unwrap())
    }

    fn number(&self, field: &MemberField) -> i64 {
        match field {
            MemberField::CategoryShare(name) => name.len() as i64,
            MemberField::Orders(days) | MemberField::Spend(days) => i64::from(*days),
            field => MEMBER_FIELDS.iter().position(|(_, known, ..)| known == field).unwrap() as i64,
        }
    }

    fn text(&self, _: &MemberField) -> &str {
        "gold"
    }

    fn tags(&self) -> Vec<&str> {
        self.tags.iter().map(String::as_str).collect()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

fn sample(attributes: &[(&str, &str)]) -> Sample {
    Sample {
        attributes: attributes.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        tags: vec!["value/high/active".into(), "vip".into()],
    }
}

#[test]
fn conditions_about_members() {
    let told = [("birthday", "1990-05-17"), ("region", "华东")];
    for (text, holds) in [
        ("member.orders_30 >= 30 && member.orders_365 == 365", true),
        ("member.spend_90 < 90", false),
        ("member.category_share[\"digital\"] == 7", true),
        ("member.tier == \"gold\" && rfm.group.startsWith(\"go\")", true),
        ("\"value/high/active\" in member.tags && !(\"x\" in member.tags)", true),
        ("attributes.region in [\"华东\", \"华南\"]", true),
        ("has(attributes.gender) || attributes.gender != \"\"", false),
        ("member.birth_month == 5 && member.birth_day == 17", true),
        ("member.age == 35", true),
        // What cannot be computed does not hold.
        ("member.balance / 0 > 1 || !(member.balance / 0 > 1)", false),
    ] {
        assert_eq!(compile_member(text).unwrap().holds(&sample(&told)), holds, "{text}");
    }
}

/// A member who told no year of birth belongs to no age band, any other to one alone.
#[test]
fn an_age_that_nobody_told_is_in_no_band() {
    for (birthday, age) in [
        ("1990-05-15", Some(36)),
        ("1990-05-16", Some(36)),
        ("1990-05-17", Some(35)),
        ("05-17", None),
        ("", None),
        ("2030-01-01", None),
        ("0-05-17", None),
    ] {
        let member = sample(&[("birthday", birthday)]);
        let found: Vec<i64> = (0..120)
            .filter(|n| compile_member(&format!("member.age == {n}")).unwrap().holds(&member))
            .collect();
        assert_eq!(found, age.into_iter().collect::<Vec<i64>>(), "{birthday}");
        for text in ["member.age < 40", "!(member.age < 40)"] {
            let holds = compile_member(text).unwrap().holds(&member);
            assert_eq!(holds, age.is_some() && !text.starts_with('!'), "{text} {birthday}");
        }
    }
}

#[test]
fn what_is_no_condition_about_a_member() {
    for (text, problem) in [
        ("order.amount_minor > 1", "order.amount_minor is no field that is known here"),
        ("line.sku == \"a\"", "line.sku is no field that is known here"),
        ("order.lines.exists(l, l.quantity > 1)", "which only conditions about an event do"),
        ("member.category_share > 1", "member.category_share is no field that is known here"),
        ("member.balance[\"a\"] > 1", "only attributes have an index"),
        ("member.balance", "must be true or false, and is a whole number"),
        ("member.tier > 3", "needs a text where it has a whole number"),
        (
            "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\" \
             in member.tags || \"b\" in member.tags || \"c\" in member.tags || \"d\" in member.tags",
            "steps for a member, and may take 5000",
        ),
    ] {
        let told = compile_member(text).unwrap_err();
        assert!(told.contains(problem), "{text}: {told}");
    }
}

#[test]
fn each_field_of_the_table_can_be_asked_for() {
    for (name, _, kind, _) in &MEMBER_FIELDS {
        let name = name.replace('…', "digital");
        let text = match kind {
            Type::Int => format!("{name} >= 0"),
            Type::Text => format!("{name} != \"\""),
            _ => format!("size({name}) > 0"),
        };
        assert!(compile_member(&text).is_ok(), "{text}");
    }
}

/// No member within the bounds of the API takes more steps than were told.
#[test]
fn no_member_takes_more_steps_than_were_told() {
    let long = "漢".repeat(200);
    let mut member = sample(&[("a", &long), ("b", &long)]);
    member.tags = (0..900).map(|n| format!("value/high/{n:03}")).collect();
    for text in [
        "\"b\" in member.tags && size(member.tags) == 900",
        "(attributes.a + attributes.b).contains(\"zz\")",
        "size(attributes.a) == 200 && !attributes.b.endsWith(\"b\")",
        "member.balance * 3 - 1 > 5 || rfm.r in [4, 5]",
        "(member.balance < 0 ? member.tier : attributes.a + attributes.b) != \"x\"",
    ] {
        let condition = compile_member(text).unwrap();
        let (told, (_, taken)) = (condition.most_steps(), condition.counted(&member));
        assert!(taken <= told && told <= 4 * taken, "{text} took {taken}, told {told}");
    }
}
