//! Every row of a vendor's table, asked once: what follows in the host's databases, and whether the
//! message goes again.

use channels::{Repeat, Row, Scope, Then, Vendor};
use reach::ContactState;
use serde_json::{Value as Json, json};

use crate::desk::{Desk, Sent};

pub fn every_row_is_asked_once(desk: &mut Desk) {
    for row in desk.vendor.table().rows {
        let code = row.code.strip_suffix('*').map_or(row.code.to_owned(), |part| {
            // A beginning of another code's.
            format!("{part}{}Whatever", if part.contains('.') { "" } else { "." })
        });
        if is_of_tokens(desk.vendor, &code) {
            refuses_tokens(desk, row, &code);
        } else {
            follows(desk, row, &code);
        }
        desk.resumes();
    }
}

/// Codes that come where a token is fetched.
fn is_of_tokens(vendor: Vendor, code: &str) -> bool {
    match vendor {
        Vendor::Fcm => code.starts_with("invalid_") || code == "unauthorized_client",
        Vendor::WecomApp => ["40001", "40013", "41004"].contains(&code),
        Vendor::WechatTemplate | Vendor::WechatSubscribe => {
            ["40002", "40013", "40125", "40164", "40243", "41002", "41004"].contains(&code)
        }
        _ => false,
    }
}

fn refuses_tokens(desk: &mut Desk, row: &Row, code: &str) {
    desk.sleeps();
    let sent = desk.buys(&[json!({"code": code, "at": "token"})]);
    assert_eq!((sent.kinds.as_slice(), sent.states.as_str()), (&["token".into()][..], "none due"));
    assert!(matches!(row.then, Then::Pause), "{code}");
    is_paused(desk, row);
}

fn follows(desk: &mut Desk, row: &Row, code: &str) {
    let status = code.strip_prefix("HTTP ").map(|status| status.parse::<u16>().unwrap());
    let mut answer = status.map_or(json!({"code": code}), |status| json!({"status": status}));
    answer["drops_token"] = json!(row.then == Then::Renew);
    let sent = desk.buys(&[answer]);
    let (count, states) = (sent.messages.len(), sent.states.as_str());
    let what = format!("{} {code}: {states}", desk.vendor.as_str());
    match row.then {
        Then::Accepted => assert_eq!((count, states), (1, "accepted sent"), "{what}"),
        Then::Retry { after_s, scope } => {
            assert_eq!((count, states), (1, "retry due"), "{what}");
            let rests_s = desk.rests_s();
            match scope {
                Scope::Account => assert!((after_s..after_s + 60).contains(&rests_s), "{what}"),
                Scope::Message => assert_eq!(rests_s, 0, "{what}"),
            }
            is_early(desk, &what);
            goes_again(desk, &sent, after_s, &what);
            desk.sleeps();
        }
        Then::Renew => {
            assert_eq!((count, states), (2, "accepted sent"), "{what}");
            assert_eq!(sent.kinds[sent.kinds.len() - 3..], ["send", "token", "send"], "{what}");
            assert_ne!(sent.messages[0]["token"], sent.messages[1]["token"], "{what}");
        }
        Then::Pause => {
            assert_eq!((count, states), (1, "retry due"), "{what}");
            is_paused(desk, row);
        }
        Then::Refused(state) => {
            assert_eq!((count, states), (1, "failed failed"), "{what}");
            let error = desk.text("SELECT error FROM touch ORDER BY no DESC LIMIT 1");
            assert!(error.contains(row.text), "{what}: {error}");
            let expected = state.unwrap_or(ContactState::Open);
            assert_eq!(desk.contact(), expected.as_str(), "{what}");
            if state.is_some() {
                desk.moves();
            }
        }
        Then::Unknown => is_unknown(desk, &sent, &what),
    }
}

/// A person is told why nothing goes out, and then it goes.
fn is_paused(desk: &mut Desk, row: &Row) {
    let why = desk.paused_because();
    assert!(why.contains(row.text), "{}: {why}", row.code);
    assert!(desk.delivers(&[]).kinds.is_empty(), "{}", row.code);
    desk.resumes();
    let sent = desk.delivers(&[]);
    assert_eq!((sent.messages.len(), sent.states.as_str()), (1, "accepted sent"), "{}", row.code);
}

/// Nothing goes out before its time.
fn is_early(desk: &Desk, what: &str) {
    assert!(desk.delivers(&[]).kinds.is_empty(), "{what}");
}

/// The same message goes once more after some seconds, and is taken.
pub fn goes_again(desk: &mut Desk, sent: &Sent, after_s: i64, what: &str) {
    desk.passes(after_s + 61);
    let again = desk.delivers(&[]);
    assert_eq!((again.messages.len(), again.states.as_str()), (1, "accepted sent"), "{what}");
    for name in ["to", "id", "text", "reserved"] {
        assert_eq!(again.messages[0][name], sent.messages[0][name], "{what} {name}");
    }
}

/// What the vendor may have goes again only where it delivers one id once.
pub fn is_unknown(desk: &mut Desk, sent: &Sent, what: &str) {
    let states = if desk.can.repeat == Repeat::Never { "unknown unknown" } else { "again due" };
    assert_eq!((sent.messages.len(), sent.states.as_str()), (1, states), "{what}");
    if desk.can.repeat == Repeat::Never {
        desk.resumes();
        desk.passes(600);
        assert_eq!(desk.delivers(&[]).kinds, Vec::<String>::new(), "{what}");
        desk.sleeps();
        assert_eq!(desk.delivers(&[]).kinds, Vec::<String>::new(), "{what}");
        assert_eq!(desk.states(), states, "{what}");
    } else {
        is_early(desk, what);
        desk.resumes();
        goes_again(desk, sent, 30, what);
    }
}

/// A status that a table need not have.
pub fn row_of(desk: &Desk, status: u16) -> Option<&'static Row> {
    desk.vendor.table().find(&format!("HTTP {status}"))
}

/// An answer without a body.
pub fn status(status: u16) -> Json {
    json!({"status": status})
}
