//! `POST /v1/earn`: entries and answers, replays, limits, and a tier that an earn reaches.

use serde_json::json;
use tests::{Host, OPERATOR, purchase};

/// The default programme: a point per yuan; silver from 2,000 yuan with 500 points and 1.1 points
/// per yuan.
#[test]
fn purchases_and_actions() {
    let host = Host::start();
    let shop = host.shop();
    let foreign = json!({"member_id": "m", "event": "purchase", "reference": "o-9",
        "lines": [{"line_id": "1", "amount": {"amount_minor": 100, "currency": "USD"}}]});
    let two_lines = json!({"member_id": "m", "event": "purchase", "reference": "o-8", "lines": [
        {"line_id": "1", "amount": {"amount_minor": 150, "currency": "CNY"}},
        {"line_id": "2", "amount": {"amount_minor": 150, "currency": "CNY"}}]});
    let at = |instant: &str| json!({"member_id": "m", "event": "share", "occurred_at": instant});
    for (ask, outcome) in [
        (shop.buys("m", "o-1", 12_850), "201 earn +128 = 128"),
        (shop.buys("m", "o-1", 12_850), "409 reference-already-used"),
        (shop.buys("n", "o-1", 12_850), "409 reference-of-another"),
        (shop.buys("m", "o-2", 99), "201 earn +0 = 128"),
        (shop.buys("m", "o-3", 0), "201 earn +0 = 128"),
        (shop.post("/v1/earn", &two_lines), "201 earn +3 = 131"),
        (shop.post("/v1/earn", &foreign), "422 currency-mismatch"),
        (shop.does("m", "check_in"), "201 earn +5 = 136"),
        (shop.does("m", "check_in"), "422 limit-reached"),
        (shop.does("m", "sign_up"), "201 earn +100 = 236"),
        (shop.does("m", "sign_up"), "422 limit-reached"),
        (shop.does("m", "juggle"), "422 unknown-event"),
        (shop.post("/v1/earn", &at("2026-03-10T10:04:00+08:00")), "201 earn +10 = 246"),
        (shop.post("/v1/earn", &at("2026-03-10T10:06:00+08:00")), "422 occurred-in-future"),
        (shop.post("/v1/earn", &at("2026-03-04T00:00:00+08:00")), "201 earn +10 = 256"),
        (shop.post("/v1/earn", &at("2026-03-01T00:00:00+08:00")), "422 occurred-too-long-ago"),
        (shop.buys("m", "o-4", 200_000), "201 earn +2000 = 2256, tier_change +500 = 2756"),
        (shop.buys("m", "o-5", 10_000), "201 earn +110 = 2866"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
    assert_eq!(shop.member("m")["tier"]["id"], "silver");
    assert_eq!(shop.get("/v1/members/n").send().outcome(), "404 member-not-found");
}

#[test]
fn an_entry_records_the_purchase() {
    let host = Host::start();
    let mut body = purchase("m", "order-1", 12_850);
    body["channel"] = "online".into();
    body["store_id"] = "s1".into();
    body["lines"][0]["sku"] = "A".into();
    body["lines"][0]["category"] = "PASTRY".into();
    body["lines"][0]["quantity"] = 2.into();
    let answer = host.shop().post("/v1/earn", &body).send().ok();
    let entry = &answer["entry"];
    for (field, value) in [
        ("member_id", json!("m")),
        ("sequence", json!(1)),
        ("event", json!("purchase")),
        ("reference", json!("order-1")),
        ("channel", json!("online")),
        ("store_id", json!("s1")),
        ("rulebook_version", json!(1)),
        (
            "lines",
            json!([{"line_id": "1", "sku": "A", "category": "PASTRY", "quantity": 2, "amount_minor": 12850, "granted": 128}]),
        ),
        ("rules", json!([{"rule": "purchase", "desired": "128.5", "granted": 128}])),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    let actor = entry["actor"].as_str().unwrap();
    assert!(actor.starts_with("key:") && !actor.contains(&OPERATOR[..8]), "{actor}");
    // Twelve months, through the end of the month, in the programme's zone.
    assert_eq!(entry["lots"][0]["expires_at"], "2027-03-31T16:00:00Z");
    assert_eq!(answer["balance"], 128);
}

#[test]
fn a_key_takes_effect_once() {
    let host = Host::start();
    let shop = host.shop();
    let first = shop.buys("m", "o-1", 5_000).key("k-1").send();
    assert_eq!(first.outcome(), "201 earn +50 = 50");
    for key in ["k-1", "\"k-1\"", " k-1 "] {
        shop.buys("m", "o-1", 5_000).key(key).send().assert_replays(&first);
    }
    let refused = shop.buys("m", "o-1", 7_000).key("k-2").send();
    for (what, ask, outcome) in [
        ("another amount", shop.buys("m", "o-1", 5_001).key("k-1"), "422 idempotency-key-reused"),
        ("another member", shop.buys("n", "o-1", 5_000).key("k-1"), "422 idempotency-key-reused"),
        ("an action", shop.does("m", "check_in").key("k-1"), "422 idempotency-key-reused"),
        ("another operation has keys of its own", shop.redeems("m", 10).key("k-1"), "201 redeem -10 = 40"),
        ("a refusal is an answer", shop.buys("m", "o-1", 7_000).key("k-2"), "409 reference-already-used (again)"),
        ("its key is taken too", shop.buys("m", "o-2", 7_000).key("k-2"), "422 idempotency-key-reused"),
        ("keys tell large from small", shop.buys("m", "o-3", 100).key("K-1"), "201 earn +1 = 41"),
        ("a field more is another request", shop.post("/v1/earn", &json!({"member_id": "m", "event": "purchase", "reference": "o-1", "channel": "pos", "lines": purchase("m", "o-1", 5_000)["lines"]})).key("k-1"), "422 idempotency-key-reused"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{what}");
    }
    shop.buys("m", "o-1", 7_000).key("k-2").send().assert_replays(&refused);
    shop.buys("m", "o-1", 5_000).key("k-1").send().assert_replays(&first);
}

/// Quotes around a key do not belong to it; quotes within it do.
#[test]
fn quotes_are_taken_off_a_key_once() {
    let host = Host::start();
    let shop = host.shop();
    let first = shop.does("m", "share").key("k").send();
    assert_eq!(first.outcome(), "201 earn +10 = 10");
    shop.does("m", "share").key("\"k\"").send().assert_replays(&first);
    assert_eq!(shop.does("m", "share").key(r#""\"k\"""#).send().outcome(), "201 earn +10 = 20");
}

#[test]
fn a_dry_run_answers_and_writes_nothing() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 5_000).send().ok();
    let before = host.books().snapshot();
    let dry = |body| shop.post("/v1/earn?dry_run=true", body);
    for (ask, outcome) in [
        (dry(&purchase("m", "o-2", 200_000)), "201 earn +2000 = 2050, tier_change +500 = 2550"),
        (dry(&purchase("new", "o-2", 100)), "201 earn +1 = 1"),
        (dry(&purchase("m", "o-1", 100)), "409 reference-already-used"),
        (
            shop.ask("POST", "/v1/earn?dry_run=yes").body(purchase("m", "o-2", 100).to_string()),
            "400 invalid-request ?dry_run",
        ),
    ] {
        assert_eq!(ask.key("dry").send().outcome(), outcome);
    }
    assert_eq!(host.books().snapshot(), before);
    assert_eq!(shop.buys("m", "o-2", 100).key("dry").send().outcome(), "201 earn +1 = 51");
}

#[test]
fn a_day_has_a_cap() {
    let host = Host::start();
    let shop = host.shop_with("capped", |book| book["caps"]["points_per_day"] = 100.into());
    for (ask, outcome) in [
        (shop.buys("m", "o-1", 6_000), "201 earn +60 = 60"),
        (shop.buys("m", "o-2", 6_000), "201 earn +40 = 100"),
        (shop.does("m", "check_in"), "201 earn +0 = 100"),
        (shop.buys("n", "o-3", 6_000), "201 earn +60 = 60"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let cut = shop.get("/v1/members/m/entries?limit=2").send().ok()["items"][1].take();
    assert_eq!(cut["rules"][0], json!({"rule": "purchase", "desired": "60", "granted": 40}));
}
