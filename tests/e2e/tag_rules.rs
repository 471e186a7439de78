//! Tags in the rules of tills: set in the night, they count in the next day's earns.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

const VIP: &str = "\"value/high\" in member.tags";

fn rules(when: &[&str]) -> Json {
    let rule = |(number, when): (usize, &&str)| {
        json!({"id": format!("r{number}"), "event": "purchase", "when": when,
            "award": {"kind": "fixed", "points": 7}})
    };
    when.iter().enumerate().map(rule).collect()
}

fn puts_tag(shop: &Shop, path: &str, when: &str) {
    let body = json!({"names": {"zh-CN": "标签", "en": "A tag"}, "class": "value", "kind": "rule", "when": when,
        "refresh": "on_change", "use": "tests"});
    let answer = shop.put(&format!("/v1/tags/{}", path.replace('/', "%2F")), &body).send();
    assert!(answer.status < 300, "{}", answer.text());
}

fn night(shop: &Shop) -> Json {
    shop.runs("fold");
    shop.runs("refresh")
}

/// The rules of a purchase that have conditions.
fn buys(shop: &Shop, member: &str, order: &str) -> Json {
    let entry = shop.buys(member, order, 100).send().ok()["entry"].take();
    let fired = entry["rules"].as_array().unwrap().iter();
    fired.filter(|rule| rule["rule"].as_str().unwrap().starts_with("rule:")).cloned().collect()
}

#[test]
fn a_tag_of_the_night_counts_at_the_till_until_it_is_gone() {
    let host = Host::start();
    let shop = host.shop_with("shop", |book| book["rules"] = rules(&[VIP]));
    puts_tag(&shop, "value/high", "member.orders_30 >= 2");
    assert_eq!(buys(&shop, "anna", "o-1"), json!([]));
    assert_eq!(buys(&shop, "anna", "o-2"), json!([]));
    assert_eq!(buys(&shop, "ben", "o-3"), json!([]));
    assert_eq!(buys(&shop, "anna", "o-4"), json!([]), "before the night");
    assert_eq!(night(&shop)["copied"], 1);
    host.clock("2026-03-11T10:00:00+08:00");
    let fired = json!([{"rule": "rule:r0", "desired": "7", "granted": 7, "tags": ["value/high"]}]);
    assert_eq!(buys(&shop, "anna", "o-5"), fired);
    assert_eq!(buys(&shop, "ben", "o-6"), json!([]));
    // What the shop tells changes nothing about it, nor can it tell them itself.
    let told = shop.put("/v1/members/anna", &json!({"attributes": {"tags": "x", "city": "Y"}}));
    assert_eq!(told.send().status, 200);
    assert_eq!(buys(&shop, "anna", "o-7"), fired);
    let shown = shop.get("/v1/members/anna").send().ok();
    assert_eq!(shown["attributes"], json!({"tags": "x", "city": "Y"}));
    let forged = json!({"attributes": {"#tags": "value/high"}});
    for ask in [
        shop.put("/v1/members/ben", &forged),
        shop.ask("PATCH", "/v1/members/ben").body(forged.to_string()),
    ] {
        assert_eq!(ask.send().outcome(), "400 invalid-request /attributes/#tags");
    }
    // A dry run and a call of many find it, too.
    let event = json!({"member_id": "anna", "event": "purchase", "reference": "o-8", "idempotency_key": "k-8",
        "lines": [{"line_id": "1", "amount": {"amount_minor": 100, "currency": "CNY"}}]});
    assert_eq!(shop.bulk_dry(std::slice::from_ref(&event)), shop.bulk(&[event]));
    // The erased have none; an account that becomes part of another one brings none that it got by
    // a rule.
    shop.ask("POST", "/v1/members/ben/erase").body(r#"{"reason": "asked"}"#).send();
    // In April the purchases are more than 30 days ago.
    host.clock("2026-04-20T10:00:00+08:00");
    assert_eq!(buys(&shop, "anna", "o-9"), fired, "the night has not come");
    assert_eq!(night(&shop)["copied"], 1);
    assert_eq!(buys(&shop, "anna", "o-10"), json!([]));
    assert_eq!(night(&shop)["copied"], 1, "two orders of today");
    assert_eq!(buys(&shop, "anna", "o-11"), fired);
    // Nobody names it any more.
    let mut book = shop.get("/v1/programmes/shop").send().ok()["rulebook"].take();
    book["rules"] = rules(&["event.store == \"x\""]);
    host.shop().put("/v1/programmes/shop", &json!({"name": "shop", "rulebook": book})).send().ok();
    assert_eq!(night(&shop)["copied"], 1);
    let left = host.books().number("SELECT count(*) FROM profile WHERE tags IS NOT NULL");
    assert_eq!(left, 0);
}

/// A draft may name what is not published: it is tried on the tags themselves.
#[test]
fn drafts_see_tags_that_no_published_rule_names() {
    let host = Host::start();
    let shop = host.shop();
    puts_tag(&shop, "value/high", "member.orders_30 >= 1");
    shop.buys("anna", "o-1", 100).send().ok();
    night(&shop);
    host.clock("2026-03-12T10:00:00+08:00");
    shop.buys("anna", "o-2", 100).send().ok();
    shop.buys("ben", "o-3", 100).send().ok();
    host.clock("2026-03-13T10:00:00+08:00");
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["rules"] = rules(&[VIP, "\"value/hihg\" in member.tags"]);
    let kept = shop.put("/v1/rulebook/drafts/vip", &book).send().ok();
    assert_eq!(kept["problems"], json!([]));
    let warnings = kept["warnings"].as_array().unwrap();
    assert_eq!((warnings.len(), &warnings[0]["pointer"]), (1, &json!("/rules/1")));
    assert!(warnings[0]["detail"].as_str().unwrap().contains("value/hihg"), "{warnings:?}");
    let shown = shop.get("/v1/rulebook/drafts/vip").send().ok();
    assert_eq!(shown["warnings"], kept["warnings"]);
    for (member, points) in [("anna", 8), ("ben", 1), ("new", 1)] {
        let event = json!({"member_id": member, "event": "purchase", "reference": "o-9",
            "lines": [{"line_id": "1", "amount": {"amount_minor": 100, "currency": "CNY"}}]});
        let body = json!({"draft": "vip", "event": event});
        let tried = shop.post("/v1/rulebook/simulations", &body).send().ok();
        assert_eq!(tried["entry"]["points"], points, "{member}");
    }
    let body = json!({"draft": "vip", "from": "2026-03-12T00:00:00+08:00", "to": "2026-03-13T00:00:00+08:00"});
    let tested = shop.post("/v1/rulebook/back-tests", &body).send().ok();
    let issued = |side: &str| tested["sides"][side]["points"]["issued"].as_i64().unwrap().abs();
    assert_eq!((issued("published"), issued("draft")), (2, 9), "{tested}");
    // Twenty-one are too many, and that is a fault.
    let all: Vec<String> = (0..21).map(|n| format!("\"t{n}\" in member.tags")).collect();
    book["rules"] = rules(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let kept = shop.put("/v1/rulebook/drafts/many", &book).send().ok();
    assert_eq!(kept["problems"][0]["pointer"], "/rules");
    assert_eq!(kept["warnings"], json!([]));
    let refused = shop.put("/v1/programmes/default", &json!({"name": "D", "rulebook": book}));
    assert_eq!(refused.send().outcome(), "400 invalid-request /rulebook/rules");
}
