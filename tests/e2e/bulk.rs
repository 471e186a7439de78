//! `POST /v1/earn/bulk`: an outcome for each event, in order, as if each had come alone.

use serde_json::{Value as Json, json};
use tests::{Host, purchase};

fn event(key: &str, mut body: Json) -> Json {
    body["idempotency_key"] = key.into();
    body
}

fn share(key: &str, member: &str) -> Json {
    json!({"idempotency_key": key, "member_id": member, "event": "share"})
}

#[test]
fn each_event_has_its_outcome() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-0", 100).key("single").send().ok();
    let events = [
        event("k-1", purchase("m", "o-1", 1_000)),
        event("k-1", purchase("m", "o-1", 1_000)),
        event("k-1", purchase("m", "o-1", 2_000)),
        event("k-2", purchase("m", "o-1", 1_000)),
        event("single", purchase("m", "o-0", 100)),
        share("k-3", "m"),
        share("k-4", "m"),
        share("k-5", "m"),
        share("k-6", "m"),
        json!({"idempotency_key": "k-7", "member_id": "m", "event": "share", "typo": 1}),
        json!({"member_id": "m", "event": "share"}),
        json!({"idempotency_key": "", "member_id": "m", "event": "share"}),
        json!([]),
        json!({"idempotency_key": "k-8", "member_id": "a b", "event": "share", "occurred_at": "soon"}),
        json!({"idempotency_key": "k-11", "member_id": "m", "event": "share\tred"}),
        event("k-9", purchase("n", "o-2", 300_000)),
        event("k-10", purchase("n", "o-3", 1_000)),
    ];
    let expected = [
        "201 earn +10 = 11",
        "201 earn +10 = 11 (again)",
        "422 idempotency-key-reused",
        "409 reference-already-used",
        "201 earn +1 = 1 (again)",
        "201 earn +10 = 21",
        "201 earn +10 = 31",
        "201 earn +10 = 41",
        "422 limit-reached",
        "400 invalid-request /typo",
        "400 invalid-request ",
        "400 invalid-request /idempotency_key",
        "400 invalid-request ",
        "400 invalid-request /member_id /occurred_at",
        "400 invalid-request /event",
        "201 earn +3000 = 3000, tier_change +500 = 3500",
        "201 earn +11 = 3511",
    ];
    let before = host.books().snapshot();
    assert_eq!(shop.bulk_dry(&events), expected, "a dry run gives the same answer");
    assert_eq!(host.books().snapshot(), before, "and writes nothing");
    assert_eq!(shop.bulk(&events), expected);
    let again = |outcome: &&str| {
        if outcome.starts_with("400") || outcome.contains("reused") || outcome.contains("again") {
            (*outcome).to_owned()
        } else {
            format!("{outcome} (again)")
        }
    };
    let again = expected.iter().map(again).collect::<Vec<_>>();
    assert_eq!(shop.bulk(&events), again, "sent once more, nothing happens");
    assert_eq!(shop.bulk_dry(&events), again);
    assert_eq!(shop.balance("m"), 41);
}

/// Five hundred events of one member, each sent three times under its key and once under another.
#[test]
fn many_events_of_one_member_with_duplicates() {
    let host = Host::start();
    let shop = host.shop();
    let events: Vec<Json> = (0..500)
        .map(|n| {
            let order = n % 125;
            let key = if n / 125 == 3 { format!("other-{order}") } else { format!("key-{order}") };
            event(&key, purchase("m", &format!("o-{order}"), 100))
        })
        .collect();
    let reported = shop.bulk_dry(&events);
    let outcomes = shop.bulk(&events);
    assert_eq!(reported, outcomes);
    for (kind, count) in [("201 earn", 375), ("(again)", 250), ("409 reference-already-used", 125)]
    {
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.contains(kind)).count(),
            count,
            "{kind}"
        );
    }
    assert_eq!(shop.balance("m"), 125);
    let history = shop.history("m");
    assert_eq!(
        (history.len(), history[124].as_str()),
        (125, "earn +1 = 125"),
        "written in the order that they were sent"
    );
}

/// Each event happened elsewhere: the call has no device, its events have.
#[test]
fn events_of_a_bulk_call_have_their_own_device() {
    let host = Host::start();
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["actions"]["check_in"]["device_limit"] = json!({"times": 1, "per": "day"});
    shop.put("/v1/programmes/default", &json!({"name": "careful", "rulebook": book})).send().ok();
    let check_in = |key: &str, member: &str, device: &str, ip: &str| {
        event(
            key,
            json!({"member_id": member, "event": "check_in", "device_id": device, "client_ip": ip}),
        )
    };
    let events = [
        check_in("1", "a", "phone", "192.0.2.1"),
        check_in("2", "b", "phone", "192.0.2.1"),
        check_in("3", "b", "tablet", "2001:DB8::1"),
        check_in("4", "c", "", "192.0.2.1"),
        check_in("5", "c", "x", "here"),
    ];
    let expected = [
        "201 earn +5 = 5",
        "422 device-limit-reached",
        "201 earn +5 = 5",
        "400 invalid-request /device_id",
        "400 invalid-request /client_ip",
    ];
    assert_eq!(shop.bulk_dry(&events), expected, "events of different members share the budget");
    assert_eq!(shop.bulk(&events), expected);
    assert_eq!(shop.all_with("/v1/traces", "ip=2001:db8::1").len(), 1);
    let wrong =
        shop.post("/v1/earn/bulk", &json!({"events": events})).with("device-id", "phone").send();
    assert_eq!(wrong.outcome(), "400 invalid-request Device-Id");
}

/// Members share a budget: each event sees the consumption of the events before it, in a dry run as
/// in a real call.
#[test]
fn a_dry_run_shares_budgets_out() {
    let host = Host::start();
    let shop = host.shop_with("budget", |book| {
        book["caps"] = json!({"budget": {"points": 100, "per": "month", "red_line_percent": 80}});
    });
    let buys =
        |n: usize| event(&format!("k-{n}"), purchase(&format!("m-{n}"), &format!("o-{n}"), 6_000));
    let events: Vec<Json> = (0..4).map(buys).collect();
    let before = host.books().snapshot();
    let reported = shop.bulk_dry(&events);
    assert_eq!(
        reported,
        ["201 earn +60 = 60", "201 earn +40 = 40", "201 earn +0 = 0", "201 earn +0 = 0"]
    );
    assert_eq!(host.books().snapshot(), before);
    // The keys are free for other requests.
    let other = event("k-0", purchase("m-9", "o-9", 1_000));
    assert_eq!(shop.bulk_dry(&[other]), ["201 earn +10 = 10"]);
    let mut granted: Vec<String> = shop.bulk(&events);
    granted.sort_unstable();
    let mut reported = reported;
    reported.sort_unstable();
    assert_eq!(granted, reported, "the order may differ, the granted points do not");
}

#[test]
fn faults_of_a_bulk_call_are_problems_and_no_outcomes() {
    let host = Host::start();
    let shop = host.shop();
    let before = host.books().snapshot();
    let many: Vec<Json> = (0..501).map(|n| share(&format!("k-{n}"), "m")).collect();
    let text = |body: &str| shop.ask("POST", "/v1/earn/bulk").body(body);
    for (ask, outcome) in [
        (text("{\"events\":[]}"), "400 invalid-request /events"),
        (text(&json!({ "events": many }).to_string()), "400 invalid-request /events"),
        (text("{}"), "400 invalid-request "),
        (text("{\"events\":{}}"), "400 invalid-request /events"),
        (text("{\"events\":[{},]}"), "400 malformed-json"),
        (text("{\"events\":[{\"a\":}]}"), "400 malformed-json"),
        (text(&format!("{{\"events\":[\"{}\"]}}", "x".repeat(1 << 20))), "413 body-too-large"),
        (
            shop.ask("POST", "/v1/earn/bulk?dry_run=maybe").body("{\"events\":[{}]}"),
            "400 invalid-request ?dry_run",
        ),
        (
            shop.ask("POST", "/v1/earn/bulk?at=now").body("{\"events\":[{}]}"),
            "400 invalid-request ?at",
        ),
        (text("{\"events\":[{}]}").without("authorization"), "401 unauthorized"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{:.80}", format!("{ask:?}"));
    }
    assert_eq!(host.books().snapshot(), before);
}
