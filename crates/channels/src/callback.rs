//! What vendors post to us.

use std::fmt;

use reach::ContactState;
use serde_json::Value as Json;

use crate::table::{Table, Then};

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// How far the instant of a signed post may be from ours, in seconds: a copy that somebody sends
/// again later tells nothing.
const LEEWAY_S: i64 = 300;
/// The longest id of a vendor that is kept.
const MAX_ID: usize = 256;

/// A post of a vendor's, or its check of the address.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The address as the vendor has it, with its query.
    pub url: &'a str,
    /// Header fields.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a str,
    /// The instant, in milliseconds since 1970.
    pub now_ms: i64,
}

impl fmt::Debug for Callback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of a vendor", self.method)
    }
}

impl<'a> Callback<'a> {
    pub(crate) const fn is_too_long(&self) -> bool {
        self.body.len() > MAX_BODY
    }

    /// Refuses a post that was signed too long ago, or in the future.
    pub(crate) fn is_fresh(&self, second: i64) -> Result<(), Refusal> {
        self.is_within(second, LEEWAY_S)
    }

    /// Refuses a post that was signed more than so many seconds ago, or in the future. For vendors
    /// that post again what they signed before: their reports must count once.
    pub(crate) fn is_within(&self, second: i64, oldest_s: i64) -> Result<(), Refusal> {
        let age = self.now_ms.div_euclid(1000).saturating_sub(second);
        (-LEEWAY_S..=oldest_s).contains(&age).then_some(()).ok_or(Refusal::Old)
    }

    /// The value of a field; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &'a str {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    /// A value of the query; empty where there is none.
    pub(crate) fn query(&self, name: &str) -> String {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        let found = crate::encode::pairs(query).into_iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Json, Refusal> {
        serde_json::from_str(self.body).map_err(|_| Refusal::Unreadable)
    }

    /// The reports of a body that is a JSON list.
    pub(crate) fn list(
        &self,
        read: impl Fn(&Json) -> Option<Report>,
    ) -> Result<Vec<Report>, Refusal> {
        let json = self.json()?;
        let list = json.as_array().ok_or(Refusal::Unreadable)?;
        Ok(list.iter().filter_map(read).collect())
    }
}

/// Why a post is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The vendor posts nothing, or the account lacks the secret by which it would be known.
    NotExpected,
    /// It is not signed by the vendor.
    Forged,
    /// It is signed, but long ago, or in the future.
    Old,
    /// It is not what the vendor sends.
    Unreadable,
}

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It reached the device or the mailbox.
    Delivered,
    /// It did not; and what is known of the address from now on.
    Failed(Option<ContactState>),
    /// It came back for good: [`ContactState::Bounced`].
    Bounced,
    /// Its reader complained: [`ContactState::Complained`].
    Complained,
    /// Its reader wants no more of them.
    Unsubscribed,
}

/// What a vendor tells of a message, or of an address. `Debug` leaves the address out.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// The vendor's id of the message.
    pub provider_id: Option<String>,
    /// Our id of the message, where the vendor gives it back.
    pub message_id: Option<String>,
    /// The address, where the report names one.
    pub to: Option<String>,
    /// What it says.
    pub what: Reported,
    /// Why, in words of ours and codes of the vendor's.
    pub why: String,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// By what it is known when it comes again, of vendors that sign no instant or post again what
    /// they signed long ago: it counts once.
    pub once: Option<String>,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.provider_id.as_ref().or(self.message_id.as_ref());
        write!(f, "{:?} {} ({})", self.what, id.map_or("", String::as_str), self.why)
    }
}

impl Report {
    pub(crate) fn new(what: Reported, why: impl Into<String>) -> Self {
        let (provider_id, message_id, to, at_ms, once) = (None, None, None, None, None);
        Self { provider_id, message_id, to, what, why: why.into(), at_ms, once }
    }

    /// With ids that can be ours or the vendor's. `None` where nothing tells of whom it speaks.
    pub(crate) fn of(
        mut self,
        provider_id: Option<&str>,
        message_id: Option<&str>,
        to: Option<&str>,
    ) -> Option<Self> {
        let plain = |text: Option<&str>| {
            let holds = |text: &&str| {
                (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
            };
            text.filter(holds).map(str::to_owned)
        };
        (self.provider_id, self.message_id) = (plain(provider_id), plain(message_id));
        self.to = plain(to);
        let is_known = self.provider_id.is_some() || self.message_id.is_some() || self.to.is_some();
        is_known.then_some(self)
    }

    /// Known by the id of a post. What changes nothing but its attempt needs none.
    pub(crate) fn once(mut self, id: Option<&str>) -> Self {
        let id = id.filter(|_| self.lasts());
        self.once = id.map(|id| id.chars().take(MAX_ID).collect());
        self
    }

    /// Whether nothing changes where it comes again.
    pub(crate) const fn counts_once(&self) -> bool {
        self.once.is_some() || !self.lasts()
    }

    /// Whether it tells of the address, which may be opened again meanwhile, or of a consent.
    const fn lasts(&self) -> bool {
        !matches!(self.what, Reported::Delivered | Reported::Failed(None))
    }

    pub(crate) const fn at(mut self, at_ms: Option<i64>) -> Self {
        self.at_ms = at_ms;
        self
    }
}

/// A failure with a vendor's code: the table says what it means for the address.
pub(crate) fn failed(table: &Table, code: &str) -> Report {
    let short: String = code.chars().filter(char::is_ascii_graphic).take(64).collect();
    match table.find(code) {
        Some(row) => {
            let contact = match row.then {
                Then::Refused(contact) => contact,
                _ => None,
            };
            Report::new(Reported::Failed(contact), format!("{} ({short})", row.text))
        }
        None => Report::new(Reported::Failed(None), format!("was not delivered ({short})")),
    }
}

/// What to answer the vendor, with status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A post that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What it reports.
    pub reports: Vec<Report>,
    /// What to answer.
    pub response: Response,
    /// An address of the vendor's to be fetched once: only then it posts reports.
    pub confirm: Option<String>,
}

impl Received {
    pub(crate) fn json(reports: Vec<Report>, body: &str) -> Self {
        let response = Response { content_type: "application/json", body: body.to_owned() };
        Self { reports, response, confirm: None }
    }

    pub(crate) fn text(reports: Vec<Report>, body: impl Into<String>) -> Self {
        let response = Response { content_type: "text/plain", body: body.into() };
        Self { reports, response, confirm: None }
    }
}

/// Whole answers that ask for no more messages, without spaces and punctuation.
const WORDS: [&str; 13] = [
    "R",
    "T",
    "TD",
    "N",
    "QX",
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
/// An answer that begins or ends with one of these asks for no more.
const PARTS: [&str; 5] = ["退订", "拒收", "取消订阅", "UNSUBSCRIBE", "TD"];
/// What members repeat of "reply R to leave".
const REPLIES: [&str; 4] = ["请回复", "回复", "请回", "回"];

/// Whether a text that came back asks for no more messages. Full-width letters count as others;
/// spaces and punctuation do not count.
pub(crate) fn asks_to_stop(text: &str) -> bool {
    let narrow = |c: char| match c {
        '！'..='～' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        other => other,
    };
    let letters = text.chars().map(narrow).filter(|c| c.is_alphanumeric());
    let text: String = letters.flat_map(char::to_uppercase).collect();
    let bare = REPLIES.iter().find_map(|reply| text.strip_prefix(*reply)).unwrap_or(&text);
    // TD is two letters: not where it is the start or end of another word in Latin letters.
    let has = |part: &str| {
        let rest = bare.strip_prefix(part).or_else(|| bare.strip_suffix(part));
        rest.is_some_and(|rest| part != "TD" || no_latin(rest))
    };
    bare == "取消" || WORDS.contains(&bare) || PARTS.into_iter().any(has)
}

/// Whether no letter of ASCII is in a text.
fn no_latin(text: &str) -> bool {
    !text.contains(|c: char| c.is_ascii_alphabetic())
}
