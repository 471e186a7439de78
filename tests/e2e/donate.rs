//! `/v1/donations`: points for a charity, what comes back of them, and the report.

use serde_json::{Value as Json, json};
use tests::{Ask, CALLING, Host, Receiver, Shop, at_once, count};

/// The operator's shop, whose rulebook offers `charities`.
fn with_charities(host: &Host, charities: &Json) -> Shop {
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["donations"] = charities.clone();
    let put = json!({"name": "Default", "rulebook": book});
    assert_eq!(shop.put("/v1/programmes/default", &put).send().status, 200);
    shop
}

fn charities() -> Json {
    let bounds = json!({"min_points": 5, "max_points": 60, "points_per_day": 90,
        "limit": {"times": 3, "per": "day"}});
    json!({"pandas": bounds, "trees": {}})
}

fn gives(shop: &Shop, member: &str, charity: &str, points: i64) -> Ask {
    shop.post("/v1/donations", &json!({"member_id": member, "charity": charity, "points": points}))
}

#[test]
fn a_donation_leaves_the_books_for_the_charity() {
    let host = Host::start();
    let shop = with_charities(&host, &charities());
    shop.buys("a", "o-1", 20_000).send().ok();
    let body = json!({"member_id": "a", "charity": "pandas", "points": 40, "reference": "d-1", "reason": "for Li"});
    let first = shop.post("/v1/donations", &body).key("k").send();
    assert_eq!(first.outcome(), "201 donate -40 = 160");
    assert_eq!(first.ok()["entry"]["charity"], "pandas");
    shop.post("/v1/donations", &body).key("k").send().assert_replays(&first);
    for (ask, outcome) in [
        (shop.post("/v1/donations", &body), "409 reference-already-used"),
        (gives(&shop, "a", "whales", 10), "422 not-offered"),
        (gives(&shop, "a", "pandas", 4), "422 outside-limits"),
        (gives(&shop, "a", "pandas", 61), "422 outside-limits"),
        (gives(&shop, "a", "pandas", 51), "422 outside-limits"),
        (gives(&shop, "a", "trees", 161), "422 insufficient-points"),
        (gives(&shop, "a", "trees", 0), "400 invalid-request /points"),
        (gives(&shop, "a", "", 1), "400 invalid-request /charity"),
        (gives(&shop, "a", "tre\u{7}es", 1), "400 invalid-request /charity"),
        (gives(&shop, "nobody", "trees", 1), "404 member-not-found"),
        (gives(&shop.with_bearer(&shop.key("marketing")), "a", "trees", 1), "403 forbidden"),
        (shop.ask("DELETE", "/v1/donations").key("x"), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let dry = json!({"member_id": "a", "charity": "trees", "points": 160});
    let dry = shop.post("/v1/donations?dry_run=true", &dry).send();
    assert_eq!(dry.outcome(), "201 donate -160 = 0");
    gives(&shop, "a", "pandas", 20).send().ok();
    gives(&shop, "a", "pandas", 30).send().ok();
    assert_eq!(gives(&shop, "a", "pandas", 5).send().outcome(), "422 outside-limits");
    let frozen = json!({"side": "spending", "reason": "x"});
    shop.post("/v1/members/a/freeze", &frozen).send().ok();
    assert_eq!(gives(&shop, "a", "trees", 1).send().outcome(), "409 member-frozen");
    let accounts = shop.get("/v1/reports/trial-balance").send().ok()["accounts"].take();
    let donated = json!({"account": "donated", "points": 90});
    assert!(accounts.as_array().unwrap().contains(&donated), "{accounts}");
}

/// What a merchant owes the charity: gifts less returns, each in the month of its recording.
#[test]
fn returns_count_in_their_own_month() {
    let host = Host::start();
    let shop = with_charities(&host, &charities());
    host.clock("2026-03-31T15:59:00Z");
    shop.buys("a", "o-1", 20_000).send().ok();
    let body = json!({"member_id": "a", "charity": "pandas", "points": 60, "reference": "d-1"});
    let given = shop.post("/v1/donations", &body).send().ok();
    gives(&shop, "a", "trees", 100).send().ok();
    // A minute later it is April in Shanghai.
    host.clock("2026-03-31T16:00:00Z");
    let back = |points: Option<i64>| {
        let body =
            json!({"member_id": "a", "event": "donate", "reference": "d-1", "points": points});
        shop.post("/v1/reverse", &body).send().outcome()
    };
    assert_eq!(back(Some(25)), "201 reverse +25 = 65");
    assert_eq!(back(Some(36)), "422 more-than-left");
    let by_id = json!({"member_id": "a", "entry_id": given["entry"]["entry_id"], "points": 5});
    assert_eq!(shop.post("/v1/reverse", &by_id).send().outcome(), "201 reverse +5 = 70");
    let report = shop.with_bearer(&shop.key("finance")).get("/v1/donations").send().ok();
    assert_eq!(
        report,
        json!({"charities": [
            {"charity": "pandas", "points": 30, "months": [
                {"month": "2026-04", "points": -30}, {"month": "2026-03", "points": 60}]},
            {"charity": "trees", "points": 100, "months": [{"month": "2026-03", "points": 100}]},
        ]})
    );
    assert_eq!(back(None), "201 reverse +30 = 100");
    assert_eq!(back(None), "409 nothing-to-reverse");
    // A charity that the rulebook has no more stays in the report, and what it got can come back.
    with_charities(&host, &json!({}));
    assert_eq!(gives(&shop, "a", "trees", 1).send().outcome(), "422 not-offered");
    let trees = shop.all("/v1/members/a/entries", 50);
    let trees = trees.iter().find(|entry| entry["charity"] == "trees").unwrap();
    let by_id = json!({"member_id": "a", "entry_id": trees["entry_id"]});
    assert_eq!(shop.post("/v1/reverse", &by_id).send().outcome(), "201 reverse +100 = 200");
    let report = shop.get("/v1/donations").send().ok();
    assert_eq!(report["charities"][1]["points"], 0);
    assert_eq!(report["charities"][1]["charity"], "trees");
}

/// What came back may be given again on the same day.
#[test]
fn returns_free_the_bounds_of_the_day() {
    let host = Host::start();
    let shop = with_charities(&host, &charities());
    shop.buys("a", "o-1", 20_000).send().ok();
    let given = |points| gives(&shop, "a", "pandas", points).send();
    let first = given(60).ok()["entry"]["entry_id"].clone();
    given(30).ok();
    assert_eq!(given(5).outcome(), "422 outside-limits");
    let body = json!({"member_id": "a", "entry_id": first});
    shop.post("/v1/reverse", &body).send().ok();
    assert_eq!(given(60).outcome(), "201 donate -60 = 110");
    assert_eq!(given(5).outcome(), "422 outside-limits");
}

#[test]
fn a_thiefs_donation_comes_back() {
    let host = Host::start();
    let shop = with_charities(&host, &charities());
    shop.buys("victim", "o-1", 20_000).send().ok();
    let gift = gives(&shop, "victim", "pandas", 50).send().ok()["entry"]["entry_id"].clone();
    let body = json!({"entry_ids": [gift], "reason": "taken over"});
    let recovered = shop.post("/v1/members/victim/recover", &body).send();
    assert_eq!(recovered.outcome(), "201 reverse +50 = 200");
}

/// An id tells when an entry was made; donations are found by it all the same when the clock was
/// set back.
#[test]
fn a_donation_is_found_by_its_id_after_the_clock_was_set_back() {
    let host = Host::start();
    let shop = with_charities(&host, &charities());
    host.clock("2026-08-20T10:00:00Z");
    shop.buys("a", "o-1", 20_000).send().ok();
    host.clock("2026-08-25T10:00:00Z");
    shop.buys("b", "o-2", 20_000).send().ok();
    host.clock("2026-08-20T11:00:00Z");
    let given = gives(&shop, "a", "trees", 50).send().ok()["entry"]["entry_id"].clone();
    let body = json!({"member_id": "a", "entry_id": given});
    assert_eq!(shop.post("/v1/reverse", &body).send().outcome(), "201 reverse +50 = 200");
}

/// A new payee is a major change of the rulebook.
#[test]
fn a_new_charity_takes_an_approval() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["donations"] = json!({"mine": {}});
    marketing.put("/v1/rulebook/drafts/mine", &book).send().ok();
    let asked = marketing.post("/v1/rulebook/publications", &json!({"draft": "mine"})).send().ok();
    assert_eq!(
        (&asked["state"], &asked["major_changes"]),
        (&json!("waiting"), &json!(["/donations"]))
    );
}

#[test]
fn thirty_donations_of_the_same_points() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = with_charities(&host, &charities());
    shop.buys("a", "o-1", 10_000).send().ok();
    let answers = at_once(30, |_| gives(&shop, "a", "trees", 100).send());
    assert_eq!(
        (count(&answers, "201 donate -100 = 0"), count(&answers, "422 insufficient-points")),
        (1, 29)
    );
    let report = shop.get("/v1/donations").send().ok();
    assert_eq!(report["charities"][0]["points"], 100);
}

#[test]
fn a_donation_is_an_event() {
    let host = Host::start_with(&CALLING);
    let (shop, receiver) = (with_charities(&host, &charities()), Receiver::start());
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let body = json!({"url": receiver.url(), "secret": secret, "kinds": ["donate"]});
    assert_eq!(shop.put("/v1/endpoints/crm", &body).send().status, 201);
    shop.buys("a", "o-1", 10_000).send().ok();
    gives(&shop, "a", "trees", 10).send().ok();
    shop.runs("notify");
    let events: Vec<Json> = receiver.take().iter().map(|received| received.event()).collect();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["type"], "points.donated");
    assert_eq!(events[0]["data"]["charity"], "trees");
}
