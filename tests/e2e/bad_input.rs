//! Bad input is answered as documented, before any other check, and writes nothing.

use serde_json::{Value as Json, json};
use tests::{Ask, Host, Shop, purchase};

/// Sends every row; none may write anything.
fn refuse(host: &Host, rows: Vec<(&str, Ask, &str)>) {
    let before = host.books().snapshot();
    for (what, ask, outcome) in rows {
        assert_eq!(ask.send().outcome(), outcome, "{what}");
    }
    assert_eq!(host.books().snapshot(), before);
}

fn opened() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 10_000).key("taken").send().ok();
    (host, shop)
}

#[test]
fn bodies_that_are_no_json() {
    let (host, shop) = opened();
    let earn = |body: &[u8]| shop.ask("POST", "/v1/earn").body(body);
    let redeem = |body: &[u8]| shop.ask("POST", "/v1/redeem").body(body);
    let member = |body: &[u8]| shop.ask("PUT", "/v1/members/m").body(body);
    let bodies: [(&str, &[u8]); 14] = [
        ("nothing", b""),
        ("blanks", b"  \n"),
        ("cut off", b"{\""),
        ("a comma too many", b"{,}"),
        ("no quotes", b"{member_id:1}"),
        ("a comment", b"/* x */ {}"),
        ("single quotes", b"{'member_id':'m'}"),
        ("bad UTF-8", b"{\"member_id\":\"\xff\xfe\"}"),
        ("overlong UTF-8", b"{\"member_id\":\"\xc0\xaf\"}"),
        ("half a surrogate", b"{\"\\ud800\":1}"),
        ("a control character", b"{\"a\x01\":1}"),
        ("UTF-16", b"\xff\xfe{\x00}\x00"),
        ("a byte order mark", b"\xef\xbb\xbf{}"),
        ("NaN", b"NaN"),
    ];
    let mut rows = Vec::new();
    for (what, body) in bodies {
        rows.extend(
            [earn(body), redeem(body), member(body)].map(|ask| (what, ask, "400 malformed-json")),
        );
    }
    refuse(&host, rows);
}

#[test]
fn bodies_of_another_shape() {
    let (host, shop) = opened();
    let earn = |body: &str| shop.ask("POST", "/v1/earn").body(body);
    let redeem = |body: &str| shop.ask("POST", "/v1/redeem").body(body);
    let line = |line: &str| {
        earn(&format!(
            r#"{{"member_id":"m","event":"purchase","reference":"o-9","lines":[{line}]}}"#
        ))
    };
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let lines = |count: usize| {
        let mut body = purchase("m", "o-9", 1);
        body["lines"] = numbered(&body["lines"][0], count);
        shop.post("/v1/earn", &body)
    };
    let twice = || {
        let mut body = purchase("m", "o-9", 1);
        let one = body["lines"][0].clone();
        body["lines"] = Json::Array(vec![one; 2]);
        shop.post("/v1/earn", &body)
    };
    refuse(
        &host,
        vec![
            ("a list", earn("[]"), "400 invalid-request "),
            ("a text", earn("\"x\""), "400 invalid-request "),
            ("null", earn("null"), "400 invalid-request "),
            ("nothing in it", earn("{}"), "400 invalid-request "),
            (
                "null for a text",
                earn(r#"{"member_id":null,"event":"share"}"#),
                "400 invalid-request /member_id",
            ),
            (
                "number for a text",
                earn(r#"{"member_id":7,"event":"share"}"#),
                "400 invalid-request /member_id",
            ),
            (
                "a typo",
                earn(r#"{"member_id":"m","event":"share","chanel":"pos"}"#),
                "400 invalid-request /chanel",
            ),
            (
                "the same field twice",
                earn(r#"{"member_id":"m","member_id":"n","event":"share"}"#),
                "400 invalid-request ",
            ),
            ("deep", earn(&deep), "400 invalid-request "),
            (
                "deep inside",
                earn(&format!(r#"{{"member_id":{deep}}}"#)),
                "400 invalid-request /member_id",
            ),
            ("fields without names", earn(r#"["m","share"]"#), "400 invalid-request "),
            ("a line without names", line(r#"["1"]"#), "400 invalid-request /lines/0"),
            (
                "an amount without names",
                line(r#"{"line_id":"1","amount":[1,"CNY"]}"#),
                "400 invalid-request /lines/0/amount",
            ),
            ("no event", earn(r#"{"member_id":"m","event":""}"#), "400 invalid-request /event"),
            (
                "no member",
                earn(r#"{"member_id":"","event":"share"}"#),
                "400 invalid-request /member_id",
            ),
            (
                "a member with a blank",
                earn(r#"{"member_id":"a b","event":"share"}"#),
                "400 invalid-request /member_id",
            ),
            (
                "a member beyond ASCII",
                earn(r#"{"member_id":"王","event":"share"}"#),
                "400 invalid-request /member_id",
            ),
            (
                "a member in two ways",
                earn(r#"{"member_id":"\u0000m","event":"share"}"#),
                "400 invalid-request /member_id",
            ),
            (
                "an action with lines",
                earn(&purchase("m", "o-9", 1).to_string().replace("purchase", "share")),
                "400 invalid-request /lines",
            ),
            (
                "a purchase without order",
                earn(&purchase("m", "o-9", 1).to_string().replace("reference", "channel")),
                "400 invalid-request /reference",
            ),
            (
                "a purchase without lines",
                earn(r#"{"member_id":"m","event":"purchase","reference":"o-9"}"#),
                "400 invalid-request /lines",
            ),
            ("501 lines", lines(501), "400 invalid-request /lines"),
            ("two lines of one name", twice(), "400 invalid-request /lines/1/line_id"),
            (
                "two faults",
                earn(r#"{"member_id":"a b","event":"share","reference":""}"#),
                "400 invalid-request /member_id /reference",
            ),
            (
                "a date only",
                earn(r#"{"member_id":"m","event":"share","occurred_at":"2026-03-10"}"#),
                "400 invalid-request /occurred_at",
            ),
            (
                "no offset",
                earn(r#"{"member_id":"m","event":"share","occurred_at":"2026-03-10T10:00:00"}"#),
                "400 invalid-request /occurred_at",
            ),
            (
                "no such day",
                earn(r#"{"member_id":"m","event":"share","occurred_at":"2026-02-30T10:00:00Z"}"#),
                "400 invalid-request /occurred_at",
            ),
            (
                "before 1970",
                earn(r#"{"member_id":"m","event":"share","occurred_at":"1969-12-31T23:59:59Z"}"#),
                "400 invalid-request /occurred_at",
            ),
            (
                "five-figure year",
                earn(r#"{"member_id":"m","event":"share","occurred_at":"+12026-03-10T10:00:00Z"}"#),
                "400 invalid-request /occurred_at",
            ),
            (
                "negative amount",
                line(r#"{"line_id":"1","amount":{"amount_minor":-1,"currency":"CNY"}}"#),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "float amount",
                line(r#"{"line_id":"1","amount":{"amount_minor":1.5,"currency":"CNY"}}"#),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "whole float",
                line(r#"{"line_id":"1","amount":{"amount_minor":1.0,"currency":"CNY"}}"#),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "exponent",
                line(r#"{"line_id":"1","amount":{"amount_minor":1e2,"currency":"CNY"}}"#),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "amount as text",
                line(r#"{"line_id":"1","amount":{"amount_minor":"100","currency":"CNY"}}"#),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "beyond 64 bits",
                line(
                    r#"{"line_id":"1","amount":{"amount_minor":9223372036854775808,"currency":"CNY"}}"#,
                ),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "beyond all numbers",
                line(r#"{"line_id":"1","amount":{"amount_minor":1e999,"currency":"CNY"}}"#),
                "400 malformed-json",
            ),
            (
                "beyond any till",
                line(
                    r#"{"line_id":"1","amount":{"amount_minor":1000000000000001,"currency":"CNY"}}"#,
                ),
                "400 invalid-request /lines/0/amount/amount_minor",
            ),
            (
                "quantity 0",
                line(
                    r#"{"line_id":"1","quantity":0,"amount":{"amount_minor":1,"currency":"CNY"}}"#,
                ),
                "400 invalid-request /lines/0/quantity",
            ),
            (
                "small letters",
                line(r#"{"line_id":"1","amount":{"amount_minor":1,"currency":"cny"}}"#),
                "400 invalid-request /lines/0/amount/currency",
            ),
            (
                "no line id",
                line(r#"{"line_id":"","amount":{"amount_minor":1,"currency":"CNY"}}"#),
                "400 invalid-request /lines/0/line_id",
            ),
            (
                "points as float",
                redeem(r#"{"member_id":"m","points":1.0}"#),
                "400 invalid-request /points",
            ),
            (
                "points as text",
                redeem(r#"{"member_id":"m","points":"1"}"#),
                "400 invalid-request /points",
            ),
            (
                "points below zero",
                redeem(r#"{"member_id":"m","points":-9223372036854775808}"#),
                "400 invalid-request /points",
            ),
            (
                "points beyond 64 bits",
                redeem(r#"{"member_id":"m","points":-9223372036854775809}"#),
                "400 invalid-request /points",
            ),
            (
                "an activation of nothing",
                shop.post("/v1/activate", &json!({"member_id": "m"})),
                "400 invalid-request ",
            ),
            (
                "an activation of no text",
                shop.post("/v1/activate", &json!({"member_id": "m", "reference": ""})),
                "400 invalid-request /reference",
            ),
            (
                "an activation with points",
                shop.post(
                    "/v1/activate",
                    &json!({"member_id": "m", "reference": "o-1", "points": 5}),
                ),
                "400 invalid-request /points",
            ),
            (
                "points twice",
                redeem(r#"{"member_id":"m","points":1,"points":2}"#),
                "400 invalid-request ",
            ),
            (
                "a reason of 501 characters",
                shop.post(
                    "/v1/redeem",
                    &json!({"member_id": "m", "points": 1, "reason": "字".repeat(501)}),
                ),
                "400 invalid-request /reason",
            ),
            (
                "a reference of 129 characters",
                shop.buys("m", &"o".repeat(129), 1),
                "400 invalid-request /reference",
            ),
        ],
    );
}

/// The same line this many times, each with its own name.
fn numbered(line: &Json, count: usize) -> Json {
    let named = |number: usize| {
        let mut line = line.clone();
        line["line_id"] = number.to_string().into();
        line
    };
    (0..count).map(named).collect()
}

/// A sum beyond the ledger's range is refused by the rules. The refusal is stored under its key,
/// but moves no points.
#[test]
fn sums_that_leave_the_range() {
    let host = Host::start();
    let shop = host.shop_with("rich", |book| {
        book["purchase"]["points_per_unit"] = "1000000".into();
        book["caps"] = json!({});
    });
    let mut body = purchase("m", "o-1", 1_000_000_000_000_000);
    assert_eq!(shop.post("/v1/earn", &body).send().status, 422);
    body["lines"] = numbered(&body["lines"][0], 500);
    assert_eq!(shop.post("/v1/earn", &body).send().outcome(), "422 amount-out-of-range");
    assert_eq!(host.books().number("SELECT count(*) FROM entry"), 0);
    for order in 0..30 {
        let outcome = shop.buys("n", &format!("n-{order}"), 1_000_000_000_000).send().outcome();
        assert!(outcome.starts_with("201") || outcome == "422 amount-out-of-range", "{outcome}");
    }
}

#[test]
fn bodies_that_are_too_large() {
    let (host, shop) = opened();
    let of = |bytes: usize| format!("{{\"member_id\":\"{}\"}}", "x".repeat(bytes - 16));
    refuse(
        &host,
        vec![
            (
                "an earn of 256 KiB and one",
                shop.ask("POST", "/v1/earn").body(of((256 << 10) + 1)),
                "413 body-too-large",
            ),
            (
                "an earn of 256 KiB",
                shop.ask("POST", "/v1/earn").body(of(256 << 10)),
                "400 invalid-request ",
            ),
            (
                "a redeem of 1 MiB",
                shop.ask("POST", "/v1/redeem").body(of(1 << 20)),
                "413 body-too-large",
            ),
            (
                "a member of 1 MiB and one",
                shop.ask("PUT", "/v1/members/m").body(of((1 << 20) + 1)),
                "413 body-too-large",
            ),
            (
                "a key of 1 MiB",
                shop.ask("POST", "/v1/keys").body(of(1 << 20)),
                "413 body-too-large",
            ),
            (
                "a programme of 1 MiB",
                shop.ask("PUT", "/v1/programmes/p").body(of(1 << 20)),
                "413 body-too-large",
            ),
            (
                "above the limit of the host",
                shop.ask("POST", "/v1/earn").body(of((2 << 20) + 1)),
                "413 about:blank",
            ),
            (
                "a caller without access gets that problem first",
                shop.ask("POST", "/v1/earn").body(of(1 << 20)).bearer("x"),
                "401 unauthorized",
            ),
        ],
    );
}

#[test]
fn idempotency_keys() {
    let (host, shop) = opened();
    let long = "k".repeat(256);
    let commands = [
        shop.buys("m", "o-9", 100),
        shop.redeems("m", 1),
        shop.put("/v1/members/m", &json!({})),
        shop.post("/v1/keys", &json!({"role": "job", "label": "x"})),
        shop.put("/v1/programmes/p", &json!({"name": "p", "rulebook": {}})),
    ];
    let keys: [(&str, &[u8]); 8] = [
        ("empty", b""),
        ("quotes around nothing", b"\"\""),
        ("too long", long.as_bytes()),
        ("blank inside", b"a b"),
        ("open quote", b"\"a"),
        ("quote inside", b"\"a\"b\""),
        ("beyond ASCII", "ключ".as_bytes()),
        ("no UTF-8", b"\xff\xfe"),
    ];
    let mut rows = Vec::new();
    for command in commands {
        rows.push((
            "missing",
            command.clone().without("idempotency-key"),
            "400 idempotency-key-missing",
        ));
        rows.push((
            "twice",
            command.clone().with("idempotency-key", "another"),
            "400 idempotency-key-invalid",
        ));
        rows.extend(
            keys.map(|(what, key)| (what, command.clone().key(key), "400 idempotency-key-invalid")),
        );
    }
    refuse(&host, rows);
    assert_eq!(
        shop.buys("m", "o-9", 100).key("k".repeat(255)).send().outcome(),
        "201 earn +1 = 101"
    );
}

#[test]
fn bearers() {
    let (host, shop) = opened();
    let operator = shop.bearer.clone();
    let mut rows = Vec::new();
    for ask in [
        shop.buys("m", "o-9", 100),
        shop.redeems("m", 1),
        shop.get("/v1/members/m"),
        shop.get("/v1/keys"),
        shop.get("/v1/reports/audit"),
    ] {
        let with = |value: &[u8]| ask.clone().without("authorization").with("authorization", value);
        rows.extend([
            ("none", ask.clone().without("authorization"), "401 unauthorized"),
            (
                "twice",
                ask.clone().with("authorization", format!("Bearer {operator}")),
                "401 unauthorized",
            ),
            ("empty", with(b""), "401 unauthorized"),
            ("no key", with(b"Bearer "), "401 unauthorized"),
            ("no scheme", with(operator.as_bytes()), "401 unauthorized"),
            ("another scheme", with(format!("Basic {operator}").as_bytes()), "401 unauthorized"),
            (
                "beyond ASCII",
                with("Bearer ключключключключключключключключключ".as_bytes()),
                "401 unauthorized",
            ),
            (
                "short",
                with(&format!("Bearer {}", &operator[..31]).into_bytes()),
                "401 unauthorized",
            ),
            (
                "cut by one",
                with(&format!("Bearer {}", &operator[..operator.len() - 1]).into_bytes()),
                "401 unauthorized",
            ),
            ("one more", with(format!("Bearer {operator}x").as_bytes()), "401 unauthorized"),
            (
                "another case",
                with(format!("Bearer {}", operator.to_uppercase()).as_bytes()),
                "401 unauthorized",
            ),
            (
                "unknown",
                with(format!("Bearer acc_{}", "x".repeat(51)).as_bytes()),
                "401 unauthorized",
            ),
            (
                "in SQL",
                with(b"Bearer '-OR-1=1--'-OR-1=1--'-OR-1=1--'-OR-1=1--"),
                "401 unauthorized",
            ),
        ]);
    }
    // Faults of the body are not shown to callers without access.
    rows.push((
        "a body of no interest",
        shop.ask("POST", "/v1/earn").body("{").bearer("x"),
        "401 unauthorized",
    ));
    rows.push((
        "a key of no interest",
        shop.redeems("m", 1).key("").bearer("x"),
        "401 unauthorized",
    ));
    refuse(&host, rows);
    let lower = shop
        .get("/v1/members/m")
        .without("authorization")
        .with("Authorization", format!("bearer  {operator}"));
    assert_eq!(lower.send().status, 200, "the scheme's case and blanks do not matter");
}

#[test]
fn queries() {
    let (host, shop) = opened();
    let body = purchase("m", "o-9", 100).to_string();
    let earn = |query: &str| shop.ask("POST", &format!("/v1/earn?{query}")).body(&body);
    refuse(
        &host,
        vec![
            ("unknown", earn("dryrun=true"), "400 invalid-request ?dryrun"),
            ("another value", earn("dry_run=1"), "400 invalid-request ?dry_run"),
            ("another case", earn("dry_run=TRUE"), "400 invalid-request ?dry_run"),
            ("no value", earn("dry_run"), "400 invalid-request ?dry_run"),
            ("twice", earn("dry_run=true&dry_run=false"), "400 invalid-request ?dry_run"),
            ("no UTF-8", earn("%FF=1"), "400 invalid-request ?\u{fffd}"),
            ("percent-encoded", earn("dry%5Frun=tru%65"), "201 earn +1 = 101"),
            ("on a read", shop.get("/v1/members/m?x=1"), "400 invalid-request ?x"),
            ("on the list of keys", shop.get("/v1/keys?limit=0"), "400 invalid-request ?limit"),
            (
                "on the audit",
                shop.get("/v1/reports/audit?member_id=a%20b"),
                "400 invalid-request ?member_id",
            ),
            (
                "on the audit",
                shop.get("/v1/reports/audit?cursor=-1"),
                "400 invalid-request ?cursor",
            ),
        ],
    );
}
