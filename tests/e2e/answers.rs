//! The shapes that client developers read: one shape per thing in every answer.

use serde_json::{Value as Json, json};
use tests::{CALLING, Host, Receiver, Shop, purchase};

/// Purchases are pending for a week, and points live for thirty days. A review is pending until a
/// member of staff has read it.
fn opened(arguments: &[&str]) -> (Host, Shop) {
    let host = Host::start_with(arguments);
    let shop = host.shop_with("shapes", |book| {
        book["purchase"]["pending"] = json!({"days": 7});
        book["actions"]["review"]["pending"] = json!({});
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 30});
    });
    (host, shop)
}

fn grants(shop: &Shop, points: i64) -> tests::Answer {
    shop.put("/v1/members/m", &json!({})).send().ok();
    let ask = json!({"member_id": "m", "points": points, "reason_code": "goodwill"});
    let asked =
        shop.with_bearer(&shop.key_of("anna", "service")).post("/v1/adjustments", &ask).send().ok();
    let approve =
        format!("/v1/adjustments/{}/approve", asked["entry"]["entry_id"].as_str().unwrap());
    shop.with_bearer(&shop.key_of("ben", "approver")).ask("POST", &approve).send()
}

/// The changes of lots in an entry as lines, each checked for its one shape.
fn changes(entry: &Json) -> Vec<String> {
    let line = |lot: &Json| {
        let (change, points) = (lot["change"].as_str().unwrap(), lot["points"].as_i64().unwrap());
        let is_there = |name: &str| lot.get(name).is_some();
        let dates = ["available_at", "expires_at", "valid_through"].map(is_there);
        assert!(dates == [true; 3] || dates == [false; 3], "{lot}");
        assert_eq!(lot["valid_through"].is_null(), lot["expires_at"].is_null(), "{lot}");
        match change {
            "granted" | "returned" => {
                assert!(points > 0 && dates[0] && is_there("source"), "{lot}")
            }
            "drawn" => assert!(points < 0 && !dates[0] && !is_there("source"), "{lot}"),
            "activated" => assert!(points > 0 && !is_there("source"), "{lot}"),
            "renewed" => assert!(points == 0 && dates[0] && !is_there("source"), "{lot}"),
            other => panic!("{other} in {lot}"),
        }
        let until =
            if dates[0] { format!(" until {}", lot["valid_through"]) } else { String::new() };
        format!("{} {change} {points:+}{until}", lot["lot"]).replace('"', "")
    };
    let known =
        ["lot", "change", "points", "source", "available_at", "expires_at", "valid_through"];
    let lots = entry["lots"].as_array().cloned().unwrap_or_default();
    for lot in &lots {
        assert!(
            lot.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())),
            "{lot}"
        );
    }
    lots.iter().map(line).collect()
}

/// Answers, histories, traces, exports and events have the same list, with items of one shape.
#[test]
fn lots_of_an_entry_have_one_shape() {
    let (host, shop) = opened(&CALLING);
    let receiver = Receiver::start();
    shop.put("/v1/endpoints/all", &json!({"url": receiver.url()})).send().ok();
    let bought = shop.buys("m", "o-1", 10_000).send().ok();
    assert_eq!(changes(&bought["entry"]), ["1 granted +100 until 2026-04-17"]);
    assert_eq!(bought["entry"]["lots"][0]["available_at"], "2026-03-17T16:00:00Z");
    let review = json!({"member_id": "m", "event": "review", "reference": "r-1"});
    let waits = shop.post("/v1/earn", &review).send().ok();
    // The validity is not known yet: null instead of a date in the far future.
    assert_eq!(changes(&waits["entry"]), ["2 granted +20 until null"]);
    assert_eq!(waits["entry"]["lots"][0]["available_at"], json!(null));
    let active =
        shop.post("/v1/activate", &json!({"member_id": "m", "reference": "o-1"})).send().ok();
    assert_eq!(changes(&active["entry"]), ["1 activated +100 until 2026-04-09"]);
    let pay = json!({"member_id": "m", "points": 30, "reference": "o-2"});
    let spent = shop.post("/v1/redeem", &pay).send().ok();
    assert_eq!(changes(&spent["entry"]), ["1 drawn -30"]);
    let back = shop.returns("m", "o-2").send().ok();
    assert_eq!(changes(&back["entry"]), ["1 returned +30 until 2026-04-09"]);
    // Dates that the clock decides stay as they were answered.
    shop.buys("m", "o-3", 1_000).send().ok();
    host.clock("2026-03-18T00:00:00+08:00");
    shop.runs("night");
    let entries = shop.all("/v1/members/m/entries", 200);
    assert_eq!(changes(&entries[0]), ["3 activated +10"]);
    let reported: Vec<Vec<String>> = entries.iter().map(changes).collect();
    let traced = shop.all_with("/v1/traces", "member_id=m");
    assert_eq!(traced.iter().map(|row| changes(&row["entry"])).collect::<Vec<_>>(), reported);
    let export = shop.get("/v1/members/m/export").send().ok();
    assert_eq!(
        export["entries"].as_array().unwrap().iter().map(changes).collect::<Vec<_>>(),
        reported
    );
    shop.runs("notify");
    let events = receiver.take();
    for entry in &entries {
        let event = events
            .iter()
            .map(tests::Received::event)
            .find(|event| event["data"]["entry_id"] == entry["entry_id"]);
        assert_eq!(event.unwrap()["data"], *entry);
    }
}

/// A lot whose end moves is a change of its own; points spent of the same lot are listed beside it.
#[test]
fn a_renewed_lot_shows_its_new_end() {
    let host = Host::start();
    let shop = host.shop_with("slides", |book| {
        book["expiry"]["shopping"] = json!({"policy": "sliding", "days": 30});
    });
    shop.buys("m", "o-1", 10_000).send().ok();
    host.clock("2026-03-20T12:00:00+08:00");
    let spent = shop.redeems("m", 40).send().ok();
    assert_eq!(changes(&spent["entry"]), ["1 drawn -40", "1 renewed +0 until 2026-04-19"]);
}

/// Every end has its last valid day beside it for people to read, also in coupons, adjustments and
/// reminders.
#[test]
fn every_end_has_its_last_day() {
    let (host, shop) = opened(&[]);
    let granted = grants(&shop, 50).ok();
    let terms = &granted["entry"]["adjustment"];
    assert_eq!(
        (&terms["expires_at"], &terms["valid_through"]),
        (&json!("2026-04-09T16:00:00Z"), &json!("2026-04-09"))
    );
    host.clock("2026-04-03T09:00:00+08:00");
    shop.runs("remind");
    let entries = shop.all("/v1/members/m/entries", 200);
    let reminder = &entries.iter().find(|entry| entry["kind"] == "remind").unwrap()["reminder"];
    assert_eq!(
        (&reminder["first_expires_at"], &reminder["first_valid_through"]),
        (&json!("2026-04-09T16:00:00Z"), &json!("2026-04-09"))
    );
}

/// The last approval answers with the requested entry, at first and when it is repeated. Entries
/// that followed are listed separately.
#[test]
fn an_answer_shows_the_requested_entry() {
    let (_host, shop) = opened(&[]);
    let ask = json!({"member_id": "m", "points": 50, "reason_code": "goodwill"});
    let anna = shop.with_bearer(&shop.key_of("anna", "service"));
    let ben = shop.with_bearer(&shop.key_of("ben", "approver"));
    shop.buys("m", "o-1", 1_000).send().ok();
    let asked = anna.post("/v1/adjustments", &ask).send().ok();
    let path = format!("/v1/adjustments/{}/approve", asked["entry"]["entry_id"].as_str().unwrap());
    let approve = ben.ask("POST", &path).key("once");
    let first = approve.send();
    approve.send().assert_replays(&first);
    let answer = first.ok();
    let kinds = |list: &Json| {
        list.as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (&answer["entry"]["kind"], &answer["entry"]["points"]),
        (&json!("adjust"), &json!(50))
    );
    assert_eq!(
        (kinds(&answer["also_asked"]), kinds(&answer["follow_ups"])),
        (vec![json!("approve")], vec![])
    );
    // Usually there is one entry; then there is no list of further ones.
    let plain = shop.post("/v1/earn", &purchase("m", "o-2", 1_000)).send().ok();
    assert_eq!((plain.get("also_asked"), &plain["follow_ups"]), (None, &json!([])));
}

/// A job needs no key: it continues where it is, and a key changes nothing.
#[test]
fn a_job_needs_no_idempotency_key() {
    let (host, shop) = opened(&[]);
    grants(&shop, 50).ok();
    host.clock("2026-04-10T00:00:00+08:00");
    let night = || shop.ask("POST", "/v1/jobs/night");
    let report = night().without("idempotency-key").send().ok();
    assert_eq!((&report["done"], &report["points_expired"]), (&json!(true), &json!(50)));
    let before = host.books().snapshot();
    for ask in [night().without("idempotency-key"), night().key("one"), night().key("one")] {
        let report = ask.send();
        assert_eq!((report.is_replay(), &report.ok()["entries"]), (false, &json!(0)));
    }
    assert_eq!(host.books().snapshot(), before, "a run that does nothing writes nothing");
}
