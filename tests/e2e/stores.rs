//! `/v1/stores` and `/v1/unassigned-stores`.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, purchase};

fn puts(shop: &Shop, id: &str, store: &Json) -> tests::Ask {
    shop.put(&format!("/v1/stores/{id}"), store)
}

fn ids(found: &[Json]) -> Vec<&str> {
    found.iter().map(|store| store["store_id"].as_str().unwrap()).collect()
}

/// A purchase in a store.
fn buys_in(shop: &Shop, member: &str, order: &str, store: &str) -> tests::Answer {
    let mut body = purchase(member, order, 1_000);
    body["store_id"] = json!(store);
    shop.post("/v1/earn", &body).send()
}

#[test]
fn the_registry_tells_where_stores_lie() {
    let host = Host::start();
    let shop = host.shop();
    let till = shop.with_bearer(&shop.key("storefront"));
    let full = json!({"name": "世纪大道店", "region": "华东/上海/浦东", "department": "华东零售部",
        "manager_id": "li.na", "opened_on": "2024-05-01", "closed_on": "2024-05-01"});
    assert_eq!(puts(&till, "sh-001", &full).send().outcome(), "403 forbidden");
    let made = puts(&shop, "sh-001", &full).key("k-1").send();
    assert_eq!(made.status, 201);
    puts(&shop, "sh-001", &full).key("k-1").send().assert_replays(&made);
    let mut expected = full.clone();
    expected["store_id"] = json!("sh-001");
    let shown = till.get("/v1/stores/sh-001").send().ok();
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(shown[field], *value, "{field}");
    }
    assert_eq!(made.ok(), shown);
    // The same again, under another key, is no change.
    assert_eq!(puts(&shop, "sh-001", &full).send().ok(), shown);
    // A person whom the programme knows has one spelling.
    let _known = shop.key_of("Li.Na", "service");
    let mut spelt = full.clone();
    spelt["manager_id"] = json!("LI.NA");
    assert_eq!(puts(&shop, "sh-000", &spelt).send().ok()["manager_id"], "Li.Na");
    assert_eq!(shop.ask("DELETE", "/v1/stores/sh-000").send().status, 204);
    let moved = json!({"name": "世纪大道店", "region": "华东南/厦门"});
    let changed = puts(&shop, "sh-001", &moved).send();
    assert_eq!((changed.status, &changed.ok()["department"]), (200, &Json::Null));
    let log = shop.get("/v1/audit-log?action=store_put&subject=sh-001").send().ok();
    let log = log["items"].as_array().unwrap().clone();
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!(
        (&log[0]["before"]["region"], &log[1]["before"]),
        (&json!("华东/上海/浦东/"), &Json::Null)
    );

    for (id, region) in
        [("a", "华东"), ("b", "华东/上海"), ("c", "华北"), ("d", "华东/上海/浦东/世纪大道")]
    {
        assert_eq!(puts(&shop, id, &json!({"name": id, "region": region})).send().status, 201);
    }
    let within = |region: &str| till.all_with("/v1/stores", &format!("region={region}"));
    assert_eq!(ids(&within("%E5%8D%8E%E4%B8%9C")), ["a", "b", "d"]);
    assert_eq!(ids(&within("%E5%8D%8E%E4%B8%9C%2F%E4%B8%8A%E6%B5%B7")), ["b", "d"]);
    assert_eq!(ids(&till.all("/v1/stores", 2)), ["a", "b", "c", "d", "sh-001"]);

    for (id, store, outcome) in [
        ("x", json!({"name": "", "region": "华东"}), "400 invalid-request /name"),
        ("x", json!({"name": "x", "region": "华东/"}), "400 invalid-request /region"),
        ("x", json!({"name": "x", "region": "a/b/c/d/e"}), "400 invalid-request /region"),
        ("x", json!({"name": "x"}), "400 invalid-request "),
        (
            "x",
            json!({"name": "x", "region": "a", "opened_on": "2026-02-29"}),
            "400 invalid-request /opened_on",
        ),
        (
            "x",
            json!({"name": "x", "region": "a", "opened_on": "2026-02-02", "closed_on": "2026-02-01"}),
            "400 invalid-request /closed_on",
        ),
        ("x", json!({"name": "x", "region": "a", "state": "open"}), "400 invalid-request /state"),
        ("%07", json!({"name": "x", "region": "a"}), "400 invalid-request "),
    ] {
        assert_eq!(puts(&shop, id, &store).send().outcome(), outcome);
    }
    for (ask, outcome) in [
        (till.get("/v1/stores/x"), "404 resource-not-found"),
        (till.get("/v1/stores?region=%2F"), "400 invalid-request ?region"),
        (till.ask("DELETE", "/v1/stores/a"), "403 forbidden"),
        (shop.ask("DELETE", "/v1/stores/x"), "404 resource-not-found"),
        (shop.ask("POST", "/v1/stores/a"), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.ask("DELETE", "/v1/stores/a").send().status, 204);
    assert_eq!(till.get("/v1/stores/a").send().outcome(), "404 resource-not-found");
    let other = host.shop_with("other", |_| {});
    assert_eq!(ids(&other.all("/v1/stores", 2)), [""; 0], "another programme has its own registry");
}

#[test]
fn entries_of_unknown_stores_are_shown_until_these_are_registered() {
    let host = Host::start();
    let shop = host.shop();
    let finance = shop.with_bearer(&shop.key("finance"));
    let till = shop.with_bearer(&shop.key("storefront"));
    let first = buys_in(&shop, "m", "o-1", "s-2").ok();
    buys_in(&shop, "m", "o-2", "s-2").ok();
    buys_in(&shop, "n", "o-3", "s-1").ok();
    shop.buys("n", "o-4", 1_000).send().ok();
    assert_eq!(till.get("/v1/unassigned-stores").send().outcome(), "403 forbidden");
    let found = finance.all("/v1/unassigned-stores", 1);
    assert_eq!(ids(&found), ["s-1", "s-2"]);
    assert_eq!(found[1]["first_entry_id"], first["entry"]["entry_id"]);
    assert_eq!(found[1]["first_entry_at"], first["entry"]["recorded_at"]);
    puts(&shop, "s-2", &json!({"name": "Two", "region": "north"})).send().ok();
    assert_eq!(ids(&finance.all("/v1/unassigned-stores", 9)), ["s-1"]);
    shop.ask("DELETE", "/v1/stores/s-2").send();
    assert_eq!(ids(&finance.all("/v1/unassigned-stores", 9)), ["s-1", "s-2"]);
    // A dry run and a refusal name no store.
    let mut body = purchase("m", "o-9", 1_000);
    body["store_id"] = json!("s-9");
    shop.post("/v1/earn?dry_run=true", &body).send().ok();
    shop.post("/v1/redeem", &json!({"member_id": "m", "points": 999, "store_id": "s-8"})).send();
    assert_eq!(ids(&finance.all("/v1/unassigned-stores", 9)), ["s-1", "s-2"]);
}

#[test]
fn a_key_of_stores_sees_its_own() {
    let host = Host::start();
    let shop = host.shop();
    for id in ["a", "b", "c"] {
        puts(&shop, id, &json!({"name": id, "region": "north"})).send().ok();
    }
    let key = shop
        .post("/v1/keys", &json!({"role": "service", "label": "two", "stores": ["a", "c", "z"]}));
    let key = key.send().ok()["key"].as_str().unwrap().to_owned();
    let own = shop.with_bearer(&key);
    assert_eq!(ids(&own.all("/v1/stores", 1)), ["a", "c"]);
    assert_eq!(own.get("/v1/stores/a").send().status, 200);
    assert_eq!(own.get("/v1/stores/b").send().outcome(), "403 store-forbidden");
    assert_eq!(own.get("/v1/stores/z").send().outcome(), "404 resource-not-found");
}
