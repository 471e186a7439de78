//! Webhooks: every endpoint gets every entry at least once, signed, in order per member, under the
//! same id.

use serde_json::{Value as Json, json};
use tests::{CALLING, Host, Received, Receiver, SEALED, Shop};

/// Only the call that sets a secret shows it, also when repeated under its key. The database never
/// contains it in plain text.
#[test]
fn secrets_of_endpoints_are_sealed() {
    let host = Host::start_with(&SEALED);
    let shop = host.shop();
    let put = shop.put("/v1/endpoints/crm", &json!({"url": "https://crm.example/hooks"})).key("p");
    let made = put.send();
    let first = made.ok()["secret"].as_str().unwrap().to_owned();
    put.send().assert_replays(&made);
    let rotate = shop.ask("POST", "/v1/endpoints/crm/rotate").key("r");
    let turned = rotate.send();
    let second = turned.ok()["secret"].as_str().unwrap().to_owned();
    rotate.send().assert_replays(&turned);
    assert!(first.starts_with("whsec_") && second.starts_with("whsec_") && first != second);
    assert!(turned.ok()["before_until"].is_string());
    for (body, outcome) in [
        (json!({"secret": "short"}), "400 invalid-request /secret"),
        (json!({"secret": SECRET}), "200"),
    ] {
        assert_eq!(shop.post("/v1/endpoints/crm/rotate", &body).send().outcome(), outcome);
    }
    assert_eq!(
        shop.ask("POST", "/v1/endpoints/none/rotate").send().outcome(),
        "404 resource-not-found"
    );
    let has = json!({"url": "https://crm.example/hooks", "secret": SECRET});
    let before = host.books().text("SELECT secret FROM endpoint");
    assert_eq!(shop.put("/v1/endpoints/crm", &has).send().status, 200);
    assert_eq!(
        host.books().text("SELECT secret FROM endpoint"),
        before,
        "the same is not replaced"
    );
    for table in [
        "SELECT group_concat(secret || ' ' || secret_before) FROM endpoint",
        "SELECT group_concat(body) FROM answer",
    ] {
        let text = host.books().text(table);
        for secret in [first.as_str(), &second, SECRET] {
            assert!(!text.contains(secret), "{table}");
        }
    }
}

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A host that may call receivers on this machine, which is forbidden by default.
fn opened() -> (Host, Shop, Receiver) {
    let host = Host::start_with(&CALLING);
    let shop = host.shop();
    (host, shop, Receiver::start())
}

fn subscribe(shop: &Shop, id: &str, receiver: &Receiver, kinds: Option<&[&str]>) {
    let body = json!({"url": receiver.url(), "secret": SECRET, "kinds": kinds});
    assert_eq!(shop.put(&format!("/v1/endpoints/{id}"), &body).send().status, 201);
}

/// Type and balance of each event.
fn lines(received: &[Received]) -> Vec<String> {
    let line = |event: Json| {
        format!(
            "{} {} {}",
            event["data"]["member_id"].as_str().unwrap(),
            event["type"].as_str().unwrap(),
            event["data"]["balance_after"]
        )
    };
    received.iter().map(|one| line(one.event())).collect()
}

/// Kinds that are not a redemption but lead to one or undo one have types of their own.
#[test]
fn holds_and_returns_have_their_own_event_types() {
    let (host, shop, receiver) = opened();
    shop.buys("m", "o-1", 10_000).send().ok();
    subscribe(&shop, "crm", &receiver, Some(&["hold", "capture", "release", "reverse", "repay"]));
    for points in [Some(60), None] {
        let hold = shop.holds("m", 60 - 30 * i64::from(points.is_none()), 30).send().ok();
        let hold = hold["entry"]["entry_id"].as_str().unwrap();
        let how = if points.is_some() { "capture" } else { "release" };
        shop.resolves(hold, how, &json!({})).send().ok();
    }
    shop.returns("m", "o-1").send().ok();
    shop.buys("m", "o-2", 10_000).send().ok();
    assert_eq!(host.fire("notify"), 200);
    assert_eq!(
        lines(&receiver.take()),
        [
            "m points.held 100",
            "m points.redeemed 40",
            "m points.held 40",
            "m points.released 40",
            "m points.reversed -60",
            "m debt.repaid 40"
        ]
    );
}

#[test]
fn entries_are_delivered_signed_and_in_order() {
    let (host, shop, receiver) = opened();
    subscribe(&shop, "crm", &receiver, None);
    for (n, ask) in [
        shop.put("/v1/members/m", &json!({})),
        shop.buys("m", "o-1", 250_000),
        shop.redeems("m", 1_000),
        shop.does("m", "share"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(ask.send().status, 201, "{n}");
    }
    assert_eq!(host.fire("notify"), 200);
    let received = receiver.take();
    assert_eq!(
        lines(&received),
        [
            "m member.registered 0",
            "m points.earned 2500",
            "m tier.changed 3000",
            "m points.redeemed 2000",
            "m points.earned 2010"
        ]
    );
    for one in &received {
        assert!(one.is_signed_with(SECRET), "{one:?}");
        let event = one.event();
        assert_eq!(
            event["data"]["entry_id"].as_str().map(|id| one.id.contains(id)),
            Some(true),
            "{one:?}"
        );
        assert_eq!(event["timestamp"], event["data"]["recorded_at"]);
    }
    shop.runs("notify");
    assert!(receiver.take().is_empty(), "nothing is sent twice without need");
}

#[test]
fn a_failed_event_is_sent_again_under_its_id_and_holds_its_member_back() {
    let (host, shop, receiver) = opened();
    subscribe(&shop, "crm", &receiver, None);
    shop.does("m", "check_in").send().ok();
    receiver.answer_next(&[500]);
    shop.runs("notify");
    let first = receiver.take();
    assert_eq!((first.len(), first[0].answered), (1, 500));
    shop.does("m", "share").send().ok();
    shop.does("n", "share").send().ok();
    shop.runs("notify");
    assert_eq!(lines(&receiver.take()), ["n points.earned 10"], "others are not held back");
    host.clock("2026-03-10T10:00:30+08:00");
    shop.runs("notify");
    let again = receiver.take();
    assert_eq!(lines(&again), ["m points.earned 5", "m points.earned 15"]);
    assert_eq!(
        (&again[0].id, &again[0].event()["data"]),
        (&first[0].id, &first[0].event()["data"]),
        "the same event"
    );
    assert_eq!(
        again[0].event()["member"],
        serde_json::json!({"spendable": 15, "pending": 0, "language": null})
    );
    assert_ne!(again[0].timestamp, first[0].timestamp);
    assert!(again.iter().all(|one| one.is_signed_with(SECRET)));
}

#[test]
fn a_receiver_that_is_gone_is_left_alone() {
    let (host, shop, receiver) = opened();
    subscribe(&shop, "crm", &receiver, None);
    shop.does("m", "check_in").send().ok();
    receiver.answer_next(&[410]);
    assert_eq!(shop.runs("notify")["disabled"], 1);
    receiver.take();
    shop.does("m", "share").send().ok();
    shop.runs("notify");
    assert!(receiver.take().is_empty());
    assert!(!shop.get("/v1/endpoints/crm").send().ok()["disabled_at"].is_null());
    assert_eq!(
        shop.put("/v1/endpoints/crm", &json!({"url": receiver.url(), "secret": SECRET}))
            .send()
            .status,
        200
    );
    host.clock("2026-03-10T10:01:00+08:00");
    shop.runs("notify");
    let received = lines(&receiver.take());
    assert_eq!(
        received,
        ["m points.earned 5", "m points.earned 15"],
        "enabled again, nothing is missing"
    );
}

#[test]
fn an_endpoint_gets_only_its_kinds_of_its_own_programme() {
    let (host, shop, receiver) = opened();
    let other = host.shop_with("other", |_| {});
    let other_receiver = Receiver::start();
    subscribe(&shop, "spent", &receiver, Some(&["redeem"]));
    subscribe(&other, "spent", &other_receiver, None);
    shop.does("m", "sign_up").send().ok();
    shop.redeems("m", 10).send().ok();
    other.does("o", "sign_up").send().ok();
    assert_eq!(host.fire("notify"), 200);
    assert_eq!(lines(&receiver.take()), ["m points.redeemed 90"]);
    assert_eq!(lines(&other_receiver.take()), ["o points.earned 100"]);
    assert_eq!(other.get("/v1/endpoints").send().ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        other.ask("DELETE", "/v1/endpoints/nothing").send().outcome(),
        "404 resource-not-found"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let (host, shop, receiver) = opened();
    subscribe(&shop, "crm", &receiver, None);
    shop.does("m", "check_in").send().ok();
    receiver.answer_next(&[302]);
    shop.runs("notify");
    assert_eq!(receiver.take().len(), 1);
    host.clock("2026-03-10T10:01:00+08:00");
    shop.runs("notify");
    assert_eq!(lines(&receiver.take()), ["m points.earned 5"], "it counts as a failure");
}

/// Two runs at once: leases separate them, so the order holds.
#[test]
fn runs_at_once_keep_the_order() {
    let (host, shop, receiver) = opened();
    subscribe(&shop, "crm", &receiver, None);
    for n in 0..40 {
        shop.buys(&format!("m-{}", n % 4), &format!("o-{n}"), 100).send().ok();
    }
    tests::at_once(4, |n| {
        if n % 2 == 0 {
            assert_eq!(host.fire("notify"), 200)
        } else {
            assert_eq!(shop.ask("POST", "/v1/jobs/notify").send().status, 200)
        }
    });
    let received = lines(&receiver.take());
    for member in 0..4 {
        let own: Vec<String> = received
            .iter()
            .filter(|line| line.starts_with(&format!("m-{member} ")))
            .cloned()
            .collect();
        let expected: Vec<String> =
            (1..=10).map(|balance| format!("m-{member} points.earned {balance}")).collect();
        assert_eq!(own, expected);
    }
}

/// Without the switches, no spelling of an inner address is accepted.
#[test]
fn inner_addresses_are_refused() {
    let host = Host::start();
    let shop = host.shop();
    let before = host.books().snapshot();
    for url in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://user:password@example.org/",
        "https://example.org:0/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "https://",
        "https:///x",
        "https://exa mple.org/",
        "https://example.org\\@127.0.0.1/",
        "",
    ] {
        let ask = shop.put("/v1/endpoints/crm", &json!({ "url": url }));
        assert_eq!(ask.send().outcome(), "400 invalid-request /url", "{url}");
    }
    assert_eq!(host.books().snapshot(), before);
    assert_eq!(
        shop.put("/v1/endpoints/crm", &json!({"url": "https://example.org/hook"})).send().status,
        201
    );
}

#[test]
fn a_late_retry_undoes_no_later_change() {
    let (_host, shop, receiver) = opened();
    let put = |path: &str| {
        shop.put("/v1/endpoints/crm", &json!({"url": format!("{}{path}", receiver.url())}))
    };
    let made = put("/old").key("a").send();
    assert_eq!(made.status, 201);
    assert_eq!(put("/new").key("b").send().status, 200);
    put("/old").key("a").send().assert_replays(&made);
    let delete = || shop.ask("DELETE", "/v1/endpoints/crm").key("c");
    assert!(shop.get("/v1/endpoints/crm").send().ok()["url"].as_str().unwrap().ends_with("/new"));
    assert_eq!(delete().send().status, 204);
    assert_eq!(put("/third").key("d").send().status, 201);
    assert_eq!((delete().send().status, delete().send().is_replay()), (204, true));
    assert_eq!(
        shop.get("/v1/endpoints/crm").send().status,
        200,
        "a retry deletes no endpoint that was made since"
    );
}

#[test]
fn requests_for_endpoints_are_validated() {
    let (host, shop, receiver) = opened();
    let put = |body: Json| shop.put("/v1/endpoints/crm", &body);
    let before = host.books().snapshot();
    for (ask, outcome) in [
        (put(json!({"url": receiver.url(), "kinds": ["earns"]})), "400 invalid-request /kinds/0"),
        (
            put(json!({"url": receiver.url(), "kinds": ["earn", "earn"]})),
            "400 invalid-request /kinds/1",
        ),
        (put(json!({"url": receiver.url(), "kinds": []})), "400 invalid-request /kinds"),
        (
            put(json!({"url": receiver.url(), "secret": "whsec_c2hvcnQ="})),
            "400 invalid-request /secret",
        ),
        (put(json!({"url": receiver.url(), "secret": "none"})), "400 invalid-request /secret"),
        (put(json!({"url": receiver.url(), "typo": 1})), "400 invalid-request /typo"),
        (
            shop.put("/v1/endpoints/No!", &json!({"url": receiver.url()})),
            "400 invalid-request endpoint_id",
        ),
        (shop.get("/v1/endpoints/crm"), "404 resource-not-found"),
        (shop.get("/v1/endpoints/crm/dead"), "404 resource-not-found"),
        (shop.ask("POST", "/v1/endpoints/crm/replay"), "404 resource-not-found"),
        (shop.get("/v1/endpoints?cursor=x&limit=1"), "200"),
        (put(json!({"url": receiver.url()})).bearer(&shop.key("finance")), "403 forbidden"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
    assert_eq!(host.books().snapshot()[..8], before[..8]);
    let made = put(json!({"url": receiver.url()})).send().ok();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let shown =
        shop.get("/v1/endpoints/crm").send().text() + &shop.get("/v1/endpoints").send().text();
    assert!(!shown.contains("whsec_"), "a secret is shown once");
}

/// Accepts connections and runs this on each, until the sender hangs up.
fn receiver_that(does: fn(std::net::TcpStream)) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || does(stream));
        }
    });
    url
}

fn hangs(stream: std::net::TcpStream) {
    std::thread::sleep(std::time::Duration::from_secs(120));
    drop(stream);
}

/// Sends a byte of the answer's head every now and then.
fn drips(mut stream: std::net::TcpStream) {
    use std::io::Write;
    let head = b"HTTP/1.1 204 No Content\r\nx-slow: ".iter().chain(std::iter::repeat(&b'x'));
    for byte in head {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// One receiver hangs, one drips its answer byte by byte, one fails. The good one gets every event
/// within seconds, of this programme and of another. It also gets entries that are written while
/// the others still wait.
#[test]
fn a_slow_receiver_delays_only_its_own_events() {
    let (host, shop, good) = opened();
    let other = host.shop_with("other", |_| {});
    let (failing, abroad) = (Receiver::start(), Receiver::start());
    failing.answer_next(&[500; 1_000]);
    let put = |id: &str, url: String| {
        let body = json!({"url": url, "secret": SECRET, "kinds": null});
        assert_eq!(shop.put(&format!("/v1/endpoints/{id}"), &body).send().status, 201);
    };
    put("a-hangs", receiver_that(hangs));
    put("b-drips", receiver_that(drips));
    subscribe(&shop, "c-fails", &failing, None);
    subscribe(&shop, "d-good", &good, None);
    subscribe(&other, "crm", &abroad, None);
    for run in ["cron", "job"] {
        for n in 0..40 {
            shop.does(&format!("m{n}-{run}"), "check_in").send().ok();
        }
        other.does(&format!("o-{run}"), "check_in").send().ok();
        std::thread::scope(|scope| {
            let began = std::time::Instant::now();
            let running = scope.spawn(|| match run {
                "cron" => assert_eq!(host.fire("notify"), 200),
                _ => drop(shop.ask("POST", "/v1/jobs/notify").send().ok()),
            });
            let mut got = Vec::new();
            let mut wait_for = |count: usize| {
                while got.len() < count {
                    assert!(
                        began.elapsed().as_secs() < 8,
                        "{run}: only {} of {count} events came",
                        got.len()
                    );
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    got.extend(good.take());
                }
            };
            wait_for(40);
            if run == "cron" {
                assert_eq!(abroad.take().len(), 1);
                assert!(!running.is_finished(), "the others are still waited for");
                shop.does("late", "check_in").send().ok();
                wait_for(41);
                // A shorter pause than the down time of the endpoints that did not answer.
            }
            running.join().unwrap();
            assert!(began.elapsed().as_secs() < 40, "{run} took {:?}", began.elapsed());
        });
        good.take();
        host.clock(if run == "cron" {
            "2026-03-11T10:00:00+08:00"
        } else {
            "2026-03-12T10:00:00+08:00"
        });
    }
    let endpoint = shop.get("/v1/endpoints/a-hangs").send().ok();
    assert!(endpoint["failures"].as_i64().unwrap() >= 5, "{endpoint}");
}
