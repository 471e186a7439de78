//! `/v1/channels`: accounts at vendors. What they send is tested where they send.

use serde_json::{Value as Json, json};
use tests::{Ask, Host, Shop};

const SECRETS_KEY: &str = "secrets_key=a-key-of-the-end-to-end-tests-that-seals";
/// Two secrets of one account, one after the other.
const SECRETS: [&str; 2] = ["s3cr3t-of-the-vendor-0001", "s3cr3t-of-the-vendor-0002"];

fn sms(secret: &str) -> Json {
    json!({"vendor": "aliyun_sms", "settings": {"access_key_id": "LTAI5t", "sign_name": "小店"},
        "secrets": {"access_key_secret": secret}})
}

fn without_secrets(mut body: Json) -> Json {
    body.as_object_mut().unwrap().remove("secrets");
    body
}

fn keeps(shop: &Shop, id: &str, body: &Json) -> Ask {
    shop.put(&format!("/v1/channels/{id}"), body)
}

fn callback_path(shop: &Shop, id: &str) -> String {
    let made = shop.ask("POST", &format!("/v1/channels/{id}/callback")).send();
    assert_eq!(made.header("cache-control"), Some("no-store"));
    made.ok()["callback_path"].as_str().unwrap().to_owned()
}

#[test]
fn admins_make_change_pause_resume_and_remove_accounts() {
    let host = Host::start();
    let shop = host.shop();
    let ask = keeps(&shop, "sms", &sms(SECRETS[0]));
    let first = ask.send();
    assert_eq!(first.status, 201);
    let kept = first.json();
    let by = kept["updated_by"].as_str().unwrap();
    let expected = json!({
        "channel_id": "sms", "vendor": "aliyun_sms", "channel": "sms",
        "settings": {"access_key_id": "LTAI5t", "sign_name": "小店"}, "rank": 100,
        "per_second": 20, "burst": 20, "message_cost_minor": 0, "has_callback": false, "paused_because": null,
        "paused_at": null, "failures": 0, "rests_until": null,
        "updated_at": "2026-03-10T02:00:00Z", "updated_by": by,
        "can": {"link": "fixed", "batch": 1, "templates": true, "reports": true,
            "repeats_within_s": null},
    });
    assert_eq!(by, "operator");
    assert_eq!(without(&kept, "updated_at"), without(&expected, "updated_at"));
    ask.send().assert_replays(&first);

    // A change keeps the secrets where none are given.
    let mut change = without_secrets(sms(""));
    change["rank"] = json!(5);
    change["settings"]["sign_name"] = json!("大店");
    let changed = keeps(&shop, "sms", &change).send();
    assert_eq!((changed.status, &changed.json()["rank"]), (200, &json!(5)));
    let shown = shop.get("/v1/channels/sms").send().ok();
    assert_eq!(shown["settings"]["sign_name"], "大店");
    assert_eq!(shown["last_day"], json!({}));
    assert_eq!(shown["can"], expected["can"]);

    let pause = |body: Option<Json>| match body {
        Some(body) => shop.post("/v1/channels/sms/pause", &body).send(),
        None => shop.ask("POST", "/v1/channels/sms/pause").send(),
    };
    let paused = pause(None).ok();
    assert_eq!(paused["paused_because"], "by operator");
    assert!(paused["paused_at"].is_string());
    let paused = pause(Some(json!({"reason": "no money"}))).ok();
    assert_eq!(paused["paused_because"], "no money");
    let long = pause(Some(json!({"reason": "x".repeat(201)})));
    assert_eq!(long.outcome(), "400 invalid-request /reason");
    let resumed = shop.ask("POST", "/v1/channels/sms/resume").send().ok();
    assert_eq!((&resumed["paused_because"], &resumed["paused_at"]), (&Json::Null, &Json::Null));
    // A change of an account lets it send again.
    pause(Some(json!({"reason": "no money"})));
    assert_eq!(keeps(&shop, "sms", &change).send().ok()["paused_because"], Json::Null);

    // Each address for reports replaces the one before.
    let (one, other) = (callback_path(&shop, "sms"), callback_path(&shop, "sms"));
    assert!(one.starts_with("/v1/callbacks/sms/") && one != other);
    assert_eq!(shop.get("/v1/channels/sms").send().ok()["has_callback"], true);
    let post = |path: &str| host.ask("POST", path).body("[]").send().status;
    assert_eq!((post(&one), post(&other)), (404, 200));

    keeps(
        &shop,
        "mail",
        &json!({"vendor": "sendgrid", "settings": {"from": "a@shop.example"},
        "secrets": {"api_key": "k"}}),
    )
    .send()
    .ok();
    let list = shop.all("/v1/channels", 1);
    let ids: Vec<_> = list.iter().map(|of| of["channel_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["mail", "sms"]);
    let remove = || shop.ask("DELETE", "/v1/channels/sms").send().outcome();
    assert_eq!((remove(), remove()), ("204".into(), "404 resource-not-found".into()));
    assert_eq!(post(&other), 404);
    for (method, rest) in
        [("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/callback")]
    {
        let gone = shop.ask(method, &format!("/v1/channels/sms{rest}")).send();
        assert_eq!(gone.outcome(), "404 resource-not-found", "{method} {rest}");
    }
}

fn without(json: &Json, name: &str) -> Json {
    let mut json = json.clone();
    json.as_object_mut().unwrap().remove(name);
    json
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let host = Host::start();
    let shop = host.shop();
    let with = |pointer: &str, value: Json| {
        let mut body = sms(SECRETS[0]);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body
    };
    let webhook = |url: &str| {
        json!({"vendor": "webhook", "settings": {"url": url, "channel": "sms"},
            "secrets": {"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})
    };
    let wechat = |secrets: Json| json!({"vendor": "wechat_template", "settings": {"app_id": "wx1"}, "secrets": secrets});
    for (body, outcome) in [
        (with("/vendor", json!("pigeon")), "/vendor"),
        (with("/settings", json!({"access_key_id": "k"})), "/settings"),
        (with("/settings/sign_name", json!("a\nb")), "/settings/sign_name"),
        (with("/settings/access_key_id", json!("a\nb")), "/settings/access_key_id"),
        (with("/vendor", json!("twilio\n")), "/vendor"),
        (with("/settings", json!([])), "/settings"),
        (with("/settings/sign_name", json!("")), "/settings/sign_name"),
        (with("/settings/colour", json!("red")), "/settings/colour"),
        (with("/settings/base_url", json!("https://a.example/x")), "/settings/base_url"),
        (with("/settings/base_url", json!("https://10.0.0.1")), "/settings/base_url"),
        (with("/settings/base_url", json!("http://a.example")), "/settings/base_url"),
        (with("/secrets", json!({})), "/secrets/access_key_secret"),
        (with("/secrets/access_key_secret", json!("")), "/secrets/access_key_secret"),
        (with("/secrets/access_key_secret", json!("a b")), "/secrets/access_key_secret"),
        (with("/secrets/other", json!("x")), "/secrets"),
        (without_secrets(sms("")), "/secrets/access_key_secret"),
        (with("/rank", json!(1_001)), "/rank"),
        (with("/per_second", json!(0)), "/per_second"),
        (with("/message_cost_minor", json!(-1)), "/message_cost_minor"),
        (with("/message_cost_minor", json!(1_000_001)), "/message_cost_minor"),
        (with("/burst", json!(10_001)), "/burst"),
        (with("/rank", json!("1")), "/rank"),
        (with("/colour", json!("red")), "/colour"),
        (webhook("https://127.0.0.1/x"), "/settings/url"),
        (webhook("https://a@gw.example/x"), "/settings/url"),
        (webhook("https://gw.example/x#y"), "/settings/url"),
        (webhook("http://gw.example/x"), "/settings/url"),
        (webhook("gw.example"), "/settings/url"),
        (wechat(json!({"app_secret": "s", "callback_token": "t"})), "/secrets/encoding_aes_key"),
    ] {
        let answer = keeps(&shop, "sms", &body).send();
        assert_eq!(answer.outcome(), format!("400 invalid-request {outcome}"), "{body}");
        assert!(!answer.text().contains("s3cr3t"), "{}", answer.text());
    }
    let bad_id = keeps(&shop, "a%20b", &sms(SECRETS[0])).send().outcome();
    assert_eq!(bad_id, "400 invalid-request channel_id");
    assert_eq!(shop.get("/v1/channels").send().ok()["items"], json!([]));

    // Of one account: another place needs its secrets anew, and so does another vendor.
    keeps(&shop, "sms", &sms(SECRETS[0])).send().ok();
    let mut moved = without_secrets(sms(""));
    moved["settings"]["base_url"] = json!("https://evil.example");
    assert_eq!(keeps(&shop, "sms", &moved).send().outcome(), "400 invalid-request /secrets");
    let other = json!({"vendor": "tencent_sms",
        "settings": {"secret_id": "k", "sdk_app_id": "1", "sign_name": "s"}});
    let outcome = keeps(&shop, "sms", &other).send().outcome();
    assert_eq!(outcome, "400 invalid-request /secrets/secret_key");
    assert_eq!(shop.get("/v1/channels/sms").send().ok()["vendor"], "aliyun_sms");

    // A programme has 50 accounts.
    for number in 2..=50 {
        keeps(&shop, &format!("sms{number}"), &sms("x")).send().ok();
    }
    let more = keeps(&shop, "more", &sms("x")).send().outcome();
    assert_eq!(more, "400 invalid-request channel_id");
    assert_eq!(keeps(&shop, "sms", &sms("x")).send().status, 200);
}

#[test]
fn addresses_are_kept_as_requests_go_there() {
    let host = Host::start();
    let shop = host.shop();
    let mut body = json!({"vendor": "webhook", "settings": {"channel": "sms"},
        "secrets": {"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}});
    for (told, kept) in [
        ("https://gw.example", "https://gw.example/"),
        ("https://GW.example:443/A", "https://gw.example:443/A"),
        ("https://gw.example/a/b", "https://gw.example/a/b"),
    ] {
        body["settings"]["url"] = json!(told);
        let answer = keeps(&shop, "gateway", &body).send().ok();
        assert_eq!(answer["settings"]["url"], kept);
        // In its other spelling it is the same place, which needs no secrets.
        let same = keeps(&shop, "gateway", &without_secrets(body.clone())).send();
        assert_eq!(same.status, 200, "{}", same.text());
    }
    let vectors = include_str!("../../crates/channels/tests/vectors/fcm.json");
    let vectors: Json = serde_json::from_str(vectors).unwrap();
    let fcm = |token_url: &str| {
        json!({"vendor": "fcm", "secrets": {"private_key": vectors["key"]}, "settings": {
            "project_id": "demo", "client_email": "push@demo.example", "token_url": token_url}})
    };
    let kept = keeps(&shop, "push", &fcm("https://tokens.example")).send().ok();
    assert_eq!(kept["settings"]["token_url"], "https://tokens.example/");
    // Settings are shown, and a query is where secrets of others stand.
    body["settings"]["url"] = json!("https://gw.example/?token=s3cr3t");
    let refused = keeps(&shop, "gateway", &body).send();
    assert!(!refused.text().contains("s3cr3t"), "{}", refused.text());
    assert_eq!(refused.outcome(), "400 invalid-request /settings/url");
    for wrong in [
        "https://10.0.0.1/token",
        "http://tokens.example/",
        "https://localhost/",
        "https://tokens.example/?key=1",
        "https://168.63.129.16/",
    ] {
        let outcome = keeps(&shop, "push", &fcm(wrong)).send().outcome();
        assert_eq!(outcome, "400 invalid-request /settings/token_url", "{wrong}");
    }
}

#[test]
fn secrets_are_shown_nowhere_and_sealed() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    let mut told = String::new();
    let mut tell = |answer: tests::Answer| told.push_str(&answer.text());
    let ask = keeps(&shop, "sms", &sms(SECRETS[0]));
    tell(ask.send());
    tell(ask.send());
    tell(keeps(&shop, "sms", &sms(SECRETS[1])).send());
    let mut wrong = sms(SECRETS[0]);
    wrong["secrets"]["access_key_secret"] = json!(format!("{} x", SECRETS[0]));
    tell(keeps(&shop, "sms", &wrong).send());
    // A secret in the place of something else, and a body that is no JSON.
    wrong["secrets"] = json!(SECRETS[0]);
    tell(keeps(&shop, "sms", &wrong).send());
    wrong["secrets"] = json!({"access_key_secret": {"x": SECRETS[0]}});
    tell(keeps(&shop, "sms", &wrong).send());
    let cut = &ask.bytes()[..];
    let body = String::from_utf8_lossy(cut).split("\r\n\r\n").nth(1).unwrap().to_owned();
    tell(shop.ask("PUT", "/v1/channels/sms").body(&body[..body.len() - 1]).send());
    tell(shop.get("/v1/channels/sms").send());
    tell(shop.get("/v1/channels").send());
    tell(shop.post("/v1/channels/sms/pause", &json!({"reason": "x"})).send());
    let path = callback_path(&shop, "sms");
    let callback_secret = path.rsplit('/').next().unwrap();
    tell(shop.get("/v1/audit-log?limit=200").send());
    tell(shop.get("/v1/traces?limit=200").send());
    for secret in [SECRETS[0], SECRETS[1], callback_secret] {
        assert!(!told.contains(secret), "{secret}: {told}");
        assert!(!host.log().contains(secret), "{}", host.log());
    }
    assert!(told.contains("channel_kept") && told.contains("channel_callback_changed"));
    assert!(told.contains("\"secrets_changed\":true"), "{told}");

    let sealed = host.reach().text("SELECT secrets FROM channel_account");
    assert!(sealed.starts_with("sealed:"), "{sealed}");
    for books in [host.books(), host.reach()] {
        books.number("PRAGMA wal_checkpoint(PASSIVE)");
        let file = books.text("SELECT file FROM pragma_database_list WHERE name = 'main'");
        for part in [file.clone(), format!("{file}-wal")] {
            let bytes = std::fs::read(&part).unwrap_or_default();
            for secret in [SECRETS[0], SECRETS[1], callback_secret] {
                let is_there = bytes.windows(secret.len()).any(|at| at == secret.as_bytes());
                assert!(!is_there, "{secret} in {part}");
            }
        }
    }
}

#[test]
fn accounts_are_their_programmes_and_for_admins() {
    let host = Host::start();
    let shop = host.shop();
    keeps(&shop, "sms", &sms(SECRETS[0])).send().ok();
    let other = host.shop_with("other", |_| {});
    let routes = [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/callback"),
    ];
    for (method, rest) in routes {
        let path = format!("/v1/channels/sms{rest}");
        let outcome = other.ask(method, &path).send().outcome();
        assert_eq!(outcome, "404 resource-not-found", "{method} {rest}");
        for role in ["marketing", "approver", "vice_president", "job", "storefront"] {
            let outcome = other.ask(method, &path).bearer(&other.key(role)).send().outcome();
            assert_eq!(outcome, "403 forbidden", "{role} {method} {rest}");
        }
        assert_eq!(host.ask(method, &path).send().outcome(), "401 unauthorized");
    }
    assert_eq!(other.get("/v1/channels").send().ok()["items"], json!([]));
    // Secrets of the same name are those of another account.
    let body = without_secrets(sms(""));
    let outcome = keeps(&other, "sms", &body).send().outcome();
    assert_eq!(outcome, "400 invalid-request /secrets/access_key_secret");
    assert_eq!(keeps(&other, "sms", &sms("another")).send().status, 201);
    other.ask("DELETE", "/v1/channels/sms").send();
    assert_eq!(shop.get("/v1/channels/sms").send().status, 200);
}
