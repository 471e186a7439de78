//! `/v1/members/{id}/verifications`: codes by which members show that it is they who spend.

use serde_json::{Value as Json, json};
use tests::{Answer, Ask, CALLING, Host, Receiver, SEALED, Shop, at_once, count};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

fn host() -> Host {
    Host::start_with(&[&CALLING[..], &SEALED].concat())
}

/// A shop with a gateway for text messages, and the member `m` with 1,000 points and a telephone.
fn stepped(host: &Host, id: &str, step_up: Json) -> (Shop, Receiver) {
    let shop = if id == "default" {
        let shop = host.shop();
        let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
        book["risk"]["step_up"] = step_up;
        let body = json!({"name": "Default", "rulebook": book});
        shop.put("/v1/programmes/default", &body).send().ok();
        shop
    } else {
        host.shop_with(id, |book| book["risk"]["step_up"] = step_up)
    };
    let gateway = Receiver::start();
    let account = json!({"vendor": "webhook", "settings": {"url": gateway.url(), "channel": "sms"},
        "secrets": {"signing_secret": SECRET}});
    assert_eq!(shop.put("/v1/channels/gateway", &account).send().status, 201);
    shop.buys("m", "o-1", 100_000).send().ok();
    has_phone(&shop, "m");
    (shop, gateway)
}

fn has_phone(shop: &Shop, member: &str) {
    let contact = json!({"address": "+8613812345678"});
    shop.put(&format!("/v1/members/{member}/contacts/sms"), &contact).send().ok();
}

fn asks(shop: &Shop, member: &str, points: i64) -> Ask {
    shop.post(&format!("/v1/members/{member}/verifications"), &json!({"points": points}))
}

fn confirms(shop: &Shop, member: &str, id: &str, code: &str) -> Ask {
    let path = format!("/v1/members/{member}/verifications/{id}/confirm");
    shop.post(&path, &json!({"code": code})).without("idempotency-key")
}

/// The six digits of the only message that has come.
fn code_of(gateway: &Receiver) -> String {
    let received = gateway.take();
    assert_eq!(received.len(), 1);
    assert!(received[0].is_signed_with(SECRET));
    let message = received[0].event();
    assert_eq!((&message["to"], &message["channel"]), (&json!("+8613812345678"), &json!("sms")));
    let text = message["text"].as_str().unwrap().to_owned();
    let is_code = |part: &&str| part.len() == 6;
    text.split(|c: char| !c.is_ascii_digit())
        .find(is_code)
        .unwrap_or_else(|| panic!("{text}"))
        .to_owned()
}

fn another(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// Sends a code, confirms it and gives the proof.
fn proof(shop: &Shop, gateway: &Receiver, member: &str, points: i64) -> String {
    let sent = asks(shop, member, points).send().ok();
    let id = sent["verification_id"].as_str().unwrap();
    let confirmed = confirms(shop, member, id, &code_of(gateway)).send().ok();
    assert_eq!(confirmed["points"], points);
    confirmed["verification"].as_str().unwrap().to_owned()
}

/// Why it is asked, and what is wrong with the proof.
fn needed(answer: &Answer) -> String {
    assert_eq!(answer.outcome(), "403 verification-needed");
    let body = answer.json();
    format!("{} {} {}", body["because"], body["proof"], body["points"]).replace('"', "")
}

#[test]
fn many_points_take_a_code() {
    let host = host();
    let (shop, gateway) = stepped(&host, "a", json!({"above_points": 500}));
    let till = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(till.redeems("m", 500).send().outcome(), "201 redeem -500 = 500");
    shop.buys("m", "o-2", 50_000).send().ok();
    let spend = till.redeems("m", 501);
    assert_eq!(needed(&spend.send()), "points missing 501");
    assert_eq!(till.balance("m"), 1_000, "nothing was taken");
    let dry = till.post("/v1/redeem?dry_run=true", &json!({"member_id": "m", "points": 501}));
    assert_eq!(needed(&dry.send()), "points missing 501");
    assert_eq!(till.redeems("m", 5_000).send().outcome(), "422 insufficient-points");

    let ask = asks(&till, "m", 501);
    let first = ask.send();
    assert_eq!(first.status, 201);
    let sent = first.json();
    assert_eq!(
        [&sent["channel"], &sent["address"], &sent["points"], &sent["outcome"]],
        [&json!("sms"), &json!("+86138***678"), &json!(501), &json!("accepted")]
    );
    let id = sent["verification_id"].as_str().unwrap();
    let code = code_of(&gateway);
    assert!(!first.text().contains(&code), "the code is in the message alone");
    ask.send().assert_replays(&first);
    assert!(gateway.take().is_empty(), "a repetition sends nothing");

    // Five tries, whatever they were; what is no code costs none.
    for wrong in ["12345", "1234567", "12345x", ""] {
        let outcome = confirms(&till, "m", id, wrong).send().outcome();
        assert_eq!(outcome, "400 invalid-request /code");
    }
    for left in [4, 3, 2, 1, 0] {
        let wrong = confirms(&till, "m", id, &another(&code)).send();
        assert_eq!(wrong.outcome(), "403 verification-failed");
        assert_eq!(wrong.json()["tries_left"], left);
    }
    let late = confirms(&till, "m", id, &code).send();
    assert_eq!(
        (late.outcome().as_str(), &late.json()["tries_left"]),
        ("403 verification-failed", &json!(0))
    );
    let unknown = confirms(&till, "m", "01a20018-961c-7c80-a3f4-1f0b6f2d9c11", &code).send();
    assert_eq!(unknown.outcome(), "403 verification-failed");

    // A new code. Told twice, it gives the same proof.
    let sent = asks(&till, "m", 501).send().ok();
    let (id, code) = (sent["verification_id"].as_str().unwrap(), code_of(&gateway));
    let confirmed = confirms(&till, "m", id, &code).send().ok();
    assert_eq!(confirms(&till, "m", id, &code).send().ok(), confirmed);
    let proof = confirmed["verification"].as_str().unwrap();
    for (sent, told) in [
        ("x".to_owned(), "points unknown 501"),
        (format!("{proof}0"), "points unknown 501"),
        (proof.replacen("501.", "999.", 1), "points unknown 501"),
    ] {
        assert_eq!(needed(&spend.clone().with("verification", &sent).send()), told);
    }
    let more = till.redeems("m", 502).with("verification", proof);
    assert_eq!(needed(&more.send()), "points fewer 502");
    let twice = spend.clone().with("verification", proof).with("verification", proof).send();
    assert_eq!(twice.outcome(), "400 invalid-request Verification");

    // The same request goes again under its key, and is repeated as any other.
    let spend_proved = spend.clone().with("verification", proof);
    let done = spend_proved.send();
    assert_eq!(done.outcome(), "201 redeem -501 = 499");
    spend_proved.send().assert_replays(&done);
    spend.send().assert_replays(&done);
    shop.buys("m", "o-3", 100_000).send().ok();
    let again = till.redeems("m", 501).with("verification", proof);
    assert_eq!(needed(&again.send()), "points used 501");

    // Nothing keeps the code, and the audit log has neither it nor the address.
    let kept = host.reach().text("SELECT group_concat(digest, ' ') FROM verification");
    assert!(!kept.contains(&code) && kept.len() == 32 + 1 + 32, "{kept}");
    let log = shop.get("/v1/audit-log?limit=100").send().text();
    for action in ["verification_sent", "verification_failed", "verification_confirmed"] {
        assert!(log.contains(action), "{action}");
    }
    for secret in [code.as_str(), "13812345678", proof] {
        assert!(!log.contains(secret) && !host.log().contains(secret), "{secret}");
    }
}

#[test]
fn a_new_device_takes_a_code() {
    let host = host();
    host.clock("2026-03-10T10:00:00+08:00");
    let (shop, gateway) = stepped(&host, "a", json!({"new_device": true}));
    let spends = |device: &str| shop.redeems("m", 1).with("device-id", device);
    assert_eq!(shop.redeems("m", 1).send().outcome(), "201 redeem -1 = 999", "a till names none");
    assert_eq!(needed(&spends("phone").send()), "device missing 1");
    let proof = proof(&shop, &gateway, "m", 1);
    let proved = spends("phone").with("verification", &proof).send();
    assert_eq!(proved.outcome(), "201 redeem -1 = 998");
    assert_eq!(spends("phone").send().outcome(), "201 redeem -1 = 997", "it is known now");
    // What costs the member nothing makes no device known, until a day has passed.
    shop.does("m", "check_in").with("device-id", "tablet").send().ok();
    assert_eq!(needed(&spends("tablet").send()), "device missing 1");
    host.clock("2026-03-11T11:00:00+08:00");
    assert_eq!(spends("tablet").send().status, 201);
    assert_eq!(needed(&spends("stolen").send()), "device missing 1");
}

/// Repetitions at once send one code: SMS costs money, and five codes are an hour's.
#[test]
fn one_key_at_once_sends_one_code() {
    let host = host();
    let (shop, gateway) = stepped(&host, "a", json!({"above_points": 5}));
    let ask = asks(&shop, "m", 6).key("v-1");
    let answers = at_once(8, |_| ask.send());
    let first = answers[0].json();
    for answer in &answers {
        assert_eq!(answer.status, 201);
        let told = answer.json();
        assert_eq!(told["verification_id"], first["verification_id"]);
        assert_eq!(told["expires_at"], first["expires_at"]);
        assert!(["accepted", "unknown"].contains(&told["outcome"].as_str().unwrap()), "{told}");
    }
    let code = code_of(&gateway);
    let id = first["verification_id"].as_str().unwrap();
    assert_eq!(confirms(&shop, "m", id, &code).send().status, 200);
    assert_eq!(host.reach().number("SELECT count(*) FROM verification"), 1);
    let other = shop.post("/v1/members/m/verifications", &json!({"points": 7}));
    let reused = other.key("v-1");
    assert_eq!(reused.send().outcome(), "422 idempotency-key-reused");
}

/// Guesses at once count one by one, and a proof at once is used once.
#[test]
fn what_comes_at_once_counts_once() {
    let host = host();
    let (shop, gateway) = stepped(&host, "a", json!({"above_points": 5}));
    let id = asks(&shop, "m", 6).send().ok()["verification_id"].as_str().unwrap().to_owned();
    let wrong = another(&code_of(&gateway));
    let guesses = at_once(16, |_| confirms(&shop, "m", &id, &wrong).send());
    assert_eq!(count(&guesses, "403 verification-failed"), 16);
    let mut left: Vec<i64> =
        guesses.iter().map(|answer| answer.json()["tries_left"].as_i64().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left[12..], [1, 2, 3, 4], "{left:?}");
    assert_eq!(host.reach().number("SELECT tries FROM verification"), 5);

    let proof = proof(&shop, &gateway, "m", 6);
    let spent = at_once(12, |_| shop.redeems("m", 6).with("verification", &proof).send());
    assert_eq!(count(&spent, "201 redeem -6"), 1);
    assert_eq!(count(&spent, "403 verification-needed"), 11);
    assert_eq!(shop.balance("m"), 994);
    let claims = "SELECT count(*) FROM claim WHERE kind = 'proof'";
    assert_eq!(host.books().number(claims), 1);
}

#[test]
fn a_proof_is_of_one_member_of_one_programme() {
    let host = host();
    // The operator merges without asking.
    let (a, gateway) = stepped(&host, "default", json!({"above_points": 5}));
    let (b, _) = stepped(&host, "b", json!({"above_points": 5}));
    let proof = proof(&a, &gateway, "m", 100);
    a.buys("n", "o-9", 10_000).send().ok();
    for (shop, member) in [(&b, "m"), (&a, "n")] {
        let spend = shop.redeems(member, 6).with("verification", &proof);
        assert_eq!(needed(&spend.send()), "points unknown 6", "{member}");
    }
    // From a join on, other members spend the points: as many are confirmed.
    let joins = a.ask("PUT", "/v1/pools/home/members/m");
    assert_eq!(needed(&joins.send()), "pool missing 1000");
    assert_eq!(needed(&joins.clone().with("verification", &proof).send()), "pool fewer 1000");
    let all = self::proof(&a, &gateway, "m", 1_000);
    assert_eq!(joins.with("verification", &all).send().status, 201);
    // A member who spends from a pool confirms it, too.
    let pooled = a.post("/v1/pools/home/redeem", &json!({"points": 60, "member_id": "m"}));
    assert_eq!(needed(&pooled.send()), "points missing 60");
    assert_eq!(pooled.with("verification", &proof).send().status, 201);
    assert_eq!(a.ask("DELETE", "/v1/pools/home/members/m").send().status, 201);

    // A merged account has no codes, and an erased one neither.
    let sent = asks(&a, "m", 6).send().ok();
    let (id, code) = (sent["verification_id"].as_str().unwrap(), code_of(&gateway));
    let merge = json!({"from_member_id": "m", "reason": "the same person"});
    a.post("/v1/members/n/merge", &merge).send().ok();
    assert_eq!(confirms(&a, "m", id, &code).send().outcome(), "409 member-merged");
    assert_eq!(confirms(&a, "n", id, &code).send().outcome(), "403 verification-failed");
    host.shop().runs("fold");
    assert_eq!(host.reach().number("SELECT count(*) FROM verification"), 0);
    has_phone(&a, "n");
    asks(&a, "n", 6).send().ok();
    a.post("/v1/members/n/erase", &json!({"reason": "asked for"})).send().ok();
    assert_eq!(asks(&a, "n", 6).send().outcome(), "410 member-erased");
    host.shop().runs("fold");
    assert_eq!(host.reach().number("SELECT count(*) FROM verification"), 0);
}

#[test]
fn a_code_needs_an_address_an_account_and_a_text() {
    let host = host();
    let (shop, gateway) = stepped(&host, "a", json!({"above_points": 5}));
    let refused = |ask: Ask| {
        let answer = ask.send();
        assert_eq!(answer.outcome(), "409 verification-not-possible");
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    shop.buys("n", "o-9", 10_000).send().ok();
    assert!(refused(asks(&shop, "n", 6)).contains("no open address"));
    let bounced = json!({"address": "+8613812345678", "state": "blocked"});
    shop.put("/v1/members/m/contacts/sms", &bounced).send().ok();
    assert!(refused(asks(&shop, "m", 6)).contains("no open address"));
    has_phone(&shop, "n");
    let by_mail = json!({"points": 6, "channel": "email"});
    shop.put("/v1/members/n/contacts/email", &json!({"address": "n@example.com"})).send().ok();
    let path = "/v1/members/n/verifications";
    assert!(refused(shop.post(path, &by_mail)).contains("no account for email"));
    shop.post("/v1/channels/gateway/pause", &json!({})).send().ok();
    assert!(refused(asks(&shop, "n", 6)).contains("no account for sms"));
    shop.post("/v1/channels/gateway/resume", &json!({})).send().ok();

    // A template of the programme's own, which must show the code.
    let keeps = |body: &str| {
        let template = json!({"purpose": "service", "texts": {"sms": {"zh-CN": {"body": body}}}});
        shop.put("/v1/templates/verification", &template).send().ok();
    };
    keeps("您的验证码已发送");
    assert!(refused(asks(&shop, "n", 6)).contains("does not show the code"));
    keeps("验证码{{ code }},{{ points }}积分");
    asks(&shop, "n", 6).send().ok();
    let received = gateway.take();
    let text = received[0].event()["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("验证码") && text.ends_with(",6积分"), "{text}");
    keeps("{{ code }} {{ expires_on }}");
    assert!(refused(asks(&shop, "n", 6)).contains("The template verification"));
    for body in ["{{ code | mask }}", "{{ code | truncate(3) }}"] {
        keeps(body);
        assert!(refused(asks(&shop, "n", 6)).contains("does not show the code"), "{body}");
    }
    for body in
        ["{{ balance }} {{ code }}", "{{ name }}{{ code }}", "{{ store }}{{ tier }}{{ code }}"]
    {
        keeps(body);
        assert!(refused(asks(&shop, "n", 6)).contains("shows more than"), "{body}");
    }
    let english = json!({"purpose": "service", "texts": {"sms": {
        "zh-CN": {"body": "{{ code }}"}, "en": {"body": "A code went out."}}}});
    shop.put("/v1/templates/verification", &english).send().ok();
    let in_english = json!({"points": 6, "language": "en"});
    assert!(refused(shop.post(path, &in_english)).contains("does not show the code"));
    assert_eq!(shop.ask("DELETE", "/v1/templates/verification").send().status, 204);

    let sent = 2;
    // A text of ours in the language that is asked for; vendors with texts of their own get none.
    let english = json!({"points": 6, "language": "en"});
    shop.post(path, &english).send().ok();
    assert!(gateway.take()[0].event()["text"].as_str().unwrap().contains("is your code"));
    shop.post("/v1/channels/gateway/pause", &json!({})).send().ok();
    let aliyun = json!({"vendor": "aliyun_sms", "settings": {"access_key_id": "LTAI5t", "sign_name": "小店"},
        "secrets": {"access_key_secret": "secret"}});
    assert_eq!(shop.put("/v1/channels/aliyun", &aliyun).send().status, 201);
    assert!(refused(asks(&shop, "n", 6)).contains("template with the id verification"));
    let of_vendor = |text: Json| {
        let template = json!({"purpose": "service", "texts": {"sms": {"zh-CN": text}}});
        shop.put("/v1/templates/verification", &template).send().ok();
    };
    of_vendor(
        json!({"body": "{{ code }}", "vendor_template_id": "SMS_1", "parameters": [{"name": "p", "value": "{{ points }}"}]}),
    );
    assert!(refused(asks(&shop, "n", 6)).contains("does not show the code"));
    of_vendor(json!({"body": "{{ code }}"}));
    assert!(refused(asks(&shop, "n", 6)).contains("does not show the code"));
    assert_eq!(host.reach().number("SELECT count(*) FROM verification"), sent, "none is counted");
    assert!(gateway.take().is_empty());

    for (body, outcome) in [
        (json!({"points": 0}), "400 invalid-request /points"),
        (json!({"points": 6, "channel": "push"}), "400 invalid-request /channel"),
        (json!({"points": 6, "language": "fr"}), "400 invalid-request /language"),
        (json!({"points": 6, "address": "+8613800000000"}), "400 invalid-request /address"),
    ] {
        assert_eq!(shop.post(path, &body).send().outcome(), outcome, "{body}");
    }
    assert_eq!(asks(&shop, "nobody", 6).send().outcome(), "404 member-not-found");
    for role in ["marketing", "finance", "service", "approver", "job"] {
        let other = shop.with_bearer(&shop.key(role));
        assert_eq!(asks(&other, "n", 6).send().outcome(), "403 forbidden", "{role}");
        assert_eq!(confirms(&other, "n", "x", "123456").send().outcome(), "403 forbidden");
    }
}

#[test]
fn five_codes_go_within_an_hour() {
    let host = host();
    let (shop, gateway) = stepped(&host, "a", json!({"above_points": 5}));
    for _ in 0..5 {
        asks(&shop, "m", 6).send().ok();
    }
    let ask = asks(&shop, "m", 6);
    let late = ask.send();
    assert_eq!(late.status, 429);
    let wait: i64 = late.header("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    assert_eq!(gateway.take().len(), 5);
    // An hour later the same request goes.
    host.reach().write("UPDATE verification SET made_at = made_at - 3600000").unwrap();
    assert_eq!(ask.send().status, 201);
    assert_eq!(gateway.take().len(), 1);
}

#[test]
fn a_programme_tells_how_many_codes_go_within_an_hour() {
    let host = host();
    let step_up = json!({"above_points": 5, "codes_per_hour": 2});
    let (shop, gateway) = stepped(&host, "a", step_up);
    for member in ["m", "n", "o"] {
        shop.buys(member, &format!("o-{member}"), 10_000).send().ok();
        has_phone(&shop, member);
    }
    asks(&shop, "m", 6).send().ok();
    asks(&shop, "n", 6).send().ok();
    let third = asks(&shop, "o", 6).send();
    assert_eq!(third.status, 429);
    assert!(third.text().contains("all members of the programme 2"), "{}", third.text());
    assert_eq!(gateway.take().len(), 2);
}

#[test]
fn a_rulebook_without_it_asks_nothing() {
    let host = host();
    let shop = host.shop();
    shop.buys("m", "o-1", 100_000).send().ok();
    let spend = |points| shop.redeems("m", points).with("device-id", "new");
    assert_eq!(spend(999).send().outcome(), "201 redeem -999 = 1");
    let with_any = spend(1).with("verification", "anything").send();
    assert_eq!(with_any.outcome(), "201 redeem -1 = 0");
    assert_eq!(host.books().number("SELECT count(*) FROM claim WHERE kind = 'proof'"), 0);
}
