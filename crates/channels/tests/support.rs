//! Accounts, messages and answers for tests.

use channels::{Account, Answer, Context, Heard, Message, Outcome, Scope, Secret, Vendor};
use serde_json::{Value as Json, json};

/// The instant of all tests, and of the vectors.
pub const NOW_MS: i64 = 1_773_108_123_456;
/// A secret of Standard Webhooks, as its own examples have it.
pub const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A key by which WeCom encrypts.
pub const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
/// A word that every secret here has in it, to be looked for where it must not be.
pub const MARK: &str = "s3cr3t";

/// A file of vectors.
pub fn vectors(name: &str) -> Json {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Settings and secrets of an account of each vendor.
pub fn parts(vendor: Vendor) -> (Json, Json) {
    let fcm = || vectors("fcm")["key"].clone();
    let wechat =
        json!({"app_secret": "s3cr3t", "callback_token": "tok1", "encoding_aes_key": AES_KEY});
    match vendor {
        Vendor::AliyunSms => (
            json!({"access_key_id": "LTAI5tExample", "sign_name": "小店"}),
            json!({"access_key_secret": "s3cr3t"}),
        ),
        Vendor::TencentSms => (
            json!({"secret_id": "AKIDexample", "sdk_app_id": "1400000001", "sign_name": "小店"}),
            json!({"secret_key": "s3cr3t"}),
        ),
        Vendor::Twilio => (
            json!({"account_sid": format!("AC{}", "0".repeat(32)), "from": "+15005550006"}),
            json!({"auth_token": "s3cr3t"}),
        ),
        Vendor::DirectMail => (
            json!({"access_key_id": "LTAI5tExample", "from": "post@shop.example"}),
            json!({"access_key_secret": "s3cr3t"}),
        ),
        Vendor::Ses => (
            json!({
                "region": "eu-west-1", "access_key_id": "AKIAEXAMPLE", "from": "post@shop.example",
                "topic_arn": "arn:aws:sns:eu-west-1:1:mail",
            }),
            json!({"secret_access_key": "s3cr3t"}),
        ),
        Vendor::Sendgrid => (
            json!({"from": "post@shop.example", "event_public_key": vectors("sendgrid")["public"]}),
            json!({"api_key": "SG.s3cr3t"}),
        ),
        Vendor::Jpush => (json!({"app_key": "appkey1"}), json!({"master_secret": "s3cr3t"})),
        Vendor::Fcm => (
            json!({"project_id": "demo", "client_email": "push@demo.iam.gserviceaccount.com"}),
            json!({"private_key": fcm()}),
        ),
        Vendor::WecomApp => (
            json!({"corp_id": "ww1", "agent_id": 1000002}),
            json!({"secret": "s3cr3t", "callback_token": "tok1", "encoding_aes_key": AES_KEY}),
        ),
        Vendor::WecomRobot => (json!({}), json!({"key": "s3cr3t-633a31f6"})),
        Vendor::WechatTemplate | Vendor::WechatSubscribe => (json!({"app_id": "wx1"}), wechat),
        Vendor::Webhook => (
            json!({"url": "https://gateway.example/send", "channel": "sms"}),
            json!({"signing_secret": WHSEC}),
        ),
    }
}

/// An account of a vendor.
pub fn account(vendor: Vendor) -> Account {
    let (settings, secrets) = parts(vendor);
    Account::read(vendor, &settings, &secrets).unwrap()
}

/// A message that a vendor takes.
pub fn message(vendor: Vendor) -> Message {
    let to = match account(vendor).capability().channel {
        reach::Channel::Sms | reach::Channel::Phone => "+8613812345678",
        reach::Channel::Email => "ann@mail.example",
        reach::Channel::Push => "1507bfd3f7c466c355c",
        reach::Channel::Wecom => "zhangsan",
        reach::Channel::Wechat => "oia2TjuEGTNoeX76QEjQNrcURxG8",
    };
    Message {
        id: "t-1".to_owned(),
        to: to.to_owned(),
        title: "Points end".to_owned(),
        text: "500 points end".to_owned(),
        vendor_template_id: Some("T_1".to_owned()),
        parameters: vec![("thing1".to_owned(), "500".to_owned())],
        link: Some("https://r.example/l/x".to_owned()),
        ..Message::default()
    }
}

/// What a request needs.
pub fn context(token: &Secret) -> Context<'_> {
    Context {
        now_ms: NOW_MS,
        nonce: "n1",
        token: Some(token),
        callback_url: Some("https://a.example/v1/callbacks/a/b"),
    }
}

/// An answer with a JSON body.
pub fn answer(status: u16, body: &Json) -> Heard {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Heard::Answer(Answer { status, headers: Vec::new(), body })
}

/// What follows, in short.
pub fn short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { provider_id } => {
            format!("accepted {}", provider_id.as_deref().unwrap_or("-"))
        }
        Outcome::Retry { after_s, scope: Scope::Account, .. } => format!("wait {after_s}"),
        Outcome::Retry { after_s, scope: Scope::Message, .. } => format!("later {after_s}"),
        Outcome::Renew { .. } => "renew".to_owned(),
        Outcome::Pause { .. } => "pause".to_owned(),
        Outcome::Refused { contact: None, .. } => "refused".to_owned(),
        Outcome::Refused { contact: Some(state), .. } => format!("refused {}", state.as_str()),
        Outcome::Unknown { .. } => "unknown".to_owned(),
    }
}

/// What one answer means for one message of a vendor.
pub fn outcome(vendor: Vendor, heard: &Heard) -> Outcome {
    let mut outcomes = account(vendor).outcome(&[message(vendor)], heard);
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// An answer as a vendor gives it for a code of its own.
pub fn said(vendor: Vendor, code: &str) -> Heard {
    if let Some(status) = code.strip_prefix("HTTP ") {
        return answer(status.parse().unwrap(), &Json::Null);
    }
    let number = || code.parse::<i64>().map_or(json!(code), Json::from);
    match vendor {
        Vendor::AliyunSms => answer(200, &json!({"Code": code, "Message": "m", "RequestId": "r"})),
        Vendor::DirectMail => answer(400, &json!({"Code": code, "Message": "m"})),
        Vendor::TencentSms if code.contains("PhoneNumber") => answer(
            200,
            &json!({"Response": {"SendStatusSet": [
                {"SerialNo": "", "PhoneNumber": "+8613812345678", "Code": code, "Message": "m"},
            ], "RequestId": "r"}}),
        ),
        Vendor::TencentSms => {
            answer(200, &json!({"Response": {"Error": {"Code": code, "Message": "m"}}}))
        }
        Vendor::Twilio => answer(400, &json!({"code": number(), "message": "m", "status": 400})),
        Vendor::Ses => Heard::Answer(Answer {
            status: 400,
            headers: vec![("x-amzn-ErrorType".to_owned(), format!("{code}:http://x/"))],
            body: json!({"message": "m"}).to_string(),
        }),
        Vendor::Jpush => answer(400, &json!({"error": {"code": number(), "message": "m"}})),
        Vendor::Fcm if code == "INVALID_ARGUMENT" => answer(
            400,
            &json!({"error": {"code": 400, "status": code, "details": [
                {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{}]},
            ]}}),
        ),
        Vendor::Fcm if code == "INVALID_ARGUMENT of the device" => answer(
            400,
            &json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [
                {"errorCode": "INVALID_ARGUMENT"},
            ]}}),
        ),
        Vendor::Fcm => answer(
            400,
            &json!({"error": {"code": 400, "status": "X", "details": [{"errorCode": code}]}}),
        ),
        Vendor::WecomApp if code.ends_with("user") => {
            answer(200, &json!({"errcode": 0, "errmsg": "ok", code: "zhangsan"}))
        }
        Vendor::WecomApp
        | Vendor::WecomRobot
        | Vendor::WechatTemplate
        | Vendor::WechatSubscribe => answer(200, &json!({"errcode": number(), "errmsg": "m"})),
        Vendor::Sendgrid | Vendor::Webhook => panic!("{vendor:?} has statuses only"),
    }
}
