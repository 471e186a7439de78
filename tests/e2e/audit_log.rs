//! `/v1/audit-log`: actions that are no entries, with the person, in a chain that shows every
//! change.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

fn log(shop: &Shop, query: &str) -> Vec<Json> {
    let mut rows = shop.all_with("/v1/audit-log", query);
    rows.reverse();
    rows
}

fn actions(rows: &[Json]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            format!(
                "{} {}",
                row["action"].as_str().unwrap(),
                row["person_id"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

#[test]
fn actions_without_an_entry_are_in_the_audit_log() {
    let mut host = Host::start();
    let shop = host.shop();
    let other = host.shop_with("other", |_| {});
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let head = shop.with_bearer(&shop.key("department_head"));
    let service = shop.with_bearer(&shop.key("service"));
    let start = log(&shop, "")[..].last().unwrap()["no"].as_i64().unwrap();
    let made = shop.post("/v1/keys", &json!({"role": "storefront", "label": "till"})).send().ok();
    let till = made["key"].as_str().unwrap().to_owned();
    let prefix = made["prefix"].as_str().unwrap();
    shop.with_bearer(&till).does("m", "share").send().ok();
    shop.ask("DELETE", &format!("/v1/keys/{prefix}")).key("d").send();
    shop.ask("DELETE", &format!("/v1/keys/{prefix}")).key("d").send();
    let endpoint =
        json!({"url": "https://example.com/a", "secret": format!("whsec_{}", "QUJD".repeat(12))});
    assert_eq!(shop.put("/v1/endpoints/crm", &endpoint).send().status, 201);
    shop.put("/v1/endpoints/crm", &json!({"url": "https://example.com/b"})).send().ok();
    shop.ask("DELETE", "/v1/endpoints/crm").send();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["tiers"] = Json::Null;
    marketing.put("/v1/rulebook/drafts/flat", &book).send().ok();
    let asked = marketing.post("/v1/rulebook/publications", &json!({"draft": "flat"})).send().ok();
    let id = asked["publication_id"].as_str().unwrap();
    head.post(&format!("/v1/rulebook/publications/{id}/approve"), &json!({"reason": "fine"}))
        .send()
        .ok();
    marketing.ask("DELETE", "/v1/rulebook/drafts/flat").send();
    let waits = marketing.put("/v1/rewards/mug", &json!({"name": "Mug", "points": 30})).send().ok();
    let change = waits["change"]["change_id"].as_str().unwrap();
    head.ask("POST", &format!("/v1/rewards/mug/changes/{change}/approve")).send().ok();
    service.put("/v1/members/m", &json!({"aliases": ["phone:+8613800000000"]})).send().ok();
    for path in [
        "/v1/members/~phone:+8613800000000",
        "/v1/traces?member_id=m",
        "/v1/members/m",
        "/v1/members/m/lots",
    ] {
        service.get(path).send().ok();
    }
    for _ in 0..50 {
        shop.get("/v1/members/m").bearer(&till).send();
        shop.get("/v1/members/m").bearer("a-key-that-nobody-has-ever-made-0001").send();
        shop.does("m", "share").bearer("a-key-that-nobody-has-ever-made-0002").send();
    }
    book["accept_late_days"] = json!(3);
    shop.put("/v1/programmes/default", &json!({"name": "Default", "rulebook": book})).send().ok();
    let rows: Vec<Json> =
        log(&shop, "").into_iter().filter(|row| row["no"].as_i64().unwrap() > start).collect();
    let reported: Vec<Json> =
        rows.iter().filter(|row| row["action"] != "key_refused").cloned().collect();
    assert_eq!(
        actions(&reported),
        [
            "key_made operator",
            "key_revoked operator",
            "endpoint_made operator",
            "endpoint_changed operator",
            "endpoint_removed operator",
            "draft_kept marketing",
            "publication_asked marketing",
            "publication_decided department_head",
            "rulebook_published -",
            "draft_dropped marketing",
            "reward_asked marketing",
            "reward_put department_head",
            "reward_approved department_head",
            "member_looked_up service",
            "traces_read service",
            "rulebook_published operator",
        ]
    );
    // One row per hour for each refused key, and one for all unknown keys; at most that from each
    // component.
    let refused = rows.iter().filter(|row| row["action"] == "key_refused").count();
    assert_eq!(refused, 2, "{rows:#?}");
    let find = |action: &str| reported.iter().find(|row| row["action"] == action).unwrap();
    let changed = find("endpoint_changed");
    assert_eq!(
        (&changed["before"]["url"], &changed["after"]["url"]),
        (&json!("https://example.com/a"), &json!("https://example.com/b"))
    );
    assert_eq!(find("key_made")["after"]["role"], "storefront");
    assert_eq!(find("publication_decided")["after"], json!({"state": "planned", "reason": "fine"}));
    assert_eq!(find("reward_put")["after"]["points"], 30);
    assert!(
        rows.iter().all(|row| row["hash"].as_str().is_some_and(|hash| hash.len() == 64)),
        "{rows:#?}"
    );
    let text = serde_json::to_string(&rows).unwrap();
    for secret in [&till[12..], "QUJDQUJD", "+8613800000000"] {
        assert!(!text.contains(secret), "{secret} lies in the log");
    }
    // With filters; each programme has its own log.
    assert_eq!(
        actions(&log(&shop, "person_id=marketing&action=draft_kept")),
        ["draft_kept marketing"]
    );
    assert_eq!(log(&shop, &format!("subject={prefix}")).len(), 3, "made, revoked, refused");
    assert_eq!(log(&shop, "to=2020-01-01T00:00:00Z").len(), 0);
    assert!(
        log(&other, "").iter().all(|row| row["subject"] == "other" || row["action"] == "key_made")
    );
    for (ask, outcome) in [
        (marketing.get("/v1/audit-log"), "403 forbidden"),
        (shop.get("/v1/audit-log?from=x"), "400 invalid-request ?from"),
        (shop.get("/v1/audit-log?who=x"), "400 invalid-request ?who"),
        (shop.ask("POST", "/v1/audit-log"), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    // No request changes the log, and a change past the triggers is found.
    let books = host.books();
    for sql in [
        "UPDATE audit_log SET person = 'ben'",
        "DELETE FROM audit_log WHERE no = 3",
        "INSERT OR REPLACE INTO audit_log (programme_no, no, at, action, subject) VALUES (1, 3, 0, 'x', 'x')",
        "UPDATE audit_seal SET hash = zeroblob(32)",
        "DELETE FROM audit_seal",
    ] {
        assert!(books.write(sql).unwrap_err().contains("append-only"), "{sql}");
    }
    let violations = || shop.get("/v1/reports/audit?limit=200").send().ok()["violations"].clone();
    assert_eq!(violations(), json!([]));
    books.write("DROP TRIGGER audit_log_is_never_updated").unwrap();
    books.write("UPDATE audit_log SET person = 'ben' WHERE programme_no = 1 AND no = 3").unwrap();
    assert_eq!(violations(), json!([{"what": "row 3 of the audit log is not what was sealed"}]));
    drop(books);
    host.leave_books_unchecked();
}

/// Every route that tells of a member by a name notes the search; none notes one by the id.
#[test]
fn staff_who_search_for_a_member_are_noted() {
    let host = Host::start();
    let shop = host.shop();
    shop.does("m", "share").send().ok();
    let name = "~phone:+8613800000000";
    let told = json!({"attributes": {"name": "王伟"}, "aliases": ["phone:+8613800000000"]});
    shop.put("/v1/members/m", &told).send().ok();
    let [service, marketing] =
        ["service", "marketing"].map(|role| shop.with_bearer(&shop.key(role)));
    let template =
        json!({"purpose": "service", "texts": {"sms": {"zh-CN": {"body": "{{ name }}您好"}}}});
    let searches = "SELECT count(*) FROM audit_log WHERE action = 'member_looked_up'";
    for (place, member) in ["m", name].into_iter().enumerate() {
        for path in [
            "",
            "/entries",
            "/facts",
            "/behaviour",
            "/contacts",
            "/consents",
            "/preferences",
            "/tags",
            "/segments",
        ] {
            let before = host.books().number(searches);
            service.get(&format!("/v1/members/{member}{path}")).send().ok();
            let noted = host.books().number(searches) - before;
            assert_eq!(noted, place as i64, "{member}{path}");
        }
        let before = host.books().number(searches);
        for list in ["touches", "tasks"] {
            let member = member.replace('+', "%2B");
            service.get(&format!("/v1/{list}?member_id={member}")).send().ok();
        }
        let body = json!({"template": template, "member_id": member});
        let shown =
            marketing.post("/v1/templates/preview", &body).without("idempotency-key").send();
        assert!(shown.ok().to_string().contains("王伟"));
        assert_eq!(host.books().number(searches) - before, 3 * place as i64, "{member}");
    }
}
