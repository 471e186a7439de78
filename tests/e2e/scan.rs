//! `/v1/qr-keys`, `/v1/slips` and `/v1/scan`: receipts that tills sign and members scan.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value as Json, json};
use sha2::Sha256;
use tests::{Answer, Host, SEALED, Shop, at_once, count, purchase};

use crate::sign_in::{START, person, role};

/// The clock of the tests.
const NOW: &str = "2026-03-10T10:00:00+08:00";

/// A till that signs by itself.
struct Till {
    kid: String,
    secret: String,
}

impl Till {
    fn of(shop: &Shop, store: &str) -> Self {
        let body = json!({"name": store, "region": "east"});
        shop.put(&format!("/v1/stores/{store}"), &body).send().ok();
        let made = shop.post("/v1/qr-keys", &json!({"store_id": store, "label": "till"})).send();
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.ok();
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Self { kid: text("kid"), secret: text("secret") }
    }

    /// By the specification, without the engine's own code.
    fn prints(&self, at: &str, order: &str, amount_minor: i64) -> String {
        let seconds = rusqlite::Connection::open_in_memory().unwrap();
        let seconds: i64 =
            seconds.query_row("SELECT unixepoch(?1)", [at], |row| row.get(0)).unwrap();
        let text = format!("A1.{}.{seconds}.{amount_minor}.{order}", self.kid);
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..16]))
    }
}

fn scans(shop: &Shop, member: &str, receipt: &str) -> Answer {
    shop.post("/v1/scan", &json!({"member_id": member, "receipt": receipt})).send()
}

fn buys_in(shop: &Shop, member: &str, order: &str, store: Option<&str>) -> Answer {
    let mut body = purchase(member, order, 10_000);
    if let Some(store) = store {
        body["store_id"] = json!(store);
    }
    shop.post("/v1/earn", &body).send()
}

#[test]
fn the_first_to_scan_earns_and_nobody_twice() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let till = Till::of(&shop, "s-1");
    let app = shop.with_bearer(&shop.key("storefront"));
    let receipt = till.prints(NOW, "o-1", 12_850);
    let url = format!("https://points.example.com/q/{receipt}");
    let dry =
        app.post("/v1/scan?dry_run=true", &json!({"member_id": "m", "receipt": url})).send().ok();
    assert_eq!(dry["entry"]["points"], 128);
    let ask = app.post("/v1/scan", &json!({"member_id": "m", "receipt": url})).key("scan-1");
    let first = ask.send();
    assert_eq!(first.status, 201, "{}", first.text());
    ask.send().assert_replays(&first);
    // The same as the earn of that order.
    let earned = buys_in(&shop, "other", "o-1", Some("s-2")).ok();
    let entry = &first.ok()["entry"];
    for (field, value) in [
        ("event", json!("purchase")),
        ("reference", json!("o-1")),
        ("store_id", json!("s-1")),
        ("channel", json!("receipt")),
        ("points", json!(128)),
        ("occurred_at", json!("2026-03-10T02:00:00Z")),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    assert_eq!(entry["rulebook_version"], earned["entry"]["rulebook_version"]);
    assert_eq!(scans(&app, "m", &receipt).outcome(), "409 reference-already-used");
    assert_eq!(scans(&app, "n", &receipt).outcome(), "409 reference-of-another");
    // The shop's own system comes later, with the store or without.
    assert_eq!(buys_in(&shop, "m", "o-1", Some("s-1")).outcome(), "409 reference-already-used");
    assert_eq!(buys_in(&shop, "m", "o-1", None).outcome(), "409 reference-already-used");
    // Or it was first.
    buys_in(&shop, "m", "o-2", Some("s-1")).ok();
    buys_in(&shop, "m", "o-3", None).ok();
    for order in ["o-2", "o-3"] {
        let receipt = till.prints(NOW, order, 10_000);
        assert_eq!(scans(&app, "m", &receipt).outcome(), "409 reference-already-used");
        assert_eq!(scans(&app, "n", &receipt).outcome(), "409 reference-of-another");
    }
    // Ten phones at once.
    let receipt = till.prints(NOW, "o-4", 10_000);
    let answers = at_once(10, |n| scans(&app, &format!("m{n}"), &receipt));
    assert_eq!(count(&answers, "201"), 1, "{answers:?}");
    assert_eq!(count(&answers, "409 reference-of-another"), 9);
}

#[test]
fn goods_that_came_back_are_not_earned_by_their_receipt() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let till = Till::of(&shop, "s-1");
    let receipt = till.prints(NOW, "o-1", 10_000);
    let first = shop.post("/v1/scan", &json!({"member_id": "m", "receipt": receipt})).key("k");
    let earned = first.send();
    shop.returns("m", "o-1").send().ok();
    first.send().assert_replays(&earned);
    let again = shop.post("/v1/scan", &json!({"member_id": "m", "receipt": receipt})).key("k-2");
    let refused = again.send();
    assert_eq!(refused.outcome(), "409 reference-already-used");
    assert_eq!(refused.json()["entry_id"], earned.ok()["entry"]["entry_id"]);
    assert!(again.send().is_replay(), "a refusal is an answer");
    assert_eq!(scans(&shop, "n", &receipt).outcome(), "409 reference-of-another");
    assert_eq!(shop.balance("m"), 0);
    // A cashier may record it again, for the card that it is of.
    assert_eq!(buys_in(&shop, "n", "o-1", Some("s-1")).status, 201);
}

#[test]
fn what_is_no_genuine_receipt_earns_nothing() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let till = Till::of(&shop, "s-1");
    let strange = Till::of(&host.shop_with("other", |_| {}), "s-1");
    let good = till.prints(NOW, "o-1", 12_850);
    let forged = Till { kid: till.kid.clone(), secret: format!("{}x", till.secret) };
    let of_nobody = Till { kid: "aaaaaaaa".to_owned(), secret: till.secret.clone() };
    let not_genuine = "is not signed by a store of this programme";
    let torn = "is no whole receipt: scan the code once more";
    for (receipt, detail) in [
        (good.replace(".12850.", ".92850."), not_genuine),
        (good.replace("o-1", "o-2"), not_genuine),
        (forged.prints(NOW, "o-1", 1), not_genuine),
        (of_nobody.prints(NOW, "o-1", 1), not_genuine),
        (strange.prints(NOW, "o-1", 1), not_genuine),
        (good[..good.len() - 1].to_owned(), torn),
        (good[..20].to_owned(), torn),
        (good.replace(&good[good.len() - 22..], "%%%%"), torn),
        (String::new(), "is no receipt"),
        ("🧾".repeat(900), "is no receipt: it has other characters than receipts have"),
        ("A".repeat(4_097), "is longer than 4096 characters"),
        (till.prints(NOW, "o-1", -1), "has no amount that is a number"),
    ] {
        let answer = scans(&shop, "m", &receipt);
        assert_eq!(answer.outcome(), "400 invalid-request /receipt", "{receipt:.80}");
        assert_eq!(answer.json()["errors"][0]["detail"], detail, "{receipt:.80}");
    }
    // Signed, and yet no order.
    for (receipt, outcome) in [
        (till.prints(NOW, &"o".repeat(129), 1), "400 invalid-request /receipt"),
        (till.prints(NOW, "", 1), "400 invalid-request /receipt"),
        (till.prints(NOW, "o-1", 1_000_000_000_000_001), "400 invalid-request /receipt"),
        (till.prints("2026-03-10T10:06:00+08:00", "o-1", 1), "422 occurred-in-future"),
        (till.prints("2026-03-03T09:59:00+08:00", "o-1", 1), "422 occurred-too-long-ago"),
        (till.prints("2025-03-03T09:59:00+08:00", "o-1", 1), "422 occurred-too-long-ago"),
    ] {
        assert_eq!(scans(&shop, "m", &receipt).outcome(), outcome, "{receipt:.80}");
    }
    for (body, outcome) in [
        (json!({"receipt": good}), "400 invalid-request "),
        (json!({"member_id": "", "receipt": good}), "400 invalid-request /member_id"),
        (json!({"member_id": "m", "receipt": 5}), "400 invalid-request /receipt"),
        (json!({"member_id": "m", "receipt": good, "points": 9}), "400 invalid-request /points"),
        (json!({"member_id": "m", "receipt": "x".repeat(20_000)}), "413 body-too-large"),
    ] {
        assert_eq!(shop.post("/v1/scan", &body).send().outcome(), outcome);
    }
    let finance = shop.with_bearer(&shop.key("finance"));
    assert_eq!(scans(&finance, "m", &good).outcome(), "403 forbidden");
    let elsewhere = shop
        .post("/v1/keys", &json!({"role": "storefront", "label": "x", "stores": ["s-2"]}))
        .send()
        .ok();
    let elsewhere = shop.with_bearer(elsewhere["key"].as_str().unwrap());
    assert_eq!(scans(&elsewhere, "m", &good).outcome(), "403 store-forbidden");
    assert_eq!(shop.get("/v1/members/m").send().status, 404, "nothing was written");
    assert_eq!(scans(&shop, "m", &good).status, 201);
}

/// A shop that takes late orders for long still takes receipts for 30 days.
#[test]
fn a_receipt_counts_for_thirty_days() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop_with("late", |rulebook| rulebook["accept_late_days"] = json!(90));
    let till = Till::of(&shop, "s-1");
    for (at, outcome) in [
        ("2026-02-08T10:05:00+08:00", "201"),
        ("2026-02-08T09:59:59+08:00", "422 occurred-too-long-ago"),
    ] {
        let told = scans(&shop, "m", &till.prints(at, at, 10_000)).outcome();
        assert!(told.starts_with(outcome), "{at}: {told}");
    }
}

#[test]
fn a_retired_key_counts_for_what_it_signed_before_and_a_leaked_one_for_nothing() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let (old, leaked) = (Till::of(&shop, "s-1"), Till::of(&shop, "s-1"));
    let retire = |kid: &str, body: &Json| shop.post(&format!("/v1/qr-keys/{kid}/retire"), body);
    let retired = retire(&old.kid, &json!({})).key("r-1").send();
    assert_eq!(retired.ok()["retired_by"], "operator");
    retire(&old.kid, &json!({})).key("r-1").send().assert_replays(&retired);
    host.clock("2026-03-10T12:00:00+08:00");
    let before = old.prints("2026-03-10T09:59:59+08:00", "o-1", 10_000);
    assert_eq!(scans(&shop, "m", &before).status, 201);
    let after = old.prints("2026-03-10T10:01:00+08:00", "o-2", 10_000);
    let refused = scans(&shop, "m", &after);
    assert_eq!(refused.outcome(), "400 invalid-request /receipt");
    assert!(refused.text().contains("retired"), "{}", refused.text());

    let earlier = leaked.prints("2026-03-09T10:00:00+08:00", "o-3", 10_000);
    let report = json!({"compromised_from": "2026-03-10T11:00:00+08:00"});
    for (body, outcome) in [
        (
            json!({"compromised_from": "2026-03-10T12:00:01+08:00"}),
            "400 invalid-request /compromised_from",
        ),
        (json!({"compromised_from": "yesterday"}), "400 invalid-request /compromised_from"),
        (json!({"because": "x"}), "400 invalid-request /because"),
    ] {
        assert_eq!(retire(&leaked.kid, &body).send().outcome(), outcome);
    }
    retire(&leaked.kid, &report).send().ok();
    // A thief writes any date.
    let refused = scans(&shop, "m", &earlier);
    assert_eq!(refused.outcome(), "400 invalid-request /receipt");
    assert!(refused.text().contains("service desk"), "{}", refused.text());
    assert_eq!(buys_in(&shop, "m", "o-3", Some("s-1")).status, 201, "as the desk records it");
    // An earlier leak is told later; a later one changes nothing.
    let told = |at: &str| {
        let report = json!({"compromised_from": at});
        retire(&leaked.kid, &report).send().ok()["compromised_from"].clone()
    };
    assert_eq!(told("2026-03-09T00:00:00Z"), "2026-03-09T00:00:00Z");
    assert_eq!(told("2026-03-09T01:00:00Z"), "2026-03-09T00:00:00Z");
    let log = shop.get("/v1/audit-log?action=qr_key_retired").send().ok();
    let of =
        |row: &Json| (row["subject"].as_str() == Some(&leaked.kid)).then(|| row["after"].clone());
    let told: Vec<Json> = log["items"].as_array().unwrap().iter().filter_map(of).collect();
    assert_eq!(told.len(), 2, "{log}");
    assert_eq!(retire("aaaaaaaa", &json!({})).send().outcome(), "404 resource-not-found");
}

#[test]
fn keys_are_shown_once_and_kept_sealed() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let till = Till::of(&shop, "s-1");
    let listed = shop.all("/v1/qr-keys", 1);
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["kid"], &listed[0]["is_sealed"]), (&json!(till.kid), &json!(true)));
    assert_eq!(listed[0].get("secret"), None);
    let stored = host.books().text("SELECT secret FROM qr_key");
    assert!(stored.starts_with("sealed:") && !stored.contains(&till.secret[4..]), "{stored}");
    let log = shop.get("/v1/audit-log?action=qr_key_made").send().text();
    assert!(log.contains(&till.kid) && !log.contains(&till.secret), "{log}");
    let admins = shop.with_bearer(&shop.key("storefront"));
    for (ask, outcome) in [
        (admins.get("/v1/qr-keys"), "403 forbidden"),
        (admins.post("/v1/qr-keys", &json!({"store_id": "s-1", "label": "x"})), "403 forbidden"),
        (
            shop.post("/v1/qr-keys", &json!({"store_id": "nowhere", "label": "x"})),
            "400 invalid-request /store_id",
        ),
        (
            shop.post("/v1/qr-keys", &json!({"store_id": "s-1", "label": ""})),
            "400 invalid-request /label",
        ),
        (
            shop.post("/v1/qr-keys", &json!({"store_id": "s-1", "label": "x", "kid": "mine"})),
            "400 invalid-request /kid",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    for _ in 0..9 {
        Till::of(&shop, "s-1");
    }
    let eleventh = shop.post("/v1/qr-keys", &json!({"store_id": "s-1", "label": "x"})).send();
    assert_eq!(eleventh.outcome(), "400 invalid-request /store_id");
    Till::of(&shop, "s-2");
    assert_eq!(shop.all_with("/v1/qr-keys", "store_id=s-2").len(), 1);
    assert_eq!(shop.all("/v1/qr-keys", 3).len(), 11);
    let other = host.shop_with("other", |_| {});
    assert_eq!(other.all("/v1/qr-keys", 3).len(), 0);
    let theirs = other.post(&format!("/v1/qr-keys/{}/retire", till.kid), &json!({})).send();
    assert_eq!(theirs.outcome(), "404 resource-not-found");
    // A store that leaves the registry signs no more.
    shop.ask("DELETE", "/v1/stores/s-2").send();
    let left = shop.all_with("/v1/qr-keys", "store_id=s-2");
    assert_eq!(left[0]["retired_by"], "operator");
}

/// An attacker who takes over a browser gets no key that lasts.
#[test]
fn a_session_makes_no_key() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    shop.put("/v1/stores/s-1", &json!({"name": "One", "region": "east"})).send().ok();
    let anna = person(&host, "anna", &role("admin"), START);
    let body = json!({"store_id": "s-1", "label": "till"});
    assert_eq!(anna.post("/v1/qr-keys", &body).send().outcome(), "403 forbidden");
    assert_eq!(shop.all("/v1/qr-keys", 9).len(), 0);
    let till = Till::of(&shop, "s-1");
    let retires = anna.post(&format!("/v1/qr-keys/{}/retire", till.kid), &json!({})).send();
    assert_eq!(retires.status, 200, "a leak is stopped by anybody: {}", retires.text());
}

#[test]
fn without_a_sealing_key_the_answer_and_the_log_say_so() {
    let host = Host::start();
    let shop = host.shop();
    let till = Till::of(&shop, "s-1");
    assert_eq!(shop.all("/v1/qr-keys", 9)[0]["is_sealed"], false);
    assert!(host.says("QR key is stored in the clear"), "{}", host.log());
    assert_eq!(scans(&shop, "m", &till.prints(NOW, "o-1", 10_000)).status, 201);
}

#[test]
fn a_slip_is_a_receipt_with_its_code() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let body = |store: Option<&str>| {
        let amount = json!({"amount_minor": 12_850, "currency": "CNY"});
        let mut body =
            json!({"reference": "o<1>&\"", "amount": amount, "host": "points.example.com"});
        if let Some(store) = store {
            body["store_id"] = json!(store);
        }
        body
    };
    let none = shop.post("/v1/slips", &body(Some("s-1"))).send();
    assert_eq!(none.outcome(), "400 invalid-request /store_id");
    Till::of(&shop, "s-1");
    let newest = Till::of(&shop, "s-1");
    let made = shop
        .post("/v1/keys", &json!({"role": "storefront", "label": "x", "stores": ["s-1"]}))
        .send()
        .ok();
    let till = shop.with_bearer(made["key"].as_str().unwrap());
    let slip = till.post("/v1/slips", &body(None)).without("idempotency-key").send().ok();
    let receipt = slip["receipt"].as_str().unwrap();
    assert!(receipt.starts_with(&format!("A1.{}.", newest.kid)), "{receipt}");
    let escaped = receipt.replace("<1>&\"", "%3C1%3E%26%22");
    assert_eq!(slip["url"], format!("https://points.example.com/q/{escaped}"));
    let svg = slip["svg"].as_str().unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>"), "{svg}");
    assert!(svg.bytes().all(|byte| byte.is_ascii()) && !svg.contains('&'), "{svg}");
    let text = slip["text_58"].as_str().unwrap();
    for part in ["s-1", "o<1>&\"", "CNY 128.50", "2026-03-10 10:00", "扫码积分", "[QR]"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(scans(&shop, "m", slip["url"].as_str().unwrap()).ok()["entry"]["points"], 128);
    assert_eq!(till.post("/v1/slips", &body(Some("s-2"))).send().outcome(), "403 store-forbidden");
    let line = |id: &str, amount_minor: i64| {
        json!({"line_id": id, "sku": "A", "category": "乳制品", "quantity": 2,
            "amount": {"amount_minor": amount_minor, "currency": "CNY"}})
    };
    let with = |lines: Vec<Json>| json!({"store_id": "s-1", "reference": "o-2", "lines": lines, "host": "h"});
    let lined = shop.post("/v1/slips", &with(vec![line("x", 5_000), line("y", 7_000)])).send().ok();
    assert!(lined["text_80"].as_str().unwrap().contains("CNY 120.00"));
    let earned = scans(&shop, "m", lined["receipt"].as_str().unwrap()).ok();
    let lines = earned["entry"]["lines"].as_array().unwrap().clone();
    assert_eq!((&lines[1]["line_id"], &lines[1]["category"]), (&json!("2"), &json!("乳制品")));
    let many = (0..100).map(|n| line(&n.to_string(), 1)).collect();
    assert_eq!(shop.post("/v1/slips", &with(many)).send().outcome(), "400 invalid-request /lines");
    let change = |field: &str, value: Json| {
        let mut body = body(Some("s-1"));
        body[field] = value;
        shop.post("/v1/slips", &body).send().outcome()
    };
    for (field, value) in [
        ("reference", json!("订单")),
        ("host", json!("evil.example.com/x?")),
        ("host", json!("")),
        ("occurred_at", json!("soon")),
        ("occurred_at", json!("2026-03-10T10:07:00+08:00")),
        ("occurred_at", json!("2026-02-08T09:00:00+08:00")),
        ("occurred_at", json!("1969-01-01T00:00:00Z")),
        ("other", json!(1)),
    ] {
        assert_eq!(change(field, value), format!("400 invalid-request /{field}"));
    }
    for (value, place) in [
        (json!({"amount_minor": -1, "currency": "CNY"}), "/amount/amount_minor"),
        (json!({"amount_minor": 1, "currency": "USD"}), "/amount/currency"),
        (Json::Null, "/amount"),
    ] {
        assert_eq!(change("amount", value), format!("400 invalid-request {place}"));
    }
}
