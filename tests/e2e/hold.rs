//! Holds: set aside by `POST /v1/redeem`, then captured, released or timed out, once.

use serde_json::json;
use tests::{Answer, Host, Shop, at_once};

fn id(answer: &Answer) -> String {
    answer.ok()["entry"]["entry_id"].as_str().unwrap().to_owned()
}

fn opened() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 10_000).send().ok();
    (host, shop)
}

#[test]
fn held_points_cannot_be_spent_again() {
    let (host, shop) = opened();
    let placed = shop.holds("m", 60, 30).send();
    assert_eq!(placed.outcome(), "201 hold +0 = 100");
    let hold = id(&placed);
    let member = shop.member("m");
    assert_eq!(
        [&member["balance"], &member["held"], &member["ledger_balance"]],
        [&json!(40), &json!(60), &json!(100)]
    );
    assert_eq!(shop.all("/v1/members/m/lots", 10)[0]["held"], 60);
    for (ask, outcome) in [
        (shop.redeems("m", 41), "422 insufficient-points"),
        (shop.holds("m", 41, 30), "422 insufficient-points"),
        (shop.holds("m", 40, 0), "400 invalid-request /hold/minutes"),
        (shop.holds("m", 40, 43_201), "400 invalid-request /hold/minutes"),
        (
            shop.post("/v1/redeem", &json!({"member_id": "m", "points": 1, "hold": {}})),
            "400 invalid-request /hold",
        ),
        (
            shop.post("/v1/redeem", &json!({"member_id": "m", "points": 1, "hold": [5]})),
            "400 invalid-request /hold",
        ),
        (shop.resolves(&hold, "capture", &json!({"points": 0})), "400 invalid-request /points"),
        (shop.resolves(&hold, "capture", &json!({"points": 61})), "422 more-than-left"),
        (
            shop.resolves(&hold, "capture", &json!({"member_id": "m"})),
            "400 invalid-request /member_id",
        ),
        (shop.resolves(&hold, "keep", &json!({})), "404 route-not-found"),
        (shop.resolves("x", "capture", &json!({})), "404 hold-not-found"),
        (
            shop.resolves("00000000-0000-7000-8000-000000000000", "release", &json!({})),
            "404 hold-not-found",
        ),
        (shop.ask("DELETE", &format!("/v1/holds/{hold}")), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let dry = shop.post(&format!("/v1/holds/{hold}/capture?dry_run=true"), &json!({}));
    assert_eq!(dry.send().outcome(), "201 capture -60 = 40");
    assert_eq!(shop.get(&format!("/v1/holds/{hold}")).send().ok()["state"], "open");
    let capture = shop.resolves(&hold, "capture", &json!({"points": 50})).key("c-1");
    let first = capture.send();
    assert_eq!(first.outcome(), "201 capture -50 = 50");
    assert_eq!(first.ok()["entry"]["corrects"], json!(hold));
    capture.send().assert_replays(&first);
    for (how, body) in
        [("capture", json!({})), ("capture", json!({"points": 1})), ("release", json!({}))]
    {
        assert_eq!(shop.resolves(&hold, how, &body).send().outcome(), "409 hold-resolved");
    }
    let reported = shop.get(&format!("/v1/holds/{hold}")).send().ok();
    assert_eq!(
        (&reported["state"], &reported["captured"], &reported["points"]),
        (&json!("captured"), &json!(50), &json!(60))
    );
    assert_eq!(shop.balance("m"), 50);
    assert_eq!(
        host.shop_with("other", |_| {}).get(&format!("/v1/holds/{hold}")).send().outcome(),
        "404 hold-not-found"
    );
}

#[test]
fn a_hold_ends_by_the_clock() {
    let (host, shop) = opened();
    let released = id(&shop.holds("m", 10, 1_440).send());
    assert_eq!(
        shop.ask("POST", &format!("/v1/holds/{released}/release")).send().outcome(),
        "201 release +0 = 100"
    );
    let hold = id(&shop.holds("m", 60, 5).send());
    let state = |hold: &str| {
        shop.get(&format!("/v1/holds/{hold}")).send().ok()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!((state(&released), state(&hold)), ("released".to_owned(), "open".to_owned()));
    let until =
        shop.get(&format!("/v1/holds/{hold}")).send().ok()["until"].as_str().unwrap().to_owned();
    host.clock(&until);
    // The state is the same before a job records it.
    assert_eq!(
        (state(&hold), shop.balance("m"), shop.member("m")["held"].clone()),
        ("timed_out".to_owned(), 100, json!(0))
    );
    let late = shop.resolves(&hold, "capture", &json!({})).key("late");
    assert_eq!(late.send().outcome(), "409 hold-resolved");
    assert_eq!(shop.runs("night")["entries"], 1);
    assert_eq!(shop.runs("night")["entries"], 0);
    assert_eq!(
        (state(&hold), late.send().outcome()),
        ("timed_out".to_owned(), "409 hold-resolved (again)".to_owned())
    );
    assert_eq!(shop.redeems("m", 100).send().outcome(), "201 redeem -100 = 0");
}

/// One document is paid once, though it may be tried again after a hold was given up.
#[test]
fn a_document_is_paid_once() {
    let (_host, shop) = opened();
    let pay = |hold: Option<u32>| {
        let mut body = json!({"member_id": "m", "points": 20, "reference": "o-1"});
        hold.inspect(|minutes| body["hold"] = json!({"minutes": minutes}));
        shop.post("/v1/redeem", &body)
    };
    let first = id(&pay(Some(30)).send());
    assert_eq!(pay(Some(30)).send().outcome(), "409 reference-already-used");
    shop.resolves(&first, "release", &json!({})).send().ok();
    let second = id(&pay(Some(30)).send());
    assert_eq!(
        shop.resolves(&second, "capture", &json!({})).send().outcome(),
        "201 capture -20 = 80"
    );
    for hold in [None, Some(30)] {
        assert_eq!(pay(hold).send().outcome(), "409 reference-already-used");
    }
}

/// Thirty-two clients over several instances capture, release and wait out one hold; one of them
/// wins.
#[test]
fn one_hold_has_one_resolution() {
    let host = Host::start_with(&["--instances", "4"]);
    let shop = host.shop();
    shop.buys("m", "o-1", 10_000).send().ok();
    for round in 0..6 {
        let placed = shop.holds("m", 10, 1).send();
        let hold = id(&placed);
        let until = placed.ok()["entry"]["hold"]["until"].as_str().unwrap().to_owned();
        let answers = at_once(32, |n| match (n % 3, round % 2) {
            // In every second round the time-out takes part.
            (0, 1) if n == 0 => {
                host.clock(&until);
                shop.ask("POST", "/v1/jobs/night").send()
            }
            (0 | 1, _) => shop.resolves(&hold, "capture", &json!({})).send(),
            _ => shop.resolves(&hold, "release", &json!({})).send(),
        });
        let resolved = |answer: &&Answer| answer.status == 201;
        let won = answers.iter().filter(resolved).count();
        let lost = answers
            .iter()
            .filter(|answer| answer.outcome().starts_with("409 hold-resolved"))
            .count();
        let timed_out = round % 2 == 1;
        assert_eq!(won + lost, if timed_out { 31 } else { 32 });
        assert!(won == 1 || (timed_out && won == 0), "{won} resolutions");
        shop.runs("night");
        let books = host.books();
        let resolutions = format!(
            "SELECT count(*) FROM entry WHERE corrects = unhex(replace('{hold}', '-', ''))"
        );
        assert_eq!(books.number(&resolutions), 1);
    }
}
