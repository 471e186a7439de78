//! Tokens that some vendors want in place of a secret.

use serde_json::Value as Json;

use crate::answer::{Answer, Heard};
use crate::outcome::{Outcome, Said, outcome, unheard};
use crate::secret::Secret;
use crate::table::Table;

/// Seconds before its end that a token is used no more.
const MARGIN_S: i64 = 300;
/// The longest that a token is used, in seconds.
const LONGEST_S: i64 = 7_200;
/// The longest token, in bytes.
const MAX_TOKEN: usize = 4_096;

/// A token that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What requests carry.
    pub text: Secret,
    /// For how many seconds it may be used.
    pub lasts_s: i64,
}

/// What came of asking for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOutcome {
    /// A token.
    Token(Token),
    /// None now: ask again.
    Retry {
        /// Seconds to wait at least.
        after_s: i64,
        /// Why.
        why: String,
    },
    /// The vendor gives none: a person must see to the account.
    Pause {
        /// Why.
        why: String,
    },
}

/// Reads `access_token` and `expires_in`, or the code that `code` finds. Asking twice does no harm,
/// so what is not known is asked again; what is refused pauses the account.
pub(crate) fn read(table: &Table, heard: &Heard, code: fn(&Json) -> Said) -> TokenOutcome {
    let answer = match heard {
        Heard::Answer(answer) => answer,
        Heard::NotConnected => return follow(unheard(false, true)),
        Heard::Nothing => return follow(unheard(true, true)),
    };
    let json = answer.json();
    match token(&json).filter(|_| answer.is_success()) {
        Some(token) => TokenOutcome::Token(token),
        None => follow(asked(table, &json, answer, code)),
    }
}

fn asked(table: &Table, json: &Json, answer: &Answer, code: fn(&Json) -> Said) -> Outcome {
    let said = match code(json) {
        Said::Taken(_) => Said::Nothing,
        said => said,
    };
    outcome(table, said, answer, true)
}

fn follow(outcome: Outcome) -> TokenOutcome {
    match outcome {
        Outcome::Retry { after_s, why, .. } => TokenOutcome::Retry { after_s, why },
        Outcome::Accepted { .. } => TokenOutcome::Pause { why: "gives no token".to_owned() },
        Outcome::Renew { why }
        | Outcome::Pause { why }
        | Outcome::Refused { why, .. }
        | Outcome::Unknown { why } => TokenOutcome::Pause { why },
    }
}

fn token(json: &Json) -> Option<Token> {
    let text = json.get("access_token")?.as_str()?;
    // It goes into addresses and header fields.
    let holds = (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let lasts = json.get("expires_in").and_then(Json::as_i64).unwrap_or_default();
    let lasts_s = lasts.min(LONGEST_S).saturating_sub(MARGIN_S).max(0);
    holds.then(|| Token { text: Secret::new(text), lasts_s })
}
