//! `POST /v1/activate` and return windows: pending points become spendable when their window ends,
//! by the clock or by a request.

use serde_json::json;
use tests::{Host, Shop, at_once};

/// Purchases are pending through the seventh day and live thirty days from then on. A review is
/// pending until a member of staff has read it.
fn opened() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.shop_with("window", |book| {
        book["purchase"]["pending"] = json!({"days": 7});
        book["actions"]["review"]["pending"] = json!({});
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 30});
    });
    (host, shop)
}

fn activates(shop: &Shop, member: &str, reference: &str) -> tests::Ask {
    shop.post("/v1/activate", &json!({"member_id": member, "reference": reference}))
}

#[test]
fn points_become_spendable_when_their_window_ends() {
    let (host, shop) = opened();
    // On 10 March: pending through the 17th, valid from the 18th through 17 April.
    shop.buys("m", "o-1", 10_000).send().ok();
    for (instant, balance, pending) in [
        ("2026-03-17T23:59:58+08:00", 0, 100),
        ("2026-03-18T00:00:00+08:00", 100, 0),
        ("2026-04-17T23:59:58+08:00", 100, 0),
        ("2026-04-18T00:00:00+08:00", 0, 0),
    ] {
        host.clock(instant);
        let member = shop.member("m");
        assert_eq!(
            (&member["balance"], &member["pending"]),
            (&json!(balance), &json!(pending)),
            "{instant}"
        );
    }
    host.clock("2026-03-17T23:59:50+08:00");
    assert_eq!(shop.redeems("m", 1).send().outcome(), "422 insufficient-points");
    host.clock("2026-03-18T00:00:00+08:00");
    assert_eq!(shop.redeems("m", 30).send().outcome(), "201 redeem -30 = 70, activate +0 = 100");
    host.clock("2026-04-18T00:00:00+08:00");
    shop.runs("night");
    assert_eq!(
        shop.history("m"),
        ["earn +100 = 100", "activate +0 = 100", "redeem -30 = 70", "expire -70 = 0"]
    );
}

#[test]
fn points_become_spendable_when_a_request_activates_them() {
    let (_host, shop) = opened();
    shop.buys("m", "o-1", 10_000).send().ok();
    let review = json!({"member_id": "m", "event": "review", "reference": "r-1"});
    shop.post("/v1/earn", &review).send().ok();
    let lots = shop.all("/v1/members/m/lots", 10);
    let waiting = lots.iter().find(|lot| lot["source"] == "review").unwrap();
    assert_eq!((&waiting["available_at"], &waiting["expires_at"]), (&json!(null), &json!(null)));
    for (ask, outcome) in [
        (shop.redeems("m", 1), "422 insufficient-points"),
        (shop.does("m", "review"), "422 reference-required"),
        (activates(&shop, "m", "o-2"), "404 reference-not-found"),
        (activates(&shop, "n", "o-1"), "404 member-not-found"),
        (
            shop.post("/v1/activate?dry_run=true", &json!({"member_id": "m", "reference": "o-1"})),
            "201 activate +0 = 120",
        ),
        (activates(&shop, "m", "o-1").key("a-1"), "201 activate +0 = 120"),
        (activates(&shop, "m", "o-1"), "409 nothing-pending"),
        // The idempotency key of an answer is not valid for another request.
        (activates(&shop, "m", "r-1").key("a-1"), "422 idempotency-key-reused"),
        (shop.post("/v1/activate", &review), "201 activate +0 = 120"),
        (shop.redeems("m", 120), "201 redeem -120 = 0"),
        (shop.post("/v1/activate", &review), "409 nothing-pending"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let replay = activates(&shop, "m", "o-1").key("a-1").send();
    assert_eq!(
        (replay.is_replay(), replay.outcome().as_str()),
        (true, "201 activate +0 = 120 (again)")
    );
}

/// The promise of the day of purchase holds, though the rules have changed since.
#[test]
fn validity_is_that_of_the_rulebook_it_was_earned_under() {
    let (host, shop) = opened();
    shop.buys("m", "o-1", 10_000).send().ok();
    let book = shop.get("/v1/programmes/window").send().ok();
    let mut rulebook = book["rulebook"].clone();
    rulebook["expiry"]["shopping"] = json!({"policy": "days", "days": 1});
    let published = host
        .shop()
        .put("/v1/programmes/window", &json!({"name": "window", "rulebook": rulebook}))
        .send();
    assert_eq!(published.ok()["rulebook_version"], 2);
    let activated = activates(&shop, "m", "o-1").send().ok();
    // Thirty days from 10 March: the points expire on 10 April, 00:00 in Shanghai.
    assert_eq!(activated["entry"]["lots"][0]["expires_at"], "2026-04-09T16:00:00Z");
    assert_eq!(activated["entry"]["rulebook_version"], 2, "the entry names the rules in force");
    let lots = shop.all("/v1/members/m/lots", 10);
    assert_eq!(
        (&lots[0]["state"], &lots[0]["expires_at"]),
        (&json!("active"), &json!("2026-04-09T16:00:00Z"))
    );
}

/// Of many activations at once, over several instances, one takes effect. All others get the answer
/// that no points are pending.
#[test]
fn two_activations_are_one() {
    let host = Host::start_with(&["--instances", "4"]);
    let shop = host.shop_with("window", |book| book["purchase"]["pending"] = json!({"days": 7}));
    shop.buys("m", "o-1", 10_000).send().ok();
    let outcomes = at_once(16, |_| activates(&shop, "m", "o-1").send().outcome());
    let done = outcomes.iter().filter(|outcome| *outcome == "201 activate +0 = 100").count();
    let refused = outcomes.iter().filter(|outcome| *outcome == "409 nothing-pending").count();
    assert_eq!((done, refused), (1, 15), "{outcomes:?}");
}
