//! The component `front`, and the answers of every component to unknown routes and methods.

use tests::Host;

#[test]
fn health_needs_no_key() {
    let host = Host::start();
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = host.ask("GET", path).send();
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some(status)));
    }
    assert_eq!(host.admin("GET", "/healthz", "").status, 200);
}

#[test]
fn unknown_routes_and_methods() {
    let host = Host::start();
    let shop = host.shop();
    for (method, path, outcome, allow) in [
        ("GET", "/", "404 route-not-found", None),
        ("GET", "/v1", "404 route-not-found", None),
        ("GET", "/v2/earn", "404 route-not-found", None),
        ("POST", "/v1/earn/", "404 route-not-found", None),
        ("POST", "/v1/earn/one", "404 route-not-found", None),
        ("POST", "/v1//earn", "404 route-not-found", None),
        ("POST", "/v1/redeem/x", "404 route-not-found", None),
        ("POST", "/V1/EARN", "404 route-not-found", None),
        ("GET", "/v1/reports", "404 route-not-found", None),
        ("GET", "/v1/keys/x/y/z", "404 route-not-found", None),
        ("GET", "/v1/programmes", "404 route-not-found", None),
        ("GET", "/v1/members/../../healthz", "404 route-not-found", None),
        ("GET", "/v1/earn", "405 method-not-allowed", Some("POST")),
        ("PUT", "/v1/earn/bulk", "405 method-not-allowed", Some("POST")),
        ("GET", "/v1/activate", "405 method-not-allowed", Some("POST")),
        ("POST", "/v1/activate/o-1", "404 route-not-found", None),
        ("DELETE", "/v1/redeem", "405 method-not-allowed", Some("POST")),
        ("POST", "/v1/members/m", "405 method-not-allowed", Some("GET, PATCH, PUT")),
        ("DELETE", "/v1/members/m/entries", "405 method-not-allowed", Some("GET")),
        ("PATCH", "/v1/programmes/p", "405 method-not-allowed", Some("GET, PUT")),
        ("PUT", "/v1/keys", "405 method-not-allowed", Some("GET, POST")),
        ("GET", "/v1/keys/p", "405 method-not-allowed", Some("DELETE")),
        ("POST", "/v1/reports/audit", "405 method-not-allowed", Some("GET")),
        ("POST", "/healthz", "405 method-not-allowed", Some("GET")),
        ("BREW", "/v1/earn", "405 method-not-allowed", Some("POST")),
    ] {
        let answer = shop.ask(method, path).send();
        assert_eq!(
            (answer.outcome().as_str(), answer.header("allow")),
            (outcome, allow),
            "{method} {path}"
        );
    }
}

/// A key in a wrong URL must not leak into an access log, so problems do not repeat the request.
#[test]
fn problems_do_not_repeat_secrets() {
    let host = Host::start();
    let secret = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t";
    let answer = host.ask("GET", "/v1/members/m").bearer(secret).send();
    assert_eq!(answer.outcome(), "401 unauthorized");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert!(!answer.text().contains(secret) && !host.log().contains(secret));
}

/// The file may not grow: reads and changes in place still work, but a shopper's earn would be
/// refused.
#[test]
fn a_database_that_takes_no_writes_is_not_ready() {
    let mut host = Host::start();
    let shop = host.shop();
    assert_eq!(shop.buys("m-1", "o-1", 10_000).send().status, 201);
    host.stop();
    host.start_again_with(&["--database-mib", "1"]);
    let shop = host.shop();
    let earn = |number: usize| shop.buys(&format!("m-2-{number}"), &format!("o-2-{number}"), 100);
    let first = (0..2000)
        .find(|number| earn(*number).send().status >= 500)
        .expect("the file grew past its bound");
    // The refused request, and the same again: nothing was written, and the answer leaves no doubt.
    for answer in [earn(first).send(), earn(first).send(), host.ask("GET", "/readyz").send()] {
        assert_eq!(
            (answer.outcome().as_str(), answer.header("retry-after")),
            ("503 storage-full", Some("60"))
        );
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let bulk = serde_json::json!({"events": [{"idempotency_key": "k-1", "member_id": "m-3", "event": "purchase", "reference": "o-3",
        "lines": [{"line_id": "1", "quantity": 1, "amount": {"amount_minor": 100, "currency": "CNY"}}]}]});
    let outcome = shop.post("/v1/earn/bulk", &bulk).send();
    assert!(outcome.text().contains("storage-full"), "{}", outcome.text());
    assert_eq!(host.ask("GET", "/healthz").send().status, 200);
    assert_eq!(shop.get("/v1/members/m-1").send().status, 200, "it can still be read");
    // With room for the file the database accepts writes again.
    host.stop();
    host.start_again_with(&["--database-mib", "64"]);
    assert_eq!(host.ask("GET", "/readyz").send().status, 200);
    assert_eq!(host.shop().buys("m-1", "o-3", 100).send().status, 201);
    let late = host.shop().buys(&format!("m-2-{first}"), &format!("o-2-{first}"), 100).send();
    assert_eq!(
        (late.status, late.header("idempotent-replayed")),
        (201, None),
        "the same key carries it out now"
    );
}
