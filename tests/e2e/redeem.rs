//! `POST /v1/redeem`: all or nothing, from the lots that expire first.

use serde_json::json;
use tests::Host;

#[test]
fn points_are_spent_all_or_nothing() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 10_000).send().ok();
    let named = |points: i64, reference: &str| {
        shop.post(
            "/v1/redeem",
            &json!({"member_id": "m", "points": points, "reference": reference, "reason": "a mug"}),
        )
    };
    for (ask, outcome) in [
        (shop.redeems("m", 101), "422 insufficient-points"),
        (named(30, "r-1"), "201 redeem -30 = 70"),
        (named(30, "r-1"), "409 reference-already-used"),
        (named(30, "o-1"), "201 redeem -30 = 40"),
        (shop.redeems("nobody", 1), "404 member-not-found"),
        (shop.redeems("m", 41), "422 insufficient-points"),
        (shop.redeems("m", 40), "201 redeem -40 = 0"),
        (shop.redeems("m", 1), "422 insufficient-points"),
        (shop.redeems("m", 0), "400 invalid-request /points"),
        (shop.redeems("m", -5), "400 invalid-request /points"),
        (
            shop.post("/v1/redeem?dry_run=true", &json!({"member_id": "m", "points": 1})),
            "422 insufficient-points",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let refused = shop.redeems("m", 7).send().json();
    assert_eq!(
        (&refused["balance"], &refused["missing_points"], &refused["retry_may_help"]),
        (&json!(0), &json!(7), &json!(true))
    );
    assert_eq!(
        shop.history("m"),
        ["earn +100 = 100", "redeem -30 = 70", "redeem -30 = 40", "redeem -40 = 0"]
    );
}

/// The replay holds even if points have come in between: the caller has acted on the first answer.
#[test]
fn a_refusal_is_replayed() {
    let host = Host::start();
    let shop = host.shop();
    shop.does("m", "check_in").send().ok();
    let refused = shop.redeems("m", 50).key("r").send();
    assert_eq!(refused.outcome(), "422 insufficient-points");
    shop.does("m", "sign_up").send().ok();
    shop.redeems("m", 50).key("r").send().assert_replays(&refused);
    assert_eq!(shop.redeems("m", 50).key("r-2").send().outcome(), "201 redeem -50 = 55");
}

#[test]
fn lots_that_expire_first_are_spent_first() {
    let host = Host::start();
    let shop = host.shop();
    // Shopping points live a year, a check-in's 90 days.
    shop.buys("m", "o-1", 1_000).send().ok();
    shop.does("m", "check_in").send().ok();
    let spent = shop.redeems("m", 7).send().ok();
    let drawn = |lot: i64, points: i64| json!({"lot": lot, "change": "drawn", "points": points});
    assert_eq!(spent["entry"]["lots"], json!([drawn(2, -5), drawn(1, -2)]));
    let lots = shop.all("/v1/members/m/lots", 10);
    assert_eq!(
        (lots.len(), &lots[0]["remaining"], &lots[0]["source"]),
        (1, &json!(8), &json!("purchase"))
    );
}

/// A hundred lots are more than the first load reads.
#[test]
fn many_small_lots_pay_together() {
    let host = Host::start();
    let shop = host.shop();
    for order in 0..100 {
        shop.buys("m", &format!("o-{order}"), 100 + order).send().ok();
    }
    assert_eq!(shop.balance("m"), 100);
    assert_eq!(shop.redeems("m", 101).send().outcome(), "422 insufficient-points");
    assert_eq!(shop.redeems("m", 99).send().outcome(), "201 redeem -99 = 1");
    assert_eq!(shop.all("/v1/members/m/lots", 10).len(), 1);
}

#[test]
fn spending_does_not_move_the_tier() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 199_900).send().ok();
    let missing = || shop.member("m")["tier"]["next"]["missing"].clone();
    assert_eq!(missing(), 100);
    shop.redeems("m", 1_999).send().ok();
    assert_eq!(missing(), 100);
}
