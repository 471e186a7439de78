//! Callers without a key, with many keys or with too many requests, and their cost for the others.

#![cfg(test)]

mod support;

use std::time::{Duration, Instant};
use support::{Client, Host, eventually};

fn bearer(key: &str) -> String {
    format!("authorization: Bearer {key}\r\n")
}

fn ask(host: &Host, key: &str, more: &str) -> support::Answer {
    Client::connect(host.address).ask_with("GET", "/probe/empty", &(bearer(key) + more), "")
}

#[test]
fn a_key_and_its_tenant_have_quotas() {
    let host = Host::start(&["--key-limit", "5/1h", "--tenant-limit", "8/1h"]);
    // The first answer names the tenant to the host, so it is not counted.
    let count = |key: &str| (0..10).take_while(|_| ask(&host, key, "").status == 200).count();
    assert_eq!(count("acme.1"), 6);
    let refused = ask(&host, "acme.1", "");
    assert_eq!(refused.status, 429);
    assert!(
        refused.body.contains("quota-exceeded")
            && refused.body.contains(r#""violated-policies":["key"]"#),
        "{refused:?}"
    );
    assert_eq!(refused.header("retry-after"), Some("720"));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"key\";q=5;w=3600"));
    assert_eq!(refused.header("ratelimit"), Some("\"key\";r=0;t=720"));
    assert_eq!(
        count("acme.2"),
        4,
        "the rest of the tenant's quota, and one request before the key is known"
    );
    assert!(ask(&host, "acme.2", "").body.contains(r#""violated-policies":["tenant"]"#));
    assert_eq!(count("other.1"), 6, "no other tenant is affected");
    assert!(host.metric("accrue_limited_total{scope=\"key\"}") >= 2.0);
    assert_eq!(
        ask(&host, "third.1", "").header("tenant"),
        None,
        "the host removes the tenant header"
    );
}

#[test]
fn a_caller_that_tries_many_keys_is_refused_early() {
    let proxied = |host: &Host, key: &str, address: &str| {
        ask(host, key, &format!("x-forwarded-for: {address}\r\n"))
    };
    let host = Host::start(&["--refused-limit", "10/1h", "--trusted-proxy", "127.0.0.0/8"]);
    assert_eq!(proxied(&host, "good.1", "192.0.2.1").status, 200);
    for number in 0..10 {
        assert_eq!(proxied(&host, &format!("bad-{number}"), "192.0.2.1").status, 401);
    }
    let refused = proxied(&host, "bad-11", "192.0.2.1");
    assert!(refused.status == 429 && refused.body.contains(r#"["refused"]"#), "{refused:?}");
    assert_eq!(proxied(&host, "good.1", "192.0.2.1").status, 200, "a verified key goes on");
    assert_eq!(proxied(&host, "bad-12", "192.0.2.2").status, 401, "and so do other addresses");
}

/// So a client that waits for its answers can send only so many requests, on any number of
/// connections.
#[test]
fn repeated_refusals_are_delayed() {
    let host = Host::start(&[]);
    assert_eq!(ask(&host, "good.1", "").status, 200);
    let waits = |number: i32| {
        let started = Instant::now();
        assert_eq!(ask(&host, &format!("bad-{number}"), "").status, 401);
        started.elapsed() >= Duration::from_millis(990)
    };
    // Two refusals a second are not delayed, so a slow machine needs more than twenty.
    let first = (0..200).find(|number| waits(*number)).expect("nothing is held up");
    assert!(first >= 20, "{first}");
    assert!((200..210).any(waits), "once and never again");
    let started = Instant::now();
    (0..100).for_each(|_| assert_eq!(ask(&host, "good.1", "").status, 200));
    assert!(
        started.elapsed() < Duration::from_secs(50),
        "a good key of the same address is held up"
    );
}

#[test]
fn an_address_has_a_quota_and_a_file_may_change_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotas.toml");
    std::fs::write(&file, "address = ['3/1h']\n").unwrap();
    let host = Host::start(&["--quotas", file.to_str().unwrap()]);
    let statuses: Vec<u16> = (0..5).map(|_| host.get("/probe/empty").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    std::fs::write(&file, "address = ['often']\n").unwrap();
    eventually("it is said", || host.log().contains("stay in force"));
    assert_eq!(host.get("/probe/empty").status, 429, "a faulty file changes nothing");
    std::fs::write(&file, "address = []\n").unwrap();
    eventually("it is read again", || host.get("/probe/empty").status == 200);
}

#[test]
fn clients_name_no_address_and_no_tenant() {
    let plain = Host::start(&[]);
    let told = |host: &Host, headers: &str| {
        Client::connect(host.address).ask_with("GET", "/probe/address", headers, "").ok()
    };
    let forged = "spin-client-addr: 6.6.6.6:6\r\nx-forwarded-for: 6.6.6.6\r\n";
    assert!(told(&plain, forged).starts_with("127.0.0.1:"));
    let host = Host::start(&[
        "--trusted-proxy",
        "127.0.0.1",
        "--trusted-proxy",
        "10.0.0.0/8",
        "--proxy-header",
        "x-real-ip",
    ]);
    assert!(told(&host, forged).starts_with("127.0.0.1:"), "in no other header");
    assert_eq!(told(&host, "x-real-ip: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\n"), "192.0.2.7:0");
}

/// 400 callers without a good key each send two megabytes and never a whole body.
#[test]
fn bodies_of_strangers_are_not_held() {
    let host = Host::start(&["--body-timeout", "5s", "--trusted-proxy", "127.0.0.1"]);
    let known = "authorization: Bearer acme.1\r\n";
    let mut client = Client::connect(host.address);
    assert_eq!(client.ask_with("POST", "/probe/echo", known, "x").status, 200);
    let before = host.metric("accrue_resident_bytes");
    let piece = vec![b'x'; 1_900_000];
    let attackers: Vec<_> = (0..400)
        .map(|number| {
            let (address, piece) = (host.address, piece.clone());
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                let head = format!(
                    "POST /probe/echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer made-up-{number}\r\n\
                     x-forwarded-for: 198.51.100.{}\r\ncontent-length: 2000000\r\n\r\n",
                    number % 250
                );
                drop(client.send(head.as_bytes()).and_then(|()| client.send(&piece)));
                client.answer().map(|answer| answer.status).unwrap_or_default()
            })
        })
        .collect();
    let (mut most_bytes, mut most_resident, mut slowest) = (0.0_f64, 0.0_f64, Duration::ZERO);
    while attackers.iter().any(|attacker| !attacker.is_finished()) {
        let started = Instant::now();
        let body = "y".repeat(100_000);
        assert_eq!(
            client.ask_with("POST", "/probe/echo", known, &body).ok().len(),
            body.len(),
            "a verified caller is served"
        );
        slowest = slowest.max(started.elapsed());
        most_bytes = most_bytes.max(host.metric("accrue_body_bytes "));
        most_resident = most_resident.max(host.metric("accrue_resident_bytes"));
    }
    let mut statuses: Vec<u16> =
        attackers.into_iter().map(|attacker| attacker.join().unwrap()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert!(statuses.iter().all(|status| matches!(status, 0 | 408 | 429 | 503)), "{statuses:?}");
    println!(
        "held {most_bytes} bytes, resident +{} MB, slowest {slowest:?}",
        (most_resident - before) / 1e6
    );
    assert!(most_bytes <= 9e6, "{most_bytes} bytes of bodies were held");
    assert!(most_resident - before < 100e6, "grew by {} bytes", most_resident - before);
    eventually("all is given back", || host.metric("accrue_body_bytes ") == 0.0);
}

#[test]
fn large_heads_are_refused() {
    let host = Host::start(&[]);
    let large = format!("x-large: {}\r\n", "x".repeat(20_000));
    assert_eq!(
        Client::connect(host.address).ask_with("GET", "/probe/empty", &large, "").status,
        431
    );
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    assert_eq!(
        Client::connect(host.address).ask_with("GET", "/probe/empty", &many, "").status,
        431
    );
}
