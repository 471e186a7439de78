//! `/l/{token}`, `/u/{token}` and `/v1/link-settings`. Tokens are made here as
//! docs/reference/links.md tells.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tests::{Answer, Host, Shop};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) MicroMessenger/8.0.60";
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A host whose key of tokens is known: without `secrets_key` it is stored as it is.
struct Links {
    host: Host,
    shop: Shop,
    key: Vec<u8>,
    member: i64,
}

impl Links {
    fn start() -> Self {
        let host = Host::start();
        let shop = host.shop();
        shop.does("m", "check_in").send().ok();
        shop.put("/v1/link-settings", &json!({"hosts": ["shop.example"]})).send().ok();
        // The first visit makes the key.
        assert_eq!(host.ask("GET", "/l/nothing").send().status, 404);
        let digits = host.reach().text("SELECT value FROM reach_secret WHERE name = 'link_tokens'");
        let key = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap());
        let member = host.books().number("SELECT no FROM member WHERE id = 'm'");
        Self { key: key.collect(), host, shop, member }
    }

    /// A link of a touch that was delivered a day ago; its number.
    fn link(&self, touch: i64, channel: &str, target: &str) -> u64 {
        let reach = self.host.reach();
        let programme = self.host.books().number("SELECT programme_no FROM member WHERE id = 'm'");
        let member = self.member;
        let text = format!(
            "INSERT INTO link (programme_no, member_no, touch_no, channel, purpose, target, made_at) \
             VALUES ({programme}, {member}, {touch}, '{channel}', 'marketing', '{target}', 1)"
        );
        reach.write(&text).unwrap();
        reach.number("SELECT max(no) FROM link").unsigned_abs()
    }

    fn token(&self, door: &str, number: u64) -> String {
        let mac = |part: &str, number: u64| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).unwrap();
            mac.update(format!("{door}/{part}").as_bytes());
            mac.update(&number.to_be_bytes());
            u64::from_be_bytes(mac.finalize().into_bytes()[..8].try_into().unwrap())
        };
        assert!(number < 1 << 20, "a number of four digits");
        let seal = mac("seal", number) >> 24;
        let masked = number ^ (mac("mask", seal) >> 44);
        let digits = |value: u64, count: u32| {
            (0..count).rev().map(move |at| DIGITS[(value >> (5 * at)) as usize % 32] as char)
        };
        digits(masked, 4).chain(digits(seal, 8)).collect()
    }

    fn visits(&self, method: &str, number: u64) -> Answer {
        let path = format!("/l/{}", self.token("link", number));
        self.host.ask(method, &path).with("user-agent", PHONE).send()
    }

    /// Clicks of persons and doubtful visits, with what speaks against a person.
    fn clicks(&self, number: u64) -> String {
        self.host.reach().text(&format!(
            "SELECT coalesce(group_concat(coalesce(doubt, 'person'), ' ' ORDER BY no), '') FROM click WHERE link_no = {number}"
        ))
    }
}

/// The answer to `HEAD`. The server ends the connection, so that all is read that it sends.
fn head(host: &Host, path: &str, agent: &str) -> (Answer, String) {
    let ask = host.ask("HEAD", path).with("user-agent", agent).with("connection", "close");
    let mut stream = TcpStream::connect(host.address).unwrap();
    stream.write_all(&ask.bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    let (_, body) = all.split_once("\r\n\r\n").unwrap();
    (ask.send(), body.to_owned())
}

#[test]
fn a_person_is_led_on_and_counted() {
    let links = Links::start();
    let number = links.link(1, "push", "https://shop.example/a?b=c#d");
    let answer = links.visits("GET", number);
    assert_eq!(answer.status, 302);
    for (name, value) in [
        ("location", "https://shop.example/a?b=c#d"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(links.clicks(number), "person");
    // Apps add to the address.
    let path = format!("/l/{}?from=singlemessage&from=x", links.token("link", number));
    assert_eq!(links.host.ask("GET", &path).with("user-agent", PHONE).send().status, 302);
    assert_eq!(links.clicks(number), "person person");
    // Whatever they add.
    for query in ["x=%00", "x=%0a%0d", "%1b=1", "x=%c2%85", "x=%zz&&=", "x=1&x=2"] {
        let path = format!("/l/{}?{query}", links.token("link", number));
        assert_eq!(head(&links.host, &path, PHONE).0.status, 302, "{query}");
        let path = format!("/u/{}?{query}", links.token("unsubscribe", number));
        assert_eq!(links.host.ask("GET", &path).send().status, 200, "{query}");
    }
    // What is no visit counts nowhere.
    for method in ["OPTIONS", "PUT", "DELETE"] {
        assert_eq!(links.visits(method, number).status, 405, "{method}");
    }
    // Programs look where a link leads: as a person would be answered, or a program.
    let path = format!("/l/{}", links.token("link", number));
    let (answer, body) = head(&links.host, &path, PHONE);
    assert_eq!((answer.status, body.as_str()), (302, ""));
    assert_eq!(answer.header("location"), Some("https://shop.example/a?b=c#d"));
    let (answer, body) = head(&links.host, &path, "curl/8.9");
    assert_eq!((answer.status, body.as_str()), (200, ""));
    let page = links.host.ask("GET", "/l/x").send();
    let (answer, body) = head(&links.host, "/l/x", PHONE);
    assert_eq!((answer.status, body.as_str()), (404, ""));
    for name in ["content-type", "content-length", "content-security-policy", "cache-control"] {
        assert_eq!(answer.header(name), page.header(name), "{name}");
    }
    assert_eq!(links.clicks(number), "person person");
}

#[test]
fn doubtful_visits_get_a_button() {
    let links = Links::start();
    let number = links.link(1, "push", "https://shop.example/a");
    let path = format!("/l/{}", links.token("link", number));
    let scanner = links.host.ask("GET", &path).with("user-agent", "curl/8.9").send();
    assert_eq!(scanner.status, 200);
    let page = scanner.text();
    assert!(page.contains("<form method=\"post\">") && page.contains("lang=\"zh-CN\""), "{page}");
    assert!(!page.contains("shop.example"), "the target is not told: {page}");
    let policy = scanner.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://shop.example"), "{policy}");
    let english = links.host.ask("GET", &path).with("accept-language", "fr, en-GB;q=0.8, zh;q=0.1");
    assert!(english.send().text().contains("lang=\"en\""));
    let ahead = links.host.ask("GET", &path).with("user-agent", PHONE);
    assert_eq!(ahead.with("sec-purpose", "prefetch;prerender").send().status, 200);
    assert_eq!(links.clicks(number), "agent agent agent");
    let pressed = links.visits("POST", number);
    assert_eq!((pressed.status, pressed.header("location")), (303, Some("https://shop.example/a")));
    assert_eq!(links.clicks(number), "agent agent agent person");

    // A scanner follows all links of an e-mail: the first two are doubtful then, too.
    let all: Vec<u64> =
        (0..3).map(|at| links.link(2, "email", &format!("https://shop.example/{at}"))).collect();
    let statuses: Vec<u16> = all.iter().map(|number| links.visits("GET", *number).status).collect();
    assert_eq!(statuses, [302, 302, 200]);
    assert_eq!(all.iter().map(|number| links.clicks(*number)).collect::<Vec<_>>(), ["burst"; 3]);

    // At once after the delivery.
    let soon = links.link(3, "email", "https://shop.example/a");
    let now = links.host.reach().number("SELECT max(at) FROM click");
    links
        .host
        .reach()
        .write(&format!("UPDATE link SET delivered_at = {now} WHERE no = {soon}"))
        .unwrap();
    assert_eq!(links.visits("GET", soon).status, 200);
    assert_eq!(links.clicks(soon), "too_soon");
    // A trap leads nowhere, by the button neither.
    let trap = links.link(4, "email", "https://shop.example/a");
    links.host.reach().write(&format!("UPDATE link SET is_trap = 1 WHERE no = {trap}")).unwrap();
    assert_eq!((links.visits("GET", trap).status, links.visits("POST", trap).status), (200, 404));
    assert_eq!(links.clicks(trap), "trap trap");
}

#[test]
fn what_was_not_made_here_leads_nowhere() {
    let links = Links::start();
    let number = links.link(1, "push", "https://shop.example/a");
    let token = links.token("link", number);
    let forged = if token.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{forged}", &token[..11]);
    for path in [
        "/l/".to_owned() + &forged,
        "/l/".to_owned() + &token.to_ascii_uppercase(),
        "/l/".to_owned() + &links.token("link", 99),
        "/l/".to_owned() + &links.token("unsubscribe", number),
        "/u/".to_owned() + &token,
        "/u/x".to_owned(),
        format!("/l/{}", "z".repeat(500)),
    ] {
        for method in ["GET", "POST"] {
            let answer = links.host.ask(method, &path).with("user-agent", PHONE).send();
            assert_eq!(answer.status, 404, "{method} {path}");
            assert!(answer.text().contains("链接已失效"), "{method} {path}: {}", answer.text());
        }
    }
    assert_eq!(links.host.reach().number("SELECT count(*) FROM click"), 0);

    // A host that leaves the list, and a target that was never on it.
    assert_eq!(links.visits("GET", number).status, 302);
    let evil = links.link(2, "push", "https://shop.example@evil.example/");
    assert_eq!(links.visits("GET", evil).status, 404);
    links.shop.put("/v1/link-settings", &json!({"hosts": []})).send().ok();
    assert_eq!(
        (links.visits("GET", number).status, links.visits("POST", number).status),
        (404, 404)
    );
    // The person is erased.
    links.shop.put("/v1/link-settings", &json!({"hosts": ["shop.example"]})).send().ok();
    assert_eq!(links.visits("GET", number).status, 302);
    links.shop.post("/v1/members/m/erase", &json!({"reason": "asked"})).send().ok();
    links.shop.runs("fold");
    assert_eq!(links.visits("GET", number).status, 404);
    assert_eq!(links.host.reach().number("SELECT count(*) FROM click"), 0);
}

#[test]
fn messages_end_by_a_button_or_one_click() {
    let links = Links::start();
    let email = links.link(1, "email", "https://shop.example/a");
    let sms = links.link(1, "sms", "");
    let consents = || {
        let reach = links.host.reach();
        reach.text(
            "SELECT coalesce(group_concat(purpose || ' ' || channel || ' ' || decision || ' ' || source, '; ' ORDER BY no), '') FROM consent",
        )
    };
    let path = |number| format!("/u/{}", links.token("unsubscribe", number));
    // Programs visit it, too.
    let page = links.host.ask("GET", &path(email)).send();
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<form method=\"post\">"), "{}", page.text());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let (answer, body) = head(&links.host, &path(email), PHONE);
    assert_eq!((answer.status, body.as_str()), (200, ""));
    assert_eq!(head(&links.host, "/u/x", PHONE).0.status, 404);
    assert_eq!(consents(), "");
    let one_click = links
        .host
        .ask("POST", &path(email))
        .with("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    let ended = one_click.send();
    assert!(ended.status == 200 && ended.text().contains("已退订"), "{}", ended.text());
    assert_eq!(consents(), "marketing email withdrawn unsubscribe");
    assert_eq!(one_click.send().status, 200);
    assert_eq!(consents(), "marketing email withdrawn unsubscribe", "said once");
    // Another channel is another word. A link that only ends messages leads nowhere else.
    assert_eq!(links.visits("GET", sms).status, 404);
    // Also where an app has added to it.
    let added = format!("{}?x=%00&y=%0a", path(sms));
    assert_eq!(links.host.ask("POST", &added).send().status, 200);
    assert_eq!(
        consents(),
        "marketing email withdrawn unsubscribe; marketing sms withdrawn unsubscribe"
    );
    let told = links.shop.get("/v1/members/m/consents").send().text();
    assert!(told.contains("of touch 1"), "the proof names the touch: {told}");
    // Another page cannot press the button.
    let other = links.host.ask("POST", &path(email)).with("sec-fetch-site", "cross-site").send();
    assert_eq!(other.status, 403);
}

#[test]
fn admins_say_where_links_may_lead() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let put = |body: serde_json::Value| shop.put("/v1/link-settings", &body).send();
    assert_eq!(marketing.get("/v1/link-settings").send().ok()["hosts"], json!([]));
    let body = json!({"hosts": ["shop.example", "m.shop.example:8443"], "base": "https://go.shop.example"});
    let kept = put(body.clone()).ok();
    assert_eq!((&kept["hosts"], &kept["base"]), (&body["hosts"], &body["base"]));
    assert_eq!(marketing.get("/v1/link-settings").send().ok(), kept);
    assert_eq!(marketing.put("/v1/link-settings", &body).send().outcome(), "403 forbidden");
    for (body, outcome) in [
        (json!({"hosts": ["shop.example", "*.example"]}), "400 invalid-request /hosts/1"),
        (json!({"hosts": ["127.0.0.1"]}), "400 invalid-request /hosts/0"),
        (json!({"hosts": [], "base": "http://go.shop.example"}), "400 invalid-request /base"),
        (json!({"hosts": [], "base": "https://go.shop.example/"}), "400 invalid-request /base"),
        (json!({"hosts": [], "base": "https://a@b.example"}), "400 invalid-request /base"),
        (json!({}), "400 invalid-request "),
    ] {
        assert_eq!(put(body.clone()).outcome(), outcome, "{body}");
    }
    assert_eq!(marketing.get("/v1/link-settings").send().ok(), kept);
}
