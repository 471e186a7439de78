//! `POST /v1/transfers`: gifts between members.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop, at_once, count};

fn gives(shop: &Shop, from: &str, to: &str, points: i64) -> tests::Ask {
    shop.post("/v1/transfers", &json!({"member_id": from, "to_member_id": to, "points": points}))
}

#[test]
fn a_gift_moves_points_and_shows_each_member_its_side() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("a", "o-1", 10_000).send().ok();
    shop.buys("b", "o-2", 100).send().ok();
    let body = json!({"member_id": "a", "to_member_id": "b", "points": 40, "reference": "g-1", "reason": "birthday"});
    let first = shop.post("/v1/transfers", &body).key("k").send();
    assert_eq!(first.outcome(), "201 transfer -40 = 60");
    assert_eq!(
        first.ok()["follow_ups"],
        json!([]),
        "the giver does not see the other member's balance"
    );
    shop.post("/v1/transfers", &body).key("k").send().assert_replays(&first);
    let entries = shop.all("/v1/members/b/entries", 10);
    assert_eq!(
        [&entries[0]["points"], &entries[0]["counterparty"], &entries[0]["cause"]],
        [&json!(40), &json!("a"), &first.ok()["entry"]["entry_id"]]
    );
    assert_eq!((shop.balance("a"), shop.balance("b")), (60, 41));
    for (ask, outcome) in [
        (shop.post("/v1/transfers", &body), "409 reference-already-used"),
        (gives(&shop, "a", "b", 61), "422 insufficient-points"),
        (gives(&shop, "a", "a", 1), "422 same-member"),
        (gives(&shop, "a", "nobody", 1), "404 counterparty-not-found"),
        (gives(&shop, "nobody", "a", 1), "404 member-not-found"),
        (gives(&shop, "a", "b", 0), "400 invalid-request /points"),
        (gives(&shop, "a", "b c", 1), "400 invalid-request /to_member_id"),
        (gives(&shop, "a", "b", 10_001), "422 outside-limits"),
        (
            shop.post(
                "/v1/transfers?dry_run=true",
                &json!({"member_id": "a", "to_member_id": "b", "points": 60}),
            ),
            "201 transfer -60 = 0",
        ),
        (shop.get("/v1/transfers"), "405 method-not-allowed"),
        (gives(&shop.with_bearer(&shop.key("service")), "a", "b", 1), "403 forbidden"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
}

/// A bug of other systems: 20 parallel gifts of 100 points from a member who has 100 credited
/// 2,000.
#[test]
fn twenty_gifts_of_the_same_hundred_points() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = host.shop();
    shop.buys("a", "o-1", 10_000).send().ok();
    for n in 0..20 {
        shop.does(&format!("m-{n}"), "check_in").send().ok();
    }
    let answers = at_once(20, |n| gives(&shop, "a", &format!("m-{n}"), 100).send());
    assert_eq!(
        (count(&answers, "201 transfer -100 = 0"), count(&answers, "422 insufficient-points")),
        (1, 19)
    );
    let sum: i64 = (0..20).map(|n| shop.balance(&format!("m-{n}"))).sum();
    assert_eq!(sum, 200);
}

/// Members give back and forth in circles, all at once; the sum of their points stays the same.
#[test]
fn gifts_in_circles() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["transfers"] = json!({});
    shop.put("/v1/programmes/default", &json!({"name": "x", "rulebook": book})).send().ok();
    for n in 0..4 {
        shop.buys(&format!("m-{n}"), &format!("o-{n}"), 10_000).send().ok();
    }
    let answers = at_once(16, |n| {
        let step = |i: usize| {
            let (from, to) = (format!("m-{}", (n + i) % 4), format!("m-{}", (n * 3 + i + 1) % 4));
            gives(&shop, &from, &to, 1 + (n + i) as i64).send()
        };
        (0..12).map(step).collect::<Vec<_>>()
    });
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    let settled = |outcome: &str| {
        ["201", "422 insufficient-points", "422 same-member", "503 busy"]
            .iter()
            .any(|known| outcome.starts_with(known))
    };
    for answer in &answers {
        assert!(settled(&answer.outcome()), "{}", answer.outcome());
    }
    assert!(count(&answers, "201") > 40);
    let sum: i64 = (0..4).map(|n| shop.balance(&format!("m-{n}"))).sum();
    assert_eq!(sum, 400);
}

/// The victim gets back the points that a thief gave away, and the thief owes them.
#[test]
fn a_stolen_gift_comes_back() {
    let host = Host::start();
    let shop = host.shop();
    // The operator needs no approval; others request it.
    let anna = shop.clone();
    shop.buys("victim", "o-1", 10_000).send().ok();
    shop.does("thief", "check_in").send().ok();
    let gift = gives(&shop, "victim", "thief", 80).send().ok()["entry"]["entry_id"].clone();
    shop.redeems("thief", 50).send().ok();
    let body = json!({"entry_ids": [gift], "reason": "taken over"});
    assert_eq!(
        anna.post("/v1/members/victim/recover", &body).send().outcome(),
        "201 reverse +80 = 100"
    );
    let thief = shop.member("thief");
    assert_eq!([&thief["balance"], &thief["debt"]], [0, 45]);
    assert_eq!(
        anna.post("/v1/members/victim/recover", &body).send().outcome(),
        "409 nothing-to-reverse"
    );
    let received = shop
        .all("/v1/members/thief/entries", 10)
        .into_iter()
        .find(|e| e["kind"] == "transfer")
        .unwrap();
    let body: Json = json!({"entry_ids": [received["entry_id"]], "reason": "x"});
    assert_eq!(
        anna.post("/v1/members/thief/recover", &body).send().outcome(),
        "404 reference-not-found"
    );
}
