//! `/v1/tags`, `/v1/members/{id}/tags`, `/v1/tag-changes` and the refresh.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop};

/// The default clock of the tests is 10 March 2026.
const FIRST_DAY: i64 = 20_522;

/// An order: its day, what it came to, and whether it was of the category that is asked for.
type Bought = (i64, i64, bool);

fn tag(when: Option<&str>, refresh: &str) -> Json {
    json!({"names": {"zh-CN": "标签", "en": "A tag"}, "class": "behaviour", "kind": if when.is_some() { "rule" } else { "static" },
        "when": when, "refresh": refresh, "use": "tests"})
}

fn puts(shop: &Shop, path: &str, body: &Json) -> Answer {
    let mut body = body.clone();
    if body["when"].is_null() {
        body.as_object_mut().unwrap().remove("when");
    }
    shop.put(&format!("/v1/tags/{}", path.replace('/', "%2F")), &body).send()
}

fn members(shop: &Shop, path: &str) -> Vec<String> {
    let found = shop.all(&format!("/v1/tags/{}/members", path.replace('/', "%2F")), 3);
    let mut ids: Vec<String> =
        found.iter().map(|member| member["member_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn refreshed(shop: &Shop) -> Json {
    shop.runs("fold");
    shop.runs("refresh")
}

#[test]
fn tags_are_defined_changed_and_removed() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let till = shop.with_bearer(&shop.key("storefront"));
    let body = tag(Some("member.orders_30 >= 1"), "on_change");
    assert_eq!(puts(&till, "a/b", &body).outcome(), "403 forbidden");
    let made = puts(&marketing, "behaviour/buyer/new", &body);
    assert_eq!(made.status, 201, "{}", made.text());
    let shown = marketing.get("/v1/tags/behaviour%2Fbuyer%2Fnew").send().ok();
    assert_eq!(made.ok(), shown);
    for (field, value) in [
        ("path", json!("behaviour/buyer/new")),
        ("when", json!("member.orders_30 >= 1")),
        ("use", json!("tests")),
        ("version", json!(1)),
        ("members", json!(0)),
        ("is_evaluated", json!(false)),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    for (path, change, outcome) in [
        ("a/b/c/d", json!({}), "400 invalid-request path"),
        ("a", json!({"refresh": "hourly"}), "400 invalid-request /refresh"),
        ("a", json!({"use": ""}), "400 invalid-request /use"),
        ("a", json!({"when": "member.x > 1"}), "400 invalid-request /when"),
        ("a", json!({"when": "order.amount_minor > 1"}), "400 invalid-request /when"),
        ("a", json!({"level": 4}), "400 invalid-request /level"),
        ("a", json!({"lives_days": 3}), "400 invalid-request /lives_days"),
    ] {
        let mut body = body.clone();
        change.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        assert_eq!(puts(&marketing, path, &body).outcome(), outcome, "{path} {change}");
    }
    for field in ["refresh", "use"] {
        let mut without = body.clone();
        without.as_object_mut().unwrap().remove(field);
        assert_eq!(puts(&marketing, "a", &without).outcome(), "400 invalid-request ", "{field}");
    }
    let mut plain = tag(None, "daily");
    plain["kind"] = json!("rule");
    plain["conditions"] =
        json!([{"field": "member.orders_30", "operator": "at_least", "values": ["2"]}]);
    assert_eq!(puts(&marketing, "plain", &plain).status, 201);

    shop.buys("m-1", "o-1", 1_000).send().ok();
    refreshed(&shop);
    assert_eq!(members(&marketing, "behaviour/buyer/new"), ["m-1"]);
    let of_member = till.get("/v1/members/m-1/tags").send().ok()["items"].clone();
    assert_eq!(of_member[0]["path"], "behaviour/buyer/new");
    assert_eq!((&of_member[0]["source"], &of_member[0]["version"]), (&json!("rule"), &json!(1)));
    assert_eq!(of_member[0]["when"], "member.orders_30 >= 1");
    assert_eq!(till.get("/v1/members/nobody/tags").send().outcome(), "404 member-not-found");
    let none = tag(Some("member.orders_30 >= 2"), "on_change");
    assert_eq!(puts(&marketing, "behaviour/buyer/new", &none).status, 200);
    shop.runs("refresh");
    assert_eq!(members(&marketing, "behaviour/buyer/new"), [""; 0]);
    let versions = marketing.get("/v1/tags/behaviour%2Fbuyer%2Fnew/versions").send().ok();
    assert_eq!(versions["items"][0]["version"], 2);
    assert_eq!(versions["items"][1]["when"], "member.orders_30 >= 1");
    let changes = marketing.all("/v1/tag-changes", 1);
    let told: Vec<_> =
        changes.iter().map(|of| (of["change"].as_str(), of["version"].as_i64())).collect();
    assert_eq!(told, [(Some("in"), Some(1)), (Some("out"), Some(2))]);
    let again = marketing.ask("POST", "/v1/tags/plain/refresh").send();
    assert_eq!((again.status, &again.ok()["is_evaluated"]), (202, &json!(false)));
    assert_eq!(marketing.ask("DELETE", "/v1/tags/plain").send().status, 204);
    assert_eq!(marketing.get("/v1/tags/plain").send().outcome(), "404 resource-not-found");
    assert_eq!(marketing.all("/v1/tags", 1).len(), 1);
    let log = shop.get("/v1/audit-log?subject=behaviour%2Fbuyer%2Fnew").send().ok();
    assert_eq!(log["items"][0]["action"], "tag_put");
    // Another programme has its own.
    assert_eq!(host.shop_with("other", |_| {}).all("/v1/tags", 9).len(), 0);
}

#[test]
fn tags_by_hand_end_and_exclude_each_other() {
    let host = Host::start();
    let shop = host.shop();
    let desk = shop.with_bearer(&shop.key("service"));
    for member in ["m-1", "m-2"] {
        shop.buys(member, &format!("o-{member}"), 1_000).send().ok();
    }
    refreshed(&shop);
    let mut hand = tag(None, "manual");
    hand["lives_days"] = json!(2);
    hand["exclusive"] = json!(true);
    for path in ["care/a", "care/b"] {
        assert_eq!(puts(&shop, path, &hand).status, 201);
    }
    let mut score = tag(None, "manual");
    score["kind"] = json!("score");
    puts(&shop, "churn", &score).ok();
    let gives =
        |path: &str, body: Json| desk.post(&format!("/v1/tags/{path}/members"), &body).send();
    let given = gives("care%2Fa", json!({"add": ["m-1", "m-2", "nobody"]})).ok();
    assert_eq!(given["changed"], 2);
    assert_eq!(given["refused"], json!([{"member_id": "nobody", "problem": "member-not-found"}]));
    assert_eq!(gives("care%2Fb", json!({"add": ["m-1"]})).ok()["changed"], 2);
    assert_eq!(
        (members(&desk, "care/a"), members(&desk, "care/b")),
        (vec!["m-2".to_owned()], vec!["m-1".to_owned()])
    );
    assert_eq!(gives("churn", json!({"scores": {"m-1": 730}})).ok()["changed"], 1);
    let shown = desk.get("/v1/members/m-1/tags").send().ok()["items"].clone();
    assert_eq!(
        (&shown[1]["score"], &shown[1]["source"], &shown[1]["by"]),
        (&json!(730), &json!("hand"), &json!("service"))
    );
    for (path, body, outcome) in [
        ("churn", json!({"add": ["m-1"]}), "400 invalid-request /add"),
        ("churn", json!({"scores": {"m-1": 1001}}), "400 invalid-request /scores/m-1"),
        ("care%2Fa", json!({"scores": {"m-1": 1}}), "400 invalid-request /scores"),
        ("care%2Fa", json!({}), "400 invalid-request "),
        ("care%2Fa", json!({"add": ["m-1", "m-1"]}), "400 invalid-request "),
        ("nothing", json!({"add": ["m-1"]}), "404 resource-not-found"),
    ] {
        assert_eq!(gives(path, body.clone()).outcome(), outcome, "{path} {body}");
    }
    host.clock("2026-03-12T11:00:00+08:00");
    assert_eq!(members(&desk, "care/b"), [""; 0], "it counts no more once it has ended");
    refreshed(&shop);
    let shown = desk.get("/v1/tags/care%2Fb").send().ok();
    assert_eq!(shown["members"], 0);
    let last = shop.all("/v1/tag-changes", 9);
    assert!(last.iter().any(|of| of["source"] == "ended" && of["path"] == "care/b"), "{last:?}");
}

/// The six tags of the seed over half a year of baskets, against a naive count.
#[test]
fn the_tags_of_the_documents_equal_a_naive_count() {
    let host = Host::start();
    let shop = host.shop_with("baskets", |book| {
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 90});
    });
    for member in 0..12 {
        let told = json!({"attributes": {"region": if member % 3 == 0 { "华东" } else { "华北" },
            "birthday": format!("{}-06-15", 2000 + member)}});
        shop.put(&format!("/v1/members/m{member:02}"), &told).send().ok();
    }
    let tags = [
        ("high_active", "member.orders_30 >= 3", "on_change"),
        ("silent", "member.days_since_order >= 30", "daily"),
        ("expiring", "member.expiring_30 > 0", "daily"),
        ("digital", "member.category_share[\"digital\"] >= 30", "weekly"),
        ("value/high/active", "rfm.r >= 4 && rfm.f >= 4 && rfm.m >= 4", "daily"),
        ("basic/east_adult", "attributes.region == \"华东\" && member.age >= 18", "on_change"),
    ];
    for (path, when, refresh) in tags {
        assert_eq!(puts(&shop, path, &tag(Some(when), refresh)).status, 201, "{path}");
    }
    // Member, day, minor units, whether digital.
    let mut orders: Vec<(usize, i64, i64, bool)> = Vec::new();
    for week in 0..26i64 {
        let day = FIRST_DAY + week * 7;
        host.clock(&instant(&host, day));
        let mut events = Vec::new();
        for member in 0..12usize {
            let m = i64::try_from(member).unwrap();
            // Each stops at another time and buys at another pace.
            if week >= 26 - m * 2 || week % (1 + m % 4) != 0 {
                continue;
            }
            for piece in 0..1 + m % 2 {
                let (minor, digital) = (1_000 + 777 * m + 131 * week + piece, (week + m) % 3 == 0);
                let category = if digital { "digital" } else { "food" };
                events.push(json!({"idempotency_key": format!("k-{week}-{m}-{piece}"), "member_id": format!("m{m:02}"), "event": "purchase",
                    "reference": format!("o-{week}-{m}-{piece}"),
                    "lines": [{"line_id": "1", "category": category, "amount": {"amount_minor": minor, "currency": "CNY"}}]}));
                orders.push((member, day, minor, digital));
            }
        }
        if !events.is_empty() {
            assert!(shop.bulk(&events).iter().all(|outcome| outcome.starts_with("201")));
        }
    }
    let today = FIRST_DAY + 26 * 7;
    host.clock(&instant(&host, today));
    refreshed(&shop);
    let mut of: BTreeMap<usize, Vec<Bought>> = BTreeMap::new();
    orders.iter().for_each(|(member, day, minor, digital)| {
        of.entry(*member).or_default().push((*day, *minor, *digital))
    });
    let last = |own: &[Bought]| today - own.iter().map(|order| order.0).max().unwrap();
    let spend = |own: &[Bought]| own.iter().map(|order| order.1).sum::<i64>();
    let coarse = |amount: i64| {
        let low = (60 - i64::from(amount.leading_zeros())).max(0);
        (amount >> low) << low
    };
    let fifth = |mut all: Vec<i64>, value: i64| {
        all.sort_unstable();
        1 + (1..5usize).filter(|k| value > all[(all.len() * k).div_ceil(5) - 1]).count()
    };
    let all =
        |value: &dyn Fn(&[Bought]) -> i64| of.values().map(|own| value(own)).collect::<Vec<_>>();
    let (days, counts, money) =
        (all(&last), all(&|own| own.len() as i64), all(&|own| coarse(spend(own))));
    let books = host.books();
    let from = today * 86_400_000 - 8 * 3_600_000;
    let ends = |member: usize| {
        books.number(&format!(
        "SELECT count(*) FROM lot AS l JOIN member AS m ON m.no = l.member_no WHERE m.id = 'm{member:02}' AND l.remaining > 0
         AND l.expires_at > {from} AND l.expires_at <= {from} + 31 * 86400000")) > 0
    };
    let count = |is: &dyn Fn(usize, &[Bought]) -> bool| {
        let found =
            (0..12usize).filter(|member| is(*member, of.get(member).map_or(&[], Vec::as_slice)));
        found.map(|member| format!("m{member:02}")).collect::<Vec<_>>()
    };
    let expected = [
        count(&|_, own| own.iter().filter(|order| order.0 > today - 30).count() >= 3),
        count(&|_, own| own.is_empty() || last(own) >= 30),
        count(&|member, _| ends(member)),
        count(&|_, own| {
            !own.is_empty()
                && own.iter().filter(|order| order.2).map(|order| order.1).sum::<i64>() * 100
                    / spend(own)
                    >= 30
        }),
        count(&|_, own| {
            !own.is_empty()
                && 6 - fifth(days.clone(), last(own)) >= 4
                && fifth(counts.clone(), own.len() as i64) >= 4
                && fifth(money.clone(), coarse(spend(own))) >= 4
        }),
        count(&|member, _| member % 3 == 0 && 2000 + member <= 2008),
    ];
    for ((path, when, _), expected) in tags.into_iter().zip(expected) {
        assert_eq!(members(&shop, path), expected, "{path}");
        let asked = shop.post("/v1/segments/preview", &json!({"when": when})).send().ok();
        assert_eq!(
            (&asked["members"], &asked["of"]),
            (&json!(expected.len()), &json!(12)),
            "{path}"
        );
    }
    for (path, ..) in tags {
        let found = members(&shop, path).len();
        assert!(found > 0 && found < 12, "{path} shows nothing: {found}");
    }
    // The component on schedule does the same for what is due on the next day.
    host.clock(&instant(&host, today + 40));
    assert_eq!((host.fire("fold"), host.fire("refresh")), (200, 200));
    assert_eq!(members(&shop, "high_active"), [""; 0]);
    assert_eq!(members(&shop, "silent").len(), 12);
}

/// Noon of a local day.
fn instant(host: &Host, day: i64) -> String {
    host.books().text(&format!("SELECT date({day} * 86400, 'unixepoch') || 'T12:00:00+08:00'"))
}
