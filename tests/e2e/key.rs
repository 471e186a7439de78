//! `/v1/keys`: roles, rotation and revocation; and no key is stored in plain text.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, OPERATOR, Shop, purchase};

#[test]
fn each_role_may_call_its_own_routes() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-0", 100_000).send().ok();
    let roles = ["storefront", "marketing", "finance", "service", "approver", "job", "admin"];
    let keys: Vec<String> = roles.iter().map(|role| shop.key(role)).collect();
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    for (ask, allowed) in [
        (shop.post("/v1/earn", &purchase("m", "o-1", 100)), "storefront admin"),
        (
            shop.post(
                "/v1/earn/bulk",
                &json!({"events": [{"idempotency_key": "k", "member_id": "m", "event": "share"}]}),
            ),
            "storefront admin",
        ),
        (shop.redeems("m", 1), "storefront admin"),
        (shop.put("/v1/members/m", &json!({})), "storefront service admin"),
        (shop.get("/v1/members/m"), "storefront marketing finance service admin"),
        (shop.get("/v1/members/m/entries"), "storefront marketing finance service admin"),
        (shop.get("/v1/members/m/lots"), "storefront marketing finance service admin"),
        (shop.get("/v1/programmes/default"), "storefront marketing finance service approver admin"),
        (shop.put("/v1/programmes/default", &json!({"name": "x", "rulebook": book})), ""),
        (shop.get("/v1/keys"), "admin"),
        (shop.post("/v1/keys", &json!({"role": "job", "label": "x"})), "admin"),
        (shop.get("/v1/reports/audit"), "finance admin"),
        (shop.get("/v1/reports/trial-balance"), "finance admin"),
        (shop.get("/v1/endpoints"), "admin"),
        (shop.ask("POST", "/v1/jobs/night"), "job admin"),
    ] {
        for (role, key) in roles.iter().zip(&keys) {
            let answer = ask.clone().bearer(key).key(format!("{role}-{}", allowed.len())).send();
            // The request may fail for other reasons, but not for a missing right.
            let expected = allowed.split(' ').any(|name| name == *role);
            assert_eq!(answer.status != 403, expected, "{role}: {ask:?} {}", answer.text());
        }
    }
}

#[test]
fn a_revoked_key_is_dead_at_once_and_a_rotated_one_lives() {
    let host = Host::start();
    let shop = host.shop();
    let old = shop.key("storefront");
    let prefix = &old[..12];
    let made = shop.ask("POST", &format!("/v1/keys/{prefix}/rotate")).send().ok();
    let new = made["key"].as_str().unwrap().to_owned();
    assert_eq!(made["role"], "storefront");
    for (what, ask, outcome) in [
        ("both live", shop.does("m", "share").bearer(&old), "201 earn +10 = 10"),
        ("both live", shop.does("m", "share").bearer(&new), "201 earn +10 = 20"),
        ("revoked", shop.ask("DELETE", &format!("/v1/keys/{prefix}")), "204"),
        ("again is harmless", shop.ask("DELETE", &format!("/v1/keys/{prefix}")), "204"),
        ("dead", shop.does("m", "share").bearer(&old), "401 unauthorized"),
        ("dead for reading", shop.get("/v1/members/m").bearer(&old), "401 unauthorized"),
        (
            "no successor",
            shop.ask("POST", &format!("/v1/keys/{prefix}/rotate")),
            "404 resource-not-found",
        ),
        ("the other lives", shop.does("m", "share").bearer(&new), "201 earn +10 = 30"),
        (
            "the prefix is not enough",
            shop.get("/v1/members/m").bearer(&format!("{}{}", &new[..12], "x".repeat(43))),
            "401 unauthorized",
        ),
        ("unknown", shop.ask("DELETE", "/v1/keys/acc_nothing0"), "404 resource-not-found"),
        (
            "no such role",
            shop.post("/v1/keys", &json!({"role": "root", "label": "x"})),
            "400 invalid-request /role",
        ),
        (
            "no label",
            shop.post("/v1/keys", &json!({"role": "job", "label": ""})),
            "400 invalid-request /label",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{what}");
    }
}

#[test]
fn keys_are_stored_and_listed_without_their_secret() {
    let mut host = Host::start();
    let shop = host.shop();
    let key = shop.key("finance");
    assert_eq!(key.len(), 55);
    let listed = shop.get("/v1/keys").send().text();
    let narrowed = shop.get(&format!("/v1/keys?prefix={}", &key[..12])).send().ok();
    assert_eq!(narrowed["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.all("/v1/keys", 1).len(), 2);
    host.stop();
    let log = host.log();
    let stored =
        host.books().text("SELECT group_concat(prefix || hex(hash) || label) FROM api_key");
    for secret in [&key[12..], &OPERATOR[..12], &OPERATOR[12..]] {
        for (place, text) in [("list", &listed), ("log", &log), ("database", &stored)] {
            assert!(!text.contains(secret), "a key lies in the {place}");
        }
    }
    host.start_again();
}

/// The operator's key comes from a variable, and only the newest one counts. This must hold for
/// keys with the same beginning, as handmade keys have.
#[test]
fn a_new_operator_key_retires_the_one_before() {
    let keys = [
        OPERATOR,
        "operator-key-of-the-end-to-end-tests-0002",
        "another-key-of-the-end-to-end-tests-0003",
    ];
    let mut host = Host::start();
    let shop = host.shop();
    let storefront = shop.key("storefront");
    for current in [keys[1], keys[2], keys[0]] {
        host.stop();
        host.start_again_with(&["--variable", &format!("admin_key={current}")]);
        let shop = shop.moved_to(host.address);
        for key in keys {
            let expected = if key == current { 200 } else { 401 };
            assert_eq!(
                shop.get("/v1/keys").bearer(key).send().status,
                expected,
                "{key} while it is {current}"
            );
        }
        assert_eq!(shop.does("m", "share").bearer(&storefront).send().status, 201);
    }
}

/// The keys and endpoints of a programme are bounded. Creation above the bound is refused, and
/// existing ones keep working.
#[test]
fn keys_and_endpoints_are_bounded() {
    let host = Host::start();
    let shop = host.shop();
    let key = |label: usize| {
        shop.post("/v1/keys", &json!({"role": "job", "label": label.to_string()})).send()
    };
    let mut made = 0;
    while key(made).status == 201 {
        made += 1;
        assert!(made <= 1_000, "keys without a bound");
    }
    assert!(made > 990, "{made}");
    assert_eq!(key(0).status, 400);
    let first =
        shop.all("/v1/keys", 200).iter().find(|key| key["label"] == "0").unwrap()["prefix"].clone();
    assert_eq!(
        shop.ask("DELETE", &format!("/v1/keys/{}", first.as_str().unwrap())).send().status,
        204
    );
    assert_eq!(key(0).status, 201, "there is room again");
    let endpoint = |n: usize| {
        let body = json!({"url": "https://shop.example.com/hooks", "kinds": null});
        shop.put(&format!("/v1/endpoints/e{n}"), &body).send()
    };
    assert!((0..50).all(|n| endpoint(n).status == 201));
    assert_eq!(endpoint(50).outcome(), "400 invalid-request endpoint_id");
    assert_eq!(endpoint(7).status, 200, "one that is there can be changed");
}

#[test]
fn a_catalogue_holds_five_thousand_rewards() {
    let host = Host::start();
    let shop = host.shop();
    let put_for = |id: &str, points: i64| {
        shop.put(&format!("/v1/rewards/{id}"), &json!({"name": "Mug", "points": points})).send()
    };
    let put = |id: &str| put_for(id, 30);
    assert_eq!(put("mug").status, 201);
    let others = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4998)
        INSERT INTO reward (programme_no, id, version, document, updated_at, updated_by)
          SELECT programme_no, 'r-' || i, version, document, updated_at, updated_by FROM n, reward WHERE id = 'mug'";
    assert_eq!(host.books().write(others), Ok(4_998));
    assert_eq!(put("last").status, 201, "the five thousandth");
    assert_eq!(put("beyond").outcome(), "400 invalid-request reward_id");
    assert_eq!(put_for("mug", 40).status, 200, "one that is there can be changed");
}

/// A till cannot use idempotency keys of another, nor get its answers. After a rotation a caller
/// keeps its idempotency keys, and so does the operator.
#[test]
fn an_idempotency_key_belongs_to_its_caller() {
    let mut host = Host::start();
    let shop = host.shop();
    let bought = shop.buys("m", "o-1", 100_000).key("buy").send();
    let (till, other) = (shop.key("storefront"), shop.key("storefront"));
    let taken = shop.redeems("m", 1).bearer(&other).key("till-7-1").send();
    assert_eq!(taken.outcome(), "201 redeem -1 = 999");
    let own = shop.redeems("m", 50).bearer(&till).key("till-7-1").send();
    assert_eq!(own.outcome(), "201 redeem -50 = 949");
    assert_eq!(
        shop.redeems("m", 51).bearer(&till).key("till-7-1").send().outcome(),
        "422 idempotency-key-reused"
    );
    shop.redeems("m", 1).bearer(&other).key("till-7-1").send().assert_replays(&taken);
    // A refusal for one till is not replayed to another.
    assert_eq!(
        shop.redeems("m", 5_000).bearer(&other).key("r").send().outcome(),
        "422 insufficient-points"
    );
    assert_eq!(
        shop.redeems("m", 49).bearer(&till).key("r").send().outcome(),
        "201 redeem -49 = 900"
    );
    // In bulk, too.
    let bulk = |bearer: &str| {
        let events =
            json!({"events": [{"idempotency_key": "b", "member_id": "m", "event": "share"}]});
        let answer = shop.post("/v1/earn/bulk", &events).bearer(bearer).send().ok();
        (answer["outcomes"][0]["status"].clone(), answer["outcomes"][0]["replayed"].clone())
    };
    for bearer in [&till, &other] {
        assert_eq!(bulk(bearer), (json!(201), json!(false)));
        assert_eq!(bulk(bearer), (json!(201), json!(true)));
    }
    // This holds for routes without an entry, too.
    let admin = shop.key("admin");
    let put = |bearer: &str, url: &str| {
        let body = json!({"url": format!("https://{url}.example/")});
        shop.put(&format!("/v1/endpoints/{url}"), &body).bearer(bearer).key("e").send()
    };
    let made = put(&admin, "a");
    assert_eq!((made.status, put(&shop.key("admin"), "b").status), (201, 201));
    put(&admin, "a").assert_replays(&made);
    // The successor of a successor.
    let mut current = till;
    for _ in 0..2 {
        let rotated = shop.ask("POST", &format!("/v1/keys/{}/rotate", &current[..12])).send().ok();
        shop.ask("DELETE", &format!("/v1/keys/{}", &current[..12])).send();
        current = rotated["key"].as_str().unwrap().to_owned();
        shop.redeems("m", 50).bearer(&current).key("till-7-1").send().assert_replays(&own);
    }
    host.stop();
    let key = "another-key-of-the-end-to-end-tests-0004";
    host.start_again_with(&[
        "--variable",
        &format!("admin_key={key}"),
        "--variable",
        "digest_key=of-the-digests",
    ]);
    let shop = shop.moved_to(host.address);
    shop.buys("m", "o-1", 100_000).bearer(key).key("buy").send().assert_replays(&bought);
    shop.redeems("m", 50).bearer(&current).key("till-7-1").send().assert_replays(&own);
    // Neither a phone number nor a device can be guessed from the stored data.
    shop.put("/v1/members/m", &json!({"aliases": ["phone:+8613800000000"]}))
        .bearer(key)
        .send()
        .ok();
    let ask = shop
        .does("~phone:+8613800000000", "check_in")
        .bearer(&current)
        .with("device-id", "phone-7");
    ask.send().ok();
    for text in ["{\"member_id\":\"~phone:+8613800000000\",\"event\":\"check_in\"}", "phone-7"] {
        let digest = &sha256(text)[..32];
        let found = "SELECT (SELECT count(*) FROM claim WHERE fingerprint = '?') + (SELECT count(*) FROM entry WHERE body LIKE '%?%')"
            .replace('?', digest);
        assert_eq!(host.books().number(&found), 0, "{text}");
    }
    // The books are audited with the first operator's key.
    host.stop();
    host.start_again_with(&["--variable", "digest_key=of-the-digests"]);
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn asks_for(shop: &Shop, role: &str, person: &str) -> Answer {
    shop.post("/v1/keys", &json!({"role": role, "label": "x", "person_id": person})).send()
}

fn text(answer: &Answer, field: &str) -> String {
    answer.ok()[field].as_str().unwrap().to_owned()
}

fn approves(shop: &Shop, key: &Answer) -> Answer {
    shop.ask("POST", &format!("/v1/keys/{}/approve", text(key, "prefix"))).send()
}

/// The fault: one admin alone granted 10^15 points with two keys that it had created.
#[test]
fn no_admin_makes_an_approver_alone() {
    let host = Host::start();
    let (operator, first) = (host.shop(), host.shop_with("two", |_| {}));
    first.buys("m", "o-1", 10_000).send().ok();
    // Every key with which anna could approve her own requests, or request for her own approval.
    for (role, person) in [
        ("approver", "anna"),
        ("department_head", "ben"),
        ("vice_president", "carl"),
        ("admin", "dora"),
        ("service", "zoe"),
        ("marketing", "zoe"),
    ] {
        let made = asks_for(&first, role, person);
        assert_eq!((made.status, &made.ok()["waits"]), (201, &json!(true)), "{role}");
        let key = first.with_bearer(&text(&made, "key"));
        assert_eq!(key.get("/v1/members/m").send().outcome(), "401 unauthorized", "{role}");
        assert_eq!(approves(&first, &made).outcome(), "403 own-request", "{role}");
        assert_eq!(approves(&key, &made).outcome(), "401 unauthorized", "{role}");
    }
    for (body, outcome) in [
        (json!({"role": "approver", "label": "x"}), "400 invalid-request /person_id"),
        (
            json!({"role": "admin", "label": "x", "person_id": " \u{200b}"}),
            "400 invalid-request /person_id",
        ),
        (
            json!({"role": "service", "label": "x", "person_id": "0perat\u{43e}r"}),
            "400 invalid-request /person_id",
        ),
        (
            json!({"role": "job", "label": "x", "expires_at": "2020-01-01T00:00:00Z"}),
            "400 invalid-request /expires_at",
        ),
    ] {
        assert_eq!(first.post("/v1/keys", &body).send().outcome(), outcome, "{body}");
    }
    // The operator names the second admin; the two create an approver.
    let second = first.with_bearer(&operator.with_programme("two").key_of("Second", "admin"));
    let made = asks_for(&first, "approver", "ben");
    let ben = first.with_bearer(&text(&made, "key"));
    assert_eq!(ben.get("/v1/adjustments").send().outcome(), "401 unauthorized");
    assert_eq!(approves(&second, &made).ok()["approved_by"], "Second");
    assert_eq!(approves(&second, &made).ok()["waits"], false);
    let body = json!({"member_id": "m", "points": 500, "reason_code": "goodwill"});
    let ask = |shop: &Shop| text_of_entry(&shop.post("/v1/adjustments", &body).send());
    let approve =
        |shop: &Shop, id: &str| shop.ask("POST", &format!("/v1/adjustments/{id}/approve")).send();
    let request = ask(&first);
    assert_eq!(approve(&ben, &request).outcome(), "201 adjust +500 = 600, approve +0 = 100");
    // A person who rotates another's key does not get the new key. The owner may replace it, and is
    // the same person with the new one.
    let rotated = first.ask("POST", &format!("/v1/keys/{}/rotate", &ben.bearer[..12])).send();
    assert_eq!(rotated.ok()["waits"], true);
    let rotated = ben.ask("POST", &format!("/v1/keys/{}/rotate", &ben.bearer[..12])).send();
    assert_eq!(
        (&rotated.ok()["waits"], &rotated.ok()["person_id"]),
        (&json!(false), &json!("ben"))
    );
    let later = ben.with_bearer(&text(&rotated, "key"));
    assert_eq!(
        later.ask("DELETE", &format!("/v1/keys/{}", &ben.bearer[..12])).send().outcome(),
        "204"
    );
    assert_eq!(
        later.ask("DELETE", &format!("/v1/keys/{}", &first.bearer[..12])).send().outcome(),
        "403 forbidden"
    );
    assert_eq!(approve(&later, &ask(&later)).outcome(), "403 own-request");
    // Two spellings are one person, in the first spelling.
    let like = operator.with_programme("two").key_of("BEN\u{200b} ", "service");
    let request = ask(&first.with_bearer(&like));
    assert_eq!(approve(&later, &request).outcome(), "403 own-request");
    let seen = first.get(&format!("/v1/adjustments/{request}")).send().ok();
    assert_eq!(seen["adjustment"]["requested_by"]["name"], "ben");
    // A key without a person can neither request nor decide.
    let without_person = first.post("/v1/keys", &json!({"role": "service", "label": "crm"})).send();
    assert_eq!(without_person.ok()["waits"], false);
    let without_person = first.with_bearer(&text(&without_person, "key"));
    assert_eq!(without_person.post("/v1/adjustments", &body).send().outcome(), "403 person-needed");
}

fn text_of_entry(answer: &Answer) -> String {
    answer.ok()["entry"]["entry_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_ends_and_shows_its_last_use() {
    let host = Host::start();
    let shop = host.shop();
    let body =
        json!({"role": "storefront", "label": "fair", "expires_at": "2026-03-10T12:00:00+08:00"});
    let made = shop.post("/v1/keys", &body).send();
    let till = shop.with_bearer(&text(&made, "key"));
    let listed = || -> Json {
        shop.get(&format!("/v1/keys?prefix={}", text(&made, "prefix"))).send().ok()["items"][0]
            .take()
    };
    assert_eq!(
        (&listed()["last_used_at"], &listed()["created_by"]),
        (&Json::Null, &json!("operator"))
    );
    assert_eq!(till.does("m", "share").send().status, 201);
    let first = listed()["last_used_at"].as_str().unwrap().to_owned();
    assert!(first.starts_with("2026-03-10T02:00:"), "{first}");
    host.clock("2026-03-10T10:59:00+08:00");
    till.does("m", "share").send();
    assert_eq!(listed()["last_used_at"], json!(first), "not every request writes");
    host.clock("2026-03-10T11:30:00+08:00");
    till.get("/v1/members/m").send().ok();
    assert!(listed()["last_used_at"].as_str().unwrap().starts_with("2026-03-10T03:30:"));
    host.clock("2026-03-10T12:00:00+08:00");
    assert_eq!(till.get("/v1/members/m").send().outcome(), "401 unauthorized");
    assert_eq!(listed()["expires_at"], "2026-03-10T04:00:00Z");
}

/// A new programme is usable without a guess at the next step.
#[test]
fn a_new_programme_answers_its_first_key_once() {
    let mut host = Host::start();
    let operator = host.shop();
    let book = operator.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let put =
        operator.put("/v1/programmes/new", &json!({"name": "new", "rulebook": book})).key("p-1");
    let made = put.send();
    let first = made.ok()["admin_key"].clone();
    assert_eq!(
        (made.status, &first["role"], &first["person_id"]),
        (201, &json!("admin"), &json!("first-admin"))
    );
    let shop = operator.with_programme("new").with_bearer(first["key"].as_str().unwrap());
    let till = shop.post("/v1/keys", &json!({"role": "storefront", "label": "till"})).send();
    assert_eq!(
        shop.with_bearer(&text(&till, "key")).does("m", "share").send().outcome(),
        "201 earn +10 = 10"
    );
    let again = put.send();
    assert_eq!(
        (again.status, again.is_replay(), &again.ok()["admin_key"]),
        (201, true, &Json::Null)
    );
    assert_eq!(shop.all("/v1/keys", 10).len(), 2);
    host.stop();
    let kept = host.books().text("SELECT group_concat(body) FROM answer");
    assert!(!kept.contains(&first["key"].as_str().unwrap()[12..]), "the key lies in the database");
    host.start_again();
}

/// A till whose key is bound to its store takes points for named lines, as it does for a sum.
#[test]
fn a_key_of_a_store_pays_lines() {
    let host = Host::start();
    let shop = host.shop();
    let body = json!({"role": "storefront", "label": "till", "stores": ["s-1"]});
    let till = shop.with_bearer(&text(&shop.post("/v1/keys", &body).send(), "key"));
    assert_eq!(
        till.post("/v1/earn", &purchase("m", "o-1", 10_000)).send().outcome(),
        "201 earn +100 = 100"
    );
    let line = json!({"line_id": "1", "quantity": 1, "points": 30});
    let paid = till.post("/v1/redeem", &json!({"member_id": "m", "lines": [line]})).send();
    assert_eq!(paid.outcome(), "201 redeem -30 = 70");
    assert_eq!(paid.ok()["entry"]["store_id"], "s-1");
}

/// A regional manager's key reads and writes only its stores, and a till cannot claim another
/// store.
#[test]
fn a_key_of_stores_keeps_to_them() {
    let host = Host::start();
    let shop = host.shop();
    let of = |role: &str, stores: Json| {
        let body = json!({"role": role, "label": role, "person_id": format!("{role} {stores}"), "stores": stores});
        shop.with_bearer(&text(&shop.post("/v1/keys", &body).send(), "key"))
    };
    let (till, region) =
        (of("storefront", json!(["s-1"])), of("storefront", json!(["s-1", "s-2"])));
    let (manager, finance) = (of("service", json!(["s-1", "s-2"])), of("finance", json!(["s-1"])));
    let at = |store: Option<&str>, order: &str| {
        let mut body = purchase("m", order, 1_000);
        if let Some(store) = store {
            body["store_id"] = store.into();
        }
        body
    };
    for (caller, store, order, outcome) in [
        (&till, None, "o-1", "201 earn +10 = 10"),
        (&till, Some("s-1"), "o-2", "201 earn +10 = 20"),
        (&till, Some("s-3"), "o-3", "403 store-forbidden"),
        (&region, Some("s-2"), "o-4", "201 earn +10 = 30"),
        (&region, None, "o-5", "400 invalid-request /store_id"),
        (&shop, Some("s-3"), "o-6", "201 earn +10 = 40"),
        (&shop, None, "o-7", "201 earn +10 = 50"),
    ] {
        assert_eq!(caller.post("/v1/earn", &at(store, order)).send().outcome(), outcome, "{order}");
    }
    let mut events = vec![at(None, "b-1"), at(Some("s-3"), "b-2"), at(Some("s-1"), "b-3")];
    for (n, event) in events.iter_mut().enumerate() {
        event["idempotency_key"] = format!("b-{n}").into();
    }
    assert_eq!(
        till.bulk(&events),
        ["201 earn +10 = 60", "403 store-forbidden", "201 earn +10 = 70"]
    );
    // A purchase in one store may be returned in another; the entry belongs to the store of the
    // return.
    assert_eq!(till.returns("m", "o-6").send().outcome(), "201 reverse -10 = 60");
    assert_eq!(till.redeems("m", 5).send().ok()["entry"]["store_id"], "s-1");
    let hold = shop.post(
        "/v1/redeem",
        &json!({"member_id": "m", "points": 5, "hold": {"minutes": 9}, "store_id": "s-3"}),
    );
    let hold = text_of_entry(&hold.send());
    assert_eq!(till.get(&format!("/v1/holds/{hold}")).send().outcome(), "404 hold-not-found");
    // Balances cover all stores, entries only its own.
    assert_eq!(till.balance("m"), 50);
    let seen = |caller: &Shop| {
        let entries = caller.all("/v1/members/m/entries", 200);
        entries
            .iter()
            .map(|entry| entry["store_id"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(&till), ["s-1", "s-1", "s-1", "s-1", "s-1", "s-1"]);
    assert_eq!(seen(&manager).len(), 7);
    assert_eq!(seen(&shop).len(), 10);
    let balance = finance.get("/v1/reports/trial-balance").send().ok();
    assert_eq!(
        balance["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|k| k["entries"].as_i64().unwrap())
            .sum::<i64>(),
        6
    );
    assert_eq!(balance["sum"], 0);
    // Adjustments: requested in its only store, visible to keys of that store.
    let one = of("service", json!(["s-1"]));
    let body = json!({"member_id": "m", "points": 5, "reason_code": "goodwill"});
    let request = text_of_entry(&one.post("/v1/adjustments", &body).send());
    let (here, there) = (of("approver", json!(["s-1"])), of("approver", json!(["s-3"])));
    assert_eq!(
        (here.all("/v1/adjustments", 9).len(), there.all("/v1/adjustments", 9).len()),
        (1, 0)
    );
    let approve = |caller: &Shop| {
        caller.ask("POST", &format!("/v1/adjustments/{request}/approve")).send().outcome()
    };
    assert_eq!(approve(&there), "404 request-not-found");
    assert_eq!(approve(&here), "201 adjust +5 = 60, approve +0 = 55");
    for (ask, outcome) in [
        (finance.get("/v1/reports/audit"), "403 store-forbidden"),
        (finance.get("/v1/audit-log"), "403 store-forbidden"),
        (finance.get("/v1/reports/budgets"), "403 store-forbidden"),
        (manager.post("/v1/members/m/freeze", &json!({"reason": "x"})), "403 store-forbidden"),
        (
            manager.post("/v1/members/m/merge", &json!({"from_member_id": "n", "reason": "x"})),
            "403 store-forbidden",
        ),
        (till.get("/v1/rewards"), "200"),
        (till.get("/v1/programmes/default"), "200"),
        (till.put("/v1/members/n", &json!({})), "201 profile +0 = 0"),
        // This holds for requests, too, and before any search.
        (
            manager.post("/v1/members/n/merge", &json!({"from_member_id": "m", "reason": "x"})),
            "403 store-forbidden",
        ),
        (
            here.post("/v1/members/m/recover", &json!({"entry_ids": [hold], "reason": "x"})),
            "403 store-forbidden",
        ),
        (
            shop.post("/v1/keys", &json!({"role": "job", "label": "x", "stores": ["s"]})),
            "400 invalid-request /stores",
        ),
        (
            shop.post("/v1/keys", &json!({"role": "service", "label": "x", "stores": []})),
            "400 invalid-request /stores",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
    let rotated = till.ask("POST", &format!("/v1/keys/{}/rotate", &till.bearer[..12])).send();
    assert_eq!(rotated.ok()["stores"], json!(["s-1"]));
}
