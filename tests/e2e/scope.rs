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
    let mut unknown = purchase("m-1", "o-unknown", 1_000);
    unknown["store_id"] = "west-unregistered".into();
    shop.post("/v1/earn", &unknown).send().ok();
    shop
}

/// What no answer may hold: names of the west, and the ids of its entries.
fn of_the_west(shop: &Shop) -> BTreeSet<String> {
    let mut marks = BTreeSet::from(["west-".to_owned()]);
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
    let mut names: Vec<String> =
        ["m-1", "m-east", "m-west", "east-1", "west-1", "default", "1", "west-order-m-1"]
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
        "kind=earn",
    ];
    let (mut read, mut faults) = (BTreeSet::new(), BTreeSet::new());
    for role in ROLES {
        let roles = json!([{"role": role, "regions": ["east"]}]);
        let anna = person(&host, &format!("anna {role}"), &roles, START);
        for (path, methods) in document["paths"].as_object().unwrap() {
            let Some(route) = methods.get("get") else { continue };
            if route.get("security").is_none() {
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
                    for mark in marks.iter().filter(|mark| text.contains(*mark)) {
                        faults.insert(format!("{role}: GET {asked} tells {mark}"));
                    }
                }
            }
        }
        sums_are_those_of_the_east(&anna, role);
    }
    assert!(read.len() >= 17, "only {read:?} were read");
    assert!(faults.is_empty(), "{faults:#?}");
    // All of it is there for whom it concerns.
    let all = shop.get("/v1/stores").send().text();
    assert!(all.contains("west-boss"));
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

/// Counts and sums are no larger than what was done in the east: two members, five entries each.
fn sums_are_those_of_the_east(anna: &Person, role: &str) {
    let answer = anna.ask("GET", "/v1/reports/trial-balance").send();
    if answer.status != 200 {
        assert_eq!(answer.outcome(), "403 forbidden", "{role}");
        return;
    }
    let report = answer.json();
    let count = |kind: &Json| kind["entries"].as_i64().unwrap();
    let entries: i64 = report["kinds"].as_array().unwrap().iter().map(count).sum();
    assert_eq!(entries, 10, "{role}: {report}");
}
