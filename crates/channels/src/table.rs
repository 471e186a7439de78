//! What a vendor's answers mean, as data: one table for each vendor, one row for each code.

use reach::ContactState;

use crate::account::Vendor;
use crate::outcome::Scope;

/// What follows a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The vendor took the message.
    Accepted,
    /// It was not taken, and may be sent again after that many seconds.
    Retry {
        /// Seconds from now.
        after_s: i64,
        /// What has to wait.
        scope: Scope,
    },
    /// The token counts no more: the same again with another one.
    Renew,
    /// Nothing of this account goes out until a person has seen to it.
    Pause,
    /// The message will never be taken; and what is known of the address from now on.
    Refused(Option<ContactState>),
    /// The vendor may have taken it.
    Unknown,
}

/// One code and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The vendor's code. With `*` at its end all codes that begin so; `HTTP 404` is a status.
    pub code: &'static str,
    /// What follows.
    pub then: Then,
    /// Whether the account may be what is wrong where a message is refused: an address that is none
    /// of this account is one of another.
    pub is_doubtful: bool,
    /// What it means, for people.
    pub text: &'static str,
}

/// All codes of a vendor that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Whose.
    pub vendor: Vendor,
    /// Exact codes count before beginnings, and longer beginnings before shorter ones.
    pub rows: &'static [Row],
}

impl Table {
    /// The row of a code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&'static Row> {
        if let Some(row) = self.rows.iter().find(|row| row.code == code) {
            return Some(row);
        }
        let begins =
            |row: &&Row| row.code.strip_suffix('*').is_some_and(|start| code.starts_with(start));
        self.rows.iter().filter(begins).max_by_key(|row| row.code.len())
    }
}

/// Seconds of a minute.
pub(crate) const MINUTE: i64 = 60;
/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3_600;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

const fn row(code: &'static str, then: Then, text: &'static str) -> Row {
    Row { code, then, is_doubtful: false, text }
}

pub(crate) const fn accepted(code: &'static str, text: &'static str) -> Row {
    row(code, Then::Accepted, text)
}

/// All messages of the account wait.
pub(crate) const fn wait(code: &'static str, after_s: i64, text: &'static str) -> Row {
    row(code, Then::Retry { after_s, scope: Scope::Account }, text)
}

/// This message waits.
pub(crate) const fn later(code: &'static str, after_s: i64, text: &'static str) -> Row {
    row(code, Then::Retry { after_s, scope: Scope::Message }, text)
}

pub(crate) const fn renew(code: &'static str, text: &'static str) -> Row {
    row(code, Then::Renew, text)
}

pub(crate) const fn pause(code: &'static str, text: &'static str) -> Row {
    row(code, Then::Pause, text)
}

/// The message is refused, and the address stays as it is.
pub(crate) const fn refused(code: &'static str, text: &'static str) -> Row {
    row(code, Then::Refused(None), text)
}

/// The message is refused, and the address is closed.
pub(crate) const fn closed(code: &'static str, state: ContactState, text: &'static str) -> Row {
    row(code, Then::Refused(Some(state)), text)
}

/// So, or the account is wrong.
pub(crate) const fn doubted(code: &'static str, state: ContactState, text: &'static str) -> Row {
    Row { is_doubtful: true, ..closed(code, state, text) }
}

pub(crate) const fn unknown(code: &'static str, text: &'static str) -> Row {
    row(code, Then::Unknown, text)
}
