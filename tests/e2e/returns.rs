//! Everyday returns over HTTP: lines that were paid with points, refunds without goods, pieces of a
//! reward, and the gifts of a tier.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop};

/// A member with 1,000 points.
fn rich() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.shop();
    assert_eq!(shop.buys("m", "o-1", 100_000).send().outcome(), "201 earn +1000 = 1000");
    (host, shop)
}

/// An order of lines with these names and amounts.
fn order(reference: &str, lines: &[(&str, i64)]) -> Json {
    let line = |(id, amount_minor): &(&str, i64)| json!({"line_id": id, "amount": {"amount_minor": amount_minor, "currency": "CNY"}});
    let lines: Vec<Json> = lines.iter().map(line).collect();
    json!({"member_id": "m", "event": "purchase", "reference": reference, "lines": lines})
}

fn back(shop: &Shop, reference: &str, fields: &Json) -> Answer {
    let mut body = json!({"member_id": "m", "reference": reference});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    shop.post("/v1/reverse", &body).send()
}

fn money(amount_minor: i64) -> Json {
    json!({"amount_minor": amount_minor, "currency": "CNY"})
}

#[test]
fn the_points_of_a_line_come_back_with_it() {
    let (_host, shop) = rich();
    let pay =
        json!({"member_id": "m", "reference": "o-2", "lines": [{"line_id": "mug", "points": 300}]});
    let paid = shop.post("/v1/redeem", &pay).send();
    assert_eq!(paid.outcome(), "201 redeem -300 = 700");
    assert_eq!(paid.ok()["entry"]["lines"][0]["granted"], -300);
    shop.post("/v1/earn", &order("o-2", &[("mug", 0), ("book", 10_000)])).send().ok();
    let book = json!({"lines": [{"line_id": "book"}]});
    assert_eq!(back(&shop, "o-2", &book).outcome(), "201 reverse -100 = 700");
    let mug = json!({"lines": [{"line_id": "mug"}], "return_reference": "r-2"});
    assert_eq!(back(&shop, "o-2", &mug).outcome(), "201 reverse +0 = 1000, reverse +300 = 1000");
    for (body, outcome) in [
        (json!({"lines": [], "points": 5}), "400 invalid-request /lines /points"),
        (json!({"lines": [{"line_id": "a", "points": 0}]}), "400 invalid-request /lines/0/points"),
        (
            json!({"lines": [{"line_id": "a", "points": 5}], "points": 6}),
            "400 invalid-request /points",
        ),
        (
            json!({"lines": [{"line_id": "a", "points": 5}], "reward_id": "mug"}),
            "400 invalid-request /lines",
        ),
    ] {
        let mut body = body;
        body["member_id"] = "m".into();
        assert_eq!(shop.post("/v1/redeem", &body).send().outcome(), outcome, "{body}");
    }
}

#[test]
fn a_return_asks_for_the_points_when_it_cannot_know_them() {
    let (_host, shop) = rich();
    let pay = json!({"member_id": "m", "points": 400, "reference": "o-2"});
    assert_eq!(shop.post("/v1/redeem", &pay).send().outcome(), "201 redeem -400 = 600");
    shop.post("/v1/earn", &order("o-2", &[("a", 0), ("b", 0)])).send().ok();
    let one = |points: Option<i64>| {
        let mut body = json!({"lines": [{"line_id": "a"}], "return_reference": "r-1"});
        if let Some(points) = points {
            body["points"] = points.into();
        }
        back(&shop, "o-2", &body)
    };
    assert_eq!(one(None).outcome(), "422 points-needed");
    assert_eq!(one(Some(401)).outcome(), "422 more-than-left");
    // A refused return does not use up its reference.
    assert_eq!(one(Some(200)).outcome(), "201 reverse +0 = 800, reverse +200 = 800");
    assert_eq!(
        back(&shop, "o-2", &json!({})).outcome(),
        "201 reverse +0 = 1000, reverse +200 = 1000"
    );
}

#[test]
fn money_goes_back_without_goods() {
    let (_host, shop) = rich();
    shop.post("/v1/earn", &order("o-2", &[("coat", 10_000), ("sock", 0)])).send().ok();
    let before = shop.member("m")["tier"]["value"].as_i64().unwrap();
    for (fields, outcome) in [
        (json!({"refund": money(3_000)}), "201 reverse -30 = 1070"),
        (json!({"refund": money(7_001)}), "422 more-than-left"),
        (json!({"refund": {"amount_minor": 1, "currency": "EUR"}}), "422 currency-mismatch"),
        (json!({"refund": money(0)}), "400 invalid-request /refund/amount_minor"),
        (json!({"refund": money(1), "points": 3}), "400 invalid-request /refund"),
        (json!({"refund": money(1), "event": "redeem"}), "400 invalid-request /refund"),
        (
            json!({"lines": [{"line_id": "coat", "refund": money(1), "quantity": 2}]}),
            "400 invalid-request /lines/0",
        ),
        (json!({"lines": [{"line_id": "coat", "refund": money(2_000)}]}), "201 reverse -20 = 1050"),
        (json!({"lines": [{"line_id": "sock", "refund": money(1)}]}), "422 more-than-left"),
        (json!({"lines": [{"line_id": "coat"}]}), "201 reverse -50 = 1000"),
    ] {
        assert_eq!(back(&shop, "o-2", &fields).outcome(), outcome, "{fields}");
    }
    assert_eq!(shop.member("m")["tier"]["value"].as_i64().unwrap(), before - 10_000);
    assert_eq!(back(&shop, "o-2", &json!({"refund": money(1)})).outcome(), "422 more-than-left");
}

#[test]
fn one_of_three_rewards_comes_back() {
    let (_host, shop) = rich();
    let mug =
        json!({"name": "Mug", "points": 100, "stock": 5, "limit": {"times": 3, "per": "month"}});
    shop.put("/v1/rewards/mug", &mug).send().ok();
    let take = json!({"member_id": "m", "reward_id": "mug", "quantity": 3});
    let taken = shop.post("/v1/redeem", &take).send();
    assert_eq!(taken.outcome(), "201 redeem -300 = 700");
    let id = taken.ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
    let undo = |fields: &Json| {
        let mut body = json!({"member_id": "m", "entry_id": id});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        shop.post("/v1/reverse", &body).send().outcome()
    };
    let left = || shop.get("/v1/rewards/mug").send().ok()["left"].clone();
    assert_eq!(undo(&json!({"points": 150})), "422 whole-only");
    assert_eq!(undo(&json!({"quantity": 4})), "422 more-than-left");
    assert_eq!(undo(&json!({"quantity": 1})), "201 reverse +100 = 800");
    assert_eq!(left(), 3);
    assert_eq!(
        shop.post("/v1/redeem", &json!({"member_id": "m", "reward_id": "mug"})).send().outcome(),
        "201 redeem -100 = 700"
    );
    assert_eq!(undo(&json!({})), "201 reverse +200 = 900");
    assert_eq!(left(), 4);
}

#[test]
fn a_gift_of_a_tier_is_returned_with_the_purchase() {
    let host = Host::start();
    let shop = host.shop();
    for member in ["m", "n", "o"] {
        let bought = shop.buys(member, &format!("o-{member}"), 1_000_000).send();
        assert_eq!(bought.outcome(), "201 earn +10000 = 10000, tier_change +2500 = 12500");
        let undone = shop.returns(member, &format!("o-{member}")).send();
        assert_eq!(undone.outcome(), "201 reverse -10000 = 2500, reverse -2500 = 0");
        assert_eq!(shop.balance(member), 0);
    }
    let kept = host.shop_with("kept", |book| book["returns"]["gifts"] = json!("keep"));
    kept.buys("m", "o-1", 1_000_000).send().ok();
    assert_eq!(kept.returns("m", "o-1").send().outcome(), "201 reverse -10000 = 2500");
}

#[test]
fn a_pool_gets_its_points_back() {
    let host = Host::start();
    let shop = host.shop();
    for member in ["he", "she"] {
        shop.buys(member, &format!("o-{member}"), 20_000).send().ok();
    }
    shop.ask("PUT", "/v1/pools/home/members/he").send().ok();
    shop.put("/v1/pools/home/invitations/she", &json!({"head_id": "he"})).send().ok();
    shop.ask("PUT", "/v1/pools/home/members/she").send().ok();
    let balance = || shop.get("/v1/pools/home").send().ok()["balance"].clone();
    assert_eq!(balance(), 400);
    let oven = json!({"points": 300, "member_id": "she", "reference": "oven"});
    shop.post("/v1/pools/home/redeem", &oven).send().ok();
    assert_eq!(shop.buys("she", "oven", 10_000).send().outcome(), "201 earn +100 = 200");
    assert_eq!(balance(), 200);
    let undone = shop.returns("she", "oven").send();
    assert_eq!(undone.outcome(), "201 reverse -100 = 100");
    assert_eq!(balance(), 400);
    assert_eq!(shop.get("/v1/pools/home").send().ok()["own_balance"], 300);
    assert_eq!(shop.returns("she", "oven").send().outcome(), "409 nothing-to-reverse");
    // The order of another member does not belong to the pool.
    shop.buys("other", "o-other", 10_000).send().ok();
    assert_eq!(shop.returns("other", "oven").send().outcome(), "404 reference-not-found");
}

#[test]
fn an_order_from_before_a_merger_comes_back() {
    let host = Host::start();
    let shop = host.shop();
    let pay = json!({"member_id": "old", "points": 40, "reference": "o-2"});
    shop.buys("old", "o-1", 10_000).send().ok();
    shop.post("/v1/redeem", &pay).send().ok();
    assert_eq!(shop.buys("old", "o-2", 5_000).send().outcome(), "201 earn +50 = 110");
    shop.buys("she", "o-3", 2_000).send().ok();
    // The operator needs no approval; others request it.
    shop.post("/v1/members/she/merge", &json!({"from_member_id": "old", "reason": "one person"}))
        .send()
        .ok();
    assert_eq!(shop.balance("she"), 130);
    let part = json!({"member_id": "she", "reference": "o-1", "refund": money(3_000)});
    assert_eq!(shop.post("/v1/reverse", &part).send().outcome(), "201 reverse -30 = 100");
    // Spent points come back, and earned points are taken from their current owner.
    let undone = shop.returns("she", "o-2").send();
    assert_eq!(undone.outcome(), "201 reverse -50 = 90, reverse +40 = 140");
    assert_eq!(shop.returns("she", "o-2").send().outcome(), "409 nothing-to-reverse");
    assert_eq!(shop.returns("she", "o-1").send().outcome(), "201 reverse -70 = 20");
    let closed = shop.returns("old", "o-1").send();
    assert_eq!(
        (closed.outcome().as_str(), &closed.json()["into"]),
        ("409 member-merged", &json!("she"))
    );
}

#[test]
fn a_mistaken_grant_goes_from_its_own_lot() {
    let (_host, shop) = rich();
    let anna = shop.with_bearer(&shop.key("service"));
    let ben = shop.with_bearer(&shop.key("approver"));
    let ask = |points: i64, undoes: Option<&str>| {
        let mut body = json!({"member_id": "m", "points": points, "reason_code": "goodwill"});
        if let Some(undoes) = undoes {
            body["undoes"] = undoes.into();
        }
        anna.post("/v1/adjustments", &body).send()
    };
    let approved = |request: &Answer| {
        let id = request.ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
        ben.post(&format!("/v1/adjustments/{id}/approve"), &json!({})).send()
    };
    let granted = approved(&ask(200, None));
    let grant = granted.ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
    assert_eq!(ask(-200, Some("x")).outcome(), "400 invalid-request /undoes");
    assert_eq!(ask(200, Some(&grant)).outcome(), "400 invalid-request /points");
    assert_eq!(ask(-201, Some(&grant)).outcome(), "422 more-than-left");
    let undone = approved(&ask(-200, Some(&grant)));
    assert_eq!(
        undone.ok()["entry"]["lots"],
        json!([{"lot": 2, "change": "drawn", "points": -200}])
    );
    let lots = shop.get("/v1/members/m/lots").send().ok()["items"].clone();
    assert_eq!((lots.as_array().unwrap().len(), &lots[0]["lot"]), (1, &json!(1)));
}
