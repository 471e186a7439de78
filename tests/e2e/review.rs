//! `/v1/reviews`: suspicious earns that wait for a decision.

use serde_json::json;
use tests::{Answer, Host, Shop, at_once};

/// Orders above 1,000 yuan wait.
fn careful() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["risk"]["review_above_minor"] = 100_000.into();
    shop.put("/v1/programmes/default", &json!({"name": "careful", "rulebook": book})).send().ok();
    (host, shop)
}

fn id(answer: &Answer) -> String {
    answer.ok()["entry"]["entry_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_large_order_waits_for_a_review() {
    let (_host, shop) = careful();
    let till = shop.with_bearer(&shop.key("storefront"));
    let anna = shop.with_bearer(&shop.key("approver"));
    let (good, bad) =
        (id(&till.buys("m", "o-1", 250_000).send()), id(&till.buys("m", "o-2", 300_000).send()));
    let member = shop.member("m");
    assert_eq!(
        [&member["balance"], &member["pending"], &member["tier"]["id"]],
        [&json!(0), &json!(5_500), &json!("member")]
    );
    let queue = anna.all("/v1/reviews", 10);
    assert_eq!(
        queue.iter().map(|open| open["review_id"].as_str().unwrap()).collect::<Vec<_>>(),
        [&good, &bad]
    );
    assert_eq!([&queue[0]["because"], &queue[0]["member_id"]], ["amount", "m"]);
    let decides = |caller: &Shop, id: &str, verdict: &str| {
        caller.post(&format!("/v1/reviews/{id}/{verdict}"), &json!({}))
    };
    let activate = json!({"member_id": "m", "reference": "o-1"});
    for (ask, outcome) in [
        (shop.post("/v1/activate", &activate), "409 under-review"),
        (decides(&till, &good, "approve"), "403 forbidden"),
        (decides(&shop.with_bearer(&shop.key("service")), &good, "approve"), "403 forbidden"),
        (decides(&anna, "x", "approve"), "404 request-not-found"),
        (
            decides(&anna, &good, "approve?dry_run=true"),
            "201 approve +0 = 5500, tier_change +500 = 6000",
        ),
        (decides(&anna, &good, "approve"), "201 approve +0 = 5500, tier_change +500 = 6000"),
        (decides(&anna, &good, "reject"), "409 request-resolved"),
        (decides(&anna, &bad, "reject"), "201 reverse -3000 = 3000"),
        (decides(&anna, &bad, "approve"), "409 request-resolved"),
        (shop.redeems("m", 3_000), "201 redeem -3000 = 0"),
        (shop.ask("POST", "/v1/reviews"), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    for (id, state) in [(&good, "approved"), (&bad, "undone")] {
        let shown = anna.get(&format!("/v1/reviews/{id}")).send().ok();
        assert_eq!([&shown["state"], &shown["because"]], [state, "amount"]);
    }
    assert_eq!(anna.all("/v1/reviews", 10).len(), 0);
}

/// The person who reported an order cannot decide on it. Of many decisions at once, one takes
/// effect.
#[test]
fn a_review_is_decided_once_by_another_person() {
    let (_host, shop) = careful();
    let named_mo = |role: &str| shop.with_bearer(&shop.key_of("mo", role));
    let order = id(&named_mo("storefront").buys("m", "o-1", 250_000).send());
    let path = format!("/v1/reviews/{order}/approve");
    // All keys of one person are that person.
    let own = named_mo("approver");
    assert_eq!(own.post(&path, &json!({})).send().outcome(), "403 own-request");
    let anna = shop.with_bearer(&shop.key("approver"));
    let answers = at_once(16, |n| {
        let verdict = if n % 2 == 0 { "approve" } else { "reject" };
        anna.post(&format!("/v1/reviews/{order}/{verdict}"), &json!({})).send()
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 || answer.outcome() == "409 request-resolved")
    );
    assert_eq!(anna.post(&path, &json!({})).send().outcome(), "409 request-resolved");
}

/// Every order waits, and thousands arrive: a hundred wait at most. The others are refused and can
/// be sent again, and the till goes on.
#[test]
fn reviews_of_a_member_are_bounded() {
    let host = Host::start();
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["risk"]["review_above_minor"] = 0.into();
    shop.put("/v1/programmes/default", &json!({"name": "all", "rulebook": book})).send().ok();
    let till = shop.with_bearer(&shop.key("storefront"));
    let mut outcomes = std::collections::BTreeMap::new();
    for bulk in 0..6 {
        let events: Vec<_> = (0..250)
            .map(|n| {
                let mut event = tests::purchase("m", &format!("o-{bulk}-{n}"), 10_000);
                event["idempotency_key"] = format!("k-{bulk}-{n}").into();
                event
            })
            .collect();
        for outcome in till.bulk(&events) {
            *outcomes.entry(outcome.split(" = ").next().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    assert_eq!(outcomes.get("422 too-many-reviews"), Some(&1_400), "{outcomes:?}");
    let refused = till.buys("m", "o-9", 10_000).send();
    assert_eq!(refused.outcome(), "422 too-many-reviews");
    let problem: serde_json::Value = serde_json::from_str(&refused.text()).unwrap();
    assert_eq!([&problem["retry_may_help"], &problem["max"]], [&json!(true), &json!(100)]);
    assert_eq!(till.buys("n", "o-10", 10_000).send().status, 201, "others go on");
    let anna = shop.with_bearer(&shop.key("approver"));
    let queue = anna.all("/v1/reviews", 200);
    assert_eq!(queue.len(), 101);
    let first = queue.iter().find(|open| open["member_id"] == "m").unwrap()["review_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(anna.post(&format!("/v1/reviews/{first}/approve"), &json!({})).send().status, 201);
    assert_eq!(
        till.buys("m", "o-9", 10_000).send().status,
        201,
        "with a new key the same order is taken"
    );
}
