//! Which changes of a playbook are major, as docs/reference/api/playbook.md tells it.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use reach::Purpose;
use reach::playbook::{Known, KnownTemplate, Playbook};
use serde_json::{Value as Json, json};

fn playbook(document: &Json) -> Playbook {
    serde_json::from_value(document.clone()).unwrap()
}

/// Strategy `a` sends by e-mail within a budget, `b` grants in a node of its sequence.
fn before() -> Json {
    json!({"segments": {"x": {"when": "member.orders > 1"}}, "strategies": [
        {"id": "a", "trigger": {"kind": "points_expiring", "days_before": 30},
         "send": {"channels": ["email"], "template": "t"}, "budget": {"messages": 9, "per": "day"}},
        {"id": "b", "trigger": {"kind": "tier_ending"}, "send": {"template": "t"},
         "sequence": {"nodes": [{"days_before": 3, "channels": ["push"], "action": {"grant": {"name": "g"}}}]}}]})
}

/// Template `t` is for marketing, `s` for service.
fn known() -> Known {
    let of = |purpose| KnownTemplate { purpose, needs: [].into() };
    let templates = [("t", Purpose::Marketing), ("s", Purpose::Service)];
    let templates = templates.map(|(id, purpose)| (id.to_owned(), of(purpose))).into();
    Known { templates, ..Known::default() }
}

#[test]
fn what_is_major() {
    let none = |_: &mut Json| {};
    let new = |with: &'static str| {
        move |document: &mut Json| {
            let mut strategy: Json = serde_json::from_str(with).unwrap();
            strategy["id"] = json!("c");
            strategy["trigger"] = json!({"kind": "tier_changed"});
            document["strategies"].as_array_mut().unwrap().push(strategy);
        }
    };
    type Change = Box<dyn Fn(&mut Json)>;
    let cases: Vec<(&str, Change, &[&str])> = vec![
        ("nothing", Box::new(none), &[]),
        ("the hour", Box::new(|d| d["send_at"] = json!("11:00")), &[]),
        ("attribution", Box::new(|d| d["attribution"] = json!({"click_days": 9})), &[]),
        (
            "the settings",
            Box::new(|d| {
                d["quiet_hours"] = Json::Null;
                d["caps"] = json!([{"times": 1, "per": "day"}]);
                d["holdout_percent"] = json!(0);
            }),
            &["/caps", "/holdout_percent", "/quiet_hours"],
        ),
        (
            "a larger budget",
            Box::new(|d| d["strategies"][0]["budget"]["messages"] = json!(10)),
            &["/strategies/a/budget"],
        ),
        (
            "no bound any more",
            Box::new(|d| drop(d["strategies"][0].as_object_mut().unwrap().remove("budget"))),
            &["/strategies/a/budget"],
        ),
        (
            "it begins to grant",
            Box::new(|d| d["strategies"][0]["action"] = json!({"grant": {"coupon": "k"}})),
            &["/strategies/a/budget"],
        ),
        (
            "it grants something else",
            Box::new(|d| d["strategies"][1]["action"] = json!({"grant": {"coupon": "k"}})),
            &["/strategies/b/grant"],
        ),
        (
            "another channel, which others use",
            Box::new(|d| d["strategies"][0]["send"]["channels"] = json!(["push"])),
            &[],
        ),
        (
            "a new channel in a node",
            Box::new(|d| {
                d["strategies"][1]["sequence"]["nodes"][0]["channels"] = json!(["push", "sms"]);
            }),
            &["/strategies/b/channels"],
        ),
        (
            "a holdout",
            Box::new(|d| d["strategies"][0]["holdout_percent"] = json!(9)),
            &["/strategies/a/holdout_percent"],
        ),
        ("one less", Box::new(|d| drop(d["strategies"].as_array_mut().unwrap().pop())), &[]),
        ("another order", Box::new(|d| d["strategies"].as_array_mut().unwrap().reverse()), &[]),
        (
            "a new one that sends",
            Box::new(new(r#"{"send": {"channels": ["email"], "template": "t"}}"#)),
            &["/strategies/c/budget"],
        ),
        ("a new one that only acts", Box::new(new(r#"{"action": {"set_tag": "x"}}"#)), &[]),
        (
            "another name without the budget",
            Box::new(|d| {
                d["strategies"][0]["id"] = json!("a2");
                drop(d["strategies"][0].as_object_mut().unwrap().remove("budget"));
            }),
            &["/strategies/a2/budget"],
        ),
        (
            "it grants to others, at another time",
            Box::new(|d| {
                let of = &mut d["strategies"][1];
                of["trigger"] = json!({"kind": "points_expiring"});
                of["segment"] = json!("x");
                of["when"] = json!("member.orders > 1");
                of["sequence"]["nodes"][0]["days_before"] = json!(4);
            }),
            &[
                "/strategies/b/segment",
                "/strategies/b/sequence",
                "/strategies/b/trigger",
                "/strategies/b/when",
            ],
        ),
        (
            "it grants for other days, occasions and turns",
            Box::new(|d| {
                let of = &mut d["strategies"][1];
                of["from"] = json!("2026-01-01");
                of["until"] = json!("2099-01-01");
                of["match"] = json!("first");
                of["priority"] = json!(9);
                of["stop_when"] = json!(["redeemed"]);
            }),
            &[
                "/strategies/b/from",
                "/strategies/b/match",
                "/strategies/b/priority",
                "/strategies/b/stop_when",
                "/strategies/b/until",
            ],
        ),
        (
            "every node grants it",
            Box::new(|d| {
                let of = &mut d["strategies"][1];
                let node = |days: u32| json!({"days_before": days, "channels": ["push"]});
                of["action"] = json!({"grant": {"name": "g"}});
                of["sequence"]["nodes"] = json!([node(3), node(2)]);
            }),
            &["/strategies/b/grant", "/strategies/b/sequence"],
        ),
        (
            "one that grants nothing to others",
            Box::new(|d| d["strategies"][0]["trigger"]["days_before"] = json!(31)),
            &[],
        ),
        (
            "the segment that it grants to",
            Box::new(|d| {
                d["segments"]["x"]["when"] = json!("member.orders > 2");
                d["strategies"][1]["segment"] = json!("x");
            }),
            &["/segments/x", "/strategies/b/segment"],
        ),
        (
            "marketing becomes service",
            Box::new(|d| d["strategies"][0]["send"]["template"] = json!("s")),
            &["/strategies/a/template"],
        ),
        (
            "another template of marketing",
            Box::new(|d| d["strategies"][0]["send"]["template"] = json!("u")),
            &[],
        ),
        (
            "a new one with all",
            Box::new(new(
                r#"{"send": {"channels": ["sms"], "template": "t"}, "holdout_percent": 0,
                    "budget": {"points": 1, "per": "day"}}"#,
            )),
            &["/strategies/c/budget", "/strategies/c/channels", "/strategies/c/holdout_percent"],
        ),
        (
            "a new one that grants",
            Box::new(new(r#"{"action": {"grant": {"name": "g"}}}"#)),
            &["/strategies/c/budget"],
        ),
    ];
    for (name, change, major) in cases {
        let mut next = before();
        change(&mut next);
        assert_eq!(playbook(&before()).major_changes(&playbook(&next), &known()), major, "{name}");
    }
    // All that the first playbook sends by is new.
    let first = Playbook::default().major_changes(&playbook(&before()), &known());
    let expected = ["/strategies/a/budget", "/strategies/a/channels", "/strategies/b/budget"];
    assert_eq!(first[..3], expected);
    assert_eq!(first[3..], ["/strategies/b/channels"]);
}

/// A sequence whose nodes grant in other places, and strategies that share occasions.
#[test]
fn where_and_in_which_turn_it_is_granted() {
    let node = |days: u32, grant: Option<&str>| match grant {
        Some(name) => json!({"days_before": days, "action": {"grant": {"name": name}}}),
        None => json!({"days_before": days}),
    };
    let of = |nodes: [Option<&str>; 3]| {
        let [a, b, c] = nodes;
        json!({"strategies": [{"id": "b", "trigger": {"kind": "tier_ending"}, "send": {"channels": ["push"], "template": "t"},
            "sequence": {"nodes": [node(9, a), node(6, b), node(3, c)]}}]})
    };
    let before = of([Some("g"), Some("h"), None]);
    for (nodes, major) in [
        ([Some("g"), Some("h"), None], &[][..]),
        ([Some("g"), Some("h"), Some("g")], &["/strategies/b/grant", "/strategies/b/sequence"]),
        ([Some("h"), Some("g"), None], &["/strategies/b/grant"]),
        ([Some("g"), None, Some("h")], &["/strategies/b/sequence"]),
        ([Some("g"), None, None], &["/strategies/b/sequence"]),
        ([None, None, None], &[]),
    ] {
        let next = playbook(&of(nodes));
        assert_eq!(playbook(&before).major_changes(&next, &known()), major, "{nodes:?}");
    }
    let shared = |ids: [&str; 3], matches: &str| {
        let strategy = |id: &str| {
            let action = json!({"grant": {"name": "g"}});
            json!({"id": id, "trigger": {"kind": "tier_changed"}, "match": matches, "action": action})
        };
        playbook(&json!({"strategies": ids.map(strategy)}))
    };
    for (next, matches, major) in [
        (["a", "b", "c"], "first", &[][..]),
        (["b", "a", "c"], "first", &["/strategies"]),
        (["b", "a", "c"], "all", &[]),
    ] {
        let found =
            shared(["a", "b", "c"], matches).major_changes(&shared(next, matches), &known());
        assert_eq!(found, major, "{next:?} {matches}");
    }
}
