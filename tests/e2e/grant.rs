//! `/v1/grants`: points and coupons for members who did nothing for them.

use serde_json::{Value as Json, json};
use tests::{Answer, Ask, CALLING, Host, Receiver, Shop, at_once, count};

/// The operator's shop, whose rulebook has these grants, and coupons of 50 yuan.
fn with_grants(host: &Host, grants: &Json) -> Shop {
    let shop = host.shop();
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["grants"] = grants.clone();
    book["coupons"] = json!({"fifty": {"off_minor": 5_000, "expiry": "campaign"}});
    let put = json!({"name": "Default", "rulebook": book});
    assert_eq!(shop.put("/v1/programmes/default", &put).send().status, 200);
    shop
}

fn grants() -> Json {
    json!({
        "birthday": {"points": 200, "expiry": "campaign", "coupon": "fifty",
            "limit": {"times": 1, "per": "year"}},
        "apology": {"points": 30, "expiry": "campaign"},
        "come_back": {"coupon": "fifty"},
    })
}

fn gets(shop: &Shop, member: &str, grant: &str) -> Ask {
    shop.post("/v1/grants", &json!({"member_id": member, "grant": grant}))
}

fn for_occasion(shop: &Shop, member: &str, grant: &str, occasion: &str) -> Ask {
    let body = json!({"member_id": member, "grant": grant, "reference": occasion});
    shop.post("/v1/grants", &body)
}

fn open_coupons(shop: &Shop, member: &str) -> usize {
    shop.get(&format!("/v1/members/{member}/coupons")).send().ok()["items"]
        .as_array()
        .unwrap()
        .len()
}

#[test]
fn a_birthday_brings_points_and_a_coupon_once_a_year() {
    let host = Host::start();
    let shop = with_grants(&host, &grants());
    shop.buys("a", "o-1", 6_000).send().ok();
    let body = json!({"member_id": "a", "grant": "birthday", "strategy": "birthdays",
        "reference": "birthday-2026-a", "reason": "for Li"});
    let dry = shop.post("/v1/grants?dry_run=true", &body).send();
    assert_eq!(dry.outcome(), "201 grant +200 = 260");
    assert_eq!(shop.balance("a"), 60);
    let first = shop.post("/v1/grants", &body).key("k").send();
    assert_eq!(first.outcome(), "201 grant +200 = 260");
    let entry = first.ok()["entry"].take();
    assert_eq!((&entry["grant"], &entry["strategy"]), (&json!("birthday"), &json!("birthdays")));
    assert_eq!(entry["coupons"][0]["coupon"], "fifty");
    shop.post("/v1/grants", &body).key("k").send().assert_replays(&first);
    assert_eq!(shop.post("/v1/grants", &body).send().outcome(), "409 reference-already-used");
    assert_eq!(gets(&shop, "a", "birthday").send().outcome(), "422 limit-reached");
    assert_eq!(open_coupons(&shop, "a"), 1);
    // What was not earned does not count to levels.
    assert_eq!(shop.member("a")["growth"], 6);
    host.clock("2027-01-01T00:00:00+08:00");
    let again = for_occasion(&shop, "a", "birthday", "birthday-2027-a").send().outcome();
    assert!(again.starts_with("201 grant +200"), "{again}");
    assert!(for_occasion(&shop, "a", "birthday", "x").send().outcome().starts_with("422 limit"));
}

#[test]
fn bad_grants_are_refused_and_nothing_is_written() {
    let host = Host::start();
    let shop = with_grants(&host, &grants());
    shop.buys("a", "o-1", 6_000).send().ok();
    let body = |change: Json| {
        let mut body = json!({"member_id": "a", "grant": "apology"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        shop.post("/v1/grants", &body)
    };
    let as_role = |role: &str| gets(&shop.with_bearer(&shop.key(role)), "a", "apology");
    for (ask, outcome) in [
        (body(json!({"grant": "none"})), "422 not-offered"),
        (body(json!({"grant": ""})), "400 invalid-request /grant"),
        (body(json!({"grant": "x".repeat(41)})), "400 invalid-request /grant"),
        (body(json!({"grant": "a\u{7}"})), "400 invalid-request /grant"),
        (body(json!({"grant": 7})), "400 invalid-request /grant"),
        (body(json!({"strategy": ""})), "400 invalid-request /strategy"),
        (body(json!({"strategy": "客".repeat(65)})), "400 invalid-request /strategy"),
        (body(json!({"points": 1_000_000})), "400 invalid-request /points"),
        (body(json!({"member_id": "nobody"})), "404 member-not-found"),
        (body(json!({"member_id": "pool:home"})), "404 member-not-found"),
        (body(json!({"reference": "o 1"})), "400 invalid-request /reference"),
        (as_role("storefront"), "403 forbidden"),
        (as_role("finance"), "403 forbidden"),
        (as_role("job"), "403 forbidden"),
        (shop.get("/v1/grants"), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(shop.history("a").len(), 1);
    for role in ["marketing", "service"] {
        assert!(as_role(role).send().outcome().starts_with("201 grant +30"), "{role}");
    }
    let frozen = json!({"side": "earning", "reason": "x"});
    shop.post("/v1/members/a/freeze", &frozen).send().ok();
    assert_eq!(gets(&shop, "a", "apology").send().outcome(), "409 member-frozen");
    assert_eq!(gets(&shop, "a", "come_back").send().outcome(), "409 member-frozen");
}

/// The budgets of all, of a store and of a person are counted apart, and each is kept.
#[test]
fn budgets_are_kept_by_their_owners() {
    let host = Host::start();
    let budgets = json!([{"of": "programme", "times": 5, "per": "month"},
        {"of": "store", "times": 2, "per": "day"}, {"of": "person", "times": 3, "per": "lifetime"}]);
    let apology = json!({"points": 30, "expiry": "campaign", "budgets": budgets});
    let shop = with_grants(&host, &json!({"apology": apology}));
    shop.buys("a", "o-1", 6_000).send().ok();
    let (anna, ben) = (shop.key_of("anna", "service"), shop.key_of("ben", "service"));
    let by = |key: &str, store: Option<&str>| -> Answer {
        let body = json!({"member_id": "a", "grant": "apology", "store_id": store});
        shop.with_bearer(key).post("/v1/grants", &body).send()
    };
    let spent = |answer: &Answer, of: &str, per: &str| {
        assert_eq!(answer.outcome(), "409 budget-spent");
        let problem = answer.json();
        assert_eq!((&problem["of"], &problem["per"]), (&json!(of), &json!(per)), "{problem}");
    };
    assert_eq!(by(&anna, None).outcome(), "422 not-offered");
    by(&anna, Some("s-1")).ok();
    by(&anna, Some("s-1")).ok();
    spent(&by(&ben, Some("s-1")), "store", "day");
    by(&anna, Some("s-2")).ok();
    spent(&by(&anna, Some("s-2")), "person", "lifetime");
    by(&ben, Some("s-2")).ok();
    host.clock("2026-03-11T10:00:00+08:00");
    by(&ben, Some("s-1")).ok();
    spent(&by(&ben, Some("s-1")), "grant", "month");
    host.clock("2026-04-01T00:00:00+08:00");
    by(&ben, Some("s-1")).ok();
    spent(&by(&ben, Some("s-3")), "person", "lifetime");
    assert_eq!(shop.balance("a"), 60 + 6 * 30);
    let told = shop.get("/v1/reports/budgets").send().ok()["budgets"].take();
    let april = json!({"grant": "apology", "per": "month", "times": 5, "granted": 1, "left": 4,
        "red_line_percent": 90, "red": false});
    assert_eq!(told, json!([april]));
}

/// A person who takes another key, and a line of keys that goes on, begin no new budget.
#[test]
fn a_rotated_key_brings_no_new_budget() {
    let host = Host::start();
    let budgets = json!([{"of": "programme", "times": 9, "per": "month"}, {"of": "person", "times": 1, "per": "month"}]);
    let apology = json!({"points": 30, "expiry": "campaign", "budgets": budgets});
    let shop = with_grants(&host, &json!({"apology": apology}));
    shop.buys("a", "o-1", 6_000).send().ok();
    let gives = |key: &str| gets(&shop.with_bearer(key), "a", "apology").send().outcome();
    let rotated = |by: &Shop, key: &str| {
        let made = by.ask("POST", &format!("/v1/keys/{}/rotate", &key[..12])).send().ok();
        made["key"].as_str().unwrap().to_owned()
    };
    let anna = shop.key_of("anna", "service");
    assert_eq!(gives(&anna), "201 grant +30 = 90");
    assert_eq!(gives(&rotated(&shop.with_bearer(&anna), &anna)), "409 budget-spent");
    assert_eq!(gives(&shop.key_of("anna", "marketing")), "409 budget-spent");
    let machine = json!({"role": "marketing", "label": "crm"});
    let machine = shop.post("/v1/keys", &machine).send().ok()["key"].as_str().unwrap().to_owned();
    assert_eq!(gives(&machine), "201 grant +30 = 120");
    assert_eq!(gives(&rotated(&shop, &machine)), "409 budget-spent");
}

/// The only store of a key is filled in; an occasion grants once, whichever store names it.
#[test]
fn stores_grant_from_their_own_budgets_and_share_occasions() {
    let host = Host::start();
    let budgets = json!([{"of": "programme", "times": 9, "per": "month"}, {"of": "store", "times": 1, "per": "month"}]);
    let apology = json!({"points": 30, "expiry": "campaign", "budgets": budgets});
    let gift = json!({"points": 5, "expiry": "campaign"});
    let shop = with_grants(&host, &json!({"apology": apology, "gift": gift}));
    for member in ["a", "b"] {
        shop.buys(member, &format!("o-{member}"), 6_000).send().ok();
    }
    let key = json!({"role": "service", "label": "desk", "stores": ["s-1"]});
    let desk = shop.post("/v1/keys", &key).send().ok()["key"].as_str().unwrap().to_owned();
    let given = gets(&shop.with_bearer(&desk), "a", "apology").send();
    assert_eq!(given.outcome(), "201 grant +30 = 90");
    assert_eq!(given.ok()["entry"]["store_id"], "s-1");
    let answer = gets(&shop.with_bearer(&desk), "b", "apology").send();
    assert_eq!(
        (answer.outcome(), answer.json()["of"].clone()),
        ("409 budget-spent".into(), json!("store"))
    );
    let spring = |member: &str, store: &str| {
        let body = json!({"member_id": member, "grant": "gift", "reference": "spring-2026", "store_id": store});
        shop.post("/v1/grants", &body).send().outcome()
    };
    assert_eq!(spring("a", "s-1"), "201 grant +5 = 95");
    assert_eq!(spring("a", "s-2"), "409 reference-already-used");
    assert_eq!(spring("b", "s-2"), "409 reference-of-another");
}

#[test]
fn the_programmes_budget_of_points_gives_all_of_a_grant_or_nothing() {
    let host = Host::start();
    let shop = with_grants(&host, &grants());
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["caps"]["budget"] = json!({"points": 100, "per": "month"});
    shop.put("/v1/programmes/default", &json!({"name": "Default", "rulebook": book})).send().ok();
    assert_eq!(shop.buys("a", "o-1", 5_000).send().outcome(), "201 earn +50 = 50");
    assert!(gets(&shop, "a", "apology").send().outcome().starts_with("201 grant +30"));
    let answer = gets(&shop, "a", "apology").send();
    assert_eq!(answer.outcome(), "409 budget-spent");
    assert_eq!(answer.json()["of"], "programme");
    // What a grant counts, purchases find counted, and a coupon costs no points.
    assert_eq!(shop.buys("a", "o-2", 5_000).send().outcome(), "201 earn +20 = 100");
    assert!(gets(&shop, "a", "come_back").send().outcome().starts_with("201 grant +0"));
}

/// A strategy that is run twice at once, by three instances, gives each member one grant, and all
/// of them no more than the budget.
#[test]
fn a_hundred_grants_of_a_budget_of_ten() {
    let host = Host::start_with(&["--instances", "3"]);
    let budgets = json!([{"of": "programme", "times": 10, "per": "month"}]);
    let gift = json!({"points": 5, "expiry": "campaign", "budgets": budgets});
    let shop = with_grants(&host, &json!({"gift": gift}));
    for member in 0..50 {
        shop.does(&format!("m{member}"), "check_in").send().ok();
    }
    let answers = at_once(100, |number| {
        let member = format!("m{}", number % 50);
        for_occasion(&shop, &member, "gift", &format!("spring-{member}")).send()
    });
    assert_eq!(count(&answers, "201 grant +5"), 10);
    let refused = count(&answers, "409 budget-spent") + count(&answers, "409 reference-already");
    assert_eq!(refused, 90);
    let granted: i64 = (0..50).map(|member| shop.balance(&format!("m{member}")) - 5).sum();
    assert_eq!(granted, 50);
    host.books().assert_sound();
}

#[test]
fn a_grant_is_taken_back_whole_and_its_occasion_stays_used() {
    let host = Host::start();
    let shop = with_grants(&host, &grants());
    shop.buys("a", "o-1", 6_000).send().ok();
    let granted = for_occasion(&shop, "a", "birthday", "b-1").send().ok();
    let back = |body: Json| shop.post("/v1/reverse", &body).send().outcome();
    let by_id = json!({"member_id": "a", "entry_id": granted["entry"]["entry_id"], "points": 10});
    assert_eq!(back(by_id), "400 invalid-request /points");
    assert_eq!(
        back(json!({"member_id": "a", "event": "grant", "reference": "b-1"})),
        "201 reverse -200 = 60"
    );
    assert_eq!(open_coupons(&shop, "a"), 0);
    assert_eq!(
        back(json!({"member_id": "a", "event": "grant", "reference": "b-1"})),
        "409 nothing-to-reverse"
    );
    let again = for_occasion(&shop, "a", "birthday", "b-1").send().outcome();
    assert_eq!(again, "409 reference-already-used");
    // The coupon alone is taken back too, and an order of the same name is another document.
    for_occasion(&shop, "a", "come_back", "o-1").send().ok();
    let by_name = json!({"member_id": "a", "event": "grant", "reference": "o-1"});
    assert_eq!(back(by_name), "201 reverse +0 = 60");
    assert_eq!(shop.returns("a", "o-1").send().outcome(), "201 reverse -60 = 0");
    host.books().assert_sound();
}

#[test]
fn a_member_with_a_hundred_coupons_gets_no_half_grant() {
    let host = Host::start();
    let shop = with_grants(&host, &grants());
    shop.buys("a", "o-1", 6_000).send().ok();
    for _ in 0..100 {
        gets(&shop, "a", "come_back").send().ok();
    }
    assert_eq!(gets(&shop, "a", "come_back").send().outcome(), "422 too-many-open");
    assert_eq!(gets(&shop, "a", "birthday").send().outcome(), "422 too-many-open");
    assert_eq!(shop.balance("a"), 60);
    assert_eq!(gets(&shop, "a", "apology").send().outcome(), "201 grant +30 = 90");
}

/// Points go to another member by another name, after a merger as before; listeners hear of it.
#[test]
fn merged_members_and_listeners() {
    let host = Host::start_with(&CALLING);
    let (shop, receiver) = (with_grants(&host, &grants()), Receiver::start());
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let endpoint = json!({"url": receiver.url(), "secret": secret, "kinds": ["grant"]});
    shop.put("/v1/endpoints/crm", &endpoint).send().ok();
    for member in ["old", "new"] {
        shop.does(member, "check_in").send().ok();
    }
    for_occasion(&shop, "old", "birthday", "b-1").send().ok();
    shop.post("/v1/members/new/merge", &json!({"from_member_id": "old", "reason": "twice"}))
        .send()
        .ok();
    assert_eq!(gets(&shop, "old", "apology").send().outcome(), "409 member-merged");
    let other = for_occasion(&shop, "new", "birthday", "b-1").send().outcome();
    assert_eq!(other, "409 reference-of-another");
    let back = json!({"member_id": "new", "event": "grant", "reference": "b-1"});
    assert_eq!(shop.post("/v1/reverse", &back).send().outcome(), "201 reverse -200 = 10");
    assert_eq!(open_coupons(&shop, "new"), 0);
    shop.runs("notify");
    let heard: Vec<Json> = receiver.take().iter().map(|one| one.event()).collect();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["type"], "points.granted");
    assert_eq!(heard[0]["data"]["grant"], "birthday");
}

/// What can be given for nothing is a major change of the rulebook.
#[test]
fn a_new_grant_takes_an_approval() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["grants"] = json!({"gift": {"points": 1, "expiry": "campaign"}});
    marketing.put("/v1/rulebook/drafts/mine", &book).send().ok();
    let asked = marketing.post("/v1/rulebook/publications", &json!({"draft": "mine"})).send().ok();
    assert_eq!(
        (&asked["state"], &asked["major_changes"]),
        (&json!("waiting"), &json!(["/grants"]))
    );
}
