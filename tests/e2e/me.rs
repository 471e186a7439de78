//! Passes, `/v1/me` and the page of members.

use std::collections::BTreeSet;
use std::io::Read as _;

use serde_json::{Value as Json, json};
use tests::{Answer, Ask, Host, Shop, purchase};

/// A member's browser.
struct Browser<'a> {
    host: &'a Host,
    pass: String,
}

impl<'a> Browser<'a> {
    fn of(host: &'a Host, shop: &Shop, member: &str) -> Self {
        let made = makes(shop, member).send();
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let pass = made.ok()["pass"].as_str().unwrap().to_owned();
        assert_eq!(made.ok()["path"], format!("/m#pass={pass}"));
        Self { host, pass }
    }

    fn ask(&self, method: &str, path: &str) -> Ask {
        self.host.ask(method, path).bearer(&self.pass)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send()
    }

    fn scans(&self, receipt: &str) -> Answer {
        let body = json!({"receipt": receipt}).to_string();
        self.ask("POST", "/v1/me/scan").key(receipt).body(body).send()
    }
}

/// The shop's own system, which is nobody's key.
fn app(shop: &Shop) -> (Shop, String) {
    let made = shop.post("/v1/keys", &json!({"role": "storefront", "label": "app"})).send().ok();
    let key = made["key"].as_str().unwrap();
    (shop.with_bearer(key), made["prefix"].as_str().unwrap().to_owned())
}

fn makes(shop: &Shop, member: &str) -> Ask {
    shop.ask("POST", &format!("/v1/members/{member}/passes")).without("idempotency-key")
}

/// A rulebook that gives a coupon for the first order.
fn shop(host: &Host) -> Shop {
    host.shop_with("club", |rulebook| {
        rulebook["coupons"] =
            json!({"welcome": {"off_minor": 2_000, "min_minor": 10_000, "expiry": "campaign"}});
        rulebook["rules"] = json!([{"id": "first", "event": "purchase", "when": "member.orders == 0",
            "award": {"kind": "fixed", "points": 20}, "coupon": "welcome"}]);
    })
}

#[test]
fn a_member_sees_its_own_account() {
    let host = Host::start();
    let shop = host.shop_with("club", |rulebook| {
        rulebook["tiers"] = json!({"basis": "spend", "period": {"kind": "rolling_months", "months": 12},
            "gift_expiry": "campaign", "levels": [{"id": "member", "from": 0}, {"id": "gold", "from": 100_000}]});
    });
    for (order, amount) in [("o-1", 30_000), ("o-2", 20_000)] {
        shop.buys("m", order, amount).send().ok();
    }
    shop.redeems("m", 100).send().ok();
    let browser = Browser::of(&host, &shop, "m");
    let me = browser.get("/v1/me").ok();
    let staff = shop.member("m");
    for field in ["member_id", "balance", "pending", "debt"] {
        assert_eq!(me[field], staff[field], "{field}");
    }
    assert_eq!(me["programme"], json!({"id": "club", "name": "club"}));
    assert_eq!(me["money"], json!({"currency": "CNY", "decimals": 2}));
    assert_eq!(me["tier"]["id"], "member");
    assert_eq!(
        (&me["tier"]["next"]["tier"], &me["tier"]["next"]["missing"]),
        (&json!("gold"), &json!(50_000))
    );
    // All that is there ends on one of the days.
    let sum: i64 =
        me["ending"].as_array().unwrap().iter().map(|day| day["points"].as_i64().unwrap()).sum();
    assert_eq!(sum, me["balance"]);
    assert_eq!(me["ending"][0]["valid_through"], staff["expiring_next"]["valid_through"]);
    let history = browser.get("/v1/me/entries").ok();
    let told: Vec<(String, i64)> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (entry["kind"].as_str().unwrap().to_owned(), entry["points"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(told[0], ("redeem".to_owned(), -100));
    assert!(told.contains(&("earn".to_owned(), 300)), "{told:?}");
    assert_eq!(history["items"][0]["day"], "2026-03-10");
}

/// Page by page the same as all at once, without what a member does not see.
#[test]
fn the_history_is_whole_page_by_page() {
    let host = Host::start();
    let shop = host.shop();
    let service = shop.with_bearer(&shop.key("service"));
    for order in 0..9 {
        shop.buys("m", &format!("o-{order}"), 1_000).send().ok();
        let attributes = json!({"attributes": {"note": format!("secret-{order}")}});
        service.put("/v1/members/m", &attributes).send().ok();
    }
    let browser = Browser::of(&host, &shop, "m");
    let all = browser.get("/v1/me/entries?limit=50").ok();
    assert_eq!((all["items"].as_array().unwrap().len(), &all["next"]), (9, &Json::Null));
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = browser.get(&format!("/v1/me/entries?limit=2{cursor}")).ok();
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(&items, all["items"].as_array().unwrap());
    for (query, outcome) in [
        ("limit=0", "400 invalid-request ?limit"),
        ("limit=51", "400 invalid-request ?limit"),
        ("cursor=x", "400 invalid-request ?cursor"),
        ("member_id=n", "400 invalid-request ?member_id"),
    ] {
        assert_eq!(browser.get(&format!("/v1/me/entries?{query}")).outcome(), outcome);
    }
}

#[test]
fn a_pass_ends_by_time_and_goes_on_by_use() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 1_000).send().ok();
    let (idle, used) = (Browser::of(&host, &shop, "m"), Browser::of(&host, &shop, "m"));
    let until = used.get("/v1/me").ok()["pass"]["until"].as_str().unwrap().to_owned();
    assert!(until.starts_with("2026-03-10T06:00:"), "four hours: {until}");
    // Used every ten minutes, until four hours have passed.
    for minute in (10..240).step_by(10) {
        host.clock(&format!("2026-03-10T{:02}:{:02}:00+08:00", 10 + minute / 60, minute % 60));
        assert_eq!(used.get("/v1/me").status, 200, "{minute}");
        if minute == 20 {
            assert_eq!(idle.get("/v1/me").outcome(), "401 unauthorized");
        }
    }
    host.clock("2026-03-10T13:59:59+08:00");
    assert_eq!(used.get("/v1/me").status, 200);
    host.clock("2026-03-10T14:01:00+08:00");
    assert_eq!(used.get("/v1/me").outcome(), "401 unauthorized");
    // What is over goes when another one is made.
    Browser::of(&host, &shop, "m");
    assert_eq!(host.books().number("SELECT count(*) FROM pass"), 1);
    let many: Vec<Browser<'_>> = (0..6).map(|_| Browser::of(&host, &shop, "m")).collect();
    let open = many.iter().filter(|browser| browser.get("/v1/me").status == 200).count();
    assert_eq!(open, 5, "a member has five");
}

#[test]
fn a_pass_ends_with_what_happens_to_the_account() {
    let host = Host::start();
    let shop = host.shop();
    let service = shop.with_bearer(&shop.key_of("anna", "service"));
    let reason = json!({"reason": "stolen"});
    let is_open = |browser: &Browser<'_>| match browser.get("/v1/me").outcome().as_str() {
        "401 unauthorized" => false,
        outcome => {
            assert_eq!(outcome, "200");
            true
        }
    };
    for member in ["frozen", "merged", "erased", "lost", "same"] {
        shop.buys(member, member, 1_000).send().ok();
    }
    let browser = Browser::of(&host, &shop, "frozen");
    service.post("/v1/members/frozen/freeze", &reason).send().ok();
    assert!(!is_open(&browser));
    assert_eq!(makes(&shop, "frozen").send().outcome(), "409 member-frozen");
    service.post("/v1/members/frozen/restore", &reason).send().ok();
    assert!(!is_open(&browser), "a browser with a pass of before the freeze does not get it back");
    assert!(is_open(&Browser::of(&host, &shop, "frozen")));

    let browser = Browser::of(&host, &shop, "merged");
    let from = json!({"from_member_id": "merged", "reason": "twice"});
    let merged = shop.post("/v1/members/same/merge", &from).send();
    assert_eq!(merged.status, 201, "{}", merged.text());
    assert!(!is_open(&browser));
    assert_eq!(makes(&shop, "merged").send().outcome(), "409 member-merged");

    let browser = Browser::of(&host, &shop, "erased");
    let erased = shop.post("/v1/members/erased/erase", &json!({"reason": "asked"})).send();
    assert_eq!(erased.status, 201, "{}", erased.text());
    assert!(!is_open(&browser));
    assert_eq!(makes(&shop, "erased").send().outcome(), "410 member-erased");

    let (one, two) = (Browser::of(&host, &shop, "lost"), Browser::of(&host, &shop, "lost"));
    let other = Browser::of(&host, &shop, "same");
    assert_eq!(shop.ask("DELETE", "/v1/members/lost/passes").send().status, 204);
    assert!(!is_open(&one) && !is_open(&two) && is_open(&other));
}

#[test]
fn who_may_make_passes() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 1_000).send().ok();
    shop.put("/v1/members/m", &json!({"aliases": ["card:42"]})).send().ok();
    shop.ask("PUT", "/v1/pools/home/members/m").send();
    let of = |role: &str| shop.with_bearer(&shop.key(role));
    let body = json!({"role": "storefront", "label": "till", "stores": ["s-1"]});
    let key = shop.post("/v1/keys", &body).send().ok()["key"].as_str().unwrap().to_owned();
    let till = shop.with_bearer(&key);
    for (shop, member, outcome) in [
        (&of("storefront"), "m", "201"),
        (&of("storefront"), "~card:42", "201"),
        (&of("service"), "m", "201"),
        (&of("marketing"), "m", "403 forbidden"),
        (&till, "m", "403 store-forbidden"),
        (&of("storefront"), "nobody", "404 member-not-found"),
        (&of("storefront"), "~card:43", "404 member-not-found"),
        (&of("storefront"), "pool:home", "404 member-not-found"),
        (&of("storefront"), "%20", "400 invalid-request member_id"),
    ] {
        let answer = makes(shop, member).send();
        let outcome_now = if answer.status == 201 { "201".to_owned() } else { answer.outcome() };
        assert_eq!(outcome_now, outcome, "{member}");
    }
    let log = shop.get("/v1/audit-log?action=pass_made").send().ok();
    // The keys of these roles name a person.
    assert_eq!(log["items"].as_array().unwrap().len(), 3, "{log}");
    assert_eq!(makes(&app(&shop).0, "m").send().status, 201);
    let log = shop.get("/v1/audit-log?action=pass_made").send().ok();
    assert_eq!(log["items"].as_array().unwrap().len(), 3, "the shop's own system is not noted");
    let stored = host.books().text("SELECT group_concat(lower(hex(hash))) FROM pass");
    assert!(!stored.contains("mem_"), "{stored}");
}

/// Whatever a pass reads, it finds nothing of another member, of staff, or of devices; and no other
/// route opens to it.
#[test]
fn a_pass_of_one_member_finds_nothing_of_another() {
    let host = Host::start();
    let shop = shop(&host);
    let till = shop.with_bearer(&shop.key("storefront"));
    let service = shop.with_bearer(&shop.key_of("hidden-anna", "service"));
    for member in ["m", "hidden-n"] {
        let mut body = purchase(member, &format!("order-of-{member}"), 50_000);
        body["store_id"] = json!("hidden-store");
        body["channel"] = json!("hidden-channel");
        till.post("/v1/earn", &body).with("device-id", "hidden-device").send().ok();
        let spends = json!({"member_id": member, "points": 9, "reason": "hidden-reason"});
        till.post("/v1/redeem", &spends).send().ok();
        let attributes = json!({"attributes": {"note": "hidden-note"}, "aliases": [format!("card:hidden-{member}")]});
        till.put(&format!("/v1/members/{member}"), &attributes).send().ok();
        let address = json!({"address": format!("hidden-{member}@example.com")});
        till.put(&format!("/v1/members/{member}/contacts/email"), &address).send().ok();
        let wish = json!({"member_id": member, "points": 5, "reason_code": "goodwill", "evidence": "hidden-ticket"});
        service.post("/v1/adjustments", &wish).send();
    }
    till.post("/v1/transfers", &json!({"member_id": "m", "to_member_id": "hidden-n", "points": 5}))
        .send();
    let mut marks = BTreeSet::from(["hidden".to_owned(), "actor".to_owned(), "hash".to_owned()]);
    for entry in shop.all("/v1/members/hidden-n/entries", 200) {
        marks.insert(entry["entry_id"].as_str().unwrap().to_owned());
    }
    for coupon in shop.get("/v1/members/hidden-n/coupons").send().ok()["items"].as_array().unwrap()
    {
        marks.insert(coupon["code"].as_str().unwrap().to_owned());
    }
    assert!(marks.len() >= 6, "{marks:?}");
    let browser = Browser::of(&host, &app(&shop).0, "m");
    let document = shop.get("/openapi.json").send().ok();
    let names = ["m", "hidden-n", "~card:hidden-hidden-n", "default", "club", "1", "night"];
    let queries = ["", "?member_id=hidden-n", "?limit=2", "?cursor=9999", "?id=hidden-n"];
    let (mut read, mut closed) = (BTreeSet::new(), 0);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            let is_ours = route["security"][0].get("pass").is_some();
            // It ends the pass: see a_member_ends_its_passes.
            if path == "/v1/me/pass" {
                continue;
            }
            if route.get("security").is_none() {
                continue;
            }
            // Of the routes for keys it is enough to be let in nowhere.
            let (names, queries) =
                if is_ours { (&names[..], &queries[..]) } else { (&names[..1], &queries[..1]) };
            for name in names {
                let mut address = path.clone();
                while let Some((before, rest)) = address.clone().split_once('{') {
                    let (_, after) = rest.split_once('}').unwrap();
                    address = format!("{before}{name}{after}");
                }
                for query in queries {
                    let ask = browser.ask(&method.to_uppercase(), &format!("{address}{query}"));
                    let ask = if method == "get" { ask } else { ask.key("k").body("{}") };
                    let answer = ask.with("member-id", "hidden-n").send();
                    let what = format!("{method} {address}{query}: {}", answer.text());
                    if is_ours {
                        assert!([200, 400].contains(&answer.status), "{what}");
                    } else {
                        assert_eq!(answer.status, 401, "{what}");
                        closed += 1;
                    }
                    if answer.status == 200 {
                        read.insert(path.clone());
                        for mark in &marks {
                            assert!(!answer.text().contains(mark.as_str()), "{mark} in {what}");
                        }
                    }
                }
                if !path.contains('{') {
                    break;
                }
            }
        }
    }
    assert_eq!(
        read,
        BTreeSet::from(
            ["/v1/me", "/v1/me/consents", "/v1/me/coupons", "/v1/me/entries"].map(str::to_owned)
        )
    );
    assert!(closed > 100, "{closed}");
    // Nor do keys and made-up passes open what passes open.
    for bearer in [
        shop.bearer.as_str(),
        till.bearer.as_str(),
        "mem_0123456789abcdefghijklmnopqrstuvwxyz0123456",
        "",
    ] {
        for path in ["/v1/me", "/v1/me/entries", "/v1/me/coupons", "/v1/me/consents"] {
            assert_eq!(host.ask("GET", path).bearer(bearer).send().outcome(), "401 unauthorized");
        }
    }
    for header in ["device-id", "client-ip"] {
        let answer = browser.ask("GET", "/v1/me").with(header, "192.0.2.1").send();
        assert_eq!(answer.outcome(), format!("400 invalid-request {header}"));
    }
}

#[test]
fn a_member_claims_a_receipt_for_itself_alone() {
    let host = Host::start();
    let shop = host.shop();
    shop.put("/v1/stores/s-1", &json!({"name": "One", "region": "east"})).send().ok();
    shop.post("/v1/qr-keys", &json!({"store_id": "s-1", "label": "till"})).send().ok();
    let prints = |order: &str| {
        let amount = json!({"amount_minor": 12_850, "currency": "CNY"});
        let body = json!({"store_id": "s-1", "reference": order, "amount": amount, "host": "h"});
        shop.post("/v1/slips", &body).send().ok()["url"].as_str().unwrap().to_owned()
    };
    for member in ["m", "n"] {
        shop.buys(member, member, 1_000).send().ok();
    }
    let (app, prefix) = app(&shop);
    let (m, n) = (Browser::of(&host, &app, "m"), Browser::of(&host, &app, "n"));
    let url = prints("o-1");
    let first = m.scans(&url);
    assert_eq!((first.status, first.json()), (201, json!({"points": 128, "under_review": false})));
    let again = m.scans(&url);
    assert!(again.is_replay(), "{}", again.text());
    assert_eq!(again.json(), first.json());
    let entry = &shop.all("/v1/members/m/entries", 1)[0];
    assert_eq!(
        (&entry["actor"], &entry["store_id"]),
        (&json!(format!("member:{prefix}")), &json!("s-1"))
    );
    // A member who comes later is not told whose it is.
    for _ in 0..2 {
        let late = n.scans(&url);
        assert!(late.outcome().starts_with("409 reference-of-another"), "{}", late.outcome());
        assert_eq!(late.json().get("entry_id"), None);
        assert!(!late.is_replay(), "what members hear is not kept");
    }
    assert_eq!(host.books().number("SELECT count(*) FROM answer WHERE what = 'refusal'"), 0);
    let wrong = n
        .ask("POST", "/v1/me/scan")
        .key("k")
        .body(json!({"receipt": url, "member_id": "m"}).to_string());
    assert_eq!(wrong.send().outcome(), "400 invalid-request /member_id");
    let keyless = n.ask("POST", "/v1/me/scan").body(json!({"receipt": url}).to_string());
    assert_eq!(keyless.send().outcome(), "400 idempotency-key-missing");
    assert_eq!(n.scans("hello").outcome(), "400 invalid-request /receipt");
    // The idempotency keys of a member are its own.
    let body = json!({"receipt": prints("o-2")}).to_string();
    let with_same_key = m.ask("POST", "/v1/me/scan").key(url.as_str()).body(body).send();
    assert_eq!(with_same_key.outcome(), "422 idempotency-key-reused");
    assert_eq!(m.scans(&prints("o-3")).status, 201);
}

#[test]
fn a_member_says_where_it_wants_what() {
    let host = Host::start();
    let shop = host.shop();
    for member in ["m", "n"] {
        shop.buys(member, member, 1_000).send().ok();
        let address = json!({"address": format!("{member}.li@example.com")});
        shop.put(&format!("/v1/members/{member}/contacts/email"), &address).send().ok();
    }
    let (app, _) = app(&shop);
    let (m, n) = (Browser::of(&host, &app, "m"), Browser::of(&host, &app, "n"));
    let says = |purpose: &str, decision: &str, key: &str| {
        let body = json!({"purpose": purpose, "channel": "email", "decision": decision});
        m.ask("POST", "/v1/me/consents").key(key).body(body.to_string()).send()
    };
    let wants = |browser: &Browser<'_>| {
        let item = browser.get("/v1/me/consents").ok()["items"][0].clone();
        (item["address"].clone(), item["marketing"].clone(), item["service"].clone())
    };
    assert_eq!(wants(&m), (json!("m***@example.com"), json!(false), json!(true)));
    let first = says("marketing", "given", "k-1");
    assert_eq!(first.status, 201, "{}", first.text());
    says("marketing", "given", "k-1").assert_replays(&first);
    host.clock("2026-03-10T10:05:00+08:00");
    assert_eq!(says("service", "withdrawn", "k-2").status, 201);
    assert_eq!(wants(&m), (json!("m***@example.com"), json!(true), json!(false)));
    assert_eq!(wants(&n), (json!("n***@example.com"), json!(false), json!(true)));
    let proofs = shop.get("/v1/members/m/consents").send().ok();
    let last = &proofs["items"][0];
    assert_eq!((&last["source"], &last["recorded_by"]), (&json!("member-page"), &json!("member")));
    for (purpose, decision, key, outcome) in [
        ("offers", "given", "k-3", "400 invalid-request /purpose"),
        ("marketing", "maybe", "k-4", "400 invalid-request /decision"),
        ("marketing", "withdrawn", "k-1", "422 idempotency-key-reused"),
    ] {
        assert_eq!(says(purpose, decision, key).outcome(), outcome);
    }
    // Where staff let a browser in, it reads, and nothing is told in the member's name.
    let body = json!({"purpose": "marketing", "channel": "email", "decision": "given"}).to_string();
    for staff in [&shop, &shop.with_bearer(&shop.key_of("bo", "storefront"))] {
        let browser = Browser::of(&host, staff, "m");
        let refused = browser.ask("POST", "/v1/me/consents").key("k-9").body(body.clone()).send();
        assert_eq!(refused.outcome(), "403 forbidden");
        assert_eq!(browser.get("/v1/me/consents").status, 200);
    }
    assert_eq!(host.reach().number("SELECT count(*) FROM consent"), 2);
    // Consents are not told without end, as they are kept.
    for times in 0..40 {
        let answer = says("marketing", "given", &format!("flood-{times}"));
        assert_eq!(answer.status, if times < 24 { 201 } else { 429 }, "{times}");
    }
}

/// A member leaves by this browser, or by all of them.
#[test]
fn a_member_ends_its_passes() {
    let host = Host::start();
    let shop = host.shop();
    for member in ["m", "n"] {
        shop.buys(member, member, 1_000).send().ok();
    }
    let (app, _) = app(&shop);
    let of = |member: &str| Browser::of(&host, &app, member);
    let (here, phone, tablet, other) = (of("m"), of("m"), of("m"), of("n"));
    let staffs = Browser::of(&host, &shop, "m");
    let is_open = |browser: &Browser<'_>| browser.get("/v1/me").status == 200;
    assert_eq!(here.ask("DELETE", "/v1/me/pass").send().status, 204);
    assert_eq!(here.ask("DELETE", "/v1/me/pass").send().outcome(), "401 unauthorized");
    assert!(!is_open(&here) && is_open(&phone) && is_open(&tablet) && is_open(&staffs));
    assert_eq!(staffs.ask("DELETE", "/v1/me/pass?all=true").send().outcome(), "403 forbidden");
    assert_eq!(
        phone.ask("DELETE", "/v1/me/pass?all=yes").send().outcome(),
        "400 invalid-request ?all"
    );
    assert!(is_open(&phone) && is_open(&tablet));
    assert_eq!(phone.ask("DELETE", "/v1/me/pass?all=true").send().status, 204);
    assert!(!is_open(&phone) && !is_open(&tablet) && !is_open(&staffs) && is_open(&other));
    // A key ends no pass there.
    assert_eq!(app.ask("DELETE", "/v1/me/pass").send().outcome(), "401 unauthorized");
}

/// Where the shop names the device of a pass, limits of devices hold for what is scanned by it, for
/// all of the family together; the member names none.
#[test]
fn scans_count_for_the_device_of_the_pass() {
    let host = Host::start();
    let shop = host.shop_with("club", |rulebook| {
        rulebook["rules"] = json!([{"id": "all", "event": "purchase",
            "award": {"kind": "fixed", "points": 60}, "caps": [{"points": 100, "per": "day", "of": "device"}]}]);
    });
    for member in ["m", "n"] {
        shop.buys(member, member, 1_000).send().ok();
    }
    let (app, _) = app(&shop);
    shop.put("/v1/stores/s-1", &json!({"name": "One", "region": "east"})).send().ok();
    shop.post("/v1/qr-keys", &json!({"store_id": "s-1", "label": "till"})).send().ok();
    let of = |member: &str, device: Option<&str>| {
        let ask = makes(&app, member);
        let ask = device.map_or(ask.clone(), |device| ask.with("device-id", device));
        let made = ask.send();
        let pass = made.ok()["pass"].as_str().unwrap().to_owned();
        Browser { host: &host, pass }
    };
    let scans = |browser: &Browser<'_>, order: &str| {
        let amount = json!({"amount_minor": 10_000, "currency": "CNY"});
        let body = json!({"store_id": "s-1", "reference": order, "amount": amount, "host": "h"});
        let slip = shop.post("/v1/slips", &body).send().ok();
        browser.scans(slip["url"].as_str().unwrap()).ok()["points"].clone()
    };
    let (m, n) = (of("m", Some("phone-1")), of("n", Some("phone-1")));
    let (elsewhere, nowhere) = (of("m", Some("phone-2")), of("m", None));
    let told = [scans(&m, "o-1"), scans(&n, "o-2"), scans(&m, "o-3")];
    // The order's own 100, and what is left of the cap.
    assert_eq!(told, [json!(160), json!(140), json!(100)]);
    assert_eq!(scans(&elsewhere, "o-4"), 160);
    assert_eq!((scans(&nowhere, "o-5"), scans(&nowhere, "o-6")), (json!(160), json!(160)));
    let named = m.ask("GET", "/v1/me").with("device-id", "phone-9").send();
    assert_eq!(named.outcome(), "400 invalid-request device-id");
    let wrong = makes(&app, "m").with("device-id", "x".repeat(129)).send();
    assert_eq!(wrong.outcome(), "400 invalid-request Device-Id");
    let stored = host.books().text("SELECT group_concat(coalesce(device, '')) FROM pass");
    assert!(!stored.contains("phone"), "{stored}");
}

/// A person who works for the shop earns nothing in the name of a member, and nobody scans without
/// end.
#[test]
fn who_scans_by_a_pass_and_how_often() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 1_000).send().ok();
    let (app, prefix) = app(&shop);
    for (shop, outcome) in [
        (&shop.with_bearer(&shop.key_of("anna", "service")), "403 forbidden"),
        (&shop.with_bearer(&shop.key_of("bo", "storefront")), "403 forbidden"),
        (&shop, "403 forbidden"),
        (&app, "400 invalid-request /receipt"),
    ] {
        let browser = Browser::of(&host, shop, "m");
        assert_eq!(browser.get("/v1/me").status, 200);
        assert_eq!(browser.scans("hello").outcome(), outcome);
    }
    let (browser, other) = (Browser::of(&host, &app, "m"), Browser::of(&host, &app, "m"));
    for _ in 0..30 {
        assert_eq!(browser.scans("hello").status, 400);
    }
    let many = browser.scans("hello");
    assert_eq!((many.status, many.header("cache-control")), (429, Some("no-store")));
    let wait: i64 = many.header("retry-after").unwrap().parse().unwrap();
    assert!((500..=600).contains(&wait), "{wait}");
    assert_eq!((browser.get("/v1/me").status, other.scans("hello").status), (200, 400));
    host.clock("2026-03-10T10:12:00+08:00");
    assert_eq!(browser.scans("hello").status, 400);
    // A pass ends with the key that made it.
    shop.ask("DELETE", &format!("/v1/keys/{prefix}")).send();
    assert_eq!(browser.get("/v1/me").outcome(), "401 unauthorized");
}

#[test]
fn what_was_looked_at_is_not_under_review_any_more() {
    let host = Host::start();
    let shop = host.shop_with("club", |rulebook| {
        rulebook["risk"]["review_above_minor"] = json!(5_000);
    });
    let earned = shop.buys("m", "o-1", 10_000).send().ok();
    let browser = Browser::of(&host, &shop, "m");
    let is_reviewed = || {
        browser.get("/v1/me/entries?limit=50").ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["under_review"] == true)
    };
    assert!(is_reviewed());
    let review = earned["entry"]["entry_id"].as_str().unwrap();
    let approver = shop.with_bearer(&shop.key_of("bo", "approver"));
    let decided = approver.post(&format!("/v1/reviews/{review}/approve"), &json!({})).send();
    assert_eq!(decided.status, 201, "{}", decided.text());
    assert!(!is_reviewed());
}

fn unzipped(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_page_is_small_and_closed() {
    let host = Host::start();
    let index = host.ask("GET", "/m").send();
    assert_eq!(index.status, 200);
    let page = unzipped(&index.body);
    let mut all = 0;
    let mut paths = vec!["/m".to_owned()];
    let named: Vec<String> =
        page.split(['"']).filter(|text| text.starts_with("/m/")).map(str::to_owned).collect();
    assert!(named.len() >= 3, "{named:?}");
    paths.extend(named);
    paths.extend(["/m/api.js", "/m/words.js"].map(str::to_owned));
    for path in &paths {
        let answer = host.ask("GET", path).send();
        assert_eq!(answer.status, 200, "{path}");
        all += answer.body.len();
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        let tag = answer.header("etag").unwrap();
        let known = host.ask("GET", path).with("if-none-match", tag);
        // A 304 has no body, and no length to wait for.
        let mut client = std::net::TcpStream::connect(host.address).unwrap();
        let text = String::from_utf8(known.bytes()).unwrap();
        let text = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        std::io::Write::write_all(&mut client, text.as_bytes()).unwrap();
        let mut head = String::new();
        client.read_to_string(&mut head).unwrap();
        assert!(head.starts_with("HTTP/1.1 304 "), "{path}: {head}");
    }
    assert!(all <= 30 * 1024, "{all} bytes");
    println!("the page has {all} bytes");
    // Nothing stands in the page that the policy would stop.
    assert!(!page.contains("<style") && !page.contains("style=") && !page.contains("onclick"));
    assert_eq!(page.matches("<script").count(), 1);
    for path in ["/m/", "/q/A1.k.1.2.o.t", "/q/A1.k%2F1/2", "/q/"] {
        assert_eq!(host.ask("GET", path).send().body, index.body, "{path}");
    }
    assert_eq!(host.ask("GET", "/m/other.js").send().status, 404);
    assert_eq!(host.ask("POST", "/m").send().status, 405);
}
