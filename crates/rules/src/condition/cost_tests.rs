//! What is told of a condition when it is published is never less than what it takes, and not much
//! more.

use std::collections::BTreeMap;

use ledger::{Currency, Member, MemberId, Money, Origin, Timestamp, Zone};

use super::super::{Facts, Scope, compile};
use crate::event::{EarnEvent, Line};

/// The largest order there can be.
fn order() -> EarnEvent {
    let currency = Currency::new("CNY").unwrap();
    let long = |n: usize| format!("{n:03}{}", "漢".repeat(61));
    let line = |n: usize| Line {
        line: n.to_string(),
        sku: Some(long(n)),
        category: Some(long(n + 500)),
        quantity: 1,
        amount: Money { amount_minor: 100, currency },
    };
    EarnEvent {
        event: "purchase".into(),
        occurred_at: None,
        lines: (0..500).map(line).collect(),
        device: None,
    }
}

#[test]
fn no_order_takes_more_steps_than_were_told() {
    let (event, origin, member) =
        (order(), Origin::default(), Member::new(MemberId::new("m").unwrap()));
    let attributes = (0..50).map(|n| (format!("a{n}"), "漢".repeat(200)));
    let attributes: BTreeMap<String, String> =
        attributes.chain([("tags".to_owned(), vec!["a"; 400].join(","))]).collect();
    let zone: Zone = "Asia/Shanghai".parse().unwrap();
    for (scope, text) in [
        (Scope::Event, "order.lines.all(l, l.sku != \"x\")"),
        (Scope::Event, "order.lines.all(l, !(l.sku in order.categories))"),
        (
            Scope::Event,
            "order.lines.exists(l, (l.sku + l.category + attributes.a1).contains(\"zz\"))",
        ),
        (
            Scope::Event,
            "!(\"b\" in member.tags) && size(attributes.a3) == 200 && !attributes.a2.endsWith(\"b\")",
        ),
        (Scope::Event, "(event.hour < 0 ? event.name : attributes.a2 + attributes.a3) != \"x\""),
        (Scope::Event, "(attributes.a1 + attributes.a2).startsWith(attributes.a1 + attributes.a3)"),
        (Scope::Line, "line.category in [\"a\", \"b\", \"c\", attributes.a1, \"e\"]"),
        (
            Scope::Line,
            "line.category in [\"a\", \"b\", \"c\", \"d\", \"e\"] || line.amount_minor * 3 - 1 > 5",
        ),
        (
            Scope::Line,
            "line.quantity in [4, 5, 6] || (size(line.sku) > 2) == (line.amount_minor == 7)",
        ),
    ] {
        let facts = Facts::new(&event, &origin, &member, "gold", &attributes, Timestamp(0), zone);
        let condition = compile(text, scope).unwrap();
        match scope {
            Scope::Event => drop(facts.holds(&condition)),
            Scope::Line => {
                assert!(
                    event.lines.iter().filter(|line| facts.counts(Some(&condition), line)).count()
                        <= 500
                )
            }
        }
        let (taken, told) = (facts.steps_taken(), condition.steps(scope));
        assert!(taken <= told && told <= 4 * taken, "{text} took {taken}, told {told}");
    }
}
