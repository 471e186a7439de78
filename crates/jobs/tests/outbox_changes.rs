//! What is published while messages go out counts for the waves that have not begun.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};

use channels::{Heard, HttpRequest};
use jobs::{
    AddressPolicy, DeliverSettings, JobContext, Messaging, Outbox, OutboxSettings, Vendors,
    WorkLimit, link_key,
};
use ledger::Timestamp;
use reach::{Channel, Purpose};
use seal::{NONCE, Seals};
use serde_json::json;
use store::{LinkSettings, put_link_settings, put_template};

use crate::outbox::{body, shop, taken};
use crate::support::wait;
use crate::touch::Shop;

const HOUR_MS: i64 = 3_600_000;
const MEMBERS: usize = 60;
/// Requests of a wave.
const WAVE: usize = 16;

/// Takes all, and after the first wave something is published.
struct Post<'a> {
    now: &'a Cell<Timestamp>,
    publishes: Box<dyn Fn() + 'a>,
    sent: RefCell<Vec<HttpRequest>>,
}

impl Vendors for Post<'_> {
    async fn send_all(&self, requests: Vec<HttpRequest>, _timeout_ms: u32) -> Vec<Heard> {
        if self.sent.borrow().is_empty() {
            (self.publishes)();
        }
        let heard = requests.iter().map(taken).collect();
        self.sent.borrow_mut().extend(requests);
        self.now.set(self.now.get().plus_ms(20));
        heard
    }

    async fn rest(&self, ms: u32) {
        self.now.set(self.now.get().plus_ms(i64::from(ms)));
    }
}

/// Many members whose message is due at once.
fn crowd() -> Shop {
    let strategy = json!({"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
        "send": {"channels": ["push"], "template": "notice"}, "holdout_percent": 0});
    let mut shop = shop(json!({"strategies": [strategy]}), MEMBERS);
    shop.template("notice", Purpose::Service, "first {{ link }}");
    shop.gateway(Channel::Push);
    for night in 23..40 {
        shop.at_night(night);
        shop.night();
    }
    for text in [
        "UPDATE touch SET state = 'due', reason = NULL, due_at = 0, deadline_at = 9e15",
        "DELETE FROM outbox",
        "INSERT INTO outbox (touch_no, channel, programme_no, due_at, until_at, priority)
         SELECT no, 'push', 1, 0, deadline_at, 0 FROM touch",
    ] {
        shop.reach.connection().execute(text, []).unwrap();
    }
    shop.world.later(9 * HOUR_MS);
    shop
}

/// A run in which `publishes` changes something after the first wave. What was sent.
fn run(shop: &Shop, messaging: &RefCell<Messaging>, publishes: impl Fn()) -> Vec<HttpRequest> {
    let (now, fresh) = (|| shop.world.now.get(), || shop.world.fresh());
    let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &shop.reach, now: &now, fresh: &fresh };
    let seals = Seals::default();
    let links = wait(link_key(&reach, &seals, ([5; 32], [6; NONCE]))).unwrap().unwrap();
    let public_url = Some("https://a.example".to_owned());
    let settings = OutboxSettings { seals: &seals, links, public_url };
    let published = async |_| Ok(messaging.borrow().clone());
    let outbox = Outbox::new(&ledger, &reach, published, &settings);
    let sent = RefCell::default();
    let post = Post { now: &shop.world.now, publishes: Box::new(publishes), sent };
    let (policy, random) = (AddressPolicy::default(), || Some([9; NONCE]));
    let settings = DeliverSettings { seals: &seals, policy, public_url: None, random: &random };
    let limit = WorkLimit::chunks(10_000).until(now().plus_ms(50_000));
    let report = wait(outbox.send(&post, &settings, limit)).unwrap();
    assert_eq!(report.last_failure, None);
    post.sent.into_inner()
}

#[test]
fn a_strategy_that_is_gone_sends_no_further_wave() {
    let shop = crowd();
    let messaging = RefCell::new(shop.messaging.clone());
    let sent = run(&shop, &messaging, || {
        let text =
            "INSERT INTO playbook (programme_no, version, document, published_at, published_by)
            VALUES (1, 1, '{\"strategies\": []}', 0, 'test')";
        shop.world.sql.connection().execute(text, []).unwrap();
        let mut published = messaging.borrow_mut();
        published.playbook.strategies.clear();
        published.version = 1;
    });
    assert_eq!(sent.len(), WAVE, "the wave that was out");
    assert_eq!(shop.waiting(), 0, "all others are settled");
    let states = shop.rows("SELECT DISTINCT state FROM touch ORDER BY state");
    assert_eq!(states, ["sent", "suppressed"]);
}

#[test]
fn texts_and_links_are_those_of_now() {
    let shop = crowd();
    let messaging = RefCell::new(shop.messaging.clone());
    let sent = run(&shop, &messaging, || {
        let texts = json!({"push": {"zh-CN": {"title": "news", "body": "second {{ link }}",
            "link": "https://shop.example/rewards"}}});
        let document = json!({"purpose": "service", "texts": texts}).to_string();
        let by = (shop.world.now.get(), "anna");
        wait(put_template(&shop.reach, 1, ("notice", &document, "{}"), by, (500, None))).unwrap();
    });
    let texts: Vec<String> =
        sent.iter().map(|request| body(request)["text"].as_str().unwrap().to_owned()).collect();
    let first = texts.iter().filter(|text| text.starts_with("first")).count();
    assert_eq!(first, WAVE);
    assert!(texts.len() > 3 * WAVE && texts[WAVE..].iter().all(|text| text.starts_with("second")));

    let shop = crowd();
    let messaging = RefCell::new(shop.messaging.clone());
    let sent = run(&shop, &messaging, || {
        let told = LinkSettings {
            hosts: vec!["shop.example".into()],
            base: Some("https://go.shop.example".into()),
            at: shop.world.now.get(),
            by: "anna".into(),
        };
        wait(put_link_settings(&shop.reach, 1, &told)).unwrap();
    });
    let texts: Vec<String> =
        sent.iter().map(|request| body(request)["text"].as_str().unwrap().to_owned()).collect();
    let before = texts.iter().filter(|text| text.contains("https://a.example/l/")).count();
    assert_eq!(before, WAVE);
    assert!(texts[WAVE..].iter().all(|text| text.contains("https://go.shop.example/l/")));
}
