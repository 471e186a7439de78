//! What vendors post: who it is of, and what it reports.

use channels::{Account, Callback, Received, Refusal, Report, Reported, Vendor};
use reach::ContactState;
use serde_json::{Value as Json, json};

use crate::support::{AES_KEY, NOW_MS, account, parts, vectors};

const URL: &str = "https://a.example/v1/callbacks/a/s3cr3t";

fn post(
    account: &Account,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Received, Refusal> {
    posted(account, url, headers, body, NOW_MS)
}

fn posted(
    account: &Account,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
    now_ms: i64,
) -> Result<Received, Refusal> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    account.callback(&Callback { method: "POST", url, headers: &headers, body, now_ms })
}

/// How far our clock may be from the instant of a signed post, in milliseconds, and whether.
const CLOCKS: [(i64, bool); 5] =
    [(0, true), (300_000, true), (301_000, false), (-300_000, true), (-301_000, false)];

fn reports(vendor: Vendor, body: &Json) -> Vec<Report> {
    post(&account(vendor), URL, &[], &body.to_string()).unwrap().reports
}

fn short(report: &Report) -> String {
    let what = match report.what {
        Reported::Delivered => "delivered".to_owned(),
        Reported::Failed(None) => "failed".to_owned(),
        Reported::Failed(Some(state)) => format!("failed {}", state.as_str()),
        Reported::Bounced => "bounced".to_owned(),
        Reported::Complained => "complained".to_owned(),
        Reported::Unsubscribed => "unsubscribed".to_owned(),
    };
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{what} {} {} {}",
        part(&report.provider_id),
        part(&report.message_id),
        part(&report.to)
    )
}

#[test]
fn reports_of_alibaba_sms() {
    let report = |success: bool, code: &str| {
        json!({
            "phone_number": "13812345678", "send_time": "2026-03-10 10:00:00",
            "report_time": "2026-03-10 10:00:03", "success": success, "err_code": code,
            "sms_size": "1", "biz_id": "9006^0", "out_id": "t-1",
        })
    };
    for (item, expected) in [
        (report(true, "DELIVERED"), "delivered 9006^0 t-1 -"),
        (report(false, "MOBILE_IN_BLACK"), "failed blocked 9006^0 t-1 -"),
        (report(false, "isv.MOBILE_NUMBER_ILLEGAL"), "failed invalid 9006^0 t-1 -"),
        (report(false, "SOMETHING"), "failed 9006^0 t-1 -"),
        (
            json!({"phone_number": "13812345678", "content": " r ",
                "send_time": "2026-03-10 10:00:00"}),
            "unsubscribed - - +8613812345678",
        ),
        (
            json!({"phone_number": "8613812345678", "content": "退订"}),
            "unsubscribed - - +8613812345678",
        ),
    ] {
        let found = reports(Vendor::AliyunSms, &json!([item]));
        assert_eq!(found.iter().map(short).collect::<Vec<_>>(), [expected], "{item}");
    }
    let found = reports(Vendor::AliyunSms, &json!([report(true, "DELIVERED")]));
    // 10:00:03 in China.
    assert_eq!(found[0].at_ms, Some(1_773_108_003_000));
    for item in [json!({"phone_number": "13812345678", "content": "thanks"}), json!({}), json!(5)] {
        assert!(reports(Vendor::AliyunSms, &json!([item])).is_empty(), "{item}");
    }
    let received = post(&account(Vendor::AliyunSms), URL, &[], "[]").unwrap();
    assert_eq!(received.response.body, r#"{"code":0,"msg":"ok"}"#);
}

#[test]
fn members_ask_to_stop_in_many_ways() {
    let found = |text: &str| {
        let item = json!({"phone_number": "13812345678", "content": text});
        reports(Vendor::AliyunSms, &json!([item])).len()
    };
    for text in [
        "R",
        " r ",
        "T",
        "TD",
        "退订",
        "退订。",
        "R。",
        "Ｒ",
        "回复R",
        "请回复r",
        "回T",
        "TD退订",
        "退订回T",
        "拒收！",
        "我要退订",
        "取消",
        "STOP ALL",
        "Stop.",
        "REVOKE",
        "OPTOUT",
        "opt-out",
        "ＴＤ",
        "N",
        "取消订阅",
        "取消订阅！",
        "我要取消订阅",
        "UNSUBSCRIBE me",
        "Unsubscribe, please",
        "please unsubscribe",
    ] {
        assert_eq!(found(text), 1, "{text}");
    }
    for text in ["", "。", "thanks", "谢谢", "Ltd", "tdk", "stop it please", "回", "RR", "取消订单"]
    {
        assert_eq!(found(text), 0, "{text}");
    }
}

#[test]
fn no_report_of_a_long_post_is_left_out() {
    let item = json!({"phone_number": "13812345678", "content": "TD"});
    assert_eq!(reports(Vendor::AliyunSms, &json!(vec![item; 5_000])).len(), 5_000);
}

#[test]
fn reports_of_tencent_sms() {
    let report = |status: &str, code: &str| {
        json!([{
            "user_receive_time": "2026-03-10 10:00:03", "nationcode": "86", "mobile": "13812345678",
            "report_status": status, "errmsg": code, "description": "d", "sid": "2028:f5",
        }])
    };
    for (body, expected) in [
        (report("SUCCESS", "DELIVRD"), "delivered 2028:f5 - +8613812345678"),
        (report("FAIL", "MK:0001"), "failed invalid 2028:f5 - +8613812345678"),
        (report("FAIL", "EXPIRED"), "failed 2028:f5 - +8613812345678"),
        (
            json!({"nationcode": "86", "mobile": "13812345678", "text": "T", "time": 1_773_108_003,
                "sign": "s"}),
            "unsubscribed - - +8613812345678",
        ),
    ] {
        let found = reports(Vendor::TencentSms, &body);
        assert_eq!(found.iter().map(short).collect::<Vec<_>>(), [expected], "{body}");
        assert_eq!(found[0].at_ms, Some(1_773_108_003_000), "{body}");
    }
    let received = post(&account(Vendor::TencentSms), URL, &[], "[]").unwrap();
    assert_eq!(received.response.body, r#"{"result":0,"errmsg":"OK"}"#);
}

#[test]
fn posts_of_twilio_are_signed() {
    let vectors = vectors("twilio");
    let (settings, _) = parts(Vendor::Twilio);
    let secrets = json!({"auth_token": vectors["auth_token"]});
    let account = Account::read(Vendor::Twilio, &settings, &secrets).unwrap();
    let expected = [
        "delivered SM1 - +15005550006",
        "failed invalid SM2 - +15005550006",
        "unsubscribed - - +15005550006",
        "",
    ];
    for (case, expected) in vectors["cases"].as_array().unwrap().iter().zip(expected) {
        let text = |name: &str| case[name].as_str().unwrap();
        let (url, body, signature) = (text("url"), text("body"), text("signature"));
        let sent = |url: &str, signature: &str, body: &str| {
            post(&account, url, &[("X-Twilio-Signature", signature)], body)
        };
        let found = sent(url, signature, body).unwrap().reports;
        let found: Vec<_> = found.iter().map(short).collect();
        assert_eq!(found.join("|"), expected, "{}", case["name"]);
        assert_eq!(sent(&format!("{url}x"), signature, body), Err(Refusal::Forged));
        assert_eq!(sent(url, "", body), Err(Refusal::Forged));
        assert_eq!(sent(url, &signature.to_lowercase(), body), Err(Refusal::Forged));
        assert_eq!(sent(url, signature, &format!("{body}&x=1")), Err(Refusal::Forged));
        // Twilio signs no instant, so what would last is known by its id when it comes again.
        let once: Vec<_> =
            sent(url, signature, body).unwrap().reports.into_iter().map(|one| one.once).collect();
        let expected = match case["name"].as_str().unwrap() {
            "delivered" => vec![None],
            "undelivered, with a query" => vec![Some("SM2/undelivered".to_owned())],
            "an answer" => vec![Some("SM3".to_owned())],
            _ => vec![],
        };
        assert_eq!(once, expected, "{}", case["name"]);
    }
}

#[test]
fn events_of_direct_mail() {
    let event = |kind: &str, failed: &str| {
        json!({
            "type": kind, "time": "2026-03-10T10:00:03+08:00", "specversion": "1.0",
            "data": {
                "env_id": "600000", "rcpt": "ann@mail.example", "err_code": "554",
                    "failed_type": failed,
                "header": {"X-Notify-Message-ID": "t-1"},
            },
        })
    };
    for (kind, failed, expected) in [
        ("dm:Deliver:Succeed", "", "delivered 600000 t-1 ann@mail.example"),
        ("dm:Deliver:Fail", "SmtpNxBox", "bounced 600000 t-1 ann@mail.example"),
        ("dm:Deliver:Fail", "Other", "failed 600000 t-1 ann@mail.example"),
        ("dm:Feedback:FblReport", "", "complained 600000 t-1 ann@mail.example"),
        ("dm:Feedback:UnSubscribe", "", "unsubscribed 600000 t-1 ann@mail.example"),
        ("dm:Trace:Open", "", ""),
    ] {
        let found = reports(Vendor::DirectMail, &event(kind, failed));
        let found: Vec<_> = found.iter().map(short).collect();
        assert_eq!(found.join("|"), expected, "{kind} {failed}");
    }
}

fn sns(kind: &str, topic: &str, message: &Json) -> Json {
    json!({"Type": kind, "MessageId": "m", "TopicArn": topic, "Message": message.to_string()})
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:1:mail";

#[test]
fn events_of_amazon_ses() {
    let mail = json!({"messageId": "0100", "tags": {"accrue_id": ["t-1"]}});
    let to = |list: &str| {
        json!({list: [{"emailAddress": "ann@mail.example"}],
        "timestamp": "2026-03-10T02:00:03.000Z"})
    };
    let mut hard = to("bouncedRecipients");
    hard["bounceType"] = json!("Permanent");
    let mut soft = to("bouncedRecipients");
    soft["bounceType"] = json!("Transient");
    let delivery = json!({"recipients": ["ann@mail.example", "bob@mail.example"],
        "timestamp": "2026-03-10T02:00:03Z"});
    for (event, expected) in [
        (
            json!({"eventType": "Delivery", "mail": mail, "delivery": delivery}),
            vec!["delivered 0100 t-1 ann@mail.example", "delivered 0100 t-1 bob@mail.example"],
        ),
        (
            json!({"eventType": "Bounce", "mail": mail, "bounce": hard}),
            vec!["bounced 0100 t-1 ann@mail.example"],
        ),
        (
            json!({"notificationType": "Bounce", "mail": {"messageId": "0100"}, "bounce": soft}),
            vec!["failed 0100 - ann@mail.example"],
        ),
        (
            json!({"eventType": "Complaint", "mail": mail,
                "complaint": to("complainedRecipients")}),
            vec!["complained 0100 t-1 ann@mail.example"],
        ),
        (json!({"eventType": "Reject", "mail": mail, "reject": {}}), vec!["failed 0100 t-1 -"]),
        (
            json!({"eventType": "Subscription", "mail": mail, "subscription": {}}),
            vec!["unsubscribed 0100 t-1 -"],
        ),
        (json!({"eventType": "Open", "mail": mail, "open": {}}), vec![]),
        (json!({"eventType": "Delivery"}), vec![]),
    ] {
        let found = reports(Vendor::Ses, &sns("Notification", TOPIC, &event));
        assert_eq!(found.iter().map(short).collect::<Vec<_>>(), expected, "{event}");
    }
    let event = json!({"eventType": "Bounce", "mail": mail, "bounce": hard});
    let other = sns("Notification", "arn:aws:sns:eu-west-1:2:mail", &event).to_string();
    assert_eq!(post(&account(Vendor::Ses), URL, &[], &other), Err(Refusal::Forged));
    let (mut settings, secrets) = parts(Vendor::Ses);
    settings["topic_arn"] = Json::Null;
    let without = Account::read(Vendor::Ses, &settings, &secrets).unwrap();
    let body = sns("Notification", TOPIC, &event).to_string();
    assert_eq!(post(&without, URL, &[], &body), Err(Refusal::NotExpected));
}

/// The address that confirms a subscription is fetched by the server, so it must be Amazon's.
#[test]
fn only_addresses_of_sns_are_confirmed() {
    for (url, holds) in [
        ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336", true),
        ("https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription", true),
        ("http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", false),
        ("https://sns.eu-west-1.amazonaws.com.evil.example/", false),
        ("https://sns.evil.example/x.amazonaws.com", false),
        ("https://sns.evil.example/.amazonaws.com/", false),
        ("https://sns.a@evil.example?.amazonaws.com/", false),
        ("https://sns.10.0.0.1#.amazonaws.com/", false),
        ("https://sns..amazonaws.com/", false),
        ("https://evil.example/sns.eu-west-1.amazonaws.com/", false),
        ("https://sns.eu-west-1.amazonaws.com/\r\nx: y", false),
        ("", false),
    ] {
        let body =
            json!({"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": url});
        let found = post(&account(Vendor::Ses), URL, &[], &body.to_string());
        match holds {
            true => assert_eq!(found.unwrap().confirm.as_deref(), Some(url)),
            false => assert_eq!(found, Err(Refusal::Forged), "{url}"),
        }
    }
}

#[test]
fn events_of_sendgrid_are_signed() {
    let vectors = vectors("sendgrid");
    let account = account(Vendor::Sendgrid);
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 16);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let (body, instant, signature) = (text("body"), text("timestamp"), text("signature"));
        let sent = |body: &str, instant: &str, signature: &str| {
            let headers = [
                ("x-twilio-email-event-webhook-signature", signature),
                ("X-Twilio-Email-Event-Webhook-Timestamp", instant),
            ];
            post(&account, URL, &headers, body)
        };
        let found = sent(body, instant, signature);
        if case["holds"] == false {
            assert_eq!(found, Err(Refusal::Forged), "{}", case["name"]);
            continue;
        }
        let found: Vec<_> = found.unwrap().reports.iter().map(short).collect();
        let expected = if body == "[]" {
            vec![]
        } else {
            vec!["delivered abc t-1 ann@mail.example", "complained def t-2 bob@mail.example"]
        };
        assert_eq!(found, expected);
        let second: i64 = instant.parse().unwrap();
        // SendGrid posts again for a day. What an old copy says of an address counts only where it
        // is known by an id, which these events lack.
        let (minutes, hours) = (300_000, 25 * 3_600_000);
        for (ahead, counts) in [
            (0, Some(expected.len())),
            (minutes, Some(expected.len())),
            (minutes + 1_000, Some(expected.len().min(1))),
            (hours, Some(expected.len().min(1))),
            (hours + 1_000, None),
            (-minutes, Some(expected.len())),
            (-minutes - 1_000, None),
        ] {
            let headers = [
                ("x-twilio-email-event-webhook-signature", signature),
                ("x-twilio-email-event-webhook-timestamp", instant),
            ];
            let found = posted(&account, URL, &headers, body, second * 1000 + ahead);
            let found = found.map(|received| received.reports.len());
            assert_eq!(found, counts.ok_or(Refusal::Old), "{ahead}");
        }
        assert_eq!(sent(body, "1773108999", signature), Err(Refusal::Forged));
        assert_eq!(sent(&format!("{body} "), instant, signature), Err(Refusal::Forged));
        assert_eq!(sent(body, instant, &signature[4..]), Err(Refusal::Forged));
        assert_eq!(sent(body, instant, ""), Err(Refusal::Forged));
    }
    let (mut settings, secrets) = parts(Vendor::Sendgrid);
    settings["event_public_key"] = Json::Null;
    let without = Account::read(Vendor::Sendgrid, &settings, &secrets).unwrap();
    assert_eq!(post(&without, URL, &[], "[]"), Err(Refusal::NotExpected));
}

fn encrypted(case: &Json, vectors: &Json) -> (String, String) {
    let field = |json: &Json, name: &str| json[name].as_str().unwrap().to_owned();
    let url = format!(
        "{URL}?msg_signature={}&timestamp={}&nonce={}",
        field(case, "signature"),
        field(vectors, "timestamp"),
        field(vectors, "nonce"),
    );
    (url, field(case, "sealed"))
}

#[test]
fn posts_of_wecom_are_opened() {
    let vectors = vectors("encrypted");
    let account = account(Vendor::WecomApp);
    for case in vectors["wecom"].as_array().unwrap() {
        let (url, sealed) = encrypted(case, &vectors);
        let body = format!(
            "<xml><ToUserName>ww1</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        );
        let found = post(&account, &url, &[], &body);
        if case["holds"] == false {
            assert_eq!(found, Err(Refusal::Forged), "{}", case["name"]);
            continue;
        }
        let leaves = case["name"] == "a member leaves";
        let reports: Vec<_> = found.unwrap().reports.iter().map(short).collect();
        let expected: &[&str] = if leaves { &["unsubscribed - - zhangsan"] } else { &[] };
        assert_eq!(reports, expected, "{}", case["name"]);
        // One sign of the signature or of the text is another one.
        let other = url.replacen("msg_signature=", "msg_signature=0", 1);
        assert_eq!(post(&account, &other, &[], &body), Err(Refusal::Forged));
        let other = body.replacen("CDATA[", "CDATA[A", 1);
        assert_eq!(post(&account, &url, &[], &other), Err(Refusal::Forged));
        // A plain message in its place.
        let plain = vectors["leaves"].as_str().unwrap();
        assert_eq!(post(&account, &url, &[], plain), Err(Refusal::Forged));
    }
}

#[test]
fn wecom_asks_whether_we_are_there() {
    let vectors = vectors("encrypted");
    let case = &vectors["wecom"][0];
    let (url, sealed) = encrypted(case, &vectors);
    let echo = sealed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let asked = |url: &str| {
        let callback = Callback { method: "GET", url, headers: &[], body: "", now_ms: NOW_MS };
        account(Vendor::WecomApp).callback(&callback)
    };
    let received = asked(&format!("{url}&echostr={echo}")).unwrap();
    assert_eq!(received.response.body, case["text"].as_str().unwrap());
    assert_eq!(received.response.content_type, "text/plain");
    assert_eq!(asked(&format!("{url}&echostr=x")), Err(Refusal::Forged));
    assert_eq!(asked(URL), Err(Refusal::Forged));
}

#[test]
fn posts_of_wechat_are_opened() {
    let vectors = vectors("encrypted");
    for case in vectors["wechat"].as_array().unwrap() {
        let (url, sealed) = encrypted(case, &vectors);
        let body = format!("<xml><Encrypt>{sealed}</Encrypt></xml>");
        let found = post(&account(Vendor::WechatTemplate), &url, &[], &body);
        if case["holds"] == false {
            assert_eq!(found, Err(Refusal::Forged), "{}", case["name"]);
            continue;
        }
        let received = found.unwrap();
        assert_eq!(received.response.body, "success");
        let found: Vec<_> = received.reports.iter().map(short).collect();
        assert_eq!(found, ["delivered 200163836 - oia2Tj"]);
        assert_eq!(received.reports[0].at_ms, Some(1_773_108_123_000));
    }
}

/// Our id stands in the address that each message tells: a report settles a message whose answer
/// was lost, and whose id at Twilio nobody knows.
#[test]
fn reports_of_twilio_name_our_id() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    let url = format!("{URL}?m=7-sms");
    let signed = |url: &str| {
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"s3cr3t").unwrap();
        mac.update(format!("{url}MessageSidSM9MessageStatusdelivered").as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    };
    let body = "MessageSid=SM9&MessageStatus=delivered";
    let sent = |url: &str, signature: &str| {
        post(&account(Vendor::Twilio), url, &[("x-twilio-signature", signature)], body)
    };
    let found = sent(&url, &signed(&url)).unwrap().reports;
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), ["delivered SM9 7-sms -"]);
    // The signature is of the whole address.
    assert_eq!(sent(&format!("{URL}?m=8-sms"), &signed(&url)), Err(Refusal::Forged));
    let found = sent(URL, &signed(URL)).unwrap().reports;
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), ["delivered SM9 - -"]);
}

/// The address and the body of a message as WeChat and WeCom post it at that second.
fn sealed(message: &str, receiver: &str, second: i64) -> (String, String) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
    use sha1::Digest;
    // The bits of the last sign that mean nothing are none here.
    let key = STANDARD.decode(format!("{}A=", &AES_KEY[..42])).unwrap();
    let key: [u8; 32] = key.try_into().unwrap();
    let start: [u8; 16] = key[..16].try_into().unwrap();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let mut text = [&[7; 16], &length[..], message.as_bytes(), receiver.as_bytes()].concat();
    let padding = 32 - text.len() % 32;
    text.extend(std::iter::repeat_n(u8::try_from(padding).unwrap(), padding));
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &start.into());
    let sealed = STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&text));
    let second = second.to_string();
    let mut parts = ["tok1", &second, "n1", &sealed];
    parts.sort_unstable();
    let digest = sha1::Sha1::digest(parts.concat().as_bytes());
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let url = format!("{URL}?msg_signature={digits}&timestamp={second}&nonce=n1");
    (url, format!("<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"))
}

const SECOND: i64 = NOW_MS / 1000;

fn event(event: &str, rest: &str) -> String {
    format!(
        "<xml><FromUserName><![CDATA[oia2Tj]]></FromUserName>\
         <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>{rest}</xml>"
    )
}

#[test]
fn events_of_wechat() {
    let posted = |vendor, message: &str| {
        let (url, body) = sealed(message, "wx1", SECOND);
        post(&account(vendor), &url, &[], &body)
    };
    let finished = |status: &str, id: &str| {
        event(
            "TEMPLATESENDJOBFINISH",
            &format!("<MsgID>{id}</MsgID><Status><![CDATA[{status}]]></Status>"),
        )
    };
    let sent = |code: &str| {
        event(
            "subscribe_msg_sent_event",
            &format!(
                "<SubscribeMsgSentEvent><List><TemplateId>T</TemplateId><MsgID>7</MsgID>\
                 <ErrorCode>{code}</ErrorCode><ErrorStatus>s</ErrorStatus></List>\
                 </SubscribeMsgSentEvent>"
            ),
        )
    };
    use Vendor::{WechatSubscribe, WechatTemplate};
    for (vendor, message, expected) in [
        (WechatTemplate, finished("success", "1"), "delivered 1 - oia2Tj"),
        (WechatTemplate, finished("failed:user block", "1"), "failed blocked 1 - oia2Tj"),
        (WechatTemplate, finished("failed: system failed", "1"), "failed 1 - oia2Tj"),
        (WechatTemplate, finished("success", "0"), "delivered - - oia2Tj"),
        (WechatTemplate, event("unsubscribe", ""), "unsubscribed - - oia2Tj"),
        (WechatTemplate, event("CLICK", ""), ""),
        (WechatTemplate, "not xml".to_owned(), ""),
        (WechatSubscribe, sent("0"), "delivered 7 - oia2Tj"),
        (WechatSubscribe, sent("43101"), "failed 7 - oia2Tj"),
        (WechatSubscribe, event("subscribe_msg_change_event", ""), ""),
        // What a member writes is no event, whatever stands in it.
        (WechatTemplate, event("unsubscribe", "").replace("[event]", "[text]"), ""),
        (WechatTemplate, event("unsubscribe", "").replace("MsgType>", "Other>"), ""),
        (WechatSubscribe, sent("0").replace("[event]", "[text]"), ""),
    ] {
        let found: Vec<_> = posted(vendor, &message).unwrap().reports.iter().map(short).collect();
        assert_eq!(found.join("|"), expected, "{message}");
    }
}

#[test]
fn posts_that_are_sent_again_later_are_refused() {
    use Vendor::{WechatSubscribe, WechatTemplate, WecomApp};
    for (vendor, receiver) in [(WecomApp, "ww1"), (WechatTemplate, "wx1"), (WechatSubscribe, "wx1")]
    {
        let (url, body) = sealed(&event("unsubscribe", ""), receiver, SECOND);
        for (ahead, holds) in CLOCKS {
            let found = posted(&account(vendor), &url, &[], &body, SECOND * 1000 + ahead);
            assert_eq!(found.err(), (!holds).then_some(Refusal::Old), "{vendor:?} {ahead}");
        }
        let none = url.replace(&format!("timestamp={SECOND}"), "timestamp=");
        assert_eq!(post(&account(vendor), &none, &[], &body), Err(Refusal::Forged));
    }
}

/// SHA-1 of the parts in order of their bytes, by `printf 1773108123n1tok1 | sha1sum`.
const PLAIN: &str =
    "signature=1ece6f0490a73457ff947b4c5db6af8f59d21adc&timestamp=1773108123&nonce=n1";

#[test]
fn plain_posts_of_wechat_are_not_taken() {
    use Vendor::WechatTemplate;
    let url = format!("{URL}?{PLAIN}");
    let found = post(&account(WechatTemplate), &url, &[], &event("unsubscribe", ""));
    assert_eq!(found, Err(Refusal::Forged));
    // A vendor that asks whether we are there gets its text back only if it is harmless.
    let asked_at = |echo: &str, now_ms: i64| {
        let url = format!("{URL}?{PLAIN}&echostr={echo}");
        let callback = Callback { method: "GET", url: &url, headers: &[], body: "", now_ms };
        account(WechatTemplate).callback(&callback).map(|received| received.response.body)
    };
    let asked = |echo: &str| asked_at(echo, NOW_MS);
    assert_eq!(asked("7013625364120123456"), Ok("7013625364120123456".to_owned()));
    assert_eq!(asked("%3Cscript%3E"), Err(Refusal::Unreadable));
    assert_eq!(asked(&"1".repeat(2_000)), Err(Refusal::Unreadable));
    assert_eq!(asked_at("1", NOW_MS + 400_000), Err(Refusal::Old));
}

#[test]
fn posts_of_a_gateway_are_signed_and_fresh() {
    let vectors = vectors("webhook");
    let account = account(Vendor::Webhook);
    for case in vectors["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let signature = format!("v1,AAAA {} v1a,x", text("signature"));
        let headers = [
            ("webhook-id", text("id")),
            ("webhook-timestamp", text("timestamp")),
            ("webhook-signature", &signature),
        ];
        let found = post(&account, URL, &headers, text("body"));
        match text("outcome") {
            "taken" => {
                let found: Vec<_> = found.unwrap().reports.iter().map(short).collect();
                assert_eq!(found, ["delivered - t-1 -", "failed invalid - t-2 -"]);
                // The gateway keeps the id where it posts again.
                let once = |headers: &[(&str, &str)]| -> Vec<Option<String>> {
                    let found = post(&account, URL, headers, text("body")).unwrap().reports;
                    found.into_iter().map(|report| report.once).collect()
                };
                assert_eq!(once(&headers), [None, Some(format!("{}/1", text("id")))]);
                let other = text("body").replace("t-1", "t-3");
                assert_eq!(post(&account, URL, &headers, &other), Err(Refusal::Forged));
            }
            "old" => assert_eq!(found, Err(Refusal::Old), "{}", case["name"]),
            _ => assert_eq!(found, Err(Refusal::Forged), "{}", case["name"]),
        }
    }
    assert_eq!(post(&account, URL, &[], "[]"), Err(Refusal::Forged));
}

/// What closes an address counts once, as the address may be opened again: each report of that kind
/// is known when it comes a second time.
#[test]
fn what_closes_an_address_is_known_when_it_comes_again() {
    let aliyun = |code: &str| {
        json!([{"phone_number": "13812345678", "success": false, "err_code": code,
            "biz_id": "9006^0", "out_id": "t-1"}])
    };
    let up = |sequence: i64| json!([{"phone_number": "13812345678", "content": "TD", "sequence_id": sequence}]);
    let tencent = |sid: &str, code: &str| {
        json!([{"nationcode": "86", "mobile": "13812345678", "report_status": "FAIL",
            "errmsg": code, "sid": sid}])
    };
    let mail = |id: &str, kind: &str| {
        json!({"id": id, "type": kind, "data": {"env_id": "600000", "rcpt": "ann@mail.example",
            "failed_type": "SmtpNxBox"}})
    };
    let bounce = json!({"eventType": "Bounce", "mail": {"messageId": "0100"},
        "bounce": {"bounceType": "Permanent", "bouncedRecipients": [
            {"emailAddress": "ann@mail.example"}, {"emailAddress": "bob@mail.example"}]}});
    let ses = |post: &str| {
        let mut note = sns("Notification", TOPIC, &bounce);
        note["MessageId"] = json!(post);
        note
    };
    use Vendor::{AliyunSms, DirectMail, Ses, TencentSms};
    let once = |vendor, body: &Json| -> Vec<String> {
        reports(vendor, body).into_iter().map(|report| report.once.unwrap()).collect()
    };
    for (vendor, one, other) in [
        (AliyunSms, aliyun("MOBILE_IN_BLACK"), aliyun("USER_REJECT")),
        (AliyunSms, up(1), up(2)),
        (TencentSms, tencent("1:a", "MK:0001"), tencent("1:b", "MK:0001")),
        (TencentSms, tencent("1:a", "MK:0001"), tencent("1:a", "MBBLACK")),
        (DirectMail, mail("e1", "dm:Deliver:Fail"), mail("e2", "dm:Deliver:Fail")),
        (DirectMail, mail("", "dm:Deliver:Fail"), mail("", "dm:Feedback:FblReport")),
        (Ses, ses("m1"), ses("m2")),
    ] {
        let found = once(vendor, &one);
        assert_eq!(found, once(vendor, &one), "{vendor:?}");
        assert!(found.iter().all(|id| !once(vendor, &other).contains(id)), "{vendor:?} {found:?}");
        // Each address of a report counts for itself.
        assert_eq!(found.len(), if vendor == Ses { 2 } else { 1 }, "{vendor:?}");
        assert!(found.len() < 2 || found[0] != found[1], "{found:?}");
    }
    let delivered = json!([{"phone_number": "13812345678", "success": true, "biz_id": "9006^0"}]);
    assert_eq!(reports(AliyunSms, &delivered)[0].once, None, "it changes nothing but its attempt");
}

#[test]
fn some_vendors_post_nothing() {
    use Vendor::*;
    for vendor in [Jpush, Fcm, WecomRobot] {
        assert!(!account(vendor).capability().reports, "{vendor:?}");
        assert_eq!(post(&account(vendor), URL, &[], "[]"), Err(Refusal::NotExpected), "{vendor:?}");
    }
    for vendor in [WecomApp, WechatTemplate, WechatSubscribe] {
        let (settings, mut secrets) = parts(vendor);
        secrets["callback_token"] = Json::Null;
        secrets["encoding_aes_key"] = Json::Null;
        let without = Account::read(vendor, &settings, &secrets).unwrap();
        // Even a signature of the empty token says nothing.
        let url =
            format!("{URL}?signature=da39a3ee5e6b4b0d3255bfef95601890afd80709&timestamp=&nonce=");
        assert_eq!(
            post(&without, &url, &[], "<xml></xml>"),
            Err(Refusal::NotExpected),
            "{vendor:?}"
        );
    }
}

#[test]
fn a_report_never_shows_an_address() {
    let body = json!([{"phone_number": "13812345678", "content": "TD"}]);
    let found = reports(Vendor::AliyunSms, &body);
    assert!(!format!("{found:?}").contains("138"), "{found:?}");
    assert_eq!(found[0].what, Reported::Unsubscribed);
    let closed = Reported::Failed(Some(ContactState::Blocked));
    assert_ne!(found[0].what, closed);
}
