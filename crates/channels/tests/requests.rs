//! Requests, against those that the vendors' own libraries sign.

use channels::{Account, Message, Secret, Vendor};
use serde_json::{Value as Json, json};

use crate::support::{NOW_MS, account, context, message, vectors};

fn text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}

fn read(json: &Json) -> Message {
    let pair = |pair: &Json| (text(&pair[0]).unwrap(), text(&pair[1]).unwrap());
    Message {
        id: text(&json["id"]).unwrap(),
        to: text(&json["to"]).unwrap(),
        title: text(&json["title"]).unwrap(),
        text: text(&json["text"]).unwrap(),
        vendor_template_id: text(&json["vendor_template_id"]),
        parameters: json["parameters"].as_array().unwrap().iter().map(pair).collect(),
        link: text(&json["link"]),
        unsubscribe_link: text(&json["unsubscribe_link"]),
        reserved: text(&json["reserved"]),
    }
}

#[test]
fn requests_are_those_of_the_vendors_libraries() {
    let vectors = vectors("requests");
    assert_eq!(vectors["now_ms"], NOW_MS);
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 13, "{}", cases.len());
    for case in cases {
        let name = format!("{} of {}", case["name"], case["vendor"]);
        let vendor = Vendor::parse(case["vendor"].as_str().unwrap()).unwrap();
        let account = Account::read(vendor, &case["settings"], &case["secrets"]).unwrap();
        let context = channels::Context {
            now_ms: NOW_MS,
            nonce: case["nonce"].as_str().unwrap(),
            ..channels::Context::default()
        };
        let request = account.request(&[read(&case["message"])], &context).unwrap();
        assert_eq!(request.method, "POST", "{name}");
        for part in case["url_has"].as_array().unwrap() {
            assert!(request.url.contains(part.as_str().unwrap()), "{name}: {}", request.url);
        }
        if let Some(body) = case.get("body") {
            assert_eq!(&request.body, body.as_str().unwrap(), "{name}");
        }
        for (field, value) in case["headers"].as_object().unwrap() {
            assert_eq!(request.header(field), value.as_str().unwrap(), "{name} {field}");
        }
    }
}

/// Vendors without signatures: where requests go and what they carry.
#[test]
fn requests_without_signatures() {
    let token = Secret::new("tok&en+1");
    for (vendor, url, body) in [
        (
            Vendor::Twilio,
            "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000\
             /Messages.json",
            None,
        ),
        (
            Vendor::Sendgrid,
            "https://api.sendgrid.com/v3/mail/send",
            Some(json!({"content": [{"type": "text/html", "value": "500 points end"}],
                    "custom_args": {"accrue_id": "t-1"}, "from": {"email": "post@shop.example"},
                    "personalizations": [{"to": [{"email": "ann@mail.example"}]}],
                    "subject": "Points end",
                    "tracking_settings": {"click_tracking": {"enable": false},
                    "open_tracking": {"enable": false}}})),
        ),
        (
            Vendor::Fcm,
            "https://fcm.googleapis.com/v1/projects/demo/messages:send",
            Some(json!({"message": {"android": {"notification": {"tag": "t-1"}},
                    "apns": {"headers": {"apns-collapse-id": "t-1"}}, "data": {"id": "t-1",
                    "link": "https://r.example/l/x"}, "notification": {"body": "500 points end",
                    "title": "Points end"}, "token": "1507bfd3f7c466c355c"}})),
        ),
        (
            Vendor::WecomApp,
            "https://qyapi.weixin.qq.com/cgi-bin/message/send?access_token=tok%26en%2B1",
            Some(json!({"agentid": 1000002, "duplicate_check_interval": 14400,
                    "enable_duplicate_check": 1, "msgtype": "textcard",
                    "textcard": {"description": "500 points end", "title": "Points end",
                    "url": "https://r.example/l/x"}, "touser": "zhangsan"})),
        ),
        (
            Vendor::WecomRobot,
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=s3cr3t-633a31f6",
            Some(json!({"msgtype": "text",
                    "text": {"content": "Points end\n500 points end\nhttps://r.example/l/x"}})),
        ),
        (
            Vendor::WechatTemplate,
            "https://api.weixin.qq.com/cgi-bin/message/template/send?access_token=tok%26en%2B1",
            Some(json!({"client_msg_id": "t-1", "data": {"thing1": {"value": "500"}},
                    "template_id": "T_1", "touser": "oia2TjuEGTNoeX76QEjQNrcURxG8",
                    "url": "https://r.example/l/x"})),
        ),
        (
            Vendor::WechatSubscribe,
            "https://api.weixin.qq.com/cgi-bin/message/subscribe/send?access_token=tok%26en%2B1",
            Some(json!({"data": {"thing1": {"value": "500"}}, "miniprogram_state": "formal",
                    "template_id": "T_1", "touser": "oia2TjuEGTNoeX76QEjQNrcURxG8"})),
        ),
    ] {
        let request = account(vendor).request(&[message(vendor)], &context(&token)).unwrap();
        assert_eq!(request.url, url, "{vendor:?}");
        if let Some(body) = body {
            let sent: Json = serde_json::from_str(&request.body).unwrap();
            assert_eq!(sent, body, "{vendor:?}");
        }
    }
    let sent = |vendor| account(vendor).request(&[message(vendor)], &context(&token)).unwrap();
    assert_eq!(
        sent(Vendor::Twilio).body,
        "To=%2B8613812345678&Body=500%20points%20end&From=%2B15005550006\
         &StatusCallback=https%3A%2F%2Fa.example%2Fv1%2Fcallbacks%2Fa%2Fb%3Fm%3Dt-1"
    );
    assert_eq!(sent(Vendor::Sendgrid).header("authorization"), "Bearer SG.s3cr3t");
    assert_eq!(sent(Vendor::Fcm).header("authorization"), "Bearer tok&en+1");
    let basic = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzM2NyM3Q=";
    assert_eq!(sent(Vendor::Twilio).header("authorization"), basic);
}

/// A message that comes a second time has the same id everywhere, and another instant and nonce.
#[test]
fn another_attempt_has_the_same_id() {
    let token = Secret::new("t");
    for vendor in Vendor::ALL {
        let one = context(&token);
        let other = channels::Context { now_ms: NOW_MS + 60_000, nonce: "n2", ..one };
        let sent = |context| account(*vendor).request(&[message(*vendor)], context).unwrap();
        let (one, other) = (sent(&one), sent(&other));
        assert_eq!(one.body, other.body, "{vendor:?}");
        assert_eq!(one.url, other.url, "{vendor:?}");
        let has_id = one.body.contains("t-1") || one.url.contains("t-1");
        let is_without =
            matches!(vendor, Vendor::WecomApp | Vendor::WecomRobot | Vendor::WechatSubscribe);
        assert_eq!(has_id, !is_without, "{vendor:?}");
    }
}

#[test]
fn a_batch_has_one_template_and_one_set_of_parameters() {
    let account = account(Vendor::TencentSms);
    let token = Secret::default();
    let at =
        |number: usize| Message { to: format!("+86138{number:08}"), ..message(Vendor::TencentSms) };
    let batch: Vec<Message> = (0..200).map(at).collect();
    let request = account.request(&batch, &context(&token)).unwrap();
    assert_eq!(request.body.matches("+86138").count(), 200);
    let mut other = batch.clone();
    other[3].parameters[0].1 = "501".to_owned();
    assert_eq!(account.request(&other, &context(&token)).unwrap_err().path, "/parameters");
    // All numbers are of mainland China, or none is.
    other = batch.clone();
    other[3].to = "+85261234567".to_owned();
    assert_eq!(account.request(&other, &context(&token)).unwrap_err().path, "/to");
    let abroad = |to: &str| Message { to: to.to_owned(), ..message(Vendor::TencentSms) };
    let elsewhere = [abroad("+85261234567"), abroad("+886912345678"), abroad("+14155550123")];
    assert!(account.request(&elsewhere, &context(&token)).is_ok());
    for (one, other, may) in [
        (&batch[0], &batch[1], true),
        (&batch[0], &elsewhere[0], false),
        (&elsewhere[1], &batch[0], false),
        (&elsewhere[0], &elsewhere[2], true),
        (&batch[0], &other[200 - 1], true),
    ] {
        assert_eq!(account.may_share(one, other), may, "{} {}", one.to, other.to);
    }
    other = batch.clone();
    other.push(at(200));
    assert!(account.request(&other, &context(&token)).is_err());
    assert!(account.request(&[], &context(&token)).is_err());
    // All others take one at a time.
    for vendor in Vendor::ALL.iter().filter(|vendor| **vendor != Vendor::TencentSms) {
        let two = [message(*vendor), message(*vendor)];
        assert!(crate::support::account(*vendor).request(&two, &context(&token)).is_err());
    }
}
