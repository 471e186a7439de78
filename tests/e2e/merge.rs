//! `/v1/members/{id}/merge`, and the other names of members.

use serde_json::{Value as Json, json};
use tests::{Host, Shop, at_once};

fn named(shop: &Shop, member: &str, aliases: Json) -> tests::Ask {
    shop.put(&format!("/v1/members/{member}"), &json!({"aliases": aliases}))
}

fn merges(shop: &Shop, into: &str, from: &str) -> tests::Ask {
    shop.post(
        &format!("/v1/members/{into}/merge"),
        &json!({"from_member_id": from, "reason": "two cards, one person"}),
    )
}

#[test]
fn a_member_is_found_by_any_of_its_names() {
    let host = Host::start();
    let shop = host.shop();
    for (ask, outcome) in [
        (
            named(&shop, "m", json!(["phone:+8613800000000", "openid:oX-1", "card:7", "card:8"])),
            "201 profile +0 = 0",
        ),
        (named(&shop, "n", json!(["phone:+8613800000000"])), "409 alias-taken"),
        (named(&shop, "n", json!(["card:9", "Phone:1"])), "400 invalid-request /aliases/1"),
        (named(&shop, "n", json!(["card"])), "400 invalid-request /aliases/0"),
        (named(&shop, "n", json!({"card": "9"})), "400 invalid-request /aliases"),
        (named(&shop, "n", json!(["phone:1 2"])), "400 invalid-request /aliases/0"),
        (shop.buys("~phone:+8613800000000", "o-1", 10_000), "201 earn +100 = 100"),
        (shop.redeems("~openid:oX-1", 10), "201 redeem -10 = 90"),
        (shop.buys("~phone:+8613900000000", "o-2", 10_000), "404 member-not-found"),
        (shop.put("/v1/members/~card:9", &json!({})), "404 member-not-found"),
        (shop.returns("~card:7", "o-1"), "201 reverse -100 = -10"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(host.books().number("SELECT count(*) FROM member"), 1);
    let shown = shop.member("~card:7");
    assert_eq!(shown["member_id"], "m");
    assert_eq!(
        shown["aliases"],
        json!(["card:7", "card:8", "openid:oX-1", "phone:+8613800000000"])
    );
    assert_eq!(named(&shop, "n", json!(["card:7"])).send().json()["kind"], "card");
    assert_eq!(shop.all("/v1/members/~card:7/entries", 10).len(), 4);
    // A change without aliases keeps them; one with aliases replaces them and frees the others.
    shop.put("/v1/members/m", &json!({"attributes": {"name": "Li"}})).send().ok();
    assert_eq!(shop.member("m")["aliases"], shown["aliases"]);
    named(&shop, "m", json!(["phone:+8613800000001"])).send().ok();
    assert_eq!(shop.get("/v1/members/~card:7").send().outcome(), "404 member-not-found");
    assert_eq!(named(&shop, "n", json!(["card:7"])).send().outcome(), "201 profile +0 = 0");
    let answers =
        at_once(16, |n| named(&shop, &format!("x-{n}"), json!(["openid:contested"])).send());
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(
        answers.iter().all(|answer| answer.status == 201 || answer.outcome() == "409 alias-taken")
    );
}

#[test]
fn two_accounts_become_one() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = host.shop();
    let service = shop.with_bearer(&shop.key("service"));
    // The operator needs no approval; others request a merger, see below.
    let operator = shop.clone();
    named(&shop, "old", json!(["phone:+8613800000000"])).send().ok();
    shop.buys("old", "o-1", 210_000).with("device-id", "phone-1").send().ok();
    shop.buys("new", "o-2", 10_000).send().ok();
    for (ask, outcome) in [
        (merges(&shop.with_bearer(&shop.key("storefront")), "new", "old"), "403 forbidden"),
        (merges(&service, "new", "new"), "422 same-member"),
        (merges(&service, "new", "nobody"), "404 counterparty-not-found"),
        (merges(&service, "nobody", "old"), "404 member-not-found"),
        (
            service.post("/v1/members/new/merge", &json!({"from_member_id": "old"})),
            "400 invalid-request ",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    // Several clerks and a till at once: one merger takes effect, and no point of the till is lost.
    let answers = at_once(12, |n| match n % 3 {
        0 => merges(&operator, "new", "old").send(),
        1 => shop.buys("new", &format!("p-{n}"), 100).send(),
        _ => shop.buys("old", &format!("p-{n}"), 100).send(),
    });
    let outcomes: Vec<String> = answers.iter().map(tests::Answer::outcome).collect();
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.starts_with("201 merge")).count(),
        1,
        "{outcomes:?}"
    );
    let earned =
        outcomes.iter().filter(|outcome| outcome.starts_with("201 earn +1")).count() as i64;
    let known = ["201 merge", "201 earn", "404 counterparty-not-found", "409 member-merged"];
    assert!(
        outcomes.iter().all(|outcome| known.iter().any(|known| outcome.starts_with(known))),
        "{outcomes:?}"
    );
    let member = shop.member("~phone:+8613800000000");
    assert_eq!([&member["member_id"], &member["tier"]["id"]], ["new", "silver"]);
    assert_eq!(member["balance"].as_i64().unwrap(), 2_100 + 500 + 100 + earned);
    assert_eq!(shop.get("/v1/members/old").send().outcome(), "409 member-merged");
    assert_eq!(shop.get("/v1/members/old").send().json()["into"], "new");
    assert_eq!(shop.member("~id:old")["member_id"], "new");
    // A storefront may write back the names that it reads: the names of merged accounts stay.
    assert_eq!(member["aliases"], json!(["id:old", "phone:+8613800000000"]));
    named(&shop, "new", member["aliases"].clone()).send().ok();
    named(&shop, "new", json!(["card:7"])).send().ok();
    assert_eq!(shop.member("~id:old")["aliases"], json!(["card:7", "id:old"]));
    assert!(shop.all("/v1/members/old/entries", 50).len() > 2, "its history stays");
    assert_eq!(shop.runs("night")["failed"], 0);
}

/// A merger moves points, so it needs the same approval as an adjustment of that size.
#[test]
fn a_merger_is_requested_and_approved() {
    let host = Host::start();
    let shop = host.shop();
    let [service, approver, head] =
        ["service", "approver", "department_head"].map(|role| shop.with_bearer(&shop.key(role)));
    for (member, minor) in [("a", 30_000), ("b", 60_000), ("c", 10_000), ("new", 10_000)] {
        shop.buys(member, &format!("o-{member}"), minor).send().ok();
    }
    shop.does("empty", "sign_up").send().ok();
    shop.redeems("empty", 100).send().ok();
    let decides = |caller: &Shop, asked: &tests::Answer, verdict: &str| {
        let id = asked.ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
        caller.ask("POST", &format!("/v1/adjustments/{id}/{verdict}")).send()
    };
    // An account without points needs no approval.
    assert_eq!(merges(&service, "new", "empty").send().outcome(), "201 merge +0 = 100");
    let asked = merges(&service, "new", "a").key("m-1");
    let small = asked.send();
    assert_eq!(small.outcome(), "201 request +0 = 100");
    let reported = &small.ok()["entry"]["adjustment"];
    assert_eq!(
        (&reported["merges"], &reported["points"], &reported["steps"]),
        (&json!("a"), &json!(300), &json!(["approver"]))
    );
    asked.send().assert_replays(&small);
    assert_eq!(decides(&service, &small, "approve").outcome(), "403 forbidden");
    assert_eq!(decides(&head, &small, "approve").outcome(), "403 wrong-approver");
    let own = shop.with_bearer(&shop.key_of("service", "approver"));
    assert_eq!(decides(&own, &small, "approve").outcome(), "403 own-request");
    assert_eq!(shop.balance("a"), 300);
    assert_eq!(
        decides(&approver, &small, "approve").outcome(),
        "201 merge +300 = 400, approve +0 = 100"
    );
    assert_eq!(decides(&approver, &small, "approve").outcome(), "409 request-resolved");
    assert_eq!(shop.get("/v1/members/a").send().outcome(), "409 member-merged");
    let state = |asked: &tests::Answer| {
        let id = asked.ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
        service.get(&format!("/v1/adjustments/{id}")).send().ok()["state"].clone()
    };
    assert_eq!(state(&small), "approved");
    // 600 points need more, as 300 were moved to this member today.
    let large = merges(&service, "new", "b").send();
    assert_eq!(large.ok()["entry"]["adjustment"]["steps"], json!(["department_head"]));
    assert_eq!(decides(&head, &large, "reject").outcome(), "201 reject +0 = 400");
    assert_eq!((state(&large), shop.balance("b")), (json!("rejected"), 600));
    // Points that the account gets while the request waits do not avoid the limit.
    let third = merges(&service, "b", "c").send();
    assert_eq!(third.ok()["entry"]["adjustment"]["steps"], json!(["approver"]));
    shop.buys("c", "o-late", 1_000_000).send().ok();
    assert_eq!(decides(&approver, &third, "approve").outcome(), "422 approvals-exceeded");
    let without_person =
        shop.post("/v1/keys", &json!({"role": "service", "label": "crm"})).send().ok()["key"]
            .clone();
    let without_person = shop.with_bearer(without_person.as_str().unwrap());
    assert_eq!(merges(&without_person, "b", "c").send().outcome(), "403 person-needed");
}
