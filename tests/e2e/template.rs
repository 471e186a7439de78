//! `/v1/templates`.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

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
    assert_eq!(shown["needs"], json!({"push": ["expires_on"], "sms": ["points"]}));
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
