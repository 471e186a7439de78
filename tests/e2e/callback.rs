//! `/v1/callbacks`: what vendors post. Signatures are computed here as the vendors' documents tell;
//! those of WeCom are of its own library (crates/channels/tests/vectors).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;
use serde_json::{Value as Json, json};
use sha1::Sha1;
use sha2::Sha256;
use tests::{Answer, Ask, Host, Shop};

/// The address of the installation as vendors have it.
const PUBLIC: &str = "https://a.example";
const TO: &str = "+8613812345678";
/// The clock of a host when it starts.
const NOW_S: i64 = 1_773_108_000;

/// A host with a member who can be reached, an account, and messages that went out by it.
struct Posts {
    host: Host,
    shop: Shop,
    path: String,
}

fn aliyun() -> Json {
    json!({"vendor": "aliyun_sms", "settings": {"access_key_id": "k", "sign_name": "s"},
        "secrets": {"access_key_secret": "x"}})
}

fn twilio() -> Json {
    json!({"vendor": "twilio", "secrets": {"auth_token": "t0k3n"},
        "settings": {"account_sid": format!("AC{}", "0".repeat(32)), "from": "+15005550006"}})
}

impl Posts {
    fn of(account: &Json, channel: &str, to: &str) -> Self {
        let host = Host::start_with(&["--variable", &format!("public_url={PUBLIC}")]);
        let shop = host.shop();
        shop.does("m", "check_in").send().ok();
        let contact = format!("/v1/members/m/contacts/{channel}");
        shop.put(&contact, &json!({"address": to, "verified": true})).send().ok();
        let path = account_of(&shop, account);
        let posts = Self { host, shop, path };
        posts.agrees("2026-03-09T10:00:00+08:00");
        posts
    }

    fn agrees(&self, at: &str) {
        let contact = self.host.reach().text("SELECT channel FROM contact");
        let address = match contact.as_str() {
            "sms" => json!(TO),
            "email" => json!("ann@mail.example"),
            _ => json!("zhangsan"),
        };
        let said = json!({"purpose": "marketing", "channel": contact, "decision": "given",
            "source": "form", "occurred_at": at, "address": address});
        self.shop.post("/v1/members/m/consents", &said).send().ok();
    }

    /// A message that went out, as a run leaves it, and its touch.
    fn sent(&self, touch: i64, attempt: &str, touch_state: &str, provider_id: Option<&str>) {
        let reach = self.host.reach();
        let provider_id = provider_id.map_or("NULL".to_owned(), |id| format!("'{id}'"));
        let write = |text: &str| reach.write(text).unwrap();
        write(&format!(
            "INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt,
               account_no, state, provider_id, digest, started_at)
             SELECT k.programme_no, {touch}, k.member_no, k.channel, 1, a.no, '{attempt}',
               {provider_id}, k.digest, 1 FROM contact AS k CROSS JOIN channel_account AS a"
        ));
        write(&format!(
            "INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle,
               playbook_version, purpose, priority, due_at, deadline_at, state, mode, channels,
               wait_hours, messages, cost_minor, points, decided_at)
             SELECT {touch}, programme_no, member_no, 's', {touch}, 'day:1', 1, 'marketing', 1, 0, 1,
               '{touch_state}', 'all', json_array(channel), 0, 1, 0, 0, 0 FROM contact"
        ));
    }

    /// State of an attempt, and of its touch.
    fn states(&self, touch: i64) -> String {
        self.host.reach().text(&format!(
            "SELECT d.state || ' ' || t.state FROM touch_delivery AS d, touch AS t
             WHERE d.touch_no = {touch} AND t.no = {touch}"
        ))
    }

    fn contact(&self) -> String {
        self.host.reach().text("SELECT state FROM contact")
    }

    /// What counts of marketing, and how many statements there are.
    fn said(&self) -> String {
        self.host.reach().text(
            "SELECT (SELECT decision FROM consent_standing WHERE purpose = 'marketing') || ' of '
               || (SELECT count(*) FROM consent)",
        )
    }

    fn ask(&self, body: impl AsRef<[u8]>) -> Ask {
        self.host.ask("POST", &self.path).body(body)
    }

    fn posts(&self, body: &Json) -> Answer {
        self.ask(body.to_string()).send()
    }

    /// A form with Twilio's signature.
    fn twilio(&self, form: &[(&str, &str)]) -> Ask {
        self.twilio_at("", form)
    }

    /// The same at the address with that query.
    fn twilio_at(&self, query: &str, form: &[(&str, &str)]) -> Ask {
        let mut sorted = form.to_vec();
        sorted.sort_unstable();
        let fields: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
        let mut mac = Hmac::<Sha1>::new_from_slice(b"t0k3n").unwrap();
        mac.update(format!("{PUBLIC}{}{query}{fields}", self.path).as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B")))
            .collect();
        self.host
            .ask("POST", &format!("{}{query}", self.path))
            .body(body.join("&"))
            .with("content-type", "application/x-www-form-urlencoded")
            .with("x-twilio-signature", signature)
    }
}

fn account_of(shop: &Shop, account: &Json) -> String {
    shop.put("/v1/channels/a", account).send().ok();
    let made = shop.ask("POST", "/v1/channels/a/callback").send().ok();
    made["callback_path"].as_str().unwrap().to_owned()
}

fn report(id: &str, success: bool, code: &str) -> Json {
    json!([{"phone_number": "13812345678", "success": success, "err_code": code, "biz_id": id,
        "report_time": "2026-03-10 10:00:03", "send_time": "2026-03-10 10:00:00"}])
}

#[test]
fn reports_settle_attempts_touches_and_addresses() {
    let posts = Posts::of(&aliyun(), "sms", TO);
    for (touch, attempt, touch_state, success, code, expected) in [
        (1, "accepted", "sent", true, "DELIVERED", "delivered sent"),
        (2, "unknown", "unknown", true, "DELIVERED", "delivered sent"),
        (3, "unknown", "unknown", false, "SOMETHING", "failed failed"),
        (4, "accepted", "sent", false, "SOMETHING", "failed sent"),
        (5, "again", "due", true, "DELIVERED", "delivered sent"),
    ] {
        let id = format!("b{touch}");
        posts.sent(touch, attempt, touch_state, Some(&id));
        for _ in 0..2 {
            let answer = posts.posts(&report(&id, success, code));
            assert_eq!(answer.text(), r#"{"code":0,"msg":"ok"}"#);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(posts.states(touch), expected, "{touch}");
        }
    }
    assert_eq!(posts.contact(), "open");
    // A report that is faster than the answer is kept, and one of nobody's message changes nothing.
    assert_eq!(posts.posts(&report("b99", true, "DELIVERED")).status, 200);
    assert_eq!(posts.host.reach().text("SELECT provider_id FROM early_report"), "b99");
    // A paused account hears what went out before.
    posts.shop.ask("POST", "/v1/channels/a/pause").send().ok();
    posts.sent(6, "accepted", "sent", Some("b6"));
    posts.posts(&report("b6", false, "MOBILE_IN_BLACK"));
    assert_eq!((posts.states(6).as_str(), posts.contact().as_str()), ("failed sent", "blocked"));
    let shown = posts.shop.get("/v1/members/m/contacts").send().ok();
    assert_eq!(shown["items"][0]["state"], "blocked");
}

#[test]
fn an_answer_withdraws_marketing() {
    for (content, said) in
        [("退订。", "withdrawn of 2"), ("回复R", "withdrawn of 2"), ("谢谢", "given of 1")]
    {
        let posts = Posts::of(&aliyun(), "sms", TO);
        let answer = json!([{"phone_number": "13812345678", "content": content,
            "send_time": "2026-03-10 10:00:00"}]);
        for _ in 0..2 {
            assert_eq!(posts.posts(&answer).status, 200);
            assert_eq!(posts.said(), said, "{content}");
        }
        let shown = posts.shop.get("/v1/members/m/consents").send().text();
        assert_eq!(shown.contains("aliyun_sms"), said.starts_with("withdrawn"), "{shown}");
        assert_eq!(posts.contact(), "open");
    }
}

#[test]
fn who_does_not_know_the_secret_is_told_nothing() {
    let posts = Posts::of(&aliyun(), "sms", TO);
    posts.sent(1, "accepted", "sent", Some("b1"));
    let (start, secret) = posts.path.rsplit_once('/').unwrap();
    let body = report("b1", false, "MOBILE_IN_BLACK").to_string();
    let other = posts.host.shop_with("other", |_| {});
    let others_path = account_of(&other, &aliyun());
    for (path, body, outcome) in [
        (format!("{start}/x"), &*body, "404 resource-not-found"),
        (format!("{start}/{}", secret.to_uppercase()), &body, "404 resource-not-found"),
        (format!("{start}/"), &body, "404 resource-not-found"),
        (format!("/v1/callbacks/b/{secret}"), &body, "404 resource-not-found"),
        (posts.path.clone(), "", "400 malformed-json"),
        (posts.path.clone(), "{}", "400 malformed-json"),
        (posts.path.clone(), "[", "400 malformed-json"),
    ] {
        let answer = posts.host.ask("POST", &path).body(body).send();
        assert_eq!(answer.outcome(), outcome, "{path} {body}");
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
    assert_eq!(posts.ask([0xff, 0xfe]).send().outcome(), "400 malformed-json");
    let long = format!("[{}]", " ".repeat(1024 * 1024));
    assert_eq!(posts.ask(long).send().outcome(), "413 body-too-large");
    // The account of another programme says nothing of this one's messages and members.
    let answer = json!([{"phone_number": "13812345678", "content": "TD"}]).to_string();
    for body in [&body, &answer] {
        assert_eq!(posts.host.ask("POST", &others_path).body(body).send().status, 200);
    }
    assert_eq!(posts.states(1), "accepted sent");
    assert_eq!((posts.said().as_str(), posts.contact().as_str()), ("given of 1", "open"));
    assert!(!posts.host.log().contains(secret), "{}", posts.host.log());
    posts.shop.ask("DELETE", "/v1/channels/a").send();
    assert_eq!(posts.ask(body).send().outcome(), "404 resource-not-found");
}

#[test]
fn twilio_signs_and_its_answers_count_once() {
    let posts = Posts::of(&twilio(), "sms", TO);
    posts.sent(1, "accepted", "sent", Some("SM1"));
    let delivered = [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", TO)];
    let post = posts.twilio(&delivered);
    for forged in [
        post.clone().without("x-twilio-signature"),
        post.clone().without("x-twilio-signature").with("x-twilio-signature", "AAAA"),
        post.clone().body("MessageSid=SM1&MessageStatus=failed"),
    ] {
        assert_eq!(forged.send().outcome(), "401 unauthorized");
    }
    assert_eq!(posts.states(1), "accepted sent");
    assert_eq!(post.send().status, 200);
    assert_eq!(posts.states(1), "delivered sent");

    // With the message's own address, which Twilio signs as it was told it.
    posts.sent(2, "unknown", "unknown", None);
    let late = [("MessageSid", "SM9"), ("MessageStatus", "delivered"), ("To", TO)];
    for query in ["?m=2-sms", "?m=2-sms&x=a%2Db_c.~+%20%00"] {
        assert_eq!(posts.twilio_at(query, &late).send().status, 200, "{query}");
    }
    assert_eq!(posts.states(2), "delivered sent");

    let stop = posts.twilio(&[("MessageSid", "SM2"), ("From", TO), ("Body", "STOP")]);
    assert_eq!(stop.send().status, 200);
    assert_eq!(posts.said(), "withdrawn of 2");
    // Agreed anew, and then somebody sends the old answer once more.
    posts.host.clock("2026-03-12T10:00:00+08:00");
    posts.agrees("2026-03-12T09:00:00+08:00");
    assert_eq!(posts.said(), "given of 3");
    assert_eq!(stop.send().status, 200);
    assert_eq!(posts.said(), "given of 3");
    let again = posts.twilio(&[("MessageSid", "SM3"), ("From", TO), ("Body", "STOP")]);
    assert_eq!(again.send().status, 200);
    assert_eq!(posts.said(), "withdrawn of 4");

    // So does a report that closes an address.
    let status = [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005")];
    let closes = posts.twilio(&status);
    closes.send();
    assert_eq!(posts.contact(), "invalid");
    let open = json!({"address": TO, "state": "open"});
    posts.shop.put("/v1/members/m/contacts/sms", &open).send().ok();
    closes.send();
    assert_eq!(posts.contact(), "open");
}

#[test]
fn a_gateway_signs_with_an_instant() {
    let secret = STANDARD.encode([7; 32]);
    let account = json!({"vendor": "webhook",
        "settings": {"url": "https://gw.example/x", "channel": "sms"},
        "secrets": {"signing_secret": format!("whsec_{secret}")}});
    let posts = Posts::of(&account, "sms", TO);
    posts.sent(1, "accepted", "sent", None);
    let signed = |second: i64, body: &Json| {
        let body = body.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(format!("r1.{second}.{body}").as_bytes());
        posts.ask(body).with("webhook-id", "r1").with("webhook-timestamp", second.to_string()).with(
            "webhook-signature",
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())),
        )
    };
    let bounced = json!([{"id": "1-sms", "state": "bounced"}]);
    for (ask, outcome) in [
        (signed(NOW_S - 400, &bounced), "401 unauthorized"),
        (signed(NOW_S + 400, &bounced), "401 unauthorized"),
        (signed(NOW_S, &bounced).without("webhook-signature"), "401 unauthorized"),
        (signed(NOW_S, &bounced).body("[]"), "401 unauthorized"),
        (signed(NOW_S, &json!({})), "400 malformed-json"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!((posts.states(1).as_str(), posts.contact().as_str()), ("accepted sent", "open"));
    assert_eq!(signed(NOW_S - 200, &bounced).send().text(), "{}");
    assert_eq!((posts.states(1).as_str(), posts.contact().as_str()), ("bounced sent", "bounced"));
}

#[test]
fn sendgrid_signs_on_a_curve() {
    let key = SigningKey::generate();
    let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let head =
        (0..head.len()).step_by(2).map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap());
    let mut public: Vec<u8> = head.collect();
    public.extend_from_slice(key.verifying_key().to_sec1_point(false).as_bytes());
    let account = json!({"vendor": "sendgrid", "secrets": {"api_key": "k"}, "settings": {
        "from": "post@shop.example", "event_public_key": STANDARD.encode(public)}});
    let posts = Posts::of(&account, "email", "ann@mail.example");
    posts.sent(1, "accepted", "sent", Some("abc"));
    posts.sent(2, "accepted", "sent", None);
    let signed = |second: i64, body: &Json| {
        let body = body.to_string();
        let signature: Signature = key.sign(format!("{second}{body}").as_bytes());
        posts.ask(body).with("x-twilio-email-event-webhook-timestamp", second.to_string()).with(
            "x-twilio-email-event-webhook-signature",
            STANDARD.encode(signature.to_der().as_bytes()),
        )
    };
    let event = |what: &str| {
        json!([{"event": what, "email": "ann@mail.example",
        "sg_message_id": "abc.1", "sg_event_id": "e1"}])
    };
    for second in [NOW_S - 26 * 3_600, NOW_S + 400] {
        assert_eq!(signed(second, &event("bounce")).send().outcome(), "401 unauthorized");
    }
    let other = signed(NOW_S, &event("bounce")).body(event("delivered").to_string());
    assert_eq!(other.send().outcome(), "401 unauthorized");
    assert_eq!(posts.states(1), "accepted sent");
    let unsubscribe = signed(NOW_S, &event("unsubscribe"));
    assert_eq!(unsubscribe.send().status, 200);
    assert_eq!(posts.said(), "withdrawn of 2");
    posts.host.clock("2026-03-10T10:10:00+08:00");
    posts.agrees("2026-03-10T10:09:00+08:00");
    assert_eq!(unsubscribe.send().status, 200, "SendGrid did not hear the answer");
    assert_eq!(posts.said(), "given of 3", "it counts once");
    let mut nameless = event("unsubscribe");
    nameless[0]["sg_event_id"] = json!("");
    assert_eq!(signed(NOW_S, &nameless).send().status, 200);
    assert_eq!(posts.said(), "given of 3", "a copy cannot be told from it");
    let both = json!([
        {"event": "delivered", "sg_message_id": "abc.1"},
        {"event": "spamreport", "accrue_id": "2-email", "sg_event_id": "e2"},
    ]);
    // Its first attempt was an hour ago.
    assert_eq!(signed(NOW_S - 3_000, &both).send().status, 200);
    assert_eq!(
        (posts.states(1).as_str(), posts.states(2).as_str()),
        ("delivered sent", "delivered sent")
    );
    assert_eq!(posts.contact(), "complained");
}

#[test]
fn wecom_encrypts() {
    let vectors = include_str!("../../crates/channels/tests/vectors/encrypted.json");
    let vectors: Json = serde_json::from_str(vectors).unwrap();
    let text = |json: &Json, name: &str| json[name].as_str().unwrap().to_owned();
    let account = json!({"vendor": "wecom_app", "settings": {"corp_id": "ww1", "agent_id": 1},
        "secrets": {"secret": "s", "callback_token": vectors["token"],
            "encoding_aes_key": vectors["aes_key"]}});
    let posts = Posts::of(&account, "wecom", "zhangsan");
    let case = |name: &str| {
        let found = vectors["wecom"].as_array().unwrap().iter().find(|case| case["name"] == name);
        let case = found.unwrap();
        let query = format!(
            "?msg_signature={}&timestamp={}&nonce={}",
            text(case, "signature"),
            text(&vectors, "timestamp"),
            text(&vectors, "nonce")
        );
        (posts.path.clone() + &query, text(case, "sealed"), case["text"].clone())
    };
    // WeCom asks whether we are there.
    let (path, sealed, question) = case("a question");
    let echo = sealed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let asked = posts.host.ask("GET", &format!("{path}&echostr={echo}")).send();
    assert_eq!((asked.status, json!(asked.text())), (200, question));
    assert_eq!(asked.header("content-type"), Some("text/plain"));
    let forged = posts.host.ask("GET", &format!("{}?echostr=1", posts.path)).send();
    assert_eq!(forged.outcome(), "401 unauthorized");

    let (path, sealed, _) = case("a member leaves");
    let leaves =
        posts.host.ask("POST", &path).body(format!("<xml><Encrypt>{sealed}</Encrypt></xml>"));
    posts.host.clock("2026-03-10T10:08:00+08:00");
    assert_eq!(leaves.send().outcome(), "401 unauthorized", "too late");
    posts.host.clock("2026-03-10T10:04:00+08:00");
    let plain = posts.host.ask("POST", &path).body(text(&vectors, "leaves")).send();
    assert_eq!(plain.outcome(), "401 unauthorized");
    assert_eq!(posts.said(), "given of 1");
    assert_eq!(leaves.send().status, 200);
    assert_eq!(posts.said(), "withdrawn of 2");
}
