//! What happens between us and a vendor that no table tells: it has too much to do, fails, hangs up
//! after it heard us, or cannot be reached.

use channels::{Then, Vendor};
use serde_json::json;

use crate::desk::Desk;
use crate::rows::{goes_again, is_unknown, row_of, status};

/// A code that no table has is a refusal, under whatever status: of the message, or of the request.
fn has_a_new_code(desk: &mut Desk) {
    use Vendor::{Sendgrid, TencentSms, Webhook};
    if matches!(desk.vendor, Sendgrid | Webhook) {
        return;
    }
    let sent = desk.buys(&[json!({"code": "98765"})]);
    let states = if desk.vendor == TencentSms { "retry due" } else { "failed failed" };
    assert_eq!(
        (sent.messages.len(), sent.states.as_str()),
        (1, states),
        "{}",
        desk.vendor.as_str()
    );
    assert_eq!(desk.contact(), "open");
    if desk.vendor == TencentSms {
        assert_eq!(desk.paused_because(), "answers 98765 with HTTP 200");
        desk.resumes();
        assert_eq!(desk.delivers(&[]).states, "accepted sent");
    }
}

pub fn what_no_table_tells(desk: &mut Desk) {
    let name = desk.vendor.as_str();
    // It says for how long it wants to be left alone.
    let sent = desk.buys(&[json!({"status": 429, "retry_after": 120})]);
    assert_eq!((sent.messages.len(), sent.states.as_str()), (1, "retry due"), "{name} 429");
    let usual = match row_of(desk, 429).map(|row| row.then) {
        Some(Then::Retry { after_s, .. }) => after_s,
        _ => 0,
    };
    assert!(desk.rests_s() >= usual.max(120), "{name} 429");
    goes_again(desk, &sent, usual.max(120), "429");
    // A proxy on the way says so in another encoding.
    let sent = desk.buys(&[json!({"status": 503, "gbk": true})]);
    assert_eq!((sent.messages.len(), sent.states.as_str()), (1, "retry due"), "{name} 503");
    let rests_s = desk.rests_s();
    assert!(rests_s >= 29, "{name} 503: {rests_s}");
    goes_again(desk, &sent, rests_s, "503");

    has_a_new_code(desk);
    for answer in [status(502), json!({"cut": true})] {
        let sent = desk.buys(std::slice::from_ref(&answer));
        is_unknown(desk, &sent, &format!("{name} {answer}"));
        desk.resumes();
    }

    // A connection that nobody takes is no message that somebody may have.
    desk.buys(&[]);
    desk.fake.door(false);
    let nobody = desk.buys(&[]);
    assert_eq!((nobody.kinds.len(), nobody.states.as_str()), (0, "retry due"), "{name}");
    desk.fake.door(true);
    desk.resumes();
    desk.passes(61);
    let sent = desk.delivers(&[]);
    assert_eq!((sent.messages.len(), sent.states.as_str()), (1, "accepted sent"), "{name}");
}
