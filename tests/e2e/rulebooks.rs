//! The life of a rulebook: checks without publishing, versions, differences, going back; broken
//! rulebooks; publishing under load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

fn published(shop: &Shop) -> Json {
    shop.get("/v1/programmes/default").send().ok()
}

/// The next document: the current rulebook with a change.
fn next(shop: &Shop, change: impl FnOnce(&mut Json)) -> Json {
    let found = published(shop);
    let mut body = json!({"name": found["name"], "rulebook": found["rulebook"]});
    change(&mut body["rulebook"]);
    body
}

#[test]
fn a_rulebook_is_checked_compared_and_taken_back() {
    let host = Host::start();
    let shop = host.shop();
    let first = published(&shop)["rulebook"].clone();
    let body = next(&shop, |book| {
        book["purchase"]["points_per_unit"] = "2".into();
        book["rules"] = json!([
            {"id": "a", "event": "purchase", "when": "member.is_new", "award": {"kind": "fixed", "points": 5}},
            {"id": "b", "event": "purchase", "award": {"kind": "fixed", "points": 1}},
        ]);
    });
    let dry = shop.put("/v1/programmes/default?dry_run=true", &body).send();
    assert_eq!((dry.status, dry.header("dry-run")), (200, Some("true")));
    let mut broken = body.clone();
    broken["rulebook"]["rules"][0]["when"] = "member.is_knew".into();
    let dry = shop.put("/v1/programmes/default?dry_run=true", &broken).send();
    assert_eq!(dry.outcome(), "400 invalid-request /rulebook/rules/0/when");
    assert_eq!(published(&shop)["rulebook_version"], 1, "nothing was published");

    shop.put("/v1/programmes/default", &body).send().ok();
    let third = next(&shop, |book| {
        let rules = book["rules"].as_array_mut().unwrap();
        rules.reverse();
        rules[1]["award"]["points"] = 7.into();
        book["expiry"]["a/b"] = json!({"policy": "never"});
    });
    shop.put("/v1/programmes/default", &third).send().ok();

    let list = shop.all("/v1/programmes/default/rulebooks", 2);
    assert_eq!(
        list.iter().map(|item| item["version"].as_i64().unwrap()).collect::<Vec<_>>(),
        [3, 2, 1]
    );
    let old = shop.get("/v1/programmes/default/rulebooks/1").send().ok();
    assert_eq!((&old["rulebook"], &old["published_by"]), (&first, &json!("seed")));
    let changes = |path: &str| {
        let diff = shop.get(path).send().ok();
        diff["changes"].as_array().unwrap().iter().map(Json::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        changes("/v1/programmes/default/rulebooks/3/diff"),
        [
            r#"{"after":{"policy":"never"},"before":null,"pointer":"/expiry/a~1b"}"#,
            r#"{"after":7,"before":5,"pointer":"/rules/a/award/points"}"#,
            r#"{"after":["b","a"],"before":["a","b"],"pointer":"/rules"}"#,
        ]
    );
    let since = changes("/v1/programmes/default/rulebooks/3/diff?from=1");
    assert!(
        since.contains(
            &r#"{"after":"2","before":"1","pointer":"/purchase/points_per_unit"}"#.to_owned()
        ),
        "{since:?}"
    );
    assert_eq!(changes("/v1/programmes/default/rulebooks/2/diff?from=2"), [""; 0]);

    let restored =
        shop.post("/v1/programmes/default/rulebooks/1/restore", &json!({})).key("back").send();
    assert_eq!(restored.ok()["rulebook_version"], 4);
    shop.post("/v1/programmes/default/rulebooks/1/restore", &json!({}))
        .key("back")
        .send()
        .assert_replays(&restored);
    assert_eq!(published(&shop)["rulebook"], first);
    assert_eq!(shop.buys("m", "o-1", 1_000).send().outcome(), "201 earn +10 = 10");

    let marketing = shop.with_bearer(&shop.key("marketing"));
    let other = host.shop_with("other", |_| {});
    for (ask, outcome) in [
        (marketing.get("/v1/programmes/default/rulebooks"), "200"),
        (marketing.post("/v1/programmes/default/rulebooks/1/restore", &json!({})), "403 forbidden"),
        (other.get("/v1/programmes/default/rulebooks"), "404 resource-not-found"),
        (other.get("/v1/programmes/default/rulebooks/1"), "404 resource-not-found"),
        (other.get("/v1/programmes/default/rulebooks/1/diff"), "404 resource-not-found"),
        (shop.get("/v1/programmes/default/rulebooks/9"), "404 resource-not-found"),
        (shop.get("/v1/programmes/default/rulebooks/x"), "400 invalid-request version"),
        (shop.get("/v1/programmes/default/rulebooks/1/diff"), "404 resource-not-found"),
        (shop.get("/v1/programmes/default/rulebooks/2/diff?from=x"), "400 invalid-request version"),
        (shop.get("/v1/programmes/default/rulebooks?limit=0"), "400 invalid-request ?limit"),
        (shop.ask("DELETE", "/v1/programmes/default/rulebooks/1"), "405 method-not-allowed"),
        (
            shop.post("/v1/programmes/default/rulebooks/9/restore", &json!({})),
            "404 resource-not-found",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
}

/// A rulebook with one of every part.
fn rich(shop: &Shop) -> Json {
    next(shop, |book| {
        book["coupons"] = json!({"fifty": {"off_minor": 5_000, "min_minor": 100, "expiry": "campaign", "channels": ["app"]}});
        book["groups"] = json!({"spring": "best_of"});
        book["caps"]["budget"] =
            json!({"points": 1_000_000, "per": "month", "red_line_percent": 80});
        book["purchase"]["coupon"] = json!({"coupon": "fifty", "from_minor": 1});
        book["purchase"]["pending"] = json!({"days": 7});
        book["purchase"]["lines"] = "line.sku != \"X\"".into();
        book["tiers"]["lines"] = "line.quantity > 0".into();
        book["risk"] = json!({"review_above_minor": 1, "velocity": [{"event": "purchase", "times": 5, "per": "day"}]});
        book["rules"] = json!([
            {"id": "a", "event": "purchase", "from": "2026-01-01", "until": "2026-12-31", "when": "member.is_new", "lines": "line.quantity > 1",
             "conditions": [{"field": "member.tier", "operator": "one_of", "values": ["gold"]}],
             "award": {"kind": "brackets", "brackets": [{"from_minor": 0, "points_per_unit": "1"}]},
             "growth": 1, "coupon": "fifty", "limit": {"times": 1, "per": "day"}, "caps": [{"points": 1, "per": "day", "of": "device"}],
             "expiry": "campaign", "pending": {"days": 1}, "group": "spring", "priority": 1},
            {"id": "b", "event": "share", "award": {"kind": "multiplier", "times": "2"}},
        ]);
    })
}

/// Puts an impossible value at every place of the document.
fn broken(value: &Json, pointer: &str, found: &mut Vec<(String, Json)>) {
    // Any text is a valid value or channel, and a priority may be negative.
    if pointer.contains("/values")
        || pointer.contains("/channels")
        || pointer.ends_with("/priority")
    {
        return;
    }
    match value {
        Json::Object(fields) => {
            found.push((pointer.to_owned(), json!(7)));
            found.push((format!("{pointer}/no_such_field"), json!(7)));
            for (name, value) in fields {
                broken(value, &format!("{pointer}/{name}"), found);
            }
        }
        Json::Array(items) => {
            found.push((pointer.to_owned(), json!("§")));
            for (place, item) in items.iter().enumerate() {
                broken(item, &format!("{pointer}/{place}"), found);
            }
        }
        Json::Number(_) => {
            found.extend([json!(-1), json!("§"), json!(1e300)].map(|bad| (pointer.to_owned(), bad)))
        }
        Json::String(_) => {
            found.extend([json!("§"), json!(7), json!([])].map(|bad| (pointer.to_owned(), bad)))
        }
        Json::Bool(_) => found.push((pointer.to_owned(), json!("yes"))),
        Json::Null => found.push((pointer.to_owned(), json!({"no_such_field": 7}))),
    }
}

#[test]
fn no_broken_rulebook_is_published() {
    let host = Host::start();
    let shop = host.shop();
    let good = rich(&shop);
    assert_eq!(shop.put("/v1/programmes/default?dry_run=true", &good).send().status, 200);
    let mut all = Vec::new();
    broken(&good["rulebook"], "", &mut all);
    assert!(all.len() >= 200, "{}", all.len());
    for (pointer, bad) in all {
        let mut body = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", ""));
        match body["rulebook"].pointer_mut(parent) {
            Some(parent) if parent.is_array() => {
                parent[name.parse::<usize>().unwrap()] = bad.clone()
            }
            Some(parent) if !name.is_empty() => parent[name] = bad.clone(),
            _ => body["rulebook"] = bad.clone(),
        }
        let answer = shop.put("/v1/programmes/default", &body).send();
        assert_eq!(answer.status, 400, "{pointer} = {bad}: {}", answer.text());
        let errors = answer.json()["errors"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| panic!("{pointer} = {bad}: {}", answer.text()));
        let is_reported = |error: &Json| {
            let reported = error["pointer"].as_str().unwrap().trim_start_matches("/rulebook");
            // The fault may be at its own place or within it. It may also be at the place that
            // needs it, such as a reference to a missing name, or a level that must be higher than
            // another.
            reported.starts_with(&pointer) || pointer.starts_with(reported)
        };
        assert!(errors.iter().any(is_reported), "{pointer} = {bad}: {errors:?}");
    }
    assert_eq!(published(&shop)["rulebook_version"], 1);
}

/// Each version awards as many points per yuan as its number, so an entry shows the version that
/// decided it.
#[test]
fn publishing_under_load_fails_no_request_and_mixes_no_versions() {
    let host = Host::start();
    let shop = host.shop();
    let is_over = AtomicBool::new(false);
    let publish = |version: i64| {
        let body = next(&shop, |book| {
            book["tiers"] = Json::Null;
            book["caps"]["points_per_day"] = Json::Null;
            book["purchase"]["points_per_unit"] = version.to_string().into();
            book["rules"] = json!([{"id": format!("v{version}"), "event": "purchase", "award": {"kind": "fixed", "points": version}}]);
        });
        assert_eq!(
            shop.put("/v1/programmes/default", &body).send().ok()["rulebook_version"],
            version
        );
    };
    // The first version has tiers, which tills that are fast enough would reach.
    publish(2);
    let seen: Vec<i64> = thread::scope(|scope| {
        let till = |till: usize| {
            let (shop, is_over) = (&shop, &is_over);
            move || {
                let mut versions = Vec::new();
                for order in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let answer =
                        shop.buys(&format!("m{till}"), &format!("o-{till}-{order}"), 10_000).send();
                    assert_eq!(answer.status, 201, "{}", answer.text());
                    let entry = answer.json()["entry"].clone();
                    let version = entry["rulebook_version"].as_i64().unwrap();
                    let rules: Vec<String> = entry["rules"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|rule| {
                            format!("{}={}", rule["rule"].as_str().unwrap(), rule["granted"])
                        })
                        .collect();
                    let points = format!("purchase={}", 100 * version);
                    assert_eq!(rules, [points, format!("rule:v{version}={version}")]);
                    versions.push(version);
                }
                versions
            }
        };
        let tills: Vec<_> = (0..8).map(|number| scope.spawn(till(number))).collect();
        for version in 3..=12 {
            publish(version);
            thread::sleep(std::time::Duration::from_millis(80));
        }
        is_over.store(true, Ordering::Relaxed);
        tills.into_iter().flat_map(|till| till.join().unwrap()).collect()
    });
    assert!(seen.len() > 100 && seen.iter().any(|version| *version > 10), "{}", seen.len());
}
