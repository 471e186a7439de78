//! Persons of a region: whatever they read, they find nothing of another region.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tests::{Host, Shop, purchase};

use crate::sign_in::{Person, START, person};

const ROLES: [&str; 7] = [
    "storefront",
    "service",
    "marketing",
    "finance",
    "approver",
    "department_head",
    "vice_president",
];

/// A shop with two regions, where members bought, returned, spent and were given points in both.
/// All that is of the west has a name that begins with `west-`.
fn two_regions(host: &Host) -> Shop {
    let shop = host.shop();
    for region in ["east", "west"] {
        let store = format!("{region}-1");
        let body = json!({"name": format!("{region}-shop"), "region": region, "manager_id": format!("{region}-boss")});
        shop.put(&format!("/v1/stores/{store}"), &body).send().ok();
        let of = |role: &str| {
            let person = format!("{region}-{role}");
            let body =
                json!({"role": role, "label": person, "person_id": person, "stores": [store]});
            let made = shop.post("/v1/keys", &body).send().ok();
            shop.with_bearer(made["key"].as_str().unwrap())
        };
        let (till, desk) = (of("storefront"), of("service"));
        for member in ["m-1", &format!("m-{region}")] {
            let mut body = purchase(member, &format!("{region}-order-{member}"), 100_000);
            body["channel"] = format!("{region}-channel").into();
            till.post("/v1/earn", &body).with("device-id", format!("{region}-device")).send().ok();
            let spends = json!({"member_id": member, "points": 7, "reference": format!("{region}-basket-{member}"), "reason": format!("{region}-reason")});
            till.post("/v1/redeem", &spends).send().ok();
            let hold = json!({"member_id": member, "points": 3, "hold": {"minutes": 60}, "reason": format!("{region}-hold")});
            till.post("/v1/redeem", &hold).send().ok();
            let wish = json!({"member_id": member, "points": 5, "reason_code": "goodwill", "evidence": format!("{region}-ticket")});
            desk.post("/v1/adjustments", &wish).send().ok();
            till.returns(member, &format!("{region}-order-{member}")).send().ok();
        }
    }
    let mut unknown = purchase("m-1", "o-unknown", 100_000);
    unknown["store_id"] = "west-unregistered".into();
    shop.post("/v1/earn", &unknown).send().ok();
    // A household that spends in both.
    for member in ["m-1", "m-east"] {
        shop.ask("PUT", &format!("/v1/pools/home/members/{member}")).send();
        shop.put("/v1/pools/home/invitations/m-east", &json!({"head_id": "m-1"})).send();
    }
    customers(&shop);
    for (no, region) in [(1, "west"), (2, "east")] {
        let member = format!("SELECT no FROM member WHERE id = 'm-{region}'");
        let member = host.books().number(&member);
        let programme = host.books().number("SELECT programme_no FROM member WHERE id = 'm-west'");
        host.reach()
            .write(&format!(
                "INSERT INTO task (no, programme_no, touch_no, source, member_no, to_kind, to_name, title, text, made_at, due_at, state)
                 VALUES ({no}, {programme}, {no}, '{region}-call', {member}, 'store', '', '{{}}', '{{\"en\": \"{region}-wish\"}}', 0, 0, 'open')"
            ))
            .unwrap();
    }
    for region in ["east", "west"] {
        let spends = json!({"member_id": "m-1", "points": 2, "store_id": format!("{region}-1"), "reason": format!("{region}-treat")});
        assert_eq!(shop.post("/v1/pools/home/redeem", &spends).send().status, 201);
    }
    shop
}

/// What is known of the members beyond points, and lists and tags that hold both.
fn customers(shop: &Shop) {
    let names = json!({"zh-CN": "贵宾", "en": "VIP"});
    shop.put("/v1/segments/vip", &json!({"names": names, "kind": "static"})).send().ok();
    let rule = json!({"names": names, "kind": "active", "when": "member.orders >= 0"});
    shop.put("/v1/segments/all", &rule).send().ok();
    let tag = json!({"names": names, "class": "value", "kind": "rule", "use": "offers",
        "refresh": "daily", "when": "member.orders >= 0"});
    shop.put("/v1/tags/buyers", &tag).send().ok();
    for region in ["east", "west"] {
        let member = format!("m-{region}");
        let told = json!({"attributes": {"note": format!("{region}-note")}});
        shop.put(&format!("/v1/members/{member}"), &told).send().ok();
        let email = json!({"address": format!("{region}-mail@example.com")});
        shop.put(&format!("/v1/members/{member}/contacts/email"), &email).send().ok();
        let yes = json!({"purpose": "marketing", "channel": "email", "decision": "given",
            "source": format!("{region}-form"), "evidence": format!("{region}-paper"),
            "address": format!("{region}-mail@example.com")});
        shop.post(&format!("/v1/members/{member}/consents"), &yes).send().ok();
        let home = json!({"home_store_id": format!("{region}-1")});
        shop.put(&format!("/v1/members/{member}/preferences"), &home).send().ok();
        let view = json!({"idempotency_key": format!("{region}-view"), "member_id": member,
            "kind": "view", "item": format!("{region}-item"), "occurred_at": "2026-03-10T09:00:00+08:00"});
        shop.post("/v1/behaviour/bulk", &json!({"events": [view]})).send().ok();
    }
    let both = json!({"add": ["m-east", "m-west"]});
    shop.post("/v1/segments/vip/members", &both).send().ok();
    shop.runs("fold");
    shop.runs("refresh");
}

/// What no answer may hold: names of the west, and the ids of its entries.
fn of_the_west(shop: &Shop) -> BTreeSet<String> {
    let mut marks = BTreeSet::from(["west-".to_owned(), "m-west".to_owned()]);
    for member in ["m-1", "m-west"] {
        for entry in shop.all(&format!("/v1/members/{member}/entries"), 200) {
            if entry["store_id"].as_str().is_some_and(|store| store.starts_with("west")) {
                marks.insert(entry["entry_id"].as_str().unwrap().to_owned());
                marks.insert(entry["hash"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(marks.len() > 12, "{marks:?}");
    marks
}

/// What stands in place of a path's parameters: all that there is of either region.
fn names(shop: &Shop) -> Vec<String> {
    let mut names: Vec<String> = [
        "m-1",
        "m-east",
        "m-west",
        "home",
        "east-1",
        "west-1",
        "default",
        "1",
        "2",
        "west-order-m-1",
        "vip",
        "all",
        "buyers",
        "email",
    ]
    .map(str::to_owned)
    .into();
    for member in ["m-1", "m-east", "m-west"] {
        let entries = shop.all(&format!("/v1/members/{member}/entries"), 200);
        names.extend(entries.iter().map(|entry| entry["entry_id"].as_str().unwrap().to_owned()));
    }
    let keys = shop.all("/v1/keys", 200);
    names.extend(keys.iter().take(2).map(|key| key["prefix"].as_str().unwrap().to_owned()));
    names
}

#[test]
fn a_person_of_one_region_finds_nothing_of_another() {
    let host = Host::start();
    let shop = two_regions(&host);
    let marks = of_the_west(&shop);
    let names = names(&shop);
    let document = shop.get("/openapi.json").send().ok();
    let queries = [
        "",
        "limit=200",
        "limit=2",
        "member_id=m-west",
        "member_id=m-1",
        "store_id=west-1",
        "region=west",
        "reference=west-order-m-1",
        "device=west-device",
        "actor=x",
        "order=balance",
        "strategy=west-call",
        "state=open",
        "mine=true",
        "after=0",
        "kind=earn",
    ];
    let (mut read, mut faults) = (BTreeSet::new(), BTreeSet::new());
    for role in ROLES {
        let roles = json!([{"role": role, "regions": ["east"]}]);
        let anna = person(&host, &format!("anna {role}"), &roles, START);
        for (path, methods) in document["paths"].as_object().unwrap() {
            let Some(route) = methods.get("get") else { continue };
            // Passes of members are for no person of the back office: `me.rs` looks at those.
            if route["security"][0].get("key").is_none() {
                continue;
            }
            let known: Vec<&str> = route["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|parameter| parameter["in"] == "query")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            for address in addresses(path, &names) {
                for query in queries {
                    let name = query.split('=').next().unwrap();
                    if !query.is_empty() && !known.contains(&name) {
                        continue;
                    }
                    let asked = format!("{address}?{query}");
                    let answer = anna.ask("GET", &asked).send();
                    if answer.status != 200 {
                        // Nor does a refusal tell more than what was asked.
                        assert!(
                            [400, 403, 404, 409].contains(&answer.status),
                            "{asked}: {}",
                            answer.text()
                        );
                        continue;
                    }
                    read.insert(path.clone());
                    let text = answer.text();
                    // A till reads the balance of each member that it is told, and nothing else.
                    let is_balance = address == "/v1/members/m-west";
                    let told =
                        |mark: &&String| text.contains(*mark) && !(is_balance && *mark == "m-west");
                    for mark in marks.iter().filter(told) {
                        faults.insert(format!("{role}: GET {asked} tells {mark}"));
                    }
                }
            }
        }
        sums_are_those_of_the_east(&host, &anna, role);
    }
    assert!(read.len() >= 19, "only {read:?} were read");
    assert!(faults.is_empty(), "{faults:#?}");
    // All of it is there for whom it concerns.
    let all = shop.get("/v1/stores").send().text();
    assert!(all.contains("west-boss"));
    for list in ["/v1/segments/vip/members", "/v1/segments/all/members", "/v1/tags/buyers/members"]
    {
        let members = shop.get(list).send().text();
        assert!(members.contains("m-east") && members.contains("m-west"), "{list}: {members}");
    }
    let tasks = shop.get("/v1/tasks").send().text();
    assert!(tasks.contains("west-wish") && tasks.contains("east-wish"), "{tasks}");
    assert!(read.contains("/v1/tasks") && read.contains("/v1/tasks/{id}"), "{read:?}");
    let sources = shop.get("/v1/members/m-west/consents").send().text();
    assert!(sources.contains("west-paper"));
}

/// Each parameter of the path with each name.
fn addresses(path: &str, names: &[String]) -> Vec<String> {
    let mut addresses = vec![String::new()];
    for segment in path.split('/').skip(1) {
        let texts: Vec<&str> = if segment.starts_with('{') {
            names.iter().map(String::as_str).collect()
        } else {
            vec![segment]
        };
        addresses = addresses
            .iter()
            .flat_map(|before| texts.iter().map(move |text| format!("{before}/{text}")))
            .collect();
    }
    addresses
}

/// Counts and sums are no larger than what was done in the east.
fn sums_are_those_of_the_east(host: &Host, anna: &Person, role: &str) {
    let answer = anna.ask("GET", "/v1/reports/trial-balance").send();
    if answer.status != 200 {
        assert_eq!(answer.outcome(), "403 forbidden", "{role}");
        return;
    }
    let report = answer.json();
    let count = |kind: &Json| kind["entries"].as_i64().unwrap();
    let entries: i64 = report["kinds"].as_array().unwrap().iter().map(count).sum();
    let of_the_east = host.books().number("SELECT count(*) FROM entry WHERE store = 'east-1'");
    assert_eq!(entries, of_the_east, "{role}: {report}");
}

/// A list is narrowed where it is read: a page is full as long as there is more.
#[test]
fn pages_of_a_person_of_one_region_are_full() {
    let host = Host::start();
    let shop = host.shop();
    let till = |store: &str, order: usize| {
        let mut body = purchase("m", &format!("o-{order}"), 1_000);
        body["store_id"] = store.into();
        shop.post("/v1/earn", &body).with("device-id", "phone").send().ok();
    };
    for order in 0..9 {
        till(if order % 3 == 0 { "s-1" } else { "s-2" }, order);
    }
    let anna = person(&host, "anna", &json!([{"role": "service", "stores": ["s-1"]}]), START);
    for list in ["/v1/members/m/entries?", "/v1/traces?member_id=m&", "/v1/traces?device_id=phone&"]
    {
        let (mut sizes, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = anna.ask("GET", &format!("{list}limit=2{cursor}")).send().ok();
            sizes.push(page["items"].as_array().unwrap().len());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(sizes, [2, 1], "{list}");
    }
    let nowhere = person(&host, "ben", &json!([{"role": "service", "stores": ["s-9"]}]), START);
    let of = |member: &str| nowhere.ask("GET", &format!("/v1/members/{member}/entries")).send();
    assert_eq!(of("m").ok()["items"], json!([]));
    assert_eq!(of("nobody").outcome(), "404 member-not-found");
}
