//! Accounts: what is wrong with them is said, and what is secret is not.

use channels::{Account, HttpRequest, Link, Repeat, Secret, Token, Vendor, goes_elsewhere};
use reach::Channel;
use serde_json::{Value as Json, json};

use crate::support::{AES_KEY, MARK, account, context, message, parts, vectors};

fn faults(vendor: Vendor, settings: &Json, secrets: &Json) -> Vec<String> {
    let found = Account::read(vendor, settings, secrets).err().unwrap_or_default();
    found.into_iter().map(|fault| fault.path).collect()
}

#[test]
fn what_vendors_can_do() {
    use Vendor::*;
    for (vendor, channel, link, batch, templates, reports) in [
        (AliyunSms, Channel::Sms, Link::Fixed, 1, true, true),
        (TencentSms, Channel::Sms, Link::Fixed, 200, true, true),
        (Twilio, Channel::Sms, Link::PerMessage, 1, false, true),
        (DirectMail, Channel::Email, Link::PerMessage, 1, false, true),
        (Ses, Channel::Email, Link::PerMessage, 1, false, true),
        (Sendgrid, Channel::Email, Link::PerMessage, 1, false, true),
        (Jpush, Channel::Push, Link::PerMessage, 1, false, false),
        (Fcm, Channel::Push, Link::PerMessage, 1, false, false),
        (WecomApp, Channel::Wecom, Link::PerMessage, 1, false, true),
        (WecomRobot, Channel::Wecom, Link::PerMessage, 1, false, false),
        (WechatTemplate, Channel::Wechat, Link::PerMessage, 1, true, true),
        (WechatSubscribe, Channel::Wechat, Link::Fixed, 1, true, true),
        (Webhook, Channel::Sms, Link::PerMessage, 1, false, true),
    ] {
        let found = account(vendor).capability();
        let expected = (channel, link, batch, templates, reports);
        let found_all = (found.channel, found.link, found.batch, found.templates, found.reports);
        assert_eq!(found_all, expected, "{vendor:?}");
        let is_sms_or_mail = matches!(channel, Channel::Sms | Channel::Email);
        if is_sms_or_mail && vendor != Webhook {
            assert_eq!(found.repeat, Repeat::Never, "{vendor:?}");
        }
        assert_eq!(Vendor::parse(vendor.as_str()), Some(vendor));
        assert_eq!(account(vendor).vendor(), vendor);
    }
    assert_eq!(Vendor::ALL.len(), 13);
    assert_eq!(Vendor::parse("smtp"), None);
}

#[test]
fn each_secret_is_needed_and_nothing_else_is_taken() {
    for vendor in Vendor::ALL {
        let (settings, secrets) = parts(*vendor);
        let optional = ["callback_token", "encoding_aes_key"];
        for name in secrets.as_object().unwrap().keys() {
            for (value, is_absent) in
                [(Json::Null, true), (json!(""), true), (json!(5), false), (json!({}), false)]
            {
                let mut other = secrets.clone();
                other[name] = value;
                let found = faults(*vendor, &settings, &other);
                let is_optional = is_absent && optional.contains(&name.as_str());
                let expected = format!("/secrets/{name}");
                if !is_optional {
                    assert_eq!(found, [expected], "{vendor:?}");
                }
            }
        }
        let mut other = secrets.clone();
        other["more"] = json!("s3cr3t");
        assert_eq!(faults(*vendor, &settings, &other), ["/secrets"], "{vendor:?}");
        assert_eq!(faults(*vendor, &settings, &json!("s3cr3t")), ["/secrets"], "{vendor:?}");
        let mut other = settings.clone();
        other["more"] = json!("x");
        let found = faults(*vendor, &other, &secrets);
        assert!(found.len() == 1 && found[0].starts_with("/settings"), "{vendor:?} {found:?}");
        for wrong in [json!(5), json!([]), json!("x"), Json::Null] {
            assert!(!faults(*vendor, &wrong, &secrets).is_empty(), "{vendor:?} {wrong}");
        }
    }
}

#[test]
fn what_is_wrong_with_settings() {
    use Vendor::*;
    for (vendor, name, wrong) in [
        (AliyunSms, "access_key_id", json!("a b")),
        (AliyunSms, "sign_name", json!("")),
        (AliyunSms, "sign_name", json!("a\r\nb")),
        (AliyunSms, "base_url", json!("https://a.example/path")),
        (AliyunSms, "base_url", json!("ftp://a.example")),
        (AliyunSms, "base_url", json!("https://user@a.example")),
        (AliyunSms, "base_url", json!("https://")),
        (TencentSms, "sdk_app_id", json!("14a")),
        (TencentSms, "region", json!("x\ny")),
        (Twilio, "account_sid", json!("AC12")),
        (Twilio, "from", json!("15005550006")),
        (Twilio, "from", Json::Null),
        (DirectMail, "from", json!("post@")),
        (DirectMail, "from_name", json!("a name that is too long")),
        (DirectMail, "from_name", json!("a\nBcc: x@y.example")),
        (Ses, "region", json!("eu.evil.example/")),
        (Ses, "from", json!("a@b.example, c@d.example")),
        (Ses, "from_name", json!("a\r\nb")),
        (Ses, "topic_arn", json!("x")),
        (Sendgrid, "event_public_key", json!("AAAA")),
        (Sendgrid, "from", json!("Ann <a@b.example>")),
        (Jpush, "time_to_live_s", json!(-1)),
        (Fcm, "project_id", json!("a/b")),
        (Fcm, "token_url", json!("file:///etc/passwd")),
        (WecomApp, "corp_id", json!("ww1&x=1")),
        (WechatSubscribe, "page", json!("a b")),
        (Webhook, "url", json!("gateway.example")),
        // Settings are shown, and so would be what stands there.
        (Webhook, "url", json!("https://gateway.example/send?token=1")),
        (Webhook, "url", json!("https://gateway.example?")),
        (Fcm, "token_url", json!("https://oauth2.googleapis.com/token?key=1")),
        (Webhook, "channel", json!("fax")),
    ] {
        let (mut settings, secrets) = parts(vendor);
        settings[name] = wrong.clone();
        let found = faults(vendor, &settings, &secrets);
        assert_eq!(found, [format!("/settings/{name}")], "{vendor:?} {wrong}");
    }
    let (mut settings, secrets) = parts(Twilio);
    settings["messaging_service_sid"] = json!(format!("MG{}", "a".repeat(32)));
    assert_eq!(faults(Twilio, &settings, &secrets), ["/settings/from"]);
    settings["from"] = Json::Null;
    assert!(faults(Twilio, &settings, &secrets).is_empty());
}

#[test]
fn what_is_wrong_with_secrets() {
    use Vendor::*;
    let small = vectors("fcm")["small_key"].clone();
    for (vendor, name, wrong) in [
        (AliyunSms, "access_key_secret", json!("a b")),
        (Sendgrid, "api_key", json!("a\r\nx: y")),
        (Fcm, "private_key", json!("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")),
        (Fcm, "private_key", json!("no key")),
        (Fcm, "private_key", small),
        (WecomApp, "encoding_aes_key", json!("short")),
        (WecomApp, "encoding_aes_key", Json::Null),
        (WechatTemplate, "encoding_aes_key", json!(format!("{}!", &AES_KEY[..42]))),
        (WechatTemplate, "encoding_aes_key", Json::Null),
        (WechatSubscribe, "encoding_aes_key", Json::Null),
        (WecomRobot, "key", json!("a&b")),
        (Webhook, "signing_secret", json!("whsec_AAAA")),
    ] {
        let (settings, mut secrets) = parts(vendor);
        secrets[name] = wrong;
        let found = faults(vendor, &settings, &secrets);
        assert_eq!(found, [format!("/secrets/{name}")], "{vendor:?}");
    }
    let (settings, _) = parts(Jpush);
    let long = json!({"master_secret": "x".repeat(9_000)});
    assert_eq!(faults(Jpush, &settings, &long), ["/secrets/master_secret"]);
}

#[test]
fn secrets_are_never_shown() {
    let token = Secret::new("s3cr3t-token");
    for vendor in Vendor::ALL {
        let account = account(*vendor);
        let request = account.request(&[message(*vendor)], &context(&token)).unwrap();
        let mut shown =
            format!("{account:?} {request:?} {:?} {:?}", message(*vendor), context(&token));
        if let Some(request) = account.token_request(0) {
            shown.push_str(&format!("{:?}", request.unwrap()));
        }
        if let Some(request) = account.reservation_request(1) {
            shown.push_str(&format!("{request:?}"));
        }
        for secret in
            [MARK, "BEGIN PRIVATE", "MfKQ9r8", AES_KEY, "13812345678", "ann@mail", "500 points"]
        {
            assert!(!shown.contains(secret), "{vendor:?} {secret}: {shown}");
        }
        assert!(shown.contains("POST"), "{shown}");
    }
    let (mut settings, secrets) = parts(Vendor::Webhook);
    settings["url"] = json!("https://gateway.example/s3cr3t");
    let gateway = Account::read(Vendor::Webhook, &settings, &secrets).unwrap();
    let request = gateway.request(&[message(Vendor::Webhook)], &context(&token)).unwrap();
    assert_eq!(format!("{request:?}"), "POST gateway.example");
    let token = Token { text: token, lasts_s: 5 };
    assert_eq!(format!("{token:?}"), "Token { text: …, lasts_s: 5 }");
    // Faults say where, and repeat nothing.
    for vendor in Vendor::ALL {
        let (settings, secrets) = parts(*vendor);
        for wrong in
            [json!("s3cr3t"), json!({"more": "s3cr3t", "x": {"s3cr3t": 1}}), json!(["s3cr3t"])]
        {
            let found = [
                Account::read(*vendor, &wrong, &secrets).err(),
                Account::read(*vendor, &settings, &wrong).err(),
            ];
            let shown = format!("{found:?}");
            assert!(!shown.contains(MARK), "{vendor:?} {shown}");
        }
    }
}

#[test]
fn another_address_of_the_api_is_signed_too() {
    let token = Secret::default();
    for vendor in Vendor::ALL.iter().filter(|vendor| **vendor != Vendor::Webhook) {
        let (mut settings, secrets) = parts(*vendor);
        settings["base_url"] = json!("https://proxy.example:8443");
        let other = Account::read(*vendor, &settings, &secrets).unwrap();
        assert_eq!(other.origin(), "https://proxy.example:8443", "{vendor:?}");
        let sent = |account: &Account| -> HttpRequest {
            account.request(&[message(*vendor)], &context(&token)).unwrap()
        };
        let (ours, usual) = (sent(&other), sent(&account(*vendor)));
        assert!(ours.url.starts_with("https://proxy.example:8443/"), "{vendor:?} {}", ours.url);
        let signs_host = matches!(
            vendor,
            Vendor::AliyunSms | Vendor::DirectMail | Vendor::TencentSms | Vendor::Ses
        );
        let differs = ours.header("authorization") != usual.header("authorization");
        assert_eq!(differs, signs_host, "{vendor:?}");
    }
}

#[test]
fn other_addresses_are_other_places() {
    let before = json!({"base_url": "https://a.example", "sign_name": "a", "region": null});
    for (after, elsewhere) in [
        (json!({"base_url": "https://a.example", "sign_name": "b"}), false),
        (json!({"base_url": "https://b.example"}), true),
        (json!({"sign_name": "a"}), true),
        (json!({"base_url": "https://a.example", "token_url": "https://b.example"}), true),
        (json!({"base_url": "https://a.example", "url": "https://b.example"}), true),
        (json!({"base_url": "https://a.example", "region": "x"}), true),
        (json!([]), true),
    ] {
        assert_eq!(goes_elsewhere(&before, &after), elsewhere, "{after}");
    }
}
