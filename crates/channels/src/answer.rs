//! What a vendor answered.

use std::fmt;

use serde_json::Value as Json;

/// The longest body that is read, in bytes. A longer one counts as unreadable.
const MAX_BODY: usize = 256 * 1024;

/// An answer over HTTP. `Debug` shows the status only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// An answer as it came. What is not UTF-8 in its body is replaced; one that is too long, or
    /// did not come whole (`None`), says nothing. The status tells what it tells in any case.
    #[must_use]
    pub fn of(status: u16, headers: Vec<(String, String)>, body: Option<Vec<u8>>) -> Self {
        let body = body.filter(|body| body.len() <= MAX_BODY).unwrap_or_default();
        Self { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// The longest body that is read, in bytes.
    pub const MAX_BODY: usize = MAX_BODY;

    /// The value of a field whose name is compared without capitals.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `null` where it is none.
    pub(crate) fn json(&self) -> Json {
        if self.body.len() > MAX_BODY {
            return Json::Null;
        }
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..300)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered {}", self.status)
    }
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The vendor answered.
    Answer(Answer),
    /// There was no connection: the vendor cannot have the request.
    NotConnected,
    /// The request went out, and no whole answer came: the vendor may have it.
    Nothing,
}
