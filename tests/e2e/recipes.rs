//! docs/recipes/rules.md, word by word: each rulebook is published, each event sent, and its awards
//! compared with the table.

use serde_json::{Map, Value as Json, json};
use tests::{Host, Shop};

/// A recipe: its heading, the part of the rulebook, the rows of the table.
struct Recipe {
    name: String,
    part: Map<String, Json>,
    rows: Vec<[String; 4]>,
}

fn recipes() -> Vec<Recipe> {
    let text = include_str!("../../docs/recipes/rules.md");
    let mut recipes = Vec::new();
    for section in text.split("\n## ").skip(1) {
        let name = section.lines().next().unwrap().to_owned();
        let json = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let part = serde_json::from_str(json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let cells = |line: &str| {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let rows = section.lines().filter(|line| line.starts_with('|')).skip(2).map(cells);
        let rows = rows
            .map(|row| row.try_into().unwrap_or_else(|row| panic!("{name}: {row:?}")))
            .collect();
        recipes.push(Recipe { name, part, rows });
    }
    recipes
}

/// `food/X1 2×10.00, books 1×5.00 @app/7 #order` or `check_in @app`.
fn event(number: usize, member: &str, text: &str) -> Json {
    let (mut event, mut lines, mut words) =
        (json!({"member_id": member, "event": "purchase"}), Vec::new(), Vec::new());
    for word in text.split(' ') {
        if let Some(place) = word.strip_prefix('@') {
            let (channel, store) = place
                .split_once('/')
                .map_or((place, None), |(channel, store)| (channel, Some(store)));
            event["channel"] = channel.into();
            event["store_id"] = json!(store);
        } else if let Some(reference) = word.strip_prefix('#') {
            event["reference"] = reference.into();
        } else {
            words.push(word);
        }
    }
    if words.len() == 1 {
        event["event"] = words[0].into();
        return event;
    }
    for (index, pair) in words.chunks(2).enumerate() {
        let (category, sku) = pair[0]
            .split_once('/')
            .map_or((pair[0], None), |(category, sku)| (category, Some(sku)));
        let (quantity, price) = pair[1].trim_end_matches(',').split_once('×').unwrap();
        let quantity: i64 = quantity.parse().unwrap();
        let price: i64 = price.replace('.', "").parse().unwrap();
        lines.push(json!({
            "line_id": index.to_string(), "category": category, "sku": sku, "quantity": quantity,
            "amount": {"amount_minor": quantity * price, "currency": "CNY"},
        }));
    }
    event["lines"] = lines.into();
    event["reference"] = format!("order-{number}").into();
    event
}

/// The awards, each as `rule points` and as `rule points until day`.
fn awarded(answer: &Json, event: &str) -> Vec<(String, String)> {
    let entry = &answer["entry"];
    let list = |of: &Json| of.as_array().cloned().unwrap_or_default();
    let mut reported = Vec::new();
    for award in list(&entry["rules"]) {
        let (rule, granted) = (award["rule"].as_str().unwrap(), award["granted"].as_i64().unwrap());
        if granted == 0 {
            continue;
        }
        let lots = list(&entry["lots"]);
        let source = |lot: &&Json| lot["source"] == rule;
        let lot =
            lots.iter().find(source).or_else(|| lots.iter().find(|lot| lot["source"] == event));
        let end = lot.and_then(|lot| lot["expires_at"].as_str()).unwrap_or("never");
        // Midnight in Shanghai is 16:00 UTC of the last valid day.
        assert!(end == "never" || end.ends_with("T16:00:00Z"), "{end}");
        let short = format!("{} {granted}", rule.trim_start_matches("rule:"));
        reported.push((short.clone(), format!("{short} until {}", &end[..10.min(end.len())])));
    }
    if reported.is_empty() {
        reported.push(("nothing".to_owned(), String::new()));
    }
    for follow_up in list(&answer["follow_ups"]) {
        if follow_up["kind"] == "tier_change" && follow_up["points"] != 0 {
            reported.push((
                format!("{} {}", follow_up["tier"]["to"].as_str().unwrap(), follow_up["points"]),
                String::new(),
            ));
        }
    }
    reported
}

fn play(shop: &Shop, host: &Host, recipe: &Recipe) {
    for (number, [member, when, text, expected]) in recipe.rows.iter().enumerate() {
        let place = format!("{}, row {}: {text}", recipe.name, number + 1);
        host.clock(&format!("{}:00+08:00", when.replace(' ', "T")));
        let (member, reported) = member
            .split_once(' ')
            .map_or((member.as_str(), None), |(member, reported)| (member, Some(reported)));
        if let Some((name, value)) = reported.and_then(|reported| reported.split_once('=')) {
            let attributes = Map::from_iter([(name.to_owned(), Json::from(value))]);
            shop.put(&format!("/v1/members/{member}"), &json!({"attributes": attributes}))
                .send()
                .ok();
        }
        if text == "—" {
            shop.runs("night");
            let view = shop.member(member);
            let has = [
                format!("{} points", view["balance"]),
                view["tier"]["id"].as_str().unwrap_or("none").to_owned(),
            ];
            assert!(has.contains(expected), "{place}: {has:?}, not {expected}");
            continue;
        }
        let body = event(number, member, text);
        let rehearsed = shop.post("/v1/earn?dry_run=true", &body).send();
        let answer = shop.post("/v1/earn", &body).send();
        if let Some(slug) = expected.strip_prefix("refused ") {
            assert!(
                answer.outcome().ends_with(&format!(" {slug}")),
                "{place}: {}",
                answer.outcome()
            );
            continue;
        }
        let json = answer.ok();
        let actual = awarded(&json, body["event"].as_str().unwrap());
        let wanted: Vec<&str> = expected.split(", ").collect();
        let is_same = actual.len() == wanted.len()
            && actual
                .iter()
                .zip(&wanted)
                .all(|((short, long), wanted)| short == wanted || long == wanted);
        assert!(is_same, "{place}: {actual:?}, not {expected}");
        // A rehearsal gives the same result, and both give the reason why the other rules of the
        // event did not fire.
        let rehearsed = rehearsed.ok();
        assert_eq!(rehearsed["entry"]["rules"], json["entry"]["rules"], "{place}");
        let fired = json["entry"]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|award| award["rule"].as_str().unwrap().starts_with("rule:"));
        let all = recipe.part.get("rules").and_then(Json::as_array).into_iter().flatten();
        let all = all.filter(|rule| rule["event"] == body["event"]).count();
        let silent = &json["entry"]["silent_rules"];
        assert_eq!(silent.as_array().map_or(0, Vec::len) + fired.count(), all, "{place}");
        assert_eq!(rehearsed["entry"]["silent_rules"], *silent, "{place}");
    }
}

#[test]
fn recipes_award_the_points_of_their_table() {
    let host = Host::start_with(&["--clock", "2026-01-01T00:00:00+08:00"]);
    let recipes = recipes();
    assert!(recipes.len() >= 15 && recipes.iter().all(|recipe| recipe.rows.len() >= 2));
    for (number, recipe) in recipes.iter().enumerate() {
        let shop = host.shop_with(&format!("recipe-{number}"), |book| {
            for (name, part) in &recipe.part {
                book[name] = part.clone();
            }
        });
        play(&shop, &host, recipe);
    }
}
