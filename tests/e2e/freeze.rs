//! `/v1/members/{id}/freeze` and `/restore`.

use serde_json::json;
use tests::{Host, at_once};

#[test]
fn a_frozen_account_neither_earns_nor_spends() {
    let host = Host::start();
    let shop = host.shop();
    let service = shop.with_bearer(&shop.key("service"));
    shop.buys("m", "o-1", 10_000).send().ok();
    let way =
        |way: &str, body: serde_json::Value| service.post(&format!("/v1/members/m/{way}"), &body);
    for (ask, outcome) in [
        (way("freeze", json!({"reason": "stolen phone"})), "201 freeze +0 = 100"),
        (way("freeze", json!({"reason": "stolen phone"})), "409 nothing-to-change"),
        (shop.redeems("m", 10), "409 member-frozen"),
        (shop.buys("m", "o-2", 100), "409 member-frozen"),
        (way("restore", json!({"side": "earning", "reason": "new phone"})), "201 restore +0 = 100"),
        (shop.buys("m", "o-3", 100), "201 earn +1 = 101"),
        (way("restore", json!({})), "400 invalid-request "),
        (way("restore", json!({"side": "left", "reason": "x"})), "400 invalid-request /side"),
        (
            shop.with_bearer(&shop.key("storefront"))
                .post("/v1/members/m/restore", &json!({"reason": "me"})),
            "403 forbidden",
        ),
        (
            service.post("/v1/members/nobody/freeze", &json!({"reason": "x"})),
            "404 member-not-found",
        ),
        (shop.ask("DELETE", "/v1/members/m/freeze"), "405 method-not-allowed"),
        (way("restore?dry_run=true", json!({"reason": "new phone"})), "201 restore +0 = 101"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.member("m")["frozen"], json!({"earning": false, "spending": true}));
    let refused = shop.redeems("m", 10).send();
    assert_eq!(refused.json()["side"], "spending");
    way("restore", json!({"reason": "new phone"})).send().ok();
    assert_eq!(shop.redeems("m", 10).send().outcome(), "201 redeem -10 = 91");
}

/// In any order of arrival: once the freeze is answered, no points are spent.
#[test]
fn nothing_is_spent_after_a_freeze() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 10_000).send().ok();
    let answers = at_once(33, |n| match n {
        16 => shop.post("/v1/members/m/freeze", &json!({"reason": "fraud"})).send(),
        _ => shop.redeems("m", 1).send(),
    });
    let spent = answers.iter().filter(|answer| answer.outcome().starts_with("201 redeem")).count();
    let frozen = shop.history("m").iter().position(|line| line.starts_with("freeze")).unwrap();
    assert_eq!(frozen, spent + 1, "every redemption that was answered stands before the freeze");
    assert_eq!(shop.balance("m"), 100 - i64::try_from(spent).unwrap());
}
