//! `/v1/templates`.

use serde_json::{Value as Json, json};
use tests::{CALLING, Host, Receiver, SEALED, Shop};

fn puts(shop: &Shop, id: &str, body: &Json) -> tests::Ask {
    shop.put(&format!("/v1/templates/{id}"), body)
}

fn sms(purpose: &str, body: &str) -> Json {
    json!({"purpose": purpose, "texts": {"sms": {"zh-CN": {"body": body}}}})
}

#[test]
fn marketing_keeps_templates_and_others_read_them() {
    let host = Host::start();
    let shop = host.shop();
    let [till, marketing] =
        ["storefront", "marketing"].map(|role| shop.with_bearer(&shop.key(role)));
    let text = "您有{{ points }}积分将于{{ expires_on | date('short') }}到期。";
    let ask = puts(&marketing, "points_end", &sms("service", text));
    let first = ask.send();
    assert_eq!(first.status, 201);
    let kept = first.json();
    assert_eq!((&kept["version"], &kept["purpose"]), (&json!(1), &json!("service")));
    assert_eq!(kept["needs"], json!({"sms": ["points", "expires_on"]}));
    assert_eq!(kept["sms"]["zh-CN"]["parts"], 1);
    let again = ask.send();
    assert!(again.is_replay() && again.json() == kept, "{}", again.text());

    // The same text makes no version, another one does; removed ones go on.
    let version = |body: &Json| puts(&marketing, "points_end", body).send().ok()["version"].clone();
    assert_eq!(version(&sms("service", text)), 1);
    assert_eq!(version(&sms("service", "您的积分\n将到期。")), 2);
    let delete = || marketing.ask("DELETE", "/v1/templates/points_end").send().outcome();
    assert_eq!((delete(), delete()), ("204".into(), "404 resource-not-found".into()));
    assert_eq!(till.get("/v1/templates/points_end").send().outcome(), "404 resource-not-found");
    assert_eq!(version(&sms("service", text)), 3);
    let versions = marketing.get("/v1/templates/points_end/versions").send().ok();
    let numbers: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|of| &of["version"]).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(versions["items"][1]["texts"]["sms"]["zh-CN"]["body"], "您的积分\n将到期。");

    let found = till.get("/v1/templates/points_end").send().ok();
    assert_eq!(found["texts"]["sms"]["zh-CN"]["body"], text);
    puts(&marketing, "a", &sms("service", "x")).send().ok();
    let list = till.all("/v1/templates", 1);
    let ids: Vec<_> = list.iter().map(|of| of["template_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "points_end"]);
    assert_eq!(list[0]["channels"], json!(["sms"]));

    let other = host.shop_with("other", |_| ());
    assert_eq!(other.get("/v1/templates/a").send().outcome(), "404 resource-not-found");
    for (ask, outcome) in [
        (puts(&till, "b", &sms("service", "x")), "403 forbidden"),
        (till.get("/v1/templates/a/versions"), "403 forbidden"),
        (puts(&marketing, "A", &sms("service", "x")), "400 invalid-request template_id"),
        (puts(&marketing, "preview", &sms("service", "x")), "405 method-not-allowed"),
        (puts(&marketing, "b", &sms("advert", "x")), "400 invalid-request /purpose"),
        (
            puts(&marketing, "b", &json!({"purpose": "service", "texts": {"fax": {}}})),
            "400 invalid-request /texts",
        ),
        (
            puts(
                &marketing,
                "b",
                &json!({"purpose": "service", "texts": {"sms": {"fr": {"body": "x"}}}}),
            ),
            "400 invalid-request /texts/sms",
        ),
        (
            puts(&marketing, "b", &sms("service", "{{ nmae }}")),
            "400 invalid-request /texts/sms/zh-CN/body",
        ),
        (
            puts(&marketing, "b", &sms("service", "快去兑换")),
            "400 invalid-request /texts/sms/zh-CN/body",
        ),
        (
            puts(&marketing, "b", &sms("marketing", "快去兑换")),
            "400 invalid-request /texts/sms/zh-CN/body",
        ),
        (
            puts(&marketing, "b", &sms("service", "a\u{0}b")),
            "400 invalid-request /texts/sms/zh-CN/body",
        ),
        (puts(&marketing, "b", &json!({"purpose": "service"})), "400 invalid-request "),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(till.get("/v1/templates/b").send().outcome(), "404 resource-not-found");
}

#[test]
fn links_lead_to_hosts_of_the_programme() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let push = json!({"purpose": "service", "texts": {"push": {"zh-CN":
        {"title": "a", "body": "b", "link": "https://shop.example/a"}}}});
    let kept = || puts(&marketing, "a", &push).send().outcome();
    assert_eq!(kept(), "400 invalid-request /texts/push/zh-CN/link");
    shop.put("/v1/link-settings", &json!({"hosts": ["shop.example"]})).send().ok();
    assert_eq!(kept(), "201");
}

#[test]
fn a_preview_shows_what_a_member_would_get() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    shop.does("m", "check_in").send().ok();
    shop.put("/v1/members/m", &json!({"attributes": {"name": "张三"}})).send().ok();
    shop.runs("fold");
    let balance = shop.balance("m");
    let template = json!({"purpose": "service", "texts": {
        "push": {
            "zh-CN": {"title": "{{ name }}", "body": "余额{{ balance }},{{ expires_on | date }}"},
            "en": {"title": "{{ name }}", "body": "You have {{ balance }}, {{ expires_on | date }}"},
        },
        "sms": {"zh-CN": {"body": "{{ points }}积分"}},
    }});
    let ask = |body: Json| marketing.post("/v1/templates/preview", &body).send();
    let occasion = json!({"expires_on": "2026-12-31", "points": 40});
    let shown = ask(json!({"template": template, "member_id": "m", "occasion": occasion})).ok();
    // A title is missing for a member of whom little is known.
    assert_eq!(shown["faults"][0]["pointer"], "/texts/push/zh-CN/title");
    assert_eq!(shown["needs"], json!({}), "what cannot be saved is not tried");
    let messages: Vec<_> = shown["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| {
            let text = |name: &str| of[name].as_str().unwrap_or("-").to_owned();
            [text("channel"), text("language"), text("shown_in"), text("title"), text("text")]
                .join(" ")
        })
        .collect();
    assert_eq!(
        messages,
        [
            "sms zh-CN zh-CN  40积分".to_owned(),
            "sms en zh-CN  40积分".to_owned(),
            format!("push zh-CN zh-CN 张三 余额{balance},2026年12月31日"),
            format!("push en en 张三 You have {balance}, 31 December 2026"),
        ]
    );
    assert_eq!(shown["messages"][0]["sms"]["encoding"], "ucs2");

    // Of a member without points nothing is known of an end.
    shop.put("/v1/members/n", &json!({"attributes": {}})).send().ok();
    let shown = ask(json!({"template": template, "member_id": "n"})).ok();
    assert_eq!(shown["messages"][0]["fault"]["pointer"], "/texts/sms/zh-CN/body");
    // Without a member it is a sample.
    let shown = ask(json!({"template": template})).ok();
    assert_eq!(shown["messages"][0]["text"], "500积分");

    for (body, outcome) in [
        (json!({}), "400 invalid-request "),
        (json!({"template_id": "none"}), "404 resource-not-found"),
        (json!({"template": template, "template_id": "a"}), "400 invalid-request "),
        (json!({"template": template, "member_id": "nobody"}), "404 member-not-found"),
        (
            json!({"template": template, "occasion": {"expires_on": "x"}}),
            "400 invalid-request /occasion/expires_on",
        ),
        (json!({"template": sms("x", "y")}), "400 invalid-request /template/purpose"),
    ] {
        assert_eq!(ask(body).outcome(), outcome);
    }
    let till = shop.with_bearer(&shop.key("storefront"));
    let asked = till.post("/v1/templates/preview", &json!({"template": template})).send();
    assert_eq!(asked.outcome(), "403 forbidden");
}

/// Of two who changed the same version, the second hears of the first.
#[test]
fn nobody_overwrites_what_another_has_kept_meanwhile() {
    let host = Host::start();
    let shop = host.shop();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let on = |base: &str, body: &str| {
        let path = format!("/v1/templates/a?base_version={base}");
        marketing.put(&path, &sms("service", body)).send()
    };
    assert_eq!(on("1", "one").outcome(), "409 conflict");
    assert_eq!(on("0", "one").status, 201);
    assert_eq!(on("0", "two").outcome(), "409 conflict");
    assert_eq!(on("1", "two").ok()["version"], 2);
    assert_eq!(on("1", "three").outcome(), "409 conflict");
    let kept = marketing.get("/v1/templates/a").send().ok();
    assert_eq!(
        (&kept["version"], &kept["texts"]["sms"]["zh-CN"]["body"]),
        (&json!(2), &json!("two"))
    );
    // Without it the last one wins, as before.
    assert_eq!(puts(&marketing, "a", &sms("service", "three")).send().ok()["version"], 3);
    assert_eq!(marketing.ask("DELETE", "/v1/templates/a").send().status, 204);
    assert_eq!(on("3", "four").outcome(), "409 conflict");
    assert_eq!(on("0", "four").outcome(), "201");
    for wrong in ["-1", "x", ""] {
        assert_eq!(on(wrong, "five").outcome(), "400 invalid-request ?base_version", "{wrong}");
    }
}

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A host with a gateway on this machine, a template and a test address.
fn tried() -> (Host, Shop, Receiver) {
    let host = Host::start_with(&[&CALLING[..], &SEALED].concat());
    let shop = host.shop();
    let gateway = Receiver::start();
    shop.put("/v1/link-settings", &json!({"hosts": ["shop.example"]})).send().ok();
    let push = json!({"purpose": "service", "texts": {"push": {
        "zh-CN": {"title": "积分", "body": "{{ name or '会员' }}，{{ points }}分。{{ link }}",
            "link": "https://shop.example/points"}}}});
    puts(&shop, "points_end", &push).send();
    let account = json!({"vendor": "webhook", "settings": {"url": gateway.url(), "channel": "push"},
        "secrets": {"signing_secret": SECRET}});
    assert_eq!(shop.put("/v1/channels/gateway", &account).send().status, 201);
    let address = json!({"channel": "push", "address": "token-of-anna"});
    let told = shop.put("/v1/test-addresses/anna", &address).send().ok();
    assert_eq!(told, json!({"id": "anna", "channel": "push", "address": "token-***nna"}));
    (host, shop, gateway)
}

#[test]
fn a_template_is_tried_at_an_address_of_staff() {
    let (host, shop, gateway) = tried();
    let [marketing, till] =
        ["marketing", "storefront"].map(|role| shop.with_bearer(&shop.key(role)));
    shop.does("m", "check_in").send().ok();
    shop.put("/v1/members/m", &json!({"attributes": {"name": "张三"}})).send().ok();
    shop.runs("fold");
    let places = marketing.get("/v1/templates/points_end/test").send().ok();
    assert_eq!(
        places["items"],
        json!([{"id": "anna", "channel": "push", "address": "token-***nna"}])
    );
    assert_eq!(places["accounts"][0]["channel_id"], "gateway");
    let path = "/v1/templates/points_end/test";
    let body = json!({"to": "anna", "member_id": "m", "occasion": {"points": 40}});
    let ask = marketing.post(path, &body);
    let sent = ask.send();
    let told = sent.ok();
    assert_eq!((&told["outcome"], &told["detail"]), (&json!("accepted"), &Json::Null));
    assert_eq!((&told["to"], &told["channel_id"]), (&json!("anna"), &json!("gateway")));
    let received = gateway.take();
    assert_eq!(received.len(), 1);
    assert!(received[0].is_signed_with(SECRET));
    let message = received[0].event();
    let text = "张三，40分。https://shop.example/points";
    assert_eq!(
        (&message["to"], &message["text"], &told["message"]["text"]),
        (&json!("token-of-anna"), &json!(text), &json!(text))
    );
    // The same request sends nothing again, and nothing of the member is kept for it.
    let again = ask.send();
    assert!(again.is_replay());
    let mut kept = told.clone();
    kept["message"] = Json::Null;
    assert_eq!(again.ok(), kept);
    assert!(gateway.take().is_empty());
    assert_eq!(host.books().number("SELECT count(*) FROM answer WHERE body LIKE '%张三%'"), 0);
    // It is noted, without the address, and no touch.
    let log = shop.with_bearer(&shop.key("finance")).get("/v1/audit-log?action=template_tested");
    let row = log.send().ok()["items"][0].clone();
    assert_eq!((&row["subject"], &row["after"]["to"]), (&json!("points_end"), &json!("anna")));
    assert!(!row.to_string().contains("token-of"), "{row}");
    assert_eq!(host.reach().number("SELECT count(*) FROM touch_delivery"), 0);
    assert!(!host.reach().text("SELECT address FROM test_address").contains("token-of"));
    assert!(!host.log().contains("token-of-anna"));

    // What vendors say is told, and the account goes on.
    for (status, outcome) in [(422, "refused"), (503, "not_now"), (401, "account_refused")] {
        gateway.answer_next(&[status]);
        let told = marketing.post(path, &json!({"to": "anna"})).send().ok();
        assert_eq!(told["outcome"], outcome, "{status}: {told}");
        assert!(told["detail"].is_string());
    }
    let account = shop.get("/v1/channels/gateway").send().ok();
    assert_eq!((&account["paused_because"], &account["failures"]), (&Json::Null, &json!(0)));
    gateway.take();

    for (body, outcome) in [
        (json!({"to": "bob"}), "400 invalid-request /to"),
        (json!({"to": "anna", "channel_id": "sms"}), "400 invalid-request /channel_id"),
        (json!({"to": "anna", "language": "fr"}), "400 invalid-request /language"),
        (json!({"to": "anna", "member_id": "nobody"}), "404 member-not-found"),
        (json!({"to": "anna", "address": "token-of-bob"}), "400 invalid-request /address"),
        (json!({}), "400 invalid-request "),
    ] {
        assert_eq!(marketing.post(path, &body).send().outcome(), outcome, "{body}");
    }
    assert_eq!(till.post(path, &json!({"to": "anna"})).send().outcome(), "403 forbidden");
    let gone = marketing.post("/v1/templates/none/test", &json!({"to": "anna"})).send();
    assert_eq!(gone.outcome(), "404 resource-not-found");
    shop.post("/v1/channels/gateway/pause", &json!({})).send().ok();
    let paused = marketing.post(path, &json!({"to": "anna", "channel_id": "gateway"})).send();
    assert_eq!(paused.outcome(), "400 invalid-request /channel_id");
    assert!(gateway.take().is_empty(), "nothing of that went out");
}

#[test]
fn one_test_goes_for_a_key() {
    let (host, shop, gateway) = tried();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let ask = marketing.post("/v1/templates/points_end/test", &json!({"to": "anna"}));
    let outcomes: Vec<String> = std::thread::scope(|scope| {
        let one = || ask.send().ok()["outcome"].as_str().unwrap().to_owned();
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(outcomes.iter().any(|one| one == "accepted"), "{outcomes:?}");
    assert!(outcomes.iter().all(|one| one == "accepted" || one == "unknown"), "{outcomes:?}");
    assert_eq!(gateway.take().len(), 1);
    assert_eq!(host.reach().number("SELECT count(*) FROM test_message"), 1);
}

#[test]
fn no_test_goes_to_a_member_and_few_go_in_a_day() {
    let (host, shop, gateway) = tried();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let path = "/v1/templates/points_end/test";
    let tries = || marketing.post(path, &json!({"to": "anna"})).send().outcome();
    shop.does("m", "check_in").send().ok();
    let contact = json!({"address": "token-of-m"});
    shop.put("/v1/members/m/contacts/push", &contact).send().ok();
    let of_member = json!({"channel": "push", "address": "token-of-m"});
    let refused = shop.put("/v1/test-addresses/m", &of_member).send();
    assert_eq!(refused.outcome(), "400 invalid-request /address");
    // Whichever way it is spelt.
    let contact = json!({"address": "anna@shop.example"});
    shop.put("/v1/members/m/contacts/email", &contact).send().ok();
    let of_member = json!({"channel": "email", "address": " Anna@Shop.Example"});
    let refused = shop.put("/v1/test-addresses/m", &of_member).send();
    assert_eq!(refused.outcome(), "400 invalid-request /address");
    assert_eq!(tries(), "200");
    // Somebody with a test address becomes a member.
    shop.put("/v1/members/m/contacts/push", &json!({"address": "token-of-anna"})).send().ok();
    assert_eq!(tries(), "400 invalid-request /to");
    assert_eq!(shop.get("/v1/test-addresses").send().ok()["items"][0]["is_of_member"], true);
    assert_eq!(shop.ask("DELETE", "/v1/members/m/contacts/push").send().status, 204);
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 98) INSERT INTO test_message (programme_no, at, key) SELECT programme_no, at, i FROM n, (SELECT programme_no, at FROM test_message LIMIT 1)";
    host.reach().write(fill).unwrap();
    assert_eq!((tries(), tries()), ("200".into(), "400 invalid-request ".into()));
    assert_eq!(gateway.take().len(), 2);
    for (id, body, outcome) in [
        ("b", json!({"channel": "fax", "address": "1"}), "400 invalid-request /channel"),
        ("b", json!({"channel": "sms", "address": "12"}), "400 invalid-request /address"),
        ("b c", json!({"channel": "push", "address": "t"}), "400 invalid-request id"),
    ] {
        let id = id.replace(' ', "%20");
        let put = shop.put(&format!("/v1/test-addresses/{id}"), &body).send();
        assert_eq!(put.outcome(), outcome, "{body}");
    }
    assert_eq!(marketing.get("/v1/test-addresses").send().outcome(), "403 forbidden");
    let remove = || shop.ask("DELETE", "/v1/test-addresses/anna").send().outcome();
    assert_eq!((remove(), remove()), ("204".into(), "404 resource-not-found".into()));
}
