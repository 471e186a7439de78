//! Many clients at once, over several instances: the winner is chance, the sums are not.

use serde_json::json;
use tests::{Answer, Host, Shop, at_once, count, purchase};

/// More instances than a small machine has processors, and any of them for each request.
fn host() -> (Host, Shop) {
    let host = Host::start_with(&["--instances", "4", "--affinity", "off"]);
    let shop = host.shop();
    (host, shop)
}

#[test]
fn the_last_points_are_spent_once() {
    let (_host, shop) = host();
    for (round, (balance, amount)) in
        [(1_000, 30), (64, 1), (63, 1), (99, 50), (29, 30)].into_iter().enumerate()
    {
        let member = format!("m-{round}");
        shop.buys(&member, &format!("o-{round}"), balance * 100).send().ok();
        let answers = at_once(64, |_| shop.redeems(&member, amount).send());
        let winners = usize::try_from(balance / amount).unwrap().min(64);
        assert_eq!(count(&answers, "201 redeem"), winners, "{balance} by {amount}");
        assert_eq!(
            count(&answers, "422 insufficient-points"),
            64 - winners,
            "{balance} by {amount}"
        );
        assert_eq!(shop.balance(&member), balance - amount * i64::try_from(winners).unwrap());
    }
}

/// Whether it is executed or refused.
#[test]
fn one_key_takes_effect_once() {
    let (host, shop) = host();
    shop.buys("m", "o-0", 10_000).send().ok();
    for (ask, outcome) in [
        (shop.redeems("m", 30), "201 redeem -30 = 70"),
        (shop.redeems("m", 71), "422 insufficient-points"),
        (shop.buys("m", "o-1", 250_000), "201 earn +2500 = 2570, tier_change +500 = 3070"),
        (shop.buys("new", "o-2", 100), "201 earn +1 = 1"),
        (shop.put("/v1/members/m", &json!({"attributes": {"a": "b"}})), "200 profile +0 = 3070"),
        (shop.buys("m", "o-0", 1), "409 reference-already-used"),
    ] {
        let entries = host.books().number("SELECT count(*) FROM entry");
        let answers = at_once(50, |_| ask.send());
        let first: Vec<&Answer> = answers.iter().filter(|answer| !answer.is_replay()).collect();
        assert_eq!((first.len(), first[0].outcome().as_str()), (1, outcome));
        for replay in answers.iter().filter(|answer| answer.is_replay()) {
            replay.assert_replays(first[0]);
        }
        let written = host.books().number("SELECT count(*) FROM entry") - entries;
        assert_eq!(
            written,
            i64::try_from(outcome.split(", ").count()).unwrap()
                * i64::from(outcome.starts_with("20"))
        );
    }
}

#[test]
fn one_order_earns_once() {
    let (_host, shop) = host();
    for member in ["m", "m", "new"] {
        let order = format!("o-{member}-{}", shop.get("/v1/members/m").send().status);
        let answers = at_once(50, |_| shop.buys(member, &order, 1_000).send());
        assert_eq!(count(&answers, "201 earn +10"), 1);
        assert_eq!(count(&answers, "409 reference-already-used"), 49);
    }
    // The same holds if each uses the order for another member.
    let answers = at_once(50, |n| shop.buys(&format!("m-{n}"), "contested", 1_000).send());
    assert_eq!((count(&answers, "201"), count(&answers, "409 reference-of-another")), (1, 49));
}

#[test]
fn one_check_in_a_day() {
    let (_host, shop) = host();
    let answers = at_once(20, |_| shop.does("m", "check_in").send());
    assert_eq!((count(&answers, "201 earn +5 = 5"), count(&answers, "422 limit-reached")), (1, 19));
}

/// A refusal is answered even if the member is changed all the time.
#[test]
fn a_busy_member_is_refused_too() {
    let (_host, shop) = host();
    shop.does("m", "check_in").send().ok();
    let answers = at_once(40, |n| match n % 8 {
        0 => (0..5).map(|_| shop.redeems("m", 1_000_000).send()).collect::<Vec<_>>(),
        _ => (0..20).map(|i| shop.buys("m", &format!("o-{n}-{i}"), 100).send()).collect(),
    });
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    // Under this load an earn may be answered busy. A refusal may not, as the stored state decides
    // it at once.
    let earned = |outcome: &String| outcome.starts_with("201 earn +1 =") || outcome == "503 busy";
    let others = answers.iter().map(Answer::outcome).filter(|outcome| !earned(outcome));
    assert_eq!(others.collect::<Vec<_>>(), vec!["422 insufficient-points"; 25]);
}

#[test]
fn a_new_member_is_made_once() {
    let (host, shop) = host();
    let answers = at_once(40, |n| match n % 4 {
        0 => shop.put("/v1/members/m", &json!({"attributes": {"n": n.to_string()}})).send(),
        1 => shop.does("m", "sign_up").send(),
        2 => shop.buys("m", &format!("o-{n}"), 1_000).send(),
        _ => shop.get("/v1/members/m").send(),
    });
    for (outcome, times) in
        [("201 earn +100 =", 1), ("422 limit-reached", 9), ("201 earn +10 =", 10)]
    {
        assert_eq!(count(&answers, outcome), times, "{outcome}");
    }
    let registered = answers.iter().filter(|answer| answer.outcome().contains(" profile ")).count();
    assert_eq!(registered, 10);
    assert_eq!(shop.balance("m"), 200);
    assert_eq!(host.books().number("SELECT count(*) FROM member"), 1);
}

/// Bulk calls that overlap in half their events, beside single calls for the same orders.
#[test]
fn bulk_and_single_earns_do_not_interfere() {
    let (_host, shop) = host();
    let event = |n: usize| {
        let mut event = purchase(&format!("m-{}", n % 7), &format!("o-{n}"), 100);
        event["idempotency_key"] = format!("k-{n}").into();
        event
    };
    at_once(8, |worker| {
        if worker % 2 == 0 {
            let from = worker * 25;
            let events: Vec<_> = (from..from + 100).map(event).collect();
            for outcome in shop.bulk(&events) {
                assert!(outcome.starts_with("201 earn +1"), "{outcome}");
            }
        } else {
            for n in 0..60 {
                let order = worker * 30 + n;
                let answer = shop
                    .buys(&format!("m-{}", order % 7), &format!("o-{order}"), 100)
                    .key(format!("k-{order}"))
                    .send();
                assert!(answer.outcome().starts_with("201 earn +1"), "{}", answer.outcome());
            }
        }
    });
    let sum: i64 = (0..7).map(|m| shop.balance(&format!("m-{m}"))).sum();
    assert_eq!(sum, 270, "orders 0 to 269, each once");
}

/// The first requests of a new database all try to set it up.
#[test]
fn a_fresh_database_is_set_up_once() {
    let host = Host::start_with(&["--instances", "8"]);
    let shop = host.shop();
    let answers = at_once(64, |n| match n % 3 {
        0 => shop.does(&format!("m-{n}"), "share").send(),
        1 => shop.put(&format!("/v1/members/m-{n}"), &json!({})).send(),
        _ => shop.get("/v1/keys").send(),
    });
    assert!(
        answers.iter().all(|answer| answer.status < 300),
        "{:?}",
        answers.iter().map(Answer::outcome).collect::<Vec<_>>()
    );
    assert_eq!(host.books().number("SELECT count(*) FROM programme"), 1);
    assert_eq!(host.books().number("SELECT count(*) FROM rulebook"), 1);
}

/// While a new rulebook is published, every earn is decided by the old or the new one, and names
/// its version.
#[test]
fn publishing_under_load() {
    let (_host, shop) = host();
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    at_once(9, |worker| {
        for n in 0..12 {
            if worker == 0 {
                let mut book = book.clone();
                book["purchase"]["points_per_unit"] = (n + 2).to_string().into();
                let put =
                    shop.put("/v1/programmes/default", &json!({"name": "x", "rulebook": book}));
                assert_eq!(put.send().ok()["rulebook_version"], n + 2);
            } else {
                let entry = shop
                    .buys(&format!("m-{worker}"), &format!("o-{worker}-{n}"), 1_000)
                    .send()
                    .ok()["entry"]
                    .take();
                assert_eq!(
                    entry["points"].as_i64().unwrap(),
                    10 * entry["rulebook_version"].as_i64().unwrap()
                );
            }
        }
    });
}
