//! What vendors post: what is signed by them settles messages, addresses and consents, and what is
//! signed by others changes nothing.

use channels::Vendor;
use reach::Channel;
use serde_json::{Value as Json, json};

use crate::desk::Desk;

/// A copy of a post is taken again, as vendors post until they hear an answer.
const TWICE: usize = 2;

pub fn good_ones_count_and_forged_ones_do_not(desk: &mut Desk) {
    if !desk.fake.reports {
        let ask =
            desk.host.ask("POST", desk.callback_url().trim_start_matches("https://points.example"));
        assert_eq!(ask.body("[]").send().status, 404, "{}", desk.vendor.as_str());
        return;
    }
    if desk.can.channel == Channel::Wecom || desk.can.channel == Channel::Wechat {
        // Whether we are there, which the vendor asks before it posts anything.
        assert_eq!(desk.posts(("asks", &json!({})), false), 200, "{}", desk.vendor.as_str());
        assert_eq!(desk.posts(("asks", &json!({})), true), 401, "{}", desk.vendor.as_str());
    }
    if desk.vendor != Vendor::WecomApp {
        let sent = taken(desk);
        forged(desk, ("delivered", &sent), "accepted sent");
        counts(desk, ("delivered", &sent), "delivered sent");
        let sent = taken(desk);
        forged(desk, ("gone", &sent), "accepted sent");
        let (states, contact) = match desk.vendor {
            Vendor::AliyunSms | Vendor::WechatTemplate => ("failed sent", "blocked"),
            Vendor::TencentSms | Vendor::Twilio => ("failed sent", "invalid"),
            Vendor::WechatSubscribe => ("failed sent", "open"),
            _ => ("bounced sent", "bounced"),
        };
        counts(desk, ("gone", &sent), states);
        assert_eq!(desk.contact(), contact, "{}", desk.vendor.as_str());
        desk.moves();
    }
    if has_own_id(desk.vendor) {
        desk.resumes();
        let sent = desk.buys(&[json!({"cut": true})]);
        assert_eq!(sent.states, "unknown unknown");
        let mut sent = sent.messages[0].clone();
        sent["provider_id"] = json!("late-1");
        counts(desk, ("delivered", &sent), "delivered sent");
        desk.resumes();
    }
    if desk.vendor != Vendor::WechatSubscribe {
        let sent = taken(desk);
        let states = desk.states();
        forged(desk, ("leaves", &sent), &states);
        assert_eq!(desk.consent(), "given");
        counts(desk, ("leaves", &sent), &states);
        assert_eq!(desk.consent(), "withdrawn", "{}", desk.vendor.as_str());
        let quiet = desk.buys(&[]);
        assert_eq!((quiet.kinds.len(), quiet.states.as_str()), (0, "none suppressed no_consent"));
    }
}

/// Vendors whose reports name our id, so that what nobody heard of is settled by them.
fn has_own_id(vendor: Vendor) -> bool {
    use Vendor::{AliyunSms, DirectMail, Sendgrid, Ses, Twilio};
    matches!(vendor, AliyunSms | DirectMail | Ses | Sendgrid | Twilio)
}

/// Vendors that are known by the secret in our address alone.
fn signs_nothing(vendor: Vendor) -> bool {
    matches!(vendor, Vendor::AliyunSms | Vendor::TencentSms | Vendor::DirectMail)
}

fn taken(desk: &mut Desk) -> Json {
    desk.passes(61);
    let sent = desk.buys(&[]);
    assert_eq!((sent.messages.len(), sent.states.as_str()), (1, "accepted sent"));
    let message = sent.messages.into_iter().next().unwrap();
    assert!(desk.is_told_where(&message), "{message}");
    message
}

fn counts(desk: &Desk, (what, sent): (&str, &Json), states: &str) {
    for _ in 0..TWICE {
        assert_eq!(desk.posts((what, sent), false), 200, "{} {what}", desk.vendor.as_str());
        assert_eq!(desk.states(), states, "{} {what}", desk.vendor.as_str());
    }
}

fn forged(desk: &Desk, (what, sent): (&str, &Json), states: &str) {
    let url = desk.callback_url();
    let elsewhere = format!("{url}x");
    let (address, it) = (desk.host.address, (what, sent));
    assert_eq!(desk.fake.report(address, &elsewhere, it, false), 404, "another address");
    if !signs_nothing(desk.vendor) {
        assert_eq!(desk.posts(it, true), 401, "{} {what}", desk.vendor.as_str());
    }
    assert_eq!(desk.states(), states, "{} {what}", desk.vendor.as_str());
    assert_eq!(desk.contact(), "open", "{} {what}", desk.vendor.as_str());
}
