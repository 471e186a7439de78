//! `/v1/pools`: households that spend together.

use serde_json::json;
use tests::{Host, Shop, at_once};

fn joins(shop: &Shop, pool: &str, member: &str) -> tests::Ask {
    shop.ask("PUT", &format!("/v1/pools/{pool}/members/{member}"))
}

fn invites(shop: &Shop, pool: &str, head: &str, guest: &str) -> tests::Ask {
    shop.put(&format!("/v1/pools/{pool}/invitations/{guest}"), &json!({"head_id": head}))
}

fn spends(shop: &Shop, pool: &str, points: i64) -> tests::Ask {
    shop.post(&format!("/v1/pools/{pool}/redeem"), &json!({"points": points, "member_id": "a"}))
}

/// A member's account cannot become a pool, and no member joins a pool without an invitation.
#[test]
fn a_member_account_does_not_become_a_pool() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("victim", "o-1", 80_000).send().ok();
    shop.does("mallory", "check_in").send().ok();
    assert_eq!(
        joins(&shop, "victim", "mallory").send().outcome(),
        "201 pool +0 = 5",
        "a pool of that name, and nothing else"
    );
    let spent = shop
        .post("/v1/pools/victim/redeem", &json!({"points": 800, "member_id": "mallory"}))
        .send();
    assert_eq!(spent.outcome(), "422 insufficient-points");
    assert_eq!((shop.balance("victim"), shop.balance("mallory")), (800, 5));
    for (ask, outcome) in [
        (joins(&shop, "victim", "victim"), "403 not-invited"),
        (shop.get("/v1/members/pool%2Fvictim"), "400 invalid-request member_id"),
        (shop.buys("pool/victim", "o-2", 100), "400 invalid-request /member_id"),
        (
            shop.post(
                "/v1/transfers",
                &json!({"member_id": "mallory", "to_member_id": "pool/victim", "points": 1}),
            ),
            "400 invalid-request /to_member_id",
        ),
        (
            shop.post(
                "/v1/members/mallory/merge",
                &json!({"from_member_id": "pool/victim", "reason": "x"}),
            ),
            "400 invalid-request /from_member_id",
        ),
        (
            shop.put("/v1/members/mallory", &json!({"aliases": ["id:pool/victim"]})),
            "400 invalid-request /aliases/0",
        ),
        (joins(&shop, "~phone:1", "mallory"), "400 invalid-request pool_id"),
        (invites(&shop, "victim", "victim", "victim"), "403 not-head"),
        (invites(&shop, "nowhere", "victim", "victim"), "404 counterparty-not-found"),
        (invites(&shop, "victim", "mallory", "~phone:1"), "404 member-not-found"),
        (shop.post("/v1/pools/victim/redeem", &json!({"points": 1})), "400 invalid-request "),
        (shop.ask("POST", "/v1/pools/victim/invitations/a"), "405 method-not-allowed"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let invited = invites(&shop, "victim", "mallory", "victim").key("i").send();
    assert_eq!(invited.outcome(), "201 pool +0 = 0");
    let shown = shop.get("/v1/pools/victim").send().ok();
    assert_eq!(
        (&shown["head_id"], &shown["invitations"][0]["member_id"]),
        (&json!("mallory"), &json!("victim"))
    );
    assert_eq!(shown["invitations"][0]["until"], invited.ok()["entry"]["invitation"]["until"]);
    assert_eq!(
        joins(&shop, "victim", "victim").key("j").send().outcome(),
        "201 pool +0 = 800",
        "of its own free will"
    );
    invites(&shop, "victim", "mallory", "victim").key("i").send().assert_replays(&invited);
    assert_eq!(shop.get("/v1/pools/victim").send().ok()["invitations"], json!([]));
    assert_eq!(
        shop.ask("DELETE", "/v1/pools/victim/members/mallory").send().outcome(),
        "201 pool +0 = 5"
    );
    assert_eq!(shop.get("/v1/pools/victim").send().ok()["head_id"], "victim");
    let items = shop.get("/v1/pools/victim/entries").send().ok();
    let items = items["items"].as_array().unwrap();
    assert!(
        items.len() == 4 && items.iter().all(|entry| entry["member_id"] == "pool/victim"),
        "{items:?}"
    );
}

#[test]
fn a_household_spends_together() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("a", "o-1", 10_000).send().ok();
    shop.does("b", "sign_up").send().ok();
    for (ask, outcome) in [
        (spends(&shop, "home", 1), "404 counterparty-not-found"),
        (shop.get("/v1/pools/home"), "404 counterparty-not-found"),
        (joins(&shop, "home", "nobody"), "404 member-not-found"),
        (joins(&shop, "home", "a"), "201 pool +0 = 100"),
        (joins(&shop, "home", "a"), "409 nothing-to-change"),
        (joins(&shop, "work", "a"), "409 items-open"),
        (joins(&shop, "home", "b"), "403 not-invited"),
        (invites(&shop, "home", "a", "b"), "201 pool +0 = 0"),
        (joins(&shop, "home", "b"), "201 pool +0 = 100"),
        (spends(&shop, "home", 201), "422 insufficient-points"),
        (spends(&shop, "home", 0), "400 invalid-request /points"),
        (
            shop.post("/v1/pools/home/redeem", &json!({"points": 1, "member_id": "c"})),
            "404 counterparty-not-found",
        ),
        (spends(&shop.with_bearer(&shop.key("service")), "home", 1), "403 forbidden"),
        (shop.ask("POST", "/v1/pools/home"), "405 method-not-allowed"),
        (shop.ask("POST", "/v1/pools/home/members/a"), "405 method-not-allowed"),
        (
            shop.post(
                "/v1/pools/home/redeem?dry_run=true",
                &json!({"points": 150, "member_id": "b"}),
            ),
            "201 redeem -150 = 0, transfer +50 = 50, transfer +100 = 150",
        ),
    ] {
        let reported = ask.send().outcome();
        assert_eq!(reported, outcome);
    }
    let shown = shop.get("/v1/pools/home").send().ok();
    assert_eq!(shown["balance"], 200);
    assert_eq!(shop.member("a")["pool_id"], "home");
    let body = json!({"points": 150, "member_id": "a", "reference": "r-1"});
    let first = shop.post("/v1/pools/home/redeem", &body).key("k").send();
    assert_eq!(first.ok()["entry"]["points"], -150);
    shop.post("/v1/pools/home/redeem", &body).key("k").send().assert_replays(&first);
    assert_eq!(
        (shop.balance("a"), shop.balance("b")),
        (50, 0),
        "the campaign points of the sign-up end first"
    );
    assert_eq!(
        shop.post(
            "/v1/pools/home/redeem",
            &json!({"points": 1, "member_id": "a", "reference": "r-1"})
        )
        .send()
        .outcome(),
        "409 reference-already-used"
    );
    assert_eq!(shop.ask("DELETE", "/v1/pools/home/members/b").send().outcome(), "201 pool +0 = 0");
    assert_eq!(shop.member("b")["pool_id"], json!(null));
    assert_eq!(spends(&shop, "home", 50).send().ok()["balance"], 0);
}

/// The last points of a household, from several tills and by its members alone: only as many
/// redemptions succeed as there are points.
#[test]
fn the_last_points_of_a_household() {
    let host = Host::start_with(&["--instances", "3"]);
    let shop = host.shop();
    for (n, member) in ["a", "b", "c"].into_iter().enumerate() {
        shop.buys(member, &format!("o-{n}"), 10_000).send().ok();
        if n > 0 {
            invites(&shop, "home", "a", member).send().ok();
        }
        joins(&shop, "home", member).send().ok();
    }
    let answers = at_once(24, |n| match n % 3 {
        0 => shop.redeems(["a", "b", "c"][n / 3 % 3], 30).send(),
        _ => spends(&shop, "home", 30).send(),
    });
    let won = answers.iter().filter(|answer| answer.status == 201).count() as i64;
    let others = answers.iter().filter(|answer| answer.status != 201);
    assert!(others.into_iter().all(|answer| {
        ["422 insufficient-points", "503 busy"].contains(&answer.outcome().as_str())
    }));
    let left = shop.get("/v1/pools/home").send().ok()["balance"].as_i64().unwrap();
    assert_eq!(left, 300 - 30 * won);
}
