//! `/v1/programmes`: publishing rulebooks, and programmes that know nothing of each other.

use serde_json::{Value as Json, json};
use tests::Host;

#[test]
fn a_new_rulebook_counts_from_its_publication() {
    let host = Host::start();
    let shop = host.shop();
    let mut found = shop.get("/v1/programmes/default").send().ok();
    assert_eq!(found["rulebook_version"], 1);
    shop.buys("m", "o-1", 1_000).send().ok();
    let mut body = json!({"name": found["name"], "rulebook": found["rulebook"].take()});
    let publish = |body: &Json| shop.put("/v1/programmes/default", body).send().ok()["rulebook_version"].clone();
    assert_eq!(publish(&body), 1, "the document that is published already is no new version");
    body["rulebook"]["purchase"]["points_per_unit"] = "2.5".into();
    assert_eq!(publish(&body), 2);
    assert_eq!(publish(&body), 2);
    let earned = shop.buys("m", "o-2", 1_000).send();
    assert_eq!(
        (earned.outcome().as_str(), &earned.json()["entry"]["rulebook_version"]),
        ("201 earn +25 = 35", &json!(2))
    );
    body["rulebook"]["purchase"]["points_per_unit"] = "1".into();
    assert_eq!(publish(&body), 3, "back to the first text is a version of its own");
    assert_eq!(shop.buys("m", "o-3", 1_000).send().outcome(), "201 earn +10 = 45");
}

/// A retry that comes late must not undo what a colleague has published in the meantime.
#[test]
fn a_publication_is_done_once_under_its_key() {
    let host = Host::start();
    let shop = host.shop();
    let rulebook = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let with_rate = |rate: &str| {
        let mut body = json!({"name": "Default programme", "rulebook": rulebook});
        body["rulebook"]["purchase"]["points_per_unit"] = rate.into();
        shop.put("/v1/programmes/default", &body)
    };
    let first = with_rate("2").key("a").send();
    assert_eq!((first.status, &first.json()["rulebook_version"]), (200, &json!(2)));
    assert_eq!(with_rate("3").key("b").send().ok()["rulebook_version"], 3);
    with_rate("2").key("a").send().assert_replays(&first);
    assert_eq!(with_rate("4").key("a").send().outcome(), "422 idempotency-key-reused");
    assert_eq!(shop.get("/v1/programmes/default").send().ok()["rulebook_version"], 3);
}

type Change<'a> = &'a dyn Fn(&mut Json);

#[test]
fn what_cannot_be_a_rule_is_named() {
    let host = Host::start();
    let shop = host.shop();
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let before = host.books().snapshot();
    let changed = |change: Change| {
        let mut body = json!({"name": "x", "rulebook": book});
        change(&mut body);
        shop.put("/v1/programmes/default", &body)
    };
    let rows: [(Change, &str); 12] = [
        (&|b| b["name"] = "".into(), "400 invalid-request /name"),
        (&|b| b["rulebook"]["format"] = 2.into(), "400 invalid-request /rulebook/format"),
        (&|b| b["rulebook"]["currency"] = "yuan".into(), "400 invalid-request /rulebook/currency"),
        (&|b| b["rulebook"]["time_zone"] = "Mars/Base".into(), "400 invalid-request /rulebook/time_zone"),
        (
            &|b| b["rulebook"]["purchase"]["points_per_unit"] = "-1".into(),
            "400 invalid-request /rulebook/purchase/points_per_unit",
        ),
        (
            &|b| b["rulebook"]["purchase"]["points_per_unit"] = 1.5.into(),
            "400 invalid-request /rulebook/purchase/points_per_unit",
        ),
        (&|b| b["rulebook"]["purchase"]["expiry"] = "gone".into(), "400 invalid-request /rulebook/purchase/expiry"),
        (
            &|b| b["rulebook"]["tiers"]["levels"][0]["from"] = 5.into(),
            "400 invalid-request /rulebook/tiers/levels/0/from",
        ),
        (
            &|b| b["rulebook"]["actions"]["check_in"]["limit"]["times"] = 0.into(),
            "400 invalid-request /rulebook/actions/check_in/limit/times",
        ),
        (&|b| b["rulebook"]["typo"] = 1.into(), "400 invalid-request /rulebook/typo"),
        (
            &|b| b["rulebook"]["actions"]["purchase"] = b["rulebook"]["actions"]["check_in"].clone(),
            "400 invalid-request /rulebook/actions/purchase",
        ),
        (&|b| b["rulebook"] = Json::Null, "400 invalid-request /rulebook"),
    ];
    for (change, outcome) in rows {
        assert_eq!(changed(change).send().outcome(), outcome);
    }
    assert_eq!(
        shop.put("/v1/programmes/No!", &json!({"name": "x", "rulebook": book})).send().outcome(),
        "400 invalid-request programme_id"
    );
    assert_eq!(host.books().snapshot(), before);
}

/// The same members, orders and keys in two programmes are different ones.
#[test]
fn programmes_share_nothing() {
    let host = Host::start();
    let (one, other) = (host.shop(), host.shop_with("other", |book| book["purchase"]["points_per_unit"] = "3".into()));
    for (ask, outcome) in [
        (one.buys("m", "o-1", 1_000).key("k"), "201 earn +10 = 10"),
        (other.buys("m", "o-1", 1_000).key("k"), "201 earn +30 = 30"),
        (other.redeems("m", 25).key("r"), "201 redeem -25 = 5"),
        (one.redeems("m", 25).key("r"), "422 insufficient-points"),
        (other.buys("only-here", "o-2", 1_000), "201 earn +30 = 30"),
        (one.get("/v1/members/only-here"), "404 member-not-found"),
        (one.get("/v1/members/only-here/entries"), "404 member-not-found"),
        (one.get("/v1/members/only-here/lots"), "404 member-not-found"),
        (one.redeems("only-here", 1), "404 member-not-found"),
        (one.get("/v1/reports/audit?member_id=only-here"), "404 resource-not-found"),
        (other.get("/v1/programmes/default"), "404 resource-not-found"),
        (one.get("/v1/programmes/other"), "200"),
        (other.put("/v1/programmes/other", &json!({"name": "mine", "rulebook": {}})), "403 forbidden"),
        (other.post("/v1/keys", &json!({"role": "admin", "label": "x", "programme_id": "default"})), "403 forbidden"),
        (
            one.post("/v1/keys", &json!({"role": "admin", "label": "x", "programme_id": "nowhere"})),
            "404 resource-not-found",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
    let prefix = other.all("/v1/keys", 50)[0]["prefix"].as_str().unwrap().to_owned();
    assert_eq!(one.ask("DELETE", &format!("/v1/keys/{prefix}")).send().outcome(), "404 resource-not-found");
    assert_eq!(one.ask("POST", &format!("/v1/keys/{prefix}/rotate")).send().outcome(), "404 resource-not-found");
}
