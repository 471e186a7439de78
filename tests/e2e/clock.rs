//! Decisions by the clock, without any job: expiry, local days, tiers, and keys that are remembered
//! for ever.

use serde_json::json;
use tests::Host;

/// Days of the tests' own programme end at local midnight; points live through the 30th day after.
fn host_and_shop(zone: &str) -> (Host, tests::Shop) {
    let host = Host::start();
    let shop = host.shop_with("short", |book| {
        book["time_zone"] = zone.into();
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 30});
    });
    (host, shop)
}

#[test]
fn points_end_with_their_last_day() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    shop.buys("m", "o-1", 10_000).send().ok();
    // Earned on 10 March, valid through 9 April.
    for (instant, balance) in [
        ("2026-04-09T23:59:58+08:00", 100),
        ("2026-04-10T00:00:00+08:00", 0),
        ("2026-04-09T23:59:58+08:00", 100),
        ("2027-01-01T00:00:00+08:00", 0),
    ] {
        host.clock(instant);
        let member = shop.member("m");
        assert_eq!(
            (&member["balance"], &member["ledger_balance"]),
            (&json!(balance), &json!(100)),
            "{instant}"
        );
        assert_eq!(member["expiring_next"].is_null(), balance == 0, "{instant}");
    }
    host.clock("2026-04-09T23:59:50+08:00");
    assert_eq!(shop.redeems("m", 30).send().outcome(), "201 redeem -30 = 70");
    host.clock("2026-04-10T00:00:00+08:00");
    assert_eq!(shop.redeems("m", 1).send().outcome(), "422 insufficient-points");
    assert_eq!(
        shop.history("m").last().unwrap(),
        "redeem -30 = 70",
        "a refusal writes nothing, not even an expiry"
    );
    assert_eq!(shop.buys("m", "o-2", 500).send().outcome(), "201 earn +5 = 5, expire -70 = 0");
    assert_eq!(
        shop.history("m"),
        ["earn +100 = 100", "redeem -30 = 70", "expire -70 = 0", "earn +5 = 5"]
    );
}

/// An expired lot is never charged, even if it would have been enough together with another.
#[test]
fn expired_lots_are_never_spent() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    shop.buys("m", "o-1", 10_000).send().ok();
    host.clock("2026-04-01T12:00:00+08:00");
    shop.buys("m", "o-2", 5_000).send().ok();
    host.clock("2026-04-10T00:00:00+08:00");
    assert_eq!(shop.redeems("m", 51).send().outcome(), "422 insufficient-points");
    assert_eq!(shop.redeems("m", 50).send().outcome(), "201 redeem -50 = 0, expire -100 = 50");
}

#[test]
fn limits_begin_anew_at_local_midnight() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    let check_in = |instant: &str| {
        shop.post(
            "/v1/earn",
            &json!({"member_id": "m", "event": "check_in", "occurred_at": instant}),
        )
    };
    for (clock, ask, outcome) in [
        ("2026-03-11T23:59:50+08:00", shop.does("m", "check_in"), "201 earn +5 = 5"),
        ("2026-03-11T23:59:55+08:00", shop.does("m", "check_in"), "422 limit-reached"),
        ("2026-03-12T00:00:00+08:00", shop.does("m", "check_in"), "201 earn +5 = 10"),
        ("2026-03-12T08:00:00+08:00", shop.does("m", "check_in"), "422 limit-reached"),
        ("2026-03-12T08:00:00+08:00", check_in("2026-03-11T15:59:59Z"), "422 limit-reached"),
        ("2026-03-12T08:00:00+08:00", check_in("2026-03-10T15:59:59Z"), "201 earn +5 = 15"),
        ("2026-03-12T08:00:00+08:00", check_in("2026-03-10T08:00:00Z"), "422 limit-reached"),
        // The clock is set back by a day: that day had its check-in.
        ("2026-03-11T12:00:00+08:00", shop.does("m", "check_in"), "422 limit-reached"),
        ("2026-03-13T00:00:00+08:00", shop.does("m", "check_in"), "201 earn +5 = 20"),
    ] {
        host.clock(clock);
        assert_eq!(ask.send().outcome(), outcome, "{clock}");
    }
}

/// New York skips an hour on 8 March 2026 and doubles one on 1 November. A day still ends at its
/// midnight.
#[test]
fn days_of_daylight_saving() {
    let host = Host::start_with(&["--clock", "2026-03-07T12:00:00-05:00"]);
    let shop = host.shop_with("york", |book| {
        book["time_zone"] = "America/New_York".into();
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 1});
    });
    shop.buys("spring", "o-1", 10_000).send().ok();
    for (instant, balance) in [("2026-03-09T03:59:58Z", 100), ("2026-03-09T04:00:00Z", 0)] {
        host.clock(instant);
        assert_eq!(shop.balance("spring"), balance, "{instant}");
    }
    host.clock("2026-10-31T12:00:00-04:00");
    shop.buys("autumn", "o-2", 10_000).send().ok();
    for (instant, balance) in [("2026-11-02T04:59:58Z", 100), ("2026-11-02T05:00:00Z", 0)] {
        host.clock(instant);
        assert_eq!(shop.balance("autumn"), balance, "{instant}");
    }
    for (clock, outcome) in [
        ("2026-11-08T23:59:57-05:00", "201 earn +5 = 5"),
        ("2026-11-09T00:00:00-05:00", "201 earn +5 = 10"),
        ("2026-11-09T23:59:57-05:00", "422 limit-reached"),
    ] {
        host.clock(clock);
        assert_eq!(shop.does("autumn-2", "check_in").send().outcome(), outcome, "{clock}");
    }
}

/// Santiago's clocks go from 24:00 to 01:00: 6 September 2026 has no midnight, and begins at one.
#[test]
fn a_day_without_midnight() {
    let host = Host::start_with(&["--clock", "2026-09-04T12:00:00-04:00"]);
    let shop = host.shop_with("santiago", |book| {
        book["time_zone"] = "America/Santiago".into();
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 1});
    });
    let earned = shop.buys("m", "o-1", 10_000).send().ok();
    assert_eq!(earned["entry"]["lots"][0]["expires_at"], "2026-09-06T04:00:00Z");
    for (instant, balance) in [("2026-09-06T03:59:57Z", 100), ("2026-09-06T04:00:00Z", 0)] {
        host.clock(instant);
        assert_eq!(shop.balance("m"), balance, "{instant}");
    }
}

#[test]
fn month_ends_and_leap_days_clamp() {
    let host = Host::start();
    let shop = host.shop_with("months", |book| {
        book["expiry"]["shopping"] = json!({"policy": "months", "months": 1})
    });
    for (earned, expires) in [
        ("2026-01-31T12:00:00+08:00", "2026-02-28T16:00:00Z"),
        ("2028-01-31T12:00:00+08:00", "2028-02-29T16:00:00Z"),
        ("2028-02-29T12:00:00+08:00", "2028-03-29T16:00:00Z"),
        ("2026-12-31T23:59:50+08:00", "2027-01-31T16:00:00Z"),
    ] {
        host.clock(earned);
        let answer = shop.buys("m", earned, 100).send();
        let answer = if answer.status == 400 {
            shop.buys("m", &earned.replace(['+', ':'], "-"), 100).send()
        } else {
            answer
        };
        assert_eq!(answer.ok()["entry"]["lots"][0]["expires_at"], expires, "{earned}");
    }
}

#[test]
fn a_tier_comes_with_the_earn_and_ends_by_the_clock() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    let tier = || shop.member("m")["tier"]["id"].clone();
    assert_eq!(
        shop.buys("m", "o-1", 1_000_000).send().outcome(),
        "201 earn +10000 = 10000, tier_change +2500 = 12500"
    );
    assert_eq!(tier(), "gold");
    host.clock("2026-03-20T10:00:00+08:00");
    assert_eq!(shop.buys("m", "o-2", 10_000).send().outcome(), "201 earn +150 = 12650");
    // The window is twelve months with the current one; the step down comes a year later without
    // further purchases.
    host.clock("2027-02-28T23:59:50+08:00");
    assert_eq!(tier(), "gold");
    host.clock("2028-03-01T00:00:00+08:00");
    let outcome = shop.buys("m", "o-3", 10_000).send().outcome();
    assert!(outcome.starts_with("201 earn +1"), "{outcome}");
    assert_ne!(tier(), "gold");
}

#[test]
fn a_key_is_remembered_after_a_year() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    let (earn, redeem, refused) =
        (shop.buys("m", "o-1", 10_000), shop.redeems("m", 60), shop.redeems("m", 60));
    let first: Vec<_> = [&earn, &redeem, &refused].map(|ask| ask.send()).into_iter().collect();
    for instant in
        ["2027-03-10T10:00:00+08:00", "2036-03-10T10:00:00+08:00", "2026-03-09T10:00:00+08:00"]
    {
        host.clock(instant);
        for (ask, first) in [&earn, &redeem, &refused].into_iter().zip(&first) {
            ask.send().assert_replays(first);
        }
    }
}

/// A server's clock that goes back an hour, or a day, does no harm: entries keep their order, and
/// spent points stay spent.
#[test]
fn a_clock_that_goes_back() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    shop.buys("m", "o-1", 10_000).send().ok();
    host.clock("2026-04-10T00:00:00+08:00");
    assert_eq!(shop.does("m", "share").send().outcome(), "201 earn +10 = 10, expire -100 = 0");
    host.clock("2026-04-09T22:00:00+08:00");
    assert_eq!(shop.balance("m"), 0, "the end of a lot is written down and stays");
    let outcome = shop.redeems("m", 5).send().outcome();
    assert!(
        ["201 redeem -5 = 5", "422 insufficient-points"].contains(&outcome.as_str()),
        "{outcome}"
    );
    host.clock("2026-03-10T09:00:00+08:00");
    assert_eq!(shop.buys("m", "o-2", 1_000).send().status, 201);
    host.clock("2026-04-10T00:00:30+08:00");
    assert_eq!(shop.does("m", "share").send().status, 201);
}

/// The limits of a clock's range.
#[test]
fn extreme_instants() {
    let host = Host::start();
    let shop = host.shop();
    for (clock, status) in [("1970-01-01T00:00:01Z", 201), ("2200-01-01T00:00:00Z", 201)] {
        host.clock(clock);
        assert_eq!(
            shop.does(&format!("m{}", &clock[..4]), "share").send().status,
            status,
            "{clock}"
        );
    }
    host.clock("2026-03-10T10:00:00+08:00");
    let at = |instant: &str| {
        shop.post("/v1/earn", &json!({"member_id": "m", "event": "share", "occurred_at": instant}))
    };
    for (instant, outcome) in [
        ("1970-01-01T00:00:00Z", "422 occurred-too-long-ago"),
        ("9999-12-31T23:59:59Z", "422 occurred-in-future"),
        ("2026-03-10T02:00:00.999999999Z", "201 earn +10 = 10"),
        ("2026-03-10T02:00:00-00:00", "201 earn +10 = 20"),
        ("2026-03-10t02:00:00z", "201 earn +10 = 30"),
        ("2026-03-10T25:00:00Z", "400 invalid-request /occurred_at"),
        ("2026-03-10T02:00:00+24:00", "400 invalid-request /occurred_at"),
        ("-2026-03-10T02:00:00Z", "400 invalid-request /occurred_at"),
    ] {
        assert_eq!(at(instant).send().outcome(), outcome, "{instant}");
    }
}

/// Points of a hold become free at its end and pay the debt then, at whatever time a caller looks.
/// A night changes nothing of the shown state.
#[test]
fn a_debt_is_paid_at_the_instant_at_which_points_come_free() {
    let (host, shop) = host_and_shop("Asia/Shanghai");
    shop.buys("m", "o-1", 4_000).send().ok();
    shop.holds("m", 40, 30).send().ok();
    shop.returns("m", "o-1").send().ok();
    assert_eq!(shop.member("m")["debt"], 40);
    let looks = |instant: &str| {
        host.clock(instant);
        let member = shop.member("m");
        let lots = shop.get("/v1/members/m/lots").send().ok()["items"].clone();
        (member["balance"].clone(), member["debt"].clone(), lots)
    };
    for instant in ["2026-03-11T10:00:00+08:00", "2026-05-10T10:00:00+08:00"] {
        assert_eq!(looks(instant), (json!(0), json!(0), json!([])), "{instant}");
    }
    assert_eq!(
        shop.buys("m", "o-2", 500).send().outcome(),
        "201 earn +5 = 5, release +0 = 0, repay +0 = 0"
    );
    let shown = looks("2026-05-10T10:00:01+08:00");
    shop.runs("night");
    assert_eq!(looks("2026-05-10T10:00:01+08:00"), shown);
}
