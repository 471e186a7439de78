//! What answers mean: the rows of the design as they were written down, then every row of every
//! table, then what holds for all vendors.

use channels::{Answer, Heard, Message, Outcome, Scope, Then, Vendor};
use serde_json::{Value as Json, json};

use crate::support::{account, answer, message, outcome, said, short};

/// Whom a vendor's answer was given, and what follows.
#[test]
fn answers_of_vendors_and_what_follows() {
    use Vendor::*;
    let sms = |code: &str| json!({"Code": code});
    let tencent = |code: &str, id: &str| {
        json!({"Response": {"SendStatusSet": [
            {"Code": code, "SerialNo": id, "PhoneNumber": "+8613812345678"},
        ]}})
    };
    let failed = |code: &str| json!({"Response": {"Error": {"Code": code}}});
    let wx = |code: i64| json!({"errcode": code, "errmsg": "m"});
    let jp = |code: i64| json!({"error": {"code": code, "message": "m"}});
    let fcm = |code: &str| json!({"error": {"status": "S", "details": [{"errorCode": code}]}});
    let tw = |code: i64| json!({"code": code, "message": "m"});
    let day = 86_400;
    for (vendor, status, body, expected) in [
        // Alibaba Cloud SMS.
        (AliyunSms, 200, json!({"Code": "OK", "BizId": "9006^0"}), "accepted 9006^0".to_owned()),
        (AliyunSms, 400, sms("Throttling.User"), "wait 1".to_owned()),
        (AliyunSms, 503, sms("ServiceUnavailable"), "wait 60".to_owned()),
        (AliyunSms, 200, sms("isp.SYSTEM_ERROR"), "unknown".to_owned()),
        (AliyunSms, 500, Json::Null, "unknown".to_owned()),
        (AliyunSms, 200, sms("isv.OUT_OF_SERVICE"), "pause".to_owned()),
        (AliyunSms, 200, sms("isv.AMOUNT_NOT_ENOUGH"), "pause".to_owned()),
        (AliyunSms, 200, sms("isp.RAM_PERMISSION_DENY"), "pause".to_owned()),
        (AliyunSms, 200, sms("isv.SMS_SIGN_ILLEGAL"), "pause".to_owned()),
        (AliyunSms, 200, sms("isv.SMS_TEMPLATE_ILLEGAL"), "pause".to_owned()),
        (AliyunSms, 200, sms("isv.DAY_LIMIT_CONTROL"), "wait 3600".to_owned()),
        (AliyunSms, 200, sms("isv.MOBILE_NUMBER_ILLEGAL"), "refused invalid".to_owned()),
        (AliyunSms, 200, sms("isv.BLACK_KEY_CONTROL_LIMIT"), "refused".to_owned()),
        (AliyunSms, 200, sms("isv.PARAM_NOT_SUPPORT_URL"), "refused".to_owned()),
        (AliyunSms, 200, sms("isv.BUSINESS_LIMIT_CONTROL"), format!("later {day}")),
        (AliyunSms, 200, sms("isv.SOMETHING_NEW"), "refused".to_owned()),
        (AliyunSms, 200, sms("isv.TEMPLATE_PARAMS_ILLEGAL"), "refused".to_owned()),
        (AliyunSms, 200, sms("isv.SMS_TEST_NUMBER_LIMIT"), "pause".to_owned()),
        (AliyunSms, 200, sms(""), "unknown".to_owned()),
        (AliyunSms, 200, json!({"Code": 7}), "refused".to_owned()),
        (AliyunSms, 200, json!({"Code": null}), "unknown".to_owned()),
        (AliyunSms, 500, sms("isv.SOMETHING_NEW"), "unknown".to_owned()),
        (AliyunSms, 400, sms("isv.SOMETHING_NEW"), "refused".to_owned()),
        // Tencent Cloud SMS: HTTP 200 whatever happens, and one status for each number.
        (TencentSms, 200, tencent("Ok", "2028:f5"), "accepted 2028:f5".to_owned()),
        (TencentSms, 200, failed("RequestLimitExceeded"), "wait 1".to_owned()),
        (TencentSms, 200, failed("RequestLimitExceeded.UinLimitExceeded"), "wait 1".to_owned()),
        (TencentSms, 200, failed("InternalError.Timeout"), "unknown".to_owned()),
        (TencentSms, 200, tencent("InternalError.SendAndRecvFail", ""), "unknown".to_owned()),
        (TencentSms, 200, failed("AuthFailure.SignatureFailure"), "pause".to_owned()),
        (
            TencentSms,
            200,
            tencent("FailedOperation.InsufficientBalanceInSmsPackage", ""),
            "pause".to_owned(),
        ),
        (
            TencentSms,
            200,
            tencent("FailedOperation.SignatureIncorrectOrUnapproved", ""),
            "pause".to_owned(),
        ),
        (
            TencentSms,
            200,
            tencent("FailedOperation.TemplateIncorrectOrUnapproved", ""),
            "pause".to_owned(),
        ),
        (
            TencentSms,
            200,
            tencent("FailedOperation.PhoneNumberInBlacklist", ""),
            "refused blocked".to_owned(),
        ),
        (
            TencentSms,
            200,
            tencent("InvalidParameterValue.IncorrectPhoneNumber", ""),
            "refused invalid".to_owned(),
        ),
        (
            TencentSms,
            200,
            tencent("LimitExceeded.PhoneNumberDailyLimit", ""),
            format!("later {day}"),
        ),
        (
            TencentSms,
            200,
            tencent("LimitExceeded.PhoneNumberThirtySecondLimit", ""),
            "later 30".to_owned(),
        ),
        (TencentSms, 200, tencent("InvalidParameterValue.Other", ""), "refused".to_owned()),
        // Codes of the whole request, from the page of codes that all of its services have.
        (TencentSms, 200, failed("IpNotInWhitelist"), "pause".to_owned()),
        (TencentSms, 200, failed("UnsupportedRegion"), "pause".to_owned()),
        (TencentSms, 200, failed("ServiceUnavailable"), "wait 60".to_owned()),
        (TencentSms, 200, failed("ResourceUnavailable"), "wait 60".to_owned()),
        (TencentSms, 200, failed("LimitExceeded"), "wait 3600".to_owned()),
        (TencentSms, 200, failed("SomethingNew"), "pause".to_owned()),
        (TencentSms, 200, tencent("SomethingNew", ""), "refused".to_owned()),
        // Limits of a part rest the other part nothing.
        (TencentSms, 200, failed("LimitExceeded.AppGlobalDailyLimit"), "later 3600".to_owned()),
        (
            TencentSms,
            200,
            failed("LimitExceeded.AppMainlandChinaDailyLimit"),
            "later 3600".to_owned(),
        ),
        (TencentSms, 200, failed("LimitExceeded.DailyLimit"), "later 3600".to_owned()),
        (TencentSms, 200, failed("LimitExceeded.AppDailyLimit"), "wait 3600".to_owned()),
        (
            TencentSms,
            200,
            failed("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"),
            "later 3600".to_owned(),
        ),
        (
            TencentSms,
            200,
            tencent("UnsupportedOperation.GlobalTemplateToChineseMainlandPhone", ""),
            "refused".to_owned(),
        ),
        (TencentSms, 200, json!({"Response": {}}), "unknown".to_owned()),
        // Twilio.
        (Twilio, 201, json!({"sid": "SM1", "status": "queued"}), "accepted SM1".to_owned()),
        (Twilio, 429, tw(20_429), "wait 1".to_owned()),
        (Twilio, 400, tw(30_001), "wait 60".to_owned()),
        (Twilio, 401, tw(20_003), "pause".to_owned()),
        (Twilio, 429, tw(21_611), "wait 60".to_owned()),
        (Twilio, 400, tw(21_610), "refused blocked".to_owned()),
        (Twilio, 400, tw(21_211), "refused invalid".to_owned()),
        (Twilio, 400, tw(21_614), "refused invalid".to_owned()),
        (Twilio, 400, tw(30_007), "refused".to_owned()),
        (Twilio, 500, Json::Null, "unknown".to_owned()),
        (Twilio, 503, Json::Null, "wait 30".to_owned()),
        // Alibaba Cloud DirectMail.
        (
            DirectMail,
            200,
            json!({"EnvId": "600000", "RequestId": "r"}),
            "accepted 600000".to_owned(),
        ),
        (DirectMail, 400, sms("Throttling"), "wait 1".to_owned()),
        (DirectMail, 400, sms("InvalidToAddress"), "refused invalid".to_owned()),
        (DirectMail, 404, sms("InvalidMailAddress.NotFound"), "pause".to_owned()),
        (DirectMail, 500, sms("InternalError"), "unknown".to_owned()),
        // Amazon SES.
        (Ses, 200, json!({"MessageId": "0100"}), "accepted 0100".to_owned()),
        (Ses, 429, json!({"__type": "TooManyRequestsException"}), "wait 1".to_owned()),
        (Ses, 400, json!({"__type": "com.amazon#AccountSuspendedException"}), "pause".to_owned()),
        (Ses, 400, json!({"__type": "MailFromDomainNotVerifiedException"}), "pause".to_owned()),
        (Ses, 400, json!({"__type": "SendingPausedException"}), "pause".to_owned()),
        (Ses, 400, json!({"__type": "MessageRejected"}), "refused".to_owned()),
        (Ses, 502, Json::Null, "unknown".to_owned()),
        // SendGrid.
        (Sendgrid, 202, Json::Null, "accepted -".to_owned()),
        (Sendgrid, 429, Json::Null, "wait 1".to_owned()),
        (Sendgrid, 401, Json::Null, "pause".to_owned()),
        (Sendgrid, 403, Json::Null, "pause".to_owned()),
        (Sendgrid, 400, json!({"errors": [{"message": "m"}]}), "refused".to_owned()),
        (Sendgrid, 504, Json::Null, "unknown".to_owned()),
        (Sendgrid, 200, Json::Null, "unknown".to_owned()),
        // JPush.
        (Jpush, 200, json!({"sendno": "0", "msg_id": "182"}), "accepted 182".to_owned()),
        (Jpush, 200, json!({"sendno": "0", "msg_id": 182}), "accepted 182".to_owned()),
        (Jpush, 429, jp(2002), "wait 60".to_owned()),
        (Jpush, 401, jp(1004), "pause".to_owned()),
        (Jpush, 400, jp(1011), "refused invalid".to_owned()),
        (Jpush, 500, jp(1030), "unknown".to_owned()),
        // Firebase. A second attempt is shown once, so what is not known is tried again.
        (
            Fcm,
            200,
            json!({"name": "projects/demo/messages/1"}),
            "accepted projects/demo/messages/1".to_owned(),
        ),
        (Fcm, 429, fcm("QUOTA_EXCEEDED"), "wait 60".to_owned()),
        (Fcm, 503, fcm("UNAVAILABLE"), "wait 10".to_owned()),
        (Fcm, 500, fcm("INTERNAL"), "later 30".to_owned()),
        (Fcm, 401, json!({"error": {"status": "UNAUTHENTICATED"}}), "renew".to_owned()),
        (Fcm, 401, Json::Null, "renew".to_owned()),
        (Fcm, 404, fcm("UNREGISTERED"), "refused invalid".to_owned()),
        (Fcm, 403, fcm("SENDER_ID_MISMATCH"), "refused invalid".to_owned()),
        (Fcm, 400, fcm("INVALID_ARGUMENT"), "refused invalid".to_owned()),
        (
            Fcm,
            400,
            json!({"error": {"status": "INVALID_ARGUMENT", "details": [{"fieldViolations": []}]}}),
            "refused".to_owned(),
        ),
        // WeCom: `invaliduser` comes with errcode 0.
        (WecomApp, 200, json!({"errcode": 0, "msgid": "m1"}), "accepted m1".to_owned()),
        (
            WecomApp,
            200,
            json!({"errcode": 0, "invaliduser": "zhangsan"}),
            "refused invalid".to_owned(),
        ),
        (
            WecomApp,
            200,
            json!({"errcode": 0, "invaliduser": "", "msgid": "m1"}),
            "accepted m1".to_owned(),
        ),
        (WecomApp, 200, wx(-1), "wait 10".to_owned()),
        (WecomApp, 200, wx(45_009), "wait 60".to_owned()),
        (WecomApp, 200, wx(45_033), "wait 10".to_owned()),
        (WecomApp, 200, wx(40_014), "renew".to_owned()),
        (WecomApp, 200, wx(42_001), "renew".to_owned()),
        (WecomApp, 200, wx(60_020), "pause".to_owned()),
        (WecomApp, 200, wx(48_002), "pause".to_owned()),
        (WecomApp, 200, wx(301_002), "pause".to_owned()),
        (WecomApp, 200, wx(81_013), "refused invalid".to_owned()),
        (WecomApp, 200, wx(82_001), "refused invalid".to_owned()),
        (WecomApp, 200, wx(40_003), "refused invalid".to_owned()),
        (WecomRobot, 200, wx(0), "accepted -".to_owned()),
        (WecomRobot, 200, wx(45_009), "wait 60".to_owned()),
        (WecomRobot, 200, wx(93_000), "pause".to_owned()),
        // WeChat.
        (
            WechatTemplate,
            200,
            json!({"errcode": 0, "msgid": 200_228_332}),
            "accepted 200228332".to_owned(),
        ),
        (WechatTemplate, 200, wx(-1), "wait 10".to_owned()),
        (WechatTemplate, 200, wx(45_009), "wait 3600".to_owned()),
        (WechatTemplate, 200, wx(45_011), "wait 60".to_owned()),
        (WechatTemplate, 200, wx(40_001), "renew".to_owned()),
        (WechatTemplate, 200, wx(42_001), "renew".to_owned()),
        (WechatTemplate, 200, wx(48_001), "pause".to_owned()),
        (WechatTemplate, 200, wx(43_004), "refused blocked".to_owned()),
        (WechatTemplate, 200, wx(50_005), "refused blocked".to_owned()),
        (WechatTemplate, 200, wx(48_002), "refused blocked".to_owned()),
        (WechatTemplate, 200, wx(43_019), "refused blocked".to_owned()),
        (WechatTemplate, 200, wx(40_003), "refused invalid".to_owned()),
        (WechatSubscribe, 200, wx(0), "accepted -".to_owned()),
        (WechatSubscribe, 200, wx(-1), "unknown".to_owned()),
        (WechatSubscribe, 200, wx(45_009), "wait 3600".to_owned()),
        (WechatSubscribe, 200, wx(40_001), "renew".to_owned()),
        (WechatSubscribe, 200, wx(43_101), "refused".to_owned()),
        (WechatSubscribe, 200, wx(47_003), "refused".to_owned()),
        (WechatSubscribe, 200, wx(99_999), "refused".to_owned()),
        (WechatSubscribe, 200, json!({"errmsg": "m"}), "unknown".to_owned()),
        (WechatSubscribe, 200, json!({"errcode": "0"}), "unknown".to_owned()),
        (WecomApp, 200, wx(99_999), "refused".to_owned()),
        // A merchant's gateway.
        (Webhook, 204, Json::Null, "accepted -".to_owned()),
        (Webhook, 200, json!({"id": "g1"}), "accepted g1".to_owned()),
        (Webhook, 410, Json::Null, "pause".to_owned()),
        (Webhook, 500, Json::Null, "later 30".to_owned()),
        (Webhook, 503, Json::Null, "wait 60".to_owned()),
        (Webhook, 422, Json::Null, "refused".to_owned()),
        (Webhook, 302, Json::Null, "pause".to_owned()),
    ] {
        let found = outcome(vendor, &answer(status, &body));
        assert_eq!(short(&found), expected, "{vendor:?} {status} {body}");
    }
}

#[test]
fn every_row_is_read_from_an_answer_of_its_vendor() {
    let mut rows = 0;
    for vendor in Vendor::ALL {
        for row in vendor.table().rows {
            let code = row
                .code
                .strip_suffix('*')
                .map_or(row.code.to_owned(), |start| format!("{start}.Whatever"));
            let heard = said(*vendor, &code);
            let found = outcome(*vendor, &heard);
            let expected = match row.then {
                Then::Accepted => "accepted -".to_owned(),
                Then::Retry { after_s, scope: Scope::Account } => format!("wait {after_s}"),
                Then::Retry { after_s, scope: Scope::Message } => format!("later {after_s}"),
                Then::Renew => "renew".to_owned(),
                Then::Pause => "pause".to_owned(),
                Then::Refused(None) => "refused".to_owned(),
                Then::Refused(Some(state)) => format!("refused {}", state.as_str()),
                Then::Unknown if matches!(*vendor, Vendor::Fcm | Vendor::Webhook) => {
                    "later 30".to_owned()
                }
                Then::Unknown => "unknown".to_owned(),
            };
            assert_eq!(short(&found), expected, "{vendor:?} {code}");
            rows += 1;
        }
    }
    assert!(rows > 250, "{rows} rows");
}

#[test]
fn tables_have_each_code_once_and_say_what_it_means() {
    for vendor in Vendor::ALL {
        let table = vendor.table();
        assert_eq!(table.vendor, *vendor);
        for (index, row) in table.rows.iter().enumerate() {
            let before = &table.rows[..index];
            assert!(before.iter().all(|other| other.code != row.code), "{vendor:?} {}", row.code);
            assert!((5..=60).contains(&row.text.len()), "{vendor:?} {}", row.code);
            if let Then::Retry { after_s, .. } = row.then {
                assert!((1..=86_400).contains(&after_s), "{vendor:?} {}", row.code);
            }
        }
    }
}

/// An address that is none of this account may be one of another; and nobody knows what a code
/// says that no table has.
#[test]
fn some_refusals_may_be_of_the_account() {
    use Vendor::*;
    let doubtful = |heard: &Heard, vendor| match outcome(vendor, heard) {
        Outcome::Refused { is_doubtful, .. } => is_doubtful,
        other => panic!("{vendor:?} {other:?}"),
    };
    for (vendor, code, is_doubtful) in [
        (WechatTemplate, "40003", true),
        (WechatTemplate, "-41000", true),
        (WechatTemplate, "43004", false),
        (WechatTemplate, "47003", false),
        (WechatSubscribe, "40003", true),
        (WechatSubscribe, "43101", false),
        (Fcm, "SENDER_ID_MISMATCH", true),
        (Fcm, "UNREGISTERED", false),
        (WecomApp, "invaliduser", true),
        (WecomApp, "81013", true),
        (WecomApp, "40003", true),
        (WecomApp, "45002", false),
        (Jpush, "1011", true),
        (Jpush, "1003", false),
        (AliyunSms, "isv.MOBILE_NUMBER_ILLEGAL", false),
        (AliyunSms, "isv.SOMETHING_NEW", true),
    ] {
        assert_eq!(doubtful(&said(vendor, code), vendor), is_doubtful, "{vendor:?} {code}");
    }
    assert!(doubtful(&answer(418, &Json::Null), Webhook));
    assert!(!doubtful(&answer(422, &Json::Null), Webhook));
}

/// Which vendors may be asked a second time where nobody knows whether they have the message.
#[test]
fn sms_and_e_mail_are_not_sent_twice() {
    use Vendor::*;
    for vendor in Vendor::ALL {
        let is_safe = matches!(vendor, Fcm | WecomApp | WechatTemplate | Webhook);
        let again = |heard: &Heard| matches!(outcome(*vendor, heard), Outcome::Retry { .. });
        let uncertain = |heard: &Heard| {
            matches!(outcome(*vendor, heard), Outcome::Retry { is_uncertain: true, .. })
        };
        assert!(!uncertain(&Heard::NotConnected) && !uncertain(&answer(503, &Json::Null)));
        assert_eq!(uncertain(&Heard::Nothing), is_safe, "{vendor:?}");
        assert_eq!(uncertain(&answer(502, &Json::Null)), is_safe, "{vendor:?}");
        let unknown = |heard: &Heard| matches!(outcome(*vendor, heard), Outcome::Unknown { .. });
        assert!(again(&Heard::NotConnected), "{vendor:?}");
        assert_eq!(again(&Heard::Nothing), is_safe, "{vendor:?}");
        assert_eq!(unknown(&Heard::Nothing), !is_safe, "{vendor:?}");
        for status in [408, 500, 501, 502, 504, 520, 599] {
            let heard = answer(status, &Json::Null);
            assert_eq!(again(&heard), is_safe, "{vendor:?} {status}");
            assert_eq!(unknown(&heard), !is_safe, "{vendor:?} {status}");
        }
        for status in [429, 503] {
            assert!(again(&answer(status, &Json::Null)), "{vendor:?} {status}");
        }
        // Success that says nothing: it may have been taken.
        let heard = answer(200, &json!({"what": "ever"}));
        let is_taken = matches!(vendor, Webhook);
        let is_accepted = matches!(outcome(*vendor, &heard), Outcome::Accepted { .. });
        assert_eq!(is_accepted, is_taken, "{vendor:?}");
    }
    // With what was reserved before, JPush may be asked again.
    let with = Message { reserved: Some("cid-1".to_owned()), ..message(Jpush) };
    for heard in [Heard::Nothing, said(Jpush, "1030"), answer(502, &Json::Null)] {
        let found = account(Jpush).outcome(std::slice::from_ref(&with), &heard);
        assert!(matches!(found[..], [Outcome::Retry { .. }]), "{heard:?}");
        assert!(matches!(outcome(Jpush, &heard), Outcome::Unknown { .. }), "{heard:?}");
    }
}

#[test]
fn a_vendor_may_ask_for_a_longer_wait() {
    for (asked, expected) in [
        ("5", "wait 30"),
        ("120", "wait 120"),
        (" 90 ", "wait 90"),
        ("9999999", "wait 86400"),
        ("-5", "wait 30"),
        ("soon", "wait 30"),
        ("99999999999999999999", "wait 30"),
        ("", "wait 30"),
    ] {
        let headers = vec![("Retry-After".to_owned(), asked.to_owned())];
        let heard = Heard::Answer(Answer { status: 503, headers, body: String::new() });
        assert_eq!(short(&outcome(Vendor::Twilio, &heard)), expected, "{asked}");
    }
}

/// A proxy on the way answers in another encoding, or with a whole page: the status counts.
#[test]
fn a_status_counts_whatever_the_body_is() {
    let gbk = || Some(vec![0xb7, 0xfe, 0xce, 0xf1, 0xc6, 0xf7]);
    let long = || Some(vec![b'x'; Answer::MAX_BODY + 1]);
    for vendor in Vendor::ALL {
        for body in [gbk(), long(), None] {
            let heard = |status| Heard::Answer(Answer::of(status, Vec::new(), body.clone()));
            for status in [401, 403, 429, 500, 503] {
                let bare = outcome(*vendor, &answer(status, &Json::Null));
                assert_eq!(outcome(*vendor, &heard(status)), bare, "{vendor:?} {status}");
            }
            // What it took is not known, but by vendors that say so by the status.
            let taken = outcome(*vendor, &heard(200));
            assert_eq!(short(&taken) == "accepted -", *vendor == Vendor::Webhook, "{vendor:?}");
        }
    }
    // What is read is read in spite of a sign that is broken.
    let body =
        [br#"{"Code": "OK", "BizId": "b1", "Message": ""#, &[0xb7, 0xfe][..], b"\"}"].concat();
    let heard = Heard::Answer(Answer::of(200, Vec::new(), Some(body)));
    assert_eq!(short(&outcome(Vendor::AliyunSms, &heard)), "accepted b1");
}

#[test]
fn each_number_of_a_batch_has_an_outcome_of_its_own() {
    let numbers = ["+8613800000001", "+8613800000002", "+8613800000003", "+8613800000004"];
    let batch: Vec<Message> = numbers
        .iter()
        .map(|to| Message { to: (*to).to_owned(), ..message(Vendor::TencentSms) })
        .collect();
    let body = json!({"Response": {"SendStatusSet": [
        {"Code": "Ok", "SerialNo": "b", "PhoneNumber": numbers[1]},
        {"Code": "Ok", "SerialNo": "a", "PhoneNumber": numbers[0]},
        {"Code": "FailedOperation.PhoneNumberInBlacklist", "PhoneNumber": numbers[2]},
    ]}});
    let account = account(Vendor::TencentSms);
    let of = |heard: &Heard| -> Vec<String> {
        account.outcome(&batch, heard).iter().map(short).collect()
    };
    let expected = ["accepted a", "accepted b", "refused blocked", "unknown"];
    assert_eq!(of(&answer(200, &body)), expected);
    assert_eq!(of(&Heard::Nothing), ["unknown"; 4]);
    assert_eq!(of(&said(Vendor::TencentSms, "AuthFailure")), ["pause"; 4]);
    // In another form of the numbers, the order tells.
    let body = json!({"Response": {"SendStatusSet": [
        {"Code": "Ok", "SerialNo": "a", "PhoneNumber": "13800000001"},
        {"Code": "Ok", "SerialNo": "b", "PhoneNumber": "13800000002"},
        {"Code": "Ok", "SerialNo": "c", "PhoneNumber": "13800000003"},
        {"Code": "Ok", "SerialNo": "d", "PhoneNumber": "13800000004"},
    ]}});
    assert_eq!(of(&answer(200, &body)), ["accepted a", "accepted b", "accepted c", "accepted d"]);
}

/// Reasons are kept and shown, so they have nothing in them that a vendor wrote freely.
#[test]
fn reasons_repeat_no_words_of_vendors() {
    let long = "x".repeat(500);
    for code in ["a b\r\nc: d", "<script>", &long] {
        let found = outcome(
            Vendor::AliyunSms,
            &answer(200, &json!({"Code": code, "Message": "+8613812345678"})),
        );
        let Outcome::Refused { why, .. } = found else { panic!("{found:?}") };
        assert!(why.len() < 120 && !why.contains(['\r', '\n']) && !why.contains("138"), "{why}");
    }
    let body = json!({"Code": "OK", "BizId": "a b\r\nc"});
    assert_eq!(short(&outcome(Vendor::AliyunSms, &answer(200, &body))), "accepted -");
    let body = json!({"Code": "OK", "BizId": long.repeat(2)});
    assert_eq!(short(&outcome(Vendor::AliyunSms, &answer(200, &body))), "accepted -");
}
