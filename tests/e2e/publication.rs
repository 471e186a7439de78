//! Publications: at once or at a set time, major changes after an approval; never over a rulebook
//! that the requester had not seen.

use std::thread;

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop};

const PATH: &str = "/v1/rulebook/publications";

/// Stores the current rulebook with a change as a draft.
fn drafted(shop: &Shop, name: &str, change: impl FnOnce(&mut Json)) {
    let mut book =
        shop.get(&format!("/v1/programmes/{}", shop.programme)).send().ok()["rulebook"].take();
    change(&mut book);
    shop.put(&format!("/v1/rulebook/drafts/{name}"), &book).send().ok();
}

fn double(book: &mut Json) {
    book["purchase"]["points_per_unit"] = "2".into();
}

fn without_tiers(book: &mut Json) {
    book["tiers"] = Json::Null;
}

/// A shop where marketing alone may change the points of orders.
fn free(host: &Host) -> Shop {
    host.shop_with("free", |book| book["publication"]["major"] = json!(["/expiry", "/tiers"]))
}

fn asks(shop: &Shop, body: &Json) -> Answer {
    shop.post(PATH, body).send()
}

fn decides(shop: &Shop, publication: &Json, verdict: &str) -> Answer {
    shop.post(
        &format!("{PATH}/{}/{verdict}", publication["publication_id"].as_str().unwrap()),
        &json!({}),
    )
    .send()
}

fn stands(shop: &Shop, publication: &Json) -> Json {
    shop.get(&format!("{PATH}/{}", publication["publication_id"].as_str().unwrap())).send().ok()
}

fn version(shop: &Shop) -> i64 {
    shop.get(&format!("/v1/programmes/{}", shop.programme)).send().ok()["rulebook_version"]
        .as_i64()
        .unwrap()
}

fn earned(shop: &Shop, order: &str) -> (Json, Json) {
    let entry = shop.buys("anna", order, 1_000).send().ok()["entry"].take();
    (entry["points"].clone(), entry["rulebook_version"].clone())
}

/// Changes a rulebook.
type Change = fn(&mut Json);

#[test]
fn minor_changes_are_published_by_marketing_alone() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let shop = free(&host);
    let marketing = shop.with_bearer(&shop.key("marketing"));
    drafted(&marketing, "double", double);
    let ask = marketing.post(PATH, &json!({"draft": "double", "base_version": 1}));
    let done = ask.send();
    let body = done.ok();
    assert_eq!(
        (&body["state"], &body["rulebook_version"], &body["major_changes"]),
        (&json!("published"), &json!(2), &json!([]))
    );
    ask.send().assert_replays(&done);
    assert_eq!(earned(&shop, "a"), (json!(20), json!(2)));
    let versions = shop.all("/v1/programmes/free/rulebooks", 10);
    let by = format!("publication:{}", body["publication_id"].as_str().unwrap());
    assert_eq!(versions[0]["published_by"], json!(by));

    // At midnight, and not before.
    drafted(&marketing, "triple", |book| book["purchase"]["points_per_unit"] = "3".into());
    let planned =
        asks(&marketing, &json!({"draft": "triple", "at": "2026-03-02T00:00:00+08:00"})).ok();
    assert_eq!((&planned["state"], &planned["rulebook_version"]), (&json!("planned"), &Json::Null));
    // The published document equals the draft at the time of the request.
    drafted(&marketing, "triple", |book| book["purchase"]["points_per_unit"] = "4".into());
    host.clock("2026-03-01T23:59:59+08:00");
    assert_eq!((host.fire("publish"), earned(&shop, "b")), (200, (json!(20), json!(2))));
    host.clock("2026-03-02T00:00:00+08:00");
    assert_eq!((host.fire("publish"), earned(&shop, "c")), (200, (json!(30), json!(3))));
    // The host's clock runs on during the request.
    let published_at = stands(&marketing, &planned)["published_at"].take();
    assert!(published_at.as_str().unwrap().starts_with("2026-03-01T16:00:"), "{published_at}");
    assert_eq!((host.fire("publish"), version(&shop)), (200, 3), "once");

    // By the route as well.
    asks(&marketing, &json!({"draft": "triple", "at": "2026-03-03T00:00:00+08:00"})).ok();
    host.clock("2026-03-03T00:00:00+08:00");
    assert_eq!(shop.runs("publish")["publications"], 1);
    assert_eq!(earned(&shop, "d"), (json!(40), json!(4)));
    let list = marketing.all(PATH, 2);
    assert_eq!(
        list.iter().map(|item| item["draft"].as_str().unwrap()).collect::<Vec<_>>(),
        ["triple", "triple", "double"]
    );
}

#[test]
fn major_changes_need_a_second_person() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let shop = host.shop();
    let [marketing, approver, head, finance] =
        ["marketing", "approver", "department_head", "finance"]
            .map(|role| shop.with_bearer(&shop.key(role)));
    drafted(&marketing, "flat", without_tiers);
    let waiting = asks(&marketing, &json!({"draft": "flat"})).ok();
    // The approver sees the requested document, not the current draft.
    drafted(&marketing, "flat", |_| {});
    let seen = stands(&head, &waiting);
    assert_eq!(
        (&seen["rulebook"]["tiers"], &seen["changes"][0]["pointer"]),
        (&Json::Null, &json!("/tiers"))
    );
    assert_eq!(seen["changes"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&waiting["state"], &waiting["waits_for"]),
        (&json!("waiting"), &json!("department_head"))
    );
    assert_eq!(waiting["major_changes"], json!(["/tiers"]));
    assert_eq!((host.fire("publish"), version(&shop)), (200, 1), "nothing is published unapproved");
    for (name, caller, verdict, outcome) in [
        ("another role", &approver, "approve", "403 wrong-approver"),
        ("an admin is no department head", &shop, "approve", "403 wrong-approver"),
        ("marketing has no say", &marketing, "approve", "403 forbidden"),
        ("finance only reads", &finance, "reject", "403 forbidden"),
        ("another person's request", &shop, "withdraw", "403 not-yours"),
    ] {
        assert_eq!(decides(caller, &waiting, verdict).outcome(), outcome, "{name}");
    }
    let approve = head.post(
        &format!("{PATH}/{}/approve", waiting["publication_id"].as_str().unwrap()),
        &json!({}),
    );
    let done = approve.send();
    assert_eq!(
        (&done.ok()["state"], &done.ok()["decided_by"]),
        (&json!("published"), &json!("department_head"))
    );
    approve.send().assert_replays(&done);
    assert_eq!(version(&shop), 2);
    for (caller, verdict) in [(&head, "reject"), (&marketing, "withdraw")] {
        assert_eq!(decides(caller, &waiting, verdict).outcome(), "409 request-resolved");
    }

    // A person cannot approve their own request with any key.
    drafted(&shop, "free", |book| book["publication"]["major"] = json!([]));
    let own = asks(&shop, &json!({"draft": "free"})).ok();
    assert_eq!(own["major_changes"], json!(["/publication"]));
    assert_eq!(decides(&shop, &own, "approve").outcome(), "403 own-request");
    assert_eq!(decides(&head, &own, "reject").ok()["state"], "rejected");
    assert_eq!(decides(&head, &own, "approve").outcome(), "409 request-resolved");

    // Approved for later, and stopped before.
    drafted(&marketing, "year", |book| {
        book["expiry"]["campaign"] = json!({"policy": "days", "days": 365})
    });
    let later = json!({"draft": "year", "at": "2026-03-05T00:00:00+08:00"});
    let plans: Vec<Json> = (0..3).map(|_| asks(&marketing, &later).ok()).collect();
    for plan in &plans {
        assert_eq!(decides(&head, plan, "approve").ok()["state"], "planned");
    }
    let stop = format!("{PATH}/{}/reject", plans[0]["publication_id"].as_str().unwrap());
    assert_eq!(head.post(&stop, &json!({"why": "x"})).send().outcome(), "400 invalid-request /why");
    let stopped = head.post(&stop, &json!({"reason": "too long"})).send().ok();
    assert_eq!((&stopped["state"], &stopped["reason"]), (&json!("rejected"), &json!("too long")));
    assert_eq!(stopped["approved_by"], "department_head", "the earlier approver stays on record");
    assert_eq!(decides(&marketing, &plans[1], "withdraw").ok()["state"], "withdrawn");
    host.clock("2026-03-06T00:00:00+08:00");
    assert_eq!((host.fire("publish"), version(&shop)), (200, 3));
    assert_eq!(
        plans.iter().map(|plan| stands(&head, plan)["state"].clone()).collect::<Vec<_>>(),
        ["rejected", "withdrawn", "published"]
    );
}

#[test]
fn publications_are_refused_with_their_problem() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let shop = free(&host);
    let other = host.shop_with("other", |_| {});
    drafted(&shop, "same", |_| {});
    drafted(&shop, "double", double);
    drafted(&shop, "broken", |book| book["purchase"]["expiry"] = "nowhere".into());
    for (body, outcome) in [
        (json!({"draft": "same"}), "409 nothing-to-change"),
        (json!({"draft": "none"}), "400 invalid-request /draft"),
        (json!({"draft": "broken"}), "400 invalid-request /draft"),
        (json!({"draft": "double", "base_version": 7}), "409 conflict"),
        (json!({"draft": "double", "at": "2026-03-01T11:59:59+08:00"}), "400 invalid-request /at"),
        (json!({"draft": "double", "at": "2028-03-01T12:00:00+08:00"}), "400 invalid-request /at"),
        (json!({"draft": "double", "at": "tomorrow"}), "400 invalid-request /at"),
        (json!({"draft": "double", "when": "now"}), "400 invalid-request /when"),
    ] {
        assert_eq!(asks(&shop, &body).outcome(), outcome, "{body}");
    }
    assert_eq!((version(&shop), shop.all(PATH, 10).len()), (1, 0), "nothing was kept");
    let later = json!({"draft": "double", "at": "2026-03-05T00:00:00+08:00"});
    let mine = asks(&shop, &later).ok();
    assert_eq!(
        decides(&other, &mine, "withdraw").outcome(),
        "404 resource-not-found",
        "another programme"
    );

    // Another rulebook was published first.
    drafted(&shop, "triple", |book| book["purchase"]["points_per_unit"] = "3".into());
    asks(&shop, &json!({"draft": "triple"})).ok();
    assert_eq!(stands(&shop, &mine)["state"], "superseded", "as soon as there is another one");
    assert_eq!(decides(&shop, &mine, "withdraw").outcome(), "409 request-resolved");
    host.clock("2026-03-05T00:00:00+08:00");
    assert_eq!((host.fire("publish"), version(&shop)), (200, 2));
    assert_eq!(stands(&shop, &mine)["state"], "superseded");
    assert_eq!(stands(&shop, &mine)["rulebook_version"], Json::Null);
}

/// One key is one publication, however often and at whatever time it is requested.
#[test]
fn a_publication_is_requested_once() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let shop = free(&host);
    let marketing = shop.with_bearer(&shop.key("marketing"));
    drafted(&marketing, "double", double);
    let at = json!({"draft": "double", "at": "2026-03-02T00:00:00+08:00"});
    for (body, state) in [(&at, "planned"), (&json!({"draft": "double"}), "published")] {
        let key = format!("ask-{state}");
        let ids: Vec<Json> = thread::scope(|scope| {
            let asked: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| marketing.post(PATH, body).key(&key).send().ok()))
                .collect();
            asked.into_iter().map(|asked| asked.join().unwrap()["publication_id"].clone()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(stands(&marketing, &json!({"publication_id": ids[0]}))["state"], state);
    }
    assert_eq!((marketing.all(PATH, 10).len(), version(&shop)), (2, 2));
    // The answer was lost, and the planned time has passed meanwhile. A repeat gets the same
    // publication, without an error about its time.
    host.books().write("DELETE FROM answer WHERE what = 'receipt'").unwrap();
    host.clock("2026-03-03T00:00:00+08:00");
    let again = marketing.post(PATH, &at).key("ask-planned").send().ok();
    assert_eq!(again["state"], "superseded");
    let other = json!({"draft": "triple"});
    assert_eq!(
        marketing.post(PATH, &other).key("ask-planned").send().outcome(),
        "422 idempotency-key-reused"
    );
    assert_eq!((marketing.all(PATH, 10).len(), version(&shop)), (2, 2));
}

#[test]
fn of_many_at_once_one_is_published() {
    let host = Host::start();
    let shop = free(&host);
    let marketing = shop.with_bearer(&shop.key("marketing"));
    for rate in 0..8 {
        drafted(&marketing, &format!("d{rate}"), |book| {
            book["purchase"]["points_per_unit"] = format!("{}", rate + 2).into()
        });
    }
    let outcomes: Vec<Json> = thread::scope(|scope| {
        let ask = |rate: usize| {
            let marketing = &marketing;
            scope.spawn(move || {
                asks(marketing, &json!({"draft": format!("d{rate}"), "base_version": 1}))
            })
        };
        let asked: Vec<_> = (0..8).map(ask).collect();
        asked
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .filter(|a| a.status == 201)
            .map(|a| a.ok())
            .collect()
    });
    assert_eq!(version(&shop), 2);
    let states: Vec<Json> =
        outcomes.iter().map(|found| stands(&shop, found)["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| **state == "published").count(), 1, "{states:?}");
    assert!(
        states.iter().all(|state| *state == "published" || *state == "superseded"),
        "{states:?}"
    );
}

/// An action of 10^9 points, a looser cap, a doubled rate: a change that creates points needs a
/// second person.
#[test]
fn changes_that_create_points_are_major() {
    let host = Host::start();
    let shop = host.shop();
    let [marketing, head] =
        ["marketing", "department_head"].map(|role| shop.with_bearer(&shop.key(role)));
    let changes: [(&str, Change); 5] = [
        ("/actions", |book| book["actions"]["share"]["points"] = json!(1_000_000_000)),
        ("/caps", |book| book["caps"]["points_per_day"] = Json::Null),
        ("/purchase", double),
        ("/redemption", |book| book["redemption"]["points_per_unit"] = json!(1)),
        ("/rules", |book| {
            book["rules"] = json!([{"id": "gift", "event": "share", "award": {"kind": "fixed", "points": 1_000_000}}]);
        }),
    ];
    for (place, change) in changes {
        drafted(&marketing, "more", change);
        let asked = asks(&marketing, &json!({"draft": "more"})).ok();
        assert_eq!(
            (&asked["state"], &asked["major_changes"]),
            (&json!("waiting"), &json!([place]))
        );
        assert_eq!(decides(&head, &asked, "reject").ok()["state"], "rejected");
    }
    assert_eq!((host.fire("publish"), version(&shop)), (200, 1));
    drafted(&marketing, "quiet", |book| book["reminders"]["days_before"] = json!([14]));
    assert_eq!(asks(&marketing, &json!({"draft": "quiet"})).ok()["state"], "published");
}
