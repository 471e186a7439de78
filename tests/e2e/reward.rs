//! `/v1/rewards`, and taking rewards by `/v1/redeem`.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, at_once};

fn puts(shop: &Shop, id: &str, reward: &Json) -> tests::Answer {
    shop.put(&format!("/v1/rewards/{id}"), reward).send()
}

fn takes(shop: &Shop, member: &str, reward: &str, quantity: i64) -> tests::Ask {
    shop.post(
        "/v1/redeem",
        &json!({"member_id": member, "reward_id": reward, "quantity": quantity}),
    )
}

#[test]
fn the_catalogue_is_kept_by_marketing() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let till = shop.with_bearer(&shop.key("storefront"));
    let mug = json!({"name": "Mug", "points": 30, "cash_minor": 990, "stock": 3});
    assert_eq!(puts(&till, "mug", &mug).outcome(), "403 forbidden");
    assert_eq!((puts(&shop, "mug", &mug).status, puts(&marketing, "mug", &mug).status), (201, 201));
    // A better offer than before needs a second person.
    let cheaper = json!({"name": "Mug", "points": 20, "stock": 5});
    let head = shop.with_bearer(&shop.key("department_head"));
    let decides = |caller: &Shop, asked: &tests::Answer, verdict: &str| {
        let change = asked.ok()["change"]["change_id"].as_str().unwrap().to_owned();
        caller.ask("POST", &format!("/v1/rewards/mug/changes/{change}/{verdict}")).send()
    };
    let asked = puts(&marketing, "mug", &cheaper);
    assert_eq!((asked.status, asked.ok()["waits_for"].clone()), (202, json!("department_head")));
    assert_eq!(till.get("/v1/rewards/mug").send().ok()["reward"]["points"], 30);
    assert_eq!(head.get("/v1/rewards/mug").send().ok()["change"]["reward"]["points"], 20);
    for (caller, outcome) in [
        (shop.with_bearer(&shop.key("approver")), "403 wrong-approver"),
        (marketing.clone(), "403 own-request"),
        (shop.with_bearer(&shop.key_of("marketing", "department_head")), "403 own-request"),
        (till.clone(), "403 forbidden"),
    ] {
        assert_eq!(decides(&caller, &asked, "approve").outcome(), outcome);
    }
    assert_eq!(decides(&marketing, &asked, "reject").status, 200, "the requester withdraws it");
    assert_eq!(decides(&head, &asked, "approve").outcome(), "409 request-resolved");
    let asked = puts(&marketing, "mug", &cheaper);
    let changed = decides(&head, &asked, "approve");
    assert_eq!((changed.status, changed.ok()["version"].clone()), (200, json!(2)));
    assert_eq!(head.get("/v1/rewards/mug").send().ok()["change"], Json::Null);
    for (reward, outcome) in [
        (json!({"name": "Mug", "points": 0}), "400 invalid-request /points"),
        (json!({"name": "Mug", "points": 1, "colour": "red"}), "400 invalid-request /colour"),
        (json!({"name": "Mug", "points": 1, "kind": "coupon"}), "400 invalid-request /coupon"),
        (
            json!({"name": "Mug", "points": 9, "points_by_tier": {"nope": 5}, "tiers": ["gold", ""]}),
            "400 invalid-request /tiers /points_by_tier",
        ),
        (json!([]), "400 invalid-request "),
    ] {
        assert_eq!(puts(&marketing, "x", &reward).outcome(), outcome);
    }
    assert_eq!(puts(&marketing, "a%20b", &mug).outcome(), "400 invalid-request reward_id");
    shop.buys("m", "o-1", 10_000).send().ok();
    let one = takes(&till, "m", "mug", 2).key("k-1").send();
    assert_eq!(one.outcome(), "201 redeem -40 = 60");
    assert_eq!(
        one.ok()["entry"]["reward"],
        json!({"reward_id": "mug", "version": 2, "quantity": 2, "cash_minor": 0})
    );
    takes(&till, "m", "mug", 2).key("k-1").send().assert_replays(&one);
    for (ask, outcome) in [
        (takes(&till, "m", "cup", 1), "404 reward-not-found"),
        (takes(&till, "m", "mug", 4), "409 out-of-stock"),
        (takes(&till, "m", "mug", 0), "400 invalid-request /quantity"),
        (till.post("/v1/redeem", &json!({"member_id": "m"})), "400 invalid-request /points"),
        (
            till.post("/v1/redeem", &json!({"member_id": "m", "points": 1, "reward_id": "mug"})),
            "400 invalid-request /points",
        ),
        (
            till.post("/v1/redeem", &json!({"member_id": "m", "points": 1, "quantity": 2})),
            "400 invalid-request /quantity",
        ),
        (
            till.post(
                "/v1/redeem",
                &json!({"member_id": "m", "reward_id": "mug", "hold": {"minutes": 5}}),
            ),
            "400 invalid-request /hold",
        ),
        (shop.ask("DELETE", "/v1/rewards/mug"), "405 method-not-allowed"),
        (till.get("/v1/rewards/cup"), "404 resource-not-found"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let shown = till.get("/v1/rewards/mug").send().ok();
    assert_eq!([&shown["taken"], &shown["left"], &shown["version"]], [2, 3, 2]);
    for n in 0..5 {
        puts(&shop, &format!("r-{n}"), &mug).ok();
    }
    let listed = till.all("/v1/rewards", 2);
    assert_eq!(
        listed.iter().map(|offer| offer["reward_id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["mug", "r-0", "r-1", "r-2", "r-3", "r-4"]
    );
}

/// Stock 10 with 64 members who want one at once, over several instances: 10 get one, the others
/// keep their points.
#[test]
fn the_last_ten_are_taken_by_ten() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = host.shop();
    puts(&shop, "mug", &json!({"name": "Mug", "points": 30, "stock": 10})).ok();
    at_once(16, |n| {
        for member in (n * 4)..(n * 4 + 4) {
            shop.buys(&format!("m-{member}"), &format!("o-{member}"), 5_000).send().ok();
        }
    });
    let answers = at_once(64, |n| takes(&shop, &format!("m-{n}"), "mug", 1).send());
    let count = |outcome: &str| {
        answers.iter().filter(|answer| answer.outcome().starts_with(outcome)).count()
    };
    assert_eq!((count("201 redeem -30 = 20"), count("409 out-of-stock")), (10, 54));
    let shown = shop.get("/v1/rewards/mug").send().ok();
    assert_eq!([&shown["taken"], &shown["left"]], [10, 0]);
    let sum: i64 = (0..64).map(|n| shop.balance(&format!("m-{n}"))).sum();
    assert_eq!(sum, 64 * 50 - 10 * 30, "no point is lost");
    assert_eq!(host.books().number("SELECT amount FROM tally WHERE name = 'taken'"), 10);
    // One is returned, and one more can be taken.
    let winner = answers.iter().find(|answer| answer.status == 201).unwrap().ok();
    let back =
        json!({"member_id": winner["entry"]["member_id"], "entry_id": winner["entry"]["entry_id"]});
    assert_eq!(shop.post("/v1/reverse", &back).send().outcome(), "201 reverse +30 = 50");
    let answers = at_once(8, |n| takes(&shop, &format!("m-{n}"), "mug", 1).send());
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
}

/// Marketing changes the price while the shop sells: each member pays the price of one version, and
/// the entry names it.
#[test]
fn a_price_that_changes_under_load() {
    let host = Host::start();
    let shop = host.shop();
    let price = |points: i64| puts(&shop, "mug", &json!({"name": "Mug", "points": points}));
    price(1).ok();
    shop.buys("m", "o-1", 1_000_000).send().ok();
    let answers = at_once(9, |n| {
        if n == 0 {
            return (2..=12).map(price).collect::<Vec<_>>();
        }
        (0..12).map(|_| takes(&shop, "m", "mug", 1).send()).collect()
    });
    let mut taken = 0;
    for answer in answers.iter().skip(1).flatten().filter(|answer| answer.status == 201) {
        let entry = answer.ok()["entry"].take();
        assert_eq!(
            entry["points"].as_i64().unwrap(),
            -entry["reward"]["version"].as_i64().unwrap()
        );
        taken += 1;
    }
    assert!(taken > 48, "{taken}");
}

#[test]
fn an_order_is_paid_with_points() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 100_000).send().ok();
    let pays = |body: Json| {
        let mut all =
            json!({"member_id": "m", "order": {"amount_minor": 1_000, "currency": "CNY"}});
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        shop.post("/v1/redeem", &all)
    };
    let dry = shop.post(
        "/v1/redeem?dry_run=true",
        &json!({"member_id": "m", "order": {"amount_minor": 1_000, "currency": "CNY"}}),
    );
    assert_eq!(
        dry.send().ok()["entry"]["deduction"],
        json!({"order_minor": 1_000, "wished_points": null, "money_minor": 500})
    );
    for (ask, outcome) in [
        (pays(json!({"max_points": 120})), "201 redeem -120 = 880"),
        (pays(json!({"max_points": 99})), "422 below-minimum"),
        (pays(json!({"max_points": 0})), "400 invalid-request /max_points"),
        (
            pays(json!({"order": {"amount_minor": 1_000, "currency": "EUR"}})),
            "422 currency-mismatch",
        ),
        (
            pays(json!({"order": {"amount_minor": -1, "currency": "CNY"}})),
            "400 invalid-request /order/amount_minor",
        ),
        (pays(json!({"hold": {"minutes": 30}})), "201 hold +0 = 880"),
        (
            pays(json!({"order": {"amount_minor": 1_000_000, "currency": "CNY"}})),
            "201 redeem -380 = 500",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
}
