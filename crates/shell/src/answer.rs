//! Replies, and how the outcome of a command is shown.

use ledger::{Entry, Kind, Zone};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value as Json, json};
use store::{Answer, EntryView, Outcome};

use crate::ids::new_id;
use crate::problem::Problem;

/// A status, headers and a body.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, headers: Vec::new(), body }
    }

    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self::new(status, "application/json", body),
            Err(error) => Problem::Internal(error.to_string()).reply(),
        }
    }

    /// The answer to a caller that asks too often, in the form of the quotas of the host: it may
    /// come again after so many seconds.
    #[must_use]
    pub fn too_many(detail: &str, seconds: i64) -> Self {
        let body = json!({
            "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
            "title": "Too many requests",
            "status": 429,
            "detail": detail,
            "instance": format!("urn:uuid:{}", new_id()),
        });
        let reply = Self::new(429, "application/problem+json", body.to_string());
        reply.with("retry-after", &seconds.to_string())
    }

    /// A body that is no JSON.
    #[must_use]
    pub fn text(status: u16, content_type: &'static str, body: String) -> Self {
        Self::new(status, content_type, body)
    }

    /// No body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::new(status, "application/json", String::new())
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The same with another body of its kind.
    #[must_use]
    pub fn saying(self, body: String) -> Self {
        Self { body, ..self }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header that it has.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// Adds a field to a body that is a JSON object.
    #[must_use]
    pub fn and(mut self, name: &str, value: Json) -> Self {
        if let Ok(Json::Object(mut body)) = serde_json::from_str(&self.body) {
            body.insert(name.to_owned(), value);
            self.body = Json::Object(body).to_string();
        }
        self
    }

    /// The same, for nobody to keep on the way.
    #[must_use]
    pub fn private(self) -> Self {
        self.with("cache-control", "no-store")
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What a command wrote, as every mutation answers: the entry it asked for, further ones that it
/// asked for, those that came along, and the balance after all of them.
pub(crate) struct Written<'a>(pub(crate) &'a Answer, pub(crate) Zone);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Answer { entries, primary, .. }, zone) = self;
        let shown = |entry| EntryView(entry, *zone);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("entry", &entries.get(*primary).map(shown))?;
        let others = entries
            .iter()
            .enumerate()
            .filter(|(index, _)| index != primary)
            .map(|(_, entry)| entry);
        let (asked, came_along): (Vec<&Entry>, Vec<&Entry>) =
            others.partition(|entry| is_asked(entry));
        if !asked.is_empty() {
            map.serialize_entry("also_asked", &asked.into_iter().map(shown).collect::<Vec<_>>())?;
        }
        map.serialize_entry("follow_ups", &came_along.into_iter().map(shown).collect::<Vec<_>>())?;
        map.serialize_entry("balance", &entries.last().map(|entry| entry.balance_after))?;
        map.end()
    }
}

/// Whether an entry beside the one that was asked for was asked for, too: the last approval of what
/// is executed with it, points spent that come back with an order, and all redemptions that are
/// recovered at once. Told from the entries, so that a replay says the same. What a return takes of
/// tier gifts names its cause, and comes along.
fn is_asked(entry: &Entry) -> bool {
    match entry.kind() {
        Kind::Approve => true,
        Kind::Reverse => {
            entry.cause.is_none() || !entry.lots.returns.is_empty() || !entry.lots.grants.is_empty()
        }
        _ => false,
    }
}

/// An erasure takes the free texts out of what it ended along with the account, so that its first
/// answer is that of a replay.
fn without_texts_of_the_erased(answer: &mut Answer) {
    let Answer { entries, primary, .. } = answer;
    if entries.get(*primary).is_none_or(|entry| entry.kind() != Kind::Erase) {
        return;
    }
    for (_, entry) in entries.iter_mut().enumerate().filter(|(index, _)| index != primary) {
        entry.clear_texts();
    }
}

/// Shows what became of a command; days are those of the programme's zone.
pub(crate) fn show(outcome: Outcome, zone: Zone) -> Result<Reply, Problem> {
    match outcome {
        Outcome::Done(mut answer) => {
            without_texts_of_the_erased(&mut answer);
            // A profile that replaces another creates nothing; told from the entry, so that a
            // replay has the same status.
            let replaces = answer
                .entries
                .get(answer.primary)
                .is_some_and(|e| e.kind() == Kind::Profile && e.sequence.0 > 1);
            let reply = Reply::json(if replaces { 200 } else { 201 }, &Written(&answer, zone));
            Ok(if answer.replayed { reply.with("idempotent-replayed", "true") } else { reply })
        }
        Outcome::Refused { refusal, id, replayed } => {
            Err(Problem::Refused { refusal, id, replayed })
        }
        Outcome::KeyReused => Err(Problem::IdempotencyKeyReused),
        Outcome::Nothing(_) => Err(Problem::Internal("a command wrote nothing".to_owned())),
    }
}
