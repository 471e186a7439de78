//! Rules with conditions: what a retailer wants to say, each said as data and worked out by hand, a
//! line an event.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{Currency, Kind, Money};
use rules::operations::{Earn, ReturnScope};
use rules::{Document, EarnEvent, Line, Rulebook, Silence};
use serde_json::{Value, json};
use support::{AnyOperation, World, act, action, ask, at, buy, purchase};

/// The default document with other fields.
fn document(change: Value) -> Document {
    let mut all = serde_json::to_value(rules::default_document()).unwrap();
    for (name, value) in change.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap_or_else(|error| panic!("{error}: {change}"))
}

fn world(change: Value) -> World {
    World::new(|d| *d = document(change))
}

/// A purchase of lines, each with category, article, units and amount (minor units).
fn basket(lines: &[(&str, &str, i64, i64)]) -> AnyOperation {
    let currency = Currency::new("CNY").unwrap();
    let line =
        |(index, (category, sku, quantity, amount_minor)): (usize, &(&str, &str, i64, i64))| Line {
            line: index.to_string(),
            sku: Some((*sku).to_owned()).filter(|sku| !sku.is_empty()),
            category: Some((*category).to_owned()).filter(|category| !category.is_empty()),
            quantity: *quantity,
            amount: Money { amount_minor: *amount_minor, currency },
        };
    let lines = lines.iter().enumerate().map(line).collect();
    ask(Earn(EarnEvent { event: "purchase".into(), occurred_at: None, lines, device: None }))
}

/// Does it at that local time in Shanghai; tells what each member was awarded, or the refusal.
/// Gifts of tiers are told apart.
fn told(world: &mut World, local: &str, command: &AnyOperation) -> String {
    let now = at(&format!("{local}+08:00"));
    let member = world.member.clone();
    match world.decide(&member, now, command, None) {
        Err(refusal) => format!("refused {}", refusal.slug()),
        Ok(decided) => {
            let earn =
                decided.decision.postings.iter().find(|posting| posting.entry.kind() == Kind::Earn);
            let awards = earn.map_or(Vec::new(), |posting| posting.entry.awards().to_vec());
            let told: Vec<String> = awards
                .iter()
                .filter(|award| award.granted > 0)
                .map(|award| {
                    format!("{} {}", award.rule.trim_start_matches("rule:"), award.granted)
                })
                .collect();
            assert!(world.commit(&member, decided, None));
            if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
        }
    }
}

fn run(name: &str, world: &mut World, steps: &[(&str, AnyOperation, &str)]) {
    for (local, command, expected) in steps {
        assert_eq!(told(world, local, command), *expected, "{name}, {local}");
    }
}

/// Rules that are silent, by the reason.
fn silent(world: &mut World, local: &str, command: &AnyOperation) -> Vec<(String, Vec<String>)> {
    let member = world.member.clone();
    let decided =
        world.decide(&member, at(&format!("{local}+08:00")), command, None).unwrap().decision;
    let told = |silent: &ledger::SkippedRules| (silent.reason.clone(), silent.rules.clone());
    decided.primary().unwrap().skipped().iter().map(told).collect()
}

fn because(why: Silence, rules: &[&str]) -> (String, Vec<String>) {
    (why.as_str().to_owned(), rules.iter().map(|rule| (*rule).to_owned()).collect())
}

#[test]
fn a_check_in_and_its_streak() {
    let mut world = world(json!({"rules": [
        {"id": "week", "event": "check_in", "when": "event.streak_days % 7 == 0", "award": {"kind": "fixed", "points": 30}},
        {"id": "three", "event": "check_in", "conditions": [{"field": "event.streak_days", "operator": "is", "values": ["3"]}],
         "award": {"kind": "fixed", "points": 10}},
    ]}));
    run(
        "streak",
        &mut world,
        &[
            ("2026-03-01T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-02T00:00:00", act("check_in"), "check_in 5"),
            ("2026-03-02T23:59:59", act("check_in"), "refused limit-reached"),
            ("2026-03-03T23:59:59", act("check_in"), "check_in 5, three 10"),
            ("2026-03-04T00:00:00", act("check_in"), "check_in 5"),
            ("2026-03-05T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-06T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-07T10:00:00", act("check_in"), "check_in 5, week 30"),
            // A day is left out: it starts over.
            ("2026-03-09T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-10T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-11T10:00:00", act("check_in"), "check_in 5, three 10"),
        ],
    );
}

#[test]
fn double_points_in_the_month_of_birth_for_ninety_days() {
    let mut world = world(json!({"rules": [{
        "id": "birthday", "event": "purchase", "when": "member.birth_month == event.month",
        "award": {"kind": "multiplier", "times": "2"}, "expiry": "campaign",
    }]}));
    assert_eq!(
        told(&mut world, "2026-05-01T00:00:00", &buy(&[12_850])),
        "purchase 128",
        "nobody has told the birthday"
    );
    world.attributes.insert("birthday".into(), "1990-05-17".into());
    run(
        "birthday",
        &mut world,
        &[
            ("2026-04-30T23:59:59", buy(&[12_850]), "purchase 128"),
            // 128.5 and 128.5 are 257, rounded once.
            ("2026-05-01T00:00:00", buy(&[12_850]), "purchase 128, birthday 129"),
            ("2026-05-31T23:59:59", buy(&[100]), "purchase 1, birthday 1"),
            ("2026-06-01T00:00:00", buy(&[100]), "purchase 1"),
        ],
    );
    let entry = world.entries.iter().find(|entry| entry.awards().len() == 2).unwrap();
    let lives: Vec<(&str, i64, String)> = entry
        .lots
        .grants
        .iter()
        .map(|lot| (lot.source.as_str(), lot.points, lot.expires_at.unwrap().to_string()))
        .collect();
    assert_eq!(
        lives,
        [
            // Twelve months, on to the end of the month; 90 days after 1 May is 30 July.
            ("purchase", 128, "2027-05-31T16:00:00Z".to_owned()),
            ("rule:birthday", 129, "2026-07-30T16:00:00Z".to_owned()),
        ]
    );
}

#[test]
fn a_category_with_a_cap_and_what_comes_back_of_it() {
    let mut world = world(json!({"rules": [{
        "id": "dairy", "event": "purchase", "lines": "line.category == \"dairy\"",
        "award": {"kind": "multiplier", "times": "3"}, "caps": [{"points": 100, "per": "month"}],
    }]}));
    run(
        "dairy",
        &mut world,
        &[
            (
                "2026-03-02T10:00:00",
                basket(&[("dairy", "milk", 2, 2_000), ("bread", "", 1, 1_000)]),
                "purchase 30, dairy 40",
            ),
            (
                "2026-03-02T11:00:00",
                basket(&[("dairy", "milk", 1, 5_000)]),
                "purchase 50, dairy 60",
            ),
            ("2026-03-31T23:59:59", basket(&[("dairy", "milk", 1, 5_000)]), "purchase 50"),
            (
                "2026-04-01T00:00:00",
                basket(&[("dairy", "milk", 1, 5_000)]),
                "purchase 50, dairy 100",
            ),
            ("2026-04-01T00:00:01", basket(&[("bread", "", 1, 5_000)]), "purchase 50"),
        ],
    );
    // The milk had earned 20 by itself and 40 more: one of two comes back.
    let lines: Vec<i64> = world.entries[0].lines().iter().map(|line| line.granted).collect();
    assert_eq!(lines, [60, 10]);
    let back = world.undo(Some(0), None, ReturnScope::Lines(vec![("0".into(), 1)]));
    let member = world.member.clone();
    let decided = world.decide(&member, at("2026-04-02T10:00:00+08:00"), &back, None).unwrap();
    assert_eq!(decided.decision.postings[0].entry.points, -30);
    let why = silent(&mut world, "2026-04-03T10:00:00", &basket(&[("bread", "", 1, 1_000)]));
    assert_eq!(why, [because(Silence::Lines, &["dairy"])]);
}

#[test]
fn a_cap_that_is_used_up_costs_no_other_rule_a_fraction() {
    let rule = |id: &str, times: &str| json!({"id": id, "event": "purchase", "award": {"kind": "multiplier", "times": times}});
    let mut capped = rule("a", "1.6");
    capped["caps"] = json!([{"points": 3, "per": "month"}]);
    let mut world = world(json!({"rules": [capped, rule("b", "1.5")]}));
    run(
        "fractions",
        &mut world,
        &[
            ("2026-03-02T10:00:00", buy(&[1_000]), "purchase 10, a 3, b 5"),
            // 1.40 + 0.70 are 2.10; the 0.84 of the other rule are cut before anything is rounded.
            ("2026-03-02T11:00:00", buy(&[140]), "purchase 1, b 1"),
            ("2026-03-02T12:00:00", buy(&[70]), "b 1"),
        ],
    );
}

#[test]
fn groups_weigh_rules_against_each_other() {
    let rule = |id: &str, group: &str, priority: i64, points: i64| json!({"id": id, "event": "purchase", "award": {"kind": "fixed", "points": points}, "group": group, "priority": priority});
    let mut world = world(json!({
        "groups": {"best": "best_of", "first": "exclusive", "all": "sum"},
        "rules": [
            rule("small", "best", 9, 10), rule("large", "best", 0, 50), rule("large_too", "best", 0, 50),
            rule("late", "first", 1, 99), rule("early", "first", 2, 1),
            rule("one", "all", 0, 3), rule("two", "all", 0, 4),
        ],
    }));
    let all = buy(&[100]);
    let why = silent(&mut world, "2026-03-02T10:00:00", &all);
    assert_eq!(why, [because(Silence::Group, &["small", "large_too", "late"])]);
    assert_eq!(
        told(&mut world, "2026-03-02T10:00:00", &all),
        "purchase 1, large 50, early 1, one 3, two 4"
    );
}

#[test]
fn first_purchases_new_members_and_how_often() {
    let mut world = world(json!({"tiers": null, "rules": [
        {"id": "first", "event": "purchase", "when": "member.orders == 0", "award": {"kind": "fixed", "points": 200}},
        {"id": "welcome", "event": "purchase", "limit": {"times": 2, "per": "lifetime"}, "award": {"kind": "fixed", "points": 7}},
    ]}));
    run(
        "first",
        &mut world,
        &[
            ("2026-03-02T10:00:00", act("sign_up"), "sign_up 100"),
            ("2026-03-02T10:00:01", buy(&[100]), "purchase 1, first 200, welcome 7"),
            ("2026-03-02T10:00:02", buy(&[100]), "purchase 1, welcome 7"),
            ("2026-03-02T10:00:03", buy(&[100]), "purchase 1"),
        ],
    );
    assert_eq!(
        silent(&mut world, "2026-03-02T10:00:04", &buy(&[100])),
        [because(Silence::Condition, &["first"]), because(Silence::Limit, &["welcome"])]
    );
}

#[test]
fn exclusions_for_earning_and_for_tiers_apart() {
    let mut change = json!({
        "purchase": {"points_per_unit": "1", "growth_per_unit": "0.1", "expiry": "shopping",
                     "lines": "!(line.category in [\"delivery\", \"gift_card\"]) && line.sku != \"X1\""},
        "rules": [{"id": "each", "event": "purchase", "award": {"kind": "each", "points": 5}}],
    });
    let mut tiers = serde_json::to_value(rules::default_document()).unwrap()["tiers"].clone();
    tiers["lines"] = json!("line.category != \"gift_card\"");
    change["tiers"] = tiers;
    let mut world = world(change);
    let order = basket(&[
        ("food", "A", 3, 10_000),
        ("delivery", "", 1, 1_000),
        ("gift_card", "", 1, 50_000),
        ("food", "X1", 1, 700),
    ]);
    assert_eq!(told(&mut world, "2026-03-02T10:00:00", &order), "purchase 100, each 15");
    let entry = &world.entries[0];
    assert_eq!(entry.lines().iter().map(|line| line.granted).collect::<Vec<_>>(), [115, 0, 0, 0]);
    // Food and delivery count towards tiers: 117 yuan, 11 growth.
    let counted = entry.effects.qualifying.unwrap();
    assert_eq!((counted.spend_minor, counted.growth, counted.orders), (11_700, 11, 1));
    // The gift card comes back: nothing was earned for it, nothing counted. Then all the rest.
    for (part, points, spend) in
        [(ReturnScope::Lines(vec![("2".into(), 1)]), 0, 0), (ReturnScope::Rest, -115, -11_700)]
    {
        let back = world.undo(Some(0), None, part);
        let member = world.member.clone();
        let decided = world.decide(&member, at("2026-03-03T10:00:00+08:00"), &back, None).unwrap();
        let entry = decided.decision.postings[0].entry.clone();
        assert_eq!(
            (entry.points, entry.effects.qualifying.map_or(0, |q| q.spend_minor)),
            (points, spend)
        );
        assert!(world.commit(&member, decided, None));
    }
}

#[test]
fn rules_for_a_channel_a_store_a_tier_and_a_time() {
    let rules = json!({"groups": {"place": "exclusive"}, "rules": [
        {"id": "online", "event": "purchase", "when": "event.channel == \"app\"", "group": "place", "priority": 2,
         "award": {"kind": "rate", "points_per_unit": "0.5"}},
        {"id": "store_7", "event": "purchase", "when": "event.store == \"7\"", "group": "place", "priority": 1,
         "award": {"kind": "fixed", "points": 20}},
        {"id": "weekend", "event": "purchase", "when": "event.weekday in [6, 7] && event.hour >= 9",
         "award": {"kind": "multiplier", "times": "2"}},
        {"id": "vip", "event": "purchase", "when": "\"vip\" in member.tags || member.tier == \"gold\"",
         "award": {"kind": "fixed", "points": 3}},
        {"id": "city", "event": "purchase", "when": "has(attributes.city) && attributes.city.startsWith(\"Shang\")",
         "award": {"kind": "fixed", "points": 2}},
        {"id": "spring", "event": "purchase", "from": "2026-03-03", "until": "2026-03-04", "award": {"kind": "fixed", "points": 1}},
    ]});
    let mut world = world(rules);
    run(
        "nowhere",
        &mut world,
        &[
            // 2 March 2026 is a Monday.
            ("2026-03-02T23:59:59", buy(&[1_000]), "purchase 10"),
            ("2026-03-03T00:00:00", buy(&[1_000]), "purchase 10, spring 1"),
            ("2026-03-04T23:59:59", buy(&[1_000]), "purchase 10, spring 1"),
            ("2026-03-05T00:00:00", buy(&[1_000]), "purchase 10"),
            ("2026-03-07T08:59:59", buy(&[1_000]), "purchase 10"),
            ("2026-03-07T09:00:00", buy(&[1_000]), "purchase 10, weekend 10"),
            ("2026-03-09T00:00:00", buy(&[1_000]), "purchase 10"),
        ],
    );
    (world.channel, world.store) = (Some("app"), Some("7"));
    assert_eq!(told(&mut world, "2026-03-09T10:00:00", &buy(&[1_000])), "purchase 10, online 5");
    (world.channel, world.store) = (Some("till"), Some("7"));
    assert_eq!(told(&mut world, "2026-03-09T10:00:01", &buy(&[1_000])), "purchase 10, store_7 20");
    world.attributes = [("tags", "staff, vip"), ("city", "Shanghai")]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .into();
    assert_eq!(
        told(&mut world, "2026-03-09T10:00:02", &buy(&[1_000])),
        "purchase 10, store_7 20, vip 3, city 2"
    );
}

/// Tags that were copied for the rules are tags as those of the attribute are, and the entry says
/// which of them a rule looked for.
#[test]
fn rules_look_for_tags_wherever_they_were_told() {
    let rules = json!({"rules": [
        {"id": "high", "event": "purchase", "when": "\"value/high\" in member.tags", "award": {"kind": "fixed", "points": 5}},
        {"id": "any", "event": "purchase", "when": "(\"vip\" in member.tags || \"staff\" in member.tags) && !(\"out\" in member.tags)",
         "award": {"kind": "fixed", "points": 3}},
        {"id": "two", "event": "purchase", "when": "size(member.tags) == 2", "award": {"kind": "fixed", "points": 1}},
    ]});
    let mut world = world(rules);
    for (told_tags, copied, expected) in [
        ("", "", "purchase 10"),
        ("", "value/high", "purchase 10, high 5"),
        ("vip", "value/high", "purchase 10, high 5, any 3, two 1"),
        ("vip", "vip", "purchase 10, any 3"),
        ("vip , staff", "", "purchase 10, any 3, two 1"),
        ("value/high,out,vip", "vip", "purchase 10, high 5"),
        ("", "value/high/active", "purchase 10"),
    ] {
        world.attributes = [("tags", told_tags), (rules::COPIED_TAGS, copied)]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into();
        assert_eq!(
            told(&mut world, "2026-03-02T10:00:00", &buy(&[1_000])),
            expected,
            "{told_tags:?} {copied:?}"
        );
    }
}

/// So many tags are copied for each member, that a rulebook must not name more.
#[test]
fn a_rulebook_names_twenty_tags_at_most() {
    let document = |tags: usize| {
        let mut document = rules::default_document();
        let rule = |n: usize| {
            json!({"id": format!("r{n}"), "event": "purchase", "when": format!("\"t{n}\" in member.tags || \"t0\" in member.tags"),
                "award": {"kind": "fixed", "points": 1}})
        };
        document.rules = (0..tags).map(|n| serde_json::from_value(rule(n)).unwrap()).collect();
        document
    };
    let book = rules::Rulebook::new(&document(20), 1).unwrap();
    let named: Vec<_> = book.tags_named().into_iter().collect();
    assert_eq!(named[0], ("t0".to_owned(), "/rules/0".to_owned()));
    assert_eq!(named[1], ("t1".to_owned(), "/rules/1".to_owned()));
    let problems = rules::Rulebook::new(&document(21), 1).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].pointer, "/rules");
    assert!(problems[0].detail.contains("21 tags") && problems[0].detail.contains("20 at most"));
    // However a condition looks for them.
    for (when, expected) in [
        ("\"a\" in member.tags && !(\"b\" in member.tags)", vec!["a", "b"]),
        ("(event.channel == \"app\" ? \"a\" : \"b\") in member.tags", vec!["a", "b"]),
        ("[\"a\", \"b\"].exists(t, t in member.tags)", vec!["a", "b"]),
        ("\"a\" in [\"a\", \"b\"] && size(member.tags) > 1", vec![]),
        ("event.channel in member.tags", vec![]),
        ("\"a\" in order.categories", vec![]),
    ] {
        let mut document = document(1);
        document.rules[0].when = Some(when.to_owned());
        let Ok(book) = rules::Rulebook::new(&document, 1) else { continue };
        assert_eq!(book.tags_named().into_keys().collect::<Vec<_>>(), expected, "{when}");
    }
    let mut document = document(0);
    document.purchase.lines = Some("\"p\" in member.tags".to_owned());
    assert_eq!(
        rules::Rulebook::new(&document, 1).unwrap().tags_named().into_iter().next(),
        Some(("p".to_owned(), "/purchase/lines".to_owned()))
    );
}

#[test]
fn brackets_give_each_part_its_rate() {
    let mut world = world(json!({
        "purchase": {"points_per_unit": "0", "expiry": "shopping"},
        "rules": [{"id": "more", "event": "purchase", "award": {"kind": "brackets", "brackets": [
            {"from_minor": 0, "points_per_unit": "1"}, {"from_minor": 10_000, "points_per_unit": "1.5"},
            {"from_minor": 20_000, "points_per_unit": "2"}]}}],
    }));
    run(
        "brackets",
        &mut world,
        &[
            ("2026-03-02T10:00:00", buy(&[10_000]), "more 100"),
            ("2026-03-02T10:00:01", buy(&[10_001]), "more 100"),
            ("2026-03-02T10:00:02", buy(&[5_000, 10_000]), "more 175"),
            ("2026-03-02T10:00:03", buy(&[30_000]), "more 450"),
        ],
    );
}

#[test]
fn budgets_and_devices_are_shared_by_all() {
    let mut world = world(json!({
        "caps": {"budget": {"points": 130, "per": "month"}},
        "rules": [{"id": "gift", "event": "purchase", "award": {"kind": "fixed", "points": 40},
                   "caps": [{"points": 100, "per": "year", "of": "programme"}, {"points": 60, "per": "day", "of": "device"}]}],
    }));
    let on =
        |device: &str| ask(Earn(EarnEvent { device: Some(device.into()), ..purchase(&[100]) }));
    run(
        "budget",
        &mut world,
        &[
            ("2026-03-02T10:00:00", on("a"), "purchase 1, gift 40"),
            // The device has 20 left.
            ("2026-03-02T10:00:01", on("a"), "purchase 1, gift 20"),
            // The rule has 40 left, and gives it all.
            ("2026-03-02T10:00:02", on("b"), "purchase 1, gift 40"),
            ("2026-03-02T10:00:03", on("b"), "purchase 1"),
            // 104 of the programme's 130 are given; 26 are left.
            ("2026-03-02T10:00:04", buy(&[10_000]), "purchase 26"),
            ("2026-03-02T10:00:05", buy(&[10_000]), "nothing"),
            ("2026-04-01T00:00:00", buy(&[10_000]), "purchase 100"),
        ],
    );
}

#[test]
fn points_that_wait_wait_each_for_their_own() {
    let mut world = world(json!({"rules": [
        {"id": "later", "event": "purchase", "award": {"kind": "fixed", "points": 10}, "pending": {"days": 7}},
        {"id": "never", "event": "purchase", "award": {"kind": "fixed", "points": 5}, "pending": {}, "expiry": "campaign"},
    ]}));
    let member = world.member.clone();
    let refused =
        world.decide(&member, at("2026-03-02T10:00:00+08:00"), &buy(&[100]), None).unwrap_err();
    assert_eq!(refused.slug(), "reference-required", "what waits must be named one day");
    let decided = world
        .decide(&member, at("2026-03-02T10:00:00+08:00"), &buy(&[100]), Some("order-1"))
        .unwrap();
    let lots = &decided.decision.postings[0].entry.lots.grants;
    let shown: Vec<_> = lots
        .iter()
        .map(|lot| (lot.source.as_str(), lot.points, lot.available_at.to_string()))
        .collect();
    let last = ledger::Timestamp::LAST.to_string();
    assert_eq!(
        shown,
        [
            ("purchase", 1, "2026-03-02T02:00:00Z".to_owned()),
            ("rule:later", 10, "2026-03-09T16:00:00Z".to_owned()),
            ("rule:never", 5, last),
        ]
    );
    assert!(lots[2].expires_at.is_none());
}

#[test]
fn conditions_are_checked_when_they_are_published() {
    let problems = |rule: Value| {
        let mut all =
            json!({"id": "r", "event": "purchase", "award": {"kind": "fixed", "points": 1}});
        for (name, value) in rule.as_object().unwrap() {
            all[name] = value.clone();
        }
        let found = Rulebook::new(&document(json!({"rules": [all]})), 1).err().unwrap_or_default();
        found
            .into_iter()
            .map(|problem| format!("{}: {}", problem.pointer, problem.detail))
            .collect::<Vec<_>>()
    };
    for (when, expected) in [
        ("member.tier == \"gold\"", None),
        ("order.lines.exists(l, l.category == \"wine\" && l.amount_minor > 100)", None),
        ("order.lines.all(l, l.quantity > 1) || size(order.skus) > 2", None),
        ("order.amount_minor / 100 * 100 == order.amount_minor", None),
        ("(member.is_new ? 1 : 2) == 1", None),
        ("event.date >= \"2026-01-01\" && !(event.hour in [])", None),
        ("attributes[\"favourite shop\"] != \"\"", None),
        ("member.id + \"/a\" == \"m/a\"", None),
        ("member.id + 1 == \"m1\"", Some("needs a text where it has a whole number")),
        ("member.id - \"m\" == \"\"", Some("needs a whole number where it has a text")),
        ("member.tier", Some("must be true or false, and is a text")),
        ("member.tier == 1", Some("needs a text where it has a whole number")),
        ("member.teir == \"gold\"", Some("member.teir is no field that is known here")),
        ("line.category == \"wine\"", Some("line.category is no field that is known here")),
        ("member.balance > 1.5", Some("has a fraction in it: amounts are whole minor units")),
        (
            "member == 1",
            Some("member is nothing that conditions know by itself: write for example member.tier"),
        ),
        (
            "timestamp(\"2026-01-01T00:00:00Z\") == 1",
            Some("timestamp() is nothing that conditions know"),
        ),
        (
            "order.skus.exists(s, s == \"a\")",
            Some("goes over something else than order.lines, or not with exists() or all()"),
        ),
        (
            "order.lines.exists(l, order.lines.exists(m, m.sku == l.sku))",
            Some("goes over order.lines within a line"),
        ),
        ("member.tags == [\"vip\"]", Some("a list of texts cannot be compared")),
        ("1 in member.tags", Some("a whole number is never in a list of texts")),
        (
            "{1: 2}[1] == 2",
            Some("only attributes have an index, which is a text: attributes[\"city\"]"),
        ),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|detail| format!("/rules/0/when: {detail}")).collect();
        assert_eq!(problems(json!({"when": when})), expected, "{when}");
    }
    for broken in ["", "&&", "member.tier ==", "(((", "\"", "member.balance > 99999999999999999999"]
    {
        let found = problems(json!({"when": broken}));
        assert!(
            found.len() == 1 && found[0].starts_with("/rules/0/when: at "),
            "{broken}: {found:?}"
        );
    }
    assert_eq!(problems(json!({"when": "true && ".repeat(500) + "true"})).len(), 1, "too long");
    for (rule, pointer) in [
        (json!({"event": "dance"}), "/rules/0/event"),
        (json!({"id": "a b"}), "/rules/0/id"),
        (json!({"from": "2026-02-30"}), "/rules/0/from"),
        (json!({"from": "2026-03-02", "until": "2026-03-01"}), "/rules/0/until"),
        (json!({"event": "share", "lines": "true"}), "/rules/0/lines"),
        (
            json!({"event": "share", "award": {"kind": "rate", "points_per_unit": "1"}}),
            "/rules/0/award/kind",
        ),
        (json!({"award": {"kind": "multiplier", "times": "0.5"}}), "/rules/0/award/times"),
        (json!({"award": {"kind": "brackets", "brackets": []}}), "/rules/0/award/brackets"),
        (json!({"growth": -1}), "/rules/0/growth"),
        (json!({"coupon": "none"}), "/rules/0/coupon"),
        (json!({"limit": {"times": 0, "per": "day"}}), "/rules/0/limit/times"),
        (json!({"caps": [{"points": -1, "per": "day"}]}), "/rules/0/caps/0/points"),
        (
            json!({"caps": [{"points": 1, "per": "day"}, {"points": 2, "per": "day"}]}),
            "/rules/0/caps/1",
        ),
        (json!({"expiry": "none"}), "/rules/0/expiry"),
        (json!({"pending": {"days": 40_000}}), "/rules/0/pending/days"),
        (json!({"group": "none"}), "/rules/0/group"),
        (
            json!({"conditions": [{"field": "member.x", "operator": "is", "values": ["1"]}]}),
            "/rules/0/conditions/0/field",
        ),
        (
            json!({"conditions": [{"field": "member.tier", "operator": "is", "values": []}]}),
            "/rules/0/conditions/0/values",
        ),
        (
            json!({"conditions": [{"field": "event.hour", "operator": "is", "values": ["x"]}]}),
            "/rules/0/conditions/0/values",
        ),
        (
            json!({"conditions": [{"field": "event.hour", "operator": "contains", "values": ["1"]}]}),
            "/rules/0/conditions/0/operator",
        ),
    ] {
        let found = problems(rule.clone());
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("{pointer}: ")),
            "{rule}: {found:?}"
        );
    }
}

#[test]
fn what_cannot_be_told_does_not_fire() {
    let mut world = world(json!({"rules": [
        {"id": "over", "event": "purchase", "when": "order.amount_minor * 9223372036854775807 > 0", "award": {"kind": "fixed", "points": 1}},
        {"id": "zero", "event": "purchase", "when": "1 / member.orders == 1", "award": {"kind": "fixed", "points": 1}},
        {"id": "saved", "event": "purchase", "when": "member.orders == 0 || 1 / member.orders == 1", "award": {"kind": "fixed", "points": 1}},
    ]}));
    let why = silent(&mut world, "2026-03-02T10:00:00", &buy(&[100]));
    assert_eq!(why, [because(Silence::Failed, &["over", "zero"])]);
    assert_eq!(told(&mut world, "2026-03-02T10:00:00", &buy(&[100])), "purchase 1, saved 1");
}

#[test]
fn what_was_published_is_read_without_a_reader() {
    let document = document(
        json!({"rules": [{"id": "r", "event": "purchase", "when": "member.tier == \"gold\"",
        "lines": "line.quantity > 1", "award": {"kind": "fixed", "points": 1}}]}),
    );
    let book = Rulebook::new(&document, 1).unwrap();
    let stored = serde_json::to_string(book.conditions()).unwrap();
    let read = serde_json::from_str(&stored).unwrap();
    assert_eq!(&read, book.conditions());
    assert!(Rulebook::published(document.clone(), Some(book.zone()), &read, 1).is_ok());
    let problems =
        Rulebook::published(document.clone(), Some(book.zone()), &rules::Conditions::default(), 1)
            .unwrap_err();
    assert_eq!(problems.len(), 2);
}

#[test]
fn deep_and_wide_conditions_cost_no_stack() {
    for (part, times) in [
        ("!(", 999),
        ("[", 1_999),
        ("-(", 999),
        ("true ? ", 280),
        ("a.b(", 499),
        ("1-", 999),
        ("true ? true : ", 140),
        ("true || ", 240),
        ("{", 1_999),
        ("(1-", 660),
        ("a[", 999),
        ("-", 1_999),
        ("has(", 499),
        ("1==(", 499),
        ("order.lines.exists(l, ", 90),
    ] {
        let text = part.repeat(times) + "true";
        let read = move || rules::compile(&text, rules::Scope::Event).is_err();
        let small = std::thread::Builder::new().stack_size(256 * 1024).spawn(read).unwrap();
        assert!(small.join().unwrap(), "{part}");
    }
}

#[test]
fn a_return_frees_of_a_rules_cap_what_the_rule_had_awarded() {
    let mut world = world(json!({
        "returns": {"free_caps": true},
        "rules": [{"id": "dairy", "event": "purchase", "lines": "line.category == \"dairy\"", "award": {"kind": "multiplier", "times": "2"},
                   "caps": [{"points": 100, "per": "day"}]}],
    }));
    let day = "2026-03-02T10:00:00";
    let order = basket(&[("dairy", "", 1, 8_000), ("bread", "", 1, 92_000)]);
    assert_eq!(told(&mut world, day, &order), "purchase 1000, dairy 80");
    // The bread counts for nothing under the rule: what is left of its cap is told by the whole
    // order alone.
    for (part, left) in
        [(ReturnScope::Lines(vec![("1".into(), 1)]), (1, 80)), (ReturnScope::Rest, (0, 0))]
    {
        let back = world.undo(Some(0), None, part);
        let member = world.member.clone();
        let decided = world.decide(&member, at("2026-03-02T10:00:00+08:00"), &back, None).unwrap();
        assert!(world.commit(&member, decided, None));
        let counted =
            world.member.counters.iter().find(|counter| counter.name == "cap:dairy:day").unwrap();
        assert_eq!((counted.times, counted.points), left);
    }
    assert_eq!(
        told(&mut world, day, &basket(&[("dairy", "", 1, 20_000)])),
        "purchase 200, dairy 100"
    );
}

#[test]
fn conditions_that_are_published_can_be_read_back() {
    // serde_json reads 128 levels; a document has some of its own.
    for (part, times, end) in [
        ("order.amount_minor", 0, " > 0"),
        (" + 1", 200, " > 0"),
        (" + 1", 61, " > 0"),
        (" + 1", 47, " > 0"),
        (" + 1", 20, " > 0"),
    ] {
        let text = format!(
            "order.amount_minor{}{end}",
            if times > 0 { part.repeat(times) } else { String::new() }
        );
        let Ok(condition) = rules::compile(&text, rules::Scope::Event) else { continue };
        let stored = json!({"conditions": {"event": {text.clone(): condition}}}).to_string();
        assert!(serde_json::from_str::<Value>(&stored).is_ok(), "{part} {times} times");
    }
    let nested = |times: usize| "member.is_new ? true : ".repeat(times) + "false";
    for times in [1, 20, 47, 64, 80] {
        let Ok(condition) = rules::compile(&nested(times), rules::Scope::Event) else { continue };
        let stored = json!({"conditions": {"event": {"x": condition}}}).to_string();
        assert!(serde_json::from_str::<Value>(&stored).is_ok(), "{times} times");
    }
    // What people write is not deep: a choice of many, and sums.
    let wide = vec!["line.sku == \"a\""; 40].join(" || ");
    for text in [wide.as_str(), &(" + 1".repeat(20).replacen(" + ", "", 1) + " > 0")] {
        assert!(rules::compile(text, rules::Scope::Line).is_ok(), "{text}");
    }
}

#[test]
fn conditions_of_lines_know_the_days_in_a_row() {
    let second = json!({"purchase": {"points_per_unit": "1", "expiry": "shopping", "lines": "event.streak_days >= 2"}});
    let mut book = serde_json::to_value(rules::default_document()).unwrap();
    book["purchase"]["lines"] = second["purchase"]["lines"].clone();
    let mut by_itself = World::new(|d| *d = serde_json::from_value(book).unwrap());
    let mut by_rule = world(
        json!({"rules": [{"id": "second", "event": "purchase", "lines": "event.streak_days >= 2",
        "award": {"kind": "fixed", "points": 7}}]}),
    );
    run(
        "by itself",
        &mut by_itself,
        &[
            ("2026-03-01T10:00:00", buy(&[100]), "nothing"),
            ("2026-03-02T10:00:00", buy(&[100]), "purchase 1"),
        ],
    );
    run(
        "by a rule",
        &mut by_rule,
        &[
            ("2026-03-01T10:00:00", buy(&[100]), "purchase 1"),
            ("2026-03-02T10:00:00", buy(&[100]), "purchase 1, second 7"),
        ],
    );
}

#[test]
fn a_day_reported_late_closes_the_gap_in_a_streak() {
    let mut world = world(
        json!({"rules": [{"id": "four", "event": "check_in", "when": "event.streak_days == 4",
        "award": {"kind": "fixed", "points": 30}}]}),
    );
    let late = |day: &str| support::happened(&format!("{day}T10:00:00+08:00"), action("check_in"));
    run(
        "late",
        &mut world,
        &[
            ("2026-03-01T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-03T10:00:00", act("check_in"), "check_in 5"),
            ("2026-03-03T11:00:00", late("2026-03-02"), "check_in 5"),
            ("2026-03-04T10:00:00", act("check_in"), "check_in 5, four 30"),
        ],
    );
}

#[test]
fn a_return_does_not_break_a_streak() {
    let mut world = world(
        json!({"returns": {"free_caps": true}, "rules": [{"id": "third", "event": "purchase",
        "when": "event.streak_days == 3", "award": {"kind": "fixed", "points": 30}}]}),
    );
    for (local, expected) in [
        ("2026-03-01T10:00:00", "purchase 1"),
        ("2026-03-02T10:00:00", "purchase 1"),
        ("2026-03-02T11:00:00", "purchase 1"),
    ] {
        assert_eq!(told(&mut world, local, &buy(&[100])), expected);
    }
    let back = world.undo(Some(1), None, ReturnScope::Rest);
    let member = world.member.clone();
    let decided = world.decide(&member, at("2026-03-02T12:00:00+08:00"), &back, None).unwrap();
    assert!(world.commit(&member, decided, None));
    assert_eq!(told(&mut world, "2026-03-03T10:00:00", &buy(&[100])), "purchase 1, third 30");
}

#[test]
fn a_line_that_cannot_be_told_does_not_count() {
    let mut world = world(
        json!({"rules": [{"id": "unit", "event": "purchase", "lines": "100 / (line.quantity - 1) > 0",
        "award": {"kind": "each", "points": 5}}]}),
    );
    let order = basket(&[("a", "", 1, 1_000), ("b", "", 3, 1_000)]);
    assert_eq!(told(&mut world, "2026-03-02T10:00:00", &order), "purchase 20, unit 15");
}

#[test]
fn what_one_line_settles_another_does_not_spoil() {
    let mut world = world(json!({"rules": [
        {"id": "some", "event": "purchase", "when": "order.lines.exists(l, 10 / (l.quantity - 1) > 3)", "award": {"kind": "fixed", "points": 5}},
        {"id": "not_all", "event": "purchase", "when": "!order.lines.all(l, 10 / (l.quantity - 1) < 3)", "award": {"kind": "fixed", "points": 3}},
    ]}));
    // The first line divides by 0; the second one settles both.
    for order in
        [[("a", "", 1, 1_000), ("b", "", 2, 1_000)], [("b", "", 2, 1_000), ("a", "", 1, 1_000)]]
    {
        assert_eq!(
            told(&mut world, "2026-03-02T10:00:00", &basket(&order)),
            "purchase 20, some 5, not_all 3"
        );
    }
}

#[test]
fn a_rule_that_is_cut_to_nothing_was_not_had() {
    let mut world =
        world(json!({"caps": {"points_per_day": 10}, "rules": [{"id": "once", "event": "purchase",
        "award": {"kind": "fixed", "points": 5}, "limit": {"times": 1, "per": "lifetime"}}]}));
    run(
        "cut",
        &mut world,
        &[
            ("2026-03-02T10:00:00", buy(&[2_000]), "purchase 10"),
            ("2026-03-03T10:00:00", buy(&[100]), "purchase 1, once 5"),
            ("2026-03-04T10:00:00", buy(&[100]), "purchase 1"),
        ],
    );
}

#[test]
fn a_rulebook_asks_for_so_much_in_all() {
    let rule = |at: usize, when: &str| json!({"id": format!("r{at}"), "event": "purchase", "when": when, "award": {"kind": "fixed", "points": 1}});
    // The same text in every rule is asked for every rule.
    let when = vec!["member.balance > 1"; 40].join(" && ");
    let all: Vec<Value> = (0..150).map(|at| rule(at, &when)).collect();
    let problems = Rulebook::new(&document(json!({"rules": all})), 1).err().unwrap_or_default();
    assert_eq!(
        problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>(),
        ["/rules"]
    );
}

/// docs/reference/conditions.md shows the tables of fields, word by word.
#[test]
fn the_reference_shows_every_field() {
    let reference = include_str!("../../../docs/reference/conditions.md");
    let of_rules = rules::FIELDS.iter().map(|(name, _, kind, told)| (name, kind, told));
    let of_members = rules::MEMBER_FIELDS.iter().map(|(name, _, kind, told)| (name, kind, told));
    let (of_rules, of_members): (Vec<_>, Vec<_>) = (of_rules.collect(), of_members.collect());
    let (first, second) = reference.split_once("## Fields of members").unwrap();
    for (part, fields) in [(first, of_rules), (second, of_members)] {
        for (name, kind, told) in fields {
            let kind = match kind {
                rules::Type::Bool => "true or false",
                rules::Type::Int => "number",
                rules::Type::Text => "text",
                rules::Type::Texts | rules::Type::Ints => "list of texts",
            };
            assert!(part.contains(&format!("| `{name}` | {kind} | {told} |\n")), "{name}");
        }
    }
}
