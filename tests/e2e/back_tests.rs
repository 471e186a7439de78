//! Drafts: stored, tried on an event, tested on a period. A back-test equals the real result under
//! that rulebook.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

const DRAFTS: &str = "/v1/rulebook/drafts";

fn rulebook(shop: &Shop, change: impl FnOnce(&mut Json)) -> Json {
    let mut book =
        shop.get(&format!("/v1/programmes/{}", shop.programme)).send().ok()["rulebook"].take();
    change(&mut book);
    book
}

/// Double points at weekends, which live for 30 days.
fn weekends(book: &mut Json) {
    book["expiry"]["month"] = json!({"policy": "days", "days": 30});
    book["rules"] = json!([{"id": "weekend", "event": "purchase", "when": "event.weekday in [6, 7]",
        "award": {"kind": "multiplier", "times": "2"}, "expiry": "month"}]);
}

/// Back-tests a draft on a period, to its end.
fn tested(shop: &Shop, draft: &str, from: &str, to: &str) -> Json {
    let body = json!({"draft": draft, "from": from, "to": to});
    let mut test = shop.post("/v1/rulebook/back-tests", &body).send().ok();
    let path = format!("/v1/rulebook/back-tests/{}", test["back_test_id"].as_str().unwrap());
    while test["done"] == false {
        test = shop.post(&format!("{path}/continue"), &json!({})).send().ok();
    }
    assert_eq!(shop.get(&path).send().ok(), test, "the result is stored");
    test
}

fn line(line: &str, category: &str, quantity: i64, amount_minor: i64) -> Json {
    json!({"line_id": line, "category": category, "quantity": quantity, "amount": {"amount_minor": amount_minor, "currency": "CNY"}})
}

/// Four weeks of a shop: the events of one day, at noon of its time zone.
fn day(shop: &Shop, day: usize, held: &mut Vec<String>) {
    let order = |member: &str| format!("{member}-{day}");
    for (at, member) in ["anna", "ben", "chen"].into_iter().enumerate() {
        if (day + at).is_multiple_of(at + 2) {
            let lines =
                [line("a", "food", 3, 4_000 + day as i64 * 997), line("b", "books", 1, 12_345)];
            let body = json!({"member_id": member, "event": "purchase", "reference": order(member), "lines": lines});
            assert_eq!(shop.post("/v1/earn", &body).send().status, 201);
        }
    }
    shop.does("anna", "check_in").send();
    match day {
        4 => drop(shop.redeems("anna", 60).send().ok()),
        6 => {
            let hold = shop.holds("anna", 40, 60).send().ok();
            let capture =
                format!("/v1/holds/{}/capture", hold["entry"]["entry_id"].as_str().unwrap());
            shop.post(&capture, &json!({"points": 25})).send().ok();
            // This hold times out.
            held.push(
                shop.holds("ben", 10, 60).send().ok()["entry"]["entry_id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        8 => {
            let body = json!({"member_id": "anna", "reference": order_of("anna", 6), "lines": [{"line_id": "a", "quantity": 1}]});
            shop.post("/v1/reverse", &body).send().ok();
        }
        9 => drop(shop.returns("anna", &order_of("anna", 6)).send().ok()),
        12 => drop(shop.returns("ben", &order_of("ben", 2)).send().ok()),
        _ => {}
    }
}

fn order_of(member: &str, day: usize) -> String {
    format!("{member}-{day}")
}

#[test]
fn a_back_test_equals_the_real_result() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let now = host.shop_with("now", |_| {});
    let then = host.shop_with("then", weekends);
    let draft = rulebook(&now, weekends);
    assert_eq!(now.put(&format!("{DRAFTS}/weekends"), &draft).send().status, 201);
    let same = rulebook(&now, |_| {});
    assert_eq!(now.put(&format!("{DRAFTS}/same"), &same).send().status, 201);
    assert_eq!(then.put(&format!("{DRAFTS}/same"), &draft).send().status, 201);
    let instant = |day: usize| {
        let (month, day) = if day < 31 { (3, day + 1) } else { (4, day - 30) };
        format!("2026-{month:02}-{day:02}T12:00:00+08:00")
    };
    let mut held = Vec::new();
    for at in 0..60 {
        host.clock(&instant(at));
        for shop in [&now, &then] {
            if at < 28 {
                day(shop, at, &mut held);
            }
            shop.runs("night");
        }
    }
    let (from, to) = ("2026-02-01T00:00:00+08:00", "2026-04-29T00:00:00+08:00");
    let before = host.books().snapshot()[0];

    // Under the rulebook of that time the test equals the books.
    let reported = tested(&now, "same", from, to);
    assert_eq!((&reported["affected"], &reported["members"]), (&json!(0), &json!(3)), "{reported}");
    assert_eq!(reported["sides"]["recorded"], reported["sides"]["published"]);
    assert_eq!(reported["sides"]["published"], reported["sides"]["draft"]);
    let balance = now
        .get(&format!(
            "/v1/reports/trial-balance?from={}&to={}",
            from.replace('+', "%2B"),
            to.replace('+', "%2B")
        ))
        .send()
        .ok();
    for account in balance["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|account| account["account"] != "members")
    {
        let points = -account["points"].as_i64().unwrap();
        let reported = reported["sides"]["recorded"]["points"]
            [account["account"].as_str().unwrap()]
        .as_i64()
        .unwrap_or(0);
        assert_eq!(reported, points, "{account}");
    }

    // Under the draft the test equals the real books of another programme.
    let reported = tested(&now, "weekends", from, to);
    let lived = tested(&then, "same", from, to);
    assert_eq!(reported["sides"]["draft"], lived["sides"]["recorded"]);
    assert_eq!(reported["affected"], 3, "{reported}");
    assert_ne!(reported["sides"]["draft"], reported["sides"]["published"]);

    // One member alone, and from the middle of a month on: the rest stays unchanged.
    let body = json!({"draft": "weekends", "from": "2026-03-16T00:00:00+08:00", "to": to, "member_id": "ben"});
    let alone = now.post("/v1/rulebook/back-tests", &body).send().ok();
    assert_eq!((&alone["members"], &alone["done"]), (&json!(1), &json!(true)));
    assert_eq!(alone["sides"]["recorded"], alone["sides"]["published"]);
    assert_eq!(host.books().snapshot()[0], before, "nothing is written to the books");
    assert_eq!(now.all("/v1/rulebook/back-tests", 2).len(), 3);
}

#[test]
fn a_faulty_draft_is_stored_with_its_problems() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let broken = rulebook(&shop, |book| {
        book["rules"] =
            json!([{"id": "r", "event": "dance", "award": {"kind": "fixed", "points": -1}}]);
    });
    let kept = marketing.put(&format!("{DRAFTS}/spring"), &broken).send();
    assert_eq!(kept.status, 201);
    let pointers = |body: &Json| {
        body["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["pointer"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(pointers(&kept.ok()), ["/rules/0/event", "/rules/0/award/points"]);
    let simulate = |event: Json| {
        marketing
            .post("/v1/rulebook/simulations", &json!({"draft": "spring", "event": event}))
            .send()
    };
    let buys = tests::purchase("li", "o-1", 12_850);
    assert_eq!(simulate(buys.clone()).outcome(), "400 invalid-request /draft");
    let period =
        json!({"draft": "spring", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"});
    assert_eq!(
        marketing.post("/v1/rulebook/back-tests", &period).send().outcome(),
        "400 invalid-request /draft"
    );

    let good = rulebook(&shop, weekends);
    assert_eq!(marketing.put(&format!("{DRAFTS}/spring"), &good).send().status, 200);
    let shown = marketing.get(&format!("{DRAFTS}/spring")).send().ok();
    assert_eq!(
        (&shown["rulebook"]["rules"][0]["id"], pointers(&shown).len()),
        (&json!("weekend"), 0)
    );
    // A Tuesday earns the base points; a Saturday twice as many.
    let tuesday = simulate(buys.clone()).ok();
    assert_eq!(
        (&tuesday["entry"]["points"], &tuesday["entry"]["silent_rules"][0]["because"]),
        (&json!(128), &json!("condition"))
    );
    let mut saturday = buys.clone();
    saturday["occurred_at"] = "2026-03-07T10:00:00+08:00".into();
    assert_eq!(simulate(saturday).ok()["entry"]["points"], 257);
    assert_eq!(
        simulate(json!({"member_id": "", "event": "share"})).outcome(),
        "400 invalid-request /event/member_id"
    );
    assert_eq!(shop.get("/v1/members/li").send().status, 404, "no member was created");
    // Published rules stay in force.
    assert_eq!(shop.buys("li", "o-1", 12_850).send().outcome(), "201 earn +128 = 128");

    for (body, outcome) in [
        (
            json!({"draft": "none", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}),
            "400 invalid-request /draft",
        ),
        (
            json!({"draft": "spring", "from": "2026-02-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}),
            "400 invalid-request /to",
        ),
        (
            json!({"draft": "spring", "from": "2026-02-01", "to": "2027-02-01T00:00:00Z"}),
            "400 invalid-request /from",
        ),
        (
            json!({"draft": "spring", "from": "2026-02-01T00:00:00Z", "to": "2027-02-01T00:00:00Z"}),
            "400 invalid-request /to",
        ),
        (
            json!({"draft": "spring", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "member_id": "nobody"}),
            "404 member-not-found",
        ),
    ] {
        assert_eq!(
            marketing.post("/v1/rulebook/back-tests", &body).send().outcome(),
            outcome,
            "{body}"
        );
    }
    let storefront = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(storefront.put(&format!("{DRAFTS}/x"), &good).send().outcome(), "403 forbidden");
    let other = host.shop_with("other", |_| {});
    assert_eq!(other.get(&format!("{DRAFTS}/spring")).send().outcome(), "404 resource-not-found");
    assert_eq!(marketing.ask("DELETE", &format!("{DRAFTS}/spring")).send().status, 204);
    assert_eq!(marketing.get(DRAFTS).send().ok()["items"], json!([]));
}

/// A member with the longest history that the documentation promises to replay.
#[test]
fn a_long_history_is_replayed() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let shop = host.shop();
    let draft = rulebook(&shop, weekends);
    assert_eq!(shop.put(&format!("{DRAFTS}/weekends"), &draft).send().status, 201);
    for bulk in 0..38 {
        let events: Vec<Json> = (0..500)
            .map(|n| {
                let mut event = tests::purchase("anna", &format!("o-{bulk}-{n}"), 500);
                event["idempotency_key"] = format!("k-{bulk}-{n}").into();
                event
            })
            .collect();
        assert!(shop.bulk(&events).iter().all(|outcome| outcome.starts_with("201")));
    }
    for _ in 0..200 {
        shop.redeems("anna", 250).send().ok();
    }
    host.clock("2026-03-20T12:00:00+08:00");
    let reported =
        tested(&shop, "weekends", "2026-02-01T00:00:00+08:00", "2026-03-19T00:00:00+08:00");
    assert_eq!((&reported["members"], &reported["left_out"]), (&json!(1), &json!(0)), "{reported}");
    assert!(reported["entries"].as_i64().unwrap() > 19_000, "{reported}");
    assert_eq!(reported["sides"]["recorded"], reported["sides"]["published"]);
}

/// An editor tries what nobody has kept yet, and reads what is wrong with it.
#[test]
fn a_rulebook_is_tried_before_it_is_a_draft() {
    let host = Host::start();
    let shop = host.shop();
    let simulations = "/v1/rulebook/simulations";
    let event = json!({"member_id": "anna", "event": "purchase", "reference": "o-1", "lines": [line("a", "food", 1, 10_000)]});
    let tries = |change: &dyn Fn(&mut Json)| {
        let mut body = json!({"rulebook": rulebook(&shop, |_| {}), "event": event});
        change(&mut body);
        shop.post(simulations, &body).send()
    };
    let points = |body: &dyn Fn(&mut Json)| tries(body).ok()["entry"]["points"].as_i64().unwrap();
    let plain = points(&|_| {});
    let tripled = points(&|body| {
        body["rulebook"]["rules"] = json!([{"id": "triple", "event": "purchase", "award": {"kind": "multiplier", "times": "3"}}]);
    });
    assert_eq!(tripled, plain * 3);
    for (change, pointer) in [
        (
            &(|body: &mut Json| body["rulebook"]["purchase"]["expiry"] = json!("gone"))
                as &dyn Fn(&mut Json),
            "/rulebook/purchase/expiry",
        ),
        (&|body: &mut Json| body["draft"] = json!("x"), "/draft"),
        (&|body: &mut Json| drop(body.as_object_mut().unwrap().remove("rulebook")), "/draft"),
    ] {
        let refused = tries(change);
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["pointer"]),
            (400, &json!(pointer))
        );
    }
    assert_eq!(shop.get(DRAFTS).send().ok()["items"], json!([]));
}
