//! `/v1/behaviour/bulk`, `/v1/members/{id}/facts` and the fold between them.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

fn money(minor: i64) -> Json {
    json!({"amount_minor": minor, "currency": "CNY"})
}

/// An order of lines: name, category, units, what they cost in all.
fn order(shop: &Shop, member: &str, order: &str, lines: &[(&str, &str, i64, i64)]) {
    let line = |(line, category, quantity, minor): &(&str, &str, i64, i64)| json!({"line_id": line, "category": category, "quantity": quantity, "amount": money(*minor)});
    let lines: Vec<Json> = lines.iter().map(line).collect();
    let body =
        json!({"member_id": member, "event": "purchase", "reference": order, "lines": lines});
    shop.post("/v1/earn", &body).send().ok();
}

fn event(key: &str, member: &str, kind: &str, at: &str) -> Json {
    json!({"idempotency_key": key, "member_id": member, "kind": kind, "occurred_at": at})
}

fn reports(shop: &Shop, events: &[Json]) -> Vec<String> {
    let answer = shop.post("/v1/behaviour/bulk", &json!({"events": events})).send().ok();
    let outcome = |outcome: &Json| {
        let again = if outcome["replayed"] == true { " (again)" } else { "" };
        let body = &outcome["body"];
        let what = body["kind"].as_str().or(body["type"].as_str()).unwrap_or("?");
        format!("{} {}{again}", outcome["status"], what.rsplit(':').next().unwrap())
    };
    answer["outcomes"].as_array().unwrap().iter().map(outcome).collect()
}

fn facts(shop: &Shop, member: &str) -> Json {
    shop.get(&format!("/v1/members/{member}/facts")).send().ok()
}

fn window(facts: &Json, days: i64) -> Json {
    let windows = facts["windows"].as_array().unwrap();
    windows.iter().find(|window| window["days"] == days).unwrap().clone()
}

#[test]
fn facts_add_up_to_the_orders() {
    let host = Host::start();
    let shop = host.shop();
    order(&shop, "m", "o-1", &[("tea", "TEA", 2, 5_000), ("cups", "CUPS", 4, 2_000)]);
    host.clock("2026-03-20T10:00:00+08:00");
    order(&shop, "m", "o-2", &[("tea", "TEA", 1, 3_000)]);
    shop.redeems("m", 30).send().ok();
    let body =
        json!({"member_id": "m", "reference": "o-1", "lines": [{"line_id": "tea", "quantity": 1}]});
    shop.post("/v1/reverse", &body).send().ok();
    let early = facts(&shop, "m");
    assert_eq!((&early["is_current"], &early["rfm"]), (&json!(false), &Json::Null));
    let report = shop.runs("fold");
    assert_eq!(
        (&report["job"], &report["failed"], &report["members"]),
        (&json!("fold"), &json!(0), &json!(1))
    );
    let found = facts(&shop, "m");
    assert_eq!(found["day"], "2026-03-20");
    assert_eq!((&found["is_current"], &found["rfm"]), (&json!(true), &Json::Null));
    shop.runs("refresh");
    assert_eq!(
        facts(&shop, "m")["rfm"],
        json!({"r": 5, "f": 1, "m": 1, "group": "general_win_back", "counted_on": "2026-03-20"})
    );
    assert_eq!(found["ever"], json!({"orders": 2, "spend": money(7_500)}));
    let last = found["last_order"]["at"].as_str().unwrap();
    assert!(last.starts_with("2026-03-20T02:0"), "{last}");
    assert_eq!(found["last_order"]["days_ago"], 0);
    assert_eq!(found["first_order"]["days_ago"], 10);
    assert_eq!(found["last_redemption"]["days_ago"], 0);
    assert_eq!(found["last_login"], json!({"at": null, "days_ago": null}));
    let of = window(&found, 30);
    assert_eq!(
        of,
        json!({"days": 30, "orders": 2, "spend": money(7_500), "average_order": money(3_750), "points_redeemed": 30, "categories": [
            {"category": "TEA", "spend": money(5_500), "percent": 73}, {"category": "CUPS", "spend": money(2_000), "percent": 26}]})
    );
    assert_eq!(window(&found, 7)["spend"], money(3_000));
    let member = shop.member("m");
    assert_eq!(found["ledger_balance"], member["ledger_balance"]);
    // The rest of the first order: it is none any more.
    shop.returns("m", "o-1").send().ok();
    assert_eq!(host.fire("fold"), 200);
    let found = facts(&shop, "m");
    assert_eq!(found["ever"], json!({"orders": 1, "spend": money(3_000)}));
    // Days pass without a write.
    let before = host.reach().text("SELECT known FROM facts");
    host.clock("2026-04-20T10:00:00+08:00");
    assert_eq!(host.fire("fold"), 200);
    let found = facts(&shop, "m");
    assert_eq!(window(&found, 30)["orders"], 0);
    assert_eq!(window(&found, 90)["orders"], 1);
    assert_eq!(found["last_order"]["days_ago"], 31);
    assert_eq!(host.reach().text("SELECT known FROM facts"), before);
}

#[test]
fn behaviour_is_kept_once_and_refused_one_by_one() {
    let host = Host::start();
    let shop = host.shop();
    for member in ["m", "n"] {
        shop.does(member, "check_in").send().ok();
    }
    shop.put("/v1/members/m", &json!({"aliases": ["phone:+8613800000000"]})).send().ok();
    let at = "2026-03-10T09:00:00+08:00";
    let mut viewed = event("e-2", "~phone:+8613800000000", "view", "2026-03-10T09:01:00+08:00");
    viewed["item"] = "sku-7".into();
    viewed["category"] = "TEA".into();
    viewed["value"] = money(990);
    viewed["channel"] = "app".into();
    viewed["session"] = "s-1".into();
    let mut abroad = viewed.clone();
    abroad["idempotency_key"] = "e-9".into();
    abroad["value"]["currency"] = "EUR".into();
    let mut tabbed = viewed.clone();
    tabbed["idempotency_key"] = "e-10".into();
    tabbed["item"] = "shoes\tred".into();
    let events = [
        event("e-1", "m", "login", at),
        viewed,
        event("e-3", "nobody", "login", at),
        event("e-4", "m", "Big Sale", at),
        event("e-5", "m", "live_show", "2026-03-10T11:00:00+08:00"),
        event("e-6", "m", "live_show", "2025-09-01T11:00:00+08:00"),
        event("e-1", "m", "login", at),
        json!({"idempotency_key": "e-7", "member_id": "m", "kind": "login", "occurred_at": at, "points": 5}),
        event("e-8", "n", "live_show", at),
        abroad,
        tabbed,
    ];
    let first = [
        "201 login",
        "201 view",
        "404 member-not-found",
        "400 invalid-request",
        "422 occurred-in-future",
        "422 occurred-too-long-ago",
        "201 login (again)",
        "400 invalid-request",
        "201 live_show",
        "422 currency-mismatch",
        "400 invalid-request",
    ];
    assert_eq!(reports(&shop, &events), first);
    let again = reports(&shop, &events);
    assert_eq!(again[0], "201 login (again)");
    assert_eq!(again[8], "201 live_show (again)");
    assert_eq!(host.reach().number("SELECT count(*) FROM behaviour"), 3);
    // It is known at once.
    let found = facts(&shop, "m");
    assert_eq!(found["last_login"], json!({"at": "2026-03-10T01:00:00Z", "days_ago": 0}));
    assert_eq!(found["last_seen"]["at"], "2026-03-10T01:01:00Z");
    let list = shop.all("/v1/members/m/behaviour", 1);
    assert_eq!(
        list[0],
        json!({"idempotency_key": "e-2", "kind": "view", "occurred_at": "2026-03-10T01:01:00Z", "item": "sku-7", "category": "TEA",
            "value": money(990), "channel": "app", "session": "s-1"})
    );
    assert_eq!((list.len(), &list[1]["kind"]), (2, &json!("login")));
    // A key of one line of API keys is none of another.
    let till = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(reports(&till, &events[..1]), ["201 login"]);
    for (ask, outcome) in [
        (till.get("/v1/members/m/facts"), "403 forbidden"),
        (till.get("/v1/members/m/behaviour"), "403 forbidden"),
        (till.post("/v1/jobs/fold", &json!({})), "403 forbidden"),
        (shop.get("/v1/members/nobody/facts"), "404 member-not-found"),
        (shop.post("/v1/behaviour/bulk", &json!({"events": []})), "400 invalid-request /events"),
        (shop.post("/v1/jobs/fold?cursor=1", &json!({})), "400 invalid-request ?cursor"),
        (
            shop.with_bearer(&shop.key("job")).post("/v1/jobs/fold?rebuild=true", &json!({})),
            "403 forbidden",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.with_bearer(&shop.key("job")).runs("fold")["done"], true);
}

fn rebuilds(shop: &Shop) {
    let mut cursor = String::new();
    loop {
        let report =
            shop.post(&format!("/v1/jobs/fold?rebuild=true{cursor}"), &json!({})).send().ok();
        let Some(next) = report["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn facts_of_another_history_are_not_current() {
    let host = Host::start();
    let shop = host.shop();
    order(&shop, "m", "o-1", &[("tea", "TEA", 2, 1_000)]);
    shop.runs("fold");
    let is_current = || facts(&shop, "m")["is_current"].clone();
    assert_eq!(is_current(), true);
    // The ledger is another copy than the one that was folded.
    host.reach().write("UPDATE fold SET hash = zeroblob(32)").unwrap();
    assert_eq!(shop.runs("fold")["needs_rebuild"], true);
    assert_eq!(is_current(), false);
    rebuilds(&shop);
    assert_eq!(is_current(), true);
}

#[test]
fn facts_go_where_the_account_goes() {
    let host = Host::start();
    let shop = host.shop();
    for (member, reference) in [("a", "o-a"), ("b", "o-b"), ("c", "o-c")] {
        order(&shop, member, reference, &[("tea", "TEA", 2, 1_000)]);
    }
    shop.runs("fold");
    let at = "2026-03-10T09:00:00+08:00";
    let logins = ["a", "b", "c"].map(|member| event(&format!("k-{member}"), member, "login", at));
    reports(&shop, &logins);
    for (into, from) in [("b", "a"), ("c", "b")] {
        let body = json!({"from_member_id": from, "reason": "one person"});
        let path = format!("/v1/members/{into}/merge");
        let merged = shop.post(&path, &body).send().outcome();
        assert!(merged.starts_with("201 merge"), "{merged}");
        shop.runs("fold");
    }
    assert_eq!(shop.get("/v1/members/a/facts").send().outcome(), "409 member-merged");
    assert_eq!(facts(&shop, "c")["ever"], json!({"orders": 3, "spend": money(3_000)}));
    assert_eq!(shop.all("/v1/members/c/behaviour", 10).len(), 3);
    // What the first of them bought comes back.
    shop.returns("c", "o-a").send().ok();
    shop.runs("fold");
    assert_eq!(facts(&shop, "c")["ever"], json!({"orders": 2, "spend": money(2_000)}));
    let rows = || {
        host.reach().text("SELECT json_group_array(json_array(f.member_no, f.known, f.last_order_at, v.last_login_at)) FROM facts AS f LEFT JOIN last_visit AS v ON v.member_no = f.member_no")
    };
    let before = rows();
    rebuilds(&shop);
    assert_eq!(rows(), before);
    shop.post("/v1/members/c/erase", &json!({"reason": "request"})).send().ok();
    assert_eq!(shop.get("/v1/members/c/facts").send().outcome(), "410 member-erased");
    assert_eq!(shop.get("/v1/members/c/behaviour").send().outcome(), "410 member-erased");
    assert_eq!(
        reports(&shop, &logins),
        vec!["409 member-merged", "409 member-merged", "410 member-erased"]
    );
    shop.runs("fold");
    for table in ["facts", "behaviour"] {
        assert_eq!(host.reach().number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn a_programme_hears_of_no_other() {
    let host = Host::start();
    let (shop, other) = (host.shop(), host.shop_with("other", |_| {}));
    order(&shop, "m", "o-1", &[("tea", "TEA", 1, 1_000)]);
    for number in 0..3 {
        order(&other, "m", &format!("o-{number}"), &[("tea", "TEA", 1, 9_000)]);
    }
    let report = shop.runs("fold");
    assert_eq!(report["members"], 1, "all are folded, and its own are counted: {report}");
    assert_eq!(facts(&shop, "m")["ever"]["orders"], 1);
    assert_eq!(facts(&other, "m")["ever"], json!({"orders": 3, "spend": money(27_000)}));
}

/// As on Spin, which knows no database but that of the ledger.
#[test]
fn one_file_holds_both() {
    let manifest = std::fs::read_to_string("../spin.toml").unwrap();
    let manifest = manifest.replace("sqlite_databases = [\"reach\"]\n", "");
    // Sources are relative to the manifest.
    let manifest = manifest.replace("target/components", "components");
    std::fs::write("../target/spin-of-one-file.toml", manifest).unwrap();
    let host = Host::start_with(&["--from", "target/spin-of-one-file.toml"]);
    let shop = host.shop();
    order(&shop, "m", "o-1", &[("tea", "TEA", 1, 1_000)]);
    assert_eq!(host.fire("fold"), 200);
    assert_eq!(facts(&shop, "m")["ever"]["orders"], 1);
    assert_eq!(host.books().number("SELECT count(*) FROM facts"), 1);
}
