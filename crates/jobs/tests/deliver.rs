//! Deliveries: fakes in place of vendors and of what is due, the real statements, a settable clock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::support::{OPEN, wait};
use channels::{Answer, Heard, HttpRequest, Message, Outcome, Report, Reported};
use jobs::{
    AddressPolicy, DeliverReport, DeliverSettings, Due, DueTouch, JobContext, SettledTouch,
    Touches, Vendors, WorkLimit, deliver, keep_reports, send_single,
};
use ledger::{Fresh, Timestamp};
use reach::{Channel, ContactState, Decision, Purpose};
use seal::{NONCE, Place, Seals};
use serde_json::{Value as Json, json};
use store::{
    ChannelAccount, ChannelWish, Consent, Contact, Error, Native, WaveTouch, add_consents,
    begin_reach, begin_wave, channel_account, claim_channel, current_consents, deliveries_of_touch,
    list_contacts, pause_channel, put_callback, put_channel, put_contact,
};

const START: Timestamp = Timestamp(1_773_108_000_000);
const KEY: &str = "one-key-of-at-least-32-characters";
const HOUR_MS: i64 = 3_600_000;

/// What is due, and what became of it.
#[derive(Default)]
pub struct Book {
    now: std::rc::Rc<Cell<Timestamp>>,
    pub due: RefCell<BTreeMap<i64, (DueTouch, Timestamp)>>,
    pub settled: RefCell<BTreeMap<i64, SettledTouch>>,
    fails: Cell<bool>,
}

impl Touches for Book {
    async fn due(&self, _account: &ChannelAccount, most: usize) -> Result<Due, Error> {
        let (due, now) = (self.due.borrow(), self.now.get());
        let found = due.values().filter(|(_, from)| *from <= now);
        let mut touches: Vec<DueTouch> = found.map(|(touch, _)| touch.clone()).collect();
        let is_all = touches.len() <= most;
        touches.truncate(most);
        Ok(Due { touches, known_attempt: i64::MAX, is_all })
    }

    async fn settle(
        &self,
        _account: &ChannelAccount,
        touches: &[(i64, SettledTouch)],
        _now: Timestamp,
    ) -> Result<(), Error> {
        if self.fails.take() {
            return Err(Error::Corrupt("killed here"));
        }
        for (no, settled) in touches {
            match settled {
                SettledTouch::Later(at) => self.due.borrow_mut().get_mut(no).unwrap().1 = *at,
                other => {
                    self.due.borrow_mut().remove(no);
                    self.settled.borrow_mut().insert(*no, other.clone());
                }
            }
        }
        Ok(())
    }
}

/// A vendor that answers by a script, on a clock that goes on while it is waited for.
struct Post<'a> {
    now: &'a Cell<Timestamp>,
    answers: Box<dyn Fn(&HttpRequest) -> Heard + 'a>,
    sent: RefCell<Vec<(Timestamp, HttpRequest)>>,
}

impl Vendors for Post<'_> {
    async fn send_all(&self, requests: Vec<HttpRequest>, _timeout_ms: u32) -> Vec<Heard> {
        let heard = requests.iter().map(|request| (self.answers)(request)).collect();
        let now = self.now.get();
        self.sent.borrow_mut().extend(requests.into_iter().map(|request| (now, request)));
        self.now.set(now.plus_ms(20));
        heard
    }

    async fn rest(&self, ms: u32) {
        self.now.set(self.now.get().plus_ms(i64::from(ms)));
    }
}

pub struct World {
    pub reach: Native,
    pub now: std::rc::Rc<Cell<Timestamp>>,
    ids: Cell<u128>,
    pub book: Book,
    policy: AddressPolicy,
    public_url: Option<&'static str>,
}

pub fn answer(status: u16, body: Json) -> Heard {
    Heard::Answer(Answer { status, headers: Vec::new(), body: body.to_string() })
}

pub fn taken() -> Heard {
    answer(200, json!({"Code": "OK", "BizId": "b1"}))
}

impl World {
    pub fn new() -> Self {
        let reach = Native::in_memory().unwrap();
        wait(begin_reach(&reach, &reach)).unwrap();
        let (now, ids) = (std::rc::Rc::new(Cell::new(START)), Cell::new(1));
        let book = Book { now: now.clone(), ..Book::default() };
        let (policy, public_url) = (AddressPolicy::default(), Some("https://a.example/"));
        Self { reach, now, ids, book, policy, public_url }
    }

    pub fn seals() -> Seals {
        Seals::parse(KEY)
    }

    pub fn put(&self, id: &str, vendor: &str, channel: Channel, settings: &Json, secrets: &Json) {
        let place = Place::channel(1, id);
        let secrets = Self::seals().seal(&secrets.to_string(), &place, [7; NONCE]);
        let (rank, per_second, burst) = (1, 100, 100);
        let secrets = Some(secrets.as_str());
        let wish = ChannelWish {
            id,
            vendor,
            channel,
            settings,
            secrets,
            rank,
            per_second,
            burst,
            message_cost_minor: 0,
        };
        wait(put_channel(&self.reach, 1, &wish, (self.now.get(), "anna"), 50)).unwrap().unwrap();
    }

    pub fn sms(self) -> Self {
        let settings = json!({"access_key_id": "k", "sign_name": "s"});
        let secrets = json!({"access_key_secret": "s3cr3t"});
        self.put("sms", "aliyun_sms", Channel::Sms, &settings, &secrets);
        self
    }

    pub fn gateway(self, url: &str) -> Self {
        let settings = json!({"url": url, "channel": "sms"});
        let secrets = json!({"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
        self.put("sms", "webhook", Channel::Sms, &settings, &secrets);
        self
    }

    pub fn has_address(&self, channel: Channel, member_no: i64, digest: &str) {
        let kept = Contact {
            channel,
            address: "sealed".into(),
            state: ContactState::Open,
            verified_at: None,
            updated_at: 0,
            updated_by: "anna".into(),
        };
        wait(put_contact(&self.reach, (1, member_no), &kept, false, digest)).unwrap();
    }

    pub fn account(&self, id: &str) -> ChannelAccount {
        wait(channel_account(&self.reach, 1, id)).unwrap().unwrap()
    }

    pub fn due(&self, numbers: impl IntoIterator<Item = i64>, to: &str) {
        for no in numbers {
            self.waits(no);
            let message = Message {
                to: to.to_owned(),
                title: "title".into(),
                text: "text".into(),
                vendor_template_id: Some("T_1".into()),
                parameters: vec![("a".into(), "1".into())],
                ..Message::default()
            };
            let (member_no, digest) = (100 + no, format!("d{no}"));
            let deadline = self.now.get().plus_ms(24 * HOUR_MS);
            let due = DueTouch { touch_no: no, member_no, digest, deadline, message };
            self.book.due.borrow_mut().insert(no, (due, self.now.get()));
        }
    }

    /// A message of the touch waits for each channel.
    fn waits(&self, touch_no: i64) {
        for channel in Channel::ALL.iter().map(|channel| channel.as_str()) {
            let row = format!(
                "INSERT OR IGNORE INTO outbox VALUES ({touch_no}, '{channel}', 1, 0, {}, NULL, 0)",
                i64::MAX
            );
            self.reach.connection().execute(&row, []).unwrap();
        }
    }

    pub fn run<'a>(
        &'a self,
        answers: impl Fn(&HttpRequest) -> Heard + 'a,
    ) -> (DeliverReport, Vec<(Timestamp, HttpRequest)>) {
        let now = || self.now.get();
        let fresh = || {
            self.ids.set(self.ids.get() + 1);
            Fresh::new(self.now.get(), self.ids.get().to_be_bytes(), [3; 16])
        };
        let context = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let seals = Self::seals();
        let settings = DeliverSettings {
            seals: &seals,
            policy: self.policy,
            public_url: self.public_url,
            random: &|| Some([9; NONCE]),
        };
        let post = Post { now: &self.now, answers: Box::new(answers), sent: RefCell::default() };
        let limit = WorkLimit::chunks(10_000).until(self.now.get().plus_ms(50_000));
        let report = wait(deliver(&context, (&self.book, &post), &settings, None, limit)).unwrap();
        (report, post.sent.into_inner())
    }

    pub fn states(&self, touch: i64) -> Vec<String> {
        let found = wait(deliveries_of_touch(&self.reach, touch)).unwrap();
        found.into_iter().map(|one| one.state).collect()
    }

    /// A run that has begun a wave and was killed then.
    fn kill_in_a_wave(&self, id: &str, touch_no: i64, reserved: Option<&str>) {
        self.waits(touch_no);
        let (no, now) = (self.account(id).no, self.now.get());
        let until = now.plus_ms(60_000);
        let claimed = wait(claim_channel(&self.reach, (no, "dead"), now, until)).unwrap().unwrap();
        let touches = [WaveTouch {
            touch_no,
            member_no: 100 + touch_no,
            reserved: reserved.map(str::to_owned),
            digest: format!("d{touch_no}"),
            known_attempt: i64::MAX,
        }];
        let wave = begin_wave(&self.reach, &claimed.account, "dead", (now, 0), &touches);
        assert_eq!(wait(wave).unwrap().unwrap().len(), 1);
        self.now.set(until.plus_ms(1));
    }
}

#[test]
fn each_touch_goes_once() {
    let world = World::new().sms();
    world.due(1..=40, "+8613812345678");
    let (report, sent) = world.run(|_| taken());
    assert_eq!((report.accepted, report.done, sent.len()), (40, true, 40));
    let ids: BTreeSet<String> = sent
        .iter()
        .map(|(_, request)| {
            request.url.split("OutId=").nth(1).unwrap().split('&').next().unwrap().to_owned()
        })
        .collect();
    assert!(ids.len() == 40 && ids.contains("7-sms"), "{ids:?}");
    assert_eq!(world.states(7), ["accepted"]);
    assert!(world.book.settled.borrow().values().all(|settled| *settled == SettledTouch::Sent));
    let (report, sent) = world.run(|_| taken());
    assert!(report.is_idle() && sent.is_empty());
}

#[test]
fn an_sms_of_a_killed_run_never_goes_again() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    world.kill_in_a_wave("sms", 1, None);
    for _ in 0..3 {
        let (_, sent) = world.run(|_| taken());
        assert!(sent.is_empty());
        world.now.set(world.now.get().plus_ms(HOUR_MS));
    }
    assert_eq!(world.states(1), ["unknown"]);
    assert!(matches!(world.book.settled.borrow()[&1], SettledTouch::Unknown(_)));
}

#[test]
fn what_is_not_known_goes_again_only_under_the_same_id() {
    for (heard, gateway, requests, state) in [
        (Heard::Nothing, false, 1, "unknown"),
        (answer(500, Json::Null), false, 1, "unknown"),
        (answer(200, json!({"Code": "isp.SYSTEM_ERROR"})), false, 1, "unknown"),
        (Heard::NotConnected, false, 2, "accepted"),
        (answer(503, Json::Null), false, 2, "accepted"),
        (answer(400, json!({"Code": "Throttling.User"})), false, 2, "accepted"),
        (Heard::Nothing, true, 2, "accepted"),
        (answer(502, Json::Null), true, 2, "accepted"),
    ] {
        let world = World::new();
        let world = if gateway { world.gateway("https://g.example/x") } else { world.sms() };
        world.due([1], "+8613812345678");
        let mut all = world.run(|_| heard.clone()).1;
        for _ in 0..3 {
            world.now.set(world.now.get().plus_ms(HOUR_MS));
            all.extend(world.run(|_| taken()).1);
        }
        assert_eq!(all.len(), requests, "{heard:?} {gateway}");
        assert_eq!(world.states(1)[0], state, "{heard:?} {gateway}");
        if gateway {
            let ids: BTreeSet<&str> =
                all.iter().map(|(_, sent)| sent.header("webhook-id")).collect();
            assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["1-sms"]);
        }
    }
}

#[test]
fn a_push_of_a_killed_run_goes_again_with_what_was_reserved() {
    let answers = |request: &HttpRequest| match request.method {
        "GET" => answer(200, json!({"cidlist": ["new-1"]})),
        _ => answer(200, json!({"msg_id": "m1"})),
    };
    for (reserved, later_ms, requests, state) in [
        (Some("cid-1"), 0, 1, "accepted"),
        (None, 0, 0, "unknown"),
        (Some("cid-1"), 25 * HOUR_MS, 0, "unknown"),
    ] {
        let world = World::new();
        let (settings, secrets) = (json!({"app_key": "a"}), json!({"master_secret": "m"}));
        world.put("push", "jpush", Channel::Push, &settings, &secrets);
        world.due([1], "token1");
        world.kill_in_a_wave("push", 1, reserved);
        world.now.set(world.now.get().plus_ms(later_ms));
        let (_, sent) = world.run(answers);
        let posts: Vec<_> = sent.iter().filter(|(_, sent)| sent.method == "POST").collect();
        assert_eq!(posts.len(), requests, "{reserved:?}");
        assert!(posts.iter().all(|(_, sent)| sent.body.contains(r#""cid":"cid-1""#)));
        assert_eq!(world.states(1)[0], state, "{reserved:?}");
    }
    // A first attempt reserves.
    let world = World::new();
    let (settings, secrets) = (json!({"app_key": "a"}), json!({"master_secret": "m"}));
    world.put("push", "jpush", Channel::Push, &settings, &secrets);
    world.due([1], "token1");
    let (_, sent) = world.run(answers);
    assert!(sent.iter().any(|(_, sent)| sent.body.contains(r#""cid":"new-1""#)));
}

#[test]
fn a_run_that_dies_before_the_touch_is_settled_does_not_send_it_again() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    world.book.fails.set(true);
    let (report, sent) = world.run(|_| taken());
    assert_eq!((report.done, sent.len()), (false, 1));
    assert!(world.book.settled.borrow().is_empty());
    world.now.set(world.now.get().plus_ms(61_000));
    let (_, sent) = world.run(|_| taken());
    assert!(sent.is_empty());
    assert_eq!(world.book.settled.borrow()[&1], SettledTouch::Sent);
}

#[test]
fn an_account_is_run_by_one_at_a_time() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    let (no, now) = (world.account("sms").no, world.now.get());
    wait(claim_channel(&world.reach, (no, "other"), now, now.plus_ms(60_000))).unwrap().unwrap();
    assert!(world.run(|_| taken()).1.is_empty());
    world.now.set(now.plus_ms(60_001));
    assert_eq!(world.run(|_| taken()).1.len(), 1);
}

#[test]
fn a_refused_account_is_paused_and_its_touches_wait() {
    let world = World::new().sms();
    world.due(1..=40, "+8613812345678");
    let (report, sent) = world.run(|_| answer(200, json!({"Code": "isv.OUT_OF_SERVICE"})));
    assert_eq!((report.paused, sent.len()), (1, 16), "one wave");
    let (why, _) = world.account("sms").paused.unwrap();
    assert_eq!(why, "the account is out of money (isv.OUT_OF_SERVICE)");
    assert!(world.run(|_| taken()).1.is_empty());
    wait(pause_channel(&world.reach, 1, "sms", (None, world.now.get()))).unwrap();
    let (report, sent) = world.run(|_| taken());
    assert_eq!((report.accepted, sent.len()), (40, 40));
    assert_eq!(world.states(1), ["accepted", "retry"]);
}

#[test]
fn a_refused_address_is_closed() {
    for (code, to, state) in [
        ("isv.MOBILE_NUMBER_ILLEGAL", "+8613812345678", ContactState::Invalid),
        ("isv.BLACK_KEY_CONTROL_LIMIT", "+8613812345678", ContactState::Open),
        ("none", "no number", ContactState::Invalid),
        // This vendor would take it for a Chinese one; another one sends there.
        ("none", "+14155550123", ContactState::Open),
    ] {
        let world = World::new().sms();
        world.has_address(Channel::Sms, 101, "d1");
        world.due([1], to);
        world.run(|_| answer(200, json!({"Code": code})));
        let found = wait(list_contacts(&world.reach, 1, 101)).unwrap();
        assert_eq!(found[0].state, state, "{code}");
        assert!(matches!(world.book.settled.borrow()[&1], SettledTouch::Failed(_)), "{code}");
        assert_eq!(world.states(1), ["failed"]);
    }
}

#[test]
fn an_account_sends_no_faster_than_it_may() {
    let world = World::new().sms();
    let settings = json!({"access_key_id": "k", "sign_name": "s"});
    let (vendor, channel, secrets) = ("aliyun_sms", Channel::Sms, None);
    let (rank, per_second, burst) = (1, 2, 5);
    let wish = ChannelWish {
        id: "sms",
        vendor,
        channel,
        settings: &settings,
        secrets,
        rank,
        per_second,
        burst,
        message_cost_minor: 0,
    };
    wait(put_channel(&world.reach, 1, &wish, (START, "anna"), 50)).unwrap().unwrap();
    world.due(1..=60, "+8613812345678");
    let mut all = Vec::new();
    for _ in 0..4 {
        all.extend(world.run(|_| taken()).1);
        world.now.set(world.now.get().plus_ms(10_000));
    }
    assert_eq!(all.len(), 60);
    for (index, (at, _)) in all.iter().enumerate() {
        let allowed = 5_000 + (at.0 - START.0) * 2;
        assert!(i64::try_from(index + 1).unwrap() * 1_000 <= allowed, "{index} at {at:?}");
    }
    // And not much slower: 55 at two a second.
    assert!(all[59].0.0 - START.0 < 45_000, "{:?}", all[59].0);
}

#[test]
fn an_account_that_fails_rests_longer_and_longer() {
    let world = World::new().gateway("https://g.example/x");
    world.due(1..=100, "+8613812345678");
    let mut requests = 0;
    for _ in 0..60 {
        requests += world.run(|_| answer(500, Json::Null)).1.len();
        world.now.set(world.now.get().plus_ms(10_000));
    }
    // A wave, then one at a time, with rests up to half an hour.
    assert!((17..30).contains(&requests), "{requests}");
    assert!(world.account("sms").failures > 5);
    world.now.set(world.now.get().plus_ms(HOUR_MS));
    world.run(|_| answer(200, Json::Null));
    assert_eq!(world.account("sms").failures, 0);
    assert!(world.book.due.borrow().is_empty());
}

#[test]
fn a_token_is_fetched_once_and_renewed_once() {
    let world = World::new();
    let settings = json!({"corp_id": "ww1", "agent_id": 1});
    world.put("wecom", "wecom_app", Channel::Wecom, &settings, &json!({"secret": "s3cr3t"}));
    world.due(1..=40, "zhangsan");
    let fetched = Cell::new(0);
    let by_token = |accepts: fn(&str) -> bool| {
        let fetched = &fetched;
        move |request: &HttpRequest| {
            if request.url.contains("gettoken") {
                fetched.set(fetched.get() + 1);
                let token = format!("tok{}", fetched.get());
                return answer(
                    200,
                    json!({"errcode": 0, "access_token": token, "expires_in": 7200}),
                );
            }
            let token = request.url.split("access_token=").nth(1).unwrap();
            let errcode = if accepts(token) { 0 } else { 42_001 };
            answer(200, json!({"errcode": errcode, "msgid": "m"}))
        }
    };
    let (report, _) = world.run(by_token(|_| true));
    assert_eq!((report.accepted, fetched.get()), (40, 1));
    world.due(41..=42, "zhangsan");
    let (report, _) = world.run(by_token(|_| true));
    assert_eq!((report.accepted, fetched.get()), (2, 1), "it is kept");
    // The vendor has ended it.
    world.due(50..=52, "zhangsan");
    let (report, _) = world.run(by_token(|token| token == "tok2"));
    assert_eq!((report.accepted, fetched.get(), report.paused), (3, 2, 0));
    // It takes none at all.
    world.due(60..=61, "zhangsan");
    let (report, _) = world.run(by_token(|_| false));
    assert_eq!((report.accepted, fetched.get(), report.paused), (0, 3, 1));
    assert!(world.account("wecom").paused.is_some());
    let stored: String = world
        .reach
        .connection()
        .query_row("SELECT coalesce((SELECT token FROM channel_token), 'none')", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(!stored.contains("tok"), "{stored}");
}

#[test]
fn requests_reach_no_private_network() {
    let world = World::new().gateway("https://10.0.0.1/x");
    world.due([1], "+8613812345678");
    let (report, sent) = world.run(|_| taken());
    assert_eq!((report.paused, sent.len()), (1, 0));
    let (why, _) = world.account("sms").paused.unwrap();
    assert!(why.contains("private network"), "{why}");
    let mut world = World::new().gateway("https://10.0.0.1/x");
    world.policy = OPEN;
    world.due([1], "+8613812345678");
    assert_eq!(world.run(|_| answer(200, Json::Null)).1.len(), 1);
}

#[test]
fn messages_that_are_alike_share_a_request() {
    let world = World::new();
    let settings = json!({"secret_id": "k", "sdk_app_id": "1", "sign_name": "s"});
    world.put("sms", "tencent_sms", Channel::Sms, &settings, &json!({"secret_key": "s3cr3t"}));
    for no in 1..=30 {
        world.due([no], &format!("+86138{no:08}"));
    }
    for no in 21..=30 {
        world.book.due.borrow_mut().get_mut(&no).unwrap().0.message.parameters[0].1 = "2".into();
    }
    let (report, sent) = world.run(|request| {
        let body: Json = serde_json::from_str(&request.body).unwrap();
        let numbers = body["PhoneNumberSet"].as_array().unwrap();
        let status = |number: &Json| {
            let code = match number.as_str().unwrap().ends_with("05") {
                true => "FailedOperation.PhoneNumberInBlacklist",
                false => "Ok",
            };
            json!({"PhoneNumber": number, "Code": code, "SerialNo": number})
        };
        let statuses: Vec<Json> = numbers.iter().map(status).collect();
        answer(200, json!({"Response": {"SendStatusSet": statuses}}))
    });
    assert_eq!((report.accepted, report.failed, sent.len()), (29, 1, 2));
    assert_eq!(world.states(5), ["failed"]);
}

#[test]
fn what_comes_too_late_fails() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    world.book.due.borrow_mut().get_mut(&1).unwrap().0.deadline = START.plus_ms(5_000);
    world.run(|_| answer(503, Json::Null));
    assert_eq!(world.states(1), ["failed"]);
    let settled = world.book.settled.borrow()[&1].clone();
    assert!(matches!(settled, SettledTouch::Failed(why) if why.starts_with("too late")));
}

#[test]
fn secrets_that_no_key_opens_pause_the_account() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    world
        .reach
        .connection()
        .execute("UPDATE channel_account SET secrets = 'sealed:00000000:AAAA'", [])
        .unwrap();
    let (report, sent) = world.run(|_| taken());
    assert_eq!((report.paused, sent.len()), (1, 0));
    assert_eq!(world.account("sms").paused.unwrap().0, "its secrets cannot be read");
}

pub fn report(what: Reported, ids: (Option<&str>, Option<&str>), to: Option<&str>) -> Report {
    Report {
        provider_id: ids.0.map(str::to_owned),
        message_id: ids.1.map(str::to_owned),
        to: to.map(str::to_owned),
        what,
        why: "because".to_owned(),
        at_ms: None,
        once: None,
    }
}

#[test]
fn reports_settle_attempts_close_addresses_and_withdraw() {
    let invalid = Reported::Failed(Some(ContactState::Invalid));
    let (by_vendor, by_us, none) = ((Some("b1"), None), (None, Some("1-sms")), (None, None));
    let (open, withdrawn) = (ContactState::Open, Some(Decision::Withdrawn));
    for (what, ids, to, state, contact, said) in [
        (Reported::Delivered, by_vendor, None, "delivered", open, None),
        (Reported::Delivered, by_us, None, "delivered", open, None),
        (Reported::Failed(None), by_vendor, None, "failed", open, None),
        (invalid, by_us, None, "failed", ContactState::Invalid, None),
        (Reported::Bounced, by_vendor, None, "bounced", ContactState::Bounced, None),
        (Reported::Complained, by_vendor, None, "delivered", ContactState::Complained, None),
        (Reported::Unsubscribed, by_vendor, None, "accepted", open, withdrawn),
        (Reported::Unsubscribed, none, Some("d1"), "accepted", open, withdrawn),
        (Reported::Unsubscribed, none, Some("d2"), "accepted", open, None),
        (Reported::Delivered, (Some("b9"), Some("9-sms")), None, "accepted", open, None),
        (Reported::Delivered, (None, Some("x")), None, "accepted", open, None),
    ] {
        let world = World::new().sms();
        world.has_address(Channel::Sms, 101, "d1");
        world.due([1], "+8613812345678");
        world.run(|_| taken());
        let report = report(what, ids, to);
        let account = world.account("sms");
        for _ in 0..2 {
            // Here an address is its own digest.
            let digest = |to: &str| to.to_owned();
            let reports = [report.clone()];
            wait(keep_reports(&world.reach, &account, &reports, &digest, world.now.get())).unwrap();
        }
        assert_eq!(world.states(1), [state], "{report:?}");
        let found = wait(list_contacts(&world.reach, 1, 101)).unwrap();
        assert_eq!(found[0].state, contact, "{report:?}");
        let consents = wait(current_consents(&world.reach, 1, 101)).unwrap();
        let of = consents.iter().find(|(purpose, ..)| *purpose == Purpose::Marketing);
        assert_eq!(of.map(|(_, _, said, _)| *said), said, "{report:?}");
        assert_eq!(consents.len(), usize::from(said.is_some()));
    }
}

pub fn tencent(world: &World) {
    let settings = json!({"secret_id": "k", "sdk_app_id": "1", "sign_name": "s"});
    world.put("sms", "tencent_sms", Channel::Sms, &settings, &json!({"secret_key": "s3cr3t"}));
    let text = "UPDATE channel_account SET per_second = 5000, burst = 5000, left_milli = 5000000";
    world.reach.connection().execute(text, []).unwrap();
}

/// Answers for Tencent: each number is taken.
pub fn all_taken(request: &HttpRequest) -> Heard {
    let body: Json = serde_json::from_str(&request.body).unwrap();
    let status = |to: &Json| json!({"PhoneNumber": to, "Code": "Ok", "SerialNo": to});
    let statuses: Vec<Json> =
        body["PhoneNumberSet"].as_array().unwrap().iter().map(status).collect();
    answer(200, json!({"Response": {"SendStatusSet": statuses}}))
}

#[test]
fn a_wave_of_batches_is_bounded_and_goes_wholly() {
    let world = World::new();
    tencent(&world);
    for no in 1..=2_500 {
        world.due([no], &format!("+86138{no:08}"));
    }
    let (report, sent) = world.run(all_taken);
    assert_eq!((report.accepted, report.unknown), (2_500, 0));
    assert_eq!(sent.len(), 13, "two waves of 5 requests, and one of 3");
    assert!(world.book.settled.borrow().values().all(|one| *one == SettledTouch::Sent));
}

#[test]
fn one_number_stands_once_in_a_batch() {
    let world = World::new();
    tencent(&world);
    world.due(1..=3, "+8613812345678");
    world.due(4..=6, "+8613812345679");
    let (report, sent) = world.run(all_taken);
    assert_eq!((report.accepted, sent.len()), (6, 3));
}

#[test]
fn a_run_that_lost_its_lease_settles_nothing() {
    let world = World::new().sms();
    world.due(1..=20, "+8613812345678");
    let no = world.account("sms").no;
    let text = "UPDATE channel_account SET lease = 'other' WHERE no = ?1";
    // Another run takes over while the first wave is out, and has the rest on its way.
    let (report, sent) = world.run(|_| {
        world.reach.connection().execute(text, [no]).unwrap();
        let touches: Vec<WaveTouch> = (17..=20)
            .map(|touch_no| WaveTouch {
                touch_no,
                member_no: 100 + touch_no,
                reserved: None,
                digest: format!("d{touch_no}"),
                known_attempt: i64::MAX,
            })
            .collect();
        let kept = world.account("sms");
        wait(begin_wave(&world.reach, &kept, "other", (START, 0), &touches)).unwrap().unwrap();
        taken()
    });
    assert_eq!((sent.len(), report.unknown, report.failed), (16, 0, 0));
    assert!((17..=20).all(|touch| world.states(touch) == ["sending"]));
    assert!((17..=20).all(|touch| !world.book.settled.borrow().contains_key(&touch)));
}

#[test]
fn what_a_vendor_may_have_is_not_sent_by_another_account() {
    let world = World::new().gateway("https://g.example/x");
    world.due([1], "+8613812345678");
    let name = "sms";
    world.run(|_| Heard::Nothing);
    assert_eq!(world.states(1), ["again"], "{name}");
    wait(pause_channel(&world.reach, 1, "sms", (Some("x"), world.now.get()))).unwrap();
    let settings = json!({"access_key_id": "k", "sign_name": "s"});
    let secrets = json!({"access_key_secret": "s3cr3t"});
    world.put("second", "aliyun_sms", Channel::Sms, &settings, &secrets);
    world.now.set(world.now.get().plus_ms(HOUR_MS));
    let (_, sent) = world.run(|_| taken());
    assert!(sent.is_empty());
    assert!(matches!(world.book.settled.borrow()[&1], SettledTouch::Unknown(_)));
}

#[test]
fn what_another_account_has_on_its_way_is_left_alone_for_a_while() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    world.kill_in_a_wave("sms", 1, None);
    wait(pause_channel(&world.reach, 1, "sms", (Some("x"), world.now.get()))).unwrap();
    world.put(
        "second",
        "aliyun_sms",
        Channel::Sms,
        &json!({"access_key_id": "k", "sign_name": "s"}),
        &json!({"access_key_secret": "s3cr3t"}),
    );
    assert!(world.run(|_| taken()).1.is_empty());
    assert!(world.book.settled.borrow().is_empty());
    world.now.set(world.now.get().plus_ms(HOUR_MS));
    assert!(world.run(|_| taken()).1.is_empty());
    assert!(matches!(world.book.settled.borrow()[&1], SettledTouch::Unknown(_)));
}

#[test]
fn nothing_goes_to_who_is_gone() {
    let world = World::new().sms();
    world.due(1..=2, "+8613812345678");
    let text =
        "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES (101, 1, NULL, 0)";
    world.reach.connection().execute(text, []).unwrap();
    let (_, sent) = world.run(|_| taken());
    assert_eq!(sent.len(), 1);
    // The outbox forgets it with its member.
    assert!(!world.book.settled.borrow().contains_key(&1));
}

#[test]
fn a_push_goes_again_with_what_a_later_attempt_reserved() {
    let world = World::new();
    let (settings, secrets) = (json!({"app_key": "a"}), json!({"master_secret": "m"}));
    world.put("push", "jpush", Channel::Push, &settings, &secrets);
    world.due([1], "token1");
    let (ids, posts) = (Cell::new(0), Cell::new(0));
    let mut all = Vec::new();
    for _ in 0..3 {
        all.extend(
            world
                .run(|request: &HttpRequest| {
                    if request.method == "GET" {
                        ids.set(ids.get() + 1);
                        // At first nothing can be reserved.
                        return if ids.get() == 1 {
                            Heard::NotConnected
                        } else {
                            answer(200, json!({"cidlist": [format!("cid-{}", ids.get())]}))
                        };
                    }
                    posts.set(posts.get() + 1);
                    match posts.get() {
                        1 => Heard::NotConnected,
                        2 => Heard::Nothing,
                        _ => answer(200, json!({"msg_id": "m1"})),
                    }
                })
                .1,
        );
        world.now.set(world.now.get().plus_ms(HOUR_MS));
    }
    let bodies: Vec<_> = all.iter().filter(|(_, sent)| sent.method == "POST").collect();
    assert_eq!(bodies.len(), 3);
    assert!(!bodies[0].1.body.contains("cid-"));
    assert!(bodies[1..].iter().all(|(_, sent)| sent.body.contains(r#""cid":"cid-2""#)));
    assert_eq!(world.states(1)[0], "accepted");
}

#[test]
fn each_report_of_a_long_post_is_kept() {
    let world = World::new().sms();
    world.due([1], "+8613812345678");
    world.run(|_| taken());
    let mut reports = vec![report(Reported::Delivered, (Some("b9"), None), None); 2_500];
    reports.push(report(Reported::Delivered, (None, Some("1-sms")), None));
    let (account, digest) = (world.account("sms"), |to: &str| to.to_owned());
    wait(keep_reports(&world.reach, &account, &reports, &digest, world.now.get())).unwrap();
    assert_eq!(world.states(1), ["delivered"]);
}

#[test]
fn what_was_reserved_for_a_day_is_reserved_anew() {
    let world = World::new();
    let (settings, secrets) = (json!({"app_key": "a"}), json!({"master_secret": "m"}));
    world.put("push", "jpush", Channel::Push, &settings, &secrets);
    world.due([1], "token1");
    world.book.due.borrow_mut().get_mut(&1).unwrap().0.deadline = START.plus_ms(100 * HOUR_MS);
    let ids = Cell::new(0);
    let mut bodies = Vec::new();
    for (answer_to_post, state) in [
        (answer(503, Json::Null), "retry"),
        (answer(503, Json::Null), "retry"),
        (Heard::Nothing, "again"),
        (answer(200, json!({"msg_id": "m1"})), "accepted"),
    ] {
        let (_, sent) = world.run(|request: &HttpRequest| {
            if request.method == "GET" {
                ids.set(ids.get() + 1);
                return answer(200, json!({"cidlist": [format!("cid-{}", ids.get())]}));
            }
            answer_to_post.clone()
        });
        bodies.extend(
            sent.into_iter().filter(|(_, one)| one.method == "POST").map(|(_, one)| one.body),
        );
        assert_eq!(world.states(1)[0], state);
        // The second attempt comes an hour later, the third after more than a day.
        let hours = if bodies.len() == 2 { 25 } else { 1 };
        world.now.set(world.now.get().plus_ms(hours * HOUR_MS));
    }
    let cids: Vec<bool> = ["cid-1", "cid-1", "cid-2", "cid-2"]
        .iter()
        .zip(&bodies)
        .map(|(c, b)| b.contains(c))
        .collect();
    assert_eq!(cids, [true; 4], "{bodies:?}");
}

#[test]
fn an_account_that_was_changed_does_not_send_what_the_vendor_before_may_have() {
    let world = World::new().gateway("https://g.example/x");
    world.due([1, 2], "+8613812345678");
    let first = Cell::new(true);
    world.run(|_| if first.take() { Heard::Nothing } else { Heard::NotConnected });
    assert_eq!((world.states(1)[0].as_str(), world.states(2)[0].as_str()), ("again", "retry"));
    let world = world.sms();
    world.now.set(world.now.get().plus_ms(HOUR_MS));
    let (_, sent) = world.run(|_| taken());
    assert_eq!(sent.len(), 1);
    assert_eq!((world.states(1)[0].as_str(), world.states(2)[0].as_str()), ("unknown", "accepted"));
    assert!(matches!(world.book.settled.borrow()[&1], SettledTouch::Unknown(_)));
}

#[test]
fn a_copy_of_a_stop_does_not_undo_a_later_yes() {
    let world = World::new().sms();
    world.has_address(Channel::Sms, 101, "d1");
    let account = world.account("sms");
    let post = |what, once: &str| {
        world.now.set(world.now.get().plus_ms(1_000));
        let once = Some(once.to_owned());
        let reports = [Report { once, ..report(what, (None, None), Some("d1")) }];
        let digest = |to: &str| to.to_owned();
        wait(keep_reports(&world.reach, &account, &reports, &digest, world.now.get())).unwrap();
    };
    let said = || {
        let found = wait(current_consents(&world.reach, 1, 101)).unwrap();
        found.first().map(|(_, _, said, _)| *said)
    };
    let state = || wait(list_contacts(&world.reach, 1, 101)).unwrap()[0].state;
    post(Reported::Unsubscribed, "SM1");
    assert_eq!(said(), Some(Decision::Withdrawn));
    world.now.set(world.now.get().plus_ms(1_000));
    let yes = Consent {
        no: 0,
        purpose: Purpose::Marketing,
        channel: Channel::Sms,
        decision: Decision::Given,
        digest: "d1".into(),
        at: world.now.get().0,
        source: "form".into(),
        evidence: None,
        recorded_at: world.now.get().0,
        recorded_by: "anna".into(),
    };
    wait(add_consents(&world.reach, 1, &[(101, yes)])).unwrap();
    post(Reported::Unsubscribed, "SM1");
    assert_eq!(said(), Some(Decision::Given), "a copy of the answer");
    post(Reported::Unsubscribed, "SM2");
    assert_eq!(said(), Some(Decision::Withdrawn), "another answer");

    let invalid = Reported::Failed(Some(ContactState::Invalid));
    post(invalid, "SM3/undelivered");
    assert_eq!(state(), ContactState::Invalid);
    world.has_address(Channel::Sms, 101, "d1");
    post(invalid, "SM3/undelivered");
    assert_eq!(state(), ContactState::Open, "a copy of the report");
}

/// The job tells the vendor where to post reports, if the job knows the secret of that address.
#[test]
fn the_address_for_reports_goes_with_each_message() {
    let told = |world: &World, key: &str| {
        let settings =
            json!({"account_sid": format!("AC{}", "0".repeat(32)), "from": "+15005550006"});
        world.put("tw", "twilio", Channel::Sms, &settings, &json!({"auth_token": "t"}));
        if !key.is_empty() {
            let sealed = Seals::parse(key).seal("s3cr3t", &Place::callback(1, "tw"), [7; NONCE]);
            wait(put_callback(&world.reach, 1, "tw", ("d", &sealed))).unwrap();
        }
        world.due([1], "+15005550009");
        let (report, sent) = world.run(|_| answer(201, json!({"sid": "SM1"})));
        assert_eq!((report.accepted, sent.len()), (1, 1));
        let form = sent[0].1.body.clone();
        form.split('&').find_map(|pair| Some(pair.strip_prefix("StatusCallback=")?.to_owned()))
    };
    let address =
        Some("https%3A%2F%2Fa.example%2Fv1%2Fcallbacks%2Ftw%2Fs3cr3t%3Fm%3D1-sms".to_owned());
    assert_eq!(told(&World::new(), KEY), address);
    // Stored before there was a key, none at all, sealed by a key that is lost, and no address.
    assert_eq!(told(&World::new(), "-"), address);
    assert_eq!(told(&World::new(), ""), None);
    assert_eq!(told(&World::new(), "another-key-of-at-least-32-characters"), None);
    assert_eq!(told(&World { public_url: None, ..World::new() }, KEY), None);
}

/// Sends one message by the account, and tells what became of it and what went out.
fn single<'a>(
    world: &'a World,
    answers: impl Fn(&HttpRequest) -> Heard + 'a,
) -> (Outcome, Vec<HttpRequest>) {
    let now = || world.now.get();
    let fresh = || Fresh::new(world.now.get(), [1; 16], [3; 16]);
    let context = JobContext { sql: &world.reach, now: &now, fresh: &fresh };
    let seals = World::seals();
    let random = || Some([9; NONCE]);
    let settings =
        DeliverSettings { seals: &seals, policy: world.policy, public_url: None, random: &random };
    let post = Post { now: &world.now, answers: Box::new(answers), sent: RefCell::default() };
    let message = Message {
        id: "test-1".into(),
        to: "+8613812345678".into(),
        text: "text".into(),
        vendor_template_id: Some("T_1".into()),
        ..Message::default()
    };
    let kept = world.account("sms");
    let outcome = wait(send_single(&context, &post, &settings, &kept, message)).unwrap();
    let sent = post.sent.into_inner();
    (outcome, sent.into_iter().map(|(_, request)| request).collect())
}

#[test]
fn a_single_message_goes_once_and_changes_nothing_of_its_account() {
    let world = World::new().sms();
    let before = world.account("sms");
    let (outcome, sent) = single(&world, |_| taken());
    assert_eq!(outcome, Outcome::Accepted { provider_id: Some("b1".into()) });
    assert_eq!(sent.len(), 1);
    let pausing = answer(400, json!({"Code": "isv.OUT_OF_SERVICE"}));
    let (outcome, _) = single(&world, |_| pausing.clone());
    assert!(matches!(outcome, Outcome::Pause { .. }), "{outcome:?}");
    let (outcome, _) = single(&world, |_| Heard::Nothing);
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert_eq!(world.account("sms"), before);
}

#[test]
fn a_single_message_reaches_no_private_network() {
    let world = World::new().gateway("https://127.0.0.1:8080/x");
    let (outcome, sent) = single(&world, |_| taken());
    assert!(matches!(outcome, Outcome::Pause { .. }) && sent.is_empty(), "{outcome:?}");
}
