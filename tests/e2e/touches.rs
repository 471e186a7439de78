//! `/v1/touches`, `/v1/strategies/…/results` and the job `results`.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, purchase};

const MEMBERS: usize = 40;

/// A programme whose members have their birthday on 21 March and agreed to text messages, but the
/// last four, who have no address.
fn birthdays(host: &Host) -> Shop {
    let shop = host.shop();
    shop.put("/v1/stores/s-1", &json!({"name": "One", "region": "east"})).send().ok();
    let mut consents = Vec::new();
    for member in 0..MEMBERS {
        let id = name(member);
        let body = json!({"attributes": {"birthday": "1990-03-21"}});
        assert!(shop.put(&format!("/v1/members/{id}"), &body).send().status < 300);
        shop.does(&id, "check_in").send().ok();
        if member < MEMBERS - 4 {
            let address = format!("+861381234{member:04}");
            let body = json!({"address": address, "verified": true});
            shop.put(&format!("/v1/members/{id}/contacts/sms"), &body).send().ok();
            consents.push(json!({"member_id": id, "purpose": "marketing", "channel": "sms", "decision": "given",
                "source": "form", "occurred_at": "2026-03-19T10:00:00+08:00", "address": address}));
        }
    }
    shop.post("/v1/consents/bulk", &json!({"consents": consents})).send().ok();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let text = json!({"purpose": "marketing", "texts": {"sms": {"zh-CN": {"body": "生日快乐,拒收请回复R"}}}});
    let kept = marketing.put("/v1/templates/wish", &text).send();
    assert_eq!(kept.status, 201, "{}", kept.text());
    let playbook = json!({"holdout_percent": 0, "strategies": [{
        "id": "birthday", "name": {"en": "Birthday"}, "trigger": {"kind": "date", "attribute": "birthday"},
        "send": {"channels": ["sms"], "template": "wish"}, "holdout_percent": 40,
        "sequence": {"nodes": [{"days_before": 0}], "settle": true}}]});
    let kept = marketing.put("/v1/playbook/drafts/spring", &playbook).send().ok();
    assert_eq!(kept["problems"], json!([]), "{kept}");
    let asked = marketing.post("/v1/playbook/drafts/spring/publication", &json!({})).send().ok();
    let id = asked["publication_id"].as_str().unwrap();
    let head = shop.with_bearer(&shop.key("department_head"));
    let path = format!("/v1/rulebook/publications/{id}/approve");
    assert_eq!(head.ask("POST", &path).send().ok()["state"], "published");
    shop
}

fn name(member: usize) -> String {
    format!("m{member:02}")
}

fn ids(items: &[Json]) -> Vec<&str> {
    items.iter().map(|item| item["member_id"].as_str().unwrap()).collect()
}

/// The night of 21 March is decided. What was due went out and was delivered at noon.
fn night(host: &Host) {
    host.clock("2026-03-21T02:10:00+08:00");
    for component in ["fold", "touch"] {
        assert_eq!(host.fire(component), 200, "{component}");
    }
    let reach = host.reach();
    let noon = 1_774_065_600_000_i64;
    for text in [
        format!("UPDATE touch SET state = 'sent', channel = 'sms', sent_at = {noon} WHERE state = 'due'"),
        format!(
            "INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no, state, digest, cost_minor, started_at, settled_at)
             SELECT programme_no, no, member_no, 'sms', 1, 1, 'delivered', '', 5, {noon}, {noon} FROM touch WHERE state = 'sent'"
        ),
        format!(
            "INSERT INTO link (programme_no, member_no, touch_no, channel, purpose, target, made_at)
             SELECT programme_no, member_no, no, 'sms', 'marketing', 'https://shop.example/', {noon} FROM touch WHERE state = 'sent'"
        ),
        format!("INSERT INTO click (link_no, no, at, doubt, is_pressed, network) SELECT no, 1, {noon} + 60000, 'agent', 0, '' FROM link"),
        format!("INSERT INTO click (link_no, no, at, doubt, is_pressed, network) SELECT min(no), 2, {noon} + 90000, NULL, 0, '' FROM link"),
    ] {
        reach.write(&text).unwrap();
    }
}

#[test]
fn what_members_were_told_is_listed_and_what_it_brought_counted() {
    let host = Host::start_with(&["--clock", "2026-03-19T12:00:00+08:00"]);
    let shop = birthdays(&host);
    let [service, marketing, finance, job] =
        ["service", "marketing", "finance", "job"].map(|role| shop.with_bearer(&shop.key(role)));
    night(&host);
    let all = service.all("/v1/touches", 7);
    assert_eq!(all.len(), MEMBERS);
    let of = |query: &str| service.all_with("/v1/touches", query);
    let (sent, held_out) = (of("state=sent"), of("reason=holdout_strategy"));
    assert_eq!(sent.len() + held_out.len() + of("reason=no_contact").len(), MEMBERS);
    assert!(held_out.len() > 5 && sent.len() > 15, "{} {}", held_out.len(), sent.len());
    assert_eq!(of("strategy=birthday&from=2026-03-21&to=2026-03-21").len(), MEMBERS);
    assert_eq!(of("from=2026-03-22").len() + of("to=2026-03-20").len() + of("strategy=x").len(), 0);
    assert_eq!(of("strategy=birthday&node=0").len(), MEMBERS);
    assert_eq!(of("node=-7").len(), 0);
    let first = ids(&sent)[0].to_owned();
    assert_eq!(ids(&of(&format!("member_id={first}"))), [first.as_str()]);

    let path = format!("/v1/touches/{}", sent[0]["touch_id"].as_str().unwrap());
    let touch = marketing.get(&path).send().ok();
    assert_eq!((&touch["member_id"], &touch["day"]), (&json!(first), &json!("2026-03-21")));
    assert_eq!((&touch["strategy"], &touch["template"]), (&json!("birthday"), &json!("wish")));
    assert_eq!(touch["attempts"][0]["state"], "delivered");
    assert_eq!(touch["links"][0]["target"], "https://shop.example/");
    assert!(touch["links"][0]["visits"].as_i64() >= Some(1));
    let noted = "SELECT count(*) FROM audit_log WHERE action = 'touches_read'";
    assert!(host.books().number(noted) > 5);

    // Half of those who got the message order, and one of those who did not.
    host.clock("2026-03-22T09:00:00+08:00");
    let buyers = sent.iter().step_by(2).chain(held_out.last());
    for (order, touch) in buyers.clone().enumerate() {
        let member = touch["member_id"].as_str().unwrap();
        let mut body = purchase(member, &format!("o-{order}"), 10_000);
        body["store_id"] = "s-1".into();
        shop.post("/v1/earn", &body).send().ok();
    }
    let login = json!({"events": [{"idempotency_key": "l-1", "member_id": first, "kind": "login",
        "occurred_at": "2026-03-22T09:00:00+08:00"}]});
    shop.post("/v1/behaviour/bulk", &login).send().ok();
    let results = |query: &str| finance.get(&format!("/v1/strategies/results{query}")).send();
    assert_eq!(results("").ok()["items"], json!([]), "nothing is counted yet");
    host.clock("2026-03-22T09:10:00+08:00");
    assert_eq!(host.fire("results"), 200);
    let early = results("").ok()["items"][0].take();
    assert_eq!(early["touches"]["decided"], MEMBERS);
    assert_eq!(early["lift"]["verdict"], "nobody_to_compare");
    assert_eq!(early["lift"]["treated"]["open"], sent.len());
    assert_eq!(early["credited"]["order"], 0, "until the end of its day");

    host.clock("2026-03-29T02:30:00+08:00");
    assert_eq!(host.fire("results"), 200);
    let idle = job.runs("results");
    assert_eq!((&idle["job"], &idle["days"]), (&json!("results"), &json!(0)));
    let whole = results("?from=2026-03-01&to=2026-03-29").ok();
    assert_eq!(whole["counted_through"]["matured"], "2026-03-21");
    let item = &whole["items"][0];
    assert_eq!(
        (&item["strategy_id"], &item["name"]["en"]),
        (&json!("birthday"), &json!("Birthday"))
    );
    let touches = &item["touches"];
    assert_eq!((&touches["sent"], &touches["delivered"]), (&json!(sent.len()), &json!(sent.len())));
    assert_eq!(touches["suppressed"]["holdout_strategy"], held_out.len());
    assert_eq!((&touches["clicked"], &item["visits"]), (&json!(1), &json!(sent.len() + 1)));
    assert_eq!(item["cost_minor"], 5 * sent.len());
    assert_eq!(item["credited"]["order"], sent.len().div_ceil(2));
    // The one who clicked has the lowest number, and so is the last of the list.
    assert_eq!(item["credited"]["by_click"], sent.len() % 2);
    assert_eq!(item["credited"]["login"], 1);
    // The birthdays are over: each is an occasion, where a message went out.
    let settled = &item["settled"];
    assert_eq!(
        (&settled["occasions"], &settled["messages"]),
        (&json!(sent.len()), &json!(sent.len()))
    );
    assert_eq!((&settled["points_spent"], &settled["points_expired"]), (&json!(0), &json!(0)));
    let lift = &item["lift"];
    assert_eq!(lift["treated"]["members"], sent.len());
    assert_eq!(lift["treated"]["converted"], sent.len().div_ceil(2));
    // Of those who are held out, who could not have been reached is on no side.
    let reachable = held_out.iter().filter(|touch| touch["member_id"].as_str() < Some("m36"));
    assert_eq!(lift["held_out"]["members"], reachable.count());
    assert_eq!(lift["held_out"]["converted"], 1);
    assert_eq!(lift["verdict"], "more");
    assert!(lift["difference_per_10000"]["low"].as_i64() > Some(0));
    assert_eq!(whole["all_marketing"]["lift"]["verdict"], "nobody_to_compare");

    let one = finance.get("/v1/strategies/birthday/results?to=2026-03-29").send().ok();
    assert_eq!((&one["lift"], &one["settled"]), (lift, settled));
    let node = &one["nodes"][0];
    assert_eq!((&node["node"], &node["touches"]), (&json!(0), touches));
    assert_eq!(node["channels"][0]["channel"], "sms");
    assert_eq!(node["channels"][0]["delivered"], sent.len());

    // A caller for a store sees members who bought there, and no results.
    let key = json!({"role": "service", "label": "desk", "person_id": "desk", "stores": ["s-1"]});
    let made = shop.post("/v1/keys", &key).send().ok();
    let desk = shop.with_bearer(made["key"].as_str().unwrap());
    let seen = desk.all("/v1/touches", 9);
    assert_eq!(seen.len(), buyers.count());
    let unseen = format!("/v1/touches/{}", sent[1]["touch_id"].as_str().unwrap());
    assert_eq!(desk.get(&path).send().status, 200);
    assert_eq!(desk.get(&unseen).send().outcome(), "404 resource-not-found");
    let of_store = json!({"role": "finance", "label": "f", "person_id": "f", "stores": ["s-1"]});
    let made = shop.post("/v1/keys", &of_store).send().ok();
    let desk = shop.with_bearer(made["key"].as_str().unwrap());
    assert_eq!(desk.get("/v1/strategies/results").send().outcome(), "403 store-forbidden");

    // Of an erased member the log shows nothing.
    let reason = json!({"reason": "asked for it"});
    shop.post(&format!("/v1/members/{first}/erase"), &reason).send().ok();
    host.fire("fold");
    assert_eq!(service.all("/v1/touches", 50).len(), MEMBERS - 1);
    assert_eq!(service.get(&path).send().outcome(), "404 resource-not-found");
    assert!(!results("").text().contains(&first));
}

#[test]
fn wrong_questions_are_told() {
    let host = Host::start_with(&["--clock", "2026-03-19T12:00:00+08:00"]);
    let shop = host.shop();
    let [service, finance] = ["service", "finance"].map(|role| shop.with_bearer(&shop.key(role)));
    for (ask, outcome) in [
        (service.get("/v1/touches?state=x"), "400 invalid-request ?state"),
        (service.get("/v1/touches?reason=x"), "400 invalid-request ?reason"),
        (service.get("/v1/touches?node=x"), "400 invalid-request ?node"),
        (service.get("/v1/touches?from=2026-3-1"), "400 invalid-request ?from"),
        (service.get("/v1/touches?to=2026-02-30"), "400 invalid-request ?to"),
        (service.get("/v1/touches?from=2026-03-02&to=2026-03-01"), "400 invalid-request ?to"),
        (service.get("/v1/touches?cursor=x"), "400 invalid-request ?cursor"),
        (service.get("/v1/touches?limit=201"), "400 invalid-request ?limit"),
        (service.get("/v1/touches?member_id=nobody"), "404 member-not-found"),
        (service.get("/v1/touches/1"), "404 resource-not-found"),
        (service.get("/v1/touches/x"), "404 resource-not-found"),
        (finance.get("/v1/touches"), "403 forbidden"),
        (service.get("/v1/strategies/results"), "403 forbidden"),
        (finance.get("/v1/strategies/none/results"), "404 resource-not-found"),
        (finance.get("/v1/strategies/results?from=2026-04-01"), "400 invalid-request ?to"),
        (
            finance.get("/v1/strategies/results?to=2026-03-01&from=2025-11-01"),
            "400 invalid-request ?from",
        ),
        // A day more than there may be.
        (
            finance.get("/v1/strategies/results?from=2026-12-31&to=2027-04-02"),
            "400 invalid-request ?from",
        ),
        (finance.get("/v1/strategies/results?to=x"), "400 invalid-request ?to"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(service.get("/v1/touches").send().ok(), json!({"items": [], "next": null}));
    // 92 days; of the second span they lie in three quarters.
    for span in ["from=2026-07-01&to=2026-09-30", "from=2026-12-31&to=2027-04-01"] {
        let longest = finance.get(&format!("/v1/strategies/results?{span}")).send().ok();
        assert_eq!(longest["items"], json!([]), "{span}");
    }
    let empty = finance.get("/v1/strategies/results").send().ok();
    assert_eq!((&empty["items"], &empty["counted_through"]["sent"]), (&json!([]), &Json::Null));
    assert_eq!((&empty["from"], &empty["to"]), (&json!("2026-02-18"), &json!("2026-03-19")));
}
