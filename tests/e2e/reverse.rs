//! `POST /v1/reverse`: spent points go back to their lots, earned points are taken back as
//! recorded, and nothing twice.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop, at_once};

/// An order of three lines; 2,500 fen in three units, then 5,000, then nothing.
fn order(member: &str, reference: &str) -> Json {
    let line = |id: &str, quantity: i64, amount_minor: i64| json!({"line_id": id, "quantity": quantity, "amount": {"amount_minor": amount_minor, "currency": "CNY"}});
    let lines = [line("tea", 3, 2_500), line("pot", 1, 5_000), line("gift", 1, 0)];
    json!({"member_id": member, "event": "purchase", "reference": reference, "lines": lines})
}

fn opened() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.shop();
    assert_eq!(shop.post("/v1/earn", &order("m", "o-1")).send().outcome(), "201 earn +75 = 75");
    (host, shop)
}

fn back(shop: &Shop, fields: &Json) -> tests::Ask {
    let mut body = json!({"member_id": "m", "reference": "o-1"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    shop.post("/v1/reverse", &body)
}

#[test]
fn lines_come_back_once() {
    let (_host, shop) = opened();
    let lines =
        |line: &str, quantity: i64| json!({"lines": [{"line_id": line, "quantity": quantity}]});
    let dry = shop
        .post("/v1/reverse?dry_run=true", &json!({"member_id": "m", "reference": "o-1"}))
        .send();
    assert_eq!(
        (dry.outcome().as_str(), dry.header("dry-run")),
        ("201 reverse -75 = 0", Some("true"))
    );
    for (ask, outcome) in [
        (back(&shop, &lines("cup", 1)), "422 unknown-line"),
        (back(&shop, &lines("tea", 4)), "422 more-than-left"),
        (back(&shop, &lines("tea", 1)), "201 reverse -8 = 67"),
        (back(&shop, &lines("tea", 3)), "422 more-than-left"),
        (back(&shop, &lines("tea", 2)).key("two"), "201 reverse -17 = 50"),
        (back(&shop, &lines("tea", 2)).key("two"), "201 reverse -17 = 50 (again)"),
        (back(&shop, &lines("pot", 1)).key("two"), "422 idempotency-key-reused"),
        (back(&shop, &lines("tea", 1)), "422 more-than-left"),
        (back(&shop, &json!({})), "201 reverse -50 = 0"),
        (back(&shop, &json!({})), "409 nothing-to-reverse"),
        // Completed after all, the order earns again, once.
        (shop.post("/v1/earn", &order("m", "o-1")), "201 earn +75 = 75"),
        (shop.post("/v1/earn", &order("m", "o-1")), "409 reference-already-used"),
        (back(&shop, &json!({})), "201 reverse -75 = 0"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.member("m")["tier"]["value"], 0);
}

#[test]
fn a_reversal_of_an_unknown_reference_is_refused() {
    let (host, shop) = opened();
    let redeemed =
        shop.redeems("m", 5).send().ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
    let earned = host.books().entry_id("SELECT id FROM entry WHERE kind = 'earn'");
    let returned =
        back(&shop, &json!({"lines": [{"line_id": "gift"}], "return_reference": "r-1"})).send();
    assert_eq!(returned.outcome(), "201 reverse +0 = 70");
    let before = host.books().snapshot();
    let entry = |fields: &Json| {
        let mut body = json!({"member_id": "m"});
        fields.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        shop.post("/v1/reverse", &body)
    };
    for (ask, outcome) in [
        (back(&shop, &json!({"reference": "o-2"})), "404 reference-not-found"),
        (back(&shop, &json!({"member_id": "n"})), "404 member-not-found"),
        (back(&shop, &json!({"event": "check_in"})), "404 reference-not-found"),
        (back(&shop, &json!({"event": "redeem"})), "404 reference-not-found"),
        // A reversal cannot be reversed.
        (back(&shop, &json!({"event": "reverse", "reference": "r-1"})), "404 reference-not-found"),
        (
            entry(&json!({"entry_id": returned.ok()["entry"]["entry_id"]})),
            "404 reference-not-found",
        ),
        (entry(&json!({"entry_id": earned, "member_id": "n"})), "404 member-not-found"),
        (entry(&json!({"entry_id": earned, "points": 5})), "400 invalid-request /points"),
        (entry(&json!({"entry_id": earned, "quantity": 1})), "400 invalid-request /quantity"),
        (
            entry(&json!({"entry_id": redeemed, "refund": {"amount_minor": 5, "currency": "CNY"}})),
            "400 invalid-request /refund",
        ),
        (entry(&json!({"entry_id": earned, "lines": [{"line_id": "cup"}]})), "422 unknown-line"),
        (entry(&json!({"entry_id": "x"})), "400 invalid-request /entry_id"),
        (entry(&json!({"entry_id": redeemed, "lines": [{"line_id": "tea"}]})), "422 unknown-line"),
        (entry(&json!({"entry_id": redeemed, "event": "redeem"})), "400 invalid-request /event"),
        (entry(&json!({"entry_id": redeemed, "points": 6})), "422 more-than-left"),
        (entry(&json!({"entry_id": redeemed, "points": 0})), "400 invalid-request /points"),
        (entry(&json!({})), "400 invalid-request /reference"),
        (back(&shop, &json!({"entry_id": redeemed})), "400 invalid-request /entry_id"),
        (back(&shop, &json!({"points": 5})), "400 invalid-request /points"),
        (back(&shop, &json!({"lines": []})), "400 invalid-request /lines"),
        (
            back(&shop, &json!({"lines": [{"line_id": "tea", "quantity": 0}]})),
            "400 invalid-request /lines/0/quantity",
        ),
        (
            back(&shop, &json!({"lines": [{"line_id": "tea"}, {"line_id": "tea"}]})),
            "400 invalid-request /lines/1/line_id",
        ),
        (
            back(&shop, &json!({"lines": [{"line_id": "tea", "amount": 5}]})),
            "400 invalid-request /lines/0/amount",
        ),
        (
            back(&shop, &json!({"event": "check_in", "lines": [{"line_id": "tea"}]})),
            "400 invalid-request /lines",
        ),
        (back(&shop, &json!({"return_reference": "r-1"})), "409 reference-already-used"),
        (back(&shop, &json!({"return_reference": ""})), "400 invalid-request /return_reference"),
        (back(&shop, &json!({"reason": ""})), "400 invalid-request /reason"),
        (shop.ask("GET", "/v1/reverse"), "405 method-not-allowed"),
        (shop.ask("POST", "/v1/reverse"), "400 malformed-json"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let mut after = host.books().snapshot();
    // Refusals are stored under their keys.
    after[1] = before[1];
    assert_eq!(before, after);
    assert_eq!(
        entry(&json!({"entry_id": redeemed, "points": 2})).send().outcome(),
        "201 reverse +2 = 72"
    );
    assert_eq!(entry(&json!({"entry_id": redeemed})).send().outcome(), "201 reverse +3 = 75");
    assert_eq!(entry(&json!({"entry_id": redeemed})).send().outcome(), "409 nothing-to-reverse");
}

/// An earn is named by its entry or by its order, in parts or whole. Either way nothing is returned
/// twice.
#[test]
fn an_earn_is_named_by_its_entry() {
    let (host, shop) = opened();
    let earned = host.books().entry_id("SELECT id FROM entry WHERE kind = 'earn'");
    let check_in = shop.does("m", "check_in").send().ok()["entry"]["entry_id"].clone();
    let pay = json!({"member_id": "m", "points": 10, "reference": "o-1"});
    shop.post("/v1/redeem", &pay).send().ok();
    let entry = |fields: &Json| {
        let mut body = json!({"member_id": "m", "entry_id": earned});
        fields.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        shop.post("/v1/reverse", &body)
    };
    let tea = json!({"lines": [{"line_id": "tea", "quantity": 3}]});
    for (ask, outcome) in [
        (entry(&tea), "201 reverse -25 = 45"),
        (entry(&tea), "422 more-than-left"),
        (back(&shop, &tea), "422 more-than-left"),
        (
            entry(&json!({"refund": {"amount_minor": 1_000, "currency": "CNY"}})),
            "201 reverse -10 = 35",
        ),
        // Only the earn: points spent on the order stay spent.
        (entry(&json!({})), "201 reverse -40 = -5"),
        (entry(&json!({})), "409 nothing-to-reverse"),
        (entry(&json!({"entry_id": check_in})), "201 reverse -5 = -10"),
        (entry(&json!({"entry_id": check_in})), "409 nothing-to-reverse"),
        (back(&shop, &json!({})), "201 reverse +10 = 0, repay +0 = 0"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.member("m")["tier"]["value"], 0);
}

/// An order that was paid with points returns them in proportion, before its earned points are
/// taken.
#[test]
fn spent_points_come_back_first() {
    let (_host, shop) = opened();
    let pay = json!({"member_id": "m", "points": 75, "reference": "o-2"});
    assert_eq!(shop.post("/v1/redeem", &pay).send().outcome(), "201 redeem -75 = 0");
    let mut paid = order("m", "o-2");
    // A line without a price would be the one that the points paid.
    paid["lines"].as_array_mut().unwrap().truncate(2);
    assert_eq!(shop.post("/v1/earn", &paid).send().outcome(), "201 earn +75 = 75");
    let half = json!({"reference": "o-2", "lines": [{"line_id": "pot"}]});
    assert_eq!(back(&shop, &half).send().outcome(), "201 reverse -50 = 75, reverse +50 = 125");
    let rest = back(&shop, &json!({"reference": "o-2"})).send();
    assert_eq!(rest.outcome(), "201 reverse -25 = 75, reverse +25 = 100");
    // The requested entry is not among the entries that followed.
    let lot = &rest.ok()["also_asked"][0]["lots"][0];
    assert_eq!(
        (&lot["change"], &lot["points"], &rest.ok()["follow_ups"]),
        (&json!("returned"), &json!(25), &json!([]))
    );
}

#[test]
fn every_shortfall_policy_is_reported() {
    for (policy, outcome, after, let_go) in [
        ("debt", "201 reverse -75 = -70", "201 earn +75 = 5, repay +0 = 5", 0),
        ("within_balance", "201 reverse -5 = 0", "201 earn +75 = 75", 70),
        ("pending_only", "201 reverse +0 = 5", "201 earn +75 = 80", 75),
    ] {
        let host = Host::start();
        let shop = host.shop_with("returns", |book| book["returns"] = json!({"shortfall": policy}));
        shop.post("/v1/earn", &order("m", "o-1")).send().ok();
        shop.redeems("m", 70).send().ok();
        let answer = back(&shop, &json!({})).send();
        assert_eq!(answer.outcome(), outcome, "{policy}");
        let reported = &answer.ok()["entry"]["reversal"];
        assert_eq!(
            (&reported["desired"], &reported["let_go"]),
            (&json!(75), &json!(let_go)),
            "{policy}"
        );
        let owed = shop.member("m")["debt"].as_i64().unwrap();
        assert_eq!(owed, if policy == "debt" { 70 } else { 0 });
        assert_eq!(shop.post("/v1/earn", &order("m", "o-2")).send().outcome(), after, "{policy}");
        assert_eq!(shop.member("m")["debt"], 0);
    }
}

/// Many tills return the same order, over several instances; it is returned once.
#[test]
fn one_order_comes_back_once() {
    let host = Host::start_with(&["--instances", "4"]);
    let shop = host.shop();
    for round in 0..5 {
        let reference = format!("o-{round}");
        shop.post("/v1/earn", &order("m", &reference)).send().ok();
        let units = |answer: &Answer| answer.outcome().starts_with("201 reverse");
        let one = json!({"reference": reference, "lines": [{"line_id": "tea"}]});
        let answers = at_once(32, |_| back(&shop, &one).send());
        assert_eq!(
            answers.iter().filter(|answer| units(answer)).count(),
            3,
            "three units, one a return"
        );
        let answers = at_once(32, |_| shop.returns("m", &reference).send());
        assert_eq!(answers.iter().filter(|answer| units(answer)).count(), 1);
        assert_eq!(shop.balance("m"), 0, "round {round}");
    }
}

/// Roles: a till and customer service may reverse, marketing may not.
#[test]
fn roles_that_may_reverse() {
    let (_host, shop) = opened();
    for (role, outcome) in [
        ("marketing", "403 forbidden"),
        ("finance", "403 forbidden"),
        ("service", "201 reverse -75 = 0"),
    ] {
        let other = shop.with_bearer(&shop.key(role));
        assert_eq!(back(&other, &json!({})).send().outcome(), outcome, "{role}");
    }
}
