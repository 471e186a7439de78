//! Tokens: how they are asked for, and what answers mean.

use channels::{Account, Heard, TokenOutcome, Vendor};
use serde_json::{Value as Json, json};

use crate::support::{NOW_MS, account, answer, parts, vectors};

#[test]
fn only_these_vendors_have_tokens() {
    use Vendor::*;
    for vendor in Vendor::ALL {
        let has = matches!(vendor, Fcm | WecomApp | WechatTemplate | WechatSubscribe);
        let account = account(*vendor);
        assert_eq!(account.capability().token, has, "{vendor:?}");
        assert_eq!(account.token_request(NOW_MS).is_some(), has, "{vendor:?}");
        assert_eq!(account.token_outcome(&Heard::Nothing).is_some(), has, "{vendor:?}");
    }
}

#[test]
fn a_token_of_google_is_asked_for_as_pyjwt_signs() {
    let vectors = vectors("fcm");
    let (settings, secrets) = parts(Vendor::Fcm);
    let mut with_id = settings.clone();
    with_id["private_key_id"] = json!("kid1");
    for (settings, name) in [(with_id, "assertion"), (settings, "assertion_without_id")] {
        let account = Account::read(Vendor::Fcm, &settings, &secrets).unwrap();
        let request = account.token_request(NOW_MS).unwrap().unwrap();
        assert_eq!(request.url, "https://oauth2.googleapis.com/token");
        let start = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        assert_eq!(request.body.strip_prefix(start), vectors[name].as_str(), "{name}");
    }
}

#[test]
fn tokens_of_wecom_and_wechat_are_asked_for() {
    let request = account(Vendor::WecomApp).token_request(NOW_MS).unwrap().unwrap();
    let url = "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=ww1&corpsecret=s3cr3t";
    assert_eq!((request.method, request.url.as_str()), ("GET", url));
    for vendor in [Vendor::WechatTemplate, Vendor::WechatSubscribe] {
        let request = account(vendor).token_request(NOW_MS).unwrap().unwrap();
        assert_eq!(request.url, "https://api.weixin.qq.com/cgi-bin/stable_token");
        let body: Json = serde_json::from_str(&request.body).unwrap();
        let expected = json!({
            "grant_type": "client_credential", "appid": "wx1", "secret": "s3cr3t",
                "force_refresh": false,
        });
        assert_eq!(body, expected);
    }
}

#[test]
fn answers_with_tokens_and_without() {
    let token = json!({"errcode": 0, "access_token": "tok", "expires_in": 7_200});
    for (vendor, status, body, expected) in [
        (Vendor::WecomApp, 200, token.clone(), "token 6900"),
        (Vendor::WechatTemplate, 200, token.clone(), "token 6900"),
        (Vendor::Fcm, 200, json!({"access_token": "ya29.x", "expires_in": 3_599}), "token 3299"),
        (Vendor::Fcm, 200, json!({"access_token": "y", "expires_in": i64::MAX}), "token 6900"),
        (Vendor::Fcm, 200, json!({"access_token": "y", "expires_in": i64::MIN}), "token 0"),
        (Vendor::Fcm, 200, json!({"access_token": "y"}), "token 0"),
        (Vendor::Fcm, 200, json!({"access_token": "a\r\nb", "expires_in": 3_599}), "retry"),
        (Vendor::Fcm, 200, json!({"access_token": "", "expires_in": 3_599}), "retry"),
        (Vendor::Fcm, 400, json!({"error": "invalid_grant"}), "pause"),
        (Vendor::Fcm, 401, json!({"error": "invalid_client"}), "pause"),
        (Vendor::Fcm, 500, Json::Null, "retry"),
        (Vendor::WecomApp, 200, json!({"errcode": 40_001}), "pause"),
        (Vendor::WecomApp, 200, json!({"errcode": -1}), "retry"),
        (Vendor::WecomApp, 200, json!({"errcode": 45_009}), "retry"),
        (Vendor::WechatTemplate, 200, json!({"errcode": 40_125}), "pause"),
        (Vendor::WechatTemplate, 200, json!({"errcode": 40_164}), "pause"),
        (Vendor::WechatTemplate, 200, json!({"errcode": 40_001}), "pause"),
        (Vendor::WechatSubscribe, 200, json!({"errcode": -1}), "retry"),
        (Vendor::WechatSubscribe, 502, Json::Null, "retry"),
        (Vendor::WechatSubscribe, 404, Json::Null, "pause"),
    ] {
        let found = account(vendor).token_outcome(&answer(status, &body)).unwrap();
        let found = match found {
            TokenOutcome::Token(token) => format!("token {}", token.lasts_s),
            TokenOutcome::Retry { .. } => "retry".to_owned(),
            TokenOutcome::Pause { .. } => "pause".to_owned(),
        };
        assert_eq!(found, expected, "{vendor:?} {status} {body}");
    }
    for heard in [Heard::NotConnected, Heard::Nothing] {
        let found = account(Vendor::WecomApp).token_outcome(&heard).unwrap();
        assert!(matches!(found, TokenOutcome::Retry { .. }), "{found:?}");
    }
}

#[test]
fn what_makes_a_push_repeatable_is_reserved_before() {
    let account = account(Vendor::Jpush);
    for (count, asked) in [(0, 1), (3, 3), (10, 10), (1_000, 10)] {
        let request = account.reservation_request(count).unwrap();
        assert_eq!(request.url, format!("https://api.jpush.cn/v3/push/cid?count={asked}"));
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("authorization"), "Basic YXBwa2V5MTpzM2NyM3Q=");
    }
    for (status, body, expected) in [
        (200, json!({"cidlist": ["k-1", "k-2"]}), vec!["k-1", "k-2"]),
        (200, json!({"cidlist": ["k-1", 5, "a b", ""]}), vec!["k-1"]),
        (401, json!({"cidlist": ["k-1"]}), vec![]),
        (200, json!({}), vec![]),
        (200, Json::Null, vec![]),
    ] {
        let Heard::Answer(answer) = answer(status, &body) else { unreachable!() };
        assert_eq!(account.reservations(&answer), expected, "{body}");
    }
    for vendor in Vendor::ALL.iter().filter(|vendor| **vendor != Vendor::Jpush) {
        assert!(crate::support::account(*vendor).reservation_request(1).is_none(), "{vendor:?}");
    }
}
