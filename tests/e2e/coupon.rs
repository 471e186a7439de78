//! `/v1/coupons`: issued by a rule, a tier or the catalogue, used once.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, at_once};

/// 50 off 300 within 15 days, for a review or for points.
fn promising() -> (Host, Shop) {
    let host = Host::start_with(&["--instances", "2"]);
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["expiry"]["fortnight"] = json!({"policy": "days", "days": 15});
    book["coupons"]["fifty"] = json!({"off_minor": 5_000, "min_minor": 30_000, "expiry": "fortnight", "channels": ["app"]});
    book["actions"]["review"]["coupon"] = "fifty".into();
    shop.put("/v1/programmes/default", &json!({"name": "promising", "rulebook": book})).send().ok();
    let reward = json!({"name": "50 off", "kind": "coupon", "points": 10, "coupon": "fifty"});
    shop.put("/v1/rewards/fifty", &reward).send().ok();
    (host, shop)
}

fn order(amount_minor: i64, channel: &str) -> Json {
    json!({"lines": [{"line_id": "1", "amount": {"amount_minor": amount_minor, "currency": "CNY"}}], "channel": channel, "reference": "o-7"})
}

#[test]
fn a_coupon_lives_once() {
    let (_host, shop) = promising();
    let earned = shop.does("m", "review").send().ok();
    let code = earned["entry"]["coupons"][0]["code"].as_str().unwrap().to_owned();
    let dashed = format!("{}-{}", &code[..8], code[8..].to_lowercase());
    let path = |way: &str| format!("/v1/coupons/{code}/{way}");
    assert_eq!(shop.get(&format!("/v1/coupons/{dashed}")).send().ok()["state"], "open");
    assert_eq!(shop.get("/v1/members/m/coupons").send().ok()["items"][0]["code"], code.as_str());
    let mut anothers = order(30_000, "app");
    anothers["member_id"] = "x".into();
    for (ask, outcome) in [
        (
            shop.post("/v1/coupons/0000000000000000/redeem", &order(30_000, "app")),
            "404 coupon-not-found",
        ),
        (shop.get("/v1/coupons/0000000000000000"), "404 coupon-not-found"),
        (shop.post(&path("redeem"), &anothers), "404 coupon-not-found"),
        (shop.post(&path("redeem"), &order(29_999, "app")), "422 coupon-conditions"),
        (shop.post(&path("redeem"), &order(30_000, "shop")), "422 coupon-conditions"),
        (shop.post(&path("redeem"), &json!({"lines": []})), "400 invalid-request /lines"),
        (
            shop.with_bearer(&shop.key("service")).post(&path("redeem"), &order(30_000, "app")),
            "403 forbidden",
        ),
        (
            shop.post(&format!("{}?dry_run=true", path("redeem")), &order(30_000, "app")),
            "201 coupon_redeem +0 = 20",
        ),
        (shop.ask("GET", &path("redeem")), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.post(&path("redeem"), &order(1, "app")).send().json()["condition"], "minimum");
    let answers = at_once(32, |_| {
        shop.post(&format!("/v1/coupons/{dashed}/redeem"), &order(40_000, "app")).send()
    });
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(won.len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 || answer.outcome() == "409 coupon-resolved")
    );
    let used = won[0].ok()["entry"].take();
    assert_eq!(used["discount"], json!({"order_minor": 40_000, "off_minor": 5_000}));
    assert_eq!(shop.get(&format!("/v1/coupons/{code}")).send().ok()["state"], "ended");
    // The order did not happen: the coupon is available again, once.
    let undo = json!({"entry_id": used["entry_id"]});
    let answers = at_once(8, |_| shop.post(&path("restore"), &undo).send());
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for (ask, outcome) in [
        (shop.post(&path("restore"), &undo), "409 nothing-to-reverse"),
        (shop.post(&path("restore"), &json!({"entry_id": "x"})), "404 coupon-not-found"),
        (
            shop.post(&path("restore"), &json!({"entry_id": earned["entry"]["entry_id"]})),
            "404 coupon-not-found",
        ),
        (shop.post(&path("cancel"), &json!({"reason": "misused"})), "201 coupon_cancel +0 = 20"),
        (shop.post(&path("cancel"), &json!({})), "409 coupon-resolved"),
        (shop.post(&path("restore"), &undo), "409 nothing-to-reverse"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
}

#[test]
fn points_come_back_with_the_coupon_they_bought() {
    let (_host, shop) = promising();
    shop.does("m", "check_in").send().ok();
    shop.does("m", "sign_up").send().ok();
    let bought = shop
        .post("/v1/redeem", &json!({"member_id": "m", "reward_id": "fifty"}))
        .send()
        .ok()["entry"]
        .take();
    let code = bought["coupons"][0]["code"].as_str().unwrap().to_owned();
    let used = shop.post(&format!("/v1/coupons/{code}/redeem"), &order(30_000, "app")).send().ok()
        ["entry"]["entry_id"]
        .clone();
    let back = json!({"member_id": "m", "entry_id": bought["entry_id"]});
    assert_eq!(shop.post("/v1/reverse", &back).send().outcome(), "409 coupon-resolved");
    shop.post(&format!("/v1/coupons/{code}/restore"), &json!({"entry_id": used})).send().ok();
    assert_eq!(shop.post("/v1/reverse", &back).send().outcome(), "201 reverse +10 = 105");
    assert_eq!(
        shop.post(&format!("/v1/coupons/{code}/redeem"), &order(30_000, "app")).send().outcome(),
        "409 coupon-resolved"
    );
}
