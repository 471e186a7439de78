//! A taken-over account is frozen and traced, and gets its stolen points back.

use serde_json::json;
use tests::Host;

#[test]
fn stolen_points_are_traced_and_come_back() {
    let host = Host::start();
    let shop = host.shop();
    let anna = shop.with_bearer(&shop.key("approver"));
    shop.buys("m", "o-1", 10_000)
        .with("device-id", "phone-1")
        .with("client-ip", "192.0.2.1")
        .send()
        .ok();
    shop.buys("m-2", "o-2", 5_000)
        .with("device-id", "phone-9")
        .with("client-ip", "2001:DB8::1")
        .send()
        .ok();
    let steal = |points: i64| {
        let ask = shop
            .redeems("m", points)
            .with("device-id", "phone-9")
            .with("client-ip", "2001:db8:0::1");
        ask.send().ok()["entry"]["entry_id"].as_str().unwrap().to_owned()
    };
    let stolen = [steal(40), steal(25)];
    let own =
        shop.redeems("m", 5).with("device-id", "phone-1").send().ok()["entry"]["entry_id"].clone();
    anna.post("/v1/members/m/freeze", &json!({"reason": "the owner called"})).send().ok();
    // By device, by address in any spelling, by member, by actor and time.
    let traced = |query: &str| {
        let found = anna.all_with("/v1/traces", query);
        let line = |item: &serde_json::Value| {
            format!(
                "{} {} {:+}",
                item["device_id"].as_str().unwrap_or("-"),
                item["entry"]["member_id"].as_str().unwrap(),
                item["entry"]["points"].as_i64().unwrap()
            )
        };
        found.iter().map(line).collect::<Vec<_>>()
    };
    let thief = ["phone-9 m -25", "phone-9 m -40", "phone-9 m-2 +50"];
    assert_eq!(traced("device_id=phone-9"), thief);
    assert_eq!(traced("ip=2001:db8::1"), thief);
    assert_eq!(traced("member_id=m").len(), 5);
    assert_eq!(traced("member_id=m&actor=job:night").len(), 0);
    assert_eq!(traced("member_id=m&from=2090-01-01T00:00:00Z").len(), 0);
    assert_eq!(traced("ip=192.0.2.1"), ["phone-1 m +100"]);
    assert_eq!(anna.get("/v1/traces?ip=somewhere").send().outcome(), "400 invalid-request ?ip");
    for (path, outcome) in [
        ("/v1/traces", "400 invalid-request ?member_id"),
        ("/v1/traces?member_id=m&ip=192.0.2.1", "400 invalid-request ?member_id"),
        ("/v1/traces?member_id=m&from=yesterday", "400 invalid-request ?from"),
    ] {
        assert_eq!(anna.get(path).send().outcome(), outcome);
    }
    let till = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(till.get("/v1/traces?member_id=m").send().outcome(), "403 forbidden");
    let body = json!({"entry_ids": stolen, "reason": "taken over by phone-9"});
    let recover = |body: &serde_json::Value| anna.post("/v1/members/m/recover", body);
    for (ask, outcome) in [
        (till.post("/v1/members/m/recover", &body), "403 forbidden"),
        (recover(&json!({"entry_ids": [], "reason": "x"})), "400 invalid-request /entry_ids"),
        (
            recover(&json!({"entry_ids": [stolen[0], stolen[0]], "reason": "x"})),
            "400 invalid-request /entry_ids/1",
        ),
        (recover(&json!({"entry_ids": ["x"], "reason": "x"})), "400 invalid-request /entry_ids/0"),
        (
            recover(&json!({"entry_ids": ["00000000-0000-7000-8000-000000000000"], "reason": "x"})),
            "404 reference-not-found",
        ),
        (anna.post("/v1/members/m-2/recover", &body), "404 reference-not-found"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    // The fault: one approver alone gave back 80,000.
    let asked = recover(&body).send().ok();
    let reported = &asked["entry"]["adjustment"];
    assert_eq!(
        (&asked["entry"]["kind"], &reported["points"], &reported["recovers"]),
        (&json!("request"), &json!(65), &json!(stolen))
    );
    assert_eq!(shop.balance("m"), 30);
    let approve = |caller: &tests::Shop, asked: &serde_json::Value| {
        let id = asked["entry"]["entry_id"].as_str().unwrap();
        caller.ask("POST", &format!("/v1/adjustments/{id}/approve")).send()
    };
    assert_eq!(approve(&anna, &asked).outcome(), "403 own-request");
    let ben = shop.with_bearer(&shop.key_of("ben", "approver"));
    let answer = approve(&ben, &asked);
    assert_eq!(answer.outcome(), "201 reverse +40 = 70, approve +0 = 30, reverse +25 = 95");
    let answer = answer.ok();
    assert_eq!(answer["also_asked"][1]["cause"], answer["entry"]["entry_id"], "one correction");
    let again = recover(&body).send().ok();
    assert_eq!(approve(&ben, &again).outcome(), "409 nothing-to-reverse");
    // The operator needs no approval.
    let mistake =
        shop.post("/v1/members/m/recover", &json!({"entry_ids": [own], "reason": "a mistake"}));
    assert_eq!(mistake.send().outcome(), "201 reverse +5 = 100");
    anna.post("/v1/members/m/restore", &json!({"reason": "new password"})).send().ok();
    assert_eq!(shop.redeems("m", 100).send().outcome(), "201 redeem -100 = 0");
}

/// One phone for many accounts: only as many check-ins succeed as the rulebook allows per device,
/// for any members, from several instances at once.
#[test]
fn one_device_checks_in_as_often_as_it_may() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["actions"]["check_in"]["device_limit"] = json!({"times": 3, "per": "day"});
    shop.put("/v1/programmes/default", &json!({"name": "careful", "rulebook": book})).send().ok();
    let answers = tests::at_once(32, |n| {
        shop.does(&format!("m-{n}"), "check_in").with("device-id", "one").send()
    });
    let count = |outcome: &str| {
        answers.iter().filter(|answer| answer.outcome().starts_with(outcome)).count()
    };
    assert_eq!((count("201 earn +5 = 5"), count("422 device-limit-reached")), (3, 29));
    assert_eq!(
        shop.does("m-99", "check_in").with("device-id", "another").send().outcome(),
        "201 earn +5 = 5"
    );
    assert_eq!(
        shop.does("m-99", "check_in").with("device-id", "x".repeat(129)).send().outcome(),
        "400 invalid-request Device-Id"
    );
    assert_eq!(
        shop.does("m-99", "check_in").with("client-ip", "home").send().outcome(),
        "400 invalid-request Client-Ip"
    );
}
