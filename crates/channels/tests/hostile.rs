//! Input that nobody means well with: it reaches no header, no second recipient and no other host.

use channels::{Callback, Message, Secret, Vendor};

use crate::support::{NOW_MS, account, context, message};

fn path(vendor: Vendor, message: Message) -> String {
    let token = Secret::new("t");
    let found = account(vendor).request(&[message], &context(&token));
    found.err().map_or("taken".to_owned(), |fault| fault.path)
}

#[test]
fn addresses_of_one_member_only() {
    use Vendor::*;
    for (vendor, to) in [
        (AliyunSms, "13812345678"),
        (AliyunSms, "+8613812345678,+8613812345679"),
        (AliyunSms, "+86138 1234 5678"),
        (AliyunSms, "+"),
        (AliyunSms, "+0123456789"),
        (AliyunSms, "+12345678901234567"),
        (TencentSms, "+8613812345678\n"),
        (Twilio, "+1500555000６"),
        (Twilio, "whatsapp:+15005550006"),
        (DirectMail, "ann@mail.example,bob@mail.example"),
        (DirectMail, "ann@mail.example;bob@mail.example"),
        (Ses, "Ann <ann@mail.example>"),
        (Ses, "ann@mail.example\r\nBcc: bob@mail.example"),
        (Ses, "ann@localhost"),
        (Ses, "ann@@mail.example"),
        (Ses, "@mail.example"),
        (Ses, "ann@.example"),
        (Ses, "\"a b\"@mail.example"),
        (Sendgrid, "ann@mail..example"),
        (Sendgrid, "安@mail.example"),
        (Jpush, "a b"),
        (Jpush, ""),
        (Fcm, "a\u{0}b"),
        (WecomApp, "@all"),
        (WecomApp, "zhangsan|lisi"),
        (WecomApp, "张三"),
        (WechatTemplate, "oia2Tj,oia2Tk"),
        (WechatSubscribe, ""),
    ] {
        let other = Message { to: to.to_owned(), ..message(vendor) };
        assert_eq!(path(vendor, other), "/to", "{vendor:?} {to:?}");
    }
}

#[test]
fn line_ends_make_no_header() {
    let token = Secret::new("t\r\nx-evil: 1");
    for vendor in Vendor::ALL {
        let title = Message { title: "a\r\nBcc: bob@mail.example".to_owned(), ..message(*vendor) };
        assert_eq!(path(*vendor, title), "/title", "{vendor:?}");
        for title in ["a\u{2028}b", "a\u{85}b", "a\u{0}b", "a\tb"] {
            let other = Message { title: title.to_owned(), ..message(*vendor) };
            assert_eq!(path(*vendor, other), "/title", "{vendor:?} {title:?}");
        }
        for id in ["", "a b", "a\r\nb", "é", &"x".repeat(65)] {
            let other = Message { id: id.to_owned(), ..message(*vendor) };
            assert_eq!(path(*vendor, other), "/id", "{vendor:?} {id:?}");
        }
        for link in [
            "javascript:alert(1)",
            "https://a.example/\r\nx: y",
            "https://a.example/><x",
            "http://a.example",
            "https://",
        ] {
            let other = Message { link: Some(link.to_owned()), ..message(*vendor) };
            assert_eq!(path(*vendor, other), "/link", "{vendor:?} {link:?}");
            let other = Message { unsubscribe_link: Some(link.to_owned()), ..message(*vendor) };
            assert_eq!(path(*vendor, other), "/unsubscribe_link", "{vendor:?} {link:?}");
        }
        // A token or nonce that is not plain ends no field either.
        let context = channels::Context { nonce: "n\r\nx-evil: 1", ..context(&token) };
        let request = account(*vendor).request(&[message(*vendor)], &context).unwrap();
        for (name, value) in &request.headers {
            assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)), "{vendor:?} {name}");
        }
        assert!(!request.url.contains(['\r', '\n', ' ']), "{vendor:?}");
    }
}

#[test]
fn parameters_and_templates_have_bounds() {
    for vendor in Vendor::ALL {
        let many = vec![("a".to_owned(), "b".to_owned()); 51];
        let other = Message { parameters: many, ..message(*vendor) };
        assert_eq!(path(*vendor, other), "/parameters", "{vendor:?}");
        for (name, value) in [("", "x"), ("a\nb", "x"), ("a", "\u{0}"), ("a", &"x".repeat(2_001))] {
            let parameters = vec![(name.to_owned(), value.to_owned())];
            let other = Message { parameters, ..message(*vendor) };
            assert_eq!(path(*vendor, other), "/parameters/0", "{vendor:?} {name:?}");
        }
        let other = Message { vendor_template_id: Some("a b".to_owned()), ..message(*vendor) };
        assert_eq!(path(*vendor, other), "/vendor_template_id", "{vendor:?}");
        let without = Message { vendor_template_id: None, ..message(*vendor) };
        let expected = match account(*vendor).capability().templates {
            true => "/vendor_template_id",
            false => "taken",
        };
        assert_eq!(path(*vendor, without), expected, "{vendor:?}");
        let huge = Message { text: "x".repeat(200_001), ..message(*vendor) };
        assert_eq!(path(*vendor, huge), "/text", "{vendor:?}");
    }
}

#[test]
fn texts_have_the_bounds_of_their_vendor() {
    use Vendor::*;
    for (vendor, longest) in [(DirectMail, 81_920), (WecomApp, 512), (Fcm, 3_000), (Jpush, 1_490)] {
        let of = |length| Message { text: "x".repeat(length), ..message(vendor) };
        assert_eq!(path(vendor, of(longest)), "taken", "{vendor:?}");
        assert_eq!(path(vendor, of(longest + 1_500)), "/text", "{vendor:?}");
    }
    for vendor in [Twilio, DirectMail, Ses, Sendgrid, Jpush, Fcm, WecomApp] {
        let empty = Message { text: String::new(), ..message(vendor) };
        assert_eq!(path(vendor, empty), "/text", "{vendor:?}");
    }
    for vendor in [DirectMail, Ses, Sendgrid] {
        let empty = Message { title: String::new(), ..message(vendor) };
        assert_eq!(path(vendor, empty), "/title", "{vendor:?}");
    }
    let long = Message { id: "x".repeat(33), ..message(WechatTemplate) };
    assert_eq!(path(WechatTemplate, long), "/id");
}

#[test]
fn tokens_are_needed_where_a_vendor_has_them() {
    for vendor in Vendor::ALL {
        let context = channels::Context::default();
        let found = account(*vendor).request(&[message(*vendor)], &context);
        match account(*vendor).capability().token {
            true => assert_eq!(found.unwrap_err().path, "/token", "{vendor:?}"),
            false => assert!(found.is_ok(), "{vendor:?}"),
        }
    }
}

#[test]
fn posts_that_are_too_long_or_no_json_are_not_read() {
    let huge = "[".repeat(1024 * 1024 + 1);
    let deep = "[".repeat(100_000);
    for vendor in Vendor::ALL {
        for body in [huge.as_str(), &deep, "", "{", "null", "5", "\u{0}", "[[[]]]", "<xml>"] {
            let url = "https://a.example/v1/callbacks/a/b";
            let callback = Callback { method: "POST", url, headers: &[], body, now_ms: NOW_MS };
            if let Ok(received) = account(*vendor).callback(&callback) {
                assert!(received.reports.is_empty() && received.confirm.is_none(), "{vendor:?}");
                assert!(body.len() <= 1024 * 1024, "{vendor:?}");
            }
        }
    }
}

#[test]
fn one_post_is_read_wholly_as_its_length_is_bounded() {
    let item = r#"{"phone_number":"13812345678","success":true,"biz_id":"b"}"#;
    let body = format!("[{}]", vec![item; 5_000].join(","));
    let url = "https://a.example/v1/callbacks/a/b";
    let callback = Callback { method: "POST", url, headers: &[], body: &body, now_ms: NOW_MS };
    let received = account(Vendor::AliyunSms).callback(&callback).unwrap();
    assert_eq!(received.reports.len(), 5_000);
}
