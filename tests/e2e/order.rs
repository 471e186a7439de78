//! Orders in the forms of shops: numbered per store, put on the wrong card, cancelled and completed
//! after all, with coupons.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, at_once, count, purchase};

fn in_store(member: &str, order: &str, amount_minor: i64, store: &str) -> Json {
    let mut body = purchase(member, order, amount_minor);
    body["store_id"] = store.into();
    body
}

#[test]
fn two_shops_with_one_order_number() {
    let host = Host::start();
    let shop = host.shop();
    for (body, outcome) in [
        (in_store("anna", "1001", 10_000, "east"), "201 earn +100 = 100"),
        (in_store("ben", "1001", 5_000, "west"), "201 earn +50 = 50"),
        (in_store("ben", "1001", 5_000, "west"), "409 reference-already-used"),
        (in_store("cleo", "1001", 5_000, "west"), "409 reference-of-another"),
        (purchase("cleo", "1001", 5_000), "409 reference-of-another"),
    ] {
        assert_eq!(shop.post("/v1/earn", &body).send().outcome(), outcome);
    }
    // The same number for the same member in two stores: the return names the store, and the
    // problem lists the choices.
    shop.post("/v1/earn", &in_store("anna", "1001", 2_000, "north")).send().ok();
    let back = |fields: Json| {
        let mut body = json!({"member_id": "anna", "reference": "1001"});
        fields.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        shop.post("/v1/reverse", &body)
    };
    let refused = back(json!({"store_id": "north"})).send();
    assert_eq!(refused.outcome(), "409 reference-ambiguous");
    let candidates = refused.json()["candidates"].as_array().unwrap().clone();
    assert_eq!(
        candidates.iter().map(|one| one["store_id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["east", "north"]
    );
    assert!(
        candidates
            .iter()
            .all(|one| one["entry_id"].is_string() && one.as_object().unwrap().len() == 2)
    );
    assert!(
        !refused.text().contains("anna") && !refused.text().contains("ben"),
        "{}",
        refused.text()
    );
    let named = back(json!({"order_store_id": "north"}));
    assert_eq!(named.send().outcome(), "201 reverse -20 = 100");
    assert_eq!(named.send().outcome(), "201 reverse -20 = 100 (again)");
    assert_eq!(
        back(json!({"order_store_id": "south"})).send().outcome(),
        "404 reference-not-found"
    );
    // A fully returned order no longer matches, so the number alone is enough.
    assert_eq!(back(json!({})).send().outcome(), "201 reverse -100 = 0");
    assert_eq!(
        back(json!({"order_store_id": ""})).send().outcome(),
        "400 invalid-request /order_store_id"
    );
}

#[test]
fn an_order_on_the_wrong_card() {
    let host = Host::start_with(&["--instances", "2"]);
    let shop = host.shop();
    shop.buys("wrong", "o-1", 10_000).send().ok();
    assert_eq!(shop.buys("right", "o-1", 10_000).send().outcome(), "409 reference-of-another");
    assert_eq!(shop.returns("wrong", "o-1").send().outcome(), "201 reverse -100 = 0");
    let answers = at_once(16, |_| shop.buys("right", "o-1", 10_000).send());
    assert_eq!(count(&answers, "201 earn +100"), 1);
    assert_eq!(count(&answers, "409 reference-already-used"), 15);
    assert_eq!((shop.balance("wrong"), shop.balance("right")), (0, 100));
    assert_eq!(shop.returns("wrong", "o-1").send().outcome(), "409 nothing-to-reverse");
    assert_eq!(shop.returns("right", "o-1").send().outcome(), "201 reverse -100 = 0");
}

#[test]
fn an_order_cancelled_and_completed_after_all() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-0", 100_000).send().ok();
    let pay =
        || shop.post("/v1/redeem", &json!({"member_id": "m", "points": 200, "reference": "o-1"}));
    assert_eq!(pay().send().outcome(), "201 redeem -200 = 800");
    assert_eq!(pay().send().outcome(), "409 reference-already-used");
    assert_eq!(shop.returns("m", "o-1").send().outcome(), "201 reverse +200 = 1000");
    assert_eq!(pay().send().outcome(), "201 redeem -200 = 800");
    assert_eq!(shop.balance("m"), 800);
    // Completed and refunded by turns, the order brings no further points.
    for _ in 0..3 {
        assert_eq!(shop.buys("m", "o-2", 10_000).send().outcome(), "201 earn +100 = 900");
        assert_eq!(shop.buys("m", "o-2", 10_000).send().outcome(), "409 reference-already-used");
        assert_eq!(shop.returns("m", "o-2").send().outcome(), "201 reverse -100 = 800");
    }
}

/// A coupon of each kind for each review.
fn with_coupons() -> (Host, Shop) {
    let host = Host::start_with(&["--instances", "2"]);
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["expiry"]["fortnight"] = json!({"policy": "days", "days": 15});
    book["coupons"]["fifty"] =
        json!({"off_minor": 5_000, "min_minor": 30_000, "expiry": "fortnight"});
    book["coupons"]["extra"] = json!({"off_percent": 90, "expiry": "fortnight", "stacks": true});
    book["actions"]["review"]["coupon"] = "fifty".into();
    book["actions"]["share"]["coupon"] = "extra".into();
    shop.put("/v1/programmes/default", &json!({"name": "promising", "rulebook": book})).send().ok();
    (host, shop)
}

fn coupon(shop: &Shop, member: &str, event: &str) -> String {
    let earned = shop.does(member, event).send().ok();
    earned["entry"]["coupons"][0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn two_coupons_on_one_order() {
    let (_host, shop) = with_coupons();
    let codes: Vec<String> = (0..3).map(|_| coupon(&shop, "m", "review")).collect();
    let extra = coupon(&shop, "m", "share");
    let order = |reference: &str| {
        let line = json!({"line_id": "1", "amount": {"amount_minor": 30_000, "currency": "CNY"}});
        json!({"lines": [line], "reference": reference})
    };
    let uses = |code: &str, reference: &str| {
        shop.post(&format!("/v1/coupons/{code}/redeem"), &order(reference)).send()
    };
    // Two at once: one of them takes 50 off.
    let answers = at_once(2, |at| uses(&codes[at], "o-1"));
    assert_eq!(count(&answers, "201 coupon_redeem"), 1);
    assert_eq!(count(&answers, "422 coupon-not-stackable"), 1);
    let used =
        answers.iter().find(|answer| answer.status == 201).unwrap().ok()["entry"]["entry_id"]
            .take();
    let refused = answers.iter().find(|answer| answer.status == 422).unwrap().json();
    assert_eq!(refused["entry_id"], used);
    // A stackable coupon is accepted, and all of them together take off at most the amount of the
    // order.
    let stacked = uses(&extra, "o-1").ok()["entry"].take();
    assert_eq!(stacked["discount"], json!({"order_minor": 30_000, "off_minor": 25_000}));
    // Another order is independent, and an undone use no longer counts.
    assert_eq!(uses(&codes[2], "o-2").outcome(), "201 coupon_redeem +0 = 70");
    let open = codes
        .iter()
        .find(|code| shop.get(&format!("/v1/coupons/{code}")).send().ok()["state"] == "open");
    let (open, mut closed) = (open.unwrap(), codes.iter().take(2));
    let spent = closed.find(|code| *code != open).unwrap();
    assert_eq!(uses(open, "o-2").outcome(), "422 coupon-not-stackable");
    let restore =
        shop.post(&format!("/v1/coupons/{spent}/restore"), &json!({"entry_id": used})).send();
    assert_eq!(restore.outcome(), "201 reverse +0 = 70");
    let discount =
        |answer: &tests::Answer| answer.ok()["entry"]["discount"]["off_minor"].as_i64().unwrap();
    assert_eq!(uses(open, "o-1").outcome(), "422 coupon-not-stackable");
    assert_eq!(discount(&uses(open, "o-3")), 5_000);
}

#[test]
fn a_patch_changes_only_the_named_fields() {
    let host = Host::start();
    let shop = host.shop();
    let whole = json!({"attributes": {"birthday": "05-17", "name": "李雷"}, "aliases": ["phone:13800000000", "card:7"]});
    assert_eq!(shop.put("/v1/members/m", &whole).send().outcome(), "201 profile +0 = 0");
    let patch = |body: Json| shop.ask("PATCH", "/v1/members/m").body(body.to_string());
    for (ask, outcome) in [
        (patch(json!({"attributes": {"tag": "vip", "name": null}})), "200 profile +0 = 0"),
        (patch(json!({"aliases": {"card": ["8", "9"]}})), "200 profile +0 = 0"),
        (patch(json!({})), "400 invalid-request "),
        (patch(json!({"attributes": {"tag": 5}})), "400 invalid-request /attributes/tag"),
        (patch(json!({"name": "x"})), "400 invalid-request /name"),
        (patch(json!({"aliases": {"Card": []}})), "400 invalid-request /aliases/Card"),
        (patch(json!({"aliases": {"card": ["1 2"]}})), "400 invalid-request /aliases/card/0"),
        (
            shop.ask("PATCH", "/v1/members/n").body(r#"{"attributes": {"a": "b"}}"#),
            "404 member-not-found",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let read = shop.get("/v1/members/m").send();
    assert_eq!(read.ok()["attributes"], json!({"birthday": "05-17", "tag": "vip"}));
    assert_eq!(read.ok()["aliases"], json!(["card:8", "card:9", "phone:+8613800000000"]));
    let tag = read.header("etag").unwrap().to_owned();
    // Points are not part of it.
    shop.buys("m", "o-1", 100).send().ok();
    assert_eq!(shop.get("/v1/members/m").send().header("etag"), Some(tag.as_str()));
    // Two rewards with the same text: the second is reported.
    let put = |name: &str| {
        shop.put("/v1/members/m", &json!({"attributes": {"name": name}})).with("if-match", &tag)
    };
    let answers = at_once(8, |at| put(&format!("system {at}")).send());
    assert_eq!(count(&answers, "200 profile"), 1);
    assert_eq!(count(&answers, "412 profile-changed"), 7);
    assert_eq!(
        patch(json!({"attributes": {"a": "b"}})).with("if-match", &tag).send().outcome(),
        "412 profile-changed"
    );
    assert_eq!(
        patch(json!({"attributes": {"a": "b"}})).with("if-match", "*").send().outcome(),
        "200 profile +0 = 1"
    );
    assert_eq!(
        patch(json!({"attributes": {"a": "b"}})).with("if-match", "W/\"x\"").send().outcome(),
        "400 invalid-request If-Match"
    );
    assert_eq!(
        shop.put("/v1/members/n", &json!({})).with("if-match", "*").send().outcome(),
        "404 member-not-found"
    );
    assert_eq!(
        shop.put("/v1/members/n", &json!({})).with("if-match", "x").send().outcome(),
        "400 invalid-request If-Match"
    );
    // Eight systems that each add an attribute lose none.
    let answers = at_once(8, |at| patch(json!({"attributes": {format!("a{at}"): "1"}})).send());
    assert_eq!(count(&answers, "200 profile"), 8);
    let attributes = shop.member("m")["attributes"].as_object().unwrap().clone();
    assert!((0..8).all(|at| attributes.contains_key(&format!("a{at}"))), "{attributes:?}");
}

#[test]
fn ids_that_look_like_mistakes_or_miss_the_pattern_are_refused() {
    let host = Host::start();
    let shop = host.shop_with("strict", |book| {
        book["members"] = json!({"id_patterns": ["m-###", "vip*"], "country_code": "86"})
    });
    for id in ["1.39E+10", "..", ".", "=1+1", "@SUM", "-1", "+1+1"] {
        for shop in [&shop, &host.shop()] {
            assert_eq!(
                shop.buys(id, &format!("o{id}"), 100).send().outcome(),
                "400 member-id-refused",
                "{id}"
            );
            let redeem = shop.redeems(id, 1).send().outcome();
            assert_eq!(redeem, "400 member-id-refused", "{id}");
        }
    }
    for (id, outcome) in
        [("m-001", "201 earn +1 = 1"), ("vip", "201 earn +1 = 1"), ("m-1", "400 member-id-refused")]
    {
        assert_eq!(shop.buys(id, &format!("o-{id}"), 100).send().outcome(), outcome);
    }
    assert_eq!(shop.put("/v1/members/x", &json!({})).send().outcome(), "400 member-id-refused");
    assert_eq!(shop.redeems("x", 1).send().outcome(), "404 member-not-found");
    let bulk: Json =
        serde_json::from_str(include_str!("../data/field-files/bulk-earn-scientific.json"))
            .unwrap();
    let outcomes = host.shop().bulk(bulk["events"].as_array().unwrap());
    assert_eq!(outcomes, ["400 member-id-refused"; 3]);
    // Accounts from before a pattern keep their ids.
    let shop = host.shop();
    shop.buys("old-7", "o-1", 100).send().ok();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["members"] = json!({"id_patterns": ["m-###"]});
    shop.put("/v1/programmes/default", &json!({"name": "strict", "rulebook": book})).send().ok();
    assert_eq!(shop.buys("old-7", "o-2", 100).send().outcome(), "201 earn +1 = 2");
    assert_eq!(shop.buys("old-8", "o-3", 100).send().outcome(), "400 member-id-refused");
}

#[test]
fn one_number_is_one_person() {
    let host = Host::start();
    let shop = host.shop();
    let named = |id: &str, name: &str| {
        shop.put(&format!("/v1/members/{id}"), &json!({"aliases": [name]})).send().outcome()
    };
    assert_eq!(named("a", "phone:138-0000-0000"), "201 profile +0 = 0");
    for spelling in [
        "phone:13800000000",
        "phone:+8613800000000",
        "phone:008613800000000",
        "phone:8613800000000",
    ] {
        assert_eq!(named("b", spelling), "409 alias-taken", "{spelling}");
        assert_eq!(shop.member(&format!("~{spelling}"))["member_id"], "a", "{spelling}");
    }
    assert_eq!(named("b", "email:Li.Lei@Example.com"), "201 profile +0 = 0");
    assert_eq!(named("c", "email:li.lei@example.COM"), "409 alias-taken");
    assert_eq!(
        shop.buys("~email:LI.LEI@example.com", "o-1", 100).send().outcome(),
        "201 earn +1 = 1"
    );
    assert_eq!(named("c", "phone:1.39E+10"), "400 invalid-request /aliases/0");
    assert_eq!(named("c", "email:li"), "400 invalid-request /aliases/0");
    assert_eq!(shop.member("b")["aliases"], json!(["email:li.lei@example.com"]));
    // A number stored before numbers had one spelling keeps its owner when a new member uses it.
    host.books()
        .write("UPDATE alias SET alias = 'phone:13800000000' WHERE alias LIKE 'phone:%'")
        .unwrap();
    assert_eq!(named("d", "phone:+8613800000000"), "409 alias-taken");
    let both = json!({"aliases": ["phone:+8613800000000", "email:li.lei@example.com"]});
    let answer = shop.put("/v1/members/d", &both).send();
    assert_eq!(answer.outcome(), "409 alias-taken");
    assert!(answer.text().contains("this phone"), "the first name: {}", answer.text());
}
