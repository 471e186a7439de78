//! A shop of a programme: one request per line, with a fresh idempotency key for each.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value as Json, json};

use crate::host::OPERATOR;
use crate::http::{Answer, Ask};

/// Sends requests for one programme.
#[derive(Debug, Clone)]
pub struct Shop {
    address: SocketAddr,
    /// The programme.
    pub programme: String,
    /// The key of the requests.
    pub bearer: String,
}

/// The body of a purchase of one line.
pub fn purchase(member: &str, order: &str, amount_minor: i64) -> Json {
    let line = json!({"line_id": "1", "amount": {"amount_minor": amount_minor, "currency": "CNY"}});
    json!({"member_id": member, "event": "purchase", "reference": order, "lines": [line]})
}

impl Shop {
    pub(crate) fn new(address: SocketAddr, programme: &str, bearer: &str) -> Self {
        Self { address, programme: programme.to_owned(), bearer: bearer.to_owned() }
    }

    /// The same shop with another key.
    #[must_use]
    pub fn with_bearer(&self, bearer: &str) -> Self {
        Self::new(self.address, &self.programme, bearer)
    }

    /// The same key for another programme, as the operator names one.
    #[must_use]
    pub fn with_programme(&self, programme: &str) -> Self {
        Self::new(self.address, programme, &self.bearer)
    }

    /// The same shop at a restarted host.
    #[must_use]
    pub fn moved_to(&self, address: SocketAddr) -> Self {
        Self::new(address, &self.programme, &self.bearer)
    }

    /// A request without a body.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        let ask = Ask::new(self.address, method, path).bearer(&self.bearer);
        if method == "GET" { ask } else { ask.key(fresh_key()) }
    }

    /// A read.
    pub fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    /// A command.
    pub fn post(&self, path: &str, body: &Json) -> Ask {
        self.ask("POST", path).body(body.to_string())
    }

    /// A document to store.
    pub fn put(&self, path: &str, body: &Json) -> Ask {
        self.ask("PUT", path).body(body.to_string())
    }

    /// A purchase of one line.
    pub fn buys(&self, member: &str, order: &str, amount_minor: i64) -> Ask {
        self.post("/v1/earn", &purchase(member, order, amount_minor))
    }

    /// An action.
    pub fn does(&self, member: &str, event: &str) -> Ask {
        self.post("/v1/earn", &json!({"member_id": member, "event": event}))
    }

    /// Spending.
    pub fn redeems(&self, member: &str, points: i64) -> Ask {
        self.post("/v1/redeem", &json!({"member_id": member, "points": points}))
    }

    /// Setting points aside.
    pub fn holds(&self, member: &str, points: i64, minutes: u32) -> Ask {
        self.post(
            "/v1/redeem",
            &json!({"member_id": member, "points": points, "hold": {"minutes": minutes}}),
        )
    }

    /// Resolves a hold: `capture` or `release`.
    pub fn resolves(&self, hold: &str, how: &str, body: &Json) -> Ask {
        self.post(&format!("/v1/holds/{hold}/{how}"), body)
    }

    /// Returns the rest of an order.
    pub fn returns(&self, member: &str, order: &str) -> Ask {
        self.post("/v1/reverse", &json!({"member_id": member, "reference": order}))
    }

    /// A member as the API shows it.
    pub fn member(&self, member: &str) -> Json {
        self.get(&format!("/v1/members/{member}")).send().ok()
    }

    /// The points that a member can spend now.
    pub fn balance(&self, member: &str) -> i64 {
        self.member(member)["balance"].as_i64().unwrap()
    }

    /// Runs a job until it is done; returns the last report.
    pub fn runs(&self, job: &str) -> Json {
        loop {
            let report = self.ask("POST", &format!("/v1/jobs/{job}")).send().ok();
            if report["done"] == true {
                return report;
            }
        }
    }

    /// A new key of this programme, for a person with the name of the role.
    pub fn key(&self, role: &str) -> String {
        self.key_of(role, role)
    }

    /// A new key of this programme for that person, created by the operator.
    pub fn key_of(&self, person: &str, role: &str) -> String {
        let body = json!({"role": role, "label": person, "person_id": person, "programme_id": self.programme});
        let made = self.with_bearer(OPERATOR).post("/v1/keys", &body).send().ok();
        made["key"].as_str().unwrap().to_owned()
    }

    /// Every item of a list, page by page.
    pub fn all(&self, path: &str, limit: usize) -> Vec<Json> {
        self.pages(path, &format!("limit={limit}"), limit)
    }

    /// Every item of a filtered list, two per page.
    pub fn all_with(&self, path: &str, query: &str) -> Vec<Json> {
        self.pages(path, &format!("{query}&limit=2"), 2)
    }

    fn pages(&self, path: &str, query: &str, limit: usize) -> Vec<Json> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}?{query}{cursor}")).send().ok();
            let found = page["items"].as_array().unwrap();
            assert!(found.len() <= limit);
            items.extend(found.iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// A member's history as lines such as `earn +5 = 5`, oldest first.
    pub fn history(&self, member: &str) -> Vec<String> {
        let entries = self.all(&format!("/v1/members/{member}/entries"), 200);
        let line = |e: &Json| {
            format!(
                "{} {:+} = {}",
                e["kind"].as_str().unwrap(),
                e["points"].as_i64().unwrap(),
                e["balance_after"]
            )
        };
        entries.iter().rev().map(line).collect()
    }

    /// Outcomes of a bulk earn, one line each.
    pub fn bulk(&self, events: &[Json]) -> Vec<String> {
        self.bulk_at("/v1/earn/bulk", events)
    }

    /// What the outcomes of a bulk earn would be.
    pub fn bulk_dry(&self, events: &[Json]) -> Vec<String> {
        self.bulk_at("/v1/earn/bulk?dry_run=true", events)
    }

    fn bulk_at(&self, path: &str, events: &[Json]) -> Vec<String> {
        let answer = self.post(path, &json!({"events": events})).send().ok();
        answer["outcomes"].as_array().unwrap().iter().map(outcome).collect()
    }
}

/// One outcome of a bulk earn, as [`Answer::outcome`] writes it.
fn outcome(outcome: &Json) -> String {
    let status = u16::try_from(outcome["status"].as_u64().unwrap()).unwrap();
    let again = if outcome["replayed"] == true { " (again)" } else { "" };
    if status >= 400 {
        return format!("{status} {}{again}", crate::http::problem(status, &outcome["body"]));
    }
    format!("{status}{}{again}", crate::http::written(&outcome["body"]))
}

/// The same answer, word for word, apart from the mark that it is a replay.
impl Answer {
    /// Checks that `self` replays `first`.
    pub fn assert_replays(&self, first: &Answer) {
        assert!(self.is_replay(), "not a replay: {} {}", self.status, self.text());
        assert_eq!((self.status, self.text()), (first.status, first.text()));
        assert_eq!(self.header("content-type"), first.header("content-type"));
    }
}

fn fresh_key() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("k-{}-{}", std::process::id(), LAST.fetch_add(1, Ordering::Relaxed))
}
