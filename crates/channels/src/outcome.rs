//! What an answer means for a message.

use reach::ContactState;

use crate::answer::Answer;
use crate::table::{Table, Then};

/// What has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This message only.
    Message,
    /// All messages of the account.
    Account,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor took it.
    Accepted {
        /// The vendor's id, which reports name.
        provider_id: Option<String>,
    },
    /// It may be sent again: it was not taken, or the vendor delivers the same id once.
    Retry {
        /// Seconds to wait at least.
        after_s: i64,
        /// What has to wait.
        scope: Scope,
        /// Whether the vendor may have it: then only under the same id, and in time.
        is_uncertain: bool,
        /// Why.
        why: String,
    },
    /// The token counts no more: fetch another one and send again, once.
    Renew {
        /// Why.
        why: String,
    },
    /// The account must not be used until a person has seen to it. The message was not taken.
    Pause {
        /// Why.
        why: String,
    },
    /// The message will never be taken.
    Refused {
        /// What the address is from now on; `None`: as before.
        contact: Option<ContactState>,
        /// Whether the account may be what is wrong, and not the message or its address. Where
        /// several members get the same and nobody is reached, it is.
        is_doubtful: bool,
        /// Why.
        why: String,
    },
    /// The vendor may have it. It must not be sent again.
    Unknown {
        /// Why.
        why: String,
    },
}

/// What an adapter reads in an answer about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The vendor took it, under that id.
    Taken(Option<String>),
    /// A code of the vendor's.
    Code(String),
    /// A code of the vendor's that is of the whole request, not of a message.
    Whole(String),
    /// Nothing that can be read.
    Nothing,
}

impl Said {
    /// A code in JSON: a text or a number.
    pub(crate) fn code(code: &serde_json::Value) -> Self {
        match code {
            serde_json::Value::String(code) => Self::Code(code.clone()),
            serde_json::Value::Number(code) => Self::Code(code.to_string()),
            _ => Self::Nothing,
        }
    }
}

/// Seconds to wait where nobody says how long.
const USUAL_WAIT: i64 = 30;
/// The longest wait that a vendor can ask for, in seconds.
const MAX_WAIT: i64 = 86_400;
/// The longest id of a vendor that is kept.
const MAX_PROVIDER_ID: usize = 256;

/// What follows for one message. `can_repeat`: a second attempt cannot reach the member twice.
pub(crate) fn outcome(table: &Table, said: Said, answer: &Answer, can_repeat: bool) -> Outcome {
    let status = answer.status;
    let by_status = format!("HTTP {status}");
    let is_whole = matches!(said, Said::Whole(_));
    let (code, row) = match said {
        Said::Taken(id) if answer.is_success() => {
            return Outcome::Accepted { provider_id: id.and_then(provider_id) };
        }
        Said::Code(code) | Said::Whole(code) if !code.is_empty() && code != "0" => {
            let row = table.find(&code);
            (Some(shown(&code)), row)
        }
        _ => (None, None),
    };
    let asked = retry_after(answer);
    if let Some(row) = row.or_else(|| table.find(&by_status)) {
        let why = format!("{} ({})", row.text, code.unwrap_or(by_status));
        return following((row.then, row.is_doubtful), why, asked, can_repeat);
    }
    let why = match &code {
        None => format!("answers HTTP {status}"),
        Some(code) => format!("answers {code} with HTTP {status}"),
    };
    let wait = Then::Retry { after_s: USUAL_WAIT, scope: Scope::Account };
    let then = match status {
        429 | 503 => wait,
        401 | 403 => Then::Pause,
        // Of vendors that answer 200 to everything the code is the refusal. One of the whole
        // request is hardly about a message.
        200..300 if code.is_some() && is_whole => Then::Pause,
        200..300 if code.is_some() => Then::Refused(None),
        // The request was too slow, or something failed behind the vendor's door.
        200..300 | 408 | 500..600 => Then::Unknown,
        400..500 => Then::Refused(None),
        _ => Then::Pause,
    };
    // Nobody knows what it is about.
    following((then, true), why, asked, can_repeat)
}

/// What follows where no answer came.
pub(crate) fn unheard(was_connected: bool, can_repeat: bool) -> Outcome {
    let retry = |is_uncertain: bool, why: &str| Outcome::Retry {
        after_s: USUAL_WAIT,
        scope: Scope::Account,
        is_uncertain,
        why: why.into(),
    };
    match (was_connected, can_repeat) {
        (false, _) => retry(false, "there was no connection"),
        (true, true) => retry(true, "no answer came in time"),
        (true, false) => Outcome::Unknown { why: "no answer came in time".to_owned() },
    }
}

fn following(
    (then, is_doubtful): (Then, bool),
    why: String,
    asked: i64,
    can_repeat: bool,
) -> Outcome {
    match then {
        Then::Accepted => Outcome::Accepted { provider_id: None },
        Then::Retry { after_s, scope } => {
            Outcome::Retry { after_s: after_s.max(asked), scope, is_uncertain: false, why }
        }
        Then::Renew => Outcome::Renew { why },
        Then::Pause => Outcome::Pause { why },
        Then::Refused(contact) => Outcome::Refused { contact, is_doubtful, why },
        Then::Unknown if can_repeat => Outcome::Retry {
            after_s: asked.max(USUAL_WAIT),
            scope: Scope::Message,
            is_uncertain: true,
            why,
        },
        Then::Unknown => Outcome::Unknown { why },
    }
}

/// A code as it may be kept: of a vendor's own making, so short and plain.
fn shown(code: &str) -> String {
    code.chars().filter(char::is_ascii_graphic).take(64).collect()
}

/// A vendor's id as it may be kept: plain, or none.
fn provider_id(id: String) -> Option<String> {
    let holds =
        (1..=MAX_PROVIDER_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    holds.then_some(id)
}

/// Seconds that the vendor asks to wait (RFC 9110, 10.2.3). A date is not read: then the usual wait
/// counts.
fn retry_after(answer: &Answer) -> i64 {
    let asked = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
    asked.unwrap_or(0).clamp(0, MAX_WAIT)
}
