//! `/v1/members`, `/v1/entries/{id}` and `/v1/orders`: searches without a known member.

use serde_json::{Value as Json, json};
use tests::{Host, purchase};

#[test]
fn members_are_listed_searched_and_exported() {
    let host = Host::start();
    let shop = host.shop();
    for number in 0..23 {
        let profile = json!({"attributes": {"city": if number % 2 == 0 { "上海" } else { "=1+1" }}, "aliases": [format!("phone:+861380000{number:04}")]});
        shop.put(&format!("/v1/members/m-{number:02}"), &profile).send().ok();
    }
    shop.buys("vip", "o-1", 2_500_000).send().ok();
    shop.buys("+8613900000000", "o-2", 100).send().ok();
    host.shop_with("other", |_| {}).buys("theirs", "o-1", 100).send().ok();
    let ids = |query: &str| -> Vec<String> {
        let items = shop.all_with("/v1/members", query);
        items.iter().map(|item| item["member_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("id=").len(), 25);
    assert_eq!(ids("id=m-1").len(), 10);
    assert_eq!(ids("alias=phone:%2B861380000001").len(), 10);
    assert_eq!(ids("alias=phone:%2B8613800000015"), ["m-15"]);
    let tier = shop.member("vip")["tier"]["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&format!("tier={tier}")), ["vip"]);
    let tiers = shop.get("/v1/tiers").send().ok()["items"].clone();
    for counted in tiers.as_array().unwrap() {
        let listed = ids(&format!("tier={}", counted["tier"].as_str().unwrap())).len();
        assert_eq!(counted["members"], listed, "{tiers}");
    }
    let all: i64 = tiers.as_array().unwrap().iter().map(|of| of["members"].as_i64().unwrap()).sum();
    assert_eq!((tiers.as_array().unwrap().len(), all), (2, 25), "{tiers}");
    // What comes back may change a tier, and counts with it.
    shop.returns("vip", "o-1").send().ok();
    for counted in shop.get("/v1/tiers").send().ok()["items"].as_array().unwrap() {
        let listed = ids(&format!("tier={}", counted["tier"].as_str().unwrap())).len();
        assert_eq!(counted["members"], listed, "{counted}");
    }
    let desk =
        json!({"role": "service", "label": "east", "person_id": "east", "stores": ["east-1"]});
    let made = shop.post("/v1/keys", &desk).send().ok();
    let desk = shop.with_bearer(made["key"].as_str().unwrap());
    assert_eq!(desk.get("/v1/tiers").send().outcome(), "403 store-forbidden");
    assert_eq!(ids("attribute=city:%E4%B8%8A%E6%B5%B7").len(), 12);
    assert!(ids("id=theirs").is_empty(), "another programme's");
    let one = &shop.get("/v1/members?id=vip").send().ok()["items"][0];
    assert_eq!(
        (&one["ledger_balance"], &one["debt"], &one["closed"]),
        (&json!(shop.balance("vip")), &json!(0), &Json::Null)
    );
    // As files, page by page.
    let page = |query: &str| shop.get(&format!("/v1/members?{query}")).send();
    let first = page("format=csv&limit=10");
    assert_eq!(
        (first.status, first.header("content-type")),
        (200, Some("text/csv; charset=utf-8"))
    );
    let next = first.header("next-cursor").unwrap().to_owned();
    let second = page(&format!("format=csv&limit=4000&cursor={next}"));
    assert_eq!(second.header("next-cursor"), None);
    let file = format!("{}{}", first.text(), second.text());
    assert_eq!(file.lines().count(), 26);
    assert!(file.starts_with("member_id,joined_at,tier,"));
    // No cell begins like a formula.
    assert!(
        file.lines().all(|line| line.split(',').all(|cell| !cell.starts_with(['=', '+', '@']))),
        "{file}"
    );
    assert!(file.contains("\n'+8613900000000,"), "{file}");
    let lines = page("format=jsonl&limit=5000").text();
    let read: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((read.len(), &read[1]["attributes"]["city"]), (25, &json!("上海")));
    for (query, outcome) in [
        ("limit=201", "400 invalid-request ?limit"),
        ("format=xml", "400 invalid-request ?format"),
        ("format=csv&limit=5001", "400 invalid-request ?limit"),
        ("id=a&alias=b", "400 invalid-request ?alias"),
        ("id=%27", "400 invalid-request ?id"),
        ("attribute=city", "400 invalid-request ?attribute"),
        ("name=x", "400 invalid-request ?name"),
    ] {
        assert_eq!(page(query).outcome(), outcome, "{query}");
    }
    // A till may read one member, not all of them.
    assert_eq!(
        shop.with_bearer(&shop.key("storefront")).get("/v1/members").send().outcome(),
        "403 forbidden"
    );
    assert_eq!(shop.ask("POST", "/v1/members").send().outcome(), "405 method-not-allowed");
}

#[test]
fn an_entry_and_an_order_without_the_member() {
    let host = Host::start();
    let shop = host.shop();
    let mut ids = Vec::new();
    for number in 0..20 {
        let earned = shop.buys(&format!("m{number}"), &format!("o-{number}"), 10_000).send().ok();
        ids.push((earned["entry"]["entry_id"].as_str().unwrap().to_owned(), format!("m{number}")));
    }
    let redeemed = shop.redeems("m3", 5).send().ok();
    ids.push((redeemed["entry"]["entry_id"].as_str().unwrap().to_owned(), "m3".to_owned()));
    for (id, member) in &ids {
        let entry = shop.get(&format!("/v1/entries/{id}")).send().ok();
        assert_eq!(
            (entry["entry_id"].as_str(), entry["member_id"].as_str()),
            (Some(id.as_str()), Some(member.as_str()))
        );
    }
    let other = host.shop_with("other", |_| {});
    for (ask, outcome) in [
        (other.get(&format!("/v1/entries/{}", ids[0].0)), "404 resource-not-found"),
        (shop.get("/v1/entries/x"), "404 resource-not-found"),
        (shop.get("/v1/entries/019ba5a2-303d-7efc-88d6-0382d84f107d"), "404 resource-not-found"),
        (shop.get("/v1/entries/ffffffff-ffff-ffff-ffff-ffffffffffff"), "404 resource-not-found"),
        (shop.get(&format!("/v1/entries/{}?x=1", ids[0].0)), "400 invalid-request ?x"),
        (shop.get("/v1/orders"), "400 invalid-request ?reference"),
        (shop.get("/v1/orders?reference=a%20b"), "400 invalid-request ?reference"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let mut west = purchase("m1", "o-0", 5_000);
    west["store_id"] = "west".into();
    assert_eq!(shop.post("/v1/earn", &west).send().outcome(), "409 reference-of-another");
    shop.returns("m0", "o-0").send().ok();
    shop.post("/v1/earn", &west).send().ok();
    let found = |query: &str| -> Vec<String> {
        let items = shop.get(&format!("/v1/orders?{query}")).send().ok()["items"].take();
        let shown = |item: &Json| {
            let corrections = item["corrections"].as_array().unwrap().len();
            format!(
                "{} {} {} {corrections}",
                item["member_id"].as_str().unwrap(),
                item["state"].as_str().unwrap(),
                item["store_id"]
            )
        };
        items.as_array().unwrap().iter().map(shown).collect()
    };
    assert_eq!(found("reference=o-0"), ["m0 undone null 1", "m1 recorded \"west\" 0"]);
    assert_eq!(found("reference=o-0&store_id=west"), ["m1 recorded \"west\" 0"]);
    assert_eq!(found("reference=o-0&event=redeem"), Vec::<String>::new());
    assert_eq!(found("reference=nothing"), Vec::<String>::new());
}

/// A person of one region lists its members alone, page by page.
#[test]
fn who_is_for_some_stores_lists_their_members_alone() {
    let host = Host::start();
    let shop = host.shop();
    for number in 0..6 {
        let mut body = purchase(&format!("m-{number}"), &format!("o-{number}"), 1_000);
        body["store_id"] = json!(if number % 2 == 0 { "east-1" } else { "west-1" });
        shop.post("/v1/earn", &body).send().ok();
    }
    shop.put("/v1/members/m-5/preferences", &json!({"home_store_id": "east-1"})).send().ok();
    let body =
        json!({"role": "service", "label": "anna", "person_id": "anna", "stores": ["east-1"]});
    let made = shop.post("/v1/keys", &body).send().ok();
    let anna = shop.with_bearer(made["key"].as_str().unwrap());
    let ids = |query: &str| -> Vec<String> {
        let items = anna.all_with("/v1/members", query);
        items.iter().map(|item| item["member_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("id="), ["m-0", "m-2", "m-4", "m-5"]);
    let tier = shop.member("m-0")["tier"]["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&format!("tier={tier}")), ["m-0", "m-2", "m-4", "m-5"]);
    let file = anna.get("/v1/members?format=csv").send().text();
    assert!(file.contains("\nm-4,") && !file.contains("m-1") && !file.contains("m-3"), "{file}");
}
