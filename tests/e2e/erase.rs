//! `/v1/members/{id}/erase`: nobody knows any more who it was, and the books add up all the same.

use serde_json::json;
use tests::Host;

#[test]
fn a_person_is_forgotten() {
    let host = Host::start();
    let shop = host.shop();
    shop.put("/v1/members/m", &json!({"attributes": {"name": "Li Lei"}, "aliases": ["phone:+8613800000000"]}))
        .send()
        .ok();
    shop.buys("m", "o-1", 250_000).with("device-id", "phone-7").with("client-ip", "192.0.2.7").send().ok();
    shop.holds("m", 30, 60).send().ok();
    let anna = shop.with_bearer(&shop.key("service"));
    anna.post("/v1/adjustments", &json!({"member_id": "m", "points": 5, "reason_code": "goodwill"})).send().ok();
    let body = json!({"reason": "request 12"});
    for (ask, outcome) in [
        (anna.post("/v1/members/m/erase", &body), "403 forbidden"),
        (shop.post("/v1/members/m/erase", &json!({})), "400 invalid-request "),
        (shop.post("/v1/members/nobody/erase", &body), "404 member-not-found"),
        (shop.put("/v1/members/n", &json!({"aliases": ["phone:+8613800000000"]})), "409 alias-taken"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let dry = shop.post("/v1/members/m/erase?dry_run=true", &body).send().ok();
    assert_eq!([&dry["entry"]["kind"], &dry["entry"]["points"]], [&json!("erase"), &json!(-3_000)]);
    let first = shop.post("/v1/members/m/erase", &body).key("k").send();
    assert_eq!(first.ok()["balance"], 0);
    shop.post("/v1/members/m/erase", &body).key("k").send().assert_replays(&first);
    for (ask, outcome) in [
        (shop.buys("m", "o-2", 100), "410 member-erased"),
        (shop.redeems("m", 1), "410 member-erased"),
        (shop.put("/v1/members/m", &json!({"attributes": {"name": "Li Lei"}})), "410 member-erased"),
        (shop.get("/v1/members/m"), "410 member-erased"),
        (shop.get("/v1/members/~phone:+8613800000000"), "404 member-not-found"),
        (shop.post("/v1/members/m/erase", &body), "410 member-erased"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let books = host.books();
    for (table, column) in [("profile", "attributes"), ("alias", "alias"), ("trace", "device")] {
        assert_eq!(books.number(&format!("SELECT count({column}) FROM {table}")), 0, "{table}");
    }
    for name in ["Li Lei", "13800000000", "phone-7", "192.0.2.7"] {
        for text in ["entry WHERE instr(body", "refusal WHERE instr(body"] {
            assert_eq!(books.number(&format!("SELECT count(*) FROM {text}, '{name}') > 0")), 0, "{name} in {text}");
        }
    }
    let trial = shop.get("/v1/reports/trial-balance").send().ok();
    assert_eq!(trial["sum"], 0);
    let accounts = trial["accounts"].as_array().unwrap();
    assert!(
        accounts.iter().any(|account| account["account"] == "forfeited" && account["points"] == 3_000),
        "{accounts:?}"
    );
    assert_eq!(shop.runs("night")["failed"], 0);
}
