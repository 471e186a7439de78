//! `/v1/playbook/rehearsal` and `/v1/jobs/touch`: what is told of a day is what the job decides.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use tests::{Host, Shop};

const PATH: &str = "/v1/playbook/rehearsal";
const EVENING: &str = "2026-03-01T20:00:00+08:00";
const NIGHT: &str = "2026-03-02T02:00:00+08:00";

/// Members with points get a tag each day; nobody is left alone for a comparison.
fn playbook() -> Json {
    json!({"holdout_percent": 0, "segments": {"rich": {"when": "member.balance >= 1"}}, "strategies": [
        {"id": "daily", "segment": "rich", "trigger": {"kind": "schedule"}, "action": {"set_tag": "service"},
         "holdout_percent": 0},
        {"id": "poor", "segment": "rich", "trigger": {"kind": "schedule"}, "action": {"set_tag": "service"},
         "when": "member.orders >= 2", "holdout_percent": 0}]})
}

fn opened(host: &Host) -> (Shop, Shop) {
    let shop = host.shop();
    let names = json!({"zh-CN": "名称", "en": "A name"});
    let tag = json!({"names": names, "class": "behaviour", "kind": "static", "refresh": "manual", "use": "tests"});
    assert_eq!(shop.put("/v1/tags/service", &tag).send().status, 201);
    for member in 0..12 {
        shop.buys(&format!("m{member:02}"), &format!("o{member}"), 10_000).send().ok();
    }
    shop.buys("m03", "more", 10_000).send().ok();
    shop.runs("fold");
    let marketing = shop.with_bearer(&shop.key("marketing"));
    (shop, marketing)
}

fn rehearses(shop: &Shop, body: &Json) -> Json {
    shop.post(PATH, body).send().ok()
}

#[test]
fn what_is_told_of_a_day_is_what_the_job_decides() {
    let host = Host::start_with(&["--clock", EVENING]);
    let (shop, marketing) = opened(&host);
    let written = "SELECT (SELECT count(*) FROM touch) + (SELECT count(*) FROM touch_run)";
    // Nothing is in force yet.
    let empty = marketing.ask("POST", PATH).send().ok();
    assert_eq!(
        (&empty["day"], &empty["playbook_version"], &empty["members"], &empty["strategies"]),
        (&json!("2026-03-02"), &json!(0), &json!(12), &json!([]))
    );
    let of_text = rehearses(&marketing, &json!({"playbook": playbook()}));
    assert_eq!(of_text["at"], "2026-03-01T17:00:00Z");
    assert_eq!((&of_text["done"], &of_text["next"]), (&json!(true), &Json::Null));
    assert_eq!(of_text["totals"]["due"], 13);
    let [daily, poor] = [0, 1].map(|place| of_text["strategies"][place].clone());
    assert_eq!(
        (&daily["strategy"], &daily["due"], &daily["reasons"]),
        (&json!("daily"), &json!(12), &json!({}))
    );
    assert_eq!((&poor["due"], &poor["reasons"]), (&json!(1), &json!({"condition": 11})));
    assert_eq!(daily["examples"].as_array().unwrap().len(), 10);
    let example =
        json!({"member_id": "m03", "node": 0, "due_at": "2026-03-02T02:00:00Z", "channels": []});
    assert_eq!(poor["examples"], json!([example]));
    // A draft says the same, and so does it once it is published.
    marketing.put("/v1/playbook/drafts/spring", &playbook()).send().ok();
    assert_eq!(rehearses(&marketing, &json!({"draft": "spring"})), of_text);
    let ask = marketing.post("/v1/playbook/drafts/spring/publication", &json!({})).send().ok();
    let head = shop.with_bearer(&shop.key("department_head"));
    let id = ask["publication_id"].as_str().unwrap();
    head.ask("POST", &format!("/v1/rulebook/publications/{id}/approve")).send().ok();
    let mut in_force = of_text.clone();
    in_force["playbook_version"] = json!(1);
    assert_eq!(rehearses(&marketing, &json!({"day": "2026-03-02"})), in_force);
    // An approver sees the figures, and no members.
    let seen = rehearses(&head, &json!({}));
    assert_eq!(seen["totals"], of_text["totals"]);
    assert!(!seen.to_string().contains("m03"), "{seen}");
    assert_eq!(host.reach().number(written), 0, "nothing is written");

    host.clock(NIGHT);
    let scheduler = shop.with_bearer(&shop.key("job"));
    let report = scheduler.runs("touch");
    assert_eq!(
        report,
        json!({"job": "touch", "done": true, "members": 12, "touches": 13, "suppressed": {"condition": 11}, "failed": 0})
    );
    assert_eq!(host.reach().number("SELECT count(*) FROM touch WHERE state = 'due'"), 13);
    let again = scheduler.runs("touch");
    assert_eq!((&again["members"], &again["touches"]), (&json!(0), &json!(0)));
    assert_eq!(host.fire("touch"), 200);
    assert_eq!(host.reach().number("SELECT count(*) FROM touch"), 13);
    // Of today nothing is left but what is asked anew.
    let left = rehearses(&marketing, &json!({"day": "2026-03-02"}));
    assert_eq!(
        (&left["totals"]["due"], &left["totals"]["reasons"]),
        (&json!(0), &json!({"condition": 11}))
    );
    assert_eq!(marketing.post("/v1/jobs/touch", &json!({})).send().outcome(), "403 forbidden");
}

#[test]
fn what_cannot_be_rehearsed_is_refused() {
    let host = Host::start_with(&["--clock", EVENING]);
    let (shop, marketing) = opened(&host);
    marketing.put("/v1/playbook/drafts/good", &playbook()).send().ok();
    let mut wrong = playbook();
    wrong["strategies"][1]["segment"] = json!("nobody");
    wrong["strategies"][0]["action"] = json!({});
    marketing.put("/v1/playbook/drafts/bad", &wrong).send().ok();
    let mut unheard = playbook();
    let tag = json!({"names": {"zh-CN": "评分", "en": "Score"}, "class": "value", "kind": "static",
        "use": "offers", "refresh": "manual"});
    marketing.put("/v1/tags/score", &tag).send().ok();
    unheard["strategies"][1]["trigger"] = json!({"kind": "score", "tag": "score", "at_least": 7});
    let kept = marketing.put("/v1/playbook/drafts/unheard", &unheard).send().ok();
    assert_eq!(kept["problems"][0]["pointer"], "/strategies/1/trigger/kind");
    for (body, outcome) in [
        (json!({"draft": "none"}), "400 invalid-request /draft"),
        (json!({"draft": "good", "playbook": {}}), "400 invalid-request /draft"),
        (
            json!({"draft": "bad"}),
            "400 invalid-request /draft/strategies/0 /draft/strategies/1/segment",
        ),
        (
            json!({"playbook": wrong}),
            "400 invalid-request /playbook/strategies/0 /playbook/strategies/1/segment",
        ),
        (json!({"draft": "unheard"}), "400 invalid-request /draft/strategies/1/trigger/kind"),
        (json!({"playbook": {"strategy": []}}), "400 invalid-request /playbook/strategy"),
        (json!({"day": "tomorrow"}), "400 invalid-request /day"),
        (json!({"day": "2026-02-28"}), "400 invalid-request /day"),
        (json!({"day": "2027-03-03"}), "400 invalid-request /day"),
        (json!({"day": "2026-03-02", "cursor": "x"}), "400 invalid-request /day"),
        (json!({"cursor": "x"}), "400 invalid-request /cursor"),
        (json!({"days": 1}), "400 invalid-request /days"),
    ] {
        assert_eq!(marketing.post(PATH, &body).send().outcome(), outcome, "{body}");
    }
    assert_eq!(
        rehearses(&marketing, &json!({"day": "2027-03-02", "draft": "good"}))["totals"]["due"],
        13
    );
    let till = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(till.post(PATH, &json!({})).send().outcome(), "403 forbidden");
    // Another programme rehearses its own members.
    let other = host.shop_with("other", |_| {});
    assert_eq!(rehearses(&other, &json!({}))["members"], 0);
}

/// A cursor holds figures and numbers of members: a caller that changes one begins again.
#[test]
fn a_cursor_that_the_server_did_not_give_is_refused() {
    let host = Host::start_with(&["--clock", EVENING]);
    let (_, marketing) = opened(&host);
    let cursor =
        json!([1_772_384_400_000_i64, 20_514, "0", 0, 0, [], [[0, 1, 0, 0, []]]]).to_string();
    let cursor = URL_SAFE_NO_PAD.encode(cursor);
    for cursor in [cursor.clone(), format!("{}{cursor}", "0".repeat(32)), String::new()] {
        let body = json!({"playbook": playbook(), "cursor": cursor});
        assert_eq!(marketing.post(PATH, &body).send().outcome(), "400 invalid-request /cursor");
    }
}

#[test]
fn past_days_are_told_to_whom_may_know() {
    const PATH: &str = "/v1/playbook/back-test";
    let host = Host::start_with(&["--clock", EVENING]);
    let (shop, marketing) = opened(&host);
    host.clock("2026-03-20T09:00:00+08:00");
    let body = json!({"playbook": playbook(), "from": "2026-03-10", "to": "2026-03-12"});
    let found = marketing.post(PATH, &body).send().ok();
    assert_eq!((&found["from"], &found["to"]), (&json!("2026-03-10"), &json!("2026-03-12")));
    assert_eq!((&found["members"], &found["next"]), (&json!(12), &Json::Null));
    assert_eq!(found["totals"]["due"], 39);
    assert_eq!(found["totals"]["reasons"], json!({"condition": 33}));
    let days: Vec<&str> =
        found["days"].as_array().unwrap().iter().map(|of| of["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-03-10", "2026-03-11", "2026-03-12"]);
    assert_eq!(found["strategies"][1]["examples"][0]["member_id"], "m03");
    assert_eq!(marketing.post(PATH, &body).send().ok(), found);
    let head = shop.with_bearer(&shop.key("department_head"));
    let seen = head.post(PATH, &body).send().ok();
    assert_eq!(seen["totals"], found["totals"]);
    assert!(!seen.to_string().contains("m03"), "{seen}");
    let written = "SELECT (SELECT count(*) FROM touch) + (SELECT count(*) FROM touch_run)";
    assert_eq!(host.reach().number(written), 0, "nothing is written");
    for (body, outcome) in [
        (json!({"to": "2026-03-20"}), "400 invalid-request /from"),
        (json!({"from": "2025-03-20"}), "400 invalid-request /from"),
        (json!({"from": "soon"}), "400 invalid-request /from"),
        (json!({"to": "03-10"}), "400 invalid-request /to"),
        (json!({"cursor": "x", "to": "2026-03-12"}), "400 invalid-request /to"),
        (json!({"cursor": "x"}), "400 invalid-request /cursor"),
        (json!({"draft": "none"}), "400 invalid-request /draft"),
    ] {
        assert_eq!(marketing.post(PATH, &body).send().outcome(), outcome, "{body}");
    }
    let till = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(till.post(PATH, &body).send().outcome(), "403 forbidden");
}
