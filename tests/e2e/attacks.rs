//! Attacks, and broken clients, beyond wrong bodies: the wire, the encoding, and tricks with keys.

use serde_json::json;
use tests::{Client, Host, purchase};

/// Sends raw bytes and returns the statuses of this many answers.
fn wire(host: &Host, bytes: &[u8], answers: usize) -> Vec<u16> {
    let mut client = Client::connect(host.address).unwrap();
    client.send(bytes).unwrap();
    (0..answers).map_while(|_| client.answer().ok()).map(|answer| answer.status).collect()
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let host = Host::start();
    let shop = host.shop();
    let asks: Vec<_> = (1..=30).map(|n| shop.buys("m", &format!("o-{n}"), 100 * n)).collect();
    let mut client = Client::connect(host.address).unwrap();
    client.send(&asks.iter().flat_map(|ask| ask.bytes()).collect::<Vec<u8>>()).unwrap();
    let mut balance = 0;
    for n in 1..=30 {
        balance += n;
        assert_eq!(client.answer().unwrap().outcome(), format!("201 earn +{n} = {balance}"));
    }
}

/// If a proxy and the host disagree where a request ends, one client could act as another.
#[test]
fn requests_cannot_be_smuggled() {
    let host = Host::start();
    let key = host.shop().bearer;
    let hidden = format!(
        "POST /v1/redeem HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {key}\r\nidempotency-key: s\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    for (what, head) in [
        ("two lengths", "content-length: 0\r\ncontent-length: 5".to_owned()),
        (
            "length and chunks",
            format!("content-length: {}\r\ntransfer-encoding: chunked", hidden.len()),
        ),
        ("another encoding", "transfer-encoding: gzip, chunked, identity".to_owned()),
        ("a signed length", "content-length: +5".to_owned()),
        ("a folded header", "x: a\r\n content-length: 5".to_owned()),
        ("a blank before the colon", "content-length : 5".to_owned()),
    ] {
        let bytes = format!("POST /v1/earn HTTP/1.1\r\nhost: t\r\n{head}\r\n\r\n{hidden}");
        let statuses = wire(&host, bytes.as_bytes(), 2);
        assert!(
            !statuses.contains(&201) && statuses.iter().all(|status| *status >= 400),
            "{what}: {statuses:?}"
        );
    }
    let chunked = |body: &str| {
        format!(
            "POST /v1/earn HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {key}\r\nidempotency-key: c\r\ntransfer-encoding: chunked\r\n\r\n{body}"
        )
    };
    let body = json!({"member_id": "m", "event": "share"}).to_string();
    let (first, second) = body.split_at(10);
    let whole = chunked(&format!(
        "{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    ));
    assert_eq!(wire(&host, whole.as_bytes(), 1), [201], "chunks are read as one body");
    assert_eq!(wire(&host, chunked("zz\r\n{}\r\n0\r\n\r\n").as_bytes(), 1), [400]);
}

/// A truncated body must not be executed, whatever it begins with.
#[test]
fn half_a_body_does_nothing() {
    let host = Host::start();
    let shop = host.shop();
    let bytes = shop.does("m", "share").bytes();
    for cut in [1, 2, 20] {
        let mut client = Client::connect(host.address).unwrap();
        client.send(&bytes[..bytes.len() - cut]).unwrap();
        drop(client);
    }
    assert_eq!(shop.get("/v1/members/m").send().outcome(), "404 member-not-found");
}

#[test]
fn hosts_and_targets_of_any_shape() {
    let host = Host::start();
    for (what, head, status) in [
        ("no host", "GET /healthz HTTP/1.1\r\n\r\n", 200),
        ("an odd host", "GET /healthz HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        ("an absolute target", "GET http://elsewhere/healthz HTTP/1.1\r\nhost: t\r\n\r\n", 200),
        ("a star", "OPTIONS * HTTP/1.1\r\nhost: t\r\n\r\n", 404),
        ("old HTTP", "GET /healthz HTTP/1.0\r\n\r\n", 200),
        ("a fragment", "GET /healthz#x HTTP/1.1\r\nhost: t\r\n\r\n", 200),
        ("an open percent", "GET /% HTTP/1.1\r\nhost: t\r\n\r\n", 404),
    ] {
        let statuses = wire(&host, head.as_bytes(), 1);
        assert!(
            statuses == [status] || (status >= 400 && statuses.iter().all(|s| *s >= 400)),
            "{what}: {statuses:?}"
        );
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: t\r\n\r\n", "a".repeat(70_000));
    assert!(wire(&host, long.as_bytes(), 1).iter().all(|status| *status >= 400));
}

/// Text stays text in SQL, in JSON, and in a header that is not echoed.
#[test]
fn texts_of_any_kind_come_back_as_they_were() {
    let host = Host::start();
    let shop = host.shop();
    let texts = [
        "'; DROP TABLE entry; --",
        "\"quoted\" \\ back",
        "会员积分 🎁 e\u{301}",
        "\u{202e}backwards",
        "<script>alert(1)</script>",
        "%s%n ${jndi:ldap://x} {{7*7}}",
        "null",
        "9e999",
    ];
    for (n, text) in texts.into_iter().enumerate() {
        let mut body = purchase("m", &format!("o-{n}"), 100);
        body["channel"] = text.into();
        body["lines"][0]["sku"] = text.into();
        let first = shop.post("/v1/earn", &body).key(format!("k-{n}")).send();
        let entry = first.ok()["entry"].take();
        assert_eq!(
            (entry["channel"].as_str(), entry["lines"][0]["sku"].as_str()),
            (Some(text), Some(text))
        );
        shop.post("/v1/earn", &body).key(format!("k-{n}")).send().assert_replays(&first);
        shop.put("/v1/members/m", &json!({"attributes": {text: text}})).send().ok();
        assert_eq!(shop.member("m")["attributes"], json!({text: text}));
    }
}

/// Escaping a text does not make another request of it; one more field, or another order of lines,
/// does.
#[test]
fn an_escaped_body_is_the_same_request() {
    let host = Host::start();
    let shop = host.shop();
    let earn = |body: &str| shop.ask("POST", "/v1/earn").body(body).key("k");
    let first = earn(r#"{"member_id":"m","event":"share"}"#).send();
    for (body, replays) in [
        (r#"{ "event" : "share", "member_id" : "m" }"#, true),
        (r#"{"member_id":"\u006d","event":"share"}"#, true),
        (r#"{"member_id":"m","event":"share","lines":[]}"#, true),
        (r#"{"member_id":"m","event":"share","channel":null}"#, true),
        (r#"{"member_id":"m","event":"share","channel":"x"}"#, false),
        (r#"{"member_id":"M","event":"share"}"#, false),
    ] {
        let again = earn(body).send();
        if replays {
            again.assert_replays(&first);
        } else {
            assert_eq!(again.outcome(), "422 idempotency-key-reused", "{body}");
        }
    }
}

/// A programme's key, reference or cursor must not work for another one of the same shape.
#[test]
fn keys_and_references_do_not_run_into_each_other() {
    let host = Host::start();
    let shop = host.shop();
    let event = |event: &str, reference: &str| {
        shop.post("/v1/earn", &json!({"member_id": "m", "event": event, "reference": reference}))
    };
    for (what, ask, outcome) in [
        ("an action's document", event("share", "x:1").key("redeem:k"), "201 earn +10 = 10"),
        ("a purchase of that name", shop.buys("m", "x:1", 1_000).key("k"), "201 earn +10 = 20"),
        ("a redemption of that key", shop.redeems("m", 5).key("k"), "201 redeem -5 = 15"),
        ("an earn named like it", event("review", "share:x:1").key("earn:k"), "201 earn +20 = 35"),
        ("the same document, another action", event("review", "x:1"), "201 earn +20 = 55"),
        ("the same document, the same action", event("share", "x:1"), "409 reference-already-used"),
        ("a key with a quote in it", shop.redeems("m", 1).key("\"a\\\"b\""), "201 redeem -1 = 54"),
        (
            "the same without its escape",
            shop.redeems("m", 1).key("a\"b"),
            "201 redeem -1 = 54 (again)",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{what}");
    }
}

/// A key whose request was refused without being stored is free for the corrected request.
#[test]
fn a_corrected_request_may_use_its_key() {
    let host = Host::start();
    let shop = host.shop();
    for (ask, outcome) in [
        (shop.redeems("m", 0), "400 invalid-request /points"),
        (shop.redeems("m", 5).bearer("x"), "401 unauthorized"),
        (shop.redeems("m", 5).body("{"), "400 malformed-json"),
    ] {
        assert_eq!(ask.key("k").send().outcome(), outcome);
    }
    shop.does("m", "share").key("k").send().ok();
    assert_eq!(shop.redeems("m", 5).key("k").send().outcome(), "201 redeem -5 = 5");
}
