//! `/v1/tasks`: from what a member did to what a person says came of it.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, purchase};

const NOON: &str = "2026-03-10T12:00:00+08:00";

/// A member who leaves a cart is called by the home store after two hours, unless an order follows;
/// a member with a birthday is greeted by the manager.
fn playbook() -> Json {
    json!({"holdout_percent": 0, "strategies": [
        {"id": "cart", "name": {"zh-CN": "购物车", "en": "Cart"}, "holdout_percent": 0,
         "trigger": {"kind": "behaviour", "behaviour": "add_to_cart", "after_minutes": 120, "unless_entry": "order"},
         "action": {"task": {"to": "store", "text": {"zh-CN": "打电话", "en": "Call"}, "due_in_hours": 24}}},
        {"id": "birthday", "holdout_percent": 0, "trigger": {"kind": "date", "attribute": "birthday"},
         "action": {"task": {"to": "manager", "text": {"en": "Greet"}}}}]})
}

/// Members with home stores, of which `s-1` has a manager.
fn opened(host: &Host) -> Shop {
    let shop = host.shop();
    for (store, manager) in [("s-1", json!("boss")), ("s-2", Json::Null)] {
        let body = json!({"name": store, "region": "east", "manager_id": manager});
        assert!(shop.put(&format!("/v1/stores/{store}"), &body).send().status < 300);
    }
    for (member, store) in [("ann", "s-1"), ("bob", "s-2"), ("cid", "s-2"), ("dan", "s-1")] {
        let body = json!({"attributes": {"birthday": "1990-03-11"}});
        assert!(shop.put(&format!("/v1/members/{member}"), &body).send().status < 300);
        let home = json!({"home_store_id": store});
        shop.put(&format!("/v1/members/{member}/preferences"), &home).send().ok();
    }
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let kept = marketing.put("/v1/playbook/drafts/spring", &playbook()).send().ok();
    assert_eq!(kept["problems"], json!([]), "{kept}");
    let asked = marketing.post("/v1/playbook/drafts/spring/publication", &json!({})).send().ok();
    if asked["state"] == "waiting" {
        let id = asked["publication_id"].as_str().unwrap();
        let head = shop.with_bearer(&shop.key("department_head"));
        let path = format!("/v1/rulebook/publications/{id}/approve");
        assert_eq!(head.ask("POST", &path).send().ok()["state"], "published");
    }
    runs(host);
    shop
}

/// What the schedule does within a minute.
fn runs(host: &Host) {
    for component in ["fold", "touch", "deliver"] {
        assert_eq!(host.fire(component), 200, "{component}: {}", host.log());
    }
}

fn puts_into_the_cart(shop: &Shop, member: &str, key: &str, at: &str) {
    let event = json!({"idempotency_key": key, "member_id": member, "kind": "add_to_cart", "occurred_at": at});
    let told = shop.post("/v1/behaviour/bulk", &json!({"events": [event]})).send().ok();
    assert_eq!(told["outcomes"][0]["status"], 201, "{told}");
}

/// A person of the service desk, for one store or for all.
fn desk(shop: &Shop, person: &str, stores: &Json) -> Shop {
    let mut body = json!({"role": "service", "label": person, "person_id": person});
    if !stores.is_null() {
        body["stores"] = stores.clone();
    }
    let made = shop.post("/v1/keys", &body).send().ok();
    shop.with_bearer(made["key"].as_str().unwrap())
}

fn members(tasks: &[Json]) -> Vec<&str> {
    tasks.iter().map(|task| task["member_id"].as_str().unwrap()).collect()
}

/// Tasks of ann (`s-1`) and cid (`s-2`), who left their carts.
fn carts_left(host: &Host, shop: &Shop) {
    for (member, key) in [("ann", "1"), ("ann", "2"), ("bob", "3"), ("cid", "4")] {
        // Just after the publication.
        puts_into_the_cart(shop, member, key, "2026-03-10T12:00:10+08:00");
    }
    host.clock("2026-03-10T13:00:00+08:00");
    shop.post("/v1/earn", &purchase("bob", "o-1", 5_000)).send().ok();
    runs(host);
    assert_eq!(shop.get("/v1/tasks").send().ok()["items"], json!([]), "the time is not over");
    host.clock("2026-03-10T14:00:30+08:00");
    runs(host);
    runs(host);
}

#[test]
fn a_cart_that_was_left_brings_one_task_and_the_first_word_counts() {
    let host = Host::start_with(&["--clock", NOON]);
    let shop = opened(&host);
    carts_left(&host, &shop);
    let all = shop.all("/v1/tasks", 1);
    assert_eq!(members(&all), ["cid", "ann"], "bob has ordered: {}", host.log());
    let (anna, ben, boss) = (
        desk(&shop, "anna", &json!(["s-1"])),
        desk(&shop, "ben", &json!(["s-2"])),
        desk(&shop, "boss", &Json::Null),
    );
    assert_eq!(members(&anna.all("/v1/tasks", 50)), ["ann"]);
    assert_eq!(members(&ben.all_with("/v1/tasks", "mine=true&state=open")), ["cid"]);
    assert_eq!(members(&boss.all_with("/v1/tasks", "mine=true")), ["cid", "ann"]);
    assert_eq!(members(&boss.all_with("/v1/tasks", "store_id=s-1")), ["ann"]);
    assert_eq!(members(&boss.all_with("/v1/tasks", "member_id=cid&strategy=cart")), ["cid"]);
    assert_eq!(members(&boss.all_with("/v1/tasks", "after=0")), ["ann", "cid"]);
    let first = all[1]["task_id"].as_str().unwrap();
    assert_eq!(members(&boss.all_with("/v1/tasks", &format!("after={first}"))), ["cid"]);

    let path = format!("/v1/tasks/{first}");
    let task = anna.get(&path).send().ok();
    assert_eq!(
        task,
        json!({"task_id": first, "state": "open", "member_id": "ann", "store_id": "s-1", "strategy": "cart",
               "touch_id": task["touch_id"], "channel_id": null, "to": "store", "name": null,
               "title": {"zh-CN": "购物车", "en": "Cart"}, "text": {"zh-CN": "打电话", "en": "Call"},
               "made_at": task["made_at"], "due_at": task["due_at"],
               "note": null, "closed_at": null, "closed_by": null})
    );
    // The clock of the host goes on.
    for (field, second) in [("made_at", "2026-03-10T06:00:3"), ("due_at", "2026-03-11T06:00:3")] {
        assert!(task[field].as_str().unwrap().starts_with(second), "{task}");
    }
    assert_eq!(ben.get(&path).send().outcome(), "404 resource-not-found");
    for how in ["done", "dismiss"] {
        let foreign = ben.post(&format!("{path}/{how}"), &json!({})).send();
        assert_eq!(foreign.outcome(), "404 resource-not-found");
    }
    let done = anna.post(&format!("{path}/done"), &json!({"note": "kommt am Sonntag"}));
    assert_eq!(done.send().ok(), json!({"task_id": first, "state": "done"}));
    let again = done.send();
    assert!(again.is_replay() && again.ok()["state"] == "done");
    // The answer was lost, and the key is what tells the first one from others.
    host.books().write("DELETE FROM answer").unwrap();
    assert_eq!(done.send().ok()["state"], "done");
    let late = boss.post(&format!("{path}/dismiss"), &json!({})).send();
    assert_eq!(
        (late.outcome().as_str(), &late.json()["state"]),
        ("409 task-closed", &json!("done"))
    );
    let late = boss.post(&format!("{path}/assign"), &json!({"to": "software"})).send();
    assert_eq!(late.outcome(), "409 task-closed");
    let task = boss.get(&path).send().ok();
    assert_eq!((&task["note"], &task["closed_by"]), (&json!("kommt am Sonntag"), &json!("anna")));
    assert_eq!(boss.all_with("/v1/tasks", "state=open").len(), 1);

    // Given away, it is another one's.
    let second = format!("/v1/tasks/{}", all[0]["task_id"].as_str().unwrap());
    let to =
        |name: &str| boss.post(&format!("{second}/assign"), &json!({"to": "person", "name": name}));
    for nobody in ["nobody-here", "", "\u{200b}"] {
        assert_eq!(to(nobody).send().outcome(), "400 invalid-request /name", "{nobody:?}");
    }
    // A person has many spellings, and lists compare one.
    let given = to("\u{ff21}NNA ");
    assert_eq!(given.send().ok()["state"], "open");
    assert_eq!(boss.all_with("/v1/tasks", "mine=true&state=open").len(), 0);
    assert_eq!(anna.get(&second).send().outcome(), "404 resource-not-found", "of another store");
    let noted = "SELECT group_concat(action || ' ' || coalesce(person, '') || ' ' || coalesce(after, ''), ', ' ORDER BY no)
        FROM audit_log WHERE action LIKE 'task%'";
    assert_eq!(
        host.books().text(noted),
        "task_done anna , task_assigned boss {\"name\":\"anna\",\"to\":\"person\"}"
    );

    // A person that is erased leaves nothing, and the home store of now counts.
    shop.post("/v1/members/ann/erase", &json!({"reason": "asked"})).send().ok();
    shop.put("/v1/members/cid/preferences", &json!({"home_store_id": "s-1"})).send().ok();
    runs(&host);
    assert_eq!(boss.get(&path).send().outcome(), "404 resource-not-found");
    assert_eq!(members(&anna.all("/v1/tasks", 50)), ["cid"]);
    assert_eq!(
        host.reach()
            .number("SELECT count(*) FROM task WHERE text LIKE '%Call%' OR note IS NOT NULL"),
        1
    );
}

#[test]
fn birthdays_are_for_managers_and_a_rehearsal_counts_the_tasks() {
    let host = Host::start_with(&["--clock", NOON]);
    let shop = opened(&host);
    let rehearsed = shop.post("/v1/playbook/rehearsal", &json!({})).send().ok();
    assert_eq!(
        (&rehearsed["totals"]["due"], &rehearsed["totals"]["tasks"]),
        (&json!(4), &json!(4))
    );
    host.clock("2026-03-11T02:00:00+08:00");
    runs(&host);
    host.clock("2026-03-11T11:00:00+08:00");
    runs(&host);
    let who = |task: &Json| {
        let text = |name: &str| task[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("member_id"), text("to"), text("name"))
    };
    let mut told: Vec<String> = shop.all("/v1/tasks", 50).iter().map(who).collect();
    told.sort();
    assert_eq!(told, ["ann person boss", "bob store -", "cid store -", "dan person boss"]);
    let boss = desk(&shop, "boss", &json!(["s-1"]));
    assert_eq!(boss.all_with("/v1/tasks", "mine=true").len(), 2);
    let task = boss.all("/v1/tasks", 9)[0]["task_id"].as_str().unwrap().to_owned();
    boss.post(&format!("/v1/tasks/{task}/done"), &json!({})).send().ok();
    host.clock("2026-03-12T09:00:00+08:00");
    assert_eq!(host.fire("results"), 200);
    let finance = shop.with_bearer(&shop.key("finance"));
    let results = finance.get("/v1/strategies/birthday/results").send().ok();
    assert_eq!(results["tasks"], json!({"made": 4, "done": 1}), "{results}");
}

#[test]
fn what_is_wrong_is_refused() {
    let host = Host::start_with(&["--clock", NOON]);
    let shop = opened(&host);
    carts_left(&host, &shop);
    let boss = desk(&shop, "boss", &Json::Null);
    let till = shop.with_bearer(&shop.key("storefront"));
    let approver = shop.with_bearer(&shop.key("approver"));
    let long = "x".repeat(501);
    for (ask, outcome) in [
        (boss.get("/v1/tasks?state=late"), "400 invalid-request ?state"),
        (boss.get("/v1/tasks?mine=yes"), "400 invalid-request ?mine"),
        (boss.get("/v1/tasks?after=-1"), "400 invalid-request ?after"),
        (boss.get("/v1/tasks?after=1&member_id=ann"), "400 invalid-request ?after"),
        (boss.get("/v1/tasks?cursor=x"), "400 invalid-request ?cursor"),
        (boss.get("/v1/tasks?limit=0"), "400 invalid-request ?limit"),
        (boss.get("/v1/tasks?member_id=nobody"), "404 member-not-found"),
        (boss.get("/v1/tasks/99"), "404 resource-not-found"),
        (boss.get("/v1/tasks/x"), "404 resource-not-found"),
        (boss.post("/v1/tasks/99/done", &json!({})), "404 resource-not-found"),
        (boss.post("/v1/tasks/1/done", &json!({"note": long})), "400 invalid-request /note"),
        (boss.post("/v1/tasks/1/done", &json!({"note": ""})), "400 invalid-request /note"),
        (boss.post("/v1/tasks/1/done", &json!({"why": "x"})), "400 invalid-request /why"),
        (boss.post("/v1/tasks/1/assign", &json!({"to": "moon"})), "400 invalid-request /to"),
        (boss.post("/v1/tasks/1/assign", &json!({"to": "role"})), "400 invalid-request /name"),
        (
            boss.post("/v1/tasks/1/assign", &json!({"to": "role", "name": "job"})),
            "400 invalid-request /name",
        ),
        (
            boss.ask("POST", "/v1/tasks/1/done").without("idempotency-key"),
            "400 idempotency-key-missing",
        ),
        (till.get("/v1/tasks"), "403 forbidden"),
        (approver.post("/v1/tasks/1/assign", &json!({"to": "store"})), "403 forbidden"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
    // Nothing was written, and a call without a body is one.
    let open = boss.all_with("/v1/tasks", "state=open");
    assert_eq!(open.len(), 2);
    assert_eq!(approver.ask("POST", "/v1/tasks/1/dismiss").send().ok()["state"], "dismissed");
    // Another programme has none of it.
    let other = host.shop_with("other", |_| {});
    assert_eq!(other.get("/v1/tasks").send().ok()["items"], json!([]));
    assert_eq!(other.get("/v1/tasks/2").send().outcome(), "404 resource-not-found");
    assert_eq!(
        other.post("/v1/tasks/2/done", &json!({})).send().outcome(),
        "404 resource-not-found"
    );
}
