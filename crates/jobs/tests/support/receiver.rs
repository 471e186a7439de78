//! A receiver of events that answers by a script.

use std::cell::RefCell;

use jobs::{Outbound, Post, Reply};
use serde_json::Value as Json;

type Answer = Result<Reply, String>;

/// The events that arrived, in order, and the script of answers.
pub struct Receiver<F> {
    pub seen: RefCell<Vec<Post>>,
    answer: F,
}

pub fn status(status: u16) -> Answer {
    Ok(Reply { status, retry_after: None })
}

impl<F: Fn(&Event) -> Answer> Receiver<F> {
    pub fn new(answer: F) -> Self {
        Self { seen: RefCell::default(), answer }
    }

    pub fn events(&self) -> Vec<Event> {
        self.seen.borrow().iter().map(Event::of).collect()
    }

    /// Returns and clears `member/sequence` of each attempt so far.
    pub fn take(&self) -> Vec<String> {
        let reported = self
            .events()
            .iter()
            .map(|event| format!("{}/{}", event.member, event.sequence))
            .collect();
        self.seen.borrow_mut().clear();
        reported
    }
}

impl<F: Fn(&Event) -> Answer> Outbound for Receiver<F> {
    async fn post_all(&self, posts: Vec<Post>, timeout_ms: u32) -> Vec<Answer> {
        assert_eq!(timeout_ms, 10_000);
        let answers = posts.iter().map(|post| (self.answer)(&Event::of(post))).collect();
        self.seen.borrow_mut().extend(posts);
        answers
    }
}

/// An event as a receiver reads it.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub url: String,
    pub kind: String,
    pub member: String,
    pub sequence: i64,
    pub body: Json,
    pub raw: String,
}

impl Event {
    fn of(post: &Post) -> Self {
        let header =
            |name: &str| post.headers.iter().find(|(found, _)| *found == name).unwrap().1.clone();
        let body: Json = serde_json::from_str(&post.body).unwrap();
        Self {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp").parse().unwrap(),
            signature: header("webhook-signature"),
            url: post.url.clone(),
            kind: body["type"].as_str().unwrap().to_owned(),
            member: body["data"]["member_id"].as_str().unwrap().to_owned(),
            sequence: body["data"]["sequence"].as_i64().unwrap(),
            raw: post.body.clone(),
            body,
        }
    }
}
