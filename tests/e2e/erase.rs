//! `/v1/members/{id}/erase`: the person cannot be identified any more, and the books still balance.

use serde_json::json;
use tests::Host;

#[test]
fn a_person_is_erased() {
    let host = Host::start();
    let shop = host.shop();
    shop.put(
        "/v1/members/m",
        &json!({"attributes": {"name": "Li Lei"}, "aliases": ["phone:+8613800000000"]}),
    )
    .send()
    .ok();
    shop.buys("m", "o-1", 250_000)
        .with("device-id", "phone-7")
        .with("client-ip", "192.0.2.7")
        .send()
        .ok();
    shop.holds("m", 30, 60).send().ok();
    let anna = shop.with_bearer(&shop.key("service"));
    anna.post(
        "/v1/adjustments",
        &json!({"member_id": "m", "points": 5, "reason_code": "goodwill", "evidence": "letter of Li Lei"}),
    )
    .send()
    .ok();
    shop.post("/v1/redeem", &json!({"member_id": "m", "points": 1, "reason": "for Li Lei"}))
        .send()
        .ok();
    let export = shop.get("/v1/members/~phone:+8613800000000/export").send().ok();
    for text in [
        "Li Lei",
        "phone:+8613800000000",
        "phone-7",
        "192.0.2.7",
        "letter of",
        "for Li Lei",
        "silver",
    ] {
        assert!(export.to_string().contains(text), "{text}: {export}");
    }
    assert_eq!((export["entries"].as_array().unwrap().len(), &export["next"]), (6, &json!(null)));
    assert_eq!(
        (&export["member"]["balance"], export["lots"].as_array().unwrap().len()),
        (&json!(2_969), 2)
    );
    assert_eq!(
        shop.get("/v1/members/m/export").bearer(&shop.key("storefront")).send().outcome(),
        "403 forbidden"
    );
    assert_eq!(shop.get("/v1/members/nobody/export").send().outcome(), "404 member-not-found");
    let body = json!({"reason": "request 12"});
    for (ask, outcome) in [
        (anna.post("/v1/members/m/erase", &body), "403 forbidden"),
        (shop.post("/v1/members/m/erase", &json!({})), "400 invalid-request "),
        (shop.post("/v1/members/nobody/erase", &body), "404 member-not-found"),
        (
            shop.put("/v1/members/n", &json!({"aliases": ["phone:+8613800000000"]})),
            "409 alias-taken",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let dry = shop.post("/v1/members/m/erase?dry_run=true", &body).send().ok();
    assert_eq!([&dry["entry"]["kind"], &dry["entry"]["points"]], [&json!("erase"), &json!(-2_999)]);
    let first = shop.post("/v1/members/m/erase", &body).key("k").send();
    assert_eq!(first.ok()["balance"], 0);
    shop.post("/v1/members/m/erase", &body).key("k").send().assert_replays(&first);
    for (ask, outcome) in [
        (shop.buys("m", "o-2", 100), "410 member-erased"),
        (shop.redeems("m", 1), "410 member-erased"),
        (
            shop.put("/v1/members/m", &json!({"attributes": {"name": "Li Lei"}})),
            "410 member-erased",
        ),
        (shop.get("/v1/members/m"), "410 member-erased"),
        (shop.get("/v1/members/m/export"), "410 member-erased"),
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
        for text in [
            "entry WHERE instr(body",
            "entry WHERE instr(texts",
            "answer WHERE instr(body",
            "member WHERE instr(state",
        ] {
            assert_eq!(
                books.number(&format!("SELECT count(*) FROM {text}, '{name}') > 0")),
                0,
                "{name} in {text}"
            );
        }
    }
    let trial = shop.get("/v1/reports/trial-balance").send().ok();
    assert_eq!(trial["sum"], 0);
    let accounts = trial["accounts"].as_array().unwrap();
    assert!(
        accounts
            .iter()
            .any(|account| account["account"] == "forfeited" && account["points"] == 2_999),
        "{accounts:?}"
    );
    let audit = shop.get("/v1/reports/audit").send().ok();
    assert_eq!(audit["clean"], true, "{audit}");
    assert_eq!(shop.runs("night")["failed"], 0);
}
