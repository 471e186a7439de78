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
        "201 earn +3000 = 3000, tier_change +500 = 3500",
        "201 earn +11 = 3511",
    ];
    assert_eq!(shop.bulk(&events), expected);
    let again = |outcome: &&str| {
        if outcome.starts_with("400") || outcome.contains("reused") || outcome.contains("again") {
            (*outcome).to_owned()
        } else {
            format!("{outcome} (again)")
        }
    };
    assert_eq!(shop.bulk(&events), expected.iter().map(again).collect::<Vec<_>>(), "sent once more, nothing happens");
    assert_eq!(shop.balance("m"), 41);
}

/// Five hundred events of one member, every one there three times under its key and once under another.
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
    let outcomes = shop.bulk(&events);
    for (kind, count) in [("201 earn", 375), ("(again)", 250), ("409 reference-already-used", 125)] {
        assert_eq!(outcomes.iter().filter(|outcome| outcome.contains(kind)).count(), count, "{kind}");
    }
    assert_eq!(shop.balance("m"), 125);
    let history = shop.history("m");
    assert_eq!(
        (history.len(), history[124].as_str()),
        (125, "earn +1 = 125"),
        "written in the order that they were sent"
    );
}

#[test]
fn what_is_wrong_with_the_call_is_no_outcome() {
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
        (shop.ask("POST", "/v1/earn/bulk?dry_run=true").body("{\"events\":[{}]}"), "400 invalid-request ?dry_run"),
        (text("{\"events\":[{}]}").without("authorization"), "401 unauthorized"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{:.80}", format!("{ask:?}"));
    }
    assert_eq!(host.books().snapshot(), before);
}
