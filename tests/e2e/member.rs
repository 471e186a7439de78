//! `/v1/members`: registration, and everything that a storefront shows about a member.

use serde_json::json;
use tests::{Host, purchase};

#[test]
fn a_member_is_registered_and_its_attributes_replaced() {
    let host = Host::start();
    let shop = host.shop();
    let made = shop.put("/v1/members/made", &json!({})).key("made");
    let first = made.send();
    assert_eq!(first.outcome(), "201 profile +0 = 0");
    made.send().assert_replays(&first);
    let put = |attributes| shop.put("/v1/members/m", &json!({"attributes": attributes}));
    for (ask, outcome) in [
        (put(json!({"name": "王小明", "city": "上海"})), "201 profile +0 = 0"),
        (put(json!({"name": "Wang"})), "200 profile +0 = 0"),
        (shop.put("/v1/members/m", &json!({})).key("again"), "200 profile +0 = 0"),
        (shop.put("/v1/members/m", &json!({})).key("again"), "200 profile +0 = 0 (again)"),
        (shop.put("/v1/members/n", &json!({})).key("again"), "422 idempotency-key-reused"),
        (put(json!({"name": 5})), "400 invalid-request /attributes/name"),
        (put(json!({"": "x"})), "400 invalid-request /attributes/"),
        (put(json!({"a/b": ""})), "400 invalid-request /attributes/a~1b"),
        (put(json!({"name": "\u{0}"})), "400 invalid-request /attributes/name"),
        (put(json!({"name": "字".repeat(201)})), "400 invalid-request /attributes/name"),
        (put(json!({"name": "字".repeat(200)})), "200 profile +0 = 0"),
        (shop.put("/v1/members/m?dry_run=true", &json!({"attributes": {}})), "200 profile +0 = 0"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.member("m")["attributes"], json!({"name": "字".repeat(200)}));
}

#[test]
fn ids_are_taken_percent_encoded() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("a:b@c.d_e-f~", "o-1", 100).send().outcome();
    for (path, outcome) in [
        ("/v1/members/%6d", "404 member-not-found"),
        ("/v1/members/a%2Fb", "400 invalid-request member_id"),
        ("/v1/members/%E4%BC%9A", "400 invalid-request member_id"),
        ("/v1/members/%00", "400 invalid-request "),
        ("/v1/members/%FF", "400 invalid-request member_id"),
        ("/v1/members/%", "400 invalid-request member_id"),
        ("/v1/members/", "400 invalid-request member_id"),
        ("/v1/members/m'--", "400 invalid-request member_id"),
        ("/v1/members/m/", "404 route-not-found"),
        ("/v1/members/m/entries/1", "404 route-not-found"),
        ("/v1/members/..%2F..%2Fhealthz", "400 invalid-request member_id"),
    ] {
        assert_eq!(shop.get(path).send().outcome(), outcome, "{path}");
    }
    assert_eq!(
        shop.get(&format!("/v1/members/{}", "m".repeat(64))).send().outcome(),
        "404 member-not-found"
    );
    assert_eq!(
        shop.get(&format!("/v1/members/{}", "m".repeat(65))).send().outcome(),
        "400 invalid-request member_id"
    );
    shop.buys("m", "o-2", 100).send().ok();
    assert_eq!(shop.balance("%6D"), 1);
}

#[test]
fn lists_come_in_pages() {
    let host = Host::start();
    let shop = host.shop();
    for order in 1..=25 {
        shop.buys("m", &format!("o-{order}"), 100 * order).send().ok();
    }
    for (list, limit) in [
        ("entries", 1),
        ("entries", 7),
        ("entries", 25),
        ("entries", 200),
        ("lots", 4),
        ("lots", 25),
    ] {
        let items = shop.all(&format!("/v1/members/m/{list}"), limit);
        let points = |item: &serde_json::Value| {
            item["points"].as_i64().or(item["remaining"].as_i64()).unwrap()
        };
        let mut found: Vec<i64> = items.iter().map(points).collect();
        found.sort_unstable();
        assert_eq!(found, (1..=25).collect::<Vec<i64>>(), "{list} by {limit}");
    }
    for (query, outcome) in [
        ("limit=0", "400 invalid-request ?limit"),
        ("limit=201", "400 invalid-request ?limit"),
        ("limit=x", "400 invalid-request ?limit"),
        ("limit=", "400 invalid-request ?limit"),
        ("limit=1&limit=2", "400 invalid-request ?limit"),
        ("cursor=x", "400 invalid-request ?cursor"),
        ("cursor=-1", "400 invalid-request ?cursor"),
        ("cursor=9223372036854775808", "400 invalid-request ?cursor"),
        ("page=2", "400 invalid-request ?page"),
        ("&&", "200"),
    ] {
        for list in ["entries", "lots"] {
            let answer = shop.get(&format!("/v1/members/m/{list}?{query}")).send();
            assert_eq!(answer.outcome(), outcome, "{list}?{query}");
        }
    }
    assert_eq!(shop.get("/v1/members/m/lots?cursor=9223372036854775807").send().outcome(), "200");
}

#[test]
fn a_member_sees_expiring_points_and_the_distance_to_the_next_tier() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 150_000).send().ok();
    shop.does("m", "check_in").send().ok();
    let member = shop.member("m");
    assert_eq!(
        (&member["balance"], &member["ledger_balance"], &member["pending"]),
        (&json!(1505), &json!(1505), &json!(0))
    );
    // Valid through the 90th day after.
    assert_eq!(
        member["expiring_next"],
        json!({"points": 5, "expires_at": "2026-06-08T16:00:00Z", "valid_through": "2026-06-08"})
    );
    assert_eq!(
        (&member["tier"]["id"], &member["tier"]["next"]["tier"]),
        (&json!("member"), &json!("silver"))
    );
    assert_eq!(
        (&member["tier"]["value"], &member["tier"]["next"]["missing"]),
        (&json!(150_000), &json!(50_000))
    );
    assert_eq!(member["growth"], 151);
}

/// A member and its lots are one answer: sums and lots are read at once, on every page. This holds
/// also if no job has recorded due changes yet.
#[test]
fn sums_are_those_of_the_lots() {
    let host = Host::start();
    let shop = host.shop_with("sums", |book| {
        book["purchase"]["pending"] = json!({"days": 7});
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 30});
    });
    for (day, order) in [(10, "o-1"), (12, "o-2"), (14, "o-3")] {
        host.clock(&format!("2026-03-{day}T10:00:00+08:00"));
        shop.buys("m", order, 1_000 * day).send().ok();
    }
    host.clock("2026-03-21T10:00:00+08:00");
    shop.holds("m", 50, 43_200).send().ok();
    for (instant, balance, pending, held) in [
        ("2026-03-21T10:00:00+08:00", 170, 140, 50),
        ("2026-03-22T00:00:00+08:00", 310, 0, 50),
        // The lot of the hold has ended; the held points live on.
        ("2026-04-18T00:00:00+08:00", 260, 0, 50),
        ("2026-04-20T10:00:01+08:00", 140, 0, 0),
        ("2026-05-01T00:00:00+08:00", 0, 0, 0),
    ] {
        host.clock(instant);
        let member = shop.member("m");
        let first = shop.get("/v1/members/m/lots?limit=1").send().ok();
        let mut pages = vec![first];
        while let Some(next) = pages.last().unwrap()["next"].as_str() {
            let next = format!("/v1/members/m/lots?limit=1&cursor={next}");
            pages.push(shop.get(&next).send().ok());
        }
        let reported = |page: &serde_json::Value| {
            [&page["as_of"], &page["sequence"], &page["sums"]].map(Clone::clone)
        };
        assert!(
            pages.iter().all(|page| reported(page) == reported(&pages[0])),
            "{instant}: {pages:?}"
        );
        let sums = &pages[0]["sums"];
        assert_eq!(
            [&sums["balance"], &sums["pending"], &sums["held"]].map(|sum| sum.as_i64().unwrap()),
            [balance, pending, held],
            "{instant}"
        );
        for name in ["balance", "pending", "held", "debt", "ledger_balance"] {
            assert_eq!(sums[name], member[name], "{instant} {name}");
        }
        assert_eq!(member["sequence"], pages[0]["sequence"]);
        let lots = pages.iter().flat_map(|page| page["items"].as_array().unwrap());
        let remaining: i64 = lots.map(|lot| lot["remaining"].as_i64().unwrap()).sum();
        assert_eq!(remaining, balance + pending + held, "{instant}");
    }
    // An entry in between shows: the page is of the state after it.
    host.clock("2026-03-22T00:00:00+08:00");
    let page = shop.get("/v1/members/m/lots?limit=1").send().ok();
    shop.buys("m", "o-4", 1_000).send().ok();
    let next = page["next"].as_str().unwrap();
    let other = shop.get(&format!("/v1/members/m/lots?limit=1&cursor={next}")).send().ok();
    assert_ne!(page["sequence"], other["sequence"]);
    for wrong in ["1.2", "1.2.3.4", "1.99999999999999.1", "1..1"] {
        let answer = shop.get(&format!("/v1/members/m/lots?cursor={wrong}")).send();
        assert_eq!(answer.outcome(), "400 invalid-request ?cursor", "{wrong}");
    }
}

#[test]
fn a_programme_may_want_members_registered_first() {
    let host = Host::start();
    let shop = host.shop_with("strict", |book| book["enrolment"] = "explicit".into());
    for (ask, outcome) in [
        (shop.buys("m", "o-1", 100), "404 member-not-found"),
        (shop.put("/v1/members/m", &json!({})), "201 profile +0 = 0"),
        (shop.buys("m", "o-1", 100), "201 earn +1 = 1"),
        (shop.post("/v1/earn?dry_run=true", &purchase("n", "o-2", 100)), "404 member-not-found"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
}

/// A till asks what a level gives; an app shows how far an average is from the next one.
#[test]
fn a_member_sees_benefits_and_what_an_average_takes() {
    let host = Host::start();
    let shop = host.shop();
    let mut rulebook = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    rulebook["tiers"]["basis"] = json!("average_order");
    rulebook["tiers"]["minimum_orders"] = json!(2);
    rulebook["tiers"]["levels"][1]["benefits"] = json!([
        {"kind": "discount", "percent_off": "5", "from_minor": 10_000},
        {"kind": "service", "names": {"zh-CN": "专属客服"}},
    ]);
    let put = |rulebook: &serde_json::Value| {
        let body = json!({"name": "Shop", "rulebook": rulebook});
        shop.put("/v1/programmes/default", &body).send()
    };
    put(&rulebook).ok();
    shop.buys("m", "o-1", 250_000).send().ok();
    let tier = shop.member("m")["tier"].take();
    assert_eq!((&tier["id"], &tier["value"]), (&json!("member"), &json!(250_000)));
    assert_eq!((&tier["next"]["missing"], &tier["next"]["missing_orders"]), (&json!(0), &json!(1)));
    assert_eq!(tier["benefits"], json!([]));
    shop.buys("m", "o-2", 150_000).send().ok();
    let tier = shop.member("m")["tier"].take();
    assert_eq!((&tier["id"], &tier["value"]), (&json!("silver"), &json!(200_000)));
    assert_eq!(
        tier["benefits"],
        json!([
            {"kind": "discount", "percent_off": "5", "from_minor": 10_000, "names": {}},
            {"kind": "service", "percent_off": null, "from_minor": null, "names": {"zh-CN": "专属客服"}},
        ])
    );
    rulebook["tiers"]["levels"][1]["benefits"][0]["percent_off"] = json!("five");
    rulebook["tiers"]["levels"][1]["benefits"][1]["names"] = json!({});
    assert_eq!(
        put(&rulebook).outcome(),
        "400 invalid-request /rulebook/tiers/levels/1/benefits/0/percent_off /rulebook/tiers/levels/1/benefits/1/names"
    );
}
