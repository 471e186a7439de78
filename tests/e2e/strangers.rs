//! Callers without a good key: their bodies are not read, and one tenant's calls leave the others
//! enough capacity.

use serde_json::{Value as Json, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use tests::{Client, Host, purchase};

/// A body that never arrives must not delay the refusal: the key is checked first.
#[test]
fn the_key_is_looked_at_before_the_body() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 1_000).send().ok();
    let nonsense = "{\"member_id\":";
    let revoked = {
        let made =
            shop.post("/v1/keys", &json!({"role": "storefront", "label": "gone"})).send().ok();
        let prefix = made["prefix"].as_str().unwrap().to_owned();
        shop.ask("DELETE", &format!("/v1/keys/{prefix}")).send();
        made["key"].as_str().unwrap().to_owned()
    };
    for (what, key) in [
        ("made up", "acc_abcdefghABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"),
        ("too short", "acc_1"),
        ("revoked", revoked.as_str()),
    ] {
        let ask = shop.ask("POST", "/v1/earn").bearer(key).body(nonsense);
        assert_eq!(ask.send().outcome(), "401 unauthorized", "{what}");
        assert_eq!(
            ask.body("x".repeat(1_500_000)).send().outcome(),
            "401 unauthorized",
            "{what}: its size is not checked either"
        );
    }
    assert_eq!(
        shop.ask("POST", "/v1/earn").without("authorization").body(nonsense).send().outcome(),
        "401 unauthorized"
    );
    assert_eq!(
        shop.ask("POST", "/v1/earn")
            .with("authorization", "Bearer second")
            .body("{}")
            .send()
            .outcome(),
        "401 unauthorized"
    );
    // Unknown methods and routes are reported as before.
    assert_eq!(
        shop.ask("PATCH", "/v1/earn").bearer("acc_1").body(nonsense).send().outcome(),
        "405 method-not-allowed"
    );
    // A revoked key whose bodies the host already reads without a check stops working with the next
    // request.
    let till = shop.with_bearer(&shop.key("storefront"));
    till.buys("m", "o-2", 1_000).send().ok();
    let prefix = till.bearer[..12].to_owned();
    shop.ask("DELETE", &format!("/v1/keys/{prefix}")).send();
    assert_eq!(till.buys("m", "o-3", 1_000).send().outcome(), "401 unauthorized");
    assert_eq!(shop.balance("m"), 20);
}

/// Only the component and the host know the programme of a key; clients do not see it.
#[test]
fn answers_do_not_show_the_tenant() {
    let host = Host::start();
    let shop = host.shop();
    let answer = shop.buys("m", "o-1", 1_000).send();
    assert_eq!((answer.status, answer.header("tenant")), (201, None));
    let mut limited = Host::start_with(&["--tenant-limit", "12/1h"]);
    limited.leave_books_unchecked();
    let (one, other) = (limited.shop_with("one", |_| ()), limited.shop_with("other", |_| ()));
    let reads = |shop: &tests::Shop, times: usize| -> Vec<u16> {
        (0..times).map(|n| shop.get(&format!("/v1/members/m{n}")).send().status).collect()
    };
    let refused = |statuses: &[u16]| statuses.iter().filter(|status| **status == 429).count();
    // The first answer shows the host the tenant of the key.
    assert_eq!(refused(&reads(&one, 20)), 7);
    assert_eq!(refused(&reads(&other, 5)), 0, "another programme has its own");
}

/// A call of 500 orders is decided order by order, with a pause after each, so a till of the same
/// instance is served meanwhile.
#[test]
fn a_bulk_call_delays_no_till() {
    let host = Host::start_with(&["--instances", "1"]);
    let shop = host.shop();
    let events = |call: usize| -> Vec<Json> {
        let event = |n: usize| {
            let mut event = purchase(&format!("bulk-{n}"), &format!("b-{call}-{n}"), 1_000);
            event["idempotency_key"] = format!("b-{call}-{n}").into();
            event
        };
        (0..500).map(event).collect()
    };
    shop.buys("m", "o-0", 1_000).send().ok();
    shop.bulk(&events(0));
    let stop = AtomicBool::new(false);
    let (calls, mut waits) = std::thread::scope(|scope| {
        let bulk = scope.spawn(|| {
            let mut calls = 0;
            while !stop.load(Ordering::Relaxed) {
                calls += 1;
                assert!(shop.bulk(&events(calls)).iter().all(|outcome| outcome.starts_with("201")));
            }
            calls
        });
        let mut client = Client::connect(host.address).unwrap();
        let waits: Vec<Duration> = (1..60)
            .map(|n| {
                let started = Instant::now();
                assert_eq!(
                    shop.buys("m", &format!("o-{n}"), 1_000).over(&mut client).unwrap().status,
                    201
                );
                started.elapsed()
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        (bulk.join().unwrap(), waits)
    });
    waits.sort_unstable();
    println!(
        "{calls} calls of 500; a till waited {:?} in the middle, {:?} at most",
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
    assert!(calls >= 1);
}
